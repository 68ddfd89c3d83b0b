// Tables that more than one thing reads or trains: tied weights, frozen tables, two optimizers.
#include "training.hpp"

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/clip.hpp>
#include <rowgrad/optim/sgd.hpp>

namespace nn = rowgrad::nn;
using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using training::leaf;

namespace {

constexpr golden::Tolerance close_enough{training::expansion_tolerance, training::expansion_tolerance};

/// Gives w, which has a row-sparse gradient, the same as a dense one.
void make_dense(const Tensor<double>& w) {
  if (!w.grad().defined() || !w.grad().is_row_sparse()) return;
  const Tensor<double> gradient = w.grad().to_dense();
  w.grad().reset();
  w.grad().add(gradient);
}

/// `forward(step, table)` gives the loss of a step, undefined for none. The table trained with deferred rows must
/// equal the one trained with dense gradients, after every step (for a reader of two rows) and at the end.
template <typename Forward>
void expect_dense_weights(const Forward& forward, Index steps, AdamOptions options = {.lr = 0.05}) {
  const Tensor<double> table = leaf(training::start<double>({8, 3})), dense = leaf(table);
  Adam<double> adam({table}, options), reference({dense}, options);
  for (Index step = 1; step <= steps; ++step) {
    CAPTURE(step);
    for (const Tensor<double>& w : {table, dense}) {
      w.grad().reset();
      forward(step, w).backward();
    }
    make_dense(dense);
    adam.step();
    reference.step();
    const rowgrad::no_grad reading;
    training::expect_same(embedding({step % 8, 5}, table), embedding({step % 8, 5}, dense), close_enough);
  }
  training::expect_same(table, dense, close_enough);
}

}  // namespace

TEST_CASE("shared tables: looked up as words and as contexts in one forward") {
  expect_dense_weights(
      [](Index step, const Tensor<double>& w) {
        const auto words = embedding({step % 8, 1, 1}, w), contexts = embedding({1, step * step % 8, 3}, w);
        const auto loss = (words * contexts).sum();
        CHECK(loss.requires_grad());
        return loss;
      },
      40, {.lr = 0.05, .amsgrad = true});
}

TEST_CASE("shared tables: the input table is the output matrix, through its transpose") {
  for (AdamOptions options : {AdamOptions{.lr = 0.05}, {.lr = 0.05, .weight_decay = 0.1}})
    expect_dense_weights(
        [](Index step, const Tensor<double>& w) {
          const Tensor<double> hidden = embedding({step % 8, 2, 7}, w);
          return cross_entropy(matmul(hidden, w.t()), Indices{1, step % 5, 4});
        },
        30, options);
}

TEST_CASE("shared tables: the output matrix in some steps, lookups alone in the others") {
  expect_dense_weights(
      [](Index step, const Tensor<double>& w) {
        const Tensor<double> hidden = embedding({step % 8, 2}, w);
        if (step % 4 != 0) return (hidden * hidden).sum();
        return cross_entropy(step % 8 == 0 ? matmul(hidden, w.t()) : linear<double>(hidden, w), Indices{1, step % 5});
      },
      60);
}

TEST_CASE("shared tables: two layers over the same values are two parameters, as in PyTorch") {
  const Tensor<double> values = training::start<double>({8, 3}), dense_values = values.clone();
  const auto layer = [](const Tensor<double>& table) {
    return nn::Embedding<double>::from_pretrained(table, {.freeze = false});
  };
  const auto words = layer(values), contexts = layer(values), dense_words = layer(dense_values),
             dense_contexts = layer(dense_values);
  Adam<double> adam({words.weight, contexts.weight}, {.lr = 0.05}),
      reference({dense_words.weight, dense_contexts.weight}, {.lr = 0.05});
  for (Index step = 1; step <= 40; ++step) {
    adam.zero_grad();
    reference.zero_grad();
    (words({step % 8, 2}) * contexts({3, step % 5})).sum().backward();
    (dense_words({step % 8, 2}) * dense_contexts({3, step % 5})).sum().backward();
    make_dense(dense_words.weight);
    make_dense(dense_contexts.weight);
    adam.step();
    reference.step();
  }
  training::expect_same(values, dense_values, close_enough);
  training::expect_same<double>(words.weight, contexts.weight, {0, 0});
}

TEST_CASE("frozen tables: stand still while others train, and go on where they were") {
  const auto table = leaf(training::start<double>({8, 3})), dense = leaf(table);
  const auto w = leaf(rowgrad::ones<double>({3})), dense_w = leaf(w);
  Adam<double> adam({table, w}, {.lr = 0.05}), reference({dense, dense_w}, {.lr = 0.05});
  std::vector<double> frozen;
  for (Index step = 1; step <= 60; ++step) {
    CAPTURE(step);
    const bool on = step <= 20 || step > 40;
    for (const Tensor<double>& x : {table, dense}) x.requires_grad_(on);
    adam.zero_grad();
    reference.zero_grad();
    (embedding({step % 8, step % 3}, table) * w).sum().backward();
    (embedding({step % 8, step % 3}, dense) * dense_w).sum().backward();
    CHECK(table.grad().defined() == on);
    make_dense(dense);
    adam.step();
    reference.step();
    if (step == 21) frozen = table.to_vector();  // with the updates owed from before
    if (step == 40) CHECK(table.to_vector() == frozen);
  }
  training::expect_same(table, dense, close_enough);
  training::expect_same(w, dense_w, close_enough);
}

TEST_CASE("frozen tables: frozen from the start, unfrozen later") {
  const auto table = leaf(training::start<double>({8, 3})), other = leaf(rowgrad::ones<double>({3}));
  const auto before = table.to_vector();
  table.requires_grad_(false);
  Adam<double> adam({table, other}, {.lr = 0.05});
  for (int i = 0; i < 5; ++i) {
    adam.zero_grad();
    (embedding({1, 2}, table) * other).sum().backward();
    adam.step();
  }
  CHECK(table.to_vector() == before);
  table.requires_grad_();
  adam.zero_grad();
  (embedding({1, 2}, table) * other).sum().backward();
  adam.step();
  CHECK(adam.state_dict().parameters[0].step == 1);  // its own first step, with the bias correction of one
  CHECK(std::abs(table.data()[3] - before[3]) == doctest::Approx(0.05).epsilon(1e-6));
}

TEST_CASE("two optimizers on one table: each makes its own missed steps, in the order of the steps") {
  const auto table = leaf(training::start<double>({8, 3})), dense = leaf(table);
  Adam<double> adam({table}, {.lr = 0.05}), dense_adam({dense}, {.lr = 0.05});
  SGD<double> sgd({table}, {.lr = 0.02, .momentum = 0.9}), dense_sgd({dense}, {.lr = 0.02, .momentum = 0.9});
  for (Index step = 1; step <= 40; ++step) {
    table.grad().reset();
    dense.grad().reset();
    (embedding({step % 8, 4}, table) * embedding({4, step * step % 5}, table)).sum().backward();
    (embedding({step % 8, 4}, dense) * embedding({4, step * step % 5}, dense)).sum().backward();
    make_dense(dense);
    CHECK(clip_grad_norm_<double>({table}, 0.5) == doctest::Approx(clip_grad_norm_<double>({dense}, 0.5)));
    adam.step();  // both on the same gradient
    dense_adam.step();
    sgd.step();
    dense_sgd.step();
    if (step == 20) {
      const auto state = adam.state_dict();
      adam.load_state_dict(state);
    }
    const rowgrad::no_grad reading;
    training::expect_same(embedding({6, 0}, table), embedding({6, 0}, dense), close_enough);
  }
  training::expect_same(table, dense, close_enough);
}

TEST_CASE("two optimizers on one table that grows: each takes up the rows") {
  nn::Embedding<double> layer(4, 3);
  const Tensor<double> table = layer.weight;
  Adam<double> adam({table}, {.lr = 0.05});
  SGD<double> sgd({table}, {.lr = 0.02, .momentum = 0.9});
  const auto look_up = [&](Index row) {
    table.grad().reset();
    layer({row, 1}).sum().backward();
  };
  look_up(0);
  adam.step();
  sgd.step();
  layer.add_rows(2);
  adam.add_rows();
  look_up(5);
  CHECK_NOTHROW(adam.step());
  CHECK_THROWS_WITH_AS(sgd.step(), doctest::Contains("add_rows"), rowgrad::ShapeError);
  sgd.add_rows();
  CHECK_NOTHROW(sgd.step());
  CHECK(table.body().storage->debt != nullptr);
  CHECK(table.to_vector().size() == 18);
}
