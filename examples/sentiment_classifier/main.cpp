// What: sentiment_classifier, the command line.
// Why:  one program shows the library at work: reading text and vectors, training, evaluating, classifying.
// See:  train_command.hpp, crossvalidate_command.hpp, predict_command.hpp, evaluate_command.hpp (what it does),
// model.hpp
//       (the model); ../predict.cpp (the small program that only predicts).
#include <CLI/CLI.hpp>
#include <limits>

#include "crossvalidate_command.hpp"
#include "evaluate_command.hpp"
#include "predict_command.hpp"
#include "train_command.hpp"

namespace {

void add_threads_option(CLI::App& command, int& threads) {
  command.add_option("--threads", threads, "threads for large operations; results do not depend on it")
      ->check(CLI::Range(1, 4096))
      ->type_name("N");
}

void add_model_option(CLI::App& command, std::string& path) {
  command.add_option("--model", path, "a model that train --save has written")->required()->type_name("FILE");
}

void add_training_options(CLI::App& command, Options& options) {
  command.add_option("--data", options.data, "lines of label, tab, sentence; columns in between are ignored")
      ->required()
      ->type_name("FILE");
  CLI::Option* vectors =
      command.add_option("--vectors", options.vectors, "word vectors to start from, as text: GloVe's or word2vec's")
          ->type_name("FILE");
  command.add_flag("--freeze", options.freeze, "leave those vectors as they are")->needs(vectors);
  ModelOptions& model = options.training.model;
  command
      .add_option_function<std::string>(
          "--model", [&model](const std::string& name) { model.encoder = *encoder_of(name); },
          "how a sentence's word vectors become one: mean (default), lstm, gru, cnn, attention")
      ->check([](const std::string& name) {
        return encoder_of(name) ? std::string() : "expected mean, lstm, gru, cnn or attention, got " + name;
      })
      ->type_name("NAME");
  command.add_option("--hidden", model.hidden, "units per direction or filter width; 256 for the mean, otherwise 128")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  command.add_option("--layers", model.layers, "recurrent layers")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--dropout", model.dropout, "fraction of values dropped in training; 0 for the mean, otherwise 0.5")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X");
  command.add_option("--epochs", options.training.epochs, "passes over the data; 4 for the mean, otherwise 8")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  command.add_option("--batch-size", options.training.batch_size, "sentences per step")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--lr", options.training.lr,
                  "learning rate of the first step, falling to 0; 0.004 for the mean, otherwise 0.002")
      ->type_name("X");
  command.add_option("--seed", options.seed, "the same seed gives the same model, bit for bit")
      ->check([](const std::string& text) {  // CLI11 would take -1 for a large number
        const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
        return digits ? std::string() : "expected a whole number of at least 0, got " + text;
      })
      ->capture_default_str()
      ->type_name("N");
}

// What CLI11 does not check (its Range would let "nan" pass), and the defaults that depend on the model.
void check_numbers(const CLI::App& app, Options& options) {
  for (const CLI::App* command : app.get_subcommands())
    if (command->count("--lr") > 0 &&
        !(options.training.lr > 0 && options.training.lr <= std::numeric_limits<float>::max()))
      throw InputError("--lr: expected a number above 0");
  options.training.fill_in();
  if (!(options.validation > 0 && options.validation < 1))
    throw InputError("--validation: expected a fraction between 0 and 1, for instance 0.1");
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Tells good sentences from bad ones. Without a command it compares three kinds of word vectors on the reviews "
      "that "
      "come with it.",
      "sentiment_classifier");
  app.require_subcommand(0, 1);
  CLI::App* train = app.add_subcommand("train", "train a model, see what it has learnt, classify with it");
  add_training_options(*train, options);
  train->add_option("--validation", options.validation, "fraction of the sentences held out to find the best epoch")
      ->capture_default_str()
      ->type_name("X");
  train
      ->add_option("--save", options.save,
                   "write the model to this file, which is all that predict needs; Ctrl-C ends "
                   "training early with the best epoch so far")
      ->type_name("FILE");
  train->add_option("--predict", options.predict, "then classify these lines; - reads the standard input")
      ->type_name("FILE");
  CLI::App* crossvalidate = app.add_subcommand("crossvalidate", "accuracy on held-out sentences");
  add_training_options(*crossvalidate, options);
  crossvalidate->add_option("--folds", options.folds, "parts; each is tested on by a model trained on the others")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str()
      ->type_name("N");
  PredictOptions prediction;
  CLI::App* predict = app.add_subcommand("predict", "classify the lines of a file with a saved model");
  add_model_option(*predict, prediction.model);
  predict->add_option("FILE", prediction.file, "one sentence per line; - (the default) reads the standard input");
  predict->add_flag("--probabilities", prediction.probabilities, "the probabilities of all classes");
  predict->add_option("--top", prediction.top, "the probabilities of the K most likely classes, most likely first")
      ->check(CLI::Range(1, 1'000'000'000))
      ->type_name("K");
  predict->add_flag("--logits", prediction.logits, "the scores before softmax");
  predict->add_flag("--json", prediction.json, "one JSON object per line");
  CLI::App* evaluate = app.add_subcommand("evaluate", "test a saved model on labelled sentences");
  std::string model_path, data_path;
  add_model_option(*evaluate, model_path);
  evaluate->add_option("--data", data_path, "lines of label, tab, sentence; columns in between are ignored")
      ->required()
      ->type_name("FILE");
  CLI::App* info = app.add_subcommand("info", "what a saved model is and where it comes from");
  add_model_option(*info, model_path);
  int threads = 0;
  add_threads_option(app, threads);
  for (CLI::App* command : app.get_subcommands({})) add_threads_option(*command, threads);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0: --help
  }
  if (threads > 0) rowgrad::set_num_threads(threads);
  if (train->parsed() || crossvalidate->parsed() || app.get_subcommands().empty()) check_numbers(app, options);

  if (predict->parsed())
    predict_command(prediction);
  else if (evaluate->parsed())
    evaluate_command(model_path, data_path);
  else if (info->parsed())
    info_command(model_path);
  else if (train->parsed())
    train_command(options);
  else if (crossvalidate->parsed())
    crossvalidate_command(options);
  else
    compare_command(options);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw std::runtime_error("the output could not be written (is the disk full?)");
  return 0;
}

int fail(const std::exception& error, int code) {
  std::fflush(stdout);
  std::fprintf(stderr, "sentiment_classifier: %s\n", error.what());
  return code;
}

}  // namespace

/// 0: done. 2: something is wrong with the arguments or the files. 1: anything else.
int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const InputError& error) {
    return fail(error, 2);
  } catch (const rowgrad::FileError& error) {
    return fail(error, 2);
  } catch (const rowgrad::ParseError& error) {
    return fail(error, 2);
  } catch (const rowgrad::ValueError& error) {
    return fail(error, 2);
  } catch (const std::exception& error) {
    return fail(error, 1);
  }
}
