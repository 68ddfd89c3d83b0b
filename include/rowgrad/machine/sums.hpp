// What: sums of many values: of an array, of any terms that come in blocks, and of the columns of a matrix.
// Why:  adding float after float loses what is small beside the sum: ones no longer count past 2^24. Blocks are short
//       enough to be added plainly, their sums are added pairwise in double. The order depends on sizes alone.
// See:  functional/reduce.hpp, softmax.hpp, loss.hpp, layer_norm.hpp; Higham 1993, The accuracy of floating point
//       summation.
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include <rowgrad/machine/maps.hpp>
#include <rowgrad/machine/memory.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>

namespace rowgrad::detail {

// A block: values that Eigen adds in many lanes, and values or rows that are added one after the other. A sum of no
// more than a block is plain, so short rows cost nothing extra.
inline constexpr Index sum_block = 1024, sequential_sum_block = 128;

/// The sum of what is added, in pairs, pairs of pairs, and so on: the rounding error grows with the logarithm.
class PairwiseSum {
 public:
  void add(double value) noexcept {
    std::size_t level = 0;
    for (; (count_ >> level & 1) != 0; ++level) value += levels_[level];
    levels_[level] = value;
    ++count_;
  }
  double total() const noexcept {
    double sum = 0;
    for (std::size_t level = 0; count_ >> level != 0; ++level)
      if ((count_ >> level & 1) != 0) sum += levels_[level];
    return sum;
  }

 private:
  std::array<double, 64> levels_;  // level k holds the sum of 2^k values where bit k of count_ is set
  std::uint64_t count_ = 0;
};

/// The sum of n terms: block_sum(first, count) adds up to `block` of them.
template <typename T, typename BlockSum>
T sum_of_blocks(Index n, Index block, const BlockSum& block_sum) {
  if (std::is_integral_v<T> || n <= block) return block_sum(Index{0}, n);  // integers lose nothing
  PairwiseSum sum;
  for (Index first = 0; first < n; first += block)
    sum.add(static_cast<double>(block_sum(first, std::min(block, n - first))));
  return static_cast<T>(sum.total());
}

/// The sum of n neighbouring values.
template <typename T>
T sum_of(const T* x, Index n) {
  return sum_of_blocks<T>(n, sum_block, [x](Index first, Index count) { return row_sum(x + first, count); });
}

/// The sum of term(0) + ... + term(n - 1), where terms are worked out one by one.
template <typename T, typename Term>
T sum_of_terms(Index n, const Term& term) {
  return sum_of_blocks<T>(n, sequential_sum_block, [&term](Index first, Index count) {
    T sum = count > 0 ? term(first) : T(0);
    for (Index i = first + 1; i < first + count; ++i) sum += term(i);
    return sum;
  });
}

/// The same where terms come one at a time and their number is not known before.
template <typename T>
class RunningSum {
 public:
  void add(T value) noexcept {
    part_ += value;
    if (++count_ < sequential_sum_block) return;
    blocks_.add(static_cast<double>(part_));
    part_ = T(0);
    count_ = 0;
  }
  T total() const noexcept { return static_cast<T>(blocks_.total() + static_cast<double>(part_)); }

 private:
  T part_ = T(0);
  Index count_ = 0;
  PairwiseSum blocks_;
};

/// Adds `rows` rows to the `columns` values at `sums`. add(target, first, last) adds the rows first to last - 1 to
/// target, one after the other; it is called for blocks of at most `block` rows, and with `sums` itself when one block
/// is all there is.
template <typename T, typename AddRows>
void add_in_blocks(T* sums, Index rows, Index columns, const AddRows& add, Index block = sequential_sum_block) {
  if (rows <= block) {
    add(sums, Index{0}, rows);
    return;
  }
  // Like a binary counter: level l holds the sum of 2^l blocks, and is free again once it has been carried on.
  const auto width = static_cast<std::size_t>(columns);
  const auto blocks = static_cast<std::uint64_t>((rows + block - 1) / block);
  const Buffer<T> levels(width * static_cast<std::size_t>(std::bit_width(blocks)));
  for (std::uint64_t k = 0; k < blocks; ++k) {
    const Index first = static_cast<Index>(k) * block;
    // The level that this block ends up in is free: sum there, then add the full levels below, the latest first.
    const auto level = static_cast<std::size_t>(std::countr_one(k));
    T* const target = levels.data() + level * width;
    std::fill_n(target, width, T(0));
    add(target, first, std::min(first + block, rows));
    for (std::size_t l = 0; l < level; ++l) add_row(target, levels.data() + l * width, columns);
  }
  for (std::size_t l = 0; (blocks >> l) != 0; ++l)
    if ((blocks >> l & 1) != 0) add_row(sums, levels.data() + l * width, columns);
}

/// to[j] = the sum of values[i * stride + j] over i < rows, for j < columns.
template <typename T>
void column_sums(const T* values, Index rows, Index columns, Index stride, T* to) {
  std::fill_n(to, columns, T(0));
  add_in_blocks(to, rows, columns, [values, columns, stride](T* target, Index first, Index last) {
    for (; first + 4 <= last; first += 4)  // the sums are read and written once for all four
      add_four_rows(target, values + first * stride, stride, columns);
    for (; first < last; ++first) add_row(target, values + first * stride, columns);
  });
}

}  // namespace rowgrad::detail
