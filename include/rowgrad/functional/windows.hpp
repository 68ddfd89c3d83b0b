// What: lengths of sequences and of the windows that move along them.
// Why:  convolution and pooling check them alike, and options as large as an Index can hold must not overflow.
// See:  conv1d.hpp, pooling.hpp.
#pragma once

#include <rowgrad/core/check.hpp>

namespace rowgrad::detail {

/// Sums of a few such lengths do not overflow, and none of them fits into memory.
inline constexpr Index longest_sequence = std::numeric_limits<Index>::max() / 4;

/// Steps of a sequence with its padding. ValueError above the longest.
inline Index padded_length(const char* operation, Index length, Index padding) {
  const Index padded = saturated_sum(length, saturated_product(2, padding));
  if (padded > longest_sequence)
    raise<ValueError>(operation, ": a padding of ", padding, " steps is more than fits into memory");
  return padded;
}

/// Steps from the first to the last value of a window, both included.
inline Index window_reach(Index kernel, Index dilation) {
  return saturated_sum(saturated_product(dilation, kernel - 1), 1);
}

}  // namespace rowgrad::detail
