// The program of tiny.cpp with libtorch: what the two cost side by side. See ../beside_libtorch.sh.
#include <torch/torch.h>

#include <cstdio>

struct Model : torch::nn::Module {
  torch::nn::Embedding embedding{register_module("embedding", torch::nn::Embedding(20, 4))};
  torch::nn::Linear hidden{register_module("hidden", torch::nn::Linear(12, 8))};
  torch::nn::Linear output{register_module("output", torch::nn::Linear(8, 1))};
  torch::Tensor forward(const torch::Tensor& words) {
    return torch::sigmoid(output->forward(torch::relu(hidden->forward(embedding->forward(words).flatten()))));
  }
};

int main() {
  torch::manual_seed(1);
  Model model;
  torch::optim::Adam adam(model.parameters(), torch::optim::AdamOptions(1e-3));
  const auto words = torch::tensor({1, 2, 3}, torch::kInt64);
  const auto target = torch::tensor({1.0f});
  torch::Tensor loss;
  for (int step = 0; step < 100; ++step) {
    adam.zero_grad();
    loss = torch::binary_cross_entropy(model.forward(words), target);
    loss.backward();
    adam.step();
  }
  std::printf("loss %.4f\n", static_cast<double>(loss.item<float>()));
}
