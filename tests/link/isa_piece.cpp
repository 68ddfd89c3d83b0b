// One piece of the program in isa_main.cpp: the same work, compiled for one instruction set. PIECE names the function.
#include <vector>

#include <rowgrad/rowgrad.hpp>

std::vector<double> PIECE();

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Tensor;

namespace {
template <typename T>
void append(std::vector<double>& values, const Tensor<T>& x) {
  for (Index i = 0; i < x.numel(); ++i) values.push_back(static_cast<double>(x.data()[i]));
}

template <typename T>
void recurrent(std::vector<double>& values) {
  nn::LSTM<T> lstm(19, 21, {.bidirectional = true});
  const Tensor<T> x = rowgrad::randn<T>({7, 5, 19}).requires_grad_();
  const auto [output, state] = lstm(x);
  (output * output).sum().backward();
  append(values, output);
  append(values, state.c);
  append(values, x.grad().dense());
  for (const auto& p : lstm.parameters()) append(values, p.grad().dense());
}

// Rows that are looked up now and then, so that Adam owes them steps.
template <typename T>
void trained(std::vector<double>& values, Index columns) {
  nn::Sequential<T> model{nn::EmbeddingBag<T>(40, columns), nn::Linear<T>(columns, 3)};
  rowgrad::optim::Adam<T> adam(model.parameters(), {.lr = 0.01});
  for (Index step = 0; step < 60; ++step) {
    adam.zero_grad();
    const Index a = step % 7, b = 7 + step * step % 33;
    cross_entropy(model(rowgrad::Indices{{a, b, 2}, {b, a, a}}), rowgrad::Indices{step % 3, step % 2}).backward();
    adam.step();
  }
  for (const auto& p : model.parameters()) append(values, p.detach());
}

template <typename T>
void products(std::vector<double>& values) {
  for (const Index size : {3, 17, 70}) {
    const Tensor<T> a = rowgrad::randn<T>({size, 2 * size}), b = rowgrad::randn<T>({2 * size, size + 5});
    const Tensor<T> bias = rowgrad::randn<T>({size}), weight = rowgrad::randn<T>({size, 2 * size});
    append(values, matmul(a, b));
    append(values, linear(a, weight, bias));
    append(values, softmax(matmul(a, b), 1));
    append(values, layer_norm(a, {2 * size}));
    append(values, (a.exp() * a).sum(0));
  }
}
}  // namespace

std::vector<double> PIECE() {
  std::vector<double> values;
  rowgrad::manual_seed(3);
  recurrent<float>(values);
  recurrent<double>(values);
  for (const Index columns : {1, 7, 16, 50}) {
    trained<float>(values, columns);
    trained<double>(values, columns);
  }
  products<float>(values);
  products<double>(values);
  return values;
}
