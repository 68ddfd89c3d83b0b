// Schedules of all kinds in checkpoints, and optimizers with groups that were added later.
#include <doctest/doctest.h>

#include <rowgrad/nn/linear.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/train.hpp>
#include <support/temporary_file.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Tensor;
using rowgrad::train::Checkpoint;

namespace {

struct Run {
  Tensor<float> a = rowgrad::ones({2}).requires_grad_(), b = rowgrad::ones({3}).requires_grad_();
  Adam<float> adam{{a}, {.lr = 0.1}};
  MultiStepLR<float> multi;
  LinearLR<float> linear;
  CosineAnnealingWarmRestarts<float> restarts;
  SequentialLR<float> sequence;
  OneCycleLR<float> cycle;
  ReduceLROnPlateau<float> plateau;
  Checkpoint checkpoint;

  Run(const std::string& path, double rate)
      : multi((adam.add_param_group({.parameters = {b}, .options = {.lr = 0.3}}), adam), {2, 9}, rate),
        linear(adam, rate),
        restarts(adam, 3, 2),
        sequence(adam, {&linear, &restarts}, {4}),
        cycle(adam, rate, {.total_steps = 30}),
        plateau(adam, {.factor = rate, .patience = 0}),
        checkpoint(path) {
    checkpoint.add("adam", adam).add("multi", multi).add("sequence", sequence).add("cycle", cycle);
    checkpoint.add("plateau", plateau);
  }
  std::vector<double> train(Index steps) {
    std::vector<double> seen;
    for (Index i = 0; i < steps; ++i) {
      adam.zero_grad();
      a.grad().add(rowgrad::ones({2}));
      b.grad().add(rowgrad::ones({3}));
      adam.step();
      cycle.step();
      multi.step();
      sequence.step();
      plateau.step(static_cast<double>(i % 3));
      for (std::size_t g = 0; g < 2; ++g) seen.insert(seen.end(), {adam.lr(g), *adam.momentum(g)});
    }
    for (const float x : a.to_vector()) seen.push_back(static_cast<double>(x));
    for (const float x : b.to_vector()) seen.push_back(static_cast<double>(x));
    return seen;
  }
};

}  // namespace

TEST_CASE("Checkpoint: schedules of all kinds and added groups go on where they were") {
  const TemporaryFile file;
  std::filesystem::remove(file.path());
  for (const Index stop : {0, 3, 7, 15}) {
    Run first(file.path(), 0.5), second(file.path(), 0.25);
    first.train(stop);
    first.checkpoint.save();
    second.train(2);
    for (const Tensor<float>* const w : {&first.a, &first.b}) {
      const Tensor<float>& to = w == &first.a ? second.a : second.b;
      std::copy_n(w->data(), w->numel(), to.data());
    }
    second.checkpoint.resume();
    CHECK(second.multi.state_dict().gamma == 0.5);
    CHECK(second.train(14) == first.train(14));
  }
}

TEST_CASE("Checkpoint: a schedule of another kind or made of other schedules is refused") {
  const TemporaryFile file;
  std::filesystem::remove(file.path());
  Run run("x", 0.5);
  Checkpoint(file.path()).add("schedule", run.sequence).save();
  Checkpoint other(file.path());
  other.add("schedule", run.multi);
  CHECK_THROWS_WITH_AS(other.resume(),
                       doctest::Contains("'schedule' is SequentialLR in the file, expected MultiStepLR"),
                       rowgrad::ValueError);
  SequentialLR<float> reversed(run.adam, {&run.restarts, &run.linear}, {4});
  Checkpoint wrong(file.path());
  wrong.add("schedule", reversed);
  CHECK_THROWS_AS(wrong.resume(), rowgrad::ValueError);
}
