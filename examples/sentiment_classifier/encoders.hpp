// What: ways from the word vectors of a sentence to one vector: mean, LSTM, GRU, convolution, attention.
// Why:  each is a small module of its own; model.hpp puts one of them between a table and the scores.
// See:  model.hpp; main.cpp (--model).
#pragma once

// What the layers need and no more: a program that only predicts has no use for optimizers.
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/pooling.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/attention_pooling.hpp>
#include <rowgrad/nn/conv1d.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/recurrent.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

// All take word vectors (B, T, D), zero where there is padding, and lengths (B) of at least 1, and give (B, size()).

/// The mean of the word vectors and a layer on top. Iyyer et al. 2015, "Deep Unordered Composition".
struct MeanEncoder : nn::Module<float, MeanEncoder> {
  nn::Linear<float> fc;

  MeanEncoder(Index dimension, Index hidden) : fc(dimension, hidden) {}
  Index size() const { return fc.out_features(); }

  Tensor<float> forward(const Tensor<float>& words, const Indices& lengths) const {
    return relu(fc(words.sum(1) / lengths.unsqueeze(1).to<float>()));
  }
  void members(nn::Members<float>& m) override { m("fc", fc); }
};

/// The last states of the top layer, one per direction, side by side: (layers * 2, B, H) to (B, 2 H).
inline Tensor<float> last_states(const Tensor<float>& h) {
  return rowgrad::cat<float>({select(h, 0, -2), select(h, 0, -1)}, 1);
}

/// A bidirectional LSTM; the backward direction starts at each sentence's own last word.
struct LstmEncoder : nn::Module<float, LstmEncoder> {
  nn::LSTM<float> lstm;

  LstmEncoder(Index dimension, Index hidden, Index layers, double dropout)
      : lstm(dimension, hidden,
             {.num_layers = layers, .batch_first = true, .dropout = dropout, .bidirectional = true}) {}
  Index size() const { return 2 * lstm.hidden_size(); }

  Tensor<float> forward(const Tensor<float>& words, const Indices& lengths) const {
    const auto [output, state] = lstm(words, lengths);
    return last_states(state.h);
  }
  void members(nn::Members<float>& m) override { m("lstm", lstm); }
};

/// The same with a GRU.
struct GruEncoder : nn::Module<float, GruEncoder> {
  nn::GRU<float> gru;

  GruEncoder(Index dimension, Index hidden, Index layers, double dropout)
      : gru(dimension, hidden, {.num_layers = layers, .batch_first = true, .dropout = dropout, .bidirectional = true}) {
  }
  Index size() const { return 2 * gru.hidden_size(); }

  Tensor<float> forward(const Tensor<float>& words, const Indices& lengths) const {
    const auto [output, h_n] = gru(words, lengths);
    return last_states(h_n);
  }
  void members(nn::Members<float>& m) override { m("gru", gru); }
};

/// Filters over 3, 4 and 5 words, and the strongest response of each. Kim 2014, "Convolutional Neural Networks for
/// Sentence Classification".
struct CnnEncoder : nn::Module<float, CnnEncoder> {
  nn::Conv1d<float> conv3, conv4, conv5;

  CnnEncoder(Index dimension, Index hidden)
      : conv3(dimension, hidden, 3, {.padding = 2}),
        conv4(dimension, hidden, 4, {.padding = 3}),
        conv5(dimension, hidden, 5, {.padding = 4}) {}
  Index size() const { return 3 * conv3.out_channels(); }

  Tensor<float> forward(const Tensor<float>& words, const Indices& lengths) const {
    const Tensor<float> x = words.transpose(1, 2);  // (B, D, T)
    const auto strongest = [&](const nn::Conv1d<float>& conv, Index width) {
      const Tensor<float> responses = relu(conv(x));  // (B, hidden, T + width - 1)
      // A window that lies wholly in the padding does not count; after relu() no response is below 0.
      const Indices ends = lengths.clone();
      ends.array() += width - 1;
      const Indices outside = padding_mask(ends, responses.size(2)).unsqueeze(1);
      return adaptive_max_pool1d(masked_fill(responses, outside, 0), 1).squeeze(-1);
    };
    return rowgrad::cat<float>({strongest(conv3, 3), strongest(conv4, 4), strongest(conv5, 5)}, 1);
  }
  void members(nn::Members<float>& m) override { m("conv3", conv3)("conv4", conv4)("conv5", conv5); }
};

/// A bidirectional LSTM whose outputs are weighted by how much they matter. Yang et al. 2016, "Hierarchical Attention
/// Networks".
struct AttentionEncoder : nn::Module<float, AttentionEncoder> {
  nn::LSTM<float> lstm;
  nn::AttentionPooling<float> pooling;

  AttentionEncoder(Index dimension, Index hidden, Index layers, double dropout)
      : lstm(dimension, hidden, {.num_layers = layers, .batch_first = true, .dropout = dropout, .bidirectional = true}),
        pooling(2 * hidden, {.batch_first = true}) {}
  Index size() const { return 2 * lstm.hidden_size(); }

  Tensor<float> forward(const Tensor<float>& words, const Indices& lengths) const {
    const auto [output, state] = lstm(words, lengths);
    const auto [sentence, weights] = pooling(output, lengths);
    return sentence;
  }
  void members(nn::Members<float>& m) override { m("lstm", lstm)("pooling", pooling); }
};
