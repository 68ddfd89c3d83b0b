// What: training and evaluation of the classifier.
// Why:  the loop that people copy: batches, loss, backward, step, and a learning rate that falls to zero.
// See:  model.hpp, corpus.hpp, progress.hpp; docs/deferred_rows.md for why a step costs what the rows it looks up cost.
#pragma once

#include <cmath>

#include "corpus.hpp"
#include "interrupt.hpp"
#include "progress.hpp"

namespace optim = rowgrad::optim;

/// What the table starts from, and whether it learns.
enum class Table { random, frozen, fine_tuned };

struct TrainingOptions {
  ModelOptions model;
  Index epochs = 0;  // 0: the encoder's own
  Index batch_size = 32;
  double lr = 0;  // 0: the encoder's own

  /// Defaults where the user has not said otherwise: the mean learns fast, the other encoders slowly.
  void fill_in() {
    const bool mean = model.encoder == Encoder::mean;
    if (epochs == 0) epochs = mean ? 4 : 8;
    if (lr == 0) lr = mean ? 4e-3 : 2e-3;
  }
};

/// Mean loss, and the fraction of sentences that are classified correctly.
struct Score {
  double loss = 0, accuracy = 0;
};

/// A class for each sample, in the order of the batches, and how sure the model is of it.
struct Predictions {
  std::vector<Index> classes;
  std::vector<float> probabilities;
  Score score;
};

inline SentimentClassifier make_model(const Corpus& corpus, Table table, const ModelOptions& options) {
  if (table == Table::random) {
    nn::Embedding<float> random(corpus.vocabulary.size(), 100, {.padding_idx = padding_row});
    random.weight.array() *= 0.1f;  // from Normal(0, 1) to the size of trained vectors
    return {std::move(random), corpus.classes(), options};
  }
  // A clone, because from_pretrained shares the values it is given and the next fold needs them as they were.
  return {nn::Embedding<float>::from_pretrained(corpus.vectors->weight.clone(),
                                                {.freeze = table == Table::frozen, .padding_idx = padding_row}),
          corpus.classes(), options};
}

/// Number of rows of scores whose largest entry is that of the label.
inline Index count_right(const Tensor<float>& scores, const Indices& labels) {
  return (argmax(scores, 1).array() == labels.array()).count();
}

/// The model's predictions for these batches. Unlike in training, nothing is recorded for gradients.
inline Predictions predict(SentimentClassifier& model, const rowgrad::data::Batches& batches) {
  const rowgrad::no_grad guard;
  model.eval();
  Predictions result;
  for (const auto& [ids, labels, lengths, samples] : batches) {
    const Tensor<float> scores = model(ids, lengths);
    const auto [probabilities, classes] = max(softmax(scores, 1), 1);
    for (Index i = 0; i < classes.numel(); ++i) {
      result.classes.push_back(classes.data()[i]);
      result.probabilities.push_back(probabilities.data()[i]);
    }
    result.score.loss += cross_entropy(scores, labels, {.reduction = rowgrad::Reduction::sum}).item();
    result.score.accuracy += static_cast<double>(count_right(scores, labels));
  }
  result.score.loss /= static_cast<double>(batches.samples());
  result.score.accuracy /= static_cast<double>(batches.samples());
  return result;
}

/// Trains one model, epoch by epoch. Model and progress must outlive it.
class Trainer {
 public:
  Trainer(SentimentClassifier& model, rowgrad::data::Batches batches, const TrainingOptions& options,
          Progress& progress)
      : model_(model),
        batches_(std::move(batches)),
        options_(options),
        progress_(progress),
        adam_(model.parameters(), {.lr = options.lr}) {}

  /// One pass over the batches; each batch is scored just before the model learns from it. Nothing when Ctrl-C came in
  /// between (see Interruptible).
  std::optional<Score> epoch() {
    model_.train();
    Score score;
    for (const auto& [ids, labels, lengths, samples] : batches_) {
      if (Interruptible::requested()) return std::nullopt;
      // Large steps at first, smaller and smaller ones towards the end.
      const auto steps = static_cast<double>(options_.epochs * batches_.size());
      adam_.lr() = options_.lr * (1 - static_cast<double>(step_++) / steps);

      adam_.zero_grad();
      const Tensor<float> scores = model_(ids, lengths);
      const Tensor<float> loss = cross_entropy(scores, labels);
      if (!std::isfinite(loss.item())) throw diverged();
      loss.backward();
      adam_.step();

      const auto count = static_cast<double>(samples.size());
      score.loss += count * static_cast<double>(loss.item());
      score.accuracy += static_cast<double>(count_right(scores, labels));
      progress_.advance(static_cast<Index>(samples.size()), loss.item());
    }
    score.loss /= static_cast<double>(batches_.samples());
    score.accuracy /= static_cast<double>(batches_.samples());
    return score;
  }

  /// What to throw when a loss is no longer a number.
  InputError diverged() const {
    char lr[32];
    std::snprintf(lr, sizeof lr, "%g", options_.lr);
    return InputError("the loss is no longer a finite number after " + std::to_string(step_) + " steps: --lr " + lr +
                      " is too large (the default is 0.004 for the mean, otherwise 0.002)");
  }

 private:
  SentimentClassifier& model_;
  rowgrad::data::Batches batches_;
  TrainingOptions options_;
  Progress& progress_;
  optim::Adam<float> adam_;
  Index step_ = 0;
};

/// Trains a new model on the fold's training part; its accuracy on the test part.
inline double fold_accuracy(const Corpus& corpus, const rowgrad::data::Fold& fold, Table table,
                            const TrainingOptions& options, Progress& progress) {
  const std::vector<bool> known = known_words(corpus, fold.train);
  SentimentClassifier model = make_model(corpus, table, options.model);
  Trainer trainer(model, make_batches(corpus, fold.train, known, options.batch_size, true), options, progress);
  for (Index epoch = 0; epoch < options.epochs; ++epoch) trainer.epoch();
  const Score score = predict(model, make_batches(corpus, fold.test, known, options.batch_size, false)).score;
  if (!std::isfinite(score.loss)) throw trainer.diverged();
  return score.accuracy;
}
