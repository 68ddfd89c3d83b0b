// What: counting words, and looking them up by a view of their letters.
// Why:  Tokenizer and Vocabulary rank words the same way: by frequency, equal ones in the order first seen.
// See:  tokenizer.hpp, vocabulary.hpp.
#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <rowgrad/core/shape.hpp>

namespace rowgrad {

/// Words with a number each: how often they came, or their index.
using WordCounts = std::vector<std::pair<std::string, Index>>;

namespace detail {

/// Lets a map with string keys be searched by string_view, without building a string.
struct WordHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const noexcept { return std::hash<std::string_view>{}(word); }
};

using WordMap = std::unordered_map<std::string, Index, WordHash, std::equal_to<>>;

inline std::optional<Index> find_word(const WordMap& map, std::string_view word) {
  const auto entry = map.find(word);
  if (entry == map.end()) return std::nullopt;
  return entry->second;
}

class WordCounter {
 public:
  void add(std::string_view word) {
    if (const std::optional<Index> seen = find_word(positions_, word)) {
      ++counts_[static_cast<std::size_t>(*seen)].second;
      return;
    }
    positions_.emplace(word, static_cast<Index>(counts_.size()));
    counts_.emplace_back(word, 1);
  }

  /// Every word with its count, in the order first seen.
  const WordCounts& counts() const noexcept { return counts_; }

  bool contains(std::string_view word) const { return positions_.find(word) != positions_.end(); }

  Index count(std::string_view word) const {
    const std::optional<Index> seen = find_word(positions_, word);
    return seen ? counts_[static_cast<std::size_t>(*seen)].second : 0;
  }

  /// Positions in counts(), most frequent first, ties in the order first seen. O(n log n).
  std::vector<std::size_t> by_frequency() const {
    std::vector<std::size_t> order(counts_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return counts_[a].second > counts_[b].second; });
    return order;
  }

 private:
  WordCounts counts_;
  WordMap positions_;
};

}  // namespace detail
}  // namespace rowgrad
