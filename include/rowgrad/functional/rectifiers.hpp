// What: relu's relatives: leaky_relu, prelu, elu, selu, celu, hardtanh, relu6, hardsigmoid, hardswish.
// Why:  each is one line of formula with its derivative beside it.
// See:  activation.hpp, smooth_activation.hpp; nn/rectifiers.hpp; PyTorch torch.nn.functional.
#pragma once

#include <rowgrad/core/check.hpp>
#include <rowgrad/functional/elementwise.hpp>

namespace rowgrad {
namespace detail {

/// f(x) element by element and its gradient, g times derivative(x); both are functions of one number.
template <typename T, typename F, typename D>
Tensor<T> scalar_function(const char* name, const Tensor<T>& x, const F& f, const D& derivative) {
  return unary(
      name, x, Save::input, [f](const auto& u) { return u.unaryExpr(f); },
      [derivative](const auto& g, const auto& u) { return g * u.unaryExpr(derivative); });
}

}  // namespace detail

/// x where x > 0, else slope x; dx = g or slope g. PyTorch: torch.nn.functional.leaky_relu.
template <typename T>
Tensor<T> leaky_relu(const Tensor<T>& x, double negative_slope = 0.01) {
  const T slope = static_cast<T>(negative_slope);
  return detail::scalar_function(
      "LeakyReluBackward0", x, [slope](T v) { return v > T(0) ? v : v * slope; },
      [slope](T v) { return v > T(0) ? T(1) : slope; });
}

namespace detail {

/// scale x where x > 0, else scale alpha (e^(rate x) - 1).
template <typename T>
Tensor<T> scaled_elu(const char* name, const Tensor<T>& x, double alpha, double scale, double rate) {
  const T negative = static_cast<T>(alpha * scale), positive = static_cast<T>(scale), r = static_cast<T>(rate);
  return scalar_function(
      name, x, [=](T v) { return v > T(0) ? v * positive : std::expm1(v * r) * negative; },
      [=](T v) { return v <= T(0) ? r * negative * std::exp(v * r) : positive; });
}

}  // namespace detail

/// x where x > 0, else alpha (e^x - 1); dx = g or g alpha e^x. PyTorch: torch.nn.functional.elu.
template <typename T>
Tensor<T> elu(const Tensor<T>& x, double alpha = 1) {
  return detail::scaled_elu("EluBackward0", x, alpha, 1, 1);
}

/// elu with the alpha, 1.6733, and the scale, 1.0507, that keep mean and variance through layers. PyTorch:
/// torch.nn.functional.selu; Klambauer et al. 2017.
template <typename T>
Tensor<T> selu(const Tensor<T>& x) {
  return detail::scaled_elu("SeluBackward0", x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946,
                            1);
}

/// x where x > 0, else alpha (e^(x / alpha) - 1). ValueError for an alpha of 0. PyTorch: torch.nn.functional.celu.
template <typename T>
Tensor<T> celu(const Tensor<T>& x, double alpha = 1) {
  if (alpha == 0) detail::raise<ValueError>("celu: expected an alpha other than 0");
  return detail::scaled_elu("CeluBackward0", x, alpha, 1, 1 / alpha);
}

/// x kept within [min_val, max_val]; dx = g inside, 0 at the bounds and beyond. ValueError for a min_val above max_val.
/// PyTorch: torch.nn.functional.hardtanh.
template <typename T>
Tensor<T> hardtanh(const Tensor<T>& x, double min_val = -1, double max_val = 1) {
  if (!(min_val <= max_val))
    detail::raise<ValueError>("hardtanh: expected min_val <= max_val, got ", min_val, " and ", max_val);
  const T low = static_cast<T>(min_val), high = static_cast<T>(max_val);
  return detail::scalar_function(
      "HardtanhBackward0", x, [=](T v) { return v < low    ? low
                                                : v > high ? high
                                                           : v; },
      [=](T v) { return v <= low || v >= high ? T(0) : T(1); });
}

/// min(max(x, 0), 6). PyTorch: torch.nn.functional.relu6.
template <typename T>
Tensor<T> relu6(const Tensor<T>& x) {
  return hardtanh(x, 0, 6);
}

/// min(max(x + 3, 0), 6) / 6; dx = g / 6 between -3 and 3, the sixth being a float. PyTorch:
/// torch.nn.functional.hardsigmoid.
template <typename T>
Tensor<T> hardsigmoid(const Tensor<T>& x) {
  return detail::scalar_function(
      "HardsigmoidBackward0", x,
      [](T v) {
        return (v + T(3) < T(0) ? T(0) : v + T(3) > T(6) ? T(6) : v + T(3)) / T(6);
      },
      [](T v) { return v > T(-3) && v < T(3) ? T(1.0f / 6.0f) : T(0); });
}

/// x hardsigmoid(x); dx = g (x / 3 + 1/2) between -3 and 3, 0 below, g above. PyTorch: torch.nn.functional.hardswish.
template <typename T>
Tensor<T> hardswish(const Tensor<T>& x) {
  return detail::scalar_function(
      "HardswishBackward0", x,
      [](T v) {
        return v * (v + T(3) < T(0) ? T(0) : v + T(3) > T(6) ? T(6) : v + T(3)) / T(6);
      },
      [](T v) { return v <= T(-3) ? T(0)
                       : v < T(3) ? v / T(3) + T(0.5)
                                  : T(1); });
}

/// x where x > 0, else w x, w being the weight's one value or that of the channel, dimension 1: weight () or (1) or
/// (C). dx = g or g w, dw = g x summed over the values that are not above 0. ShapeError for another weight. PyTorch:
/// torch.nn.functional.prelu.
template <typename T>
Tensor<T> prelu(const Tensor<T>& x, const Tensor<T>& weight) {
  const Index channels = x.dim() > 1 ? x.shape()[1] : 1, count = weight.numel();
  if (weight.dim() > 1 || (count != 1 && (x.dim() == 0 || count != channels)))
    detail::raise<ShapeError>("prelu: expected a weight of one value or of one per channel, dimension 1 of input ",
                              x.shape(), ", got ", weight.shape());
  const Index inner = count == 1 ? 1 : detail::split_at(x.shape(), x.dim() > 1 ? 1 : 0).inner;
  const auto slope_of = [count, inner](Index i) { return count == 1 ? 0 : i / inner % count; };
  Tensor<T> y(x.shape());
  const T *const in = x.data(), *const slopes = weight.data();
  for (Index i = 0; i < x.numel(); ++i) y.data()[i] = in[i] > T(0) ? in[i] : slopes[slope_of(i)] * in[i];
  if (recording(x, weight)) {
    record(
        y, "PreluKernelBackward0",
        [x = saved(x), w = saved_for(x, weight), count, slope_of](Tensor<T> g, Node<T>* nx, Node<T>* nw) {
          const T *const values = x.data(), *const gradient = g.data();
          if (nx != nullptr) {
            Tensor<T> dx(x.shape());
            for (Index i = 0; i < x.numel(); ++i)
              dx.data()[i] = values[i] > T(0) ? gradient[i] : w.data()[slope_of(i)] * gradient[i];
            nx->accumulate(std::move(dx));
          }
          if (nw == nullptr) return;
          Tensor<T> dw(w.shape());
          std::vector<detail::RunningSum<T>> sums(static_cast<std::size_t>(count));
          for (Index i = 0; i < x.numel(); ++i)
            if (!(values[i] > T(0))) sums[static_cast<std::size_t>(slope_of(i))].add(values[i] * gradient[i]);
          for (Index c = 0; c < count; ++c) dw.data()[c] = sums[static_cast<std::size_t>(c)].total();
          nw->accumulate(std::move(dw));
        },
        x, weight);
  }
  return y;
}

}  // namespace rowgrad
