// What: a sentiment classifier with a two-layer bidirectional LSTM, its shapes, and a training run.
// Why:  a well-known tutorial on word embeddings, line for line.
// See:  sentiment_lstm.hpp (the model), pretrained_lstm.cpp; ../sentiment_classifier (--model lstm) for a whole
// application.
#include <cstdio>
#include <iostream>

#include "sentiment_lstm.hpp"

namespace optim = rowgrad::optim;

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
