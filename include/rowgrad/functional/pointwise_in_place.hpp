// What: clamp_, abs_, round_, addcmul_, lerp_ and others: functions element by element that change their tensor.
// Why:  rules of optimizers and averages of weights are written so: average.lerp_(weight, 0.1).
// See:  in_place.hpp for arithmetic; autograd/in_place.hpp (the rules); pointwise.hpp, where each is without
// underscore.
#pragma once

#include <rowgrad/autograd/in_place.hpp>
#include <rowgrad/functional/elementary.hpp>
#include <rowgrad/functional/pointwise.hpp>
#include <rowgrad/functional/rounding.hpp>

namespace rowgrad {

template <typename T>
Tensor<T> TensorMethods<T>::abs_() const {
  return detail::in_place("abs_", self(), recording(self()), [&] { return rowgrad::abs(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::square_() const {
  return detail::in_place("square_", self(), recording(self()), [&] { return rowgrad::square(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::reciprocal_() const {
  return detail::in_place("reciprocal_", self(), recording(self()), [&] { return rowgrad::reciprocal(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::rsqrt_() const {
  return detail::in_place("rsqrt_", self(), recording(self()), [&] { return rowgrad::rsqrt(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::floor_() const {
  return detail::in_place("floor_", self(), recording(self()), [&] { return rowgrad::floor(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::ceil_() const {
  return detail::in_place("ceil_", self(), recording(self()), [&] { return rowgrad::ceil(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::round_() const {
  return detail::in_place("round_", self(), recording(self()), [&] { return rowgrad::round(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::trunc_() const {
  return detail::in_place("trunc_", self(), recording(self()), [&] { return rowgrad::trunc(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp_(T min, T max) const {
  return detail::in_place("clamp_", self(), recording(self()), [&] { return rowgrad::clamp(self(), min, max); });
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp_(const Bounds<T>& bounds) const {
  return detail::in_place("clamp_", self(), recording(self()), [&] { return rowgrad::clamp(self(), bounds); });
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp_min_(T min) const {
  return detail::in_place("clamp_min_", self(), recording(self()), [&] { return rowgrad::clamp_min(self(), min); });
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp_max_(T max) const {
  return detail::in_place("clamp_max_", self(), recording(self()), [&] { return rowgrad::clamp_max(self(), max); });
}
template <typename T>
Tensor<T> TensorMethods<T>::addcmul_(const Tensor<T>& a, const Tensor<T>& b, T value) const {
  return detail::in_place("addcmul_", self(), recording(self(), a, b),
                          [&] { return rowgrad::addcmul(self(), a, b, value); });
}
template <typename T>
Tensor<T> TensorMethods<T>::addcdiv_(const Tensor<T>& a, const Tensor<T>& b, T value) const {
  return detail::in_place("addcdiv_", self(), recording(self(), a, b),
                          [&] { return rowgrad::addcdiv(self(), a, b, value); });
}
template <typename T>
Tensor<T> TensorMethods<T>::lerp_(const Tensor<T>& end, T weight) const {
  return detail::in_place("lerp_", self(), recording(self(), end), [&] { return rowgrad::lerp(self(), end, weight); });
}

}  // namespace rowgrad
