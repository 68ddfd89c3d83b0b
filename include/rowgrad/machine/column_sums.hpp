// What: sums of the columns of a row-major matrix, in blocks.
// Why:  added up one after the other, a million rows of floats lose half their digits; in blocks of 128 rows that are
//       summed pairwise, hardly any. The order depends on the number of rows alone, so the bits are always the same.
// See:  functional/broadcast.hpp (sum_to), functional/matmul.hpp; Higham, The Accuracy of Floating Point Summation,
// 1993.
#pragma once

#include <algorithm>
#include <bit>

#include <rowgrad/machine/maps.hpp>
#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {

inline constexpr Index rows_summed_in_order = 128;

/// Adds `rows` rows to the `columns` values at `sums`. add(target, first, last) adds the rows first to last - 1 to
/// target, one after the other; it is called for blocks of at most 128 rows, and with `sums` itself when one block is
/// all there is.
template <typename T, typename AddRows>
void add_in_blocks(T* sums, Index rows, Index columns, const AddRows& add) {
  constexpr Index block = rows_summed_in_order;
  if (rows <= block) {
    add(sums, Index{0}, rows);
    return;
  }
  // Like a binary counter: level l holds the sum of 2^l blocks, and is free again once it has been carried on.
  const auto width = static_cast<std::size_t>(columns);
  const auto blocks = static_cast<std::uint64_t>((rows + block - 1) / block);
  const Buffer<T> levels(width * static_cast<std::size_t>(std::bit_width(blocks)));
  const auto carry = [columns](T* into, const T* from) {
    ArrayMap<T>(into, columns) = ArrayMap<const T>(into, columns) + ArrayMap<const T>(from, columns);
  };
  for (std::uint64_t k = 0; k < blocks; ++k) {
    const Index first = static_cast<Index>(k) * block;
    // The level that this block ends up in is free: sum there, then add the full levels below, the latest first.
    const auto level = static_cast<std::size_t>(std::countr_one(k));
    T* const target = levels.data() + level * width;
    std::fill_n(target, width, T(0));
    add(target, first, std::min(first + block, rows));
    for (std::size_t l = 0; l < level; ++l) carry(target, levels.data() + l * width);
  }
  for (std::size_t l = 0; (blocks >> l) != 0; ++l)
    if ((blocks >> l & 1) != 0) carry(sums, levels.data() + l * width);
}

/// Adds the rows of a row-major matrix to the `columns` values at `sums`.
template <typename T>
void add_column_sums(T* sums, const T* values, Index rows, Index columns) {
  add_in_blocks(sums, rows, columns, [values, columns](T* target, Index first, Index last) {
    const auto row = [values, columns](Index i) { return ArrayMap<const T>(values + i * columns, columns); };
    ArrayMap<T> sum(target, columns);
    for (; first + 4 <= last; first += 4)  // four at a time, in order: the sums are read and written once for all
      sum = sum + row(first) + row(first + 1) + row(first + 2) + row(first + 3);
    for (; first < last; ++first) sum += row(first);
  });
}

/// Sum of n values: within a block with Eigen's SIMD lanes, blocks pairwise.
template <typename T>
T sum_in_blocks(const T* values, Index n) {
  T sum = 0;
  add_in_blocks(&sum, n, Index{1}, [values](T* target, Index first, Index last) {
    *target += ArrayMap<const T>(values + first, last - first).sum();
  });
  return sum;
}

}  // namespace rowgrad::detail
