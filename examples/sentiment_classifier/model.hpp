// What: the classifier: the mean of a sentence's word vectors, and two layers on top.
// Why:  the smallest model that shows what a good table is worth; copy it and change it.
// See:  corpus.hpp (what it reads), training.hpp (how it learns); Iyyer et al. 2015, "Deep Unordered Composition".
#pragma once

#include <rowgrad/rowgrad.hpp>
#include <utility>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

/// Row 0 of every table fills up short sentences. It is zeros and stays so.
inline constexpr Index padding_row = 0;

struct SentimentClassifier : nn::Module<float> {
  nn::Embedding<float> embedding;
  nn::Linear<float> hidden, output;

  SentimentClassifier(nn::Embedding<float> table, Index classes)
      : embedding(std::move(table)), hidden(embedding.embedding_dim(), 256), output(256, classes) {}

  /// A score for each class, shape (B, classes). ids: (B, T), lengths: (B), the ids of each row that are no padding.
  Tensor<float> forward(const Indices& ids, const Indices& lengths) const {
    // The mean over the real words: padding adds zeros to the sum and must not add to the count. A sentence without any
    // known word is a vector of zeros, so its count only has to differ from 0.
    const Tensor<float> count = lengths.unsqueeze(1).to<float>();  // (B, 1)
    count.array() = count.array().max(1.0f);
    const Tensor<float> sentence = embedding(ids).sum(1) / count;  // (B, D)
    return output(relu(hidden(sentence)));
  }

  void members(nn::Members<float>& m) override { m("embedding", embedding)("hidden", hidden)("output", output); }
};
