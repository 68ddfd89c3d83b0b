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
  bool sorted = true;  ///< whether the values have to be in order
};

namespace detail {

template <typename T>
struct Placed {
  T value;
  Index at;
};

/// Positions along dimension d, `kept` of them for each line. select(line, before) puts the line's values in order so
/// far as it has to; before(a, b) says whether a comes before b: values in order, NaN as the largest. The positions of
/// the `kept` values up to place `last` are the result.
template <typename T, typename Select>
Indices positions_along(const Tensor<T>& x, int d, Index kept, Index last, bool descending, const Select& select) {
  const Split s = split_at(x.shape(), d);
  Shape shape = x.shape();
  if (shape.rank() > 0) shape[d] = kept;
  Indices result(shape);
  if (result.numel() == 0) return result;
  const auto before = [descending](const Placed<T>& a, const Placed<T>& b) {
    return descending ? Larger()(a.value, b.value) : Larger()(b.value, a.value);
  };
  std::vector<Placed<T>> line(static_cast<std::size_t>(s.size));
  for (Index o = 0; o < s.outer; ++o)
    for (Index i = 0; i < s.inner; ++i) {
      const T* const first = x.data() + o * s.size * s.inner + i;
      for (Index k = 0; k < s.size; ++k) line[static_cast<std::size_t>(k)] = {first[k * s.inner], k};
      select(line, before);
      Index* const to = result.data() + o * kept * s.inner + i;
      for (Index k = 0; k < kept; ++k) to[k * s.inner] = line[static_cast<std::size_t>(k + last - kept)].at;
    }
  return result;
}

/// before(), and equals in the order in which they stand.
template <typename Before>
auto stably(const Before& before) {
  return [&before](const auto& a, const auto& b) { return before(a, b) || (!before(b, a) && a.at < b.at); };
}

/// Positions of all values, in order.
template <typename T>
Indices sorted_positions(const Tensor<T>& x, int d, Index size, bool descending) {
  return positions_along(x, d, size, size, descending,
                         [](auto& line, const auto& before) { std::sort(line.begin(), line.end(), stably(before)); });
}

/// Positions of the first k in order, by the steps that PyTorch takes, so that of equals the same ones are among them
/// where the standard library is the same.
template <typename T>
Indices first_positions(const Tensor<T>& x, int d, Index k, bool descending, bool sorted) {
  return positions_along(x, d, k, k, descending, [k, sorted](auto& line, const auto& before) {
    if (k * 64 <= static_cast<Index>(line.size())) {
      std::partial_sort(line.begin(), line.begin() + k, line.end(), before);
    } else {
      std::nth_element(line.begin(), line.begin() + (k - 1), line.end(), before);
      if (sorted) std::sort(line.begin(), line.begin() + (k - 1), before);
    }
  });
}

/// The position of what is at a place (from 1) of each line in order, the first of equals at the first of their places.
template <typename T>
Indices position_at(const Tensor<T>& x, int d, Index place) {
  return positions_along(x, d, 1, place, false, [place](auto& line, const auto& before) {
    std::nth_element(line.begin(), line.begin() + (place - 1), line.end(), stably(before));
  });
}

template <typename T>
Index size_along(const Tensor<T>& x, int d) {
  return x.dim() == 0 ? 1 : x.shape()[d];
}

}  // namespace detail

/// Where the elements stand that come first, second, ... along a dimension: argsort(x, 1), argsort(x, {.descending =
/// true}). Equals keep their order; NaN counts as largest. O(n log n). PyTorch: torch.argsort(stable=True).
template <typename T>
Indices argsort(const Tensor<T>& x, const SortOptions& options) {
  const int d = detail::wrap_dim("argsort", options.dim, x.dim());
  return detail::sorted_positions(x, d, detail::size_along(x, d), options.descending);
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
/// back there. Which of equals are taken is left open; with GCC's library they are PyTorch's. NaN counts as largest.
/// IndexError when there are fewer than k. O(n + k log k). PyTorch: torch.topk.
template <typename T>
ValuesAndIndices<T> topk(const Tensor<T>& x, Index k, const TopkOptions& options) {
  const int d = detail::wrap_dim("topk", options.dim, x.dim());
  const Index size = detail::size_along(x, d);
  if (k < 0 || k > size)
    detail::raise<IndexError>("topk: expected k from 0 to ", size, ", the size of dimension ", d, " of shape ",
                              x.shape(), ", got ", k);
  const Index count = x.dim() == 0 ? 1 : k;  // a single value has no size to shrink
  return detail::picked("TopkBackward0", x, d, detail::first_positions(x, d, count, options.largest, options.sorted),
                        count);
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
  const Shape shape = detail::reduced_shape(x.shape(), d, keepdim);
  return detail::picked("KthvalueBackward0", x, d, detail::position_at(x, d, k).view_as(shape));
}

/// The middle element along a dimension, of an even number the lower of the two, and where it stood; NaN if there is
/// one. ShapeError when there are none. PyTorch: torch.median(x, dim).
template <typename T>
ValuesAndIndices<T> median(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("median", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  detail::expect_elements("median", s.size, x.shape());
  const Shape shape = detail::reduced_shape(x.shape(), d, keepdim);
  Indices found = detail::position_at(x, d, (s.size + 1) / 2).view_as(shape);
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
