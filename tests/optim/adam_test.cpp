#include "training.hpp"

#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/optim/adam.hpp>

using rowgrad::Index;
using rowgrad::optim::Adam;
using rowgrad::optim::AdamOptions;
using rowgrad::optim::AdamW;
using rowgrad::optim::AdamWOptions;
using rowgrad::optim::SparseAdam;
using rowgrad::optim::SparseAdamOptions;
using training::expect_dense_weights;
using training::leaf;

namespace {
constexpr double float_deferred_tolerance = 1e-5;
}

TEST_CASE("Adam: PyTorch's weights") {
  training::expect_golden_of_both_types<Adam, AdamOptions>(
      "optim_adam",
      {{"adam", {{.lr = 0.05}}},
       {"adam_betas", {{.lr = 0.05, .betas = {0.8, 0.95}}}},
       {"adam_no_betas", {{.lr = 0.05, .betas = {0, 0}, .eps = 0.1}}},
       {"adam_eps", {{.lr = 0.05, .eps = 1e-2}}},
       {"adam_decay", {{.lr = 0.05, .weight_decay = 0.1}}},
       {"adam_amsgrad", {{.lr = 0.05, .betas = {0.9, 0.7}, .amsgrad = true}}},
       {"adam_amsgrad_decay", {{.lr = 0.05, .betas = {0.9, 0.7}, .weight_decay = 0.1, .amsgrad = true}}},
       {"adam_switch_betas",
        {{.lr = 0.05},
         [](AdamOptions& o) {
           o.betas = {0.7, 0.9};
         }}},
       {"adam_switch_eps", {{.lr = 0.05}, [](AdamOptions& o) { o.eps = 1e-2; }}},
       {"adam_switch_decay", {{.lr = 0.05}, [](AdamOptions& o) { o.weight_decay = 0.2; }}}},
      training::expansion_tolerance);
}

TEST_CASE("AdamW: PyTorch's weights") {
  training::expect_golden_of_both_types<AdamW, AdamWOptions>(
      "optim_adam",
      {{"adamw", {{.lr = 0.05}}},
       {"adamw_decay", {{.lr = 0.05, .weight_decay = 0.3}}},
       {"adamw_no_decay", {{.lr = 0.05, .weight_decay = 0}}},
       {"adamw_amsgrad", {{.lr = 0.05, .betas = {0.9, 0.7}, .amsgrad = true}}},
       {"adamw_switch_decay", {{.lr = 0.05}, [](AdamWOptions& o) { o.weight_decay = 0.5; }}}},
      training::expansion_tolerance);
}

TEST_CASE("SparseAdam: PyTorch's weights") {
  training::expect_golden_of_both_types<SparseAdam, SparseAdamOptions>(
      "optim_adam", {{"sparse_adam", {{.lr = 0.05}}},
                     {"sparse_adam_betas", {{.lr = 0.05, .betas = {0.8, 0.95}, .eps = 1e-3}}},
                     {"sparse_adam_switch_betas", {{.lr = 0.05}, [](SparseAdamOptions& o) {
                                                     o.betas = {0.7, 0.9};
                                                   }}}});
}

TEST_CASE("Adam: deferred rows leave the weights of dense steps") {
  for (const AdamOptions& options : {AdamOptions{.lr = 0.05},
                                     {.lr = 0.05, .betas = {0.8, 0.95}},
                                     {.lr = 0.05, .betas = {0.95, 0.9}},  // the average of g outlives that of g^2
                                     {.lr = 0.05, .betas = {0, 0.9}},
                                     {.lr = 0.05, .betas = {0.9, 0}, .eps = 0.1},
                                     {.lr = 0.05, .betas = {0.999, 0.9999}},
                                     {.lr = 0.05, .eps = 1e-2},
                                     {.lr = 0.05, .eps = 10},
                                     {.lr = 0.05, .eps = 1e-16},
                                     {.lr = 5},
                                     {.lr = 1e-4},
                                     {.lr = 0.05, .weight_decay = 0.1},
                                     {.lr = 0.05, .amsgrad = true},
                                     {.lr = 0.05, .betas = {0.9, 0.7}, .weight_decay = 0.1, .amsgrad = true}}) {
    CAPTURE(options.lr);
    CAPTURE(options.betas.first);
    CAPTURE(options.betas.second);
    CAPTURE(options.eps);
    CAPTURE(options.weight_decay);
    CAPTURE(options.amsgrad);
    const double movement = 10 * options.lr;  // of a long rest: lr / (1 - 0.9)
    expect_dense_weights<Adam, double>(options, options.weight_decay != 0
                                                    ? training::rounding_tolerance
                                                    : training::expansion_tolerance * std::max(1.0, movement));
    if (options.lr < 1) expect_dense_weights<Adam, float>(options, float_deferred_tolerance);
  }
}

TEST_CASE("AdamW: deferred rows leave the weights of dense steps") {
  for (const AdamWOptions& options : {AdamWOptions{.lr = 0.05},
                                      {.lr = 0.05, .weight_decay = 0},
                                      {.lr = 0.05, .weight_decay = 0.5},
                                      {.lr = 0.05, .betas = {0.8, 0.95}, .eps = 1e-3},
                                      {.lr = 0.05, .betas = {0.9, 0.7}, .amsgrad = true}}) {
    CAPTURE(options.betas.second);
    CAPTURE(options.weight_decay);
    CAPTURE(options.amsgrad);
    expect_dense_weights<AdamW, double>(options, training::expansion_tolerance);
    expect_dense_weights<AdamW, float>(options, float_deferred_tolerance);
  }
}

TEST_CASE("Adam: deferred rows over thousands of missed steps") {
  // more steps than the history holds: 32768
  const auto table = leaf(training::start<double>({4, 3})), reference = leaf(table);
  Adam<double> deferring({table}, {.lr = 0.01, .weight_decay = 1e-3}),
      stepping({reference}, {.lr = 0.01, .weight_decay = 1e-3});
  const auto ones = rowgrad::ones<double>({1, 3});
  for (Index step = 1; step <= 33000; ++step) {
    deferring.zero_grad();
    stepping.zero_grad();
    const Index row = step <= 3 ? step : 0;
    auto gradient = rowgrad::zeros<double>({4, 3});
    gradient.matrix().row(row).setConstant(step % 2 == 0 ? 1 : -0.5);
    reference.grad().add(gradient);
    embedding({row}, table).backward(step % 2 == 0 ? ones : rowgrad::full<double>({1, 3}, -0.5));
    if (step % 10000 == 0) deferring.lr() = stepping.lr() *= 0.5;
    deferring.step();
    stepping.step();
  }
  training::expect_same(table, reference, {1e-10, 1e-10});
}

TEST_CASE("AdamW: deferred rows under decays that take weights away, at once or over thousands of steps") {
  struct Run {
    double lr, weight_decay;
    Index steps;
  };
  for (const Run& run : {Run{0.5, 0.5, 6000}, {0.1, 10, 20}, {0.1, 15, 20}, {0.05, 0.5, 500}}) {
    CAPTURE(run.lr);
    CAPTURE(run.weight_decay);
    const AdamWOptions options{.lr = run.lr, .weight_decay = run.weight_decay};
    const auto table = leaf(training::start<double>({4, 2})), reference = leaf(table);
    AdamW<double> deferring({table}, options), stepping({reference}, options);
    for (Index step = 0; step < run.steps; ++step) {
      deferring.zero_grad();
      stepping.zero_grad();
      const Index row = step == 0 ? 1 : step == run.steps / 2 ? 2 : step == run.steps - 4 ? 3 : 0;
      embedding({row}, table).backward(training::gradient<double>({1, 2}, step));
      reference.grad().add(table.grad().to_dense());
      deferring.step();
      stepping.step();
    }
    training::expect_same(table, reference, {training::expansion_tolerance, training::expansion_tolerance});
  }
}

TEST_CASE("SparseAdam: rows that were not looked up stand still") {
  const auto table = leaf(training::start<double>({4, 2}));
  const auto before = table.clone();
  SparseAdam<double> adam({table}, {.lr = 0.1});
  for (Index row : {1, 2, 1, 1}) {
    adam.zero_grad();
    embedding({row, row}, table).sum().backward();
    const auto last = table.clone();
    adam.step();
    for (Index r = 0; r < 4; ++r) CHECK((table.matrix().row(r) == last.matrix().row(r)) == (r != row));
  }
  CHECK(table.matrix().row(0) == before.matrix().row(0));
}

TEST_CASE("SparseAdam: a dense gradient is refused, and nothing is updated") {
  const auto table = leaf(training::start<double>({4, 2})), weight = leaf(training::start<double>({2, 2}));
  const auto before = table.clone();
  SparseAdam<double> adam({table, weight}, {.lr = 0.1});
  embedding({1}, table).sum().backward();
  weight.grad().add(rowgrad::ones<double>({2, 2}));
  CHECK_THROWS_WITH_AS(adam.step(), doctest::Contains("SparseAdam: parameter 1 has a dense gradient"),
                       rowgrad::ValueError);
  CHECK(table.to_vector() == before.to_vector());
  weight.grad().reset();
  CHECK_NOTHROW(adam.step());
  CHECK(table.to_vector() != before.to_vector());
}
