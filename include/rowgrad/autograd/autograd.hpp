// What: the gradient side of Tensor: requires_grad_, grad, backward.
// Why:  core declares them on Tensor so that code reads as in PyTorch; here they meet the graph.
// See:  node.hpp, record.hpp.
#pragma once

#include <rowgrad/autograd/copies.hpp>
#include <rowgrad/autograd/hooks.hpp>

namespace rowgrad {

/// The place in the graph of a leaf of this shape.
template <typename T>
detail::Ref<Node<T>> make_leaf(const Shape& shape) {
  return detail::Ref<Node<T>>::adopt(detail::make_ref<detail::Leaf<T>>(shape).leak());
}

/// Gives x, a leaf in the graph whose shape changes, another place there. Graphs recorded before can no longer be
/// walked: backward() through them is a GraphError.
template <typename T>
void replace_leaf(const Tensor<T>& x, detail::Ref<Node<T>> leaf) noexcept {
  detail::Ref<detail::GraphNode>& place = x.body().graph;
  static_cast<Node<T>*>(place.get())->retire();
  place = detail::Ref<detail::GraphNode>::adopt(leaf.leak());
}

template <typename T>
const Tensor<T>& Tensor<T>::requires_grad_(bool on) const {
  if (!is_leaf()) {
    if (on) return *this;
    throw GraphError(
        "requires_grad_: only a leaf can be switched off; this tensor is the result of a recorded operation "
        "(use detach() for its values outside the graph)");
  }
  static_assert(std::is_floating_point_v<T>, "only floating point tensors have gradients");
  if (on && !body_->graph) body_->graph = detail::Ref<detail::GraphNode>::adopt(make_leaf<T>(body_->shape).leak());
  body_->requires_grad = on;
  return *this;
}

template <typename T>
Gradient<T>& Tensor<T>::grad() const {
  if (!is_leaf()) {
    if (detail::WalkObserver* const observer = static_cast<Node<T>*>(body_->graph.get())->observer();
        observer != nullptr)
      if (auto& observers = static_cast<detail::Observers<T>&>(*observer); observers.keeps) return observers.kept;
    throw GraphError(
        "grad: only leaves gather a gradient; this tensor is the result of a recorded operation (call retain_grad() "
        "before backward() to have its gradient)");
  }
  if (!body_->graph)
    throw GraphError("grad: this tensor does not require a gradient (call requires_grad_() before it is used)");
  return static_cast<Node<T>*>(body_->graph.get())->gradient();
}

template <typename T>
void Tensor<T>::backward(const Tensor& seed, bool retain_graph) const {
  if (!requires_grad())
    throw GraphError(
        "backward: this tensor does not require a gradient: no input of its operations requires one, or it was made "
        "under no_grad");
  if (seed.shape() != shape())
    detail::raise<ShapeError>("backward: the seed has shape ", seed.shape(), ", the tensor ", shape());
  auto* node = static_cast<Node<T>*>(body_->graph.get());
  node->accumulate(seed);
  node->run_backward(retain_graph);
}

template <typename T>
void Tensor<T>::backward(bool retain_graph) const {
  if (numel() != 1)
    detail::raise<ShapeError>("backward: without a seed the tensor must have one element, it has shape ", shape(),
                              " (reduce it with sum() or mean())");
  backward(ones<T>(shape()), retain_graph);
}

}  // namespace rowgrad
