// What: the inner loops of a matrix product: a tile of the result kept in registers, and the layout it reads.
// Why:  Eigen's kernel packs both factors anew in every product and keeps 12 registers of the result; with 24 the same
//       loads feed twice the arithmetic. Each element is summed in one order, however the work is cut up, so the bits
//       of a product do not depend on the number of threads.
// See:  product.hpp, packed_matrix.hpp; Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008.
#pragma once

#include <rowgrad/machine/isa.hpp>
#include <rowgrad/machine/maps.hpp>
#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

/// A matrix in memory: element (i, j) is values[i * row_step + j * column_step]. One of the steps is 1.
template <typename T>
struct Operand {
  T* values;
  Index rows, columns, row_step, column_step;

  /// Of a row-major Eigen map, a block of one, or its transpose.
  template <typename Expression>
  static Operand of(const Expression& x) {
    const Index outer = x.outerStride();
    return {const_cast<T*>(x.data()), x.rows(), x.cols(), Expression::IsRowMajor ? outer : 1,
            Expression::IsRowMajor ? 1 : outer};
  }
  /// The same row again and again: a bias.
  static Operand repeated(const T* row) { return {const_cast<T*>(row), 0, 0, 0, 1}; }

  T* at(Index row, Index column) const noexcept { return values + row * row_step + column * column_step; }
  Operand part(Index row, Index row_count, Index column, Index column_count) const noexcept {
    return {at(row, column), row_count, column_count, row_step, column_step};
  }
  Operand transposed() const noexcept { return {values, columns, rows, column_step, row_step}; }
};

template <typename T>
class ProductKernel {
 public:
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  static constexpr Index width = Eigen::internal::unpacket_traits<Packet>::size;
  static constexpr Index panel = 3 * width;  // columns of a tile
  static constexpr Index depth = 256;        // steps summed in registers: a packed panel of that depth stays in cache
  static constexpr Index band = 96;          // rows that go over all panels before the next ones do

  /// Columns with the last packet filled up.
  static constexpr Index padded(Index columns) noexcept { return (columns + width - 1) / width * width; }

  /// Columns [first, last) of b as the kernel reads them: panel by panel, in each one row of b after the other. The
  /// last packet is filled up with zeros. b has at most `depth` rows; first is a multiple of panel.
  static void pack(const Operand<T>& b, Index first, Index last, T* out) {
    for (Index column = first; column < last; column += panel) {
      const Index columns = std::min(panel, last - column), stride = padded(columns);
      Index c = 0;
      if (b.column_step == 1)
        for (Index k = 0; k < b.rows; ++k) {
          std::copy_n(b.at(k, column), columns, out + k * stride);
          std::fill(out + k * stride + columns, out + (k + 1) * stride, T(0));
        }
      else
        for (; c < stride; c += width) pack_transposed(b, column + c, std::min(width, columns - c), out + c, stride);
      out += b.rows * stride;
    }
  }

  /// c = base + a b for columns [first, last), b packed by pack(); a and b have at most `depth` columns and rows.
  /// base is c, or a row repeated, or nothing (no values).
  static void multiply(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, Index first, Index last,
                       const T* packed) {
    // The rows of a transposed matrix are columns, whose elements lie far apart: bring a band's together.
    const bool gather = a.row_step == 1 && a.column_step != 1 && last - first > panel;
    const Buffer<T> gathered(gather ? static_cast<std::size_t>(band * a.columns) : 0);
    for (Index row = 0; row < c.rows; row += band) {
      const Index rows = std::min(band, c.rows - row);
      Operand<T> left = a.part(row, rows, 0, a.columns);
      if (gather) {
        for (Index k = 0; k < a.columns; ++k) std::copy_n(left.at(0, k), rows, gathered.data() + k * band);
        left = {gathered.data(), rows, a.columns, 1, band};
      }
      const T* b = packed;
      for (Index column = first; column < last; column += panel) {
        const Index columns = std::min(panel, last - column), stride = padded(columns);
        multiply_panel(c.part(row, rows, column, columns), start(base, row, column), left, b, stride);
        b += a.columns * stride;
      }
    }
  }

  /// The same with b as it is; its rows must be contiguous, and [first, last) whole packets.
  static void multiply_unpacked(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const Operand<T>& b,
                                Index first, Index last) {
    for (Index column = first; column < last; column += panel)
      multiply_panel(c.part(0, c.rows, column, std::min(panel, last - column)), start(base, 0, column), a,
                     b.at(0, column), b.row_step);
  }

 private:
  static constexpr Index ahead = 24;  // rows of b asked for early, which a panel seen for the first time needs
  static constexpr Index tile_rows = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 4;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"  // SIMD types as template arguments
  static void pack_transposed(const Operand<T>& b, Index column, Index columns, T* out, Index stride) {
    using namespace Eigen::internal;
    Index k = 0;
    if (columns == width)
      for (; k + width <= b.rows; k += width) {
        PacketBlock<Packet, static_cast<int>(width)> block;
        for (Index i = 0; i < width; ++i) block.packet[i] = ploadu<Packet>(b.at(k, column + i));
        ptranspose(block);
        for (Index i = 0; i < width; ++i) pstoreu(out + (k + i) * stride, block.packet[i]);
      }
    for (; k < b.rows; ++k)
      for (Index i = 0; i < width; ++i) out[k * stride + i] = i < columns ? *b.at(k, column + i) : T(0);
  }
#pragma GCC diagnostic pop

  static Operand<T> start(const Operand<T>& base, Index row, Index column) noexcept {
    return base.values == nullptr ? base : base.part(row, 0, column, 0);
  }

  static void multiply_panel(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const T* b,
                             Index b_step) {
    Index row = 0;
    row = tiles<tile_rows>(c, base, a, b, b_step, row);
    if constexpr (tile_rows > 4) row = tiles<4>(c, base, a, b, b_step, row);
    tiles<1>(c, base, a, b, b_step, row);
  }

  /// Rows from `row` on, R at a time, as long as there are so many; returns the first that is left.
  template <Index R>
  [[gnu::noinline]] static Index tiles(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const T* b,
                                       Index b_step, Index row) {
    for (; row + R <= c.rows; row += R) {
      if (c.columns > 2 * width)
        tile<R, 3>(c, base, a, b, b_step, row);
      else if (c.columns > width)
        tile<R, 2>(c, base, a, b, b_step, row);
      else
        tile<R, 1>(c, base, a, b, b_step, row);
    }
    return row;
  }

  /// R rows and P packets of the result. Loops of constant length are unrolled, so that their arrays are registers.
  template <Index R, Index P>
  static void tile(const Operand<T>& c, const Operand<T>& base, const Operand<T>& a, const T* b, Index b_step,
                   Index row) {
    using namespace Eigen::internal;
    const Index steps = a.columns, a_row = a.row_step, a_step = a.column_step;
    const T* source = a.at(row, 0);
    constexpr auto tall = static_cast<std::size_t>(R), wide = static_cast<std::size_t>(P);
    Packet sum[tall][wide], right[wide];
#pragma GCC unroll 8
    for (Index r = 0; r < R; ++r)
#pragma GCC unroll 3
      for (Index p = 0; p < P; ++p) {
        __builtin_prefetch(c.values + (row + r) * c.row_step + p * width, 1);
        sum[r][p] = pset1<Packet>(T(0));
      }
    for (Index k = 0; k < steps; ++k, source += a_step, b += b_step) {
#pragma GCC unroll 3
      for (Index p = 0; p < P; ++p) {
        right[p] = ploadu<Packet>(b + p * width);
        __builtin_prefetch(b + ahead * b_step + p * width);
      }
#pragma GCC unroll 8
      for (Index r = 0; r < R; ++r) {
        const Packet left = pset1<Packet>(source[r * a_row]);
#pragma GCC unroll 3
        for (Index p = 0; p < P; ++p) sum[r][p] = pmadd(left, right[p], sum[r][p]);
      }
    }
    // Copies: what is stored through a packet may, for all the compiler knows, be an operand's sizes.
    T* const out = c.at(row, 0);
    const T* const before = base.values == nullptr ? nullptr : base.at(row, 0);
    const Index out_row = c.row_step, before_row = base.row_step, columns = c.columns;
    if (columns >= P * width) {
#pragma GCC unroll 8
      for (Index r = 0; r < R; ++r)
#pragma GCC unroll 3
        for (Index p = 0; p < P; ++p) {
          const Packet start =
              before == nullptr ? pset1<Packet>(T(0)) : ploadu<Packet>(before + r * before_row + p * width);
          pstoreu(out + r * out_row + p * width, padd(start, sum[r][p]));
        }
      return;
    }
    T values[wide * static_cast<std::size_t>(width)];
#pragma GCC unroll 8
    for (Index r = 0; r < R; ++r) {
#pragma GCC unroll 3
      for (Index p = 0; p < P; ++p) pstoreu(values + p * width, sum[r][p]);
      for (Index i = 0; i < columns; ++i)
        out[r * out_row + i] = before == nullptr ? values[i] : before[r * before_row + i] + values[i];
    }
  }
};

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail
