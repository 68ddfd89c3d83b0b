// What: Node, an operation's place in the graph; record(), which puts a result there; and the backward walk.
// Why:  a graph lives as long as a handle into it. Nodes hold only what their backward needs and the nodes before them,
//       never tensors with a graph of their own, so walks and destruction are loops, not recursion.
// See:  docs/decisions.md, "Graph"; functional/ for how operations use record(); Griewank and Walther, Evaluating
//       Derivatives, 2008, chapter 3 (reverse accumulation).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include <rowgrad/autograd/grad_mode.hpp>
#include <rowgrad/autograd/gradient.hpp>

namespace rowgrad::detail {

template <typename T>
class Node : public GraphNode {
 public:
  explicit Node(const char* name) : name_(name) {}

  const char* name() const noexcept override { return name_; }
  bool is_leaf() const noexcept override { return inputs_.empty(); }

  /// Adds to the gradient of this node's tensor. A leaf keeps it, so there it must not share memory.
  void accumulate(Tensor<T> gradient) {
    gradient_.add(std::move(gradient));
    if (is_leaf()) gradient_.own();
  }
  void accumulate(RowGradient<T> gradient) {
    gradient_.add(std::move(gradient));
    if (is_leaf()) gradient_.own();
  }

  Gradient<T>& gradient() noexcept { return gradient_; }

  /// For a leaf whose tensor took another shape: graphs recorded before cannot be walked any more.
  void retire() noexcept { retired_ = true; }

  /// Adds d(root)/d(leaf) to every leaf below this node, given its own gradient (already accumulated).
  void run_backward(bool retain_graph);

  void destroy() noexcept final;

 protected:
  ~Node() = default;
  /// Passes the gradient of this node's tensor on to its inputs.
  virtual void backward(Tensor<T>) {}
  virtual bool freed() const noexcept { return false; }
  virtual void free_saved() noexcept {}
  virtual void dispose() noexcept = 0;

  std::span<Ref<Node>> inputs_;  // memory of the derived class; null where an input needs no gradient

 private:
  const char* name_;
  bool retired_ = false;
  Gradient<T> gradient_;
  Index waiting_ = 0;           // during a walk: consumers whose contribution has not come yet
  Node* found_next_ = nullptr;  // during a walk: the node found after this one
  Node* next_ = nullptr;        // in the stack of a walk's ready nodes, or of nodes to destroy
};

// Nodes whose last reference goes with this one are destroyed in a loop: a chain may be any length.
template <typename T>
void Node<T>::destroy() noexcept {
  next_ = nullptr;
  for (Node* list = this; list != nullptr;) {
    Node* node = std::exchange(list, list->next_);
    for (Ref<Node>& input : node->inputs_)
      if (Node* before = input.leak(); before != nullptr && before->release()) {
        before->next_ = list;
        list = before;
      }
    node->dispose();
  }
}

// Kahn's algorithm: count every node's consumers, then run a node once all of them have contributed.
template <typename T>
void Node<T>::run_backward(bool retain_graph) {
  if (is_leaf()) return;
  const no_grad guard;
  struct Visited {  // a list through found_next_; whatever happens, the graph is left ready for another walk
    Node* first;
    ~Visited() {
      for (Node* node = first; node != nullptr; node = std::exchange(node->found_next_, nullptr)) {
        node->waiting_ = 0;
        node->gradient_.reset();
      }
    }
  } visited{this};
  const auto for_each_operation_before = [](Node* node, const auto& body) {
    for (const Ref<Node>& input : node->inputs_)
      if (input && !input->is_leaf()) body(input.get());
  };
  Node* last = this;
  for (Node* node = this; node != nullptr; node = node->found_next_) {
    if (node->freed())
      throw GraphError(std::string("backward: the graph was freed by an earlier backward() (at ") + node->name_ +
                       "). To walk it twice, pass retain_graph = true the first time; a loop that keeps a result "
                       "of the step before should detach() it");
    for (const Ref<Node>& input : node->inputs_)
      if (input && input->retired_)
        throw GraphError(std::string("backward: rows were added to a table since this graph was recorded (at ") +
                         node->name_ + "). Add rows between steps, and run the forward again");
    for_each_operation_before(node, [&last](Node* before) {
      if (before->waiting_++ == 0) last = last->found_next_ = before;
    });
  }
  next_ = nullptr;
  for (Node* ready = this; ready != nullptr;) {  // a stack through next_
    Node* node = std::exchange(ready, ready->next_);
    if (node->gradient_.defined()) {  // an operation may leave an input without a contribution
      Tensor<T> gradient = node->gradient_.to_dense();
      node->gradient_.reset();
      node->backward(std::move(gradient));
    }
    if (!retain_graph) node->free_saved();
    for_each_operation_before(node, [&ready](Node* before) {
      if (--before->waiting_ == 0) before->next_ = std::exchange(ready, before);
    });
  }
}

/// Gathers the gradient of a tensor that the user made and that requires one.
template <typename T>
class Leaf final : public Node<T> {
 public:
  Leaf() : Node<T>("AccumulateGrad") {}

 private:
  void dispose() noexcept override { destroy_ref(this); }
};

/// An operation with N inputs. Backward is called as backward(gradient, node of input 0, node of input 1, ...).
/// A backward that saves no tensor has nothing to free and can be walked again, as in PyTorch.
template <typename T, std::size_t N, typename Backward>
class Operation final : public Node<T> {
 public:
  Operation(const char* name, std::array<Ref<Node<T>>, N> inputs, Backward&& backward)
      : Node<T>(name), edges_(std::move(inputs)), backward_(std::move(backward)) {
    this->inputs_ = edges_;
  }

 private:
  static constexpr bool saves_tensors = !std::is_trivially_destructible_v<Backward>;

  void backward(Tensor<T> gradient) override {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (*backward_)(std::move(gradient), edges_[I].get()...); }
    (std::make_index_sequence<N>());
  }
  bool freed() const noexcept override { return saves_tensors && !backward_; }
  void free_saved() noexcept override {
    if constexpr (saves_tensors) backward_.reset();
  }
  void dispose() noexcept override { destroy_ref(this); }

  std::array<Ref<Node<T>>, N> edges_;
  std::optional<Backward> backward_;
};

/// An operation with any number of inputs, whose Backward saves no tensor and so need not be freed.
/// Backward is called as backward(gradient, span of input nodes).
template <typename T, typename Backward>
class ListOperation final : public Node<T> {
 public:
  ListOperation(const char* name, std::vector<Ref<Node<T>>> inputs, Backward&& backward)
      : Node<T>(name), edges_(std::move(inputs)), backward_(std::move(backward)) {
    this->inputs_ = edges_;
  }

 private:
  void backward(Tensor<T> gradient) override { backward_(std::move(gradient), std::span<const Ref<Node<T>>>(edges_)); }
  void dispose() noexcept override { destroy_ref(this); }

  std::vector<Ref<Node<T>>> edges_;
  Backward backward_;
};

template <typename T>
bool wants_gradient(const Tensor<T>& x) noexcept {
  return x.defined() && x.requires_grad();
}

/// Whether an operation on these tensors is to be recorded.
template <typename T, typename... More>
bool recording(const Tensor<T>& first, const More&... more) noexcept {
  return grad_enabled && (wants_gradient(first) || ... || wants_gradient(more));
}

/// The node that gathers x's gradient; null for a constant, which prunes the branch.
template <typename T>
Ref<Node<T>> node_of(const Tensor<T>& x) noexcept {
  if (!wants_gradient(x)) return nullptr;
  return Ref<Node<T>>::share(static_cast<Node<T>*>(x.body().graph.get()));
}

/// x for a backward to keep: its values, without the graph before it.
template <typename T>
Tensor<T> saved(const Tensor<T>& x) {
  return x.is_leaf() ? x : x.detach();
}

/// Makes `result` the outcome of an operation on `inputs`. Ask recording(inputs...) first.
/// backward(Tensor<T> gradient, Node<T>*... inputs) accumulates into the inputs; a null one needs no gradient.
template <typename T, typename Backward, typename... Inputs>
void record(Tensor<T>& result, const char* name, Backward backward, const Inputs&... inputs) {
  using Op = Operation<T, sizeof...(Inputs), Backward>;
  auto& body = result.body();
  body.graph = Ref<GraphNode>::adopt(
      make_ref<Op>(name, std::array<Ref<Node<T>>, sizeof...(Inputs)>{node_of<T>(inputs)...}, std::move(backward))
          .leak());
  body.requires_grad = true;
}

/// The same for a list of inputs.
template <typename T, typename Backward>
void record_list(Tensor<T>& result, const char* name, Backward backward, const std::vector<Tensor<T>>& inputs) {
  std::vector<Ref<Node<T>>> nodes;
  nodes.reserve(inputs.size());
  for (const Tensor<T>& input : inputs) nodes.push_back(node_of(input));
  auto& body = result.body();
  body.graph =
      Ref<GraphNode>::adopt(make_ref<ListOperation<T, Backward>>(name, std::move(nodes), std::move(backward)).leak());
  body.requires_grad = true;
}

}  // namespace rowgrad::detail
