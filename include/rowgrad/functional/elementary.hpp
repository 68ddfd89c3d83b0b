// What: elementary functions of one tensor, element by element: exp, log, sqrt, abs, sin, erf and others.
// Why:  each is one line of formula with its derivative beside it.
// See:  elementwise.hpp (unary, pow); activation.hpp; PyTorch "Pointwise Ops".
#pragma once

#include <limits>

#include <rowgrad/functional/elementwise.hpp>

namespace rowgrad {

/// e^x, 0 where that is below the smallest normal number; dx = g y. PyTorch: torch.exp.
template <typename T>
Tensor<T> exp(const Tensor<T>& x) {
  Tensor<T> y(x.shape());
  y.array() = x.array().exp();
  for (T& v : y.array()) v = v < std::numeric_limits<T>::min() ? T(0) : v;  // in registers, Eigen's is never 0
  if (recording(x))
    detail::record_unary("ExpBackward0", x, y, detail::Save::output,
                         [](const auto& g, const auto& saved) { return g * saved; });
  return y;
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

/// Absolute value; dx = g sign(x), 0 at 0. PyTorch: torch.abs.
template <typename T>
Tensor<T> abs(const Tensor<T>& x) {
  return detail::unary(
      "AbsBackward0", x, detail::Save::input, [](const auto& u) { return u.abs(); },
      [](const auto& g, const auto& u) {
        return g.binaryExpr(u, [](T gradient, T v) { return gradient * T((v > T(0)) - (v < T(0))); });
      });
}

/// x^2; dx = 2 g x. PyTorch: torch.square.
template <typename T>
Tensor<T> square(const Tensor<T>& x) {
  return detail::unary(
      "PowBackward0", x, detail::Save::input, [](const auto& u) { return u * u; },
      [](const auto& g, const auto& u) { return g * (T(2) * u); });
}

/// 1 / x; dx = -g y^2. PyTorch: torch.reciprocal.
template <typename T>
Tensor<T> reciprocal(const Tensor<T>& x) {
  return detail::unary(
      "ReciprocalBackward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return T(1) / v; }); },
      [](const auto& g, const auto& y) { return -g * (y * y); });
}

/// 1 / sqrt(x); dx = -g y^3 / 2. PyTorch: torch.rsqrt.
template <typename T>
Tensor<T> rsqrt(const Tensor<T>& x) {
  return detail::unary(
      "RsqrtBackward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return T(1) / std::sqrt(v); }); },
      [](const auto& g, const auto& y) { return T(-0.5) * g * (y * y * y); });
}

/// e^x - 1, exact near 0; dx = g (y + 1). PyTorch: torch.expm1.
template <typename T>
Tensor<T> expm1(const Tensor<T>& x) {
  return detail::unary(
      "Expm1Backward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::expm1(v); }); },
      [](const auto& g, const auto& y) { return g * (y + T(1)); });
}

/// 2^x; dx = g y ln 2. PyTorch: torch.exp2.
template <typename T>
Tensor<T> exp2(const Tensor<T>& x) {
  return detail::unary(
      "Exp2Backward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::exp2(v); }); },
      [](const auto& g, const auto& y) { return g * y * T(0.69314718055994530942); });
}

/// log(1 + x), exact near 0; dx = g / (x + 1). PyTorch: torch.log1p.
template <typename T>
Tensor<T> log1p(const Tensor<T>& x) {
  return detail::unary(
      "Log1PBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::log1p(v); }); },
      [](const auto& g, const auto& u) { return g / (u + T(1)); });
}

/// Logarithms to base 2 and 10; dx = g / (x ln 2), g / (x ln 10). PyTorch: torch.log2, log10.
template <typename T>
Tensor<T> log2(const Tensor<T>& x) {
  return detail::unary(
      "Log2Backward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::log2(v); }); },
      [](const auto& g, const auto& u) { return g / (u * T(0.69314718055994530942)); });
}
template <typename T>
Tensor<T> log10(const Tensor<T>& x) {
  return detail::unary(
      "Log10Backward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::log10(v); }); },
      [](const auto& g, const auto& u) { return g / (u * T(2.30258509299404568402)); });
}

/// Sine, cosine and tangent of radians; dx = g cos(x), -g sin(x), g (1 + y^2). PyTorch: torch.sin, cos, tan.
template <typename T>
Tensor<T> sin(const Tensor<T>& x) {
  return detail::unary(
      "SinBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::sin(v); }); },
      [](const auto& g, const auto& u) { return g * u.unaryExpr([](T v) { return std::cos(v); }); });
}
template <typename T>
Tensor<T> cos(const Tensor<T>& x) {
  return detail::unary(
      "CosBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::cos(v); }); },
      [](const auto& g, const auto& u) { return g * u.unaryExpr([](T v) { return -std::sin(v); }); });
}
template <typename T>
Tensor<T> tan(const Tensor<T>& x) {
  return detail::unary(
      "TanBackward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::tan(v); }); },
      [](const auto& g, const auto& y) { return g * (T(1) + y * y); });
}

/// Angles in radians whose sine, cosine, tangent it is; dx = g / sqrt(1 - x^2), -g / sqrt(1 - x^2), g / (1 + x^2).
/// PyTorch: torch.asin, acos, atan.
template <typename T>
Tensor<T> asin(const Tensor<T>& x) {
  return detail::unary(
      "AsinBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::asin(v); }); },
      [](const auto& g, const auto& u) { return g * u.unaryExpr([](T v) { return T(1) / std::sqrt(T(1) - v * v); }); });
}
template <typename T>
Tensor<T> acos(const Tensor<T>& x) {
  return detail::unary(
      "AcosBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::acos(v); }); },
      [](const auto& g, const auto& u) {
        return g * u.unaryExpr([](T v) { return T(-1) / std::sqrt(T(1) - v * v); });
      });
}
template <typename T>
Tensor<T> atan(const Tensor<T>& x) {
  return detail::unary(
      "AtanBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::atan(v); }); },
      [](const auto& g, const auto& u) { return g / (u * u + T(1)); });
}

/// Hyperbolic sine and cosine; dx = g cosh(x), g sinh(x). PyTorch: torch.sinh, cosh.
template <typename T>
Tensor<T> sinh(const Tensor<T>& x) {
  return detail::unary(
      "SinhBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::sinh(v); }); },
      [](const auto& g, const auto& u) { return g * u.unaryExpr([](T v) { return std::cosh(v); }); });
}
template <typename T>
Tensor<T> cosh(const Tensor<T>& x) {
  return detail::unary(
      "CoshBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::cosh(v); }); },
      [](const auto& g, const auto& u) { return g * u.unaryExpr([](T v) { return std::sinh(v); }); });
}

/// The error function; dx = g 2 / sqrt(pi) e^(-x^2). PyTorch: torch.erf.
template <typename T>
Tensor<T> erf(const Tensor<T>& x) {
  return detail::unary(
      "ErfBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return std::erf(v); }); },
      [](const auto& g, const auto& u) {
        return g * u.unaryExpr([](T v) { return T(1.12837916709551257390) * std::exp(-v * v); });
      });
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
template <typename T>
Tensor<T> TensorMethods<T>::abs() const {
  return rowgrad::abs(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::square() const {
  return rowgrad::square(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::reciprocal() const {
  return rowgrad::reciprocal(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::rsqrt() const {
  return rowgrad::rsqrt(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::expm1() const {
  return rowgrad::expm1(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::exp2() const {
  return rowgrad::exp2(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::log1p() const {
  return rowgrad::log1p(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::log2() const {
  return rowgrad::log2(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::log10() const {
  return rowgrad::log10(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::sin() const {
  return rowgrad::sin(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::cos() const {
  return rowgrad::cos(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::tan() const {
  return rowgrad::tan(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::erf() const {
  return rowgrad::erf(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::asin() const {
  return rowgrad::asin(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::acos() const {
  return rowgrad::acos(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::atan() const {
  return rowgrad::atan(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::sinh() const {
  return rowgrad::sinh(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::cosh() const {
  return rowgrad::cosh(self());
}

}  // namespace rowgrad
