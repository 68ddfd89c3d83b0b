// NAdam, RAdam, Adamax, Adadelta and RowwiseAdagrad: PyTorch's (FBGEMM's) weights, deferred rows; maximize of all.
#include "training.hpp"

#include <rowgrad/optim/adadelta.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/adamax.hpp>
#include <rowgrad/optim/nadam.hpp>
#include <rowgrad/optim/radam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/rowwise_adagrad.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::Tensor;
using training::expansion_tolerance;
using training::expect_dense_weights;
using training::expect_golden_of_both_types;
using training::leaf;
using training::rounding_tolerance;

TEST_CASE("NAdam: PyTorch's weights, and those of dense steps") {
  expect_golden_of_both_types<NAdam, NAdamOptions>(
      "optim_nadam",
      {{"plain", {{.lr = 0.02}}},
       {"betas", {{.lr = 0.02, .betas = {0.8, 0.95}}}},
       {"no_betas", {{.lr = 0.02, .betas = {0, 0}, .eps = 0.1}}},
       {"eps", {{.lr = 0.02, .eps = 1e-2}}},
       {"decay", {{.lr = 0.02, .weight_decay = 0.1}}},
       {"momentum_decay", {{.lr = 0.02, .momentum_decay = 0.3}}},
       {"no_momentum_decay", {{.lr = 0.02, .momentum_decay = 0}}},
       {"decoupled", {{.lr = 0.02, .weight_decay = 0.1, .decoupled_weight_decay = true}}},
       {"switch_eps", {{.lr = 0.02}, [](NAdamOptions& o) { o.eps = 1e-2; }}}},
      expansion_tolerance);
  for (const NAdamOptions& options : {NAdamOptions{.lr = 0.02},
                                      {.lr = 0.02, .betas = {0.8, 0.95}},
                                      {.lr = 0.02, .betas = {0.95, 0.9}, .eps = 1e-4},
                                      {.lr = 0.02, .weight_decay = 0.05},
                                      {.lr = 0.02, .momentum_decay = 0.2},
                                      {.lr = 0.02, .weight_decay = 0.05, .decoupled_weight_decay = true}}) {
    CAPTURE(options.betas.second);
    CAPTURE(options.weight_decay);
    expect_dense_weights<NAdam, double>(options, expansion_tolerance);
  }
  expect_dense_weights<NAdam, float>(NAdamOptions{.lr = 0.02}, 1e-5);
}

TEST_CASE("RAdam: PyTorch's weights, and those of dense steps") {
  expect_golden_of_both_types<RAdam, RAdamOptions>(
      "optim_radam",
      {{"plain", {{.lr = 0.02}}},
       {"betas", {{.lr = 0.02, .betas = {0.8, 0.95}}}},
       {"never", {{.lr = 0.02, .betas = {0.9, 0.5}}}},
       {"eps", {{.lr = 0.02, .eps = 1e-2}}},
       {"decay", {{.lr = 0.02, .weight_decay = 0.1}}},
       {"decoupled", {{.lr = 0.02, .weight_decay = 0.1, .decoupled_weight_decay = true}}},
       {"switch_betas",
        {{.lr = 0.02},
         [](RAdamOptions& o) {
           o.betas = {0.7, 0.9};
         }}}},
      expansion_tolerance);
  for (const RAdamOptions& options : {RAdamOptions{.lr = 0.02},
                                      {.lr = 0.02, .betas = {0.8, 0.95}},
                                      {.lr = 0.02, .betas = {0.9, 0.5}},
                                      {.lr = 0.02, .betas = {0.95, 0.9}, .eps = 1e-4},
                                      {.lr = 0.02, .weight_decay = 0.05},
                                      {.lr = 0.02, .weight_decay = 0.05, .decoupled_weight_decay = true}}) {
    CAPTURE(options.betas.second);
    CAPTURE(options.weight_decay);
    expect_dense_weights<RAdam, double>(options, expansion_tolerance);
  }
  expect_dense_weights<RAdam, float>(RAdamOptions{.lr = 0.02}, 1e-5);
  // Options that change in the middle, so that steps without the divisor come back.
  expect_dense_weights<RAdam, double>(RAdamOptions{.lr = 0.02}, expansion_tolerance, [](Index step, RAdamOptions& o) {
    o.betas.second = step / 40 % 2 == 0 ? 0.999 : 0.6;
  });
}

TEST_CASE("Adamax: PyTorch's weights, and those of dense steps") {
  expect_golden_of_both_types<Adamax, AdamaxOptions>("optim_adamax",
                                                     {{"plain", {{.lr = 0.02}}},
                                                      {"betas", {{.lr = 0.02, .betas = {0.8, 0.5}}}},
                                                      {"eps", {{.lr = 0.02, .eps = 0.3}}},
                                                      {"decay", {{.lr = 0.02, .weight_decay = 0.1}}},
                                                      {"switch_betas", {{.lr = 0.02}, [](AdamaxOptions& o) {
                                                                          o.betas = {0.7, 0.9};
                                                                        }}}});
  for (const AdamaxOptions& options :
       {AdamaxOptions{.lr = 0.02}, {.lr = 0.02, .betas = {0.8, 0.7}, .eps = 1e-3}, {.lr = 0.02, .weight_decay = 0.05}})
    expect_dense_weights<Adamax, double>(options, rounding_tolerance);
  expect_dense_weights<Adamax, float>(AdamaxOptions{.lr = 0.02}, 1e-5);
}

TEST_CASE("Adadelta: PyTorch's weights, and those of dense steps") {
  expect_golden_of_both_types<Adadelta, AdadeltaOptions>(
      "optim_adadelta", {{"plain", {{.lr = 0.5}}},
                         {"rho", {{.lr = 0.5, .rho = 0.5}}},
                         {"rho_0", {{.lr = 0.5, .rho = 0}}},
                         {"rho_1", {{.lr = 0.5, .rho = 1}}},
                         {"eps", {{.lr = 0.5, .eps = 1e-2}}},
                         {"decay", {{.lr = 0.5, .weight_decay = 0.1}}},
                         {"switch_rho", {{.lr = 0.5}, [](AdadeltaOptions& o) { o.rho = 0.6; }}}});
  for (const AdadeltaOptions& options :
       {AdadeltaOptions{.lr = 0.5}, {.lr = 0.5, .rho = 0.6}, {.lr = 0.5, .rho = 1}, {.lr = 0.5, .weight_decay = 0.05}})
    expect_dense_weights<Adadelta, double>(options, rounding_tolerance);
  expect_dense_weights<Adadelta, float>(AdadeltaOptions{.lr = 0.5}, 1e-5);
  CHECK_THROWS_WITH_AS(Adadelta<float>({leaf(training::start<float>({2}))}, {.rho = 1.5}),
                       "Adadelta: expected rho in [0, 1], got 1.5", rowgrad::ValueError);
}

TEST_CASE("RowwiseAdagrad: FBGEMM's weights, and those of dense steps") {
  using Options = RowwiseAdagradOptions;
  expect_golden_of_both_types<RowwiseAdagrad, Options>(
      "optim_rowwise_adagrad", {{"plain", {{.lr = 0.1}}},
                                {"eps", {{.lr = 0.1, .eps = 0.1}}},
                                {"decay", {{.lr = 0.1, .weight_decay = 0.1}}},
                                {"decoupled", {{.lr = 0.1, .weight_decay = 0.1, .decoupled_weight_decay = true}}}});
  for (const Options& options :
       {Options{.lr = 0.1},
        {.lr = 0.1, .weight_decay = 0.05, .lazy = false},
        {.lr = 0.1, .weight_decay = 0.05, .eps = 1e-3, .decoupled_weight_decay = true, .lazy = false}}) {
    expect_dense_weights<RowwiseAdagrad, double>(options, rounding_tolerance);
    expect_dense_weights<RowwiseAdagrad, float>(options, 1e-5);
  }
}

TEST_CASE("RowwiseAdagrad: one sum a row, whatever the parameter's shape and width") {
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{3, 1}, Shape{4, 37}, Shape{2, 3, 19}, Shape{0, 4}, Shape{3, 0}}) {
    CAPTURE(rowgrad::to_string(shape));
    const auto w = leaf(training::start<double>(shape));
    RowwiseAdagrad<double> optimizer({w}, {.lr = 0.25});
    const Index columns = shape.rank() == 0 ? 1 : shape.back(), rows = columns == 0 ? 0 : w.numel() / columns;
    std::vector<double> expected = w.to_vector(), sums(static_cast<std::size_t>(rows));
    for (Index step = 1; step <= 3; ++step) {
      const auto g = training::gradient<double>(shape, step);
      w.grad().reset();
      w.grad().add(g.clone());
      optimizer.step();
      for (Index row = 0; row < rows; ++row) {
        double& sum = sums[static_cast<std::size_t>(row)];
        double squares = 0;
        for (Index c = 0; c < columns; ++c) squares += g.data()[row * columns + c] * g.data()[row * columns + c];
        sum += squares / static_cast<double>(columns);
        for (Index c = 0; c < columns; ++c)
          expected[static_cast<std::size_t>(row * columns + c)] -=
              0.25 / (std::sqrt(sum) + 1e-8) * g.data()[row * columns + c];
      }
    }
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(w.data()[i] == doctest::Approx(expected[i]).epsilon(1e-13));
    const auto state = optimizer.state_dict();
    Shape by_rows = shape;
    if (by_rows.rank() > 0) by_rows.erase(by_rows.rank() - 1);
    REQUIRE(state.parameters[0].slots.size() == 1);
    CHECK(state.parameters[0].slots[0].shape() == by_rows);
    if (columns > 0)
      for (std::size_t row = 0; row < sums.size(); ++row)
        CHECK(state.parameters[0].slots[0].data()[row] == doctest::Approx(sums[row]).epsilon(1e-13));
    CHECK_NOTHROW(optimizer.load_state_dict(state));
    auto other = state;
    other.parameters[0].slots[0] = rowgrad::zeros<double>({7, 7});
    CHECK_THROWS_AS(optimizer.load_state_dict(other), rowgrad::ShapeError);
  }
}

TEST_CASE("maximize: PyTorch's weights of every optimizer") {
  const char* file = "optim_maximize";
  expect_golden_of_both_types<SGD, SGDOptions>(
      file, {{"sgd", {{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.1, .maximize = true}}},
             {"sgd_plain", {{.lr = 0.1, .maximize = true}}}});
  expect_golden_of_both_types<Adam, AdamOptions>(
      file, {{"adam", {{.lr = 0.05, .weight_decay = 0.1, .maximize = true}}}}, expansion_tolerance);
  expect_golden_of_both_types<AdamW, AdamWOptions>(file, {{"adamw", {{.lr = 0.05, .amsgrad = true, .maximize = true}}}},
                                                   expansion_tolerance);
  expect_golden_of_both_types<SparseAdam, SparseAdamOptions>(file, {{"sparse_adam", {{.lr = 0.05, .maximize = true}}}});
  expect_golden_of_both_types<Adagrad, AdagradOptions>(
      file, {{"adagrad", {{.lr = 0.1, .weight_decay = 0.1, .maximize = true}}}});
  expect_golden_of_both_types<RMSprop, RMSpropOptions>(
      file, {{"rmsprop", {{.lr = 0.02, .weight_decay = 0.1, .momentum = 0.5, .centered = true, .maximize = true}}}});
  expect_golden_of_both_types<NAdam, NAdamOptions>(
      file, {{"nadam", {{.lr = 0.02, .weight_decay = 0.1, .maximize = true}}}}, expansion_tolerance);
  expect_golden_of_both_types<RAdam, RAdamOptions>(
      file, {{"radam", {{.lr = 0.02, .weight_decay = 0.1, .maximize = true}}}}, expansion_tolerance);
  expect_golden_of_both_types<Adamax, AdamaxOptions>(
      file, {{"adamax", {{.lr = 0.02, .weight_decay = 0.1, .maximize = true}}}});
  expect_golden_of_both_types<Adadelta, AdadeltaOptions>(
      file, {{"adadelta", {{.lr = 0.5, .weight_decay = 0.1, .maximize = true}}}});
  // FBGEMM's rule has none: it must do what it does with the gradient's negative.
  const auto up = leaf(training::start<double>({3, 5})), down = leaf(up);
  RowwiseAdagrad<double> ascends({up}, {.lr = 0.1, .weight_decay = 0.1, .maximize = true}),
      descends({down}, {.lr = 0.1, .weight_decay = 0.1});
  for (Index step = 1; step <= 4; ++step) {
    up.grad().reset(), down.grad().reset();
    up.grad().add(training::gradient<double>({3, 5}, step));
    const auto negative = training::gradient<double>({3, 5}, step);
    negative.array() *= -1;
    down.grad().add(negative);
    ascends.step(), descends.step();
  }
  CHECK(up.to_vector() == down.to_vector());
}
