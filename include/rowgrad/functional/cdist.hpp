// What: cdist(), the distances of all pairs of rows.
// Why:  nearest neighbours and contrastive losses compare each with each; nothing of size (P, R, M) is made.
// See:  distance.hpp (pairwise_distance); PyTorch torch.cdist.
#pragma once

#include <rowgrad/functional/distance.hpp>
#include <rowgrad/functional/shape.hpp>

namespace rowgrad {
namespace detail {

/// d |x|_p / dx_k for one difference x_k of a vector of norm `norm`; 0 for equal rows, and all who share the largest
/// difference count for p = infinity, as in PyTorch's cdist.
template <typename T>
T distance_slope(T x, T norm, double p) {
  const T sign = static_cast<T>(x > T(0)) - static_cast<T>(x < T(0)), size = std::abs(x);
  if (p == 1) return sign;
  if (p == 0 || norm == T(0)) return T(0);
  if (p == 2) return x / norm;
  if (!is_finite(p)) return size == norm ? sign : T(0);
  if (p < 1 && size == T(0)) return T(0);
  return sign * std::pow(size / norm, static_cast<T>(p - 1));
}

}  // namespace detail

/// The p-norm of a[i] - b[j] for all pairs of rows: a (..., P, M), b (..., R, M), result (..., P, R); batches
/// broadcast. da = sum_j g (a - b)^(p - 1) / |a - b|^(p - 1), with signs; 0 where rows are equal. Each distance is
/// worked out from the differences, so that near rows lose no digits. O(P R M), forward and backward. ShapeError for
/// other shapes, ValueError for p < 0 or NaN. PyTorch: torch.cdist.
template <typename T>
Tensor<T> cdist(const Tensor<T>& a, const Tensor<T>& b, double p = 2) {
  if (a.dim() < 2 || b.dim() < 2 || a.shape().back() != b.shape().back())
    detail::raise<ShapeError>("cdist: expected (..., P, M) and (..., R, M), got ", a.shape(), " and ", b.shape());
  if (!(p >= 0)) detail::raise<ValueError>("cdist: expected p >= 0, got ", p);
  const Index rows = a.size(-2), others = b.size(-2), columns = a.shape().back();
  Shape batch_a = a.shape(), batch_b = b.shape();
  for (Shape* shape : {&batch_a, &batch_b}) {
    shape->erase(shape->rank() - 1);
    shape->erase(shape->rank() - 1);
  }
  Shape shape = detail::broadcast_shape("cdist", batch_a, batch_b), full_a = shape, full_b = shape;
  const Index batches = shape.numel();
  full_a.append(rows);
  full_a.append(columns);
  full_b.append(others);
  full_b.append(columns);
  shape.append(rows);
  shape.append(others);
  const Tensor<T> left = detail::repeated(a, full_a), right = detail::repeated(b, full_b);
  Tensor<T> y(shape);
  // Calls body(row of a, row of b, place in the result) for every pair.
  const auto for_each_pair = [=](const auto& body) {
    for (Index k = 0, at = 0; k < batches; ++k)
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < others; ++j) body((k * rows + i) * columns, (k * others + j) * columns, at++);
  };
  std::vector<T> difference(static_cast<std::size_t>(columns));
  for_each_pair([&, u = left.data(), v = right.data(), to = y.data()](Index i, Index j, Index at) {
    for (Index k = 0; k < columns; ++k) difference[static_cast<std::size_t>(k)] = u[i + k] - v[j + k];
    to[at] = detail::p_norm(difference.data(), columns, p);
  });
  if (recording(left, right)) {
    record(
        y, "CdistBackward0",
        [=, left = saved(left), right = saved(right), y = saved(y)](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          Tensor<T> da, db;
          if (na != nullptr) da = zeros<T>(left.shape());
          if (nb != nullptr) db = zeros<T>(right.shape());
          const T *const u = left.data(), *const v = right.data(), *const norm = y.data(), *const gradient = g.data();
          T* const to_a = na != nullptr ? da.data() : nullptr;
          T* const to_b = nb != nullptr ? db.data() : nullptr;
          for_each_pair([=](Index i, Index j, Index at) {
            for (Index k = 0; k < columns; ++k) {
              const T slope = gradient[at] * detail::distance_slope(u[i + k] - v[j + k], norm[at], p);
              if (to_a != nullptr) to_a[i + k] += slope;
              if (to_b != nullptr) to_b[j + k] -= slope;
            }
          });
          if (na != nullptr) na->accumulate(std::move(da));
          if (nb != nullptr) nb->accumulate(std::move(db));
        },
        left, right);
  }
  return y;
}

}  // namespace rowgrad
