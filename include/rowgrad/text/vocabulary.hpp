// What: Vocabulary, the words that have a row of a table, in row order.
// Why:  a model's table, its token lists and its pretrained vectors must agree on which row is which word.
// See:  torchtext.vocab.build_vocab_from_iterator; tokenizer.hpp for Keras's rules; vectors/text_vectors.hpp.
#pragma once

#include <rowgrad/core/error.hpp>
#include <rowgrad/text/word_counts.hpp>

namespace rowgrad::text {

struct VocabularyOptions {
  Index min_frequency = 1;                                 ///< rarer words are left out
  std::optional<Index> max_size = std::nullopt;            ///< at most this many rows, specials included (torchtext's)
  std::vector<std::string> specials = {"<pad>", "<unk>"};  ///< the first rows, whatever the texts contain
  std::optional<std::string> unknown = "<unk>";            ///< the word whose row stands for all others; or none
};

/// Words and their indices 0 .. size()-1. Immutable once built.
class Vocabulary {
 public:
  /// Counts the tokens; specials come first, then words by falling frequency, ties in the order first seen.
  /// A special that also occurs in the texts keeps its place. ValueError for min_frequency < 1, a max_size below the
  /// number of specials, a special given twice, an unknown that is not in the vocabulary.
  explicit Vocabulary(const std::vector<std::vector<std::string>>& token_lists, VocabularyOptions options = {}) {
    const auto specials = static_cast<Index>(options.specials.size());
    if (options.min_frequency < 1)
      rowgrad::detail::raise<ValueError>("Vocabulary: min_frequency must be at least 1, got ", options.min_frequency);
    if (options.max_size && *options.max_size < specials)
      rowgrad::detail::raise<ValueError>("Vocabulary: max_size ", *options.max_size, " has no room for the ", specials,
                                         " specials");
    detail::WordCounter counter;
    for (const std::vector<std::string>& tokens : token_lists)
      for (const std::string& token : tokens) counter.add(token);
    for (const std::string& special : options.specials) append(special);
    for (const Index position : counter.by_frequency()) {
      const auto& [word, frequency] = counter.counts()[static_cast<std::size_t>(position)];
      if (frequency < options.min_frequency || (options.max_size && size() >= *options.max_size)) break;
      index_.add(word);
    }
    frequencies_.reserve(words().size());
    for (const std::string& word : words()) frequencies_.push_back(counter.count(word));
    set_unknown(options.unknown);
  }

  /// The words of a list in its order, for instance another vocabulary's words(). The default unknown word, "<unk>",
  /// stays the unknown word where it is in the list; without it there is none. Frequencies are 0. ValueError for a word
  /// given twice.
  static Vocabulary from_words(const std::vector<std::string>& words) {
    Vocabulary result(words, std::nullopt);
    if (const VocabularyOptions defaults; defaults.unknown) result.unknown_ = result.find(*defaults.unknown);
    return result;
  }

  /// The same with another unknown word, or with none: from_words(saved.words(), saved.unknown()) is saved's equal but
  /// for the frequencies. ValueError also for an unknown word that is not in the list.
  static Vocabulary from_words(const std::vector<std::string>& words, const std::optional<std::string>& unknown) {
    return Vocabulary(words, unknown);
  }

  /// Number of words: the rows of their table.
  Index size() const noexcept { return index_.size(); }

  /// The word's own index, or nothing: the unknown's index is not given here. O(1), no allocation.
  std::optional<Index> find(std::string_view word) const { return index_.find(word); }

  bool contains(std::string_view word) const { return index_.contains(word); }

  /// The word's index, or the unknown's. IndexError when the word is not here and there is no unknown.
  Index operator[](std::string_view word) const {
    if (const std::optional<Index> index = find(word)) return *index;
    if (unknown_) return *unknown_;
    rowgrad::detail::raise<IndexError>("Vocabulary: \"", word, "\" is not among the ", size(),
                                       " words, and there is no unknown word to stand for it");
  }

  /// operator[] of each token.
  std::vector<Index> encode(const std::vector<std::string>& tokens) const {
    std::vector<Index> indices;
    indices.reserve(tokens.size());
    for (const std::string& token : tokens) indices.push_back((*this)[token]);
    return indices;
  }

  /// The word at an index. IndexError outside [0, size()).
  const std::string& word(Index index) const {
    if (index < 0 || index >= size())
      rowgrad::detail::raise<IndexError>("Vocabulary: index ", index, " is outside the ", size(),
                                         " words (does it come from another vocabulary?)");
    return words()[static_cast<std::size_t>(index)];
  }

  /// All words in index order.
  const std::vector<std::string>& words() const noexcept { return index_.words(); }

  /// How often a word of this vocabulary occurs in the texts it was built from; 0 for words that are not here.
  Index frequency(std::string_view word) const {
    const std::optional<Index> index = find(word);
    return index ? frequencies_[static_cast<std::size_t>(*index)] : 0;
  }

  /// The index that stands for words that are not here, if there is one.
  std::optional<Index> unknown_index() const noexcept { return unknown_; }
  /// The word at that index.
  std::optional<std::string> unknown() const {
    if (!unknown_) return std::nullopt;
    return word(*unknown_);
  }

 private:
  Vocabulary(const std::vector<std::string>& words, const std::optional<std::string>& unknown) {
    for (const std::string& word : words) append(word);
    frequencies_.resize(words.size());
    set_unknown(unknown);
  }

  void append(const std::string& word) {
    const auto [position, is_new] = index_.add(word);
    if (!is_new)
      rowgrad::detail::raise<ValueError>("Vocabulary: \"", word, "\" is given twice, at ", position, " and at ",
                                         size());
  }

  void set_unknown(const std::optional<std::string>& unknown) {
    if (!unknown) return;
    unknown_ = find(*unknown);
    if (!unknown_)
      rowgrad::detail::raise<ValueError>("Vocabulary: the unknown word \"", *unknown,
                                         "\" is not in the vocabulary (add it to the specials, or pass none)");
  }

  WordIndex index_;
  std::vector<Index> frequencies_;
  std::optional<Index> unknown_;
};

}  // namespace rowgrad::text

namespace rowgrad {  // the names that programs had before the room had a namespace
using text::Vocabulary;
using text::VocabularyOptions;
}  // namespace rowgrad
