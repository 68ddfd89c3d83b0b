// What: Node, an operation's place in the graph, and the backward walk.
// Why:  a graph lives as long as a handle into it. Nodes hold only what their backward needs and the nodes before them,
//       never tensors with a graph of their own, so walks and destruction are loops, not recursion.
// See:  docs/decisions.md, "Graph"; record.hpp for how operations get there; Griewank and Walther, Evaluating
//       Derivatives, 2008, chapter 3 (reverse accumulation).
#pragma once

#include <span>
#include <vector>

#include <rowgrad/autograd/grad_mode.hpp>
#include <rowgrad/autograd/gradient.hpp>

namespace rowgrad {
namespace detail {

class WalkNode;

/// Sees the gradients of one node on their way: hooks, see hooks.hpp.
class WalkObserver : public Counted {
 public:
  /// An operation's gradient is whole, and will be passed on.
  virtual void see(WalkNode& node) = 0;
  /// A leaf gathers what a walk brings apart from what it has, until the walk is done or has failed.
  virtual void begin_apart(WalkNode& leaf) noexcept = 0;
  virtual void end_apart(WalkNode& leaf, bool done) = 0;
};

/// A node as the walk sees it: which nodes stand before it, and which it still waits for. The scalar type of its tensor
/// does not matter here, so a graph may change from float to double and back any number of times.
class WalkNode : public GraphNode {
 public:
  const char* name() const noexcept final { return name_; }
  bool is_leaf() const noexcept final { return inputs_.empty(); }

  /// For a leaf whose tensor took another shape: graphs recorded before cannot be walked any more.
  void retire() noexcept { retired_ = noted_ = true; }

  /// For a leaf whose values were changed in place outside the graph: backward() through an operation that keeps them
  /// is a GraphError from now on.
  void note_change() noexcept { ++changes_; }

  /// Who sees this node's gradients; null if nobody does.
  WalkObserver* observer() const noexcept { return observer_; }
  void set_observer(Ref<WalkObserver> observer) noexcept {
    observer_ = observer.leak();
    noted_ = true;
  }

  /// Adds d(root)/d(leaf) to every leaf below this node, given its own gradient (already accumulated).
  void run_backward(bool retain_graph);

  void destroy() noexcept final;

 protected:
  explicit WalkNode(const char* name) noexcept : name_(name) {}
  ~WalkNode() = default;

  /// Passes on what was gathered, if anything was, and forgets it.
  virtual void pass_on() = 0;
  /// Forgets what was gathered in a walk that failed.
  virtual void forget() noexcept = 0;
  virtual bool freed() const noexcept { return false; }
  virtual void free_saved() noexcept {}
  virtual void dispose() noexcept = 0;

  /// An operation's inputs; keeps_leaf: its backward reads values of a leaf where they lie.
  void set_inputs(std::span<Ref<WalkNode>> inputs, bool keeps_leaf) noexcept {
    inputs_ = inputs;
    keeps_leaf_ = keeps_leaf;
    if (keeps_leaf) changes_ = changes_before();
  }

  std::span<Ref<WalkNode>> inputs_;  // memory of the derived class; null where an input needs no gradient

 private:
  friend class GraphCut;

  void expect_unchanged() const {
    if (keeps_leaf_ && changes_ != changes_before())
      raise<GraphError>("backward: a tensor that ", name_,
                        " needs was changed in place after it was used (by a lookup with max_norm?). Use a copy there, "
                        "weight.clone(), or make the lookups first");
  }

  std::uint32_t changes_before() const noexcept {
    std::uint32_t sum = 0;
    for (const Ref<WalkNode>& input : inputs_)
      if (input) sum += input->changes_;  // an operation's stays as it was
    return sum;
  }

  /// In a walk: an input that is a retired leaf, an error, or one that gathers apart, which joins a list.
  [[gnu::cold, gnu::noinline]] void look_at(WalkNode* input, WalkNode*& hooked) const {
    if (input->retired_)
      raise<GraphError>("backward: rows were added to a table since this graph was recorded (at ", name_,
                        "). Add rows between steps, and run the forward again");
    if (!input->is_leaf() || input->waiting_++ > 0) return;
    input->found_next_ = std::exchange(hooked, input);
    input->observer_->begin_apart(*input);
  }
  /// The first leaf of that list leaves it.
  [[gnu::cold, gnu::noinline]] static void end_apart(WalkNode*& hooked, bool done) {
    WalkNode* const leaf = std::exchange(hooked, hooked->found_next_);
    leaf->found_next_ = nullptr;
    leaf->waiting_ = 0;
    leaf->observer_->end_apart(*leaf, done);
  }

  /// A reference of ours, given back when the node goes.
  [[gnu::cold, gnu::noinline]] void drop_observer() noexcept {
    if (observer_->release()) observer_->destroy();
  }

  const char* name_;
  WalkObserver* observer_ = nullptr;
  bool retired_ = false, keeps_leaf_ = false;
  bool noted_ = false;              // a leaf that a walk has to look at: retired or with hooks
  bool needed_ = false;             // by a walk to some inputs, see GraphCut
  std::uint32_t changes_ = 0;       // of a leaf: how often it was changed in place; of an operation: its leaves', then
  Index waiting_ = 0;               // during a walk: consumers whose contribution has not come yet
  WalkNode* found_next_ = nullptr;  // during a walk: the node found after this one
  WalkNode* next_ = nullptr;        // in the stack of a walk's ready nodes, or of nodes to destroy
};

// Nodes whose last reference goes with this one are destroyed in a loop: a chain may be any length.
inline void WalkNode::destroy() noexcept {
  next_ = nullptr;
  for (WalkNode* list = this; list != nullptr;) {
    WalkNode* node = std::exchange(list, list->next_);
    for (Ref<WalkNode>& input : node->inputs_)
      if (WalkNode* before = input.leak(); before != nullptr && before->release()) {
        before->next_ = list;
        list = before;
      }
    if (node->observer_ != nullptr) [[unlikely]]
      node->drop_observer();
    node->dispose();
  }
}

// Kahn's algorithm: count every node's consumers, then run a node once all of them have contributed.
inline void WalkNode::run_backward(bool retain_graph) {
  if (is_leaf()) return;
  const no_grad guard;
  struct Visited {  // a list through found_next_; whatever happens, the graph is left ready for another walk
    WalkNode* first;
    WalkNode* hooked = nullptr;  // leaves, a list of its own
    bool failed = true;
    ~Visited() {
      while (hooked != nullptr) end_apart(hooked, false);
      for (WalkNode* node = first; node != nullptr; node = std::exchange(node->found_next_, nullptr)) {
        node->waiting_ = 0;
        if (failed) node->forget();
      }
    }
  } visited{this};
  const auto for_each_operation_before = [](WalkNode* node, const auto& body) {
    for (const Ref<WalkNode>& input : node->inputs_)
      if (input && !input->is_leaf()) body(input.get());
  };
  WalkNode* last = this;
  for (WalkNode* node = this; node != nullptr; node = node->found_next_) {
    if (node->freed())
      raise<GraphError>("backward: the graph was freed by an earlier backward() (at ", node->name_,
                        "). To walk it twice, pass retain_graph = true the first time; a loop that keeps a "
                        "result of the step before should detach() it");
    for (const Ref<WalkNode>& input : node->inputs_)
      if (input && input->noted_) [[unlikely]]
        node->look_at(input.get(), visited.hooked);
    node->expect_unchanged();
    for_each_operation_before(node, [&last](WalkNode* before) {
      if (before->waiting_++ == 0) last = last->found_next_ = before;
    });
  }
  next_ = nullptr;
  for (WalkNode* ready = this; ready != nullptr;) {  // a stack through next_
    WalkNode* node = std::exchange(ready, ready->next_);
    try {
      if (node->observer_ != nullptr) [[unlikely]]
        node->observer_->see(*node);
      node->pass_on();
    } catch (const WrongGradient& wrong) {
      raise<WrongGradient>("backward of ", node->name_, ": ", wrong.what());
    }
    if (!retain_graph) node->free_saved();
    for_each_operation_before(node, [&ready](WalkNode* before) {
      if (--before->waiting_ == 0) before->next_ = std::exchange(ready, before);
    });
  }
  while (visited.hooked != nullptr) end_apart(visited.hooked, true);
  visited.failed = false;
}

}  // namespace detail

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_wrong_gradient(const Shape* leaf, Index numel,
                                                                        const Shape& got) {
  if (leaf != nullptr) throw_wrong_gradient(*leaf, got);
  raise<WrongGradient>("an input of ", numel, numel == 1 ? " element" : " elements", " was given a gradient of shape ",
                       got, "; a backward function must give each input one of that input's shape");
}
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_wrong_rows(const Shape& rows, const Shape& values,
                                                                    const Shape& table) {
  raise<WrongGradient>("an input of shape ", table, " was given a gradient with rows ", rows, " and values ", values,
                       "; expected rows (n) and values (n, ", table.back(), ")");
}

}  // namespace detail

/// An operation's place in the graph, or a leaf. A backward function is given one for each input of its operation, and
/// calls accumulate() with that input's gradient.
template <typename T>
class Node : public detail::WalkNode {
 public:
  /// Adds to the gradient of this node's tensor, of whose shape it is: ShapeError when the number of elements differs,
  /// or a leaf's shape. A leaf keeps it, and copies it first where somebody else can still see the memory.
  void accumulate(Tensor<T> gradient) {
    expect(gradient.shape(), gradient.numel());
    gradient_.add(std::move(gradient));
    if (is_leaf()) gradient_.own();
  }
  void accumulate(RowGradient<T> gradient) {
    expect(gradient.shape, gradient.shape.numel());
    if (gradient.values.shape() != Shape{gradient.rows.numel(), gradient.shape.back()}) [[unlikely]]
      detail::throw_wrong_rows(gradient.rows.shape(), gradient.values.shape(), gradient.shape);
    gradient_.add(std::move(gradient));
    if (is_leaf()) gradient_.own();
  }

  Gradient<T>& gradient() noexcept { return gradient_; }

  /// Says how many elements the tensor has; a new node is for one.
  void set_numel(Index numel) noexcept { numel_ = numel; }

 protected:
  explicit Node(const char* name) noexcept : WalkNode(name) {}
  Node(const char* name, Index numel, const Shape* shape) noexcept : WalkNode(name), numel_(numel), shape_(shape) {}
  ~Node() = default;

 private:
  void forget() noexcept override { gradient_.reset(); }

  void expect(const Shape& shape, Index numel) const {
    if (numel != numel_ || (shape_ != nullptr && shape != *shape_)) [[unlikely]]
      detail::throw_wrong_gradient(shape_, numel_, shape);
  }

  Gradient<T> gradient_;
  Index numel_ = 1;               // of the tensor: what a backward function reads of its gradient
  const Shape* shape_ = nullptr;  // of a leaf's tensor
};

namespace detail {

/// Gathers the gradient of a tensor that the user made and that requires one.
template <typename T>
class Leaf final : public Node<T> {
 public:
  explicit Leaf(const Shape& shape) : Node<T>("AccumulateGrad", shape.numel(), &shape_), shape_(shape) {}

 private:
  void pass_on() override {}
  void dispose() noexcept override { destroy_ref(this); }

  const Shape shape_;
};

}  // namespace detail
}  // namespace rowgrad
