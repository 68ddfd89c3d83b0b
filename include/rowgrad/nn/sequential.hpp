// What: Sequential, layers applied one after the other.
// Why:  any copyable module with operator() or forward() fits; the first may take indices.
// See:  any_module.hpp; containers.hpp (lists that are not applied); PyTorch torch.nn.Sequential.
#pragma once

#include <initializer_list>

#include <rowgrad/nn/any_module.hpp>

namespace rowgrad::nn {

/// A list of layers, named "0", "1", ... or as they are told. Copies are deep. PyTorch: torch.nn.Sequential.
///
///     nn::Sequential<float> model{nn::Linear<float>(10, 20), nn::ReLU<float>(), nn::Linear<float>(20, 2)};
///     nn::Sequential<float> named{{"fc", nn::Linear<float>(10, 20)}, {"relu", nn::ReLU<float>()}};
///     model[0](x);  model[-1].as<nn::Linear<float>>().weight;  named["fc"]->parameters();
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
  /// Layers under names. ValueError for a name that is empty, has a '.', or stands twice. PyTorch:
  /// Sequential(OrderedDict).
  Sequential(std::initializer_list<NamedLayer<T, true>> layers) {
    for (const NamedLayer<T, true>& one : layers) add(one.name, std::move(one.layer));
  }

  Sequential(const Sequential& other) : Module<T>(other), names_(other.names_), moved_(other.moved_) {
    const CopiesOfLayers together(this, &other);
    for (const AnyModule<T>& layer : other.layers_) layers_.push_back(layer);
  }
  Sequential(Sequential&& other) noexcept
      : Module<T>(std::move(other)),
        names_(std::move(other.names_)),
        layers_(std::move(other.layers_)),
        moved_(std::exchange(other.moved_, true)) {}
  Sequential& operator=(Sequential&& other) noexcept {
    Module<T>::operator=(std::move(other));
    names_ = std::move(other.names_);
    layers_ = std::move(other.layers_);
    moved_ = std::exchange(other.moved_, &other != this);
    return *this;
  }
  /// Layers of equal number and type are assigned one by one, so that parameters stay those an optimizer knows.
  Sequential& operator=(const Sequential& other) {
    if (this == &other) return *this;
    bool fits = layers_.size() == other.layers_.size();
    for (std::size_t i = 0; fits && i < layers_.size(); ++i) fits = layers_[i].same_type(other.layers_[i]);
    if (!fits) return *this = Sequential(other);
    Module<T>::operator=(other);
    names_ = other.names_;
    moved_ = other.moved_;
    for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i] = other.layers_[i];
    return *this;
  }

  /// PyTorch: append().
  template <std::derived_from<Module<T>> Layer>
  Sequential& append(Layer layer) {
    return add_module(std::to_string(layers_.size()), std::move(layer));
  }
  /// ValueError for a name that is empty, has a '.', or is taken. PyTorch: add_module().
  template <std::derived_from<Module<T>> Layer>
  Sequential& add_module(std::string name, Layer layer) {
    layer_list::expect_called<T, Layer>();
    add(std::move(name), std::move(layer));
    return *this;
  }

  std::size_t size() const noexcept { return layers_.size(); }
  /// Layer i; -1 is the last. IndexError outside.
  AnyModule<T>& operator[](Index i) { return layers_[layer_list::layer_position("Sequential", i, layers_.size())]; }
  const AnyModule<T>& operator[](Index i) const {
    return layers_[layer_list::layer_position("Sequential", i, layers_.size())];
  }
  /// The layer of that name. IndexError when there is none.
  AnyModule<T>& operator[](std::string_view name) { return layers_[position_of(name)]; }
  const AnyModule<T>& operator[](std::string_view name) const { return layers_[position_of(name)]; }
  auto begin() noexcept { return layers_.begin(); }
  auto end() noexcept { return layers_.end(); }
  auto begin() const noexcept { return layers_.begin(); }
  auto end() const noexcept { return layers_.end(); }

  /// Without layers, x itself. ValueError when it was moved from, ShapeError when a layer in the middle takes indices.
  Tensor<T> forward(const Tensor<T>& x) const { return run(x, 0); }
  /// The first layer takes the indices.
  Tensor<T> forward(const Indices& ids) const {
    if (layers_.empty()) throw ShapeError("Sequential: no layer turns indices into values");
    return run(layers_[0](ids), 1);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  Tensor<T> operator()(const Indices& ids) const { return forward(ids); }

  void members(Members<T>& m) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) m(names_[i], layers_[i].module());
  }

 private:
  void add(std::string name, AnyModule<T> layer) {
    layer_list::expect_layer_name("Sequential", name, [this](const std::string& wanted) {
      return std::find(names_.begin(), names_.end(), wanted) != names_.end();
    });
    moved_ = false;
    names_.push_back(std::move(name));
    layers_.push_back(std::move(layer));
  }
  std::size_t position_of(std::string_view name) const {
    const auto place = std::find(names_.begin(), names_.end(), name);
    if (place == names_.end()) detail::raise<IndexError>("Sequential: there is no layer '", name, "'");
    return static_cast<std::size_t>(place - names_.begin());
  }

  Tensor<T> run(Tensor<T> x, std::size_t first) const {
    if (moved_) detail::raise<ValueError>("Sequential: it has no layers any more: it was moved from");
    for (std::size_t i = first; i < layers_.size(); ++i) x = layers_[i](x);
    return x;
  }

  std::vector<std::string> names_;
  std::vector<AnyModule<T>> layers_;
  bool moved_ = false;  // from: what has no layers otherwise returns x
};

}  // namespace rowgrad::nn
