// What: operations that rearrange: reshape, squeeze, transpose, select, slice, cat, stack.
// Why:  tensors have no strides: what stays contiguous is a view that shares memory, everything else is a copy.
// See:  core/tensor.hpp; PyTorch "Indexing, Slicing, Joining".
#pragma once

#include <algorithm>

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {

/// The same values under another shape, sharing memory. ShapeError when the number of elements differs.
/// PyTorch: torch.reshape, Tensor.view.
template <typename T>
Tensor<T> reshape(const Tensor<T>& x, const Shape& shape) {
  if (shape.numel() != x.numel())
    detail::raise<ShapeError>("reshape: shape ", shape, " has ", shape.numel(), " elements, the tensor has ", x.numel(),
                              " in shape ", x.shape());
  Tensor<T> y = x.view_as(shape);
  if (recording(x)) {
    record(
        y, "ViewBackward0",
        [before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = g.view_as(before);
          g = {};  // so that dx is the only handle and need not be copied
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

namespace detail {

/// Sizes of which one may be -1: it is worked out, so that there are numel elements; without
/// one they are not checked. `whole`: for messages.
inline Shape filled_in(const char* operation, std::initializer_list<Index> sizes, Index numel, const Shape& whole) {
  int open = -1, d = 0;
  Shape shape;
  for (Index size : sizes) {
    if (size < -1 || (size == -1 && open >= 0))
      raise<ShapeError>(operation, ": expected sizes of at least 0, and -1 once at most, got ", size,
                        size == -1 ? " twice" : "");
    if (size == -1) open = d;
    shape.append(open == d ? 1 : size);
    ++d;
  }
  const Index known = shape.numel();
  if (open < 0) return shape;
  if (known == 0)
    raise<ShapeError>(operation, ": the size given as -1 could be any, because another one is 0 (the tensor has shape ",
                      whole, "; an empty batch? Give the size itself)");
  if (numel % known != 0)
    raise<ShapeError>(operation, ": cannot work out the size given as -1: ", numel, " elements do not divide by ",
                      known);
  shape[open] = numel / known;
  return shape;
}

}  // namespace detail

/// The same; one size may be -1 and is worked out.
template <typename T>
Tensor<T> reshape(const Tensor<T>& x, std::initializer_list<Index> sizes) {
  return reshape(x, detail::filled_in("reshape", sizes, x.numel(), x.shape()));
}

/// Merges dimensions start_dim .. end_dim. A view. PyTorch: torch.flatten.
template <typename T>
Tensor<T> flatten(const Tensor<T>& x, Index start_dim = 0, Index end_dim = -1) {
  const int first = detail::wrap_dim("flatten", start_dim, x.dim()),
            last = detail::wrap_dim("flatten", end_dim, x.dim());
  if (first > last) throw ShapeError("flatten: start_dim must not come after end_dim");
  Shape shape;
  Index merged = 1;
  for (int d = 0; d < x.dim(); ++d) {
    if (d < first || d > last) {
      shape.append(x.shape()[d]);
      continue;
    }
    merged *= x.shape()[d];
    if (d == last) shape.append(merged);
  }
  return reshape(x, x.dim() == 0 ? Shape{1} : shape);
}

/// Without the dimensions of size 1. A view. PyTorch: torch.squeeze.
template <typename T>
Tensor<T> squeeze(const Tensor<T>& x) {
  Shape shape;
  for (Index size : x.shape())
    if (size != 1) shape.append(size);
  return reshape(x, shape);
}

/// Without dimension dim if its size is 1. A view. PyTorch: torch.squeeze(x, dim).
template <typename T>
Tensor<T> squeeze(const Tensor<T>& x, Index dim) {
  const int d = detail::wrap_dim("squeeze", dim, x.dim());
  Shape shape = x.shape();
  if (x.dim() > 0 && shape[d] == 1) shape.erase(d);
  return reshape(x, shape);
}

namespace detail {

/// The shape with a new dimension of size 1 at dim.
inline Shape widened(const char* operation, Shape shape, Index dim) {
  const int rank = shape.rank();
  if (rank == Shape::max_rank)
    raise<ShapeError>(operation, ": a tensor of shape ", shape, " has as many dimensions as there can be, ", rank);
  if (dim < -rank - 1 || dim > rank)
    raise<IndexError>(operation, ": expected a place for a new dimension in [", -rank - 1, ", ", rank,
                      "] for a tensor of rank ", rank, ", got ", dim);
  shape.insert(static_cast<int>(dim < 0 ? dim + rank + 1 : dim), 1);
  return shape;
}

}  // namespace detail

/// With a new dimension of size 1 at dim. A view. PyTorch: torch.unsqueeze.
template <typename T>
Tensor<T> unsqueeze(const Tensor<T>& x, Index dim) {
  return reshape(x, detail::widened("unsqueeze", x.shape(), dim));
}

namespace detail {

template <typename T>
Tensor<T> transposed(const Tensor<T>& x, int d0, int d1) {
  if (d0 > d1) std::swap(d0, d1);
  Shape shape = x.shape();
  std::swap(shape[d0], shape[d1]);
  Tensor<T> y(shape);
  if (y.numel() == 0) return y;  // the other dimensions may be of any size
  const Split outer = split_at(x.shape(), d0), inner = split_at(x.shape(), d1);
  // x is (outer, rows, middle, columns, block); y is (outer, columns, middle, rows, block).
  const Index rows = outer.size, columns = inner.size, block = inner.inner;
  const Index middle = outer.inner / (columns * block);
  const T* from = x.data();
  for (Index o = 0; o < outer.outer; ++o)
    for (Index r = 0; r < rows; ++r)
      for (Index m = 0; m < middle; ++m)
        for (Index c = 0; c < columns; ++c, from += block)
          std::copy_n(from, block, y.data() + (((o * columns + c) * middle + m) * rows + r) * block);
  return y;
}

}  // namespace detail

/// Dimensions dim0 and dim1 exchanged; a copy. PyTorch: torch.transpose.
template <typename T>
Tensor<T> transpose(const Tensor<T>& x, Index dim0, Index dim1) {
  const int d0 = detail::wrap_dim("transpose", dim0, x.dim()), d1 = detail::wrap_dim("transpose", dim1, x.dim());
  if (d0 == d1) return reshape(x, x.shape());
  Tensor<T> y = detail::transposed(x, d0, d1);
  detail::stands_for_view(y);
  if (recording(x)) {
    record(
        y, "TransposeBackward0",
        [d0, d1](Tensor<T> g, Node<T>* node) { node->accumulate(detail::transposed(g, d0, d1)); }, x);
  }
  return y;
}

/// Positions start .. end-1 along dim. Negative positions count from the end, and both are cut to the size, as in
/// Python. A view that shares memory when nothing but ones stands before dim, else a copy. PyTorch: x[start:end].
template <typename T>
Tensor<T> slice(const Tensor<T>& x, Index dim, Index start, Index end) {
  const int d = detail::wrap_dim("slice", dim, x.dim());
  if (x.dim() == 0) throw ShapeError("slice: a tensor of shape () has no dimension to slice");
  const detail::Split s = detail::split_at(x.shape(), d);
  const auto clamp = [&](Index i) { return std::clamp<Index>(i < 0 ? i + s.size : i, 0, s.size); };
  start = clamp(start);
  const Index count = std::max<Index>(clamp(end) - start, 0);
  Shape shape = x.shape();
  shape[d] = count;
  Tensor<T> y;
  if (s.outer == 1) {
    y = Tensor<T>(shape, x.body().storage, x.body().data + start * s.inner);
  } else {
    y = Tensor<T>(shape);
    detail::stands_for_view(y);
    for (Index o = 0; o < s.outer && y.numel() > 0; ++o)
      std::copy_n(x.data() + (o * s.size + start) * s.inner, count * s.inner, y.data() + o * count * s.inner);
  }
  if (recording(x)) {
    record(
        y, "SliceBackward0",
        [s, start, count, d, before = x.shape()](Tensor<T> g, Node<T>* node) {
          if (d == 0 && before.rank() == 2) {  // rows of a table: their gradient alone
            node->accumulate(RowGradient<T>{arange(start, start + count), std::move(g), before});
            return;
          }
          Tensor<T> dx = zeros<T>(before);
          for (Index o = 0; o < s.outer && g.numel() > 0; ++o)
            std::copy_n(g.data() + o * count * s.inner, count * s.inner, dx.data() + (o * s.size + start) * s.inner);
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// Position `index` along dim, which goes away. IndexError outside it. PyTorch: torch.select, x[index].
template <typename T>
Tensor<T> select(const Tensor<T>& x, Index dim, Index index) {
  const int d = detail::wrap_dim("select", dim, x.dim());
  const Index size = x.dim() == 0 ? 0 : x.shape()[d];
  if (index < -size || index >= size)
    detail::raise<IndexError>("select: index ", index, " is outside dimension ", d, " of shape ", x.shape());
  const Index i = index < 0 ? index + size : index;
  Shape shape = x.shape();
  shape.erase(d);
  return reshape(slice(x, d, i, i + 1), shape);
}

/// Tensors joined along an existing dimension; other sizes must agree, but tensors of shape (0) are skipped, as in
/// PyTorch. PyTorch: torch.cat.
template <typename T>
Tensor<T> cat(const std::vector<Tensor<T>>& tensors, Index dim = 0) {
  if (tensors.empty()) throw ShapeError("cat: expected at least one tensor");
  const auto skipped = [](const Shape& shape) { return shape == Shape{0}; };
  std::vector<Shape> shapes;
  for (const Tensor<T>& x : tensors) shapes.push_back(x.shape());
  const auto first = std::find_if_not(shapes.begin(), shapes.end(), skipped);
  if (first == shapes.end()) dim = 0;
  Shape shape = first == shapes.end() ? shapes[0] : *first;
  const int d = detail::wrap_dim("cat", dim, shape.rank());
  if (shape.rank() == 0) throw ShapeError("cat: tensors of shape () have no dimension to join; use stack()");
  shape[d] = 0;
  for (const Shape& one : shapes) {
    if (skipped(one)) continue;
    if (one.rank() != shape.rank())
      detail::raise<ShapeError>("cat: shapes ", *first, " and ", one,
                                " have different numbers of dimensions (unsqueeze() adds one)");
    Shape fits = one;
    fits[d] = shape[d];
    if (fits != shape) detail::raise<ShapeError>("cat: shapes ", *first, " and ", one, " differ outside dimension ", d);
    shape[d] = detail::checked_sum("cat", shape[d], one[d]);
  }
  Tensor<T> y(shape);
  const detail::Split s = detail::split_at(shape, d);
  // Calls body(tensor's block, result's block, length) for the outer blocks of one tensor, which starts at `start`.
  const auto for_each_block = [s, d](const Shape& one, Index start, const auto& body) {
    const Index width = one.numel() == 0 ? 0 : one[d] * s.inner;
    for (Index o = 0; width > 0 && o < s.outer; ++o) body(o * width, o * s.size * s.inner + start, width);
    return start + width;
  };
  Index start = 0;
  for (const Tensor<T>& x : tensors)
    start = for_each_block(x.shape(), start, [from = x.data(), to = y.data()](Index i, Index k, Index width) {
      std::copy_n(from + i, width, to + k);
    });
  if (std::any_of(tensors.begin(), tensors.end(), [](const Tensor<T>& x) { return recording(x); })) {
    record(y, "CatBackward0",
           saves_nothing([shapes = std::move(shapes), for_each_block](Tensor<T> g, InputNodes<T> nodes) {
             Index at = 0;
             for (std::size_t k = 0; k < shapes.size(); ++k) {
               Tensor<T> part;
               if (nodes[k] != nullptr) part = Tensor<T>(shapes[k]);
               T* const to = part.defined() ? part.data() : nullptr;
               at = for_each_block(shapes[k], at, [from = g.data(), to](Index i, Index j, Index width) {
                 if (to != nullptr) std::copy_n(from + j, width, to + i);
               });
               if (nodes[k] != nullptr) nodes[k]->accumulate(std::move(part));
             }
           }),
           tensors);
  }
  return y;
}

/// cat({x, y}, 1), which finds out the scalar type.
template <typename T>
Tensor<T> cat(std::initializer_list<Tensor<T>> tensors, Index dim = 0) {
  return cat(std::vector<Tensor<T>>(tensors), dim);
}

/// Tensors of one shape joined along a new dimension. PyTorch: torch.stack.
template <typename T>
Tensor<T> stack(const std::vector<Tensor<T>>& tensors, Index dim = 0) {
  if (tensors.empty()) throw ShapeError("stack: expected at least one tensor");
  std::vector<Tensor<T>> widened;
  widened.reserve(tensors.size());
  for (const Tensor<T>& x : tensors) {
    if (x.shape() != tensors[0].shape())
      detail::raise<ShapeError>("stack: shapes ", tensors[0].shape(), " and ", x.shape(), " differ");
    widened.push_back(reshape(x, detail::widened("stack", x.shape(), dim)));
  }
  return cat(widened, dim);
}
template <typename T>
Tensor<T> stack(std::initializer_list<Tensor<T>> tensors, Index dim = 0) {
  return stack(std::vector<Tensor<T>>(tensors), dim);
}

template <typename T>
Tensor<T> TensorMethods<T>::operator[](Index i) const {
  return rowgrad::select(self(), 0, i);
}
template <typename T>
Tensor<T> TensorMethods<T>::reshape(const Shape& shape) const {
  return rowgrad::reshape(self(), shape);
}
template <typename T>
Tensor<T> TensorMethods<T>::view(const Shape& shape) const {
  return rowgrad::reshape(self(), shape);
}
template <typename T>
Tensor<T> TensorMethods<T>::reshape(std::initializer_list<Index> sizes) const {
  return rowgrad::reshape(self(), sizes);
}
template <typename T>
Tensor<T> TensorMethods<T>::view(std::initializer_list<Index> sizes) const {
  return rowgrad::reshape(self(), sizes);
}
template <typename T>
Tensor<T> TensorMethods<T>::flatten(Index start_dim, Index end_dim) const {
  return rowgrad::flatten(self(), start_dim, end_dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::squeeze() const {
  return rowgrad::squeeze(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::squeeze(Index dim) const {
  return rowgrad::squeeze(self(), dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::unsqueeze(Index dim) const {
  return rowgrad::unsqueeze(self(), dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::transpose(Index dim0, Index dim1) const {
  return rowgrad::transpose(self(), dim0, dim1);
}
template <typename T>
Tensor<T> TensorMethods<T>::t() const {
  const Tensor<T>& x = self();
  if (x.dim() > 2) detail::raise<ShapeError>("t: expected at most 2 dimensions, got shape ", x.shape());
  return x.dim() < 2 ? x : rowgrad::transpose(x, 0, 1);
}

}  // namespace rowgrad
