// What: StateDict, tensors of any scalar type by name, in order; TensorSource, what tensors can be loaded from.
// Why:  modules, optimizers and files exchange named tensors without knowing each other.
// See:  nn/module.hpp (state_dict, load_state_dict), io/tensor_file.hpp (a file is a TensorSource, too).
#pragma once

#include <algorithm>
#include <concepts>
#include <cstring>
#include <string>
#include <vector>

#include <rowgrad/core/any_tensor.hpp>
#include <rowgrad/core/scalars.hpp>

namespace rowgrad {

/// A handle to a tensor, under a name.
struct NamedTensor {
  std::string name;
  AnyTensor tensor;
};

/// What load_state_dict() asks of whatever holds named tensors: a StateDict, an open file. All but names() may be asked
/// of these names alone.
template <typename S>
concept TensorSource = requires(const S& source, const std::string& name, float* values) {
  { source.names() } -> std::same_as<std::vector<std::string>>;
  { source.sizes(name) } -> std::convertible_to<std::vector<Index>>;  // the shape, of any rank
  { source.type_name(name) } -> std::convertible_to<std::string>;     // for messages
  { source.template reads_as<float>(name) } -> std::same_as<bool>;    // all but floating-point numbers as whole ones
  // Copies the values, converted. ValueError for a whole number that the scalar cannot hold.
  source.template read_to<float>(name, values);
  // Shares the values where they lie as such scalars already, else converts them.
  { source.template view<float>(name) } -> std::same_as<Tensor<float>>;
};

/// Named tensors in order. They are handles: values are shared with whatever the tensors came from, so that a state
/// kept for later is to be copied, with clone(). Finding a name takes O(log size). PyTorch: a state_dict.
///
///     for (const auto& [name, tensor] : model.state_dict()) ...
class StateDict {
 public:
  /// ValueError for a name that is there already, or an undefined tensor.
  StateDict& append(std::string name, const AnyTensor& tensor) {
    if (!tensor.defined()) throw ValueError(detail::concat("StateDict: the tensor '", name, "' is undefined"));
    const auto place = place_of(name);
    if (is_at(place, name)) throw ValueError(detail::concat("StateDict: the name '", name, "' is used twice"));
    in_order_.insert(place, entries_.size());
    entries_.push_back({std::move(name), tensor});
    return *this;
  }

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

  bool contains(const std::string& name) const { return is_at(place_of(name), name); }
  /// IndexError when there is none of that name.
  const AnyTensor& operator[](const std::string& name) const {
    const auto place = place_of(name);
    if (!is_at(place, name))
      throw IndexError(
          detail::concat("StateDict: there is no tensor '", name, "' among its ", size(), nearest_name(name)));
    return entries_[*place].tensor;
  }
  /// The same as a tensor of U; ValueError when it is one of another type.
  template <typename U>
  const Tensor<U>& as(const std::string& name) const {
    return (*this)[name].template as<U>();
  }

  /// The same names, values in memory of their own. PyTorch: copy.deepcopy(state_dict).
  StateDict clone() const {
    StateDict copy;
    for (const auto& [name, tensor] : entries_) copy.append(name, tensor.clone());
    return copy;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> result;
    result.reserve(entries_.size());
    for (const NamedTensor& entry : entries_) result.push_back(entry.name);
    return result;
  }
  std::vector<Index> sizes(const std::string& name) const {
    const Shape& shape = (*this)[name].shape();
    return std::vector<Index>(shape.begin(), shape.end());
  }
  std::string type_name(const std::string& name) const { return detail::scalar_name((*this)[name].scalar_type()); }

  /// Whether the tensor's values can become U's: all but floating-point numbers as whole ones.
  template <typename U>
  bool reads_as(const std::string& name) const {
    bool converts = (*this)[name].template is<U>();
    if (!converts)
      detail::with_scalar((*this)[name].scalar_type(),
                          [&](auto from) { converts = detail::scalar_converts<decltype(from), U>; });
    return converts;
  }
  /// Copies the values, converted, to `out`. ValueError for what U cannot hold.
  template <typename U>
  void read_to(const std::string& name, U* out) const {
    const AnyTensor& tensor = (*this)[name];
    const Index count = tensor.shape().numel();
    if (tensor.is<U>()) {
      if (count > 0 && tensor.data() != out)
        std::memmove(static_cast<void*>(out), tensor.data(), static_cast<std::size_t>(count) * sizeof(U));
      return;
    }
    bool fits = false;
    with_type(name, [&](auto scalar) {
      using From = decltype(scalar);
      if constexpr (detail::scalar_converts<From, U>) {
        const From* const values = static_cast<const From*>(tensor.data());
        Index done = 0;
        while (done < count && detail::convert_scalar<U>(values[done], out[done])) ++done;
        fits = done == count;
      }
    });
    if (!fits)
      throw ValueError(detail::concat("StateDict: '", name, "' holds ", type_name(name), ", and not all of it fits ",
                                      detail::scalar_name<U>()));
  }
  /// The tensor as one of U: itself, or a converted copy.
  template <typename U>
  Tensor<U> view(const std::string& name) const {
    if ((*this)[name].template is<U>()) return as<U>(name);
    Tensor<U> converted((*this)[name].shape());
    read_to(name, converted.data());
    return converted;
  }

 private:
  using Places = std::vector<std::size_t>;

  Places::const_iterator place_of(const std::string& name) const {
    return std::lower_bound(in_order_.begin(), in_order_.end(), name,
                            [this](std::size_t i, const std::string& wanted) { return entries_[i].name < wanted; });
  }
  bool is_at(Places::const_iterator place, const std::string& name) const {
    return place != in_order_.end() && entries_[*place].name == name;
  }

  template <typename F>
  void with_type(const std::string& name, const F& f) const {
    const std::type_info& type = (*this)[name].scalar_type();
    if (!detail::with_scalar(type, f))
      throw ValueError(
          detail::concat("StateDict: '", name, "' holds values of a type that is not saved, ", type.name()));
  }

  std::string nearest_name(const std::string& name) const {
    for (const NamedTensor& entry : entries_)
      if (entry.name.ends_with(name) || name.ends_with(entry.name))
        return detail::concat(" (is '", entry.name, "' meant?)");
    return "";
  }

  std::vector<NamedTensor> entries_;
  Places in_order_;  // of the entries, by name
};

}  // namespace rowgrad
