#include "training.hpp"

#include <rowgrad/optim/sgd.hpp>

using rowgrad::optim::SGD;
using rowgrad::optim::SGDOptions;
using training::expect_dense_weights;

TEST_CASE("SGD: PyTorch's weights") {
  training::expect_golden_of_both_types<SGD, SGDOptions>(
      "optim_sgd", {{"plain", {{.lr = 0.1}}},
                    {"weight_decay", {{.lr = 0.1, .weight_decay = 0.1}}},
                    {"momentum", {{.lr = 0.1, .momentum = 0.9}}},
                    {"momentum_decay", {{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.1}}},
                    {"dampening", {{.lr = 0.1, .momentum = 0.9, .dampening = 0.3}}},
                    {"dampening_decay", {{.lr = 0.1, .momentum = 0.7, .dampening = 0.3, .weight_decay = 0.05}}},
                    {"nesterov", {{.lr = 0.1, .momentum = 0.8, .nesterov = true}}},
                    {"nesterov_decay", {{.lr = 0.1, .momentum = 0.8, .weight_decay = 0.1, .nesterov = true}}},
                    {"switch_momentum", {{.lr = 0.1, .momentum = 0.9}, [](SGDOptions& o) { o.momentum = 0.5; }}},
                    {"switch_momentum_on", {{.lr = 0.1}, [](SGDOptions& o) { o.momentum = 0.9; }}},
                    {"switch_momentum_off", {{.lr = 0.1, .momentum = 0.9}, [](SGDOptions& o) { o.momentum = 0; }}},
                    {"switch_nesterov", {{.lr = 0.1, .momentum = 0.9}, [](SGDOptions& o) { o.nesterov = true; }}},
                    {"switch_decay", {{.lr = 0.1, .momentum = 0.9}, [](SGDOptions& o) { o.weight_decay = 0.2; }}}});
}

TEST_CASE("SGD: deferred rows leave the weights of dense steps") {
  for (const SGDOptions& options : {SGDOptions{.lr = 0.1},
                                    {.lr = 0.1, .weight_decay = 0.02},
                                    {.lr = 0.1, .momentum = 0.9},
                                    {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.02},
                                    {.lr = 0.1, .momentum = 0.9, .dampening = 0.3},
                                    {.lr = 0.1, .momentum = 0.6, .dampening = -0.5, .weight_decay = 0.01},
                                    {.lr = 0.1, .momentum = 0.99},
                                    {.lr = 0.1, .momentum = 0.8, .nesterov = true},
                                    {.lr = 0.1, .momentum = 0.8, .weight_decay = 0.02, .nesterov = true}}) {
    CAPTURE(options.momentum);
    CAPTURE(options.dampening);
    CAPTURE(options.weight_decay);
    CAPTURE(options.nesterov);
    expect_dense_weights<SGD, double>(options, training::rounding_tolerance);
  }
  expect_dense_weights<SGD, float>(SGDOptions{.lr = 0.1f, .momentum = 0.9, .weight_decay = 0.02}, 1e-5);
}

TEST_CASE("SGD: a parameter whose first gradient comes late starts its momentum then") {
  // dampening does not apply to a parameter's first gradient
  const auto w = training::leaf(rowgrad::Tensor<double>{1}), other = training::leaf(rowgrad::Tensor<double>{1});
  SGD<double> sgd({other, w}, {.lr = 1, .momentum = 0.5, .dampening = 0.5});
  other.grad().add(rowgrad::Tensor<double>{1});
  sgd.step();
  CHECK(w.item() == 1);
  w.grad().add(rowgrad::Tensor<double>{4});
  sgd.step();
  CHECK(w.item() == -3);
  sgd.step();  // b = 0.5 * 4 + 0.5 * 4
  CHECK(w.item() == -7);
}

TEST_CASE("options arrive as they were given, also two equal numbers followed by zeros") {
  const auto x = rowgrad::ones<double>({3, 2});
  x.requires_grad_();
  rowgrad::optim::SGD<double> sgd({x}, {.lr = 0.1, .momentum = 0.1});
  CHECK(sgd.options().dampening == 0);
  CHECK(sgd.options().weight_decay == 0);
}
