#include "training.hpp"

#include <cmath>

#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::ValueError;
using training::leaf;
using Cause = RowReport::Cause;

namespace {

template <typename Optimizer>
void look_up(Optimizer& optimizer, const Tensor<double>& table, const Indices& ids, double gradient = 1) {
  optimizer.zero_grad();
  Shape shape = ids.shape();
  shape.append(table.shape()[1]);
  embedding(ids, table).backward(rowgrad::full<double>(shape, gradient));
  optimizer.step();
}

struct Expected {
  Index lookups;
  double norm;
  Index gradient_step, moved_step;
  Cause cause;
};

void check(const RowReport& got, const Expected& expected) {
  CHECK(got.lookups == expected.lookups);
  CHECK(got.gradient_norm == doctest::Approx(expected.norm).epsilon(1e-6));
  CHECK(got.last_gradient_step == expected.gradient_step);
  CHECK(got.last_moved_step == expected.moved_step);
  CHECK(static_cast<int>(got.cause) == static_cast<int>(expected.cause));
}

/// Rows 0 and 1 are looked up (row 1 twice in one step), then row 0 alone.
template <template <typename> class Optimizer, typename Options>
void expect_reports(const Options& options, const Expected& first, const Expected& second, const Expected& third) {
  const auto table = leaf(training::start<double>({5, 4}));
  Optimizer<double> optimizer({table}, options);
  optimizer.watch_rows();
  for (Index row = 0; row < 5; ++row) check(optimizer.row_report(table, row), {0, 0, 0, 0, Cause::never});
  look_up(optimizer, table, {0, 1, 1});
  for (int i = 0; i < 3; ++i) look_up(optimizer, table, {0}, 0.5);
  check(optimizer.row_report(table, 0), first);
  check(optimizer.row_report(table, 1), second);
  check(optimizer.row_report(table, 2), third);
}

const Expected row0{4, 1, 4, 4, Cause::gradient}, row1_still{1, 4, 1, 1, Cause::gradient},
    row1_moving{1, 4, 1, 4, Cause::momentum}, untouched{0, 0, 0, 0, Cause::never}, decaying{0, 0, 0, 4, Cause::decay};

}  // namespace

TEST_CASE("row_report: lookups, the last gradient, and what moved the row") {
  expect_reports<Adam>(AdamOptions{}, row0, row1_moving, untouched);
  expect_reports<Adam>(AdamOptions{.amsgrad = true}, row0, row1_moving, untouched);
  expect_reports<Adam>(AdamOptions{.betas = {0, 0.9}}, row0, row1_still, untouched);
  expect_reports<Adam>(AdamOptions{.lazy = true}, row0, row1_still, untouched);
  expect_reports<Adam>(AdamOptions{.weight_decay = 0.1}, row0, row1_moving, decaying);
  expect_reports<AdamW>(AdamWOptions{}, row0, row1_moving, decaying);
  expect_reports<AdamW>(AdamWOptions{.weight_decay = 0}, row0, row1_moving, untouched);
  expect_reports<SparseAdam>(SparseAdamOptions{}, row0, row1_still, untouched);
  expect_reports<SGD>(SGDOptions{}, row0, row1_still, untouched);
  expect_reports<SGD>(SGDOptions{.momentum = 0.9}, row0, row1_moving, untouched);
  expect_reports<SGD>(SGDOptions{.weight_decay = 0.1}, row0, {1, 4, 1, 4, Cause::decay}, decaying);
  expect_reports<RMSprop>(RMSpropOptions{}, row0, row1_still, untouched);
  expect_reports<RMSprop>(RMSpropOptions{.centered = true}, row0, row1_still, untouched);
  expect_reports<RMSprop>(RMSpropOptions{.momentum = 0.9}, row0, row1_moving, untouched);
  expect_reports<Adagrad>(AdagradOptions{}, row0, row1_still, untouched);
  expect_reports<Adagrad>(AdagradOptions{.weight_decay = 0.1}, row0, {1, 4, 1, 4, Cause::decay}, decaying);
}

TEST_CASE("row_report: the causes are what the weights do") {
  const auto table = leaf(training::start<double>({4, 2}));
  Adam<double> adam({table}, {.lr = 0.1});
  adam.watch_rows();
  look_up(adam, table, {0, 1});
  for (Index step = 2; step < 30; ++step) {
    const auto before = table.clone();
    look_up(adam, table, {step % 3 == 0 ? 1 : 0});
    for (Index row = 0; row < 4; ++row) {
      const bool moved = table.matrix().row(row) != before.matrix().row(row);
      CHECK((adam.row_report(table, row).last_moved_step == step) == moved);
    }
  }
}

TEST_CASE("row_report: looked up, with a gradient of zeros") {
  const auto expect = [](auto make, Index moved_step, Cause cause) {
    const auto table = leaf(training::start<double>({3, 2}));
    auto optimizer = make(table);
    optimizer.watch_rows();
    look_up(optimizer, table, {0, 1});
    look_up(optimizer, table, {1, 2}, 0);
    const Tensor<double> before = table.clone();
    look_up(optimizer, table, {1, 1, 2}, 0);
    look_up(optimizer, table, {0});
    for (Index row : {1, 2}) {
      const RowReport report = optimizer.row_report(table, row);
      CHECK(report.zero_gradients == 2);
      CHECK(report.last_lookup_step == 3);
    }
    check(optimizer.row_report(table, 1), {3, std::sqrt(2.0), 1, moved_step, cause});
    check(optimizer.row_report(table, 2), {2, 0, 0, 0, Cause::never});
    CHECK((table.matrix().row(1) != before.matrix().row(1)) == (moved_step >= 3));
    CHECK(table.matrix().row(2) == before.matrix().row(2));
  };
  expect([](const auto& table) { return SGD<double>({table}, {.lr = 0.1}); }, 1, Cause::gradient);
  expect([](const auto& table) { return Adagrad<double>({table}, {.lr = 0.1}); }, 1, Cause::gradient);
  expect([](const auto& table) { return Adam<double>({table}, {.lr = 0.1}); }, 4, Cause::momentum);
  expect([](const auto& table) { return Adam<double>({table}, {.lr = 0.1, .lazy = true}); }, 3, Cause::momentum);
  expect([](const auto& table) { return SparseAdam<double>({table}, {.lr = 0.1}); }, 3, Cause::momentum);
}

TEST_CASE("row_report: momentum that has faded, and decay that outlives it") {
  const auto table = leaf(training::start<double>({3, 2})), shrunk = leaf(table);
  SGD<double> sgd({table}, {.lr = 0.1, .momentum = 0.1}),
      decay({shrunk}, {.lr = 0.1, .momentum = 0.5, .weight_decay = 1e-3});
  sgd.watch_rows();
  decay.watch_rows();
  look_up(sgd, table, {0, 1});
  look_up(decay, shrunk, {0, 1});
  for (int i = 0; i < 400; ++i) {
    look_up(sgd, table, {0});
    look_up(decay, shrunk, {0});
  }
  check(sgd.row_report(table, 1), {1, std::sqrt(2.0), 1, 1, Cause::gradient});
  check(decay.row_report(shrunk, 1), {1, std::sqrt(2.0), 1, 401, Cause::decay});
}

TEST_CASE("row_report: watching from the middle of a run, dense gradients, new rows, a restored state") {
  rowgrad::nn::Embedding<double> layer(4, 2);
  const Tensor<double> table = layer.weight;
  Adam<double> adam({table}, {.lr = 0.1});
  look_up(adam, table, {0, 1});
  adam.watch_rows();
  look_up(adam, table, {0});
  adam.watch_rows();  // again: notes stay
  check(adam.row_report(table, 0), {1, std::sqrt(2.0), 2, 2, Cause::gradient});
  check(adam.row_report(table, 1), {0, 0, 0, 2, Cause::momentum});  // its gradient came before

  adam.zero_grad();
  auto gradient = rowgrad::zeros<double>({4, 2});
  gradient.data()[4] = 3;
  table.grad().add(gradient);
  adam.step();
  check(adam.row_report(table, 2), {1, 3, 3, 3, Cause::gradient});
  check(adam.row_report(table, 3), untouched);
  check(adam.row_report(table, 0), {1, std::sqrt(2.0), 2, 3, Cause::momentum});

  layer.add_rows(2);
  adam.add_rows();
  look_up(adam, table, {5});
  check(adam.row_report(table, 5), {1, std::sqrt(2.0), 4, 4, Cause::gradient});
  check(adam.row_report(table, 4), untouched);

  adam.load_state_dict(adam.state_dict());  // notes start anew
  check(adam.row_report(table, 5), {0, 0, 0, 4, Cause::momentum});
}

TEST_CASE("row_report: errors") {
  const auto table = leaf(training::start<double>({4, 2})), bias = leaf(training::start<double>({2})),
             other = leaf(training::start<double>({4, 2}));
  Adam<double> adam({table, bias});
  look_up(adam, table, {0});
  CHECK_THROWS_WITH_AS(adam.row_report(table, 0), doctest::Contains("not watched (call watch_rows()"), ValueError);
  adam.watch_rows();
  bias.grad().add(rowgrad::ones<double>({2}));
  adam.step();
  CHECK_THROWS_WITH_AS(adam.row_report(other, 0), doctest::Contains("does not train that tensor"), ValueError);
  CHECK_THROWS_AS(adam.row_report(Tensor<double>(), 0), ValueError);
  CHECK_THROWS_WITH_AS(adam.row_report(bias, 0), doctest::Contains("dense gradients alone"), ValueError);
  for (Index row : {-1, 4})
    CHECK_THROWS_WITH_AS(adam.row_report(table, row), doctest::Contains("outside a parameter of shape (4, 2)"),
                         rowgrad::IndexError);
  CHECK_NOTHROW(adam.row_report(table, 3));
}
