// What: retain_grad() and register_hook(): gradients of results, and functions that see or change gradients.
// Why:  people look at the gradient of a hidden value, scale it, or clip it on its way.
// See:  node.hpp (WalkObserver); grad.hpp, which looks at results, too; PyTorch Tensor.register_hook.
#pragma once

#include <rowgrad/autograd/node.hpp>

namespace rowgrad {
namespace detail {

/// A function that is called with a gradient and may change it.
template <typename T>
class GradientHook : public Counted {
 public:
  virtual void call(Tensor<T>& gradient) = 0;
};

template <typename T, typename Hook>
class HookOf final : public GradientHook<T> {
 public:
  explicit HookOf(Hook hook) : hook_(std::move(hook)) {}
  void call(Tensor<T>& gradient) override {
    if constexpr (std::is_void_v<decltype(hook_(std::as_const(gradient)))>) {
      hook_(std::as_const(gradient));
    } else {
      const Tensor<T> changed = hook_(std::as_const(gradient));
      if (!changed.defined()) return;
      if (changed.shape() != gradient.shape()) throw_wrong_gradient(gradient.shape(), changed.shape());
      gradient = changed.detach();
    }
  }
  void destroy() noexcept override { destroy_ref(this); }

 private:
  Hook hook_;
};

/// All that is done with one node's gradients: hooks in their order, then who keeps what came of them.
template <typename T>
class Observers final : public WalkObserver {
 public:
  /// Those of a node, made when there are none yet.
  static Observers& of(Node<T>& node) {
    if (node.observer() == nullptr) node.set_observer(Ref<WalkObserver>::adopt(make_ref<Observers>().leak()));
    return static_cast<Observers&>(*node.observer());
  }

  void see(WalkNode& node) override {
    Gradient<T>& gradient = static_cast<Node<T>&>(node).gradient();
    if (gradient.defined()) gradient.add(shown(gradient.take()));
  }
  void begin_apart(WalkNode& leaf) noexcept override {
    apart_ = std::exchange(static_cast<Node<T>&>(leaf).gradient(), Gradient<T>());
  }
  void end_apart(WalkNode& leaf, bool done) override {
    Gradient<T>& gradient = static_cast<Node<T>&>(leaf).gradient();
    Gradient<T> gathered = std::exchange(gradient, std::exchange(apart_, Gradient<T>()));
    if (!done || !gathered.defined()) return;
    gradient.add(shown(gathered.take()));
    gradient.own();
  }
  void destroy() noexcept override { destroy_ref(this); }

  /// The gradient after all hooks.
  Tensor<T> shown(Tensor<T> gradient) {
    for (const Ref<GradientHook<T>>& hook : hooks) hook->call(gradient);
    if (keeps) kept.add(gradient);
    if (caught != nullptr) *caught = gradient;
    return gradient;
  }

  std::vector<Ref<GradientHook<T>>> hooks;
  bool keeps = false;
  Gradient<T> kept;             // after retain_grad()
  Tensor<T>* caught = nullptr;  // where autograd::grad() wants it

 private:
  Gradient<T> apart_;  // of a leaf: what it had before the walk
};

template <typename T>
Node<T>& node_to_observe(const char* operation, const Tensor<T>& x) {
  if (!x.requires_grad()) raise<GraphError>(operation, ": this tensor does not require a gradient");
  return *static_cast<Node<T>*>(x.body().graph.get());
}

}  // namespace detail

template <typename T>
void Tensor<T>::retain_grad() const {
  Node<T>& node = detail::node_to_observe("retain_grad", *this);
  if (!is_leaf()) detail::Observers<T>::of(node).keeps = true;
}

template <typename T>
template <typename Hook>
void Tensor<T>::register_hook(Hook hook) const {
  Node<T>& node = detail::node_to_observe("register_hook", *this);
  auto made = detail::make_ref<detail::HookOf<T, Hook>>(std::move(hook));
  detail::Observers<T>::of(node).hooks.push_back(detail::Ref<detail::GradientHook<T>>::adopt(made.leak()));
}

}  // namespace rowgrad
