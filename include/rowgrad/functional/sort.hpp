// What: sort, argsort, topk, kthvalue, median.
// Why:  the best k of many scores, and where they stood; values carry gradients back to where they came from.
// See:  extremes.hpp (max, ValuesAndIndices); unique.hpp; PyTorch "Comparison Ops".
#pragma once

#include <rowgrad/functional/extremes.hpp>

namespace rowgrad {

/// Along which dimension sort() and argsort() work, and which way.
struct SortOptions {
  Index dim = -1;
  bool descending = false;
  bool stable = true;  ///< equals keep their order whatever stands here
};

/// Along which dimension topk() works, and whether it looks for the largest or the smallest.
struct TopkOptions {
  Index dim = -1;
  bool largest = true;
  bool sorted = true;  ///< the values are in order whatever stands here
};

namespace detail {

template <typename T>
struct Placed {
  T value;
  Index at;
};

/// Whether a comes before b: values in order, NaN as the largest; equals in the order in which they stand.
template <typename T>
bool comes_first(const Placed<T>& a, const Placed<T>& b, bool descending) {
  const Larger larger;
  if (larger(a.value, b.value)) return descending;
  if (larger(b.value, a.value)) return !descending;
  return a.at < b.at;
}

/// How much of each line is put in order.
enum class Order {
  whole,  // all of it
  first,  // the first `count` values
  place,  // only the value that belongs at place count - 1 is there
};

/// Positions along dimension d: each line's, in order. The result has `count` positions for each line; the last of
/// them alone for Order::place.
template <typename T>
Indices positions_in_order(const Tensor<T>& x, int d, Index count, bool descending, Order order) {
  const Split s = split_at(x.shape(), d);
  const Index kept = order == Order::place ? 1 : count;
  Shape shape = x.shape();
  if (shape.rank() > 0) shape[d] = kept;
  Indices result(shape);
  if (result.numel() == 0) return result;
  std::vector<Placed<T>> line(static_cast<std::size_t>(s.size));
  const auto before = [descending](const Placed<T>& a, const Placed<T>& b) { return comes_first(a, b, descending); };
  for (Index o = 0; o < s.outer; ++o)
    for (Index i = 0; i < s.inner; ++i) {
      const T* const first = x.data() + o * s.size * s.inner + i;
      for (Index k = 0; k < s.size; ++k) line[static_cast<std::size_t>(k)] = {first[k * s.inner], k};
      if (order == Order::whole)
        std::sort(line.begin(), line.end(), before);
      else if (order == Order::first)
        std::partial_sort(line.begin(), line.begin() + count, line.end(), before);
      else
        std::nth_element(line.begin(), line.begin() + (count - 1), line.end(), before);
      Index* const to = result.data() + o * kept * s.inner + i;
      for (Index k = 0; k < kept; ++k) to[k * s.inner] = line[static_cast<std::size_t>(k + count - kept)].at;
    }
  return result;
}

template <typename T>
Index size_along(const Tensor<T>& x, int d) {
  return x.dim() == 0 ? 1 : x.shape()[d];
}

/// The value at a place (from 1) of each line in order, without the dimension or with one of size 1.
template <typename T>
ValuesAndIndices<T> at_place(const char* name, const Tensor<T>& x, int d, Index place, bool keepdim) {
  const Indices found = positions_in_order(x, d, place, false, Order::place);
  return picked(name, x, d, found.view_as(reduced_shape(x.shape(), d, keepdim)));
}

}  // namespace detail

/// Where the elements stand that come first, second, ... along a dimension: argsort(x, 1), argsort(x, {.descending =
/// true}). Equals keep their order; NaN counts as largest. O(n log n). PyTorch: torch.argsort(stable=True).
template <typename T>
Indices argsort(const Tensor<T>& x, const SortOptions& options) {
  const int d = detail::wrap_dim("argsort", options.dim, x.dim());
  return detail::positions_in_order(x, d, detail::size_along(x, d), options.descending, detail::Order::whole);
}
template <typename T>
Indices argsort(const Tensor<T>& x, Index dim = -1, bool descending = false) {
  return argsort(x, SortOptions{dim, descending});
}

/// The elements in order along a dimension, and where they stood; gradients go back there. Equals keep their order; NaN
/// counts as largest. O(n log n). PyTorch: torch.sort(stable=True).
template <typename T>
ValuesAndIndices<T> sort(const Tensor<T>& x, const SortOptions& options) {
  const int d = detail::wrap_dim("sort", options.dim, x.dim());
  return detail::picked("SortBackward0", x, d, argsort(x, options), detail::size_along(x, d));
}
template <typename T>
ValuesAndIndices<T> sort(const Tensor<T>& x, Index dim = -1, bool descending = false) {
  return sort(x, SortOptions{dim, descending});
}

/// The k largest elements along a dimension (the smallest, if so asked), in order, and where they stood; gradients go
/// back there. Of equals the first are taken, where PyTorch leaves open which. NaN counts as largest. IndexError when
/// there are fewer than k. O(n log k). PyTorch: torch.topk.
template <typename T>
ValuesAndIndices<T> topk(const Tensor<T>& x, Index k, const TopkOptions& options) {
  const int d = detail::wrap_dim("topk", options.dim, x.dim());
  const Index size = detail::size_along(x, d);
  if (k < 0 || k > size)
    detail::raise<IndexError>("topk: expected k from 0 to ", size, ", the size of dimension ", d, " of shape ",
                              x.shape(), ", got ", k);
  const Index count = x.dim() == 0 ? 1 : k;  // a single value has no size to shrink
  return detail::picked("TopkBackward0", x, d,
                        detail::positions_in_order(x, d, count, options.largest, detail::Order::first), count);
}
template <typename T>
ValuesAndIndices<T> topk(const Tensor<T>& x, Index k, Index dim = -1, bool largest = true, bool sorted = true) {
  return topk(x, k, TopkOptions{dim, largest, sorted});
}

/// The k-th smallest element along a dimension, k from 1, and where it stood. NaN counts as largest. IndexError when
/// there are fewer than k. O(n). PyTorch: torch.kthvalue.
template <typename T>
ValuesAndIndices<T> kthvalue(const Tensor<T>& x, Index k, Index dim = -1, bool keepdim = false) {
  const int d = detail::wrap_dim("kthvalue", dim, x.dim());
  if (const Index size = detail::size_along(x, d); k < 1 || k > size)
    detail::raise<IndexError>("kthvalue: expected k from 1 to ", size, ", the size of dimension ", d, " of shape ",
                              x.shape(), ", got ", k);
  return detail::at_place("KthvalueBackward0", x, d, k, keepdim);
}

/// The middle element along a dimension, of an even number the lower of the two, and where it stood; NaN if there is
/// one. ShapeError when there are none. PyTorch: torch.median(x, dim).
template <typename T>
ValuesAndIndices<T> median(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("median", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  detail::expect_elements("median", s.size, x.shape());
  const Shape shape = detail::reduced_shape(x.shape(), d, keepdim);
  Indices found = detail::positions_in_order(x, d, (s.size + 1) / 2, false, detail::Order::place).view_as(shape);
  if constexpr (std::is_floating_point_v<T>) {
    const Indices largest = argmax(x, dim, keepdim);  // NaN, if there is one
    for (Index k = 0; k < found.numel(); ++k) {
      const Index at = (k / s.inner * s.size + largest.data()[k]) * s.inner + k % s.inner;
      if (detail::is_nan(x.data()[at])) found.data()[k] = largest.data()[k];
    }
  }
  return detail::picked("MedianBackward1", x, d, found);
}

/// The middle of all elements, shape (); equals share the gradient. NaN of none. PyTorch: torch.median(x).
template <typename T>
Tensor<T> median(const Tensor<T>& x) {
  if constexpr (!std::is_floating_point_v<T>) {
    return median(x.view_as({x.numel()}), 0).values;
  } else {
    return detail::reduce_rows(
        "MedianBackward0", x, detail::Reduced("median", x.shape(), {}), false,
        [](const T* row, Index n) {
          std::vector<T> values(row, row + n);
          const T* const nan = std::find_if(row, row + n, [](T v) { return detail::is_nan(v); });
          if (n == 0 || nan != row + n) return std::numeric_limits<T>::quiet_NaN();
          const auto middle = values.begin() + (n - 1) / 2;
          std::nth_element(values.begin(), middle, values.end());
          return *middle;
        },
        [](T g, T y, const T* row, Index n, T* to) { detail::share_gradient(g, y, row, n, to, true); });
  }
}

template <typename T>
ValuesAndIndices<T> TensorMethods<T>::sort(Index dim, bool descending) const {
  return rowgrad::sort(self(), dim, descending);
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::sort(const SortOptions& options) const {
  return rowgrad::sort(self(), options);
}
template <typename T>
Indices TensorMethods<T>::argsort(Index dim, bool descending) const {
  return rowgrad::argsort(self(), dim, descending);
}
template <typename T>
Indices TensorMethods<T>::argsort(const SortOptions& options) const {
  return rowgrad::argsort(self(), options);
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::topk(Index k, Index dim, bool largest, bool sorted) const {
  return rowgrad::topk(self(), k, dim, largest, sorted);
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::topk(Index k, const TopkOptions& options) const {
  return rowgrad::topk(self(), k, options);
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::kthvalue(Index k, Index dim, bool keepdim) const {
  return rowgrad::kthvalue(self(), k, dim, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::median() const {
  return rowgrad::median(self());
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::median(Index dim, bool keepdim) const {
  return rowgrad::median(self(), dim, keepdim);
}

}  // namespace rowgrad
