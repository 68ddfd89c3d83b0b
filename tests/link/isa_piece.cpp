// A file of the program in isa_main.cpp: a recurrent layer, and rows that Adam owes steps. NAME is the function's.
#include <vector>

#include <rowgrad/rowgrad.hpp>

std::vector<double> NAME();

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Tensor;

namespace {
void append(std::vector<double>& values, const Tensor<float>& x) {
  values.insert(values.end(), x.data(), x.data() + x.numel());
}

void recurrent(std::vector<double>& values) {
  nn::LSTM<float> lstm(19, 21, {.bidirectional = true});
  const Tensor<float> x = rowgrad::randn<float>({7, 5, 19}).requires_grad_();
  const auto [output, state] = lstm(x);
  (output * output).sum().backward();
  append(values, output);
  append(values, state.c);
  append(values, x.grad().dense());
  for (const auto& p : lstm.parameters()) append(values, p.grad().dense());
}

// Rows that are looked up now and then, so that Adam owes them steps.
void trained(std::vector<double>& values, Index columns) {
  nn::Sequential<float> model{nn::EmbeddingBag<float>(40, columns), nn::Linear<float>(columns, 3)};
  rowgrad::optim::Adam<float> adam(model.parameters(), {.lr = 0.01});
  for (Index step = 0; step < 60; ++step) {
    adam.zero_grad();
    const Index a = step % 7, b = 7 + step * step % 33;
    cross_entropy(model(rowgrad::Indices{{a, b, 2}, {b, a, a}}), rowgrad::Indices{step % 3, step % 2}).backward();
    adam.step();
  }
  for (const auto& p : model.parameters()) append(values, p.detach());
}
}  // namespace

std::vector<double> NAME() {
  std::vector<double> values;
  rowgrad::manual_seed(3);
  recurrent(values);
  for (const Index columns : {1, 7, 16, 50}) trained(values, columns);
  return values;
}
