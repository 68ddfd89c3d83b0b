// What: Shape, the sizes of a tensor's dimensions, held inline.
// Why:  a shape is copied with every operation, so it must not allocate.
// See:  tensor.hpp; broadcasting rules follow PyTorch's "Broadcasting semantics".
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/error.hpp>
#include <rowgrad/machine/index.hpp>

namespace rowgrad {

class Shape;

namespace detail {
[[noreturn]] void throw_too_many_elements(const Shape& shape);
}

/// Sizes of a tensor's dimensions, outermost first; rank 0 is a single value. At most max_rank dimensions.
class Shape {
 public:
  static constexpr int max_rank = 8;

  Shape() = default;

  /// Throws ShapeError for a negative size or more than max_rank dimensions.
  Shape(std::initializer_list<Index> sizes) {
    for (Index size : sizes) append(size);
  }

  int rank() const noexcept { return rank_; }

  /// Product of all sizes; 1 for rank 0. ShapeError when it does not fit Index.
  Index numel() const {
    Index n = 1;
    for (int d = 0; d < rank_; ++d)
      if (__builtin_mul_overflow(n, sizes_[static_cast<std::size_t>(d)], &n)) [[unlikely]]
        detail::throw_too_many_elements(*this);
    return n;
  }

  /// The same for a shape that is about to become a tensor's: no product of some of its sizes may overflow either, or
  /// (0, 2^40, 2^40), which has no elements, would have strides that do not fit.
  Index checked_numel() const {
    const Index n = numel();
    if (n == 0) [[unlikely]]
      check_empty();
    return n;
  }

  /// Size of dimension d, unchecked; 0 <= d < rank().
  Index operator[](int d) const noexcept { return sizes_[static_cast<std::size_t>(d)]; }
  Index& operator[](int d) noexcept { return sizes_[static_cast<std::size_t>(d)]; }

  Index back() const noexcept { return rank_ == 0 ? 1 : (*this)[rank_ - 1]; }

  const Index* begin() const noexcept { return sizes_.data(); }
  const Index* end() const noexcept { return sizes_.data() + rank_; }

  void append(Index size) {
    if (rank_ == max_rank) detail::raise<ShapeError>("Shape: expected at most ", max_rank, " dimensions, got more");
    if (size < 0) detail::raise<ShapeError>("Shape: a size must not be negative, got ", size);
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }

  void insert(int d, Index size) {
    append(size);
    for (int i = rank_ - 1; i > d; --i) (*this)[i] = (*this)[i - 1];
    (*this)[d] = size;
  }

  void erase(int d) noexcept {
    for (int i = d; i + 1 < rank_; ++i) (*this)[i] = (*this)[i + 1];
    --rank_;
  }

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    if (a.rank_ != b.rank_) return false;
    for (int d = 0; d < a.rank_; ++d)
      if (a[d] != b[d]) return false;
    return true;
  }

 private:
  [[gnu::cold, gnu::noinline]] void check_empty() const {
    Index n = 1;
    for (int d = 0; d < rank_; ++d) {
      const Index size = sizes_[static_cast<std::size_t>(d)];
      if (__builtin_mul_overflow(n, size == 0 ? 1 : size, &n)) detail::throw_too_many_elements(*this);
    }
  }

  std::array<Index, max_rank> sizes_{};
  int rank_ = 0;
};

/// "(2, 3)", "(4,)" or "()".
[[gnu::cold]] inline std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (int d = 0; d < shape.rank(); ++d) text += detail::concat(d == 0 ? "" : ", ", shape[d]);
  return text + (shape.rank() == 1 ? ",)" : ")");
}

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_too_many_elements(const Shape& shape) {
  raise<ShapeError>("Shape: ", shape, " has more elements than can be counted (is one of the sizes right?)");
}

/// a + b, for a size that is about to go into a shape. ShapeError when it does not fit Index.
inline Index checked_sum(const char* operation, Index a, Index b) {
  Index sum;
  if (__builtin_add_overflow(a, b, &sum))
    raise<ShapeError>(operation, ": a size of ", a, " + ", b, " is more than can be counted");
  return sum;
}

/// a * b, the same way.
inline Index checked_product(const char* operation, Index a, Index b) {
  Index product;
  if (__builtin_mul_overflow(a, b, &product))
    raise<ShapeError>(operation, ": a size of ", a, " * ", b, " is more than can be counted");
  return product;
}

/// A dimension counted from the front; -1 is the last, as in PyTorch. IndexError outside [-rank, rank).
/// rank 0 counts as one dimension, as in PyTorch.
inline int wrap_dim(const char* operation, Index dim, int rank) {
  const int n = rank == 0 ? 1 : rank;
  if (dim < -n || dim >= n)
    raise<IndexError>(operation, ": dimension ", dim, " is outside [", -n, ", ", n - 1, "] of a tensor of rank ", rank);
  return static_cast<int>(dim < 0 ? dim + n : dim);
}

/// The shape both operands broadcast to. ShapeError when a pair of sizes differs and neither is 1.
inline Shape broadcast_shape(const char* operation, const Shape& a, const Shape& b) {
  if (a == b) return a;
  Shape result = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  const int offset = result.rank() - shorter.rank();
  for (int d = 0; d < shorter.rank(); ++d) {
    Index& size = result[d + offset];
    if (size == shorter[d] || shorter[d] == 1) continue;
    if (size != 1)
      raise<ShapeError>(operation, ": shapes ", a, " and ", b,
                        " do not broadcast: sizes must be equal or 1, counted from the last dimension");
    size = shorter[d];
  }
  return result;
}

/// Sizes before, at and after dimension d: a row-major tensor seen as (outer, size, inner).
struct Split {
  Index outer = 1, size = 1, inner = 1;
};

/// ShapeError when one of the three does not fit Index, which no tensor's shape does to it.
inline Split split_at(const Shape& shape, int dim) {
  Split s;
  bool fits = true;
  for (int d = 0; d < shape.rank(); ++d) {
    Index& part = d < dim ? s.outer : d == dim ? s.size : s.inner;
    fits &= !__builtin_mul_overflow(part, shape[d], &part);
  }
  if (!fits) [[unlikely]]
    throw_too_many_elements(shape);
  return s;
}

}  // namespace detail
}  // namespace rowgrad
