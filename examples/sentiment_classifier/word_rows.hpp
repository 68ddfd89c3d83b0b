// What: WordRows, the words of a model file and the rows that they have in its table.
// Why:  a program that predicts should start at once: words stay in the mapped file, and finding their places there is
//       all the work. (rowgrad::text::Vocabulary, which training uses, copies every word.)
// See:  model_file.hpp.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <rowgrad/core/tensor.hpp>

class WordRows {
 public:
  /// Of bytes with a newline between words. When a word stands there twice, repeated() is its second row.
  explicit WordRows(const rowgrad::Tensor<std::uint8_t>& bytes)
      : bytes_(bytes), text_(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(bytes.numel())) {
    ends_.reserve(text_.size() / 8);
    for (std::size_t begin = 0;; begin = ends_.back() + 1) {
      const void* const newline =
          text_.empty() ? nullptr : std::memchr(text_.data() + begin, '\n', text_.size() - begin);
      ends_.push_back(newline == nullptr ? text_.size()
                                         : static_cast<std::size_t>(static_cast<const char*>(newline) - text_.data()));
      if (newline == nullptr) break;
    }
    if (ends_.size() >= UINT32_MAX) throw rowgrad::ValueError("WordRows: expected fewer than 2^32 words");
    std::size_t slots = 16;
    while (slots < 2 * ends_.size()) slots *= 2;
    slots_.resize(slots);
    for (std::size_t row = 0; row < ends_.size(); ++row) {
      const std::string_view word = (*this)[row];
      const std::uint32_t hash = hash_of(word);
      Slot& slot = slots_[slot_of(word, hash)];
      if (slot.row != 0 && !repeated_) repeated_ = row;
      slot = {hash, static_cast<std::uint32_t>(row + 1)};
    }
  }

  std::size_t size() const noexcept { return ends_.size(); }
  std::string_view operator[](std::size_t row) const noexcept {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1] + 1;
    return text_.substr(begin, ends_[row] - begin);
  }
  std::optional<std::size_t> find(std::string_view word) const noexcept {
    const Slot& slot = slots_[slot_of(word, hash_of(word))];
    if (slot.row == 0) return std::nullopt;
    return std::size_t{slot.row} - 1;
  }
  std::optional<std::size_t> repeated() const noexcept { return repeated_; }

 private:
  struct Slot {
    std::uint32_t hash = 0, row = 0;  // the row counted from 1; 0: nothing is here
  };

  /// FNV-1a: words are short.
  static std::uint32_t hash_of(std::string_view word) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
  }

  /// Where the word is, or would be.
  std::size_t slot_of(std::string_view word, std::uint32_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at].row != 0 && !(slots_[at].hash == hash && (*this)[std::size_t{slots_[at].row} - 1] == word))
      at = (at + 1) & mask;
    return at;
  }

  rowgrad::Tensor<std::uint8_t> bytes_;  // keeps the file open
  std::string_view text_;
  std::vector<std::size_t> ends_;
  std::vector<Slot> slots_;
  std::optional<std::size_t> repeated_;
};
