// What: how soon examples/predict.cpp answers: from its start to the first answer, and per sentence after that.
// Why:  a program that ships is judged by this.
// See:  ../predict_latency.sh, which builds and runs it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <set>

#include "../../examples/sentiment_classifier/model_file.hpp"

extern char** environ;

namespace {

using Clock = std::chrono::steady_clock;

/// A model of the default kind with words and weights drawn at random, and sentences of 20 of its words.
void make(const std::string& model, const std::string& sentences, Index rows, Index width, int count) {
  rowgrad::manual_seed(1);
  rowgrad::Generator& generator = rowgrad::default_generator();
  const auto below = [&](Index n) { return rowgrad::randint(0, n, {1}, generator).item(); };
  std::vector<std::string> words{"<pad>"};
  for (std::set<std::string> seen; static_cast<Index>(words.size()) < rows;) {
    std::string word;
    for (Index letters = 2 + below(11); letters > 0; --letters) word += static_cast<char>('a' + below(26));
    if (seen.insert(word).second) words.push_back(word);
  }
  std::vector<Index> all;
  for (Index row = 0; row < rows; ++row) all.push_back(row);
  const ModelOptions options;
  save_model(model, SentimentClassifier(nn::Embedding<float>(rows, width, {.padding_idx = 0}), 2, options), options,
             words, all, {"bad", "good"}, {});
  std::ofstream out(sentences);
  for (int line = 0; line < count; ++line)
    for (int word = 0; word < 20; ++word)
      out << words[static_cast<std::size_t>(1 + below(rows - 1))] << (word < 19 ? ' ' : '\n');
}

/// Milliseconds from the start of a program to its first answer, and to its end.
struct Times {
  double first, end;
};
Times run(std::vector<std::string> command, const std::string& input) {
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  int answers[2];
  if (pipe2(answers, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, answers[1], 1);
  const Clock::time_point start = Clock::now();
  const auto milliseconds = [start] { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); };
  pid_t child = 0;
  if (posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ) != 0)
    throw std::runtime_error("cannot start " + command[0]);
  posix_spawn_file_actions_destroy(&actions);
  close(answers[1]);
  Times times{};
  static char buffer[1 << 16];
  for (ssize_t got = 0; (got = read(answers[0], buffer, sizeof buffer)) > 0;)
    if (times.first == 0) times.first = milliseconds();
  times.end = milliseconds();
  close(answers[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0 || times.first == 0) throw std::runtime_error(command[0] + " failed");
  return times;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 4 && argv[1] == std::string("make")) {
    make(std::string(argv[2]), std::string(argv[3]), 100'000, 100, 20'000);
    return 0;
  }
  if (argc < 5 || argv[1] != std::string("measure")) return 2;
  // measure ONE MANY COMMAND...: files of one sentence and of 20,000
  const std::string one = argv[2], many = argv[3];
  const std::vector<std::string> command(argv + 4, argv + argc);
  std::vector<double> first, each;
  for (int i = 0; i < 21; ++i) first.push_back(run(command, one).first);
  for (int i = 0; i < 5; ++i) {
    const Times times = run(command, many);
    each.push_back((times.end - median(first)) / 20'000 * 1000);
  }
  std::printf(
      "first answer after %.1f ms (median of 21; least %.1f), then %.1f us per sentence (median of 5; least %.1f)\n",
      median(first), *std::min_element(first.begin(), first.end()), median(each),
      *std::min_element(each.begin(), each.end()));
} catch (const std::exception& error) {
  std::fprintf(stderr, "predict_latency: %s\n", error.what());
  return 1;
}
