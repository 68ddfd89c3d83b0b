// What: train: one model, evaluated on held-out data after each epoch, then explained and used.
// Why:  what someone does first with data of their own.
// See:  training.hpp (the loop), report.hpp (the explanations), predict_lines.hpp.
#pragma once

#include "options.hpp"
#include "predict_lines.hpp"
#include "report.hpp"

/// Trains for all epochs and leaves in the model the weights of the epoch with the lowest validation loss.
inline void train_and_keep_best(SentimentClassifier& model, rowgrad::data::Batches training,
                                const rowgrad::data::Batches& validation, const TrainingOptions& options) {
  Progress progress;
  progress.start("training", options.epochs * training.samples());
  Trainer trainer(model, std::move(training), options, progress);
  SentimentClassifier best = model;
  double best_loss = 0;
  Index best_epoch = 0;
  std::printf("            training           validation\nepoch     loss  accuracy       loss  accuracy\n");
  for (Index epoch = 1; epoch <= options.epochs; ++epoch) {
    const Score learnt = trainer.epoch(), judged = predict(model, validation).score;
    progress.clear();
    if (!std::isfinite(judged.loss)) throw trainer.diverged();
    std::printf("%5d   %6.4f    %6.4f     %6.4f    %6.4f\n", static_cast<int>(epoch), learnt.loss, learnt.accuracy,
                judged.loss, judged.accuracy);
    if (best_epoch != 0 && judged.loss >= best_loss) continue;
    best = model;  // a copy, with weights of its own
    best_loss = judged.loss;
    best_epoch = epoch;
  }
  model = best;
  std::printf("The model of epoch %d is kept: its validation loss is the lowest.\n", static_cast<int>(best_epoch));
}

inline void train_command(const Options& options) {
  // Piped lines are read and checked first: nobody should wait for training only to be told what is wrong with them.
  const bool typed = options.predict == "-" && isatty(STDIN_FILENO) != 0;
  std::vector<std::string> lines;
  if (!options.predict.empty() && !typed) lines = read_lines(options.predict);

  Corpus corpus = load_corpus(options.data, options.vectors, options.seed);
  look_up(corpus, lines);
  rowgrad::manual_seed(options.seed);
  const auto [training, validation] = rowgrad::data::train_validation_split(corpus.data.labels, options.validation);
  const std::vector<bool> known = known_words(corpus, training);
  const std::vector<std::vector<Index>> line_ids = encode_lines(corpus, lines, known);

  SentimentClassifier model = make_model(corpus, options.table(), options.training.model);
  const Tensor<float> table_before = model.embedding.weight.clone();
  print_summary(corpus, options.vectors);
  std::cout << training.size() << " sentences train, " << validation.size() << " validate; "
            << model.parameter_count(true) << " of " << model.parameter_count() << " weights learn\n\n";
  const Index batch_size = options.training.batch_size;
  const rowgrad::data::Batches validation_batches = make_batches(corpus, validation, known, batch_size, false);
  train_and_keep_best(model, make_batches(corpus, training, known, batch_size, true), validation_batches,
                      options.training);

  const Predictions predictions = predict(model, validation_batches);
  print_confusion(corpus, validation, predictions);
  print_mistakes(corpus, validation, predictions, 5);
  print_neighbours(corpus, training, table_before, model.embedding.weight);
  if (typed) answer_typed_lines(model, corpus, training);
  if (lines.empty()) return;
  std::printf("\nClass, its probability, sentence\n");
  print_classes(model, corpus, lines, line_ids);
}
