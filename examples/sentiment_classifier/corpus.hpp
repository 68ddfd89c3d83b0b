// What: labelled sentences as the model reads them: words, their rows in the table, their pretrained vectors.
// Why:  which words a model may know depends on what it was trained on; that is decided here, in one place.
// See:  model.hpp; rowgrad/data/labelled_text.hpp (the file format), rowgrad/vectors/text_vectors.hpp.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"

/// Something the user can mend: the program says what, and ends with exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Words = std::vector<std::string>;

/// Lower-case words. As in GloVe's own tokens "don't" is "do" and "n't", "it's" is "it" and "'s"; '!' and '?' count as
/// words, for they carry feeling.
inline Words tokenize(std::string_view text) {
  std::string spaced;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\u2019")) {  // the typographic apostrophe
      spaced += '\'';
      i += 2;
    } else if (text[i] == '!' || text[i] == '?') {
      spaced += {' ', text[i], ' '};
    } else {
      spaced += text[i];
    }
  }
  Words words;
  for (std::string& word : rowgrad::text::text_to_word_sequence(spaced, "\"#$%&()*+,-./:;<=>@[\\]^_`{|}~\t\n\r")) {
    while (word.ends_with('\'')) word.pop_back();  // quotation marks
    while (word.starts_with('\'')) word.erase(0, 1);
    std::string ending;
    for (const char* candidate : {"n't", "'s", "'m", "'d", "'re", "'ve", "'ll"})
      if (word.ends_with(candidate)) ending = candidate;
    word.resize(word.size() - ending.size());
    if (!word.empty()) words.push_back(word);
    if (!ending.empty()) words.push_back(ending);
  }
  return words;
}

inline std::vector<Words> tokenize_all(const std::vector<std::string>& texts) {
  std::vector<Words> result;
  for (const std::string& text : texts) result.push_back(tokenize(text));
  return result;
}

struct Corpus {
  rowgrad::data::LabelledText data;
  std::vector<Words> sentences;          // the words of each text
  rowgrad::text::Vocabulary vocabulary;  // the padding row, then every word of the texts
  std::optional<rowgrad::vectors::PretrainedVectors<float>> vectors;

  Index data_words = 0;  // how many words the texts have; later rows of the vocabulary are words of other sentences

  Index size() const { return static_cast<Index>(sentences.size()); }
  Index classes() const { return static_cast<Index>(data.classes.size()); }
  Index label(Index sample) const { return data.labels[static_cast<std::size_t>(sample)]; }
  const Words& words(Index sample) const { return sentences[static_cast<std::size_t>(sample)]; }
  const char* class_name(Index label) const { return data.classes[static_cast<std::size_t>(label)].c_str(); }
};

/// Reads the data and, unless vectors_path is empty, the vectors of its words. later_texts are unlabelled texts that
/// the model will meet in use: their words get vectors, too. InputError and rowgrad's errors for files that will not
/// do.
inline Corpus load_corpus(const std::string& data_path, const std::string& vectors_path, std::uint64_t seed,
                          const std::vector<std::string>& later_texts = {}) {
  rowgrad::data::LabelledText data = rowgrad::data::load_labelled_text(data_path);
  if (data.classes.size() < 2)
    throw InputError(data_path + ": every sentence has the label \"" + data.classes.front() +
                     "\", so there is nothing to tell apart (the label is the first column)");
  std::vector<Words> sentences = tokenize_all(data.texts);
  rowgrad::text::Vocabulary words(sentences, {.specials = {"<pad>"}, .unknown = std::nullopt});
  Corpus corpus{std::move(data), std::move(sentences), std::move(words), std::nullopt};
  corpus.data_words = corpus.vocabulary.size() - 1;
  if (vectors_path.empty()) return corpus;

  // Later words come behind those of the data, which keep their rows: asking for more predictions changes none.
  corpus.vocabulary = rowgrad::text::Vocabulary(tokenize_all(later_texts),
                                                {.specials = corpus.vocabulary.words(), .unknown = std::nullopt});
  rowgrad::Generator generator(seed);  // for the rows that the file lacks
  corpus.vectors = rowgrad::vectors::load_text_vectors<float>(
      vectors_path, corpus.vocabulary, {.padding_index = padding_row, .missing_deviation = 0.1}, generator);
  if (corpus.vectors->found == 0)
    throw InputError(vectors_path + ": holds none of the " + std::to_string(corpus.data_words) +
                     " words of the data (are these vectors of another language, or of capitalised words?)");
  return corpus;
}

/// For each row whether a model trained on these samples knows its word: it was among them, or it has a pretrained
/// vector. The latter holds for words of the test sentences, too: a model in use has the whole vector file at hand, and
/// here its rows are merely loaded no earlier than needed.
inline std::vector<bool> known_words(const Corpus& corpus, const std::vector<Index>& training_samples) {
  std::vector<bool> known(static_cast<std::size_t>(corpus.vocabulary.size()), corpus.vectors.has_value());
  if (corpus.vectors)
    for (const Index row : corpus.vectors->missing) known[static_cast<std::size_t>(row)] = false;
  for (const Index sample : training_samples)
    for (const std::string& word : corpus.words(sample))
      known[static_cast<std::size_t>(corpus.vocabulary[word])] = true;
  known[padding_row] = false;
  return known;
}

/// The rows of the known words; the other words are left out.
inline std::vector<Index> encode(const Corpus& corpus, const Words& words, const std::vector<bool>& known) {
  std::vector<Index> ids;
  for (const std::string& word : words)
    if (const auto row = corpus.vocabulary.find(word); row && known[static_cast<std::size_t>(*row)])
      ids.push_back(*row);
  return ids;
}

/// These samples in padded batches, in a new order each epoch if shuffled.
inline rowgrad::data::Batches make_batches(const Corpus& corpus, const std::vector<Index>& samples,
                                           const std::vector<bool>& known, Index batch_size, bool shuffle) {
  std::vector<std::vector<Index>> sequences;
  std::vector<Index> labels;
  for (const Index sample : samples) {
    sequences.push_back(encode(corpus, corpus.words(sample), known));
    labels.push_back(corpus.label(sample));
  }
  return {std::move(sequences),
          std::move(labels),
          {.batch_size = batch_size, .shuffle = shuffle, .padding_value = padding_row}};
}
