// What: a sentiment classifier with a bidirectional LSTM.
// Why:  the model of a well-known tutorial on word embeddings, line for line.
// See:  word_embeddings.cpp, which trains it; ../fine_tune.cpp, which takes its weights from PyTorch.
#pragma once

#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

struct SentimentLSTM : nn::Module<float, SentimentLSTM> {
  nn::Embedding<float> embedding;
  nn::LSTM<float> lstm;
  nn::Linear<float> fc;
  nn::Dropout<float> dropout;

  SentimentLSTM(Index vocab_size, Index embedding_dim, Index hidden_dim, Index output_dim, Index n_layers,
                bool bidirectional, double p, Index pad_idx)
      : embedding(vocab_size, embedding_dim, {.padding_idx = pad_idx}),
        lstm(embedding_dim, hidden_dim,
             {.num_layers = n_layers, .batch_first = true, .dropout = p, .bidirectional = bidirectional}),
        fc(bidirectional ? hidden_dim * 2 : hidden_dim, output_dim),
        dropout(p) {}

  /// text (B, T) to logits (B, output_dim).
  Tensor<float> forward(const Indices& text) const {
    const auto embedded = dropout(embedding(text));  // (B, T, embedding_dim)
    const auto [output, state] = lstm(embedded);     // output (B, T, hidden_dim * directions)
    const auto hidden = lstm.bidirectional() ? rowgrad::cat<float>({select(state.h, 0, -2), select(state.h, 0, -1)}, 1)
                                             : select(state.h, 0, -1);
    return fc(dropout(hidden));
  }

  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("lstm", lstm)("fc", fc)("dropout", dropout);
  }
};
