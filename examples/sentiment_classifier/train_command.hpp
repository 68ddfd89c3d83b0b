// What: train: one model, evaluated on held-out data after each epoch, then explained and used.
// Why:  what someone does first with data of their own.
// See:  training.hpp (the loop), report.hpp (the explanations), predict_lines.hpp.
#pragma once

#include <sys/stat.h>

#include <cstring>

#include "model_file.hpp"
#include "options.hpp"
#include "predict_lines.hpp"
#include "report.hpp"

/// What became of a training run, for people and for the model's file.
struct TrainingRun {
  Index epochs = 0, best_epoch = 0;  // done; whose weights are kept
  Score learnt, judged;              // of the best epoch: training and validation
};

/// Trains for all epochs, or until Ctrl-C, and leaves in the model the weights of the epoch with the lowest validation
/// loss. InputError when there is none yet.
inline TrainingRun train_and_keep_best(SentimentClassifier& model, rowgrad::data::Batches training,
                                       const rowgrad::data::Batches& validation, const TrainingOptions& options) {
  const Interruptible until_interrupted;
  Progress progress;
  progress.start("training", options.epochs * training.samples());
  Trainer trainer(model, std::move(training), options, progress);
  SentimentClassifier best = model;
  TrainingRun run;
  std::printf("            training           validation\nepoch     loss  accuracy       loss  accuracy\n");
  while (run.epochs < options.epochs && !Interruptible::requested()) {
    const std::optional<Score> learnt = trainer.epoch();
    if (!learnt) break;
    const Score judged = predict(model, validation).score;
    progress.clear();
    if (!std::isfinite(judged.loss)) throw trainer.diverged();
    std::printf("%5d   %6.4f    %6.4f     %6.4f    %6.4f\n", static_cast<int>(++run.epochs), learnt->loss,
                learnt->accuracy, judged.loss, judged.accuracy);
    std::fflush(stdout);  // who reads along in a file or a pipe wants to know, too
    if (run.best_epoch != 0 && judged.loss >= run.judged.loss) continue;
    best = model;  // a copy, with weights of its own
    run = {run.epochs, run.epochs, *learnt, judged};
  }
  progress.clear();
  if (run.best_epoch == 0) throw InputError("interrupted before the first epoch was done: there is no model to keep");
  if (run.epochs < options.epochs) std::printf("Interrupted in epoch %d.\n", static_cast<int>(run.epochs) + 1);
  model = best;
  std::printf("The model of epoch %d is kept: its validation loss is the lowest.\n", static_cast<int>(run.best_epoch));
  return run;
}

/// InputError when a file of that name could not be written: nobody should wait for training only to be told.
inline void check_can_save(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
    throw InputError("--save: '" + path + "' is a folder, expected the name of a file");
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    throw InputError("--save: no file can be written in '" + folder + "' (" + std::strerror(errno) + ")");
}

/// The model with the words that it knows, and where it comes from.
inline void save_trained(const Options& options, const SentimentClassifier& model, const Corpus& corpus,
                         const std::vector<bool>& known, const rowgrad::data::TrainValidation& parts,
                         const TrainingRun& run) {
  std::vector<Index> kept{padding_row};
  for (Index row = 1; row < corpus.vocabulary.size(); ++row)
    if (known[static_cast<std::size_t>(row)]) kept.push_back(row);
  using rowgrad::detail::concat;
  const auto digits = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", value);
    return std::string(text);
  };
  const TrainingOptions& training = options.training;
  save_model(options.save, model, training.model, corpus.vocabulary.words(), kept, corpus.data.classes,
             {{"training.sentences", concat(parts.train.size())},
              {"training.vectors", options.vectors.empty() ? "random"
                                   : options.freeze        ? "frozen"
                                                           : "fine-tuned"},
              {"training.dropout", concat(training.model.filled_in().dropout)},
              {"training.lr", concat(training.lr)},
              {"training.batch_size", concat(training.batch_size)},
              {"training.seed", concat(options.seed)},
              {"training.epochs", concat(run.epochs, " of ", training.epochs)},
              {"training.best_epoch", concat(run.best_epoch)},
              {"training.loss", digits(run.learnt.loss)},
              {"training.accuracy", digits(run.learnt.accuracy)},
              {"validation.sentences", concat(parts.validation.size())},
              {"validation.loss", digits(run.judged.loss)},
              {"validation.accuracy", digits(run.judged.accuracy)}});
  std::printf("Saved in %s: %zu words, %zu classes\n", options.save.c_str(), kept.size() - 1,
              corpus.data.classes.size());
}

inline void train_command(const Options& options) {
  if (!options.save.empty()) check_can_save(options.save);
  // Piped lines are read and checked first: nobody should wait for training only to be told what is wrong with them.
  const bool typed = options.predict == "-" && isatty(STDIN_FILENO) != 0;
  std::vector<std::string> lines;
  if (!options.predict.empty() && !typed) lines = read_lines(options.predict);

  Corpus corpus = load_corpus(options.data, options.vectors, options.seed);
  look_up(corpus, lines);
  rowgrad::manual_seed(options.seed);
  const rowgrad::data::TrainValidation parts =
      rowgrad::data::train_validation_split(corpus.data.labels, options.validation);
  const auto& [training, validation] = parts;
  const std::vector<bool> known = known_words(corpus, training);
  const std::vector<std::vector<Index>> line_ids = encode_lines(corpus, lines, known);

  SentimentClassifier model = make_model(corpus, options.table(), options.training.model);
  const Tensor<float> table_before = model.embedding.weight.clone();
  print_summary(corpus, options.vectors);
  std::cout << training.size() << " sentences train, " << validation.size() << " validate; "
            << model.parameter_count(true) << " of " << model.parameter_count() << " weights learn\n\n";
  const Index batch_size = options.training.batch_size;
  const rowgrad::data::Batches validation_batches = make_batches(corpus, validation, known, batch_size, false);
  const TrainingRun run = train_and_keep_best(model, make_batches(corpus, training, known, batch_size, true),
                                              validation_batches, options.training);
  if (!options.save.empty()) save_trained(options, model, corpus, known, parts, run);

  const Predictions predictions = predict(model, validation_batches);
  print_confusion(corpus, validation, predictions);
  print_mistakes(corpus, validation, predictions, 5);
  print_neighbours(corpus, training, table_before, model.embedding.weight);
  if (typed) answer_typed_lines(model, corpus, training);
  if (lines.empty()) return;
  std::printf("\nClass, its probability, sentence\n");
  print_classes(model, corpus, lines, line_ids);
}
