// What: a first program: look rows up in a table, and train it for one step.
// Why:  a model with a lookup table consists of little more than these lines.
// See:  sentiment_classifier/ for a whole application.
#include <iostream>
#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;

int main() {
  // The same seed gives the same weights as torch.manual_seed(1) and nn.Embedding(20, 4) in PyTorch.
  rowgrad::manual_seed(1);
  nn::Embedding<float> embedding(20, 4);
  std::cout << embedding << "\n\n";

  // An index gives a row, a list of indices a matrix, a batch of lists a cube.
  std::cout << embedding(3) << "\n\n";
  std::cout << embedding({1, 2, 3, 4}) << "\n\n";
  const rowgrad::Indices batch{{0, 6, 7}, {3, 2, 2}};
  std::cout << embedding(batch).shape() << "\n\n";

  // One training step: the mean of each sample's rows decides between two classes.
  nn::Linear<float> output(4, 2);
  optim::Adam<float> adam({embedding.weight, output.weight, output.bias}, {.lr = 0.1});
  const rowgrad::Indices labels{0, 1};
  const auto loss = cross_entropy(output(embedding(batch).mean(1)), labels);
  adam.zero_grad();
  loss.backward();
  std::cout << "rows with a gradient: " << embedding.weight.grad().rows() << '\n';
  adam.step();

  const auto again = cross_entropy(output(embedding(batch).mean(1)), labels);
  std::cout << "loss " << loss.item() << ", after one step " << again.item() << '\n';
}
