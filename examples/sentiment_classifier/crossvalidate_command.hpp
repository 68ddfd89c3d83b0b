// What: crossvalidate, and the comparison of three tables that runs when no command is given.
// Why:  accuracy on sentences that the model has not seen; each sentence is tested once.
// See:  training.hpp (fold_accuracy); rowgrad/data/splits.hpp.
#pragma once

#include <numeric>

#include "options.hpp"

struct MeanAndDeviation {
  double mean, deviation;  // the deviation of a sample (n - 1)
};

inline MeanAndDeviation summarise(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (n - 1))};
}

/// InputError when there are too few sentences for so many folds.
inline std::vector<rowgrad::data::Fold> make_folds(const Corpus& corpus, Index folds) {
  if (folds > corpus.size())
    throw InputError("--folds " + std::to_string(folds) + ": there are only " + std::to_string(corpus.size()) +
                     " sentences, and each fold needs one to test on");
  return rowgrad::data::k_folds(corpus.data.labels, folds);
}

/// Trains on all folds but one and tests on that one, for each fold in turn.
inline void crossvalidate_command(const Options& options) {
  const Corpus corpus = load_corpus(options.data, options.vectors, options.seed);
  rowgrad::manual_seed(options.seed);
  const std::vector<rowgrad::data::Fold> folds = make_folds(corpus, options.folds);
  print_summary(corpus, options.vectors);
  std::vector<double> accuracies;
  Progress progress;
  for (const rowgrad::data::Fold& fold : folds) {
    const std::string title = "fold " + std::to_string(accuracies.size() + 1);
    progress.start(title, options.training.epochs * static_cast<Index>(fold.train.size()));
    accuracies.push_back(fold_accuracy(corpus, fold, options.table(), options.training, progress));
    progress.clear();
    std::printf("%-7s  accuracy %.4f\n", title.c_str(), accuracies.back());
  }
  const auto [mean, deviation] = summarise(accuracies);
  std::printf("accuracy %.4f +- %.4f\n", mean, deviation);
}

/// What pretrained vectors, and training them further, are worth on the reviews that ship with this example. All three
/// tables see the same folds.
inline void compare_command(const Options& options) {
  const std::string folder = ROWGRAD_EXAMPLES_DATA_DIR "/", vectors = "glove.reviews.100d.txt";
  const Corpus with_vectors = load_corpus(folder + "reviews.tsv", folder + vectors, options.seed);
  Corpus without_vectors = with_vectors;
  without_vectors.vectors.reset();
  rowgrad::manual_seed(options.seed);
  const std::vector<rowgrad::data::Fold> folds = make_folds(with_vectors, options.folds);

  std::printf("Reviews of films, products and restaurants: bad (0) or good (1)?\n");
  print_summary(with_vectors, vectors);
  std::printf(
      "\nrandom      words start at random and learn\n"
      "frozen      words have GloVe's vectors, which stay as they are\n"
      "fine-tuned  words start from GloVe's vectors and learn\n"
      "\nAccuracy on held-out sentences\n"
      "              random      frozen  fine-tuned\n");
  const Table tables[] = {Table::random, Table::frozen, Table::fine_tuned};
  std::vector<double> accuracies[3];
  Progress progress;
  for (const rowgrad::data::Fold& fold : folds) {
    const std::string title = "fold " + std::to_string(accuracies[0].size() + 1);
    progress.start(title, 3 * options.training.epochs * static_cast<Index>(fold.train.size()));
    for (std::size_t i = 0; i < 3; ++i)
      accuracies[i].push_back(fold_accuracy(tables[i] == Table::random ? without_vectors : with_vectors, fold,
                                            tables[i], options.training, progress));
    progress.clear();
    std::printf("%-8s%12.4f%12.4f%12.4f\n", title.c_str(), accuracies[0].back(), accuracies[1].back(),
                accuracies[2].back());
  }
  const MeanAndDeviation random = summarise(accuracies[0]), frozen = summarise(accuracies[1]),
                         fine_tuned = summarise(accuracies[2]);
  std::printf("mean    %12.4f%12.4f%12.4f\n", random.mean, frozen.mean, fine_tuned.mean);
  std::printf("+-      %12.4f%12.4f%12.4f\n", random.deviation, frozen.deviation, fine_tuned.deviation);
  std::printf("\nWith data of your own: sentiment_classifier train --help\n");
}
