// What: product(), the one place where matrices are multiplied.
// Why:  Eigen's kernel does the work on one thread a piece; the pieces depend on the shape alone, so the bits of a
//       result do not depend on the number of threads.
// See:  parallel.hpp; functional/matmul.hpp.
#pragma once

#include <rowgrad/core/parallel.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad::detail {

enum class Write { assign, add };

// Below this many multiplications Eigen stays on one thread of its own accord, and so do we.
inline constexpr Index parallel_product_size = 100'000;

// Up to this many multiplications the packing of Eigen's kernel costs more than it saves.
inline constexpr Index largest_small_product = 256;

/// c = a b or c += a b for a few elements: rows of b scaled and added where they lie in a row, dot products where b is
/// a transposed matrix.
template <typename C, typename A, typename B>
void small_product(C& c, const A& a, const B& b, Write write) {
  using T = typename C::Scalar;
  const Index rows = c.rows(), columns = c.cols(), depth = a.cols();
  for (Index i = 0; i < rows; ++i) {
    T* out = &c.coeffRef(i, 0);
    if (write == Write::assign) std::fill_n(out, columns, T(0));
    if constexpr (B::IsRowMajor) {
      for (Index k = 0; k < depth; ++k) {
        const T factor = a.coeff(i, k);
        const T* row = &b.coeffRef(k, 0);
        for (Index j = 0; j < columns; ++j) out[j] += factor * row[j];
      }
    } else {
      for (Index j = 0; j < columns; ++j) {
        const T* column = &b.nestedExpression().coeffRef(j, 0);
        T sum = T(0);
        for (Index k = 0; k < depth; ++k) sum += a.coeff(i, k) * column[k];
        out[j] += sum;
      }
    }
  }
}

/// While it lives, Eigen stays on this thread: it would cut a product up by the number of threads it finds, and the
/// cuts show in the bits.
class [[nodiscard]] EigenOnOneThread {
 public:
  EigenOnOneThread() noexcept : before_(get_num_threads()) { set(1); }
  EigenOnOneThread(const EigenOnOneThread&) = delete;
  EigenOnOneThread& operator=(const EigenOnOneThread&) = delete;
  ~EigenOnOneThread() { set(before_); }

 private:
  void set([[maybe_unused]] int threads) const noexcept {
#ifdef _OPENMP
    if (before_ != 1) omp_set_num_threads(threads);  // of this thread alone
#endif
  }
  int before_;
};

/// c = a b, or c += a b. a and b are row-major Eigen maps or their transposes; c is such a map and overlaps neither.
/// Cost: 2 * rows * columns * depth floating point operations.
template <typename C, typename A, typename B>
void product(C&& c, const A& a, const B& b, Write write = Write::assign) {
  const Index rows = c.rows(), columns = c.cols(), depth = a.cols();
  if (rows * columns * depth <= largest_small_product) return small_product(c, a, b, write);
  const auto piece_product = [write](auto&& part, const auto& left, const auto& right) {
    const EigenOnOneThread guard;
    if (write == Write::add)
      part.noalias() += left * right;
    else
      part.noalias() = left * right;
  };
  // One piece runs on the calling thread even when large: several pieces are needed to use several threads.
  constexpr Index piece = 192;
  const bool by_columns = columns >= rows;
  const Index length = by_columns ? columns : rows, pieces = (length + piece - 1) / piece;
  if (pieces < 2 || rows * columns * depth < parallel_product_size) return piece_product(c, a, b);
  parallel_pieces(pieces, true, [&](Index i) {
    const Index first = i * piece, size = std::min(piece, length - first);
    if (by_columns)
      piece_product(c.middleCols(first, size), a, b.middleCols(first, size));
    else
      piece_product(c.middleRows(first, size), a.middleRows(first, size), b);
  });
}

}  // namespace rowgrad::detail
