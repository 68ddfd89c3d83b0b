// What: cumsum and cumprod, the sums and products of everything up to each place; diff, the way back.
// Why:  positions of words ((ids != 0).cumsum(1)), offsets of bags, shares of a whole.
// See:  softmax.hpp (lines along a dimension); PyTorch "Reduction Ops".
#pragma once

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/softmax.hpp>

namespace rowgrad {
namespace detail {

/// What PyTorch adds up values of T in.
template <typename T>
using Accumulator = std::conditional_t<std::is_floating_point_v<T>, double, T>;

/// to[i] = from[0] + ... + from[i]; or from[i] + ... + from[n - 1] when `backwards`.
template <typename T>
void add_up(const Line<T>& from, const Line<T>& to, bool backwards) {
  Accumulator<T> sum = 0;
  for (Index k = 0; k < from.n; ++k) {
    const Index i = backwards ? from.n - 1 - k : k;
    sum += from[i];
    to[i] = static_cast<T>(sum);
  }
}

/// The gradient of a line's cumprod: dx_k = sum over i >= k of g_i times the product of the others up to i.
template <typename T>
void cumprod_gradient(const Line<T>& x, const Line<T>& y, const Line<T>& g, const Line<T>& dx) {
  // Up to the first zero, that is (g_k y_k + g_k+1 y_k+1 + ...) / x_k; the zero itself takes what would come without
  // it, up to the next one; and of what follows nothing depends on anything.
  Index zero = 0;
  while (zero < x.n && x[zero] != T(0)) ++zero;
  double sum = 0;
  for (Index k = x.n - 1; k > zero; --k) dx[k] = T(0);
  if (zero < x.n) {
    double product = 1;
    for (Index i = zero; i < x.n && (i == zero || x[i] != T(0)); ++i) {
      if (i > zero) product *= static_cast<double>(x[i]);
      sum += static_cast<double>(g[i]) * product;
    }
    dx[zero] = static_cast<T>(sum * (zero == 0 ? 1 : static_cast<double>(y[zero - 1])));
  }
  sum = 0;
  for (Index k = zero - 1; k >= 0; --k) {
    sum += static_cast<double>(g[k]) * static_cast<double>(y[k]);
    dx[k] = x.n == 1 ? g[k] : static_cast<T>(sum / static_cast<double>(x[k]));
  }
}

}  // namespace detail

/// Sums of everything up to each place along dim; of a mask, counts. dx is the same of g, from the other end. PyTorch:
/// torch.cumsum.
template <typename T>
Tensor<detail::SumOf<T>> cumsum(const Tensor<T>& x, Index dim) {
  if constexpr (std::is_same_v<T, bool>) {
    return cumsum(Indices(x), dim);
  } else {
    const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("cumsum", dim, x.dim()));
    Tensor<T> y(x.shape());
    detail::for_each_line<T>(
        s, [&](Index at) { detail::add_up(detail::line_at(x, at, s), detail::line_at(y, at, s), false); });
    if (recording(x))
      record(
          y, "CumsumBackward0",
          [s](const Tensor<T>& g, Node<T>* node) {
            Tensor<T> dx(g.shape());
            detail::for_each_line<T>(
                s, [&](Index at) { detail::add_up(detail::line_at(g, at, s), detail::line_at(dx, at, s), true); });
            node->accumulate(std::move(dx));
          },
          x);
    return y;
  }
}

/// Products of everything up to each place along dim. PyTorch: torch.cumprod.
template <typename T>
Tensor<detail::SumOf<T>> cumprod(const Tensor<T>& x, Index dim) {
  if constexpr (std::is_same_v<T, bool>) {
    return cumprod(Indices(x), dim);
  } else {
    const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("cumprod", dim, x.dim()));
    Tensor<T> y(x.shape());
    detail::for_each_line<T>(s, [&](Index at) {
      const auto from = detail::line_at(x, at, s), to = detail::line_at(y, at, s);
      detail::Accumulator<T> product = 1;
      for (Index i = 0; i < s.size; ++i) to[i] = static_cast<T>(product *= from[i]);
    });
    if constexpr (std::is_floating_point_v<T>)
      if (recording(x))
        record(
            y, "CumprodBackward0",
            [s, x = saved(x), y = saved(y)](const Tensor<T>& g, Node<T>* node) {
              Tensor<T> dx(g.shape());
              detail::for_each_line<T>(s, [&](Index at) {
                detail::cumprod_gradient(detail::line_at(x, at, s), detail::line_at(y, at, s),
                                         detail::line_at(g, at, s), detail::line_at(dx, at, s));
              });
              node->accumulate(std::move(dx));
            },
            x);
    return y;
  }
}

/// Differences of neighbours along dim, n times over: x[i + 1] - x[i]. ValueError for a negative n. PyTorch:
/// torch.diff.
template <typename T>
Tensor<T> diff(Tensor<T> x, Index n = 1, Index dim = -1) {
  if (x.dim() == 0) detail::raise<ShapeError>("diff: expected at least one dimension, got shape ()");
  if (n < 0) detail::raise<ValueError>("diff: expected n of at least 0, got ", n);
  for (; n > 0 && x.size(dim) > 0; --n) x = slice(x, dim, 1, x.size(dim)) - slice(x, dim, 0, x.size(dim) - 1);
  return x;
}

template <typename T>
Tensor<detail::SumOf<T>> TensorMethods<T>::cumsum(Index dim) const {
  return rowgrad::cumsum(self(), dim);
}
template <typename T>
Tensor<detail::SumOf<T>> TensorMethods<T>::cumprod(Index dim) const {
  return rowgrad::cumprod(self(), dim);
}

}  // namespace rowgrad
