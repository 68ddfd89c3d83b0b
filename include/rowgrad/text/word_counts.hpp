// What: counting words, and looking them up by a view of their letters.
// Why:  Tokenizer and Vocabulary rank words the same way: by frequency, ties in the order first seen.
// See:  tokenizer.hpp, vocabulary.hpp; machine/radix_sort.hpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/machine/radix_sort.hpp>

namespace rowgrad::text {

/// Words, each with a number: how often it occurred, or its index.
using WordCounts = std::vector<std::pair<std::string, Index>>;

/// Words and their positions 0, 1, ... in the order added; found by a view, without building a string.
/// A hash table with linear probing, at most half full. (A std::unordered_map would be the largest single item in the
/// compile time of programs that use no text at all.)
class WordIndex {
 public:
  const std::vector<std::string>& words() const noexcept { return words_; }
  Index size() const noexcept { return static_cast<Index>(words_.size()); }
  bool contains(std::string_view word) const noexcept { return find(word).has_value(); }

  /// The word's position, or nothing. O(1), no allocation.
  std::optional<Index> find(std::string_view word) const noexcept {
    if (slots_.empty()) return std::nullopt;
    const Index position = slots_[slot_of(word, hash_of(word))];
    if (position < 0) return std::nullopt;
    return position;
  }

  /// The word's position, and whether it is a new word.
  std::pair<Index, bool> add(std::string_view word) {
    if (slots_.size() <= 2 * words_.size()) grow();
    const Index hash = hash_of(word);
    Index& position = slots_[slot_of(word, hash)];
    if (position >= 0) return {position, false};
    position = size();
    words_.push_back(std::string(word));
    hashes_.push_back(hash);
    return {position, true};
  }

 private:
  static Index hash_of(std::string_view word) noexcept {
    return static_cast<Index>(std::hash<std::string_view>()(word));
  }

  // The slot where this word is, or the empty one where it belongs.
  std::size_t slot_of(std::string_view word, Index hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = static_cast<std::size_t>(hash) & mask;
    for (; slots_[slot] >= 0; slot = (slot + 1) & mask) {
      const auto position = static_cast<std::size_t>(slots_[slot]);
      if (hashes_[position] == hash && words_[position] == word) break;
    }
    return slot;
  }

  void grow() {
    slots_.assign(slots_.empty() ? 16 : 2 * slots_.size(), -1);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t position = 0; position < words_.size(); ++position) {
      std::size_t slot = static_cast<std::size_t>(hashes_[position]) & mask;
      while (slots_[slot] >= 0) slot = (slot + 1) & mask;
      slots_[slot] = static_cast<Index>(position);
    }
  }

  std::vector<std::string> words_;
  std::vector<Index> hashes_;  // of each word
  std::vector<Index> slots_;   // a word's position, or -1 for an empty slot; a power of two of them
};

namespace detail {

class WordCounter {
 public:
  /// Counts the word; its position in counts().
  Index add(std::string_view word) {
    const auto [position, is_new] = index_.add(word);
    if (is_new)
      counts_.push_back({std::string(word), 1});
    else
      ++counts_[static_cast<std::size_t>(position)].second;
    return position;
  }

  /// Every word with its count, in the order first seen.
  const WordCounts& counts() const noexcept { return counts_; }

  bool contains(std::string_view word) const noexcept { return index_.contains(word); }

  /// The word's position in counts(), or nothing.
  std::optional<Index> find(std::string_view word) const noexcept { return index_.find(word); }

  Index count(std::string_view word) const noexcept {
    const std::optional<Index> position = find(word);
    return position ? counts_[static_cast<std::size_t>(*position)].second : 0;
  }

  /// Positions in counts(), most frequent first, ties in the order first seen. O(n).
  std::vector<Index> by_frequency() const {
    std::vector<Index> order, keys;
    for (const auto& [word, count] : counts_) {
      order.push_back(static_cast<Index>(order.size()));
      keys.push_back(-count);
    }
    rowgrad::detail::sort_by_key(order.data(), keys);
    return order;
  }

 private:
  WordCounts counts_;
  WordIndex index_;
};

}  // namespace detail
}  // namespace rowgrad::text

namespace rowgrad {  // the name that programs had before the room had a namespace
using text::WordCounts;
}  // namespace rowgrad
