// What: AnyModule, a layer of any type as one value.
// Why:  containers hold layers of different types, call them, and copy them deeply.
// See:  sequential.hpp, containers.hpp.
#pragma once

#include <concepts>

#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// A layer whose type is known at run time only: copies are deep, calls go to the layer. What it is made of is found
/// through ->, as in layer->parameters(), and all of it through as<nn::Linear<float>>().
template <typename T>
class AnyModule {
 public:
  template <typename Layer, typename Input>
  static constexpr bool takes = requires(Layer& layer, const Input& input) {
    { layer(input) } -> std::convertible_to<Tensor<T>>;
  }
  || requires(Layer& layer, const Input& input) {
    { layer.forward(input) } -> std::convertible_to<Tensor<T>>;
  };

  template <std::derived_from<Module<T>> Layer>
  AnyModule(Layer layer) : held_(hold(std::move(layer))) {}  // NOLINT: implicit by design

  AnyModule(const AnyModule& other) {
    const CopiesOfLayers together(this, &other);
    held_ = other.slot().clone();
  }
  AnyModule(AnyModule&&) noexcept = default;
  AnyModule& operator=(AnyModule&&) noexcept = default;
  /// One of the same type is assigned as such, so that parameters stay those an optimizer knows.
  AnyModule& operator=(const AnyModule& other) {
    if (this == &other) return *this;
    if (same_type(other))
      slot().assign(other.slot());
    else
      *this = AnyModule(other);
    return *this;
  }
  ~AnyModule() = default;

  /// ShapeError when the layer does not take what it is given, or gives something else than a tensor.
  Tensor<T> forward(const Tensor<T>& x) const { return slot().forward(x); }
  Tensor<T> forward(const Indices& ids) const { return slot().forward(ids); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  Tensor<T> operator()(const Indices& ids) const { return forward(ids); }

  Module<T>& module() const { return slot().module(); }
  Module<T>* operator->() const { return &module(); }
  Module<T>& operator*() const { return module(); }

  template <typename Layer>
  bool is() const {
    return typeid(module()) == typeid(Layer);
  }
  /// The layer itself. ValueError when it is of another type.
  template <typename Layer>
  Layer& as() const {
    if (!is<Layer>())
      detail::raise<ValueError>("AnyModule: asked for a ", class_name(typeid(Layer)), ", but it is a ",
                                module().type_name());
    return static_cast<Layer&>(module());
  }
  bool same_type(const AnyModule& other) const { return typeid(module()) == typeid(other.module()); }

 private:
  struct Slot : detail::Counted {
    virtual Tensor<T> forward(const Tensor<T>& x) = 0;
    virtual Tensor<T> forward(const Indices& ids) = 0;
    virtual Module<T>& module() = 0;
    virtual detail::Ref<Slot> clone() const = 0;
    virtual void assign(const Slot& other) = 0;

   protected:
    ~Slot() = default;
  };

  Slot& slot() const {
    if (!held_) throw ValueError("AnyModule: there is no layer (was it moved from?)");
    return *held_;
  }

  template <typename Layer>
  struct Held final : Slot {
    explicit Held(Layer&& held) : layer(std::move(held)) {}
    explicit Held(const Layer& held) : layer(held) {}
    Tensor<T> forward(const Tensor<T>& x) override { return call(x, "values"); }
    Tensor<T> forward(const Indices& ids) override { return call(ids, "indices"); }
    Module<T>& module() override { return layer; }
    detail::Ref<Slot> clone() const override { return hold(layer); }
    void assign(const Slot& other) override { layer = static_cast<const Held&>(other).layer; }
    void destroy() noexcept override { detail::destroy_ref(this); }

    template <typename Input>
    Tensor<T> call(const Input& input, const char* what) {
      if constexpr (requires {
                      { layer(input) } -> std::convertible_to<Tensor<T>>;
                    })
        return layer(input);
      else if constexpr (takes<Layer, Input>)
        return layer.forward(input);
      else
        detail::raise<ShapeError>("layer ", layer.type_name(), " does not take ", what);
    }
    Layer layer;
  };

  template <typename Layer>
  static detail::Ref<Slot> hold(Layer&& layer) {
    using Kept = Held<std::remove_cvref_t<Layer>>;
    return detail::Ref<Slot>::adopt(detail::make_ref<Kept>(std::forward<Layer>(layer)).leak());
  }

  detail::Ref<Slot> held_;  // of this alone: copies are deep
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const AnyModule<T>& layer) {
  return out << layer.module();
}

namespace layer_list {

/// For layers that are applied one after the other.
template <typename T, typename Layer>
constexpr void expect_called() {
  static_assert(
      AnyModule<T>::template takes<Layer, Tensor<T>> || AnyModule<T>::template takes<Layer, Indices>,
      "Sequential: each layer needs an operator() or a forward() that takes a Tensor<T> or Indices and gives a "
      "Tensor<T>");
}

}  // namespace layer_list

/// A layer under a name, in lists of them: {"fc", nn::Linear<float>(3, 4)}.
template <typename T, bool called = false>
struct NamedLayer {
  template <std::derived_from<Module<T>> Layer>
  NamedLayer(std::string layer_name, Layer held) : name(std::move(layer_name)), layer(std::move(held)) {
    if constexpr (called) layer_list::expect_called<T, Layer>();
  }

  std::string name;
  mutable AnyModule<T> layer;  // moved out of lists between braces, whose elements are constant
};

namespace layer_list {

/// ValueError for a name that cannot be part of a parameter's name, or is taken.
template <typename Taken>
void expect_layer_name(const char* container, const std::string& name, const Taken& taken) {
  if (name.empty() || name.find('.') != std::string::npos)
    detail::raise<ValueError>(container, ": a layer's name is not empty and has no '.', got '", name, "'");
  if (taken(name)) detail::raise<ValueError>(container, ": '", name, "' names two layers");
}

/// Position i of n; negative ones count from the end. IndexError outside.
inline std::size_t layer_position(const char* container, Index i, std::size_t n) {
  const Index count = static_cast<Index>(n), at = i < 0 ? i + count : i;
  if (at < 0 || at >= count) detail::raise<IndexError>(container, ": there is no layer ", i, " among ", count);
  return static_cast<std::size_t>(at);
}

}  // namespace layer_list

}  // namespace rowgrad::nn
