// What: product(), the one place where matrices are multiplied.
// Why:  it chooses between the ways to multiply by size and cuts the work up for the threads there are.
// See:  product_kernel.hpp; packed_matrix.hpp for weights used many times; functional/matmul.hpp.
#pragma once

#include <rowgrad/machine/product_kernel.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>
#include <rowgrad/machine/sums.hpp>
#include <rowgrad/machine/threads.hpp>

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

enum class Write { assign, add };

// Below this many multiplications a second thread does not pay.
inline constexpr Index parallel_product_size = 1'000'000;

// Up to this many multiplications the kernel's tiles cost more than they save.
inline constexpr Index largest_small_product = 256;

// As many terms are added in order; more are cut into blocks. See product_block().
inline constexpr Index longest_plain_product = 8192;

// With fewer rows than this, b is read where it lies: packing it would take as long as multiplying.
inline constexpr Index rows_worth_packing = 48;

/// Calls body(row, rows, first column, last column) for parts of a product that several threads may compute; first is a
/// multiple of the kernel's panel.
template <typename T, typename Body>
void split_product(Index rows, Index depth, Index columns, const Body& body) {
  using Kernel = ProductKernel<T>;
  const Index threads = rows * depth * columns < parallel_product_size ? 1 : threads_here();
  const Index panels = (columns + Kernel::panel - 1) / Kernel::panel, bands = (rows + 7) / 8;
  const bool by_columns = panels >= 4 * threads || panels >= bands;
  const Index units = by_columns ? panels : bands, pieces = std::max<Index>(1, std::min(threads, units));
  parallel_pieces(pieces, pieces > 1, [&](Index i) {
    const Index from = units * i / pieces, to = units * (i + 1) / pieces;
    if (by_columns)
      body(0, rows, from * Kernel::panel, std::min(columns, to * Kernel::panel));
    else
      body(from * 8, std::min(rows, to * 8) - from * 8, 0, columns);
  });
}

/// c = base + a b for a few elements; base as in ProductKernel::multiply().
template <typename T>
void small_product(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const Operand<T>& b) {
  for (Index i = 0; i < c.rows; ++i) {
    T* const out = c.at(i, 0);
    if (a.columns == 1 && base.values == nullptr && b.column_step == 1) {
      add_multiple_to_zero(out, *a.at(i, 0), b.values, c.columns);
      continue;
    }
    if (base.values == nullptr)
      std::fill_n(out, c.columns, T(0));
    else if (base.values != c.values)
      std::copy_n(base.at(i, 0), c.columns, out);
    if (b.column_step == 1) {
      for (Index k = 0; k < a.columns; ++k) {
        const T factor = *a.at(i, k);
        const T* row = b.at(k, 0);
        for (Index j = 0; j < c.columns; ++j) out[j] += factor * row[j];
      }
    } else {
      for (Index j = 0; j < c.columns; ++j) {
        T sum = T(0);
        const T *left = a.at(i, 0), *column = b.at(0, j);
        for (Index k = 0; k < a.columns; ++k) sum += left[k * a.column_step] * column[k];
        out[j] += sum;
      }
    }
  }
}

/// The same for one column, of any length: dot products where rows of a are contiguous, else columns of a added up.
template <typename T>
void vector_product(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const Operand<T>& b) {
  if (a.column_step == 1 && b.row_step == 1) {
    for (Index i = 0; i < c.rows; ++i) {
      const T sum = row_dot(a.at(i, 0), b.values, a.columns);
      *c.at(i, 0) = base.values == nullptr ? sum : *base.at(i, 0) + sum;
    }
    return;
  }
  const bool contiguous = c.row_step == 1 && a.row_step == 1;
  if (contiguous && base.values == nullptr)
    std::fill_n(c.at(0, 0), c.rows, T(0));
  else
    for (Index i = 0; i < c.rows; ++i) *c.at(i, 0) = base.values == nullptr ? T(0) : *base.at(i, 0) + T(0);
  for (Index k = 0; k < a.columns; ++k) {
    const T factor = *b.at(k, 0);
    const T* const from = a.at(0, k);
    T* const to = c.at(0, 0);
    if (contiguous)
      add_multiple(to, factor, from, c.rows);
    else
      for (Index i = 0; i < c.rows; ++i) to[i * c.row_step] += factor * from[i * a.row_step];
  }
}

/// The same by the kernel. The first `in_place` columns of b, whole packets, are read where they lie.
template <typename T>
void kernel_product(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const Operand<T>& b,
                    Index in_place) {
  using Kernel = ProductKernel<T>;
  const Index columns = c.columns, depth = a.columns, packed = in_place / Kernel::panel * Kernel::panel;
  const Buffer<T> buffer(static_cast<std::size_t>(std::min(depth, Kernel::depth) * Kernel::padded(columns - packed)));
  for (Index k = 0; k < depth; k += Kernel::depth) {
    const Index size = std::min(Kernel::depth, depth - k);
    const Operand<T> right = b.part(k, size, 0, columns), left = a.part(0, c.rows, k, size);
    const Operand<T> start = k > 0 ? c : base;
    if (in_place < columns) {
      Kernel::pack(right, packed, columns, buffer.data());
      Kernel::multiply(c, start, left, packed, columns, buffer.data());
    }
    if (in_place > 0) Kernel::multiply_unpacked(c, start, left, right, 0, in_place == columns ? columns : packed);
  }
}

/// How many terms are added in order: all of them, or so many at a time, whose sums are then added pairwise. Float by
/// float, ones would no longer count past 2^24.
constexpr Index product_block(Index terms) noexcept { return terms <= longest_plain_product ? terms : 1024; }

/// c = base + a b for a long row of terms, blocks of which multiply(c, base, a, b) adds up.
template <typename T, typename Multiply>
[[gnu::noinline]] void long_product(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a,
                                    const Operand<T>& b, const Multiply& multiply) {
  const Index rows = c.rows, columns = c.columns, size = rows * columns;
  if (size == 0) return;
  const Buffer<T> sums(static_cast<std::size_t>(size));
  std::fill_n(sums.data(), size, T(0));
  const auto add_block = [&](T* sum, Index first, Index last) {  // a block's sum is 0 before
    multiply(Operand<T>{sum, rows, columns, columns, 1}, Operand<T>{}, a.part(0, rows, first, last - first),
             b.part(first, last - first, 0, columns));
  };
  add_in_blocks(sums.data(), a.columns, size, add_block, product_block(a.columns));
  for (Index i = 0; i < rows; ++i)
    if (base.values == nullptr)
      std::copy_n(sums.data() + i * columns, columns, c.at(i, 0));
    else
      set_sum(c.at(i, 0), base.at(i, 0), sums.data() + i * columns, columns);
}

/// c = base + a b; base is c, or a row repeated, or nothing.
template <typename T>
void multiply(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const Operand<T>& b) {
  using Kernel = ProductKernel<T>;
  const Index rows = c.rows, columns = c.columns, depth = a.columns;
  if (rows * columns * depth <= largest_small_product || depth == 1) return small_product(c, base, a, b);
  // Whole packets of contiguous rows may be read in place; the columns behind them are packed.
  const Index in_place = b.column_step == 1 && rows < rows_worth_packing ? columns / Kernel::width * Kernel::width : 0;
  const auto multiply_part = [&](Index row, Index part, Index first, Index last) {
    const auto multiply = [&](const Operand<T>& to, const Operand<T>& from, const Operand<T>& left,
                              const Operand<T>& right) {
      if (columns == 1)
        vector_product(to, from, left, right);
      else
        kernel_product(to, from, left, right, std::clamp<Index>(in_place - first, 0, last - first));
    };
    const Operand<T> out = c.part(row, part, first, last - first), left = a.part(row, part, 0, depth),
                     right = b.part(0, depth, first, last - first),
                     start = base.values == nullptr ? base : base.part(row, part, first, last - first);
    if (depth > longest_plain_product) [[unlikely]]
      long_product(out, start, left, right, multiply);
    else
      multiply(out, start, left, right);
  };
  split_product<T>(rows, depth, columns, [&](Index row, Index part, Index first, Index last) {
    if (depth <= longest_plain_product) return multiply_part(row, part, first, last);
    // Several sums are kept of every element: not of all at once.
    constexpr Index some_rows = 512, some_columns = 4 * Kernel::panel;
    for (const Index end = row + part; row < end; row += some_rows)
      for (Index column = first; column < last; column += some_columns)
        multiply_part(row, std::min(some_rows, end - row), column, std::min(last, column + some_columns));
  });
}

/// c = a b, or c += a b. a and b are row-major Eigen maps or their transposes; c is such a map and overlaps neither.
/// Cost: 2 * rows * columns * depth floating point operations.
template <typename C, typename A, typename B>
void product(const C& c, const A& a, const B& b, Write write = Write::assign) {
  using T = typename C::Scalar;
  const Operand<T> out = Operand<T>::of(c);
  multiply<T>(out, write == Write::add ? out : Operand<T>{}, Operand<T>::of(a), Operand<T>::of(b));
}

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail
