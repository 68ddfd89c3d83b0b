// What: Dims, the dimensions that a reduction takes away: one, several, or all; the options of some reductions.
// Why:  sum(x, 1) and sum(x, {0, 1}) are one signature; functions and methods share it.
// See:  functional/reduce.hpp, statistics.hpp; shape.hpp.
#pragma once

#include <concepts>
#include <initializer_list>

#include <rowgrad/core/shape.hpp>

namespace rowgrad {

/// Dimensions by number, counted from the last when negative: 1, or {0, -1}. Empty braces, or none, mean all.
class Dims {
 public:
  Dims() = default;
  template <std::integral I>
  Dims(I dim) : Dims({static_cast<Index>(dim)}) {}  // NOLINT: implicit by design
  Dims(std::initializer_list<Index> dims) {         // NOLINT: implicit by design
    if (static_cast<int>(dims.size()) > Shape::max_rank)
      detail::raise<ShapeError>("Dims: expected at most ", Shape::max_rank, " dimensions, got ", dims.size());
    for (const Index dim : dims) dims_[static_cast<std::size_t>(count_++)] = dim;
  }

  int size() const noexcept { return count_; }
  Index operator[](int i) const noexcept { return dims_[static_cast<std::size_t>(i)]; }

 private:
  std::array<Index, Shape::max_rank> dims_{};
  int count_ = 0;
};

/// How var() and std() divide, and whether they leave dimensions of size 1: x.var(0, {.unbiased = false}).
struct VarianceOptions {
  double correction = 1;  ///< the sum of squares is divided by n - correction
  bool unbiased = true;   ///< false is correction 0
  bool keepdim = false;
};

/// Which norm, over what: x.norm({.dim = 1}).
struct NormOptions {
  double p = 2;  ///< infinity: the largest magnitude; -infinity: the smallest; 0: how many are not 0
  Dims dim = {};
  bool keepdim = false;
};

}  // namespace rowgrad
