// What: predict, a program that loads a trained classifier and does nothing else: a sentence per line in, its class
// out. Why:  what is shipped should be small and start at once; nothing of training is linked. See:
// sentiment_classifier/ (train ... --save F makes the file), docs/saving.md (size, start, latency).
#include <cstdio>
#include <exception>
#include <iostream>
#include <rowgrad/core/threads.hpp>

#include "sentiment_classifier/model_file.hpp"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fprintf(stderr, "usage: predict MODEL < sentences     prints class, tab, probability, tab, sentence\n");
    return 2;
  }
  rowgrad::set_num_threads(1);
  const TrainedModel model = load_model(argv[1]);
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    const Answer answer = model(line);
    std::printf("%s\t%.4f\t%s\n", model.classes[answer.best].c_str(),
                static_cast<double>(answer.probabilities[answer.best]), line.c_str());
    if (std::cin.rdbuf()->in_avail() <= 0) std::fflush(stdout);  // whoever types, or waits for an answer, gets it now
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "predict: %s\n", error.what());
  return 1;
}
