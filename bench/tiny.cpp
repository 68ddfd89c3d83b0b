// One training step of a model so small that only overhead remains.
#include "workloads.hpp"

namespace bench {
namespace {

struct TrainEmbedding : nn::Module<float> {
  nn::Embedding<float> embedding{20, 4};
  nn::Linear<float> linear{12, 8}, linear_1{8, 1};

  Tensor forward(const Indices& words) const {
    return sigmoid(relu(linear_1(relu(linear(embedding(words).flatten())))));
  }
  void members(nn::Members<float>& m) override { m("embedding", embedding)("linear", linear)("linear_1", linear_1); }
};

void tiny_step(benchmark::State& state, const std::string&) {
  rowgrad::manual_seed(0);
  TrainEmbedding model;
  model.linear_1.bias.array().setConstant(1);  // keeps the last ReLU alive, so that gradients flow
  optim::Adam<float> adam(model.parameters());
  const Indices words{3, 17, 5};
  const Tensor label{1};
  run(state, [&] {
    adam.zero_grad();
    binary_cross_entropy(model.forward(words), label).backward();
    adam.step();
  });
}

const Registration tiny("tiny_step/seed004", tiny_step);

}  // namespace
}  // namespace bench
