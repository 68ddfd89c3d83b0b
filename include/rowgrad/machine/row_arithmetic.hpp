// What: sums and multiples of rows: neighbouring numbers, a register's worth at a time.
// Why:  what tables, sums and products do to rows over and over; the same as Eigen expressions, bit for bit, but each
//       compiled once and many times faster.
// See:  lanes.hpp; sums.hpp, how many values are added.
#pragma once

#include <algorithm>
#include <type_traits>

#include <rowgrad/machine/lanes.hpp>

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

/// to = value, n times.
template <typename T>
void fill_row(T* to, T value, Index n) {
  if constexpr (std::is_floating_point_v<T>)
    for_each_lane<T>(n, [to, value](auto lane, Index i) { decltype(lane)(value).store(to + i); });
  else
    std::fill_n(to, n, value);
}

/// to += x, n numbers each.
template <typename T>
void add_row(T* to, const T* x, Index n) {
  for_each_lane<T>(n, [to, x](auto lane, Index i) {
    using L = decltype(lane);
    (L::load(to + i) + L::load(x + i)).store(to + i);
  });
}

/// to += factor * x.
template <typename T>
void add_multiple(T* to, T factor, const T* x, Index n) {
  for_each_lane<T>(n, [to, factor, x](auto lane, Index i) {
    using L = decltype(lane);
    (L::load(to + i) + factor * L::load(x + i)).store(to + i);
  });
}

/// to = 0 + factor * x: the bits of add_multiple() to zeros, where -0 becomes 0.
template <typename T>
void add_multiple_to_zero(T* to, T factor, const T* x, Index n) {
  for_each_lane<T>(n, [to, factor, x](auto lane, Index i) {
    using L = decltype(lane);
    (L(T(0)) + factor * L::load(x + i)).store(to + i);
  });
}

/// to = factor * x, which may be the same row.
template <typename T>
void set_multiple(T* to, T factor, const T* x, Index n) {
  for_each_lane<T>(n, [to, factor, x](auto lane, Index i) {
    using L = decltype(lane);
    (factor * L::load(x + i)).store(to + i);
  });
}

/// to = a + b.
template <typename T>
void set_sum(T* to, const T* a, const T* b, Index n) {
  for_each_lane<T>(n, [to, a, b](auto lane, Index i) {
    using L = decltype(lane);
    (L::load(a + i) + L::load(b + i)).store(to + i);
  });
}

/// to += rows 0 to 3 of x, which are `stride` apart, in this order.
template <typename T>
void add_four_rows(T* to, const T* x, Index stride, Index n) {
  for_each_lane<T>(n, [to, x, stride](auto lane, Index i) {
    using L = decltype(lane);
    const T* const from = x + i;
    (L::load(to + i) + L::load(from) + L::load(from + stride) + L::load(from + 2 * stride) + L::load(from + 3 * stride))
        .store(to + i);
  });
}

/// term(lane, 0) + ... + term(lane, n - 1), where a term is a lane and stands for as many terms as that has. Two lanes
/// are summed side by side, then what is before `first` and what is left over is added singly.
template <typename T, typename Term>
T sum_in_lanes(Index first, Index n, const Term& term) {
  constexpr Index width = widest_lane<T>;
  const Index whole = (n - first) / width * width, end = first + whole;
  T sum = T(0);
  Index i = 0;
  if constexpr (width > 1) {
    using Wide = Lane<T, width>;
    if (whole > 0) {
      const Index pairs_end = first + whole / (2 * width) * (2 * width);
      Wide even = term(Wide(), first);
      if (whole > width) {
        Wide odd = term(Wide(), first + width);
        for (Index k = first + 2 * width; k < pairs_end; k += 2 * width) {
          even = even + term(Wide(), k);
          odd = odd + term(Wide(), k + width);
        }
        even = even + odd;
        if (end > pairs_end) even = even + term(Wide(), pairs_end);
      }
      sum = even.sum();
      for (Index k = 0; k < first; ++k) sum += term(Lane<T, 1>(), k).sum();
      i = end;
    }
  }
  if (i == 0 && n > 0) sum = term(Lane<T, 1>(), i++).sum();
  for (; i < n; ++i) sum += term(Lane<T, 1>(), i).sum();
  return sum;
}

/// The sum of n numbers, the lanes beginning where memory is aligned.
template <typename T>
T row_sum(const T* x, Index n) {
  const Index first = widest_lane<T> > 1 ? Eigen::internal::first_default_aligned(x, n) : 0;
  return sum_in_lanes<T>(first, n, [x](auto lane, Index i) { return decltype(lane)::load(x + i); });
}

/// The sum of x[i] * y[i].
template <typename T>
T row_dot(const T* x, const T* y, Index n) {
  return sum_in_lanes<T>(0, n, [x, y](auto lane, Index i) {
    using L = decltype(lane);
    return L::load(x + i) * L::load(y + i);
  });
}

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail
