// What: the classifier: a table of word vectors, an encoder that turns a sentence into one vector, a score per class.
// Why:  the model that people copy and change; the encoder is chosen at run time, and copies are still copies.
// See:  encoders.hpp; corpus.hpp (what it reads), training.hpp (how it learns).
#pragma once

#include <utility>
#include <variant>

#include "encoders.hpp"

/// Row 0 of every table fills up short sentences. It is zero and stays zero.
inline constexpr Index padding_row = 0;

enum class Encoder { mean, lstm, gru, cnn, attention };

struct ModelOptions {
  Encoder encoder = Encoder::mean;
  Index hidden = 0;     // units per direction or filter width; 0: 256 for the mean, otherwise 128
  Index layers = 1;     // of the recurrent encoders
  double dropout = -1;  // on word vectors, between layers and on the sentence's vector; below 0: the encoder's own
};

struct SentimentClassifier : nn::Module<float, SentimentClassifier> {
  using AnyEncoder = std::variant<MeanEncoder, LstmEncoder, GruEncoder, CnnEncoder, AttentionEncoder>;

  nn::Embedding<float> embedding;
  nn::Dropout<float> dropout;
  AnyEncoder encoder;
  nn::Linear<float> output;

  SentimentClassifier(nn::Embedding<float> table, Index classes, const ModelOptions& options = {})
      : embedding(std::move(table)),
        dropout(dropout_of(options)),
        encoder(make_encoder(embedding.embedding_dim(), options)),
        output(std::visit([](const auto& e) { return e.size(); }, encoder), classes) {}

  /// A score for each class, shape (B, classes). ids: (B, T), lengths: (B), how many ids of each row are not padding.
  Tensor<float> forward(const Indices& ids, const Indices& lengths) const {
    // A sentence without a known word counts as one word of padding: zeros.
    const Indices steps = lengths.clone();
    steps.array() = steps.array().max(Index{1});
    const Tensor<float> words = dropout(embedding(ids));
    return output(dropout(std::visit([&](const auto& e) { return e.forward(words, steps); }, encoder)));
  }

  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("dropout", dropout);
    std::visit([&m](auto& e) { m("encoder", e); }, encoder);
    m("output", output);
  }

 private:
  static double dropout_of(const ModelOptions& options) {
    if (options.dropout >= 0) return options.dropout;
    return options.encoder == Encoder::mean ? 0.0 : 0.5;
  }
  static AnyEncoder make_encoder(Index dimension, const ModelOptions& options) {
    const Index hidden = options.hidden > 0 ? options.hidden : options.encoder == Encoder::mean ? 256 : 128;
    const double between = options.layers > 1 ? dropout_of(options) : 0.0;
    switch (options.encoder) {
      case Encoder::lstm:
        return LstmEncoder(dimension, hidden, options.layers, between);
      case Encoder::gru:
        return GruEncoder(dimension, hidden, options.layers, between);
      case Encoder::cnn:
        return CnnEncoder(dimension, hidden);
      case Encoder::attention:
        return AttentionEncoder(dimension, hidden, options.layers, between);
      case Encoder::mean:
        break;
    }
    return MeanEncoder(dimension, hidden);
  }
};
