// What: elementary functions of one tensor, element by element: exp, log, sqrt.
// Why:  each is one line of formula with its derivative beside it.
// See:  elementwise.hpp (unary, pow); activation.hpp; PyTorch "Pointwise Ops".
#pragma once

#include <limits>

#include <rowgrad/functional/elementwise.hpp>

namespace rowgrad {

/// e^x; dx = g y. PyTorch: torch.exp.
template <typename T>
Tensor<T> exp(const Tensor<T>& x) {
  return detail::unary(
      "ExpBackward0", x, detail::Save::output, [](const auto& u) { return u.exp(); },
      [](const auto& g, const auto& y) { return g * y; });
}

/// Natural logarithm; dx = g / x. PyTorch: torch.log.
template <typename T>
Tensor<T> log(const Tensor<T>& x) {
  Tensor<T> y(x.shape());
  y.array() = x.array().log();
  const T *from = x.data(), tiny = std::numeric_limits<T>::min();
  for (Index i = 0; i < x.numel(); ++i)  // Eigen's takes what is below the smallest normal number for that number
    if (from[i] > T(0) && from[i] < tiny) y.data()[i] = std::log(from[i]);
  if (recording(x))
    detail::record_unary("LogBackward0", x, y, detail::Save::input, [](const auto& g, const auto& u) { return g / u; });
  return y;
}

/// Square root; dx = g / (2 y). Not Eigen's, which estimates for float and has NaN for infinity. PyTorch: torch.sqrt.
template <typename T>
Tensor<T> sqrt(const Tensor<T>& x) {
  return detail::unary(
      "SqrtBackward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::sqrt(v); }); },
      [](const auto& g, const auto& y) { return g / (T(2) * y); });
}

template <typename T>
Tensor<T> TensorMethods<T>::exp() const {
  return rowgrad::exp(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::log() const {
  return rowgrad::log(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::sqrt() const {
  return rowgrad::sqrt(self());
}

}  // namespace rowgrad
