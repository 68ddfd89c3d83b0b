// A program that links rowgrad::compiled: most of what it uses is declared extern. The loss is PyTorch's, too.
#include <cmath>

#include <rowgrad/rowgrad.hpp>

#ifndef ROWGRAD_COMPILED
#error "expected rowgrad::compiled to define ROWGRAD_COMPILED"
#endif

namespace nn = rowgrad::nn;

int main() {
  rowgrad::manual_seed(1);
  nn::Sequential<float> model{nn::EmbeddingBag<float>(20, 4), nn::Linear<float>(4, 2)};
  rowgrad::optim::Adam<float> adam(model.parameters(), {.lr = 0.1});
  const rowgrad::Indices text{{0, 6, 7}, {3, 2, 2}}, labels{1, 0};
  const auto loss = cross_entropy(model(text), labels);
  loss.backward();
  adam.step();
  nn::LSTM<double> lstm(3, 4);
  const auto output = lstm(rowgrad::zeros<double>({2, 1, 3})).output;
  return std::abs(loss.item() - 0.68814f) < 1e-5f && output.shape() == rowgrad::Shape{2, 1, 4} ? 0 : 1;
}
