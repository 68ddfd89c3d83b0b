// What: silu, mish, softplus, softsign, tanhshrink, glu, softmin, gumbel_softmax.
// Why:  each is one line of formula with its derivative beside it.
// See:  activation.hpp, rectifiers.hpp; nn/smooth_activation.hpp; PyTorch torch.nn.functional.
#pragma once

#include <rowgrad/functional/rectifiers.hpp>
#include <rowgrad/functional/softmax.hpp>

namespace rowgrad {
namespace detail {

template <typename T>
T logistic(T x) {
  return T(1) / (T(1) + std::exp(-x));
}

}  // namespace detail

/// x sigmoid(x); dx = g s (1 + x (1 - s)), s = sigmoid(x). PyTorch: torch.nn.functional.silu.
template <typename T>
Tensor<T> silu(const Tensor<T>& x) {
  return detail::scalar_function(
      "SiluBackward0", x, [](T v) { return v * detail::logistic(v); },
      [](T v) {
        const T s = detail::logistic(v);
        return s * (T(1) + v * (T(1) - s));
      });
}

/// x tanh(log(1 + e^x)); with t that tanh and s = sigmoid(x), dx = g (t + x s (1 - t^2)). PyTorch:
/// torch.nn.functional.mish.
template <typename T>
Tensor<T> mish(const Tensor<T>& x) {
  return detail::scalar_function(
      "MishBackward0", x, [](T v) { return v * std::tanh(std::log1p(std::exp(v))); },
      [](T v) {
        const T t = std::tanh(std::log1p(std::exp(v)));
        return t + v * detail::logistic(v) * (T(1) - t * t);
      });
}

/// log(1 + e^(beta x)) / beta, x itself where beta x is above the threshold; dx = g sigmoid(beta x), or g. PyTorch:
/// torch.nn.functional.softplus.
template <typename T>
Tensor<T> softplus(const Tensor<T>& x, double beta = 1, double threshold = 20) {
  const T b = static_cast<T>(beta), linear_above = static_cast<T>(threshold);
  return detail::scalar_function(
      "SoftplusBackward0", x, [=](T v) { return v * b > linear_above ? v : std::log1p(std::exp(v * b)) / b; },
      [=](T v) { return v * b > linear_above ? T(1) : detail::logistic(v * b); });
}

/// x / (1 + |x|); dx = g / (1 + |x|)^2. PyTorch: torch.nn.functional.softsign.
template <typename T>
Tensor<T> softsign(const Tensor<T>& x) {
  return detail::scalar_function(
      "SoftsignBackward", x, [](T v) { return v / (std::abs(v) + T(1)); },
      [](T v) {
        const T n = std::abs(v) + T(1);
        return T(1) / n - v / n / n * (static_cast<T>(v > T(0)) - static_cast<T>(v < T(0)));
      });
}

/// x - tanh(x); dx = g tanh(x)^2. PyTorch: torch.nn.functional.tanhshrink.
template <typename T>
Tensor<T> tanhshrink(const Tensor<T>& x) {
  return detail::scalar_function(
      "TanhshrinkBackward", x, [](T v) { return v - std::tanh(v); },
      [](T v) {
        const T t = std::tanh(v);
        return t * t;
      });
}

/// a sigmoid(b), a and b the halves of x along dim; da = g s, db = g a s (1 - s). ShapeError for an odd size. PyTorch:
/// torch.nn.functional.glu; Dauphin et al. 2017.
template <typename T>
Tensor<T> glu(const Tensor<T>& x, Index dim = -1) {
  if (x.dim() == 0) detail::raise<ShapeError>("glu: expected at least one dimension, got a single value");
  const int d = detail::wrap_dim("glu", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  if (s.size % 2 != 0)
    detail::raise<ShapeError>("glu: expected an even size to halve, got ", s.size, " in dimension ", d, " of ",
                              x.shape());
  Shape shape = x.shape();
  shape[d] /= 2;
  Tensor<T> y(shape);
  const Index half = s.size / 2 * s.inner;
  for (Index o = 0; o < s.outer; ++o)
    for (Index i = 0; i < half; ++i) {
      const T* const in = x.data() + 2 * o * half + i;
      y.data()[o * half + i] = in[0] * detail::logistic(in[half]);
    }
  if (recording(x)) {
    record(
        y, "GluBackward0",
        [x = saved(x), half, outer = s.outer](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(x.shape());
          for (Index o = 0; o < outer; ++o)
            for (Index i = 0; i < half; ++i) {
              const T *const in = x.data() + 2 * o * half + i, gradient = g.data()[o * half + i];
              T* const out = dx.data() + 2 * o * half + i;
              const T gate = detail::logistic(in[half]);
              out[0] = gradient * gate;
              out[half] = gradient * in[0] * gate * (T(1) - gate);
            }
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// softmax(-x). PyTorch: torch.nn.functional.softmin.
template <typename T>
Tensor<T> softmin(const Tensor<T>& x, Index dim) {
  return softmax(-x, dim);
}

struct GumbelSoftmaxOptions {
  double tau = 1;     // the temperature: small ones give nearly one class
  bool hard = false;  // the largest becomes 1 and the others 0, with the gradient of the soft ones
  Index dim = -1;
};

/// softmax((x + n) / tau) along dim, n drawn from the Gumbel distribution: a sample of the classes with these logits
/// that has a gradient. Draws what PyTorch draws. ValueError for a tau that is not above 0. PyTorch:
/// torch.nn.functional.gumbel_softmax; Jang et al. 2017.
template <typename T>
Tensor<T> gumbel_softmax(const Tensor<T>& logits, const GumbelSoftmaxOptions& options = {},
                         Generator& generator = default_generator()) {
  if (!(options.tau > 0)) detail::raise<ValueError>("gumbel_softmax: expected tau > 0, got ", options.tau);
  const int d = detail::wrap_dim("gumbel_softmax", options.dim, logits.dim());
  Tensor<T> noise(logits.shape());
  for (Index i = 0; i < noise.numel(); ++i)
    noise.data()[i] = -std::log(static_cast<T>(-std::log1p(-generator.uniform<double>())));
  const Tensor<T> soft = softmax((logits + noise) / static_cast<T>(options.tau), d);
  if (!options.hard) return soft;
  const detail::Split s = detail::split_at(soft.shape(), d);
  Tensor<T> y(soft.shape());
  detail::for_each_line<T>(s, [&](Index at) {
    const auto in = detail::line_at(soft, at, s);
    Index best = 0;
    for (Index i = 1; i < s.size; ++i)
      if (in[i] > in[best] || (in[i] != in[i] && in[best] == in[best])) best = i;
    detail::set_line(detail::line_at(y, at, s),
                     [&](Index i) { return (static_cast<T>(i == best) - in[i]) + in[i]; });  // rounded as PyTorch's
  });
  if (recording(soft))
    record(
        y, "StraightThroughBackward", [](Tensor<T> g, Node<T>* node) { node->accumulate(std::move(g)); }, soft);
  return y;
}

}  // namespace rowgrad
