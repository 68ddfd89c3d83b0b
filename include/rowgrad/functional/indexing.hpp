// What: values picked by ids or by a mask: x[ids], x[mask], index_select, gather, take_along_dim.
// Why:  rows of a table come as a lookup does, and so does their gradient: at the cost of the rows, not of the table.
// See:  table/lookup.hpp (embedding); scatter.hpp, the reverse; PyTorch "Indexing, Slicing, Joining".
#pragma once

#include <rowgrad/functional/rearrange.hpp>
#include <rowgrad/table/lookup.hpp>

namespace rowgrad {
namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_bad_position(const char* operation, Index value, Index i,
                                                                      const Shape& ids, int dim, Index size) {
  raise<IndexError>(operation, ": index ", value, " at position (", position_text(ids, i), ") of shape ", ids,
                    " is outside dimension ", dim, ", which has ", size, " positions");
}

/// A copy of ids for an operation to keep. IndexError for one outside [0, size), or [-size, size) if negative ones
/// count from the end.
inline Indices checked_positions(const char* operation, const Indices& ids, int dim, Index size, bool from_end) {
  Indices copy = saved(ids);
  Index* const values = copy.data();
  for (Index i = 0; i < copy.numel(); ++i) {
    const Index value = values[i];
    if (from_end && value < 0) values[i] += size;
    if (values[i] < 0 || values[i] >= size) throw_bad_position(operation, value, i, ids.shape(), dim, size);
  }
  return copy;
}

/// x at these positions of dimension d, which the shape of the ids takes the place of. ids were checked, and nobody
/// else holds them. dx: g added up by position, row-sparse for rows of a table.
template <typename T>
Tensor<T> pick(const char* name, const Tensor<T>& x, int d, const Indices& ids) {
  const Split s = split_at(x.shape(), d);
  const Index n = ids.numel(), *const at = ids.data();
  Shape shape = x.shape();
  if (x.dim() > 0) shape.erase(d);
  for (int k = 0; k < ids.dim(); ++k) shape.insert(d + k, ids.shape()[k]);
  Tensor<T> y(shape);
  const bool rows_of_table = x.dim() == 2 && d == 0;
  const T* const from = rows_of_table ? x.data_for_rows(as_span(ids)) : x.data();
  T* to = y.data();
  for (Index o = 0; o < s.outer && y.numel() > 0; ++o) {
    if constexpr (std::is_floating_point_v<T>)
      copy_rows(from + o * s.size * s.inner, s.inner, at, n, to + o * n * s.inner);
    else
      for (Index i = 0; i < n; ++i) to = std::copy_n(from + (o * s.size + at[i]) * s.inner, s.inner, to);
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (recording(x)) {
      record(
          y, name,
          [=, before = x.shape()](Tensor<T> g, Node<T>* node) {
            const T* const gradient = g.data();
            if (rows_of_table) {
              const auto row = [=](Index i) { return gradient + i * s.inner; };
              return node->accumulate(gather_rows<T>(ids, before, -1, row));
            }
            Tensor<T> dx = zeros<T>(before);
            const Index* const position = ids.data();
            for (Index o = 0; o < s.outer && g.numel() > 0; ++o)
              for (Index i = 0; i < n; ++i)
                add_row(dx.data() + (o * s.size + position[i]) * s.inner, gradient + (o * n + i) * s.inner, s.inner);
            node->accumulate(std::move(dx));
          },
          x);
    }
  }
  return y;
}

/// Where a mask is true, in row-major order.
inline Indices true_positions(const Mask& mask) {
  const bool* const values = mask.data();
  const Index n = mask.numel();
  Indices positions(Shape{std::count(values, values + n, true)});
  Index* next = positions.data();
  for (Index i = 0; i < n; ++i)
    if (values[i]) *next++ = i;
  return positions;
}

/// Refuses a tensor without dimensions, which has no positions to pick.
template <typename T>
void expect_rank(const char* operation, const Tensor<T>& x) {
  if (x.dim() == 0) raise<IndexError>(operation, ": a tensor of shape () has no dimension to pick from");
}

/// Calls body(position in ids, in x, in other) for every element of ids, in order; the position in x has the index in
/// place of its coordinate d. ids are in range; all three have the same rank.
template <typename Body>
void for_each_index(const Indices& ids, const Shape& x, const Shape& other, int d, const Body& body) {
  StridedView in_x(x), in_other(other);
  const Index along = in_x.stride(d), *const index = ids.data();
  in_x.stride(d) = 0;
  in_x.shape = in_other.shape = ids.shape();
  const int last = ids.dim() - 1;
  const Index step = in_x.stride(last), other_step = in_other.stride(last), n = ids.shape().back();
  std::array<Index, Shape::max_rank> at{};
  for (Index k = 0, row = 0, other_row = 0; k < ids.numel(); k += n) {
    for (Index i = 0; i < n; ++i) body(k + i, row + i * step + index[k + i] * along, other_row + i * other_step);
    for (int c = last - 1; c >= 0; --c) {
      Index& i = at[static_cast<std::size_t>(c)];
      row += in_x.stride(c);
      other_row += in_other.stride(c);
      if (++i < ids.shape()[c]) break;
      row -= in_x.stride(c) * i;
      other_row -= in_other.stride(c) * i;
      i = 0;
    }
  }
}

/// x with its first `count` dimensions made one; x itself where it is so, for the rows of a table.
template <typename T>
Tensor<T> folded(const Tensor<T>& x, int count) {
  if (count == 1) return x;
  Shape shape{split_at(x.shape(), count).outer};
  for (int d = count; d < x.dim(); ++d) shape.append(x.shape()[d]);
  return reshape(x, shape);
}

/// A tensor of rank 0 as one of shape (1).
template <typename T>
Tensor<T> with_dimension(const Tensor<T>& x) {
  return x.dim() == 0 ? reshape(x, Shape{1}) : x;
}

/// ShapeError unless ids have x's rank and, outside dimension d, at most its sizes.
inline void expect_within(const char* operation, const Shape& ids, const Shape& x, int d) {
  bool fits = ids.rank() == x.rank();
  for (int k = 0; fits && k < x.rank(); ++k) fits = k == d || ids[k] <= x[k];
  if (!fits)
    raise<ShapeError>(operation, ": expected indices of as many dimensions as the tensor, ", x,
                      ", and of no larger size outside dimension ", d, ", got shape ", ids);
}

}  // namespace detail

/// x at positions ids (n) of dimension dim, or at a single one; result has size n there. dx: g added up by position.
/// IndexError for a position outside the dimension, ShapeError for ids of more than one. PyTorch: torch.index_select.
template <typename T>
Tensor<T> index_select(const Tensor<T>& x, Index dim, const Indices& ids) {
  const int d = detail::wrap_dim("index_select", dim, x.dim());
  if (ids.dim() > 1) detail::raise<ShapeError>("index_select: expected indices (n), got shape ", ids.shape());
  const Tensor<T> source = detail::with_dimension(x);
  const Indices checked = detail::checked_positions("index_select", ids, d, source.shape()[d], false);
  Tensor<T> y = detail::pick("IndexSelectBackward0", source, d, checked.view_as(Shape{ids.numel()}));
  return x.dim() == 0 && ids.numel() == 1 ? reshape(y, Shape{}) : y;
}

/// x[ids]: rows of x, or whatever its first dimension holds, in the shape of the ids: (ids..., rest). Negative ids
/// count from the end. dx: g added up by row; for a table (V, D) row-sparse, at the cost of the rows alone. IndexError
/// for an id outside. PyTorch: Tensor.__getitem__ with a tensor.
template <typename T>
Tensor<T> index(const Tensor<T>& x, const Indices& ids) {
  detail::expect_rank("x[ids]", x);
  return detail::pick("IndexBackward0", x, 0, detail::checked_positions("x[ids]", ids, 0, x.shape()[0], true));
}

namespace detail {

/// Where x's elements [ids[0], ids[1], ...] lie in its first dimensions made one.
template <typename T>
Indices flat_positions(const char* operation, const Tensor<T>& x, std::initializer_list<Indices> ids) {
  const int count = static_cast<int>(ids.size());
  if (count < 1 || count > x.dim())
    raise<IndexError>(operation, ": expected indices for at least one dimension of shape ", x.shape(),
                      " and at most for all, got ", count);
  Shape shape = ids.begin()[0].shape();
  for (const Indices& one : ids) shape = broadcast_shape(operation, shape, one.shape());
  Indices flat = zeros<Index>(shape);
  for (int d = 0; d < count; ++d) {
    const Indices one = repeat_to(checked_positions(operation, ids.begin()[d], d, x.shape()[d], true), shape);
    for (Index i = 0; i < flat.numel(); ++i) flat.data()[i] = flat.data()[i] * x.shape()[d] + one.data()[i];
  }
  return flat;
}

}  // namespace detail

/// x[ids[0], ids[1], ...]: one tensor of ids for each of the first dimensions, which broadcast: index(x, {arange(n),
/// classes}). PyTorch: the same.
template <typename T>
Tensor<T> index(const Tensor<T>& x, std::initializer_list<Indices> ids) {
  const Indices flat = detail::flat_positions("index", x, ids);
  return detail::pick("IndexBackward0", detail::folded(x, static_cast<int>(ids.size())), 0, flat);
}

/// x[mask]: what stands where the mask is true; its shape is that of x's first dimensions. Result (n, rest). dx = g
/// there, else 0; row-sparse for rows of a table. ShapeError for a mask of another shape. PyTorch: Tensor.__getitem__
/// with a mask.
template <typename T>
Tensor<T> index(const Tensor<T>& x, const Mask& mask) {
  bool fits = mask.dim() <= x.dim();
  for (int d = 0; fits && d < mask.dim(); ++d) fits = mask.shape()[d] == x.shape()[d];
  if (!fits)
    detail::raise<ShapeError>("x[mask]: expected a mask of the shape of the tensor's first dimensions, ", x.shape(),
                              ", got ", mask.shape());
  return detail::pick("IndexBackward0", detail::folded(x, mask.dim()), 0, detail::true_positions(mask));
}

/// The elements where the mask is true, in order, after both were broadcast; shape (n). dx = g there, else 0. PyTorch:
/// torch.masked_select.
template <typename T>
Tensor<T> masked_select(const Tensor<T>& x, const Mask& mask) {
  const Shape shape = detail::broadcast_shape("masked_select", x.shape(), mask.shape());
  return index(detail::repeated(x, shape), detail::repeat_to(mask, shape));
}

/// y[i][j][k] = x[i][ids[i][j][k]][k] for dim 1, and so on: result of the shape of ids, which have x's rank and no
/// larger size outside dim. dx: g added up by position. IndexError for an index outside the dimension, ShapeError for
/// another shape. PyTorch: torch.gather.
template <typename T>
Tensor<T> gather(const Tensor<T>& x, Index dim, const Indices& ids) {
  const int d = detail::wrap_dim("gather", dim, x.dim());
  if (ids.numel() == 0) return Tensor<T>(ids.shape());
  const Tensor<T> source = detail::with_dimension(x);
  const Indices index = detail::with_dimension(ids);
  detail::expect_within("gather", index.shape(), source.shape(), d);
  const Indices kept = detail::checked_positions("gather", index, d, source.shape()[d], false);
  Tensor<T> y(index.shape());
  detail::for_each_index(kept, source.shape(), index.shape(), d,
                         [from = source.data(), to = y.data()](Index i, Index at, Index) { to[i] = from[at]; });
  if constexpr (std::is_floating_point_v<T>) {
    if (recording(source)) {
      record(
          y, "GatherBackward0",
          [kept, d, before = source.shape()](Tensor<T> g, Node<T>* node) {
            Tensor<T> dx = zeros<T>(before);
            detail::for_each_index(kept, before, g.shape(), d,
                                   [from = g.data(), to = dx.data()](Index i, Index at, Index) { to[at] += from[i]; });
            node->accumulate(std::move(dx));
          },
          source);
    }
  }
  return ids.dim() == 0 ? reshape(y, Shape{}) : y;
}

/// gather() after x and ids were broadcast outside dim; what sort(), argsort() and argmax() return fits. PyTorch:
/// torch.take_along_dim.
template <typename T>
Tensor<T> take_along_dim(const Tensor<T>& x, const Indices& ids, Index dim) {
  if (x.dim() != ids.dim())
    detail::raise<ShapeError>("take_along_dim: expected indices of as many dimensions as the tensor, ", x.shape(),
                              ", got shape ", ids.shape());
  const int d = detail::wrap_dim("take_along_dim", dim, x.dim());
  if (x.dim() == 0) return gather(x, dim, ids);
  Shape outside = x.shape(), index = ids.shape();
  outside[d] = index[d] = 1;
  Shape full = detail::broadcast_shape("take_along_dim", outside, index);
  index = full;
  index[d] = ids.shape()[d];
  full[d] = x.shape()[d];
  return gather(detail::repeated(x, full), d, detail::repeat_to(ids, index));
}
/// The same of the flattened tensors.
template <typename T>
Tensor<T> take_along_dim(const Tensor<T>& x, const Indices& ids) {
  return gather(reshape(x, Shape{x.numel()}), 0, ids.view_as(Shape{ids.numel()}));
}

/// The flattened tensor at these positions; result of the shape of ids. PyTorch: torch.take.
template <typename T>
Tensor<T> take(const Tensor<T>& x, const Indices& ids) {
  return index(reshape(x, Shape{x.numel()}), ids);
}

/// Each position k along dim counts[k] times, or, for a single count, all as often. PyTorch: torch.repeat_interleave.
template <typename T>
Tensor<T> repeat_interleave(const Tensor<T>& x, const Indices& counts, Index dim) {
  const int d = detail::wrap_dim("repeat_interleave", dim, x.dim());
  const Tensor<T> source = detail::with_dimension(x);
  const Index size = source.shape()[d], *const count = counts.data();
  if (counts.dim() > 1 || (counts.numel() != size && counts.numel() != 1))
    detail::raise<ShapeError>("repeat_interleave: expected a count for each of ", size, " positions, got shape ",
                              counts.shape());
  Index total = 0;
  const Index step = counts.numel() == 1 ? 0 : 1;
  for (Index k = 0; k < size; ++k) {
    if (count[k * step] < 0)
      detail::raise<ValueError>("repeat_interleave: expected counts of at least 0, got ", count[k * step]);
    total = detail::checked_sum("repeat_interleave", total, count[k * step]);
  }
  Indices ids(Shape{total});
  Index* next = ids.data();
  for (Index k = 0; k < size; ++k) next = std::fill_n(next, count[k * step], k);
  return detail::pick("IndexSelectBackward0", source, d, ids);
}
template <typename T>
Tensor<T> repeat_interleave(const Tensor<T>& x, const Indices& counts) {
  return repeat_interleave(reshape(x, Shape{x.numel()}), counts, 0);
}

template <typename T>
Tensor<T> TensorMethods<T>::operator[](const Tensor<Index>& ids) const {
  return rowgrad::index(self(), ids);
}
template <typename T>
Tensor<T> TensorMethods<T>::operator[](std::initializer_list<Index> ids) const {
  return rowgrad::index(self(), Indices(std::vector<Index>(ids)));
}
template <typename T>
template <std::same_as<bool> B>
Tensor<T> TensorMethods<T>::operator[](const Tensor<B>& mask) const {
  return rowgrad::index(self(), mask);
}
template <typename T>
Tensor<T> TensorMethods<T>::index(std::initializer_list<Tensor<Index>> ids) const {
  return rowgrad::index(self(), ids);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_select(Index dim, const Tensor<Index>& ids) const {
  return rowgrad::index_select(self(), dim, ids);
}
template <typename T>
Tensor<T> TensorMethods<T>::masked_select(const Mask& mask) const {
  return rowgrad::masked_select(self(), mask);
}
template <typename T>
Tensor<T> TensorMethods<T>::gather(Index dim, const Tensor<Index>& ids) const {
  return rowgrad::gather(self(), dim, ids);
}
template <typename T>
Tensor<T> TensorMethods<T>::repeat_interleave(const Tensor<Index>& counts, Index dim) const {
  return rowgrad::repeat_interleave(self(), counts, dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::take_along_dim(const Tensor<Index>& ids, Index dim) const {
  return rowgrad::take_along_dim(self(), ids, dim);
}

}  // namespace rowgrad
