// What: what the user asked for, and a summary of the data.
// Why:  shared by the commands.
// See:  main.cpp (where options are filled in), train_command.hpp, crossvalidate_command.hpp.
#pragma once

#include <iostream>

#include "training.hpp"

struct Options {
  std::string data, vectors, predict, save;  // files; empty: none
  bool freeze = false;
  TrainingOptions training;
  double validation = 0.1;
  Index folds = 5;
  std::uint64_t seed = 1;

  Table table() const { return vectors.empty() ? Table::random : freeze ? Table::frozen : Table::fine_tuned; }
};

inline void print_summary(const Corpus& corpus, const std::string& vectors_path) {
  constexpr Index most = 20;
  std::cout << corpus.size() << " sentences, " << corpus.data_words << " words, classes";
  for (Index c = 0; c < std::min(corpus.classes(), most); ++c) std::cout << ' ' << corpus.class_name(c);
  if (corpus.classes() > most) std::cout << " ... (" << corpus.classes() << ")";
  std::cout << '\n';
  if (!corpus.vectors) return;
  const auto missing = std::count_if(corpus.vectors->missing.begin(), corpus.vectors->missing.end(),
                                     [&](Index row) { return row <= corpus.data_words; });
  std::cout << corpus.data_words - missing << " of the words are in "
            << vectors_path.substr(vectors_path.rfind('/') + 1) << ", the others start at random\n";
}
