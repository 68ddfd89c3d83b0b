// What: checks of options that many operations and layers share; arithmetic on sizes that cannot overflow.
// Why:  the same mistake gets the same message, wherever it is made.
// See:  error.hpp, concat.hpp.
#pragma once

#include <limits>

#include <rowgrad/core/error.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/machine/index.hpp>

namespace rowgrad::detail {

/// ValueError unless 0 <= p <= 1; NaN is outside.
inline void expect_probability(const char* operation, const char* option, double p) {
  if (is_nan(p) || p < 0 || p > 1)
    raise<ValueError>(operation, ": expected 0 <= ", option, " <= 1, a probability, got ", p);
}

/// ValueError unless 0 <= eps <= most; NaN is outside. most is the largest number of the type it is used in.
inline void expect_eps(const char* operation, double eps, double most) {
  if (!is_finite(eps) || eps < 0 || eps > most)
    raise<ValueError>(operation, ": expected eps >= 0 and finite, got ", eps);
}

/// ValueError for a value below `least`.
inline void expect_at_least(const char* operation, const char* option, Index value, Index least) {
  if (value < least) raise<ValueError>(operation, ": ", option, " must be at least ", least, ", got ", value);
}

/// a + b and a b for numbers that are not negative; the largest Index where the result is larger still.
inline Index saturated_sum(Index a, Index b) noexcept {
  Index sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<Index>::max() : sum;
}
inline Index saturated_product(Index a, Index b) noexcept {
  Index product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<Index>::max() : product;
}

}  // namespace rowgrad::detail
