// What: the order of numbered items by a key: sort_lookups(), sort_by_key().
// Why:  ids within a batch, words by frequency, sequences by length: keys are whole numbers, so a radix sort orders
//       them in linear time; and one sort for all of them keeps compile time down.
// See:  autograd/row_gradient.hpp, text/word_counts.hpp, data/.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include <rowgrad/machine/index.hpp>
#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {

struct Lookup {
  Index row, position;
};

/// Sorts by row, keeping the order of equal rows. Linear time: radix sort, for rows below `bound`. Rows and bound count
/// as unsigned.
inline void sort_lookups(Buffer<Lookup>& lookups, std::size_t n, Index bound) {
  if (n < 64) {
    for (std::size_t i = 1; i < n; ++i) {
      const Lookup moving = lookups[i];
      const auto row = static_cast<std::uint64_t>(moving.row);
      std::size_t j = i;
      for (; j > 0 && static_cast<std::uint64_t>(lookups[j - 1].row) > row; --j) lookups[j] = lookups[j - 1];
      lookups[j] = moving;
    }
    return;
  }
  constexpr std::size_t most_digits = 2048;
  const int digit_bits = n < 1024 ? 8 : 11;  // so that counting digits does not cost more than moving lookups
  const std::size_t digits = std::size_t{1} << digit_bits;
  Buffer<Lookup> other(n);
  Lookup *from = lookups.data(), *to = other.data();
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(bound) - 1));
  for (int shift = 0; shift < bits; shift += digit_bits) {
    std::uint32_t start[most_digits];
    std::fill_n(start, digits, 0u);
    const auto digit = [shift, digits](Index row) {
      return static_cast<std::size_t>(static_cast<std::uint64_t>(row) >> shift) & (digits - 1);
    };
    for (std::size_t i = 0; i < n; ++i) ++start[digit(from[i].row)];
    std::uint32_t sum = 0;
    for (std::size_t d = 0; d < digits; ++d) sum += std::exchange(start[d], sum);
    for (std::size_t i = 0; i < n; ++i) to[start[digit(from[i].row)]++] = from[i];
    std::swap(from, to);
  }
  if (from != lookups.data()) std::copy_n(from, n, lookups.data());
}

/// Sorts as many items as there are keys, keys[i] being that of items[i]: smallest key first, items with equal keys in
/// their order. O(n).
inline void sort_by_key(Index* items, const std::vector<Index>& keys) {
  if (keys.empty()) return;
  Index smallest = keys[0], largest = keys[0];
  for (const Index key : keys) {
    smallest = std::min(smallest, key);
    largest = std::max(largest, key);
  }
  // Unsigned, so that no keys are too far apart.
  const auto distance = [smallest](Index key) {
    return static_cast<Index>(static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(smallest));
  };
  Buffer<Lookup> lookups(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) lookups[i] = {distance(keys[i]), items[i]};
  sort_lookups(lookups, keys.size(), static_cast<Index>(static_cast<std::uint64_t>(distance(largest)) + 1));
  for (std::size_t i = 0; i < keys.size(); ++i) items[i] = lookups[i].position;
}

}  // namespace rowgrad::detail
