// Runs that are stopped and resumed at any step have the bits of one that was not.
#include <doctest/doctest.h>

#include <rowgrad/core/threads.hpp>
#include <support/temporary_file.hpp>

#include "run.hpp"

using namespace run;

namespace {

struct Threads {
  int before = rowgrad::get_num_threads();
  ~Threads() { rowgrad::set_num_threads(before); }
};

template <typename Optimizer>
void expect_same_bits(const typename Optimizer::Options& options, rowgrad::Generator& random, int times) {
  const bool own_order = random.below(2) == 0;
  Run<Optimizer> whole("never-saved.safetensors", 1, options, own_order);
  whole.train(0, 0);
  const std::string expected = whole.bits();
  for (int i = 0; i < times; ++i) {
    const TemporaryFile file;
    std::filesystem::remove(file.path());
    const auto save_at = static_cast<int>(1 + random.below(17)), stop_at = save_at + static_cast<int>(random.below(4));
    CAPTURE(save_at);
    CAPTURE(stop_at);
    const Threads restore;
    rowgrad::set_num_threads(1 + static_cast<int>(random.below(3)));
    {
      Run<Optimizer> stopped(file.path(), 1, options, own_order);
      CHECK(!stopped.checkpoint.resume());
      stopped.train(stop_at, save_at);
    }
    rowgrad::set_num_threads(1 + static_cast<int>(random.below(3)));
    Run<Optimizer> resumed(file.path(), 100 + static_cast<std::uint64_t>(i), {}, own_order);  // nothing of it may stay
    REQUIRE(resumed.checkpoint.resume());
    CHECK(resumed.step == save_at);
    const auto again = static_cast<int>(save_at + 1 + random.below(5));  // once more, and on to the end
    resumed.train(again, again);
    Run<Optimizer> at_last(file.path(), 7, {}, own_order);
    REQUIRE(at_last.checkpoint.resume());
    at_last.train(0, 0);
    CHECK(at_last.bits() == expected);
    CHECK(at_last.step == 18);
  }
}

}  // namespace

TEST_CASE("Checkpoint: fifty of fifty runs that are stopped twice end with the same bits") {
  rowgrad::Generator random(11);
  expect_same_bits<optim::Adam<float>>({.lr = 0.05}, random, 6);
  expect_same_bits<optim::Adam<float>>({.lr = 0.05, .weight_decay = 0.1}, random, 4);
  expect_same_bits<optim::Adam<float>>({.lr = 0.05, .amsgrad = true}, random, 4);
  expect_same_bits<optim::Adam<float>>({.lr = 0.05, .lazy = true}, random, 3);
  expect_same_bits<optim::AdamW<float>>({.lr = 0.05, .weight_decay = 0.1}, random, 6);
  expect_same_bits<optim::SparseAdam<float>>({.lr = 0.05}, random, 4);
  expect_same_bits<optim::SGD<float>>({.lr = 0.1}, random, 3);
  expect_same_bits<optim::SGD<float>>({.lr = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true}, random, 6);
  expect_same_bits<optim::Adagrad<float>>({.lr = 0.1, .lr_decay = 0.1}, random, 4);
  expect_same_bits<optim::RMSprop<float>>({.lr = 0.01}, random, 4);
  expect_same_bits<optim::RMSprop<float>>({.lr = 0.01, .momentum = 0.9, .centered = true}, random, 6);
}

TEST_CASE("Checkpoint: the same for the other rules") {
  rowgrad::Generator random(12);
  expect_same_bits<optim::NAdam<float>>({.lr = 0.02}, random, 3);
  expect_same_bits<optim::RAdam<float>>({.lr = 0.02}, random, 5);  // also while its steps have no divisor
  expect_same_bits<optim::RAdam<float>>({.lr = 0.02, .weight_decay = 0.1}, random, 2);
  expect_same_bits<optim::Adamax<float>>({.lr = 0.02}, random, 3);
  expect_same_bits<optim::Adadelta<float>>({.lr = 0.5}, random, 3);
  expect_same_bits<optim::RowwiseAdagrad<float>>({.lr = 0.1}, random, 2);
  expect_same_bits<optim::RowwiseAdagrad<float>>({.lr = 0.1, .weight_decay = 0.1, .lazy = false}, random, 3);
  expect_same_bits<optim::RowwiseAdagrad<float>>(
      {.lr = 0.1, .weight_decay = 0.1, .decoupled_weight_decay = true, .lazy = false}, random, 3);
}
