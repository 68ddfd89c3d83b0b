// What: pairwise_distance(), the p-norm of differences.
// Why:  triplets are judged by it; it is one operation with its gradient for every p.
// See:  similarity.hpp; ranking_loss.hpp; PyTorch torch.nn.functional.pairwise_distance.
#pragma once

#include <limits>

#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {
namespace detail {

/// The p-norm of n values. p = 0 counts those other than 0, +-infinity takes the largest or smallest size.
template <typename T>
T p_norm(const T* x, Index n, double p) {
  if (p == 2) return std::sqrt(sum_of_terms<T>(n, [x](Index i) { return x[i] * x[i]; }));
  if (p == 1) return sum_of_terms<T>(n, [x](Index i) { return std::abs(x[i]); });
  if (p == 0) return sum_of_terms<T>(n, [x](Index i) { return static_cast<T>(x[i] != T(0)); });
  if (!is_finite(p)) {
    T most = n == 0 || p > 0 ? T(0) : std::abs(x[0]);
    for (Index i = 0; i < n; ++i) {
      const T size = std::abs(x[i]);
      if (size != size) return size;
      most = p > 0 ? std::max(most, size) : std::min(most, size);
    }
    return most;
  }
  const T exponent = static_cast<T>(p);
  return std::pow(sum_of_terms<T>(n, [=](Index i) { return std::pow(std::abs(x[i]), exponent); }), T(1) / exponent);
}

/// The gradient of p_norm() times g, given its value: sign(x) |x|^(p - 1) / norm^(p - 1); 0 where the norm is 0, and
/// shared by equals for infinite p.
template <typename T>
void p_norm_gradient(const T* x, Index n, double p, T norm, T g, T* dx) {
  const auto sign = [x](Index i) { return static_cast<T>(x[i] > T(0)) - static_cast<T>(x[i] < T(0)); };
  Index equals = 0;
  if (!is_finite(p))
    for (Index i = 0; i < n; ++i) equals += std::abs(x[i]) == norm || x[i] != x[i];
  const T exponent = static_cast<T>(p - 1);
  for (Index i = 0; i < n; ++i) {
    const T size = std::abs(x[i]);
    if (p == 1)
      dx[i] = g * sign(i);
    else if (p == 2)
      dx[i] = norm == T(0) ? T(0) : g * (x[i] / norm);
    else if (!is_finite(p))
      dx[i] = size == norm || x[i] != x[i] ? (x[i] != x[i] ? x[i] : sign(i)) * (g / static_cast<T>(equals)) : T(0);
    else if (p == 0 || norm == T(0) || (p < 1 && size == T(0)))
      dx[i] = T(0);
    else
      dx[i] = g * sign(i) * std::pow(size, exponent) / std::pow(norm, exponent);
  }
}

}  // namespace detail

/// The p-norm of a - b + eps over the last dimension; a and b broadcast. (eps keeps the gradient of equal vectors
/// finite.) With d the difference and y the distance, da = g sign(d) |d|^(p - 1) / y^(p - 1), db = -da.
/// ValueError for a p that is not a number. PyTorch: torch.nn.functional.pairwise_distance.
template <typename T>
Tensor<T> pairwise_distance(const Tensor<T>& a, const Tensor<T>& b, double p = 2, double eps = 1e-6,
                            bool keepdim = false) {
  if (detail::is_nan(p)) detail::raise<ValueError>("pairwise_distance: p is not a number");
  const Shape full = detail::broadcast_shape("pairwise_distance", a.shape(), b.shape());
  if (full.rank() == 0) detail::raise<ShapeError>("pairwise_distance: expected vectors, got two single values");
  const Index n = full.back();
  const Tensor<T> left = detail::repeat_to(a, full), right = detail::repeat_to(b, full);
  Tensor<T> difference(full), y(detail::reduced_shape(full, full.rank() - 1, keepdim));
  difference.array() = left.array() - right.array() + static_cast<T>(eps);
  for (Index k = 0; k < y.numel(); ++k) y.data()[k] = detail::p_norm(difference.data() + k * n, n, p);
  if (recording(a, b)) {
    record(
        y, "PairwiseDistanceBackward",
        [=, y = y.detach(), sa = a.shape(), sb = b.shape()](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          Tensor<T> d(difference.shape());
          for (Index k = 0; k < y.numel(); ++k)
            detail::p_norm_gradient(difference.data() + k * n, n, p, y.data()[k], g.data()[k], d.data() + k * n);
          if (na != nullptr) na->accumulate(detail::sum_to(d, sa));
          if (nb == nullptr) return;
          Tensor<T> minus(d.shape());
          minus.array() = -d.array();
          nb->accumulate(detail::sum_to(std::move(minus), sb));
        },
        a, b);
  }
  return y;
}

}  // namespace rowgrad
