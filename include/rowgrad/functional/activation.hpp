// What: activations: relu, sigmoid, tanh, logsigmoid, gelu.
// Why:  each is one line of formula with its derivative beside it.
// See:  elementwise.hpp (unary), elementary.hpp (exp, log, sqrt); nn/activation.hpp; PyTorch torch.nn.functional.
#pragma once

#include <string_view>

#include <rowgrad/functional/elementary.hpp>

namespace rowgrad {

/// max(x, 0); dx = g where y > 0. NaN stays NaN and passes its gradient on. PyTorch: torch.relu.
template <typename T>
Tensor<T> relu(const Tensor<T>& x) {
  return detail::unary(
      "ReluBackward0", x, detail::Save::output,
      [](const auto& u) { return u.unaryExpr([](T v) { return v < T(0) ? T(0) : v; }); },
      [](const auto& g, const auto& y) {
        return g.binaryExpr(y, [](T gradient, T v) { return v <= T(0) ? T(0) : gradient; });
      });
}

/// 1 / (1 + e^-x); dx = g y (1 - y). PyTorch: torch.sigmoid.
template <typename T>
Tensor<T> sigmoid(const Tensor<T>& x) {
  return detail::unary(
      "SigmoidBackward0", x, detail::Save::output, [](const auto& u) { return u.logistic(); },
      [](const auto& g, const auto& y) { return g * y * (T(1) - y); });
}

/// Hyperbolic tangent; dx = g (1 - y^2). PyTorch: torch.tanh.
template <typename T>
Tensor<T> tanh(const Tensor<T>& x) {
  return detail::unary(
      "TanhBackward0", x, detail::Save::output, [](const auto& u) { return u.tanh(); },
      [](const auto& g, const auto& y) { return g * (T(1) - y.square()); });
}

/// log(sigmoid(x)) = min(x, 0) - log(1 + e^-|x|), finite for any finite x; dx = g sigmoid(-x). PyTorch: logsigmoid.
template <typename T>
Tensor<T> logsigmoid(const Tensor<T>& x) {
  return detail::unary(
      "LogSigmoidBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return v < T(0) ? v : T(0); }) - (-u.abs()).exp().log1p(); },
      [](const auto& g, const auto& u) { return g * (-u).logistic(); });
}

/// x Phi(x), Phi the normal distribution function; with approximate "tanh" its tanh form. ValueError for another word.
/// PyTorch: torch.nn.functional.gelu; Hendrycks and Gimpel 2016.
template <typename T>
Tensor<T> gelu(const Tensor<T>& x, std::string_view approximate = "none") {
  if (approximate == "tanh") {  // y = x/2 (1 + tanh(k (x + c x^3)))
    constexpr T k = T(0.79788456080286535588), c = T(0.044715);
    return detail::unary(
        "GeluBackward0", x, detail::Save::input,
        [](const auto& u) {
          return u.unaryExpr([](T v) { return v / T(2) * (T(1) + std::tanh(k * (v + c * v * v * v))); });
        },
        [](const auto& g, const auto& u) {
          return g * u.unaryExpr([](T v) {
            const T t = std::tanh(k * (v + c * v * v * v));
            return (T(1) + t) / T(2) + v / T(2) * (T(1) - t * t) * k * (T(1) + T(3) * c * v * v);
          });
        });
  }
  if (approximate != "none")
    detail::raise<ValueError>("gelu: approximate is \"none\" or \"tanh\", got \"", approximate, '"');
  constexpr T inverse_root2 = T(0.70710678118654752440), inverse_root2pi = T(0.39894228040143267794);
  return detail::unary(
      "GeluBackward0", x, detail::Save::input,
      [](const auto& u) { return u.unaryExpr([](T v) { return v / T(2) * (T(1) + std::erf(v * inverse_root2)); }); },
      [](const auto& g, const auto& u) {  // dx = g (Phi(x) + x phi(x))
        return g * u.unaryExpr([](T v) {
          return (T(1) + std::erf(v * inverse_root2)) / T(2) + v * inverse_root2pi * std::exp(-v * v / T(2));
        });
      });
}

template <typename T>
Tensor<T> TensorMethods<T>::relu() const {
  return rowgrad::relu(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::sigmoid() const {
  return rowgrad::sigmoid(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::tanh() const {
  return rowgrad::tanh(self());
}

}  // namespace rowgrad
