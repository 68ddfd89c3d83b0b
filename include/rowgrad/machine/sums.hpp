// What: sums of many values: of an array, of any terms that come in blocks, and of the columns of a matrix.
// Why:  adding float after float loses what is small beside the sum: ones no longer count past 2^24. Blocks are short
//       enough to be added plainly, their sums are added pairwise in double. The order depends on sizes alone.
// See:  functional/reduce.hpp, softmax.hpp, loss.hpp, layer_norm.hpp; Higham 1993, The accuracy of floating point
//       summation.
#pragma once

#include <algorithm>
#include <array>

#include <rowgrad/machine/maps.hpp>

namespace rowgrad::detail {

// Values that Eigen adds in many lanes, and values that are added one after the other. A sum of no more than a block is
// plain, so short rows cost nothing extra.
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
  if (n <= block) [[likely]]
    return block_sum(Index(0), n);
  PairwiseSum sum;
  for (Index first = 0; first < n; first += block)
    sum.add(static_cast<double>(block_sum(first, std::min(block, n - first))));
  return static_cast<T>(sum.total());
}

/// The sum of n neighbouring values.
template <typename T>
T sum_of(const T* x, Index n) {
  return sum_of_blocks<T>(n, sum_block,
                          [x](Index first, Index count) { return ArrayMap<const T>(x + first, count).sum(); });
}

/// The sum of term(0) + ... + term(n - 1), where terms are worked out one by one.
template <typename T, typename Term>
T sum_of_terms(Index n, const Term& term) {
  return sum_of_blocks<T>(n, sequential_sum_block, [&term](Index first, Index count) {
    T sum = T(0);
    for (Index i = first; i < first + count; ++i) sum += term(i);
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

// Columns that are summed at a time when there are many rows: their sums stay on the stack.
inline constexpr Index column_tile = 256;

/// to[j] = the sum of column first_column + j over rows [first, last), halves of the rows added pairwise.
template <typename T, typename BlockSums>
void column_sums_in_halves(Index first, Index last, Index first_column, Index columns, double* to,
                           const BlockSums& block_sums) {
  std::array<double, column_tile> other;
  if (last - first <= sequential_sum_block) {
    std::array<T, column_tile> part;
    block_sums(first, last - first, first_column, columns, part.data());
    std::copy_n(part.data(), columns, to);
    return;
  }
  const Index blocks = (last - first + sequential_sum_block - 1) / sequential_sum_block;
  const Index middle = first + (blocks + 1) / 2 * sequential_sum_block;
  column_sums_in_halves<T>(first, middle, first_column, columns, to, block_sums);
  column_sums_in_halves<T>(middle, last, first_column, columns, other.data(), block_sums);
  for (Index j = 0; j < columns; ++j) to[j] += other[static_cast<std::size_t>(j)];
}

/// to[j] = the sum of column j, which block_sums(first row, rows, first column, columns, T* sums) works out for a block
/// of rows and columns.
template <typename T, typename BlockSums>
void column_sums_of_blocks(Index rows, Index columns, T* to, const BlockSums& block_sums) {
  if (rows <= sequential_sum_block) [[likely]]
    return block_sums(Index(0), rows, Index(0), columns, to);
  std::array<double, column_tile> sums;
  for (Index j = 0; j < columns; j += column_tile) {
    const Index count = std::min(column_tile, columns - j);
    column_sums_in_halves<T>(0, rows, j, count, sums.data(), block_sums);
    std::transform(sums.data(), sums.data() + count, to + j, [](double sum) { return static_cast<T>(sum); });
  }
}

/// to[j] = the sum of x[i * stride + j] over i < rows, for j < columns.
template <typename T>
void column_sums(const T* x, Index rows, Index columns, Index stride, T* to) {
  column_sums_of_blocks(rows, columns, to, [x, stride](Index first, Index count, Index j, Index width, T* sums) {
    ArrayMap<T> sum(sums, width);
    sum.setZero();
    for (Index i = first; i < first + count; ++i) sum += ArrayMap<const T>(x + i * stride + j, width);
  });
}

}  // namespace rowgrad::detail
