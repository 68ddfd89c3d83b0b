#include "training.hpp"

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

namespace nn = rowgrad::nn;
using namespace rowgrad::optim;
using rowgrad::Generator;
using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using training::leaf;

namespace {

Tensor<double> top(const Tensor<double>& table, Index rows) { return slice(table.detach(), 0, 0, rows); }

/// Steps from .. to that look up rows below `rows`, every ninth with a dense gradient.
template <typename Optimizer>
void train(const Tensor<double>& table, Optimizer& optimizer, Index from, Index to, Index rows) {
  for (Index step = from; step <= to; ++step) {
    optimizer.zero_grad();
    embedding({step % rows, step * step % 4}, table).backward(training::gradient<double>({2, 3}, step));
    if (step % 9 == 0) {
      Tensor<double> dense = rowgrad::zeros<double>(table.shape());
      dense.array().head(4 * 3) = training::gradient<double>({4, 3}, step).array();
      table.grad().add(dense);
    }
    optimizer.step();
  }
}

/// A table that grows must be trained like one that had all rows from the start.
template <template <typename> class Optimizer, typename Options>
void expect_same_as_large(const Options& options, golden::Tolerance tolerance) {
  Generator random(3);
  nn::Embedding<double> growing(6, 3), large(11, 3);
  const Tensor<double> handle = growing.weight;
  std::copy_n(growing.weight.data(), 18, large.weight.data());
  Optimizer<double> optimizer({growing.weight}, options), reference({large.weight}, options);
  train(growing.weight, optimizer, 1, 20, 6);
  train(large.weight, reference, 1, 20, 6);
  growing.add_rows(2, random);
  growing.add_rows(3, random);
  optimizer.add_rows();
  std::copy_n(growing.weight.data() + 18, 15, large.weight.data() + 18);
  training::expect_same(handle, large.weight, tolerance);
  train(growing.weight, optimizer, 21, 50, 11);
  train(large.weight, reference, 21, 50, 11);
  CHECK(handle.shape() == Shape{11, 3});
  training::expect_same(handle, large.weight, tolerance);
  const auto state = optimizer.state_dict(), expected = reference.state_dict();
  REQUIRE(state.parameters[0].slots.size() == expected.parameters[0].slots.size());
  CHECK(state.parameters[0].step == 50);
  for (std::size_t k = 0; k < state.parameters[0].slots.size(); ++k)
    training::expect_same(state.parameters[0].slots[k], expected.parameters[0].slots[k], tolerance);
}

constexpr golden::Tolerance exact_enough{training::rounding_tolerance, training::rounding_tolerance},
    close_enough{training::expansion_tolerance, training::expansion_tolerance};

}  // namespace

TEST_CASE("add_rows: a table that grew is trained like one that had the rows from the start") {
  expect_same_as_large<Adam>(AdamOptions{.lr = 0.05}, close_enough);
  expect_same_as_large<Adam>(AdamOptions{.lr = 0.05, .amsgrad = true}, close_enough);
  expect_same_as_large<Adam>(AdamOptions{.lr = 0.05, .lazy = true}, exact_enough);
  expect_same_as_large<SGD>(SGDOptions{.lr = 0.05}, exact_enough);
  expect_same_as_large<SGD>(SGDOptions{.lr = 0.05, .momentum = 0.9}, exact_enough);
  expect_same_as_large<SGD>(SGDOptions{.lr = 0.05, .momentum = 0.9, .nesterov = true}, exact_enough);
  expect_same_as_large<RMSprop>(RMSpropOptions{.lr = 0.01, .momentum = 0.9, .centered = true}, exact_enough);
  expect_same_as_large<Adagrad>(AdagradOptions{.lr = 0.05, .initial_accumulator_value = 0.5}, exact_enough);
}

TEST_CASE("Embedding::add_rows: rows are drawn like the first ones, in place") {
  Generator random(7), same(7);
  nn::Embedding<float> embedding(4, 5, {.padding_idx = -1});
  const Tensor<float> handle = embedding.weight;
  const auto before = handle.to_vector();
  embedding.add_rows(20, random);
  CHECK(embedding.num_embeddings() == 24);
  CHECK(handle.shape() == Shape{24, 5});
  CHECK(handle.data() == embedding.weight.data());
  CHECK(embedding.padding_idx() == 3);
  const auto after = handle.to_vector();
  CHECK(std::vector<float>(after.begin(), after.begin() + 20) == before);
  CHECK(std::vector<float>(after.begin() + 20, after.end()) == rowgrad::randn<float>({20, 5}, same).to_vector());
  CHECK(embedding({23, 0}).shape() == Shape{2, 5});
  CHECK_THROWS_AS(embedding({24}), rowgrad::IndexError);

  embedding.add_rows(0);
  CHECK(embedding.num_embeddings() == 24);
  CHECK_THROWS_WITH_AS(embedding.add_rows(-1), doctest::Contains("count >= 0, got -1"), rowgrad::ValueError);

  rowgrad::manual_seed(5);
  embedding.add_rows(2);
  rowgrad::manual_seed(5);
  const auto rows = rowgrad::randn<float>({2, 5});
  CHECK(std::equal(rows.data(), rows.data() + 10, handle.data() + 24 * 5));

  auto frozen = nn::Embedding<float>::from_pretrained(rowgrad::ones<float>({2, 3}));
  frozen.add_rows(1);
  CHECK(frozen({1}).to_vector() == std::vector<float>{1, 1, 1});
  CHECK(!frozen({2}).requires_grad());
}

TEST_CASE("Embedding::add_rows: updates owed are made first, and views keep the old memory") {
  nn::Embedding<double> table(8, 3);
  const Tensor<double> reference = leaf<double>(table.weight);
  auto adam = std::make_unique<Adam<double>>(std::vector<Tensor<double>>{table.weight}, AdamOptions{.lr = 0.05});
  Adam<double> dense({reference}, {.lr = 0.05});
  train(table.weight, *adam, 1, 16, 8);
  train(reference, dense, 1, 16, 8);
  for (Index step = 17; step < 22; ++step) {
    train(table.weight, *adam, step * 8, step * 8, 8);
    train(reference, dense, step * 8, step * 8, 8);
  }
  const Tensor<double> view = table.weight.detach(), row = slice(table.weight.detach(), 0, 6, 7);
  REQUIRE(view.body().storage->debt != nullptr);
  table.add_rows(3);
  CHECK(view.body().storage->debt == nullptr);
  CHECK(table.weight.body().storage->debt == nullptr);
  training::expect_same(view, reference, close_enough);
  training::expect_same(top(table.weight, 8), reference, close_enough);
  SUBCASE("the optimizer goes first") {
    adam.reset();
    training::expect_same(view, reference, close_enough);
    CHECK(row.shape() == Shape{1, 3});
  }
  SUBCASE("the optimizer goes on: the view stands still") {
    const auto before = view.to_vector();
    adam->add_rows();
    train(table.weight, *adam, 1, 30, 11);
    CHECK(view.to_vector() == before);
    CHECK(top(table.weight, 8).to_vector() != before);
    CHECK(view.body().storage->debt == nullptr);
  }
}

TEST_CASE("add_rows: a step without it is refused, says what to do, and changes nothing") {
  nn::Embedding<double> table(4, 3);
  const Tensor<double> other = leaf(training::start<double>({2}));
  Adam<double> adam({other, table.weight}, {.lr = 0.1});
  const auto gather = [&](Index row) {
    adam.zero_grad();
    other.grad().add(rowgrad::ones<double>({2}));
    table(row).sum().backward();
  };
  gather(1);
  adam.step();
  table.add_rows(2);
  const auto weights = table.weight.to_vector(), others = other.to_vector();
  gather(5);
  const char* const message =
      "parameter 1 had shape (4, 3) and now has (6, 3): the table was resized behind the optimizer's back. Nothing was "
      "changed (after Embedding::add_rows, call the optimizer's add_rows()";
  for (int i = 0; i < 2; ++i) CHECK_THROWS_WITH_AS(adam.step(), doctest::Contains(message), ShapeError);
  CHECK_THROWS_WITH_AS(adam.state_dict(), doctest::Contains(message), ShapeError);
  CHECK(table.weight.to_vector() == weights);
  CHECK(other.to_vector() == others);
  Optimizer<double>& base = adam;
  base.add_rows();
  adam.add_rows();  // nothing more to take up
  CHECK_NOTHROW(adam.step());
  CHECK(table.weight.data()[15] < weights[15]);
  CHECK(other.to_vector() != others);
  CHECK(adam.state_dict().parameters[1].slots[0].shape() == Shape{6, 3});
}

TEST_CASE("add_rows: a parameter resized in another way is refused") {
  const Tensor<double> w = leaf(training::start<double>({4, 3}));
  SGD<double> sgd({w});
  w.body().shape = Shape{3, 3};
  CHECK_THROWS_WITH_AS(sgd.add_rows(), doctest::Contains("add_rows: parameter 0 had shape (4, 3) and now has (3, 3)"),
                       ShapeError);
  w.body().shape = Shape{6, 2};
  CHECK_THROWS_AS(sgd.add_rows(), ShapeError);
  w.body().shape = Shape{4, 3};
  CHECK_NOTHROW(sgd.add_rows());
}

TEST_CASE("add_rows: before the first step, and of a table that had dense gradients alone") {
  nn::Embedding<double> table(3, 2);
  SGD<double> sgd({table.weight}, {.lr = 1, .momentum = 0.5});
  table.add_rows(1);
  sgd.add_rows();
  table.weight.grad().add(rowgrad::ones<double>({4, 2}));
  sgd.step();
  table.add_rows(1);
  sgd.add_rows();
  const auto before = table.weight.clone();
  sgd.zero_grad();
  table.weight.grad().add(rowgrad::ones<double>({5, 2}));
  sgd.step();
  const Tensor<double> moved = before - table.weight.detach();
  CHECK(moved.data()[7] == doctest::Approx(1.5));  // its momentum goes on
  CHECK(moved.data()[8] == doctest::Approx(1));    // a new one
}

TEST_CASE("Embedding::add_rows: a gradient gathered before stays; new rows have none") {
  nn::Embedding<double> table(4, 2);
  SGD<double> sgd({table.weight}, {.lr = 1});
  for (bool row_sparse : {true, false}) {
    CAPTURE(row_sparse);
    sgd.zero_grad();
    table({1, 2}).sum().backward();
    if (!row_sparse) table.weight.grad().add(rowgrad::zeros<double>(table.weight.shape()));
    REQUIRE(table.weight.grad().is_row_sparse() == row_sparse);
    const auto before = table.weight.grad().to_dense();
    table.add_rows(2);
    sgd.add_rows();
    CHECK(table.weight.grad().is_row_sparse() == row_sparse);
    const auto after = table.weight.grad().to_dense();
    CHECK(after.shape() == table.weight.shape());
    CHECK(top(after, before.shape()[0]).to_vector() == before.to_vector());
    CHECK(after.sum().item() == 4);
    CHECK_NOTHROW(sgd.step());
  }
}

TEST_CASE("Embedding::add_rows: a graph recorded before cannot be walked") {
  nn::Embedding<double> table(4, 2);
  const Tensor<double> x = leaf(rowgrad::ones<double>({3, 2}));
  const auto lookup = table({1, 2}).sum(), product = linear<double>(x, table.weight).sum(),
             transposed = matmul(x, table.weight.t()).sum();
  table.add_rows(100);
  for (const Tensor<double>& loss : {lookup, product, transposed})
    CHECK_THROWS_WITH_AS(loss.backward(), doctest::Contains("rows were added to a table"), GraphError);
  CHECK(!table.weight.grad().defined());
  CHECK(!x.grad().defined());
  linear<double>(x, table.weight).sum().backward();
  CHECK(table.weight.grad().shape() == Shape{104, 2});
}
