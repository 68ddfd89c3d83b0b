// What: PackedMatrix, the right factor of many products, laid out once as Eigen's kernel reads it.
// Why:  a recurrent layer multiplies by the same weights at every step, and with few rows Eigen spends as long on
// packing
//       them anew as on multiplying: half the speed at 8 rows.
// See:  product.hpp for a single product; functional/recurrent.hpp; Goto and van de Geijn, Anatomy of High-Performance
//       Matrix Multiplication, 2008 (packing, and the names depth, kernel and panel).
#pragma once

#include <rowgrad/core/parallel.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad::detail {

/// A row-major matrix whose rows may lie apart: some columns of a wider one.
template <typename T>
using StridedMatrix = Eigen::Map<Matrix<T>, 0, Eigen::OuterStride<>>;

template <typename T>
StridedMatrix<T> strided(T* values, Index rows, Index columns, Index stride) {
  return StridedMatrix<T>(values, rows, columns, Eigen::OuterStride<>(stride));
}

template <typename T>
class PackedMatrix {
 public:
  enum class Order { as_is, transposed };

  /// Packs b, or its transpose. Cost: a copy.
  PackedMatrix(const StridedMatrix<T>& b, Order order)
      : depth_(order == Order::as_is ? b.rows() : b.cols()),
        columns_(order == Order::as_is ? b.cols() : b.rows()),
        values_(static_cast<std::size_t>(depth_ * columns_)) {
    for_each_block([&](Index column, Index width, Index k, Index size) {
      T* const block = block_at(column, width, k);
      // Eigen's kernel works on column-major matrices and so sees everything transposed: b is its left factor.
      if (order == Order::as_is)
        pack<Eigen::ColMajor>(block, b.data() + k * b.outerStride() + column, b.outerStride(), size, width);
      else
        pack<Eigen::RowMajor>(block, b.data() + column * b.outerStride() + k, b.outerStride(), size, width);
    });
  }

  Index depth() const noexcept { return depth_; }
  Index columns() const noexcept { return columns_; }

  /// c += a b. The pieces of work depend on the shapes alone, so threads do not change the bits.
  void multiply_add(StridedMatrix<T> c, const StridedMatrix<T>& a) const {
    const Index bands = (a.rows() + piece - 1) / piece, panels = (columns_ + piece - 1) / piece;
    if (bands == 0 || panels == 0) return;
    const bool worthwhile = a.rows() * depth_ * columns_ >= parallel_size;
    const bool by_rows = bands >= panels;
    parallel_pieces(by_rows ? bands : panels, worthwhile, [&](Index i) {
      const Index row = by_rows ? i * piece : 0, rows = by_rows ? std::min(piece, a.rows() - row) : a.rows();
      const Index column = by_rows ? 0 : i * piece, columns = by_rows ? columns_ : std::min(piece, columns_ - column);
      for (Index r = row; r < row + rows; r += piece)
        multiply_band(c, a, r, std::min(piece, row + rows - r), column, column + columns);
    });
  }

 private:
  using Traits = Eigen::internal::gebp_traits<T, T>;
  template <int order>
  using Reader = Eigen::internal::const_blas_data_mapper<T, Index, order>;
  using Writer = Eigen::internal::blas_data_mapper<T, Index, Eigen::ColMajor, Eigen::Unaligned, 1>;

  static constexpr Index piece = 192;                // rows or columns; a multiple of every kernel's panel
  static constexpr Index depth_block = 256;          // a panel of that depth stays in the first two caches
  static constexpr Index parallel_size = 1'000'000;  // multiplications worth a second thread

  template <int order>
  static void pack(T* block, const T* values, Index stride, Index depth, Index columns) {
    Eigen::internal::gemm_pack_lhs<T, Index, Reader<order>, Traits::mr, Traits::LhsProgress,
                                   typename Traits::LhsPacket4Packing, order>()(block, Reader<order>(values, stride),
                                                                                depth, columns);
  }

  template <typename Body>
  void for_each_block(const Body& body) const {
    for (Index column = 0; column < columns_; column += piece)
      for (Index k = 0; k < depth_; k += depth_block)
        body(column, std::min(piece, columns_ - column), k, std::min(depth_block, depth_ - k));
  }
  // Pieces of columns one after the other, in each its blocks of depth.
  T* block_at(Index column, Index width, Index k) const { return values_.data() + column * depth_ + k * width; }

  void multiply_band(StridedMatrix<T>& c, const StridedMatrix<T>& a, Index row, Index rows, Index first,
                     Index last) const {
    const Buffer<T> packed(static_cast<std::size_t>(std::min(depth_, depth_block) * rows));
    for (Index k = 0; k < depth_; k += depth_block) {
      const Index size = std::min(depth_block, depth_ - k);
      Eigen::internal::gemm_pack_rhs<T, Index, Reader<Eigen::ColMajor>, Traits::nr, Eigen::ColMajor>()(
          packed.data(), Reader<Eigen::ColMajor>(a.data() + row * a.outerStride() + k, a.outerStride()), size, rows);
      for (Index column = first; column < last; column += piece) {
        const Index width = std::min(piece, columns_ - column);
        Eigen::internal::gebp_kernel<T, T, Index, Writer, Traits::mr, Traits::nr, false, false>()(
            Writer(c.data() + row * c.outerStride() + column, c.outerStride()), block_at(column, width, k),
            packed.data(), width, size, rows, T(1));
      }
    }
  }

  Index depth_, columns_;
  Buffer<T> values_;
};

}  // namespace rowgrad::detail
