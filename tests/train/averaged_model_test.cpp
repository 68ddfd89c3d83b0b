// Averaged models in checkpoints.
#include <doctest/doctest.h>

#include <filesystem>

#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/optim/averaged_model.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <rowgrad/train.hpp>
#include <support/temporary_file.hpp>

using rowgrad::Index;
namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::train::Checkpoint;

TEST_CASE("Checkpoint: an averaged model goes on with its averages and their number") {
  const TemporaryFile file;
  std::filesystem::remove(file.path());
  struct Run {
    nn::Embedding<float> model{20, 3};
    optim::SGD<float> sgd{model.parameters(), {.lr = 0.5}};
    optim::AveragedModel<nn::Embedding<float>> averaged{model, {.multi_avg_fn = optim::get_ema_multi_avg_fn(0.9)}};
    Checkpoint checkpoint;
    explicit Run(const std::string& path) : checkpoint(path) {
      checkpoint.add("model", model).add("sgd", sgd).add("averaged", averaged);
    }
    void train(Index from, Index to) {
      for (Index i = from; i < to; ++i) {
        sgd.zero_grad();
        model({i % 20, i * i % 7}).backward(rowgrad::ones({2, 3}));
        sgd.step();
        averaged.update_parameters(model);
      }
    }
  };
  Run first(file.path()), second(file.path());
  first.train(0, 9);
  first.checkpoint.save();
  second.train(3, 5);
  REQUIRE(second.checkpoint.resume());
  CHECK(second.averaged.n_averaged() == 9);
  first.train(9, 30);
  second.train(9, 30);
  CHECK(first.averaged.module.weight.to_vector() == second.averaged.module.weight.to_vector());
  CHECK(first.model.weight.to_vector() == second.model.weight.to_vector());
  const auto saved = rowgrad::io::open_safetensors(file.path());
  CHECK(saved.contains("averaged.module.weight"));
  CHECK(saved.read<Index>("averaged.n_averaged").item() == 9);
}
