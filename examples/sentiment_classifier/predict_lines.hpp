// What: the classification of sentences without a label, from a file, a pipe or the keyboard.
// Why:  a trained model is there to be used; a sentence gets the same answer whichever way it comes.
// See:  train_command.hpp; training.hpp (predict).
#pragma once

#include <fstream>
#include <iostream>

#include "training.hpp"

/// The lines of a file, or of the standard input for "-". InputError when it cannot be read or holds no line.
inline std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in) throw InputError("--predict: cannot read '" + path + "' (is the name right?)");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  if (in.bad()) throw InputError("--predict: cannot read '" + path + "' (is it a directory?)");
  if (lines.empty()) throw InputError("--predict: there are no lines in '" + path + "'");
  return lines;
}

/// The ids of a sentence. InputError when it has no word that the model knows.
inline std::vector<Index> encode_line(const Corpus& corpus, const std::string& line, const std::vector<bool>& known) {
  const Words words = tokenize(line);
  if (words.empty()) throw InputError("the line is empty: expected a sentence");
  std::vector<Index> ids = encode(corpus, words, known);
  if (ids.empty())
    throw InputError("the model knows no word of \"" + line + "\": none occurs in the training sentences" +
                     (corpus.vectors ? " or has a vector" : " (--vectors would give it more words)"));
  return ids;
}

/// encode_line of each line; the InputError says which line it is about.
inline std::vector<std::vector<Index>> encode_lines(const Corpus& corpus, const std::vector<std::string>& lines,
                                                    const std::vector<bool>& known) {
  std::vector<std::vector<Index>> ids;
  try {
    for (const std::string& line : lines) ids.push_back(encode_line(corpus, line, known));
  } catch (const InputError& error) {
    throw InputError("--predict, line " + std::to_string(ids.size() + 1) + ": " + error.what());
  }
  return ids;
}

/// Prints class, probability and text of each sentence with tabs between, in the order of a data file's columns.
inline void print_classes(SentimentClassifier& model, const Corpus& corpus, const std::vector<std::string>& lines,
                          const std::vector<std::vector<Index>>& ids) {
  const std::vector<Index> no_labels(ids.size(), 0);
  const Predictions predictions = predict(model, rowgrad::data::Batches(ids, no_labels, {.shuffle = false}));
  for (std::size_t i = 0; i < lines.size(); ++i)
    std::printf("%s\t%.4f\t%s\n", corpus.class_name(predictions.classes[i]),
                static_cast<double>(predictions.probabilities[i]), lines[i].c_str());
}

/// Gives the trained model's table the rows that the corpus has got since, with their pretrained vectors.
inline void extend_table(SentimentClassifier& model, const Corpus& corpus) {
  const Index added = corpus.vocabulary.size() - model.embedding.num_embeddings();
  if (!corpus.vectors || added == 0) return;
  rowgrad::Generator unused;  // the rows are overwritten
  model.embedding.add_rows(added, unused);
  model.embedding.weight.matrix().bottomRows(added) = corpus.vectors->weight.matrix().bottomRows(added);
}

/// Answers each line as it is typed; what is wrong with one is explained, and the next may be better. Words that are
/// new to the corpus are looked up in the vectors, just as those of piped lines are before training.
inline void answer_typed_lines(SentimentClassifier& model, Corpus corpus, const std::vector<Index>& training) {
  std::printf("\nType a sentence, or Ctrl-D to end\n");
  for (std::string line; std::printf("> "), std::fflush(stdout), std::getline(std::cin, line);) try {
      look_up(corpus, {line});
      extend_table(model, corpus);
      print_classes(model, corpus, {line}, {encode_line(corpus, line, known_words(corpus, training))});
    } catch (const InputError& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  std::printf("\n");
}
