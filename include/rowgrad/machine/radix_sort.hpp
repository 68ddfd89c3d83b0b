// What: the order of numbered items by a key: sort_items(), sort_by_key().
// Why:  ids within a batch, words by frequency, sequences by length: keys are whole numbers, so a radix sort orders
//       them in linear time; and one sort for all of them keeps compile time down.
// See:  table/gather_rows.hpp, text/word_counts.hpp, data/.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include <rowgrad/machine/index.hpp>
#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {

/// What is sorted, and the key it is sorted by.
struct KeyedItem {
  Index key, item;
};

/// Sorts the first n items by key, keeping the order of equal keys. Linear time: a radix sort, for keys below `bound`.
/// Keys and bound count as unsigned.
inline void sort_items(Buffer<KeyedItem>& items, std::size_t n, Index bound) {
  if (n < 64) {
    for (std::size_t i = 1; i < n; ++i) {
      const KeyedItem moving = items[i];
      const auto key = static_cast<std::uint64_t>(moving.key);
      std::size_t j = i;
      for (; j > 0 && static_cast<std::uint64_t>(items[j - 1].key) > key; --j) items[j] = items[j - 1];
      items[j] = moving;
    }
    return;
  }
  constexpr std::size_t most_digits = 2048;
  const int digit_bits = n < 1024 ? 8 : 11;  // so that counting digits does not cost more than moving items
  const std::size_t digits = std::size_t{1} << digit_bits;
  Buffer<KeyedItem> other(n);
  KeyedItem *from = items.data(), *to = other.data();
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(bound) - 1));
  for (int shift = 0; shift < bits; shift += digit_bits) {
    std::size_t start[most_digits];
    std::fill_n(start, digits, std::size_t{0});
    const auto digit = [shift, digits](Index key) {
      return static_cast<std::size_t>(static_cast<std::uint64_t>(key) >> shift) & (digits - 1);
    };
    for (std::size_t i = 0; i < n; ++i) ++start[digit(from[i].key)];
    std::size_t sum = 0;
    for (std::size_t d = 0; d < digits; ++d) sum += std::exchange(start[d], sum);
    for (std::size_t i = 0; i < n; ++i) to[start[digit(from[i].key)]++] = from[i];
    std::swap(from, to);
  }
  if (from != items.data()) std::copy_n(from, n, items.data());
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
  Buffer<KeyedItem> keyed(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keyed[i] = {distance(keys[i]), items[i]};
  sort_items(keyed, keys.size(), static_cast<Index>(static_cast<std::uint64_t>(distance(largest)) + 1));
  for (std::size_t i = 0; i < keys.size(); ++i) items[i] = keyed[i].item;
}

}  // namespace rowgrad::detail
