// What: a sentiment classifier with a two-layer bidirectional LSTM, its shapes, and a training run.
// Why:  the model of a well-known tutorial on word embeddings, line for line.
// See:  pretrained_lstm.cpp; ../sentiment_classifier (--model lstm) for a whole application.
#include <cstdio>
#include <iostream>
#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
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

double train_model(SentimentLSTM& model, const std::vector<std::pair<Indices, Indices>>& batches,
                   optim::Adam<float>& optimizer) {
  model.train();
  double epoch_loss = 0;
  for (const auto& [text, labels] : batches) {
    optimizer.zero_grad();
    const auto predictions = model(text);
    const auto loss = cross_entropy(predictions, labels);
    loss.backward();
    optimizer.step();
    epoch_loss += static_cast<double>(loss.item());
  }
  return epoch_loss / static_cast<double>(batches.size());
}

int main() {
  rowgrad::manual_seed(1);
  const Index vocab_size = 25000, pad_idx = 1;
  SentimentLSTM model(vocab_size, 300, 256, 2, 2, true, 0.5, pad_idx);
  std::cout << model << "\n\n";

  const Indices batch = rowgrad::randint(0, vocab_size, {8, 50});
  const auto predictions = model(batch);
  std::cout << "Input shape: " << to_string(batch.shape()) << "\nOutput shape: " << to_string(predictions.shape())
            << "\n\n";

  // A training run on made-up sentences with something to learn: words 2 to 99 are good, 100 to 197 bad, and the label
  // says which are in the majority.
  std::vector<std::pair<Indices, Indices>> batches;
  for (int i = 0; i < 8; ++i) {
    Indices text = rowgrad::randint(2, 198, {8, 12}), labels = rowgrad::zeros<Index>({8});
    for (Index b = 0; b < 8; ++b) labels.data()[b] = (text[b].array() >= 100).count() > 6 ? 1 : 0;
    batches.emplace_back(text, labels);
  }
  optim::Adam<float> optimizer(model.parameters());
  for (int epoch = 1; epoch <= 5; ++epoch)
    std::printf("epoch %d: loss %.4f\n", epoch, train_model(model, batches, optimizer));
}
