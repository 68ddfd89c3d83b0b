// What: labelled sentences as the model reads them: words, their rows in the table, their pretrained vectors.
// Why:  which words a model may know depends on what it was trained on; that is decided here, in one place.
// See:  model.hpp; rowgrad/data/labelled_text.hpp (the file format), rowgrad/vectors/text_vectors.hpp.
#pragma once

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rowgrad/rowgrad.hpp>
#include <rowgrad/vectors.hpp>

#include "input_error.hpp"
#include "model.hpp"
#include "tokenize.hpp"

struct Corpus {
  rowgrad::data::LabelledText data;
  std::vector<Words> sentences;          // the words of each text
  rowgrad::text::Vocabulary vocabulary;  // the padding row, every word of the texts, then words of other sentences
  std::string vectors_path;              // empty: the words have no pretrained vectors
  std::optional<rowgrad::vectors::PretrainedVectors<float>> vectors;
  Index data_words = 0;  // how many words the texts have

  Index size() const { return static_cast<Index>(sentences.size()); }
  Index classes() const { return static_cast<Index>(data.classes.size()); }
  Index label(Index sample) const { return data.labels[static_cast<std::size_t>(sample)]; }
  const Words& words(Index sample) const { return sentences[static_cast<std::size_t>(sample)]; }
  const char* class_name(Index label) const { return data.classes[static_cast<std::size_t>(label)].c_str(); }
};

inline bool is_whole_number(const std::string& text) {
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether the first line names the columns, as far as one can tell: no other line has its label, and either its text
/// is a single word, or its label is the only one that is not a whole number.
inline bool starts_with_header(const rowgrad::data::LabelledText& data) {
  const auto& [texts, labels, classes] = data;
  if (classes.size() < 2 || std::count(labels.begin(), labels.end(), labels.front()) > 1) return false;
  const std::string& label = classes[static_cast<std::size_t>(labels.front())];
  const bool others_are_numbers = std::all_of(
      classes.begin(), classes.end(), [&](const std::string& name) { return name == label || is_whole_number(name); });
  if (is_whole_number(label)) return false;
  return others_are_numbers || texts.front().find(' ') == std::string::npos;
}

inline void tell_of_header(const std::string& path, const std::string& label) {
  std::fprintf(stderr, "%s:1: \"%s\" is the label of this line alone: the line is taken for a header and skipped\n",
               path.c_str(), label.c_str());
}

/// The labelled sentences of a file. A header is skipped, and the user told.
inline rowgrad::data::LabelledText load_data(const std::string& path) {
  rowgrad::data::LabelledText data = rowgrad::data::load_labelled_text(path);
  if (starts_with_header(data)) {
    tell_of_header(path, data.classes[static_cast<std::size_t>(data.labels.front())]);
    data = rowgrad::data::load_labelled_text(path, {}, true);
  }
  if (data.classes.size() < 2)
    throw InputError(path + ": every sentence has the label \"" + data.classes.front() +
                     "\", so there is nothing to tell apart (the label is the first column)");
  return data;
}

/// Reads the data and, unless vectors_path is empty, the vectors of its words. InputError and rowgrad's errors for
/// files that will not do.
inline Corpus load_corpus(const std::string& data_path, const std::string& vectors_path, std::uint64_t seed) {
  rowgrad::data::LabelledText data = load_data(data_path);
  std::vector<Words> sentences = tokenize_all(data.texts);
  rowgrad::text::Vocabulary words(sentences, {.specials = {"<pad>"}, .unknown = std::nullopt});
  Corpus corpus{std::move(data), std::move(sentences), std::move(words), vectors_path, std::nullopt};
  corpus.data_words = corpus.vocabulary.size() - 1;
  if (vectors_path.empty()) return corpus;

  rowgrad::Generator generator(seed);  // for the rows that the file lacks
  corpus.vectors = rowgrad::vectors::load_text_vectors<float>(
      vectors_path, corpus.vocabulary, {.padding_index = padding_row, .missing_deviation = 0.1}, generator);
  if (corpus.vectors->found == 0)
    throw InputError(vectors_path + ": holds none of the " + std::to_string(corpus.data_words) +
                     " words of the data (are these vectors for another language, or for capitalised words?)");
  return corpus;
}

/// Looks the words of these texts up in the vectors, if there are any. Words that the corpus does not have yet get rows
/// after all others: the rows of the data stay as they are, so that no prediction depends on what else is asked.
inline void look_up(Corpus& corpus, const std::vector<std::string>& texts) {
  if (!corpus.vectors) return;
  std::vector<Words> unseen;
  for (const std::string& text : texts)
    for (const std::string& word : tokenize(text))
      if (!corpus.vocabulary.contains(word)) unseen.push_back({word});
  if (unseen.empty()) return;
  const rowgrad::text::Vocabulary words(unseen, {.specials = {}, .unknown = std::nullopt});
  const auto found = rowgrad::vectors::load_text_vectors<float>(
      corpus.vectors_path, words, {.dimension = corpus.vectors->dimension(), .missing_deviation = 0.0});

  std::vector<std::string> all = corpus.vocabulary.words();
  for (const Index row : found.missing) corpus.vectors->missing.push_back(row + corpus.vocabulary.size());
  all.insert(all.end(), words.words().begin(), words.words().end());
  corpus.vocabulary = rowgrad::text::Vocabulary::from_words(all, std::nullopt);
  corpus.vectors->weight = rowgrad::cat<float>({corpus.vectors->weight, found.weight}, 0);
}

/// For each row, whether a model trained on these samples knows its word: it occurs in them, or it has a pretrained
/// vector. The latter holds for words of the test sentences, too: a model in use has the whole file of vectors at hand;
/// here its rows are merely loaded when they are needed.
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
