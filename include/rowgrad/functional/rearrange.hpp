// What: operations that put values elsewhere: permute, flip, roll, repeat, slices with a step, diagonals.
// Why:  each is one copy by strides, forward and backward; what repeats values is an expand().
// See:  strided_copy.hpp; shape.hpp (reshape, transpose, slice, cat); pieces.hpp (split, unbind); broadcast.hpp
//       (expand).
#pragma once

#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/functional/strided_copy.hpp>

namespace rowgrad {
namespace detail {

/// permute() without the mark of a view's copy.
template <typename T>
Tensor<T> permuted(const char* operation, const Tensor<T>& x, std::span<const Index> dims) {
  const int rank = x.dim();
  if (static_cast<int>(dims.size()) != rank)
    raise<ShapeError>(operation, ": expected each of the ", rank, " dimensions of shape ", x.shape(), ", got ",
                      dims.size());
  const StridedView all(x.shape());
  StridedView view;
  unsigned seen = 0;
  for (const Index dim : dims) {
    const int d = wrap_dim(operation, dim, rank);
    if ((seen >> d & 1u) != 0) raise<ShapeError>(operation, ": dimension ", dim, " is named twice");
    seen |= 1u << d;
    view.stride(view.shape.rank()) = all.strides[static_cast<std::size_t>(d)];
    view.shape.append(x.shape()[d]);
  }
  return strided_copy("PermuteBackward0", x, view);
}

}  // namespace detail

/// Dimensions in another order: result.shape[i] = x.shape[dims[i]]. A copy, where PyTorch has a view. ShapeError unless
/// dims names each dimension once. PyTorch: torch.permute.
template <typename T>
Tensor<T> permute(const Tensor<T>& x, std::initializer_list<Index> dims) {
  Tensor<T> y = detail::permuted("permute", x, std::span<const Index>(dims.begin(), dims.size()));
  detail::stands_for_view(y);
  return y;
}

/// Dimension `source` moved to `destination`, the others in their order. PyTorch: torch.movedim.
template <typename T>
Tensor<T> movedim(const Tensor<T>& x, Index source, Index destination) {
  const int from = detail::wrap_dim("movedim", source, x.dim()), to = detail::wrap_dim("movedim", destination, x.dim());
  detail::StridedView view(x.shape());
  if (x.dim() == 0 || from == to) return reshape(x, x.shape());
  const Index size = x.shape()[from], stride = view.stride(from);
  for (int d = from, step = from < to ? 1 : -1; d != to; d += step) {
    view.shape[d] = view.shape[d + step];
    view.stride(d) = view.stride(d + step);
  }
  view.shape[to] = size;
  view.stride(to) = stride;
  Tensor<T> y = detail::strided_copy("PermuteBackward0", x, view);
  detail::stands_for_view(y);
  return y;
}

/// transpose() under its other name. PyTorch: torch.swapaxes.
template <typename T>
Tensor<T> swapaxes(const Tensor<T>& x, Index dim0, Index dim1) {
  return transpose(x, dim0, dim1);
}

/// Positions along these dimensions in reverse order. IndexError for a dimension outside the rank, ShapeError for one
/// that is named twice. PyTorch: torch.flip.
template <typename T>
Tensor<T> flip(const Tensor<T>& x, std::initializer_list<Index> dims) {
  detail::StridedView view(x.shape());
  unsigned seen = 0;
  for (const Index dim : dims) {
    const int d = detail::wrap_dim("flip", dim, x.dim());
    if ((seen >> d & 1u) != 0) detail::raise<ShapeError>("flip: dimension ", dim, " is named twice");
    seen |= 1u << d;
    if (x.dim() == 0) continue;
    view.offset += view.stride(d) * (x.shape()[d] - 1);
    view.stride(d) = -view.stride(d);
  }
  return detail::strided_copy("FlipBackward0", x, view);
}

/// Positions start, start + step, ... below end along dim, as in Python. With step 1 what slice() gives, else a copy.
/// ValueError for a step below 1. PyTorch: x[start:end:step].
template <typename T>
Tensor<T> slice(const Tensor<T>& x, Index dim, Index start, Index end, Index step) {
  if (step < 1) detail::raise<ValueError>("slice: expected a step of at least 1, got ", step);
  const Tensor<T> part = slice(x, dim, start, end);
  if (step == 1) return part;
  const int d = detail::wrap_dim("slice", dim, x.dim());
  detail::StridedView view(part.shape());
  const Index size = part.shape()[d];
  view.shape[d] = size == 0 ? 0 : (size - 1) / step + 1;
  view.stride(d) *= std::min(step, std::max<Index>(size, 1));
  Tensor<T> y = detail::strided_copy("SliceBackward0", part, view);
  detail::stands_for_view(y);
  return y;
}

/// `length` positions from `start` on along dim; start may count from the end. A view as slice() gives it. IndexError
/// when they aren't all there. PyTorch: torch.narrow.
template <typename T>
Tensor<T> narrow(const Tensor<T>& x, Index dim, Index start, Index length) {
  const int d = detail::wrap_dim("narrow", dim, x.dim());
  if (x.dim() == 0) throw ShapeError("narrow: a tensor of shape () has no dimension to narrow");
  const Index size = x.shape()[d], first = start < 0 ? start + size : start;
  if (first < 0 || first > size || length < 0 || length > size - first)
    detail::raise<IndexError>("narrow: start ", start, " and length ", length, " are not within dimension ", d,
                              " of shape ", x.shape());
  return slice(x, d, first, first + length);
}

namespace detail {

/// Moves positions along dimension d by `shift`, what leaves at the end comes in at the front.
template <typename T>
Tensor<T> rolled(const Tensor<T>& x, Index shift, int d) {
  const Index size = x.dim() == 0 ? 1 : x.shape()[d];
  const Index by = size == 0 ? 0 : (shift % size + size) % size;
  if (by == 0) return x.clone();
  return cat(std::vector<Tensor<T>>{slice(x, d, size - by, size), slice(x, d, 0, size - by)}, d);
}

}  // namespace detail

/// Positions along each of dims moved by the shift beside it; what leaves at the end comes in at the front. ShapeError
/// when the lists differ in length. PyTorch: torch.roll.
template <typename T>
Tensor<T> roll(const Tensor<T>& x, std::initializer_list<Index> shifts, std::initializer_list<Index> dims) {
  if (shifts.size() != dims.size())
    detail::raise<ShapeError>("roll: expected a shift for each dimension, got ", shifts.size(), " shifts and ",
                              dims.size(), " dimensions");
  if (dims.size() == 0) throw ShapeError("roll: expected at least one dimension");
  Tensor<T> y = x;
  const Index* shift = shifts.begin();
  for (const Index dim : dims) y = detail::rolled(y, *shift++, detail::wrap_dim("roll", dim, x.dim()));
  return y;
}
template <typename T>
Tensor<T> roll(const Tensor<T>& x, Index shift, Index dim) {
  return roll(x, {shift}, {dim});
}
/// The same along the flattened tensor.
template <typename T>
Tensor<T> roll(const Tensor<T>& x, Index shift) {
  return reshape(detail::rolled(reshape(x, Shape{x.numel()}), shift, 0), x.shape());
}

/// The tensor repeats[d] times along each dimension d; more numbers than dimensions add dimensions in front. dx = g
/// summed over the repetitions. ShapeError for fewer numbers than dimensions. PyTorch: Tensor.repeat.
template <typename T>
Tensor<T> repeat(const Tensor<T>& x, std::initializer_list<Index> repeats) {
  const int rank = static_cast<int>(repeats.size()), added = rank - x.dim();
  if (added < 0)
    detail::raise<ShapeError>("repeat: expected a number for each dimension of shape ", x.shape(), ", got ", rank);
  Shape shape;
  for (int d = 0; d < rank; ++d) shape.append(d < added ? 1 : x.shape()[d - added]);
  Tensor<T> y = x;
  for (int d = 0; d < rank; ++d) {
    const Index times = repeats.begin()[d];
    if (times < 0) detail::raise<ShapeError>("repeat: expected numbers of at least 0, got ", times);
    const detail::Split s = detail::split_at(shape, d);
    shape[d] = detail::checked_product("repeat", shape[d], times);
    if (times != 1)
      y = detail::repeated(reshape(y, Shape{s.outer, 1, s.size * s.inner}), Shape{s.outer, times, s.size * s.inner});
  }
  return reshape(&y.body() == &x.body() ? x.clone() : y, shape);
}

/// Each position along dim `times` times, one after the other. PyTorch: torch.repeat_interleave.
template <typename T>
Tensor<T> repeat_interleave(const Tensor<T>& x, Index times, Index dim) {
  const int d = detail::wrap_dim("repeat_interleave", dim, x.dim());
  if (times < 0) detail::raise<ValueError>("repeat_interleave: expected a number of at least 0, got ", times);
  Shape shape = x.dim() == 0 ? Shape{1} : x.shape();
  const detail::Split s = detail::split_at(shape, d);
  shape[d] = detail::checked_product("repeat_interleave", s.size, times);
  const Index outer = s.outer * s.size;
  if (times == 1) return reshape(x.clone(), shape);
  return reshape(detail::repeated(reshape(x, Shape{outer, 1, s.inner}), Shape{outer, times, s.inner}), shape);
}
/// The same of the flattened tensor.
template <typename T>
Tensor<T> repeat_interleave(const Tensor<T>& x, Index times) {
  return repeat_interleave(reshape(x, Shape{x.numel()}), times, 0);
}

/// Dimension dim taken apart into `sizes`, of which one may be -1. A view. PyTorch: torch.unflatten.
template <typename T>
Tensor<T> unflatten(const Tensor<T>& x, Index dim, std::initializer_list<Index> sizes) {
  const int d = detail::wrap_dim("unflatten", dim, x.dim());
  if (x.dim() == 0) throw ShapeError("unflatten: a tensor of shape () has no dimension to take apart");
  Shape shape;
  for (int i = 0; i < d; ++i) shape.append(x.shape()[i]);
  for (const Index size : detail::filled_in("unflatten", sizes, x.shape()[d], x.shape())) shape.append(size);
  for (int i = d + 1; i < x.dim(); ++i) shape.append(x.shape()[i]);
  return reshape(x, shape);
}

/// The same as expand(). PyTorch: torch.broadcast_to.
template <typename T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape) {
  return expand(x, shape);
}

/// The elements whose positions in dim1 and dim2 differ by offset, as a last dimension. A copy, where PyTorch has a
/// view. PyTorch: torch.diagonal.
template <typename T>
Tensor<T> diagonal(const Tensor<T>& x, Index offset = 0, Index dim1 = 0, Index dim2 = 1) {
  const int rows = detail::wrap_dim("diagonal", dim1, x.dim()), columns = detail::wrap_dim("diagonal", dim2, x.dim());
  if (rows == columns || x.dim() < 2)
    detail::raise<ShapeError>("diagonal: expected two different dimensions of a matrix or more, got ", dim1, " and ",
                              dim2, " of shape ", x.shape());
  detail::StridedView view(x.shape());
  const Index n = x.shape()[rows], m = x.shape()[columns];
  const Index size = offset >= m || offset <= -n ? 0 : offset >= 0 ? std::min(n, m - offset) : std::min(m, n + offset);
  detail::StridedView result;
  if (size > 0) result.offset = offset >= 0 ? offset * view.stride(columns) : -offset * view.stride(rows);
  for (int d = 0; d < x.dim(); ++d) {
    if (d == rows || d == columns) continue;
    result.stride(result.shape.rank()) = view.stride(d);
    result.shape.append(x.shape()[d]);
  }
  result.stride(result.shape.rank()) = view.stride(rows) + view.stride(columns);
  result.shape.append(size);
  Tensor<T> y = detail::strided_copy("DiagonalBackward0", x, result);
  detail::stands_for_view(y);
  return y;
}

/// The tensor itself: all are contiguous. One that stands for a view of PyTorch's (a transposed tensor, columns) is
/// from then on a tensor in its own right, which may be changed in place; that is a copy if others hold it. PyTorch:
/// Tensor.contiguous.
template <typename T>
Tensor<T> contiguous(Tensor<T> x) {
  if (!x.body().storage->stands_for_view) return x;
  if (!x.unique()) return x.clone();
  x.body().storage->stands_for_view = false;
  return x;
}

template <typename T>
Tensor<T> TensorMethods<T>::permute(std::initializer_list<Index> dims) const {
  return rowgrad::permute(self(), dims);
}
template <typename T>
Tensor<T> TensorMethods<T>::movedim(Index source, Index destination) const {
  return rowgrad::movedim(self(), source, destination);
}
template <typename T>
Tensor<T> TensorMethods<T>::swapaxes(Index dim0, Index dim1) const {
  return rowgrad::transpose(self(), dim0, dim1);
}
template <typename Scalar>
Tensor<Scalar> MatrixMethods<Scalar>::T() const {
  const auto& x = static_cast<const Tensor<Scalar>&>(*this);
  if (x.dim() > 2)
    detail::raise<ShapeError>("T: expected at most 2 dimensions, got shape ", x.shape(),
                              " (mT() transposes the last two)");
  return x.t();
}
template <typename Scalar>
Tensor<Scalar> MatrixMethods<Scalar>::mT() const {
  return static_cast<const Tensor<Scalar>&>(*this).transpose(-2, -1);
}
template <typename T>
Tensor<T> TensorMethods<T>::flip(std::initializer_list<Index> dims) const {
  return rowgrad::flip(self(), dims);
}
template <typename T>
Tensor<T> TensorMethods<T>::roll(Index shift) const {
  return rowgrad::roll(self(), shift);
}
template <typename T>
Tensor<T> TensorMethods<T>::roll(Index shift, Index dim) const {
  return rowgrad::roll(self(), shift, dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::roll(std::initializer_list<Index> shifts, std::initializer_list<Index> dims) const {
  return rowgrad::roll(self(), shifts, dims);
}
template <typename T>
Tensor<T> TensorMethods<T>::repeat(std::initializer_list<Index> repeats) const {
  return rowgrad::repeat(self(), repeats);
}
template <typename T>
Tensor<T> TensorMethods<T>::repeat_interleave(Index times) const {
  return rowgrad::repeat_interleave(self(), times);
}
template <typename T>
Tensor<T> TensorMethods<T>::repeat_interleave(Index times, Index dim) const {
  return rowgrad::repeat_interleave(self(), times, dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::slice(Index dim, Index start, Index end, Index step) const {
  return rowgrad::slice(self(), dim, start, end, step);
}
template <typename T>
Tensor<T> TensorMethods<T>::select(Index dim, Index index) const {
  return rowgrad::select(self(), dim, index);
}
template <typename T>
Tensor<T> TensorMethods<T>::narrow(Index dim, Index start, Index length) const {
  return rowgrad::narrow(self(), dim, start, length);
}
template <typename T>
Tensor<T> TensorMethods<T>::unflatten(Index dim, std::initializer_list<Index> sizes) const {
  return rowgrad::unflatten(self(), dim, sizes);
}
template <typename T>
Tensor<T> TensorMethods<T>::diagonal(Index offset, Index dim1, Index dim2) const {
  return rowgrad::diagonal(self(), offset, dim1, dim2);
}
template <typename T>
Tensor<T> TensorMethods<T>::expand(const Shape& shape) const {
  return rowgrad::expand(self(), shape);
}
template <typename T>
Tensor<T> TensorMethods<T>::expand(std::initializer_list<Index> sizes) const {
  return rowgrad::expand(self(), sizes);
}
template <typename T>
Tensor<T> TensorMethods<T>::broadcast_to(const Shape& shape) const {
  return rowgrad::expand(self(), shape);
}
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::expand_as(const Tensor<U>& other) const {
  return rowgrad::expand(self(), other.shape());
}
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::view_as(const Tensor<U>& other) const {
  return rowgrad::reshape(self(), other.shape());
}
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::reshape_as(const Tensor<U>& other) const {
  return rowgrad::reshape(self(), other.shape());
}
template <typename T>
Tensor<T> TensorMethods<T>::contiguous() const {
  return rowgrad::contiguous(self());
}

}  // namespace rowgrad
