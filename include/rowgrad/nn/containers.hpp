// What: ModuleList, ModuleDict and ParameterList, which hold layers or parameters and do nothing with them.
// Why:  a model with any number of layers names them all at once, and calls them as it likes.
// See:  any_module.hpp; sequential.hpp (layers applied one after the other); PyTorch torch.nn.
#pragma once

#include <initializer_list>

#include <rowgrad/core/scalars.hpp>
#include <rowgrad/nn/any_module.hpp>

namespace rowgrad::nn {

namespace layer_list {

template <typename T>
Module<T>& module_of(AnyModule<T>& layer) {
  return layer.module();
}
template <typename T>
Module<T>& module_of(Module<T>& layer) {
  return layer;
}

}  // namespace layer_list

/// Layers in order, named "0", "1", ... Copies are deep. PyTorch: torch.nn.ModuleList.
///
///     nn::ModuleList<float> layers{nn::Linear<float>(3, 4), nn::ReLU<float>()};    // of any types
///     nn::ModuleList<float, Block> blocks;                                         // of one, called as it likes
///     for (const auto& layer : layers) x = layer(x);
///     layers[0].as<nn::Linear<float>>().weight;  blocks[-1].attention;
template <typename T, typename Layer = AnyModule<T>>
class ModuleList : public Module<T> {
 public:
  template <std::derived_from<Module<T>>... Layers>
  requires((sizeof...(Layers) != 1 || (!std::same_as<Layers, ModuleList> && ...)) &&
           (std::constructible_from<Layer, Layers> && ...)) explicit ModuleList(Layers... layers) {
    layers_.reserve(sizeof...(layers));
    (append(std::move(layers)), ...);
  }
  ModuleList(const ModuleList& other) : Module<T>(other) {
    const CopiesOfLayers together(this, &other);
    layers_.reserve(other.layers_.size());
    for (const Layer& layer : other.layers_) layers_.emplace_back(layer);
  }
  ModuleList(ModuleList&&) noexcept = default;
  ModuleList& operator=(ModuleList&&) noexcept = default;
  /// Of equal number, layers are assigned one by one, so that parameters stay those an optimizer knows.
  ModuleList& operator=(const ModuleList& other) {
    if (this == &other) return *this;
    if (layers_.size() != other.layers_.size()) return *this = ModuleList(other);
    Module<T>::operator=(other);
    for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i] = other.layers_[i];
    return *this;
  }

  /// PyTorch: append(). Layers that lie in the list move.
  template <typename Added>
  requires std::constructible_from<Layer, Added> ModuleList& append(Added layer) {
    layers_.emplace_back(std::move(layer));
    return *this;
  }
  /// Before layer i, or at the end; negative i counts from the end. IndexError outside. PyTorch: insert().
  template <typename Added>
  requires std::constructible_from<Layer, Added> ModuleList& insert(Index i, Added layer) {
    const Index count = static_cast<Index>(layers_.size());
    const std::size_t at = i == count ? layers_.size() : layer_list::layer_position("ModuleList", i, layers_.size());
    layers_.insert(layers_.begin() + static_cast<std::ptrdiff_t>(at), Layer(std::move(layer)));
    return *this;
  }
  /// Appends the layers of another list. PyTorch: extend().
  ModuleList& extend(const ModuleList& other) {
    const ModuleList copy = other;  // which may be this
    for (const Layer& layer : copy.layers_) layers_.emplace_back(layer);
    return *this;
  }

  std::size_t size() const noexcept { return layers_.size(); }
  bool empty() const noexcept { return layers_.empty(); }
  /// Layer i; -1 is the last. IndexError outside.
  Layer& operator[](Index i) { return layers_[layer_list::layer_position("ModuleList", i, layers_.size())]; }
  const Layer& operator[](Index i) const {
    return layers_[layer_list::layer_position("ModuleList", i, layers_.size())];
  }
  auto begin() noexcept { return layers_.begin(); }
  auto end() noexcept { return layers_.end(); }
  auto begin() const noexcept { return layers_.begin(); }
  auto end() const noexcept { return layers_.end(); }

  void members(Members<T>& m) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) m(std::to_string(i), layer_list::module_of<T>(layers_[i]));
  }
  bool prints_repeats_once() const override { return true; }

 private:
  std::vector<Layer> layers_;
};

/// Layers by name, in the order in which they came. Copies are deep. PyTorch: torch.nn.ModuleDict.
///
///     nn::ModuleDict<float> choices{{"conv", nn::Conv1d<float>(4, 4, 3)}, {"fc", nn::Linear<float>(4, 4)}};
///     choices["fc"](x);
template <typename T>
class ModuleDict : public Module<T> {
 public:
  ModuleDict() = default;
  /// ValueError for a name that is empty, has a '.', or stands twice.
  ModuleDict(std::initializer_list<NamedLayer<T>> layers) {
    for (const NamedLayer<T>& one : layers) add(one.name, std::move(one.layer));
  }
  ModuleDict(const ModuleDict& other) : Module<T>(other) {
    const CopiesOfLayers together(this, &other);
    entries_ = other.entries_;
  }
  ModuleDict(ModuleDict&&) noexcept = default;
  ModuleDict& operator=(ModuleDict&&) noexcept = default;
  /// Where names and types are equal, layers are assigned one by one, so that parameters stay those an optimizer knows.
  ModuleDict& operator=(const ModuleDict& other) {
    if (this == &other) return *this;
    bool fits = entries_.size() == other.entries_.size();
    for (std::size_t i = 0; fits && i < entries_.size(); ++i) fits = entries_[i].first == other.entries_[i].first;
    if (!fits) return *this = ModuleDict(other);
    Module<T>::operator=(other);
    for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i].second = other.entries_[i].second;
    return *this;
  }

  /// Puts a layer under a name, in the place of the one that has it. ValueError for a name that is empty or has a '.'.
  /// PyTorch: dict[name] = layer.
  template <std::derived_from<Module<T>> Layer>
  ModuleDict& insert(std::string name, Layer layer) {
    const auto place = find(name);
    if (place != entries_.end())
      entries_[static_cast<std::size_t>(place - entries_.begin())].second = AnyModule<T>(std::move(layer));
    else
      add(std::move(name), std::move(layer));
    return *this;
  }
  /// IndexError when there is none of that name.
  AnyModule<T>& operator[](std::string_view name) { return entries_[position_of(name)].second; }
  const AnyModule<T>& operator[](std::string_view name) const { return entries_[position_of(name)].second; }
  bool contains(std::string_view name) const { return find(name) != entries_.end(); }
  /// Takes a layer out. IndexError when there is none of that name.
  AnyModule<T> pop(std::string_view name) {
    const std::size_t at = position_of(name);
    AnyModule<T> layer = std::move(entries_[at].second);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    return layer;
  }
  void clear() { entries_.clear(); }

  std::size_t size() const noexcept { return entries_.size(); }
  std::vector<std::string> keys() const {
    std::vector<std::string> names;
    for (const auto& entry : entries_) names.push_back(entry.first);
    return names;
  }
  /// Pairs of name and layer: for (const auto& [name, layer] : dict).
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

  void members(Members<T>& m) override {
    for (auto& entry : entries_) m(entry.first, entry.second.module());
  }

 private:
  auto find(std::string_view name) const {
    return std::find_if(entries_.begin(), entries_.end(), [name](const auto& entry) { return entry.first == name; });
  }
  std::size_t position_of(std::string_view name) const {
    const auto place = find(name);
    if (place == entries_.end()) detail::raise<IndexError>("ModuleDict: there is no layer '", name, "'");
    return static_cast<std::size_t>(place - entries_.begin());
  }
  void add(std::string name, AnyModule<T> layer) {
    layer_list::expect_layer_name("ModuleDict", name, [this](const std::string& wanted) { return contains(wanted); });
    entries_.emplace_back(std::move(name), std::move(layer));
  }

  std::vector<std::pair<std::string, AnyModule<T>>> entries_;
};

/// Parameters in order, named "0", "1", ... Copies are deep. PyTorch: torch.nn.ParameterList.
template <typename T>
class ParameterList : public Module<T> {
 public:
  ParameterList() = default;
  /// Parameters that share the values given.
  explicit ParameterList(const std::vector<Tensor<T>>& values) {
    for (const Tensor<T>& one : values) append(one);
  }
  ParameterList(const ParameterList& other) : Module<T>(other) {
    const CopiesOfLayers together(this, &other);
    parameters_.reserve(other.parameters_.size());
    for (const Parameter<T>& one : other.parameters_) parameters_.emplace_back(one);
  }
  ParameterList(ParameterList&&) noexcept = default;
  ParameterList& operator=(ParameterList&&) noexcept = default;
  ParameterList& operator=(const ParameterList& other) {
    if (this == &other) return *this;
    if (parameters_.size() != other.parameters_.size()) return *this = ParameterList(other);
    Module<T>::operator=(other);
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] = other.parameters_[i];
    return *this;
  }

  /// PyTorch: append().
  ParameterList& append(const Tensor<T>& values) {
    parameters_.emplace_back(Parameter<T>(values));
    return *this;
  }
  ParameterList& append(Parameter<T>&& parameter) {
    parameters_.push_back(std::move(parameter));
    return *this;
  }

  std::size_t size() const noexcept { return parameters_.size(); }
  /// Parameter i; -1 is the last. IndexError outside.
  Parameter<T>& operator[](Index i) {
    return parameters_[layer_list::layer_position("ParameterList", i, parameters_.size())];
  }
  const Parameter<T>& operator[](Index i) const {
    return parameters_[layer_list::layer_position("ParameterList", i, parameters_.size())];
  }
  auto begin() noexcept { return parameters_.begin(); }
  auto end() noexcept { return parameters_.end(); }
  auto begin() const noexcept { return parameters_.begin(); }
  auto end() const noexcept { return parameters_.end(); }

  void members(Members<T>& m) override {
    for (std::size_t i = 0; i < parameters_.size(); ++i) m(std::to_string(i), parameters_[i]);
  }
  std::string extra_repr() const override {
    std::string text;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      std::string sizes;
      const Shape& shape = parameters_[i].shape();
      for (int d = 0; d < shape.rank(); ++d) sizes += detail::concat(d > 0 ? "x" : "", shape[d]);
      text += detail::concat(i > 0 ? "\n" : "", "  (", i, "): Parameter containing: [torch.",
                             std::is_same_v<T, float> ? "float32" : "float64", " of size ", sizes, "]");
    }
    return text;
  }

 private:
  std::vector<Parameter<T>> parameters_;
};

}  // namespace rowgrad::nn
