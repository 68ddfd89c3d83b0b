// Trains a table with every optimizer on rows that come with Zipf-distributed frequency, and writes the float32 weights
// that deferred rows end with; compare.py, beside it, trains the same densely in PyTorch and compares.
// Usage: rowgrad_exactness FOLDER
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <rowgrad/rowgrad.hpp>

namespace {

namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

constexpr Index rows = 20'000, columns = 16, steps = 2'000, lookups = 64;

/// The i-th of a stream of numbers, uniform on [0, 1): the same in compare.py (splitmix64).
double number(std::uint64_t i) {
  std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/// Ids of a step: id i with a probability proportional to 1 / (i + 1).
Indices ids_of(Index step, const std::vector<double>& sums) {
  Indices ids(rowgrad::Shape{lookups});
  for (Index i = 0; i < lookups; ++i) {
    const double u = number(static_cast<std::uint64_t>(step * lookups + i)) * sums.back();
    ids.data()[i] = std::lower_bound(sums.begin(), sums.end() - 1, u) - sums.begin();
  }
  return ids;
}

template <template <typename> class Optimizer, typename Options>
void run(const std::string& folder, const char* name, const Options& options) {
  std::vector<double> sums;
  double sum = 0;
  for (Index i = 0; i < rows; ++i) sums.push_back(sum += 1 / static_cast<double>(i + 1));
  const std::uint64_t start = 1u << 30, gradients = std::uint64_t{1} << 32;
  const Tensor<float> table(rowgrad::Shape{rows, columns});
  for (Index i = 0; i < table.numel(); ++i)
    table.data()[i] = static_cast<float>(2 * number(start + static_cast<std::uint64_t>(i)) - 1);
  table.requires_grad_();
  Optimizer<float> optimizer({table}, options);
  for (Index step = 0; step < steps; ++step) {
    optimizer.lr() = options.lr * (1 + 0.5 * std::sin(static_cast<double>(step) / 50));
    const Tensor<float> gradient(rowgrad::Shape{lookups, columns});
    for (Index i = 0; i < gradient.numel(); ++i)
      gradient.data()[i] =
          static_cast<float>(2 * number(gradients + static_cast<std::uint64_t>(step * gradient.numel() + i)) - 1);
    optimizer.zero_grad();
    embedding(ids_of(step, sums), table).backward(gradient);
    optimizer.step();
  }
  const std::string path = folder + "/" + name + ".f32";
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(table.data()), static_cast<std::streamsize>(table.numel() * 4));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: rowgrad_exactness FOLDER");
  const std::string folder = argv[1];
  run<optim::Adam>(folder, "adam", optim::AdamOptions{});
  run<optim::Adam>(folder, "adam_lr", optim::AdamOptions{.lr = 0.05});
  run<optim::Adam>(folder, "adam_betas", optim::AdamOptions{.betas = {0.5, 0.9}});
  run<optim::Adam>(folder, "adam_amsgrad", optim::AdamOptions{.amsgrad = true});
  run<optim::Adam>(folder, "adam_l2", optim::AdamOptions{.weight_decay = 1e-4});
  run<optim::AdamW>(folder, "adamw", optim::AdamWOptions{});
  run<optim::AdamW>(folder, "adamw_strong", optim::AdamWOptions{.lr = 1e-2, .weight_decay = 0.1});
  run<optim::SGD>(folder, "sgd_momentum", optim::SGDOptions{.lr = 0.1, .momentum = 0.9});
  run<optim::SGD>(folder, "sgd_nesterov_l2",
                  optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = true});
  run<optim::SGD>(folder, "sgd_l2", optim::SGDOptions{.lr = 0.1, .weight_decay = 1e-4});
  run<optim::RMSprop>(folder, "rmsprop", optim::RMSpropOptions{.lr = 1e-3});
  run<optim::RMSprop>(folder, "rmsprop_momentum", optim::RMSpropOptions{.lr = 1e-3, .momentum = 0.9});
  run<optim::RMSprop>(folder, "rmsprop_centered", optim::RMSpropOptions{.lr = 1e-3, .momentum = 0.9, .centered = true});
  run<optim::Adagrad>(folder, "adagrad", optim::AdagradOptions{});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
