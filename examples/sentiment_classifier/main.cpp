// What: sentiment_classifier, the command line.
// Why:  one program shows the library at work: reading text and vectors, training, evaluating, classifying.
// See:  train_command.hpp, crossvalidate_command.hpp (what it does), model.hpp (the model).
#include <CLI/CLI.hpp>
#include <limits>
#include <map>

#include "crossvalidate_command.hpp"
#include "train_command.hpp"

namespace {

const std::map<std::string, Encoder> encoders{{"mean", Encoder::mean},
                                              {"lstm", Encoder::lstm},
                                              {"gru", Encoder::gru},
                                              {"cnn", Encoder::cnn},
                                              {"attention", Encoder::attention}};

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
          "--model", [&model](const std::string& name) { model.encoder = encoders.at(name); },
          "how a sentence's word vectors become one: mean (default), lstm, gru, cnn, attention")
      ->check([](const std::string& name) {
        const bool known = encoders.count(name) != 0;
        return known ? std::string() : "expected mean, lstm, gru, cnn or attention, got " + name;
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
  train->add_option("--predict", options.predict, "then classify these lines; - reads the standard input")
      ->type_name("FILE");
  CLI::App* crossvalidate = app.add_subcommand("crossvalidate", "accuracy on held-out sentences");
  add_training_options(*crossvalidate, options);
  crossvalidate->add_option("--folds", options.folds, "parts; each is tested on by a model trained on the others")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str()
      ->type_name("N");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // 0: --help
  }
  check_numbers(app, options);

  if (train->parsed())
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
