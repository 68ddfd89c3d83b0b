// What: Tokenizer, which assigns an index to each word of some texts and turns texts into lists of indices.
// Why:  it follows Keras to the letter, so that indices and tables agree with models that were trained there.
// See:  tf.keras.preprocessing.text.Tokenizer; vocabulary.hpp for token lists; padding.hpp for what comes next.
#pragma once

#include <array>
#include <cmath>
#include <limits>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/text/word_counts.hpp>

namespace rowgrad::text {

/// Keras's default filters: tab, newline and all ASCII punctuation except the apostrophe.
inline constexpr char default_filters[] = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n";

/// Keras's arguments, names and defaults.
struct TokenizerOptions {
  std::optional<Index> num_words = std::nullopt;        ///< only indices below it are used; none or 0: no limit
  std::string filters = default_filters;                ///< each of these (UTF-8) characters is replaced by split
  bool lower = true;                                    ///< lower-case ASCII letters first
  std::string split = " ";                              ///< what stands between words
  bool char_level = false;                              ///< every character is a word; nothing is filtered
  std::optional<std::string> oov_token = std::nullopt;  ///< takes index 1 and stands for words without an index
};

namespace detail {

// Length of the UTF-8 character that starts with this byte; a stray byte counts as a character by itself.
inline std::size_t utf8_length(char first) noexcept {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// A set of characters, those beyond ASCII as their UTF-8 bytes.
class CharacterSet {
 public:
  explicit CharacterSet(std::string_view characters) {
    while (!characters.empty()) {
      const std::string_view one = characters.substr(0, utf8_length(characters.front()));
      if (one.size() == 1)
        single_[static_cast<unsigned char>(one.front())] = true;
      else
        longer_.emplace_back(one);
      characters.remove_prefix(one.size());
    }
  }

  bool contains(std::string_view one) const {
    if (one.size() == 1) return single_[static_cast<unsigned char>(one.front())];
    return std::find(longer_.begin(), longer_.end(), one) != longer_.end();
  }

 private:
  std::array<bool, 256> single_{};
  std::vector<std::string> longer_;
};

/// The characters of a text, ASCII letters lower-cased first.
inline std::vector<std::string> characters(std::string_view text, bool lower) {
  std::vector<std::string> result;
  while (!text.empty()) {
    std::string& one = result.emplace_back(text.substr(0, utf8_length(text.front())));
    if (lower && one.front() >= 'A' && one.front() <= 'Z') one.front() = static_cast<char>(one.front() - 'A' + 'a');
    text.remove_prefix(one.size());
  }
  return result;
}

}  // namespace detail

/// The words of a text: lower-cased, filter characters replaced by split, cut at split, empty pieces dropped.
/// Only ASCII letters are lower-cased (Keras lower-cases all of Unicode); all other UTF-8 bytes pass unchanged. As in
/// Keras a carriage return is no filter by default. ValueError for an empty split. O(length of the text).
inline std::vector<std::string> text_to_word_sequence(std::string_view text, std::string_view filters = default_filters,
                                                      bool lower = true, std::string_view split = " ") {
  if (split.empty()) throw ValueError("text_to_word_sequence: split must not be empty");
  const detail::CharacterSet filtered(filters);
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    std::string_view one = text.substr(0, detail::utf8_length(text.front()));
    const bool capital = lower && one.front() >= 'A' && one.front() <= 'Z';
    const char small = capital ? static_cast<char>(one.front() - 'A' + 'a') : '\0';
    text.remove_prefix(one.size());
    if (capital) one = std::string_view(&small, 1);
    clean += filtered.contains(one) ? split : one;
  }
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= clean.size();) {
    const std::size_t end = std::min(clean.find(split, begin), clean.size());
    if (end > begin) words.push_back(clean.substr(begin, end - begin));
    begin = end + split.size();
  }
  return words;
}

/// Keras's Tokenizer. Index 0 is reserved; words are numbered from 1 by falling frequency, ties in the
/// order first seen. With an oov_token that token has index 1 and the words follow from 2. A word of the texts
/// that equals oov_token keeps, as in Keras, the index of its own rank; 1 then stays unused.
class Tokenizer {
 public:
  /// ValueError for a negative num_words or an empty split. Before the first fit only oov_token has an index.
  explicit Tokenizer(TokenizerOptions options = {}) : options_(std::move(options)) {
    if (options_.num_words && *options_.num_words < 0)
      rowgrad::detail::raise<ValueError>("Tokenizer: num_words must not be negative, got ", *options_.num_words);
    if (options_.split.empty()) throw ValueError("Tokenizer: split must not be empty");
    rank();
  }

  /// Counts the words of these texts in addition to earlier ones and ranks all words again, so indices may change.
  void fit_on_texts(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      ++document_count_;
      for (const std::string& word : words_of(text)) {
        const auto position = static_cast<std::size_t>(counter_.add(word));
        if (position == documents_.size()) documents_.push_back({word, 0, 0});
        if (documents_[position].last == document_count_) continue;
        documents_[position].last = document_count_;
        ++documents_[position].count;
      }
    }
    rank();
  }

  /// The indices of each text's words. A word without one becomes oov_token's index, or is dropped if there is none.
  std::vector<std::vector<Index>> texts_to_sequences(const std::vector<std::string>& texts) const {
    std::vector<std::vector<Index>> sequences;
    sequences.reserve(texts.size());
    for (const std::string& text : texts) {
      std::vector<Index>& sequence = sequences.emplace_back();
      for (const std::string& word : words_of(text))
        if (const std::optional<Index> index = find(word))
          sequence.push_back(*index);
        else if (oov_index_)
          sequence.push_back(*oov_index_);
    }
    return sequences;
  }

  /// The words of each sequence, with a space between. An index without a word (0, padding, one not below num_words)
  /// becomes oov_token, or is dropped if there is none.
  std::vector<std::string> sequences_to_texts(const std::vector<std::vector<Index>>& sequences) const {
    std::vector<std::string> texts;
    texts.reserve(sequences.size());
    for (const std::vector<Index>& sequence : sequences) {
      std::string& text = texts.emplace_back();
      for (const Index index : sequence) {
        const bool known = index >= first_index_ && index <= last_index() && index < limit();
        if (!known && !oov_index_) continue;
        const std::size_t position = static_cast<std::size_t>((known ? index : *oov_index_) - first_index_);
        if (!text.empty()) text += ' ';
        text += word_index_[position].first;
      }
    }
    return texts;
  }

  /// A row for each text and a column for each index: "binary", whether it occurs; "count", how often; "freq", how
  /// often among the text's indices; "tfidf", (1 + log count) log(1 + texts fitted / (1 + those with the word)).
  /// num_words columns, or one more than there are words. ValueError for another mode, for negative indices, before any
  /// fit.
  template <typename T = float>
  Tensor<T> sequences_to_matrix(const std::vector<std::vector<Index>>& sequences,
                                std::string_view mode = "binary") const {
    if (mode != "binary" && mode != "count" && mode != "freq" && mode != "tfidf")
      rowgrad::detail::raise<ValueError>(
          "Tokenizer: expected the mode \"binary\", \"count\", \"freq\" or \"tfidf\", got \"", mode, '"');
    if (word_index_.empty() && options_.num_words.value_or(0) == 0)
      throw ValueError("Tokenizer: a matrix needs num_words, or words: call fit_on_texts first");
    if (mode == "tfidf" && document_count_ == 0)
      throw ValueError("Tokenizer: \"tfidf\" needs the texts' words counted: call fit_on_texts first");
    const Index columns =
        options_.num_words.value_or(0) == 0 ? static_cast<Index>(word_index_.size()) + 1 : *options_.num_words;
    Tensor<T> matrix = zeros<T>({static_cast<Index>(sequences.size()), columns});
    T* row = matrix.data();
    for (const std::vector<Index>& sequence : sequences) {
      for (const Index index : sequence) {
        if (index < 0) rowgrad::detail::raise<ValueError>("Tokenizer: there is no index ", index);
        if (index < columns) row[index] += T(1);
      }
      for (Index j = 0; j < columns; ++j) {
        if (row[j] == T(0)) continue;
        if (mode == "binary") row[j] = T(1);
        if (mode == "freq") row[j] /= static_cast<T>(sequence.size());
        if (mode == "tfidf") row[j] = static_cast<T>((1 + std::log(static_cast<double>(row[j]))) * rarity(j));
      }
      row += columns;
    }
    return matrix;
  }
  /// The same for texts. Keras: texts_to_matrix.
  template <typename T = float>
  Tensor<T> texts_to_matrix(const std::vector<std::string>& texts, std::string_view mode = "binary") const {
    return sequences_to_matrix<T>(texts_to_sequences(texts), mode);
  }

  /// The index of a word as texts_to_sequences gives it, or nothing for a word that is out of vocabulary: not seen, or
  /// not below num_words. The word is taken as it stands: not lower-cased, not filtered. O(1), no allocation.
  std::optional<Index> find(std::string_view word) const {
    const std::optional<Index> position = index_.find(word);
    if (!position) return std::nullopt;
    const Index index = first_index_ + *position;
    if (index >= limit() && index != oov_index_) return std::nullopt;
    return index;
  }

  /// Rows a table needs for every index that texts_to_sequences can give: the largest of them + 1. 1 before any fit.
  Index size() const noexcept {
    const Index words = std::min(limit() - 1, last_index());
    return 1 + std::max(words, oov_index_.value_or(0));
  }

  /// Every word with its index, by rising index. As in Keras all words are here, whatever num_words.
  const WordCounts& word_index() const noexcept { return word_index_; }
  /// Every word with its count over all fits, in the order first seen.
  const WordCounts& word_counts() const noexcept { return counter_.counts(); }
  /// The word that has an index. IndexError when none has.
  const std::string& index_word(Index index) const {
    if (index < first_index_ || index > last_index())
      rowgrad::detail::raise<IndexError>("Tokenizer: expected an index from ", first_index_, " to ", last_index(),
                                         ", got ", index);
    return word_index_[static_cast<std::size_t>(index - first_index_)].first;
  }
  /// Every word with the number of texts that it occurred in, in the order first seen.
  WordCounts word_docs() const {
    WordCounts result;
    result.reserve(documents_.size());
    for (const Documents& documents : documents_) result.push_back({documents.word, documents.count});
    return result;
  }
  /// Number of texts fitted.
  Index document_count() const noexcept { return document_count_; }
  const TokenizerOptions& options() const noexcept { return options_; }

 private:
  /// Of the texts that a word occurred in, how many there were, and which was the last.
  struct Documents {
    std::string word;
    Index count, last;
  };

  std::vector<std::string> words_of(const std::string& text) const {
    if (options_.char_level) return detail::characters(text, options_.lower);
    return text_to_word_sequence(text, options_.filters, options_.lower, options_.split);
  }

  /// Of tf-idf: log(1 + texts / (1 + texts with the word)).
  double rarity(Index index) const {
    Index with = 0;
    if (index >= first_index_ && index <= last_index())
      if (const std::optional<Index> position = counter_.find(index_word(index)))
        with = documents_[static_cast<std::size_t>(*position)].count;
    return std::log(1 + static_cast<double>(document_count_) / static_cast<double>(1 + with));
  }

  // Keras: `if num_words and index >= num_words`, hence 0 is no limit.
  Index limit() const noexcept {
    const Index words = options_.num_words.value_or(0);
    return words == 0 ? std::numeric_limits<Index>::max() : words;
  }

  Index last_index() const noexcept { return first_index_ + static_cast<Index>(word_index_.size()) - 1; }

  // Keras: word_index = dict(zip([oov_token] + words, 1...)); a second place of the same key overwrites the first.
  void rank() {
    const std::optional<std::string>& oov = options_.oov_token;
    const bool oov_in_texts = oov && counter_.contains(*oov);
    index_ = {};
    if (oov && !oov_in_texts) index_.add(*oov);
    for (const Index position : counter_.by_frequency())
      index_.add(counter_.counts()[static_cast<std::size_t>(position)].first);
    first_index_ = oov_in_texts ? 2 : 1;
    word_index_.clear();
    for (const std::string& word : index_.words()) word_index_.push_back({word, last_index() + 1});
    if (!oov) return;
    if (const std::optional<Index> position = index_.find(*oov)) oov_index_ = first_index_ + *position;
  }

  TokenizerOptions options_;
  detail::WordCounter counter_;
  std::vector<Documents> documents_;  // of the counter's words
  WordCounts word_index_;             // consecutive indices from first_index_
  WordIndex index_;                   // the same words from position 0
  std::optional<Index> oov_index_;
  Index first_index_ = 1;
  Index document_count_ = 0;
};

}  // namespace rowgrad::text

namespace rowgrad {  // the names that programs had before the room had a namespace
using text::default_filters;
using text::text_to_word_sequence;
using text::Tokenizer;
using text::TokenizerOptions;
}  // namespace rowgrad
