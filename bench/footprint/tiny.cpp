// A program that only trains the tiny model: how large is rowgrad in somebody's executable?
#include <cstdio>

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/optim/adam.hpp>

using namespace rowgrad;

struct Model : nn::Module<float> {
  nn::Embedding<float> embedding{20, 4};
  nn::Linear<float> hidden{12, 8}, output{8, 1};
  Tensor<float> forward(const Indices& words) const {
    return sigmoid(output(relu(hidden(embedding(words).flatten()))));
  }
  void members(nn::Members<float>& m) override { m("embedding", embedding)("hidden", hidden)("output", output); }
};

int main() {
  manual_seed(1);
  Model model;
  optim::Adam<float> adam(model.parameters());
  Tensor<float> loss;
  for (int step = 0; step < 100; ++step) {
    adam.zero_grad();
    loss = binary_cross_entropy(model.forward({1, 2, 3}), Tensor<float>{1});
    loss.backward();
    adam.step();
  }
  std::printf("loss %.4f\n", static_cast<double>(loss.item()));
}
