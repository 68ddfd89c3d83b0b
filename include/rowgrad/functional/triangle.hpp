// What: triu, tril, diag: triangles and diagonals of matrices.
// Why:  causal masks, pairs counted once, and the way from a vector to a diagonal matrix.
// See:  rearrange.hpp (diagonal); core/like.hpp (eye); PyTorch torch.triu, tril, diag.
#pragma once

#include <rowgrad/functional/rearrange.hpp>

namespace rowgrad {
namespace detail {

/// x with 0 where keep(column - row) is false, in each matrix of the last two dimensions.
template <typename T, typename Keep>
Tensor<T> triangle_of(const Tensor<T>& x, const Keep& keep) {
  const Index rows = x.shape()[x.dim() - 2], columns = x.shape()[x.dim() - 1];
  Tensor<T> y(x.shape());
  const T* const from = x.data();
  T* const to = y.data();
  for (Index i = 0; i < x.numel(); ++i) to[i] = keep(i % columns - i / columns % rows) ? from[i] : T(0);
  return y;
}

template <typename T, typename Keep>
Tensor<T> triangle(const char* operation, const char* name, const Tensor<T>& x, const Keep& keep) {
  if (x.dim() < 2) raise<ShapeError>(operation, ": expected a matrix or a batch of them, got shape ", x.shape());
  Tensor<T> y = triangle_of(x, keep);
  if constexpr (std::is_floating_point_v<T>)
    if (recording(x))
      record(
          y, name, [keep](const Tensor<T>& g, Node<T>* node) { node->accumulate(triangle_of(g, keep)); }, x);
  return y;
}

}  // namespace detail

/// The elements on and above a diagonal, `diagonal` columns to the right of the main one; else 0. dx = g there.
/// PyTorch: torch.triu.
template <typename T>
Tensor<T> triu(const Tensor<T>& x, Index diagonal = 0) {
  return detail::triangle("triu", "TriuBackward0", x, [diagonal](Index offset) { return offset >= diagonal; });
}
/// The elements on and below it. PyTorch: torch.tril.
template <typename T>
Tensor<T> tril(const Tensor<T>& x, Index diagonal = 0) {
  return detail::triangle("tril", "TrilBackward0", x, [diagonal](Index offset) { return offset <= diagonal; });
}

/// Of a vector (n), the matrix with it on a diagonal, 0 elsewhere; of a matrix, that diagonal. PyTorch: torch.diag.
template <typename T>
Tensor<T> diag(const Tensor<T>& x, Index offset = 0) {
  if (x.dim() == 2) return rowgrad::contiguous(rowgrad::diagonal(x, offset));
  if (x.dim() != 1) detail::raise<ShapeError>("diag: expected a vector or a matrix, got shape ", x.shape());
  const Index n = x.numel(), away = offset < 0 ? -offset : offset, size = detail::checked_sum("diag", n, away);
  Tensor<T> y = zeros<T>(Shape{size, size});
  const Index first = offset < 0 ? away * size : away;
  for (Index i = 0; i < n; ++i) y.data()[first + i * (size + 1)] = x.data()[i];
  if constexpr (std::is_floating_point_v<T>)
    if (recording(x))
      record(
          y, "DiagBackward0",
          [offset](const Tensor<T>& g, Node<T>* node) { node->accumulate(rowgrad::diagonal(g, offset)); }, x);
  return y;
}

template <typename T>
Tensor<T> TensorMethods<T>::triu(Index diagonal) const {
  return rowgrad::triu(self(), diagonal);
}
template <typename T>
Tensor<T> TensorMethods<T>::tril(Index diagonal) const {
  return rowgrad::tril(self(), diagonal);
}
template <typename T>
Tensor<T> TensorMethods<T>::diag(Index offset) const {
  return rowgrad::diag(self(), offset);
}

}  // namespace rowgrad
