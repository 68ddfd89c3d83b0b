// What: clone() and to(), copies through which gradients pass.
// Why:  a copy of a weight, or a sum in double, is still a function of that weight.
// See:  record.hpp; detail::copy_of in core/tensor.hpp, for copies that are nobody's function.
#pragma once

#include <limits>

#include <rowgrad/autograd/record.hpp>

namespace rowgrad {
namespace detail {

/// ValueError for the first value that no Index stands for.
template <typename T>
void check_converts_to_index(const Tensor<T>& x) {
  constexpr T limit = -static_cast<T>(std::numeric_limits<Index>::min());  // 2^63, exactly
  const T* values = x.data();
  for (Index i = 0; i < x.numel(); ++i)
    if (!(values[i] >= -limit && values[i] < limit))
      raise<ValueError>("to: expected values that an integer of ", 8 * sizeof(Index), " bits can hold, got ", values[i],
                        " at element ", i, " of shape ", x.shape(),
                        values[i] != values[i] ? " (a missing value in the data?)" : "");
}

}  // namespace detail

template <typename T>
Tensor<T> Tensor<T>::clone() const {
  Tensor copy = detail::copy_of(*this);
  if constexpr (std::is_floating_point_v<T>)
    if (recording(*this))
      record(
          copy, "CloneBackward0", [](Tensor g, Node<T>* node) { node->accumulate(std::move(g)); }, *this);
  return copy;
}

template <typename T>
template <typename U>
Tensor<U> Tensor<T>::to() const {
  if constexpr (std::is_same_v<T, U>) {
    return clone();
  } else {
    if constexpr (std::is_floating_point_v<T> && !std::is_floating_point_v<U> && !std::is_same_v<U, bool>)
      detail::check_converts_to_index(*this);
    Tensor<U> copy(shape());
    copy.array() = array().template cast<U>();
    if constexpr (std::is_floating_point_v<T> && std::is_floating_point_v<U>)
      if (recording(*this))
        record(
            copy, "ToCopyBackward0", [](Tensor<U> g, Node<T>* node) { node->accumulate(g.template to<T>()); }, *this);
    return copy;
  }
}

}  // namespace rowgrad
