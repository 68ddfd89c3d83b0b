// What: Sequential, layers applied one after the other.
// Why:  any copyable module with operator() or forward() fits; the first may take indices.
// See:  PyTorch torch.nn.Sequential.
#pragma once

#include <concepts>

#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// A list of layers, named "0", "1", ... Copies are deep. PyTorch: torch.nn.Sequential.
///
///     nn::Sequential<float> model{nn::Linear<float>(10, 20), nn::ReLU<float>(), nn::Linear<float>(20, 2)};
///
/// Between braces, layers are made from left to right and start from the weights that PyTorch draws. Between
/// parentheses, C++ leaves the order to the compiler (GCC goes from right to left).
template <typename T>
class Sequential : public Module<T> {
 public:
  template <std::derived_from<Module<T>>... Layers>
  requires(sizeof...(Layers) != 1 || (!std::same_as<Layers, Sequential> && ...)) explicit Sequential(Layers... layers) {
    (append(std::move(layers)), ...);
  }

  Sequential(const Sequential& other) : Module<T>(other), moved_(other.moved_) {
    const CopiesOfLayers together(this, &other);
    for (const auto& slot : other.layers_) layers_.push_back(slot->clone());
  }
  Sequential(Sequential&& other) noexcept
      : Module<T>(std::move(other)), layers_(std::move(other.layers_)), moved_(std::exchange(other.moved_, true)) {}
  Sequential& operator=(Sequential&& other) noexcept {
    Module<T>::operator=(std::move(other));
    layers_ = std::move(other.layers_);
    moved_ = std::exchange(other.moved_, &other != this);
    return *this;
  }
  /// Layers of equal number and type are assigned one by one, so that parameters stay those an optimizer knows.
  Sequential& operator=(const Sequential& other) {
    if (this == &other) return *this;
    bool fits = layers_.size() == other.layers_.size();
    for (std::size_t i = 0; fits && i < layers_.size(); ++i)
      fits = typeid(layers_[i]->module()) == typeid(other.layers_[i]->module());
    if (!fits) return *this = Sequential(other);
    Module<T>::operator=(other);
    moved_ = other.moved_;
    for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i]->assign(*other.layers_[i]);
    return *this;
  }

  /// PyTorch: append().
  template <std::derived_from<Module<T>> Layer>
  Sequential& append(Layer layer) {
    layers_.push_back(hold(std::move(layer)));
    moved_ = false;
    return *this;
  }

  std::size_t size() const noexcept { return layers_.size(); }

  /// Without layers, x itself. ValueError when it was moved from, ShapeError when a layer in the middle takes indices.
  Tensor<T> forward(const Tensor<T>& x) const { return run(x, 0); }
  /// The first layer takes the indices.
  Tensor<T> forward(const Indices& ids) const {
    if (layers_.empty()) throw ShapeError("Sequential: no layer turns indices into values");
    return run(layers_[0]->forward(ids), 1);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  Tensor<T> operator()(const Indices& ids) const { return forward(ids); }

  void members(Members<T>& m) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) m(std::to_string(i), layers_[i]->module());
  }

 private:
  struct Slot : rowgrad::detail::Counted {
    virtual Tensor<T> forward(const Tensor<T>& x) = 0;
    virtual Tensor<T> forward(const Indices& ids) = 0;
    virtual Module<T>& module() = 0;
    virtual rowgrad::detail::Ref<Slot> clone() const = 0;
    virtual void assign(const Slot& other) = 0;

   protected:
    ~Slot() = default;
  };

  template <typename Layer>
  struct Held final : Slot {
    template <typename Input>
    static constexpr bool called = std::is_invocable_r_v<Tensor<T>, Layer&, const Input&>;
    template <typename Input>
    static constexpr bool forwarded = requires(Layer& held, const Input& input) {
      { held.forward(input) } -> std::convertible_to<Tensor<T>>;
    };
    static_assert(
        called<Tensor<T>> || called<Indices> || forwarded<Tensor<T>> || forwarded<Indices>,
        "Sequential: each layer needs an operator() or a forward() that takes a Tensor<T> or Indices and gives a "
        "Tensor<T>");

    explicit Held(Layer held) : layer(std::move(held)) {}
    Tensor<T> forward(const Tensor<T>& x) override { return call(x, "values"); }
    Tensor<T> forward(const Indices& ids) override { return call(ids, "indices"); }
    Module<T>& module() override { return layer; }
    rowgrad::detail::Ref<Slot> clone() const override { return hold(layer); }
    void assign(const Slot& other) override { layer = static_cast<const Held&>(other).layer; }
    void destroy() noexcept override { rowgrad::detail::destroy_ref(this); }

    template <typename Input>
    Tensor<T> call(const Input& input, const char* what) {
      if constexpr (called<Input>)
        return layer(input);
      else if constexpr (forwarded<Input>)
        return layer.forward(input);
      else
        detail::raise<ShapeError>("Sequential: layer ", layer.type_name(), " does not take ", what);
    }
    Layer layer;
  };

  template <typename Layer>
  static rowgrad::detail::Ref<Slot> hold(Layer layer) {
    return rowgrad::detail::Ref<Slot>::adopt(rowgrad::detail::make_ref<Held<Layer>>(std::move(layer)).leak());
  }

  Tensor<T> run(Tensor<T> x, std::size_t first) const {
    if (moved_) rowgrad::detail::raise<ValueError>("Sequential: it has no layers any more: it was moved from");
    for (std::size_t i = first; i < layers_.size(); ++i) x = layers_[i]->forward(x);
    return x;
  }

  std::vector<rowgrad::detail::Ref<Slot>> layers_;  // of this alone: copies are deep
  bool moved_ = false;                              // from: what has no layers otherwise returns x
};

}  // namespace rowgrad::nn
