// What: TrainedModel, a classifier with what prediction needs besides its weights: words, tokenizer, class names.
// Why:  a sentence goes in and probabilities come out, in the application and in ../predict.cpp alike.
// See:  model_file.hpp (how it is read and written).
#pragma once

#include <algorithm>
#include <string_view>

#include <rowgrad/autograd/grad_mode.hpp>
#include <rowgrad/functional/softmax.hpp>
#include <rowgrad/io/tensor_file.hpp>

#include "model.hpp"
#include "tokenize.hpp"
#include "word_rows.hpp"

/// What a model says of a sentence.
struct Answer {
  std::vector<float> logits, probabilities;  // one per class
  std::size_t best = 0;                      // the class with the largest
  std::size_t words = 0, known = 0;          // of the sentence; how many of them the model knows
};

struct TrainedModel {
  SentimentClassifier model;
  ModelOptions options;
  TokenizerSettings tokenizer;
  WordRows words;  // row 0 is the padding
  std::vector<std::string> classes;
  rowgrad::io::Metadata metadata;  // all of the file's, with the figures of the training

  /// Words that the model does not know are left out. A sentence without any that it knows gets the answer that the
  /// model has for no words at all.
  Answer operator()(std::string_view sentence) const {
    const rowgrad::no_grad guard;
    Answer answer;
    std::vector<Index> rows;
    for (const std::string& word : tokenize(sentence, tokenizer)) {
      ++answer.words;
      if (const auto row = words.find(word); row && *row != padding_row) rows.push_back(static_cast<Index>(*row));
    }
    answer.known = rows.size();
    if (rows.empty()) rows.push_back(padding_row);
    const Indices ids(rowgrad::Shape{1, static_cast<Index>(rows.size())});
    std::copy(rows.begin(), rows.end(), ids.data());
    const Tensor<float> logits = model(ids, Indices{static_cast<Index>(rows.size())});
    const Tensor<float> probabilities = softmax(logits, 1);
    answer.logits.assign(logits.data(), logits.data() + logits.numel());
    answer.probabilities.assign(probabilities.data(), probabilities.data() + probabilities.numel());
    answer.best =
        static_cast<std::size_t>(std::max_element(answer.logits.begin(), answer.logits.end()) - answer.logits.begin());
    return answer;
  }
};
