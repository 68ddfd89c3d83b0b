// What: floor, ceil, round, trunc, frac, sign, nan_to_num.
// Why:  steps: their gradients are 0, except frac's, and still they are part of a graph, as in PyTorch.
// See:  elementary.hpp; arithmetic.hpp (div with a rounding mode, remainder).
#pragma once

#include <limits>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {
namespace detail {

/// f(v) for every element v, with gradient 0. Integers are whole already.
template <typename T, typename F>
Tensor<T> step(const char* name, const Tensor<T>& x, const F& f) {
  if constexpr (std::is_integral_v<T>) return x.clone();
  Tensor<T> y(x.shape());
  std::transform(x.data(), x.data() + x.numel(), y.data(), f);
  if (recording(x))
    record(
        y, name, [](const Tensor<T>& g, Node<T>* node) { node->accumulate(zeros<T>(g.shape())); }, x);
  return y;
}

}  // namespace detail

/// The next whole number below or at, above or at, and towards zero. PyTorch: torch.floor, ceil, trunc.
template <typename T>
Tensor<T> floor(const Tensor<T>& x) {
  return detail::step("FloorBackward0", x, [](T v) { return static_cast<T>(std::floor(v)); });
}
template <typename T>
Tensor<T> ceil(const Tensor<T>& x) {
  return detail::step("CeilBackward0", x, [](T v) { return static_cast<T>(std::ceil(v)); });
}
template <typename T>
Tensor<T> trunc(const Tensor<T>& x) {
  return detail::step("TruncBackward0", x, [](T v) { return static_cast<T>(std::trunc(v)); });
}

/// The nearest whole number, of two equally near the even one: 0.5 becomes 0. PyTorch: torch.round.
template <typename T>
Tensor<T> round(const Tensor<T>& x) {
  return detail::step("RoundBackward0", x, [](T v) { return static_cast<T>(std::nearbyint(v)); });
}
/// The same after so many decimals, before the point when negative: round(x, 2). PyTorch: torch.round(x, decimals=2).
template <typename T>
Tensor<T> round(const Tensor<T>& x, Index decimals) {
  const T power = static_cast<T>(std::pow(10.0, std::abs(static_cast<double>(decimals))));
  return detail::step("RoundBackward1", x, [=](T v) {
    return decimals < 0 ? static_cast<T>(std::nearbyint(v / power)) * power
                        : static_cast<T>(static_cast<T>(std::nearbyint(v * power)) / power);
  });
}

/// -1, 0 or 1; 0 for NaN. PyTorch: torch.sign.
template <typename T>
Tensor<T> sign(const Tensor<T>& x) {
  Tensor<T> y(x.shape());
  std::transform(x.data(), x.data() + x.numel(), y.data(), [](T v) {
    return static_cast<T>(v > T(0) ? 1 : v < T(0) ? -1 : 0);
  });
  if (recording(x))
    record(
        y, "SignBackward0", [](const Tensor<T>& g, Node<T>* node) { node->accumulate(zeros<T>(g.shape())); }, x);
  return y;
}

/// What replaces NaN and infinities: by default 0 and the largest numbers of the type.
template <typename T>
struct FiniteValues {
  T nan = T(0);
  T posinf = std::numeric_limits<T>::max();
  T neginf = std::numeric_limits<T>::lowest();
};

/// x with other values for NaN and infinities: nan_to_num(x, {.nan = 1}); dx = g where x is finite, else 0. PyTorch:
/// torch.nan_to_num.
template <std::floating_point T>
Tensor<T> nan_to_num(const Tensor<T>& x, const FiniteValues<std::type_identity_t<T>>& values = {}) {
  return detail::unary(
      "NanToNumBackward0", x, detail::Save::input,
      [values](const auto& u) {
        return u.unaryExpr([values](T v) {
          if (detail::is_finite(v)) return v;
          return detail::is_nan(v) ? values.nan : v > T(0) ? values.posinf : values.neginf;
        });
      },
      [](const auto& g, const auto& u) {
        return g.binaryExpr(u, [](T gradient, T v) { return gradient * T(detail::is_finite(v)); });
      });
}

/// x - trunc(x), with x's sign; dx = g. PyTorch: torch.frac.
template <typename T>
Tensor<T> frac(const Tensor<T>& x) {
  return detail::unary(
      "FracBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return v - std::trunc(v); }); },
      [](const auto& g, const auto&) { return g; });
}

template <typename T>
Tensor<T> TensorMethods<T>::floor() const {
  return rowgrad::floor(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::ceil() const {
  return rowgrad::ceil(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::trunc() const {
  return rowgrad::trunc(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::round() const {
  return rowgrad::round(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::round(Index decimals) const {
  return rowgrad::round(self(), decimals);
}
template <typename T>
Tensor<T> TensorMethods<T>::sign() const {
  return rowgrad::sign(self());
}

}  // namespace rowgrad
