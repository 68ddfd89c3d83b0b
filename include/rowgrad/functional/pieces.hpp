// What: a tensor in pieces: split, chunk, unbind, rows in a for loop; hstack and vstack.
// Why:  the pieces of one tensor are one operation, so that its backward gathers their gradients in one pass.
// See:  shape.hpp (slice, cat, stack).
#pragma once

#include <rowgrad/functional/shape.hpp>

namespace rowgrad {
namespace detail {

/// Pieces of x along dimension d, of these sizes, which add up to its; `single`: each is one position, and the
/// dimension goes away. Views when nothing but ones stands before d, else copies. Each gets its part of the gradient.
template <typename T>
std::vector<Tensor<T>> pieces(const char* name, const Tensor<T>& x, int d, std::vector<Index> sizes, bool single) {
  const Split s = split_at(x.shape(), d);
  std::vector<Tensor<T>> result;
  result.reserve(sizes.size());
  Index start = 0;
  for (const Index size : sizes) {
    Shape shape = x.shape();
    shape[d] = size;
    if (single) shape.erase(d);
    if (s.outer == 1) {
      result.emplace_back(shape, x.body().storage, x.body().data + start * s.inner);
    } else {
      result.emplace_back(shape);
      stands_for_view(result.back());
      T* const to = result.back().data();
      const T* const from = x.data() + start * s.inner;
      for (Index o = 0; o < s.outer && size * s.inner > 0; ++o)
        std::copy_n(from + o * s.size * s.inner, size * s.inner, to + o * size * s.inner);
    }
    start += size;
  }
  if (recording(x)) {
    record(result, name,
           saves_nothing([=, before = x.shape(), lengths = std::move(sizes)](std::span<Tensor<T>> g, Node<T>* node) {
             Index rows = 0;  // that got a gradient
             for (std::size_t k = 0; k < g.size(); ++k) rows += g[k].defined() ? lengths[k] : 0;
             const bool sparse = d == 0 && before.rank() == 2 && rows < s.size;  // rows of a table: theirs alone
             Tensor<T> values = sparse          ? Tensor<T>(Shape{rows, s.inner})
                                : rows < s.size ? zeros<T>(before)
                                                : Tensor<T>(before);
             Indices which(Shape{sparse ? rows : 0});
             Index first = 0, at = 0;
             for (std::size_t k = 0; k < g.size(); first += lengths[k++]) {
               if (!g[k].defined()) continue;
               if (sparse)
                 for (Index i = 0; i < lengths[k]; ++i) which.data()[at + i] = first + i;
               const Index count = lengths[k] * s.inner, stride = s.size * s.inner;
               T* const to = values.data() + (sparse ? at : first) * s.inner;
               for (Index o = 0; o < s.outer && count > 0; ++o)
                 std::copy_n(g[k].data() + o * count, count, to + o * stride);
               at += lengths[k];
             }
             if (sparse)
               node->accumulate(RowGradient<T>{std::move(which), std::move(values), before});
             else
               node->accumulate(std::move(values));
           }),
           x);
  }
  return result;
}

/// The dimension to take apart. ShapeError for a tensor of rank 0.
template <typename T>
int pieces_dim(const char* operation, const Tensor<T>& x, Index dim) {
  const int d = wrap_dim(operation, dim, x.dim());
  if (x.dim() == 0) raise<ShapeError>(operation, ": a tensor of shape () has no dimension to take apart");
  return d;
}

/// Sizes of pieces of at most `size`, the last of what is left.
inline std::vector<Index> equal_sizes(Index total, Index size) {
  std::vector<Index> sizes;
  do {
    sizes.push_back(std::min(size, total));
    total -= sizes.back();
  } while (total > 0);
  return sizes;
}

}  // namespace detail

/// Pieces of `size` positions along dim, the last one smaller if it must be. Views when nothing but ones stands before
/// dim, else copies. ValueError for a size below 1, unless the dimension is empty. PyTorch: torch.split.
template <typename T>
std::vector<Tensor<T>> split(const Tensor<T>& x, Index size, Index dim = 0) {
  const int d = detail::pieces_dim("split", x, dim);
  if (size < 0 || (size == 0 && x.shape()[d] > 0))
    detail::raise<ValueError>("split: expected pieces of at least 1, got ", size);
  return detail::pieces("SplitBackward0", x, d, detail::equal_sizes(x.shape()[d], size), false);
}

/// Pieces of these sizes. ShapeError when they do not add up to the dimension's size. PyTorch: torch.split with a list.
template <typename T>
std::vector<Tensor<T>> split(const Tensor<T>& x, const std::vector<Index>& sizes, Index dim = 0) {
  const int d = detail::pieces_dim("split", x, dim);
  Index total = 0;
  for (const Index size : sizes) {
    if (size < 0) detail::raise<ShapeError>("split: expected sizes of at least 0, got ", size);
    total = detail::checked_sum("split", total, size);
  }
  if (total != x.shape()[d])
    detail::raise<ShapeError>("split: the sizes add up to ", total, ", dimension ", d, " of shape ", x.shape(), " has ",
                              x.shape()[d]);
  return detail::pieces("SplitWithSizesBackward0", x, d, sizes, false);
}
template <typename T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::initializer_list<Index> sizes, Index dim = 0) {
  return split(x, std::vector<Index>(sizes), dim);
}

/// As many pieces as asked for, or fewer, all but the last of one size. ValueError for less than 1. PyTorch:
/// torch.chunk.
template <typename T>
std::vector<Tensor<T>> chunk(const Tensor<T>& x, Index chunks, Index dim = 0) {
  const int d = detail::pieces_dim("chunk", x, dim);
  if (chunks < 1) detail::raise<ValueError>("chunk: expected at least 1 piece, got ", chunks);
  const Index size = x.shape()[d];
  if (size == 0)
    return detail::pieces("SplitBackward0", x, d, std::vector<Index>(static_cast<std::size_t>(chunks), 0), false);
  return detail::pieces("SplitBackward0", x, d, detail::equal_sizes(size, (size - 1) / chunks + 1), false);
}

/// The tensors at position 0, 1, ... along dim, which goes away. Views along the first dimension, else copies.
/// PyTorch: torch.unbind.
template <typename T>
std::vector<Tensor<T>> unbind(const Tensor<T>& x, Index dim = 0) {
  const int d = detail::pieces_dim("unbind", x, dim);
  return detail::pieces("UnbindBackward0", x, d, std::vector<Index>(static_cast<std::size_t>(x.shape()[d]), 1), true);
}

namespace detail {

/// The end of a tensor's rows.
struct RowsEnd {
  Index size;
};

/// A tensor's rows one after the other; while recording, all come from one unbind().
template <typename T>
class RowIterator {
 public:
  using value_type = Tensor<T>;
  using difference_type = Index;

  explicit RowIterator(const Tensor<T>& x) : x_(x) {
    if (recording(x)) rows_ = rowgrad::unbind(x);
  }
  Tensor<T> operator*() const {
    return rows_.empty() ? rowgrad::select(x_, 0, row_) : rows_[static_cast<std::size_t>(row_)];
  }
  RowIterator& operator++() {
    ++row_;
    return *this;
  }
  void operator++(int) { ++row_; }
  friend bool operator==(const RowIterator& row, RowsEnd end) noexcept { return row.row_ == end.size; }

 private:
  Tensor<T> x_;
  std::vector<Tensor<T>> rows_;
  Index row_ = 0;
};

/// At least `rank` dimensions, new ones in front.
template <typename T>
std::vector<Tensor<T>> at_least(const std::vector<Tensor<T>>& tensors, int rank) {
  std::vector<Tensor<T>> result = tensors;
  for (Tensor<T>& x : result)
    while (x.dim() < rank) x = unsqueeze(x, 0);
  return result;
}

}  // namespace detail

/// Tensors side by side: along dimension 1, vectors along 0. PyTorch: torch.hstack.
template <typename T>
Tensor<T> hstack(const std::vector<Tensor<T>>& tensors) {
  return cat(detail::at_least(tensors, 1), tensors.empty() || tensors[0].dim() < 2 ? 0 : 1);
}
template <typename T>
Tensor<T> hstack(std::initializer_list<Tensor<T>> tensors) {
  return hstack(std::vector<Tensor<T>>(tensors));
}

/// Tensors one below the other: along dimension 0, a vector being a row. PyTorch: torch.vstack.
template <typename T>
Tensor<T> vstack(const std::vector<Tensor<T>>& tensors) {
  return cat(detail::at_least(tensors, 2), 0);
}
template <typename T>
Tensor<T> vstack(std::initializer_list<Tensor<T>> tensors) {
  return vstack(std::vector<Tensor<T>>(tensors));
}

template <typename T>
std::vector<Tensor<T>> TensorMethods<T>::split(Index size, Index dim) const {
  return rowgrad::split(self(), size, dim);
}
template <typename T>
std::vector<Tensor<T>> TensorMethods<T>::split(std::initializer_list<Index> sizes, Index dim) const {
  return rowgrad::split(self(), sizes, dim);
}
template <typename T>
std::vector<Tensor<T>> TensorMethods<T>::chunk(Index chunks, Index dim) const {
  return rowgrad::chunk(self(), chunks, dim);
}
template <typename T>
std::vector<Tensor<T>> TensorMethods<T>::unbind(Index dim) const {
  return rowgrad::unbind(self(), dim);
}
template <typename T>
detail::RowIterator<T> TensorMethods<T>::begin() const {
  detail::pieces_dim("begin", self(), 0);
  return detail::RowIterator<T>(self());
}
template <typename T>
detail::RowsEnd TensorMethods<T>::end() const {
  return {detail::pieces_dim("end", self(), 0) == 0 ? self().shape()[0] : 0};
}

}  // namespace rowgrad
