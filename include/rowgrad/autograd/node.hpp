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

/// An operation's place in the graph, or a leaf. A backward function is given one for each input of its operation, and
/// calls accumulate() with that input's gradient.
template <typename T>
class Node : public detail::GraphNode {
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

  std::span<detail::Ref<Node>> inputs_;  // memory of the derived class; null where an input needs no gradient

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
    for (detail::Ref<Node>& input : node->inputs_)
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
    for (const detail::Ref<Node>& input : node->inputs_)
      if (input && !input->is_leaf()) body(input.get());
  };
  Node* last = this;
  for (Node* node = this; node != nullptr; node = node->found_next_) {
    if (node->freed())
      throw GraphError(std::string("backward: the graph was freed by an earlier backward() (at ") + node->name_ +
                       "). To walk it twice, pass retain_graph = true the first time; a loop that keeps a result "
                       "of the step before should detach() it");
    for (const detail::Ref<Node>& input : node->inputs_)
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

namespace detail {

/// Gathers the gradient of a tensor that the user made and that requires one.
template <typename T>
class Leaf final : public Node<T> {
 public:
  Leaf() : Node<T>("AccumulateGrad") {}

 private:
  void dispose() noexcept override { destroy_ref(this); }
};

}  // namespace detail
}  // namespace rowgrad
