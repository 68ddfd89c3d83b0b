// What: PackedMatrix, the right factor of many products, laid out once as the kernel reads it.
// Why:  a recurrent layer multiplies by the same weights at every step, and with few rows packing them anew would take
//       as long as multiplying.
// See:  product_kernel.hpp; product.hpp for a single product; functional/recurrent.hpp.
#pragma once

#include <rowgrad/machine/product.hpp>

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

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
      : b_(order == Order::as_is ? Operand<T>::of(b) : Operand<T>::of(b.transpose())),
        values_(static_cast<std::size_t>(b_.rows * Kernel::padded(b_.columns))) {
    for (Index k = 0; k < b_.rows; k += Kernel::depth)
      Kernel::pack(b_.part(k, std::min(Kernel::depth, b_.rows - k), 0, b_.columns), 0, b_.columns, block(k));
  }

  /// c += a b.
  void multiply_add(const StridedMatrix<T>& c, const StridedMatrix<T>& a) const { run(c, a, Operand<T>::of(c)); }

  /// c = a b, plus `bias`, a row of c, in each row.
  void multiply(const StridedMatrix<T>& c, const StridedMatrix<T>& a, const T* bias) const {
    run(c, a, Operand<T>::repeated(bias));
  }

 private:
  using Kernel = ProductKernel<T>;

  void run(const StridedMatrix<T>& c, const StridedMatrix<T>& a, const Operand<T>& base) const {
    const Operand<T> left = Operand<T>::of(a), out = Operand<T>::of(c);
    split_product<T>(out.rows, b_.rows, b_.columns, [&](Index row, Index rows, Index first, Index last) {
      for (const Index end = row + rows; row < end; row += Kernel::band) {  // a band of c stays in cache to its end
        const Index size = std::min(Kernel::band, end - row);
        for (Index k = 0; k < b_.rows; k += Kernel::depth) {
          const Index depth = std::min(Kernel::depth, b_.rows - k);
          Kernel::multiply(out.part(row, size, 0, out.columns), (k == 0 ? base : out).part(row, size, 0, out.columns),
                           left.part(row, size, k, depth), first, last, block(k) + first * depth);
        }
      }
    });
  }
  T* block(Index k) const { return values_.data() + k * Kernel::padded(b_.columns); }

  Operand<T> b_;
  Buffer<T> values_;
};

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail
