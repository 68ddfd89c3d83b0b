// What: the classifier: a table of word vectors, an encoder that turns a sentence into one vector, a score per class.
// Why:  the model that people copy and change; the encoder is chosen at run time, and copies are still copies.
// See:  encoders.hpp; corpus.hpp (what it reads), training.hpp (how it learns).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>

#include "encoders.hpp"

/// Row 0 of every table fills up short sentences. It is zero and stays zero.
inline constexpr Index padding_row = 0;

enum class Encoder { mean, lstm, gru, cnn, attention };
inline constexpr const char* encoder_names[] = {"mean", "lstm", "gru", "cnn", "attention"};  // in the enum's order

inline std::string name_of(Encoder encoder) { return encoder_names[static_cast<int>(encoder)]; }
inline std::optional<Encoder> encoder_of(const std::string& name) {
  for (int i = 0; i < 5; ++i)
    if (name == encoder_names[i]) return static_cast<Encoder>(i);
  return std::nullopt;
}

struct ModelOptions {
  Encoder encoder = Encoder::mean;
  Index hidden = 0;     // units per direction or filter width; 0: 256 for the mean, otherwise 128
  Index layers = 1;     // of the recurrent encoders
  double dropout = -1;  // on word vectors, between layers and on the sentence's vector; below 0: the encoder's own

  /// Defaults where the user has not said otherwise.
  ModelOptions filled_in() const {
    ModelOptions result = *this;
    const bool mean = encoder == Encoder::mean;
    if (hidden <= 0) result.hidden = mean ? 256 : 128;
    if (dropout < 0) result.dropout = mean ? 0.0 : 0.5;
    return result;
  }
};

struct SentimentClassifier : nn::Module<float, SentimentClassifier> {
  using AnyEncoder = std::variant<MeanEncoder, LstmEncoder, GruEncoder, CnnEncoder, AttentionEncoder>;

  nn::Embedding<float> embedding;
  nn::Dropout<float> dropout;
  AnyEncoder encoder;
  nn::Linear<float> output;

  SentimentClassifier(nn::Embedding<float> table, Index classes, const ModelOptions& options = {})
      : embedding(std::move(table)),
        dropout(options.filled_in().dropout),
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
  static AnyEncoder make_encoder(Index dimension, const ModelOptions& given) {
    const ModelOptions options = given.filled_in();
    const double between = options.layers > 1 ? options.dropout : 0.0;
    switch (options.encoder) {
      case Encoder::lstm:
        return LstmEncoder(dimension, options.hidden, options.layers, between);
      case Encoder::gru:
        return GruEncoder(dimension, options.hidden, options.layers, between);
      case Encoder::cnn:
        return CnnEncoder(dimension, options.hidden);
      case Encoder::attention:
        return AttentionEncoder(dimension, options.hidden, options.layers, between);
      case Encoder::mean:
        break;
    }
    return MeanEncoder(dimension, options.hidden);
  }
};
