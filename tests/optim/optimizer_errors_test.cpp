#include "training.hpp"

#include <limits>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/parameter.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::IndexError;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using training::leaf;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

Tensor<double> some() { return leaf(training::start<double>({3, 2})); }

template <template <typename> class Optimizer, typename Options>
void expect_option_error(Options options, const char* message) {
  CAPTURE(message);
  const auto w = some();
  CHECK_THROWS_WITH_AS(Optimizer<double>({w}, options), doctest::Contains(message), ValueError);

  // the same when it is set between steps: nothing is updated
  Optimizer<double> optimizer({w});
  embedding({1}, w).sum().backward();
  const auto before = w.clone();
  optimizer.options() = options;
  CHECK_THROWS_WITH_AS(optimizer.step(), doctest::Contains(message), ValueError);
  CHECK(w.to_vector() == before.to_vector());
}

}  // namespace

TEST_CASE_TEMPLATE("optimizers: no parameters, the same twice, an undefined one, no leaf", Optimizer, SGD<double>,
                   Adam<double>, AdamW<double>, SparseAdam<double>, Adagrad<double>, RMSprop<double>) {
  const auto w = some(), v = some();
  using Group = typename Optimizer::Group;
  CHECK_THROWS_AS(Optimizer(std::vector<Tensor<double>>{}), ValueError);
  CHECK_THROWS_AS(Optimizer(std::vector<Group>{}), ValueError);
  CHECK_THROWS_WITH_AS(Optimizer({w, v, w}), doctest::Contains("twice"), ValueError);
  CHECK_THROWS_WITH_AS(Optimizer(std::vector<Group>{{{w}, {}}, {{v, w}, {}}}), doctest::Contains("twice"), ValueError);
  CHECK_THROWS_AS(Optimizer({w, Tensor<double>()}), ValueError);
  CHECK_THROWS_WITH_AS(Optimizer({w * v}), doctest::Contains("leaves"), ValueError);
  CHECK_NOTHROW(Optimizer({w, v}));
  CHECK_NOTHROW(Optimizer({w, rowgrad::ones<double>({2})}));  // no gradient yet: it may be switched on later
}

TEST_CASE("optimizers: options out of range") {
  for (double lr : {-0.1, not_a_number}) {
    expect_option_error<SGD>(SGDOptions{.lr = lr}, "SGD: expected lr");
    expect_option_error<Adam>(AdamOptions{.lr = lr}, "Adam: expected lr");
    expect_option_error<AdamW>(AdamWOptions{.lr = lr}, "AdamW: expected lr");
    expect_option_error<SparseAdam>(SparseAdamOptions{.lr = lr}, "SparseAdam: expected lr");
    expect_option_error<Adagrad>(AdagradOptions{.lr = lr}, "Adagrad: expected lr");
    expect_option_error<RMSprop>(RMSpropOptions{.lr = lr}, "RMSprop: expected lr");
  }
  expect_option_error<SGD>(SGDOptions{.momentum = -0.1}, "momentum");
  expect_option_error<SGD>(SGDOptions{.weight_decay = -0.1}, "weight_decay");
  expect_option_error<SGD>(SGDOptions{.nesterov = true}, "nesterov");
  expect_option_error<SGD>(SGDOptions{.momentum = 0.9, .dampening = 0.1, .nesterov = true}, "nesterov");
  for (double beta : {-0.1, 1.0, not_a_number}) {
    expect_option_error<Adam>(AdamOptions{.betas = {beta, 0.9}}, "betas.first in [0, 1)");
    expect_option_error<Adam>(AdamOptions{.betas = {0.9, beta}}, "betas.second in [0, 1)");
    expect_option_error<AdamW>(AdamWOptions{.betas = {beta, 0.9}}, "betas.first");
    expect_option_error<AdamW>(AdamWOptions{.betas = {0.9, beta}}, "betas.second");
    expect_option_error<SparseAdam>(SparseAdamOptions{.betas = {beta, 0.9}}, "betas.first");
    expect_option_error<SparseAdam>(SparseAdamOptions{.betas = {0.9, beta}}, "betas.second");
  }
  expect_option_error<Adam>(AdamOptions{.eps = -1e-8}, "eps");
  expect_option_error<Adam>(AdamOptions{.weight_decay = -0.1}, "weight_decay");
  expect_option_error<AdamW>(AdamWOptions{.eps = -1e-8}, "eps");
  expect_option_error<AdamW>(AdamWOptions{.weight_decay = -0.1}, "weight_decay");
  expect_option_error<SparseAdam>(SparseAdamOptions{.eps = -1e-8}, "eps");
  expect_option_error<Adagrad>(AdagradOptions{.lr_decay = -0.1}, "lr_decay");
  expect_option_error<Adagrad>(AdagradOptions{.weight_decay = -0.1}, "weight_decay");
  expect_option_error<Adagrad>(AdagradOptions{.initial_accumulator_value = -0.1}, "initial_accumulator_value");
  expect_option_error<Adagrad>(AdagradOptions{.eps = -0.1}, "eps");
  expect_option_error<RMSprop>(RMSpropOptions{.alpha = -0.1}, "alpha");
  expect_option_error<RMSprop>(RMSpropOptions{.eps = -0.1}, "eps");
  expect_option_error<RMSprop>(RMSpropOptions{.weight_decay = -0.1}, "weight_decay");
  expect_option_error<RMSprop>(RMSpropOptions{.momentum = -0.1}, "momentum");
}

TEST_CASE("optimizers: a parameter group that is not there") {
  SGD<double> sgd({some()});
  CHECK(sgd.group_count() == 1);
  CHECK_THROWS_AS(sgd.lr(1), IndexError);
  CHECK_THROWS_AS(sgd.options(1), IndexError);
}

TEST_CASE_TEMPLATE("optimizers: a gradient that is not finite is named, and no parameter is updated", Optimizer,
                   SGD<double>, Adam<double>, AdamW<double>, Adagrad<double>, RMSprop<double>) {
  for (double bad : {not_a_number, infinity, -infinity}) {
    const auto first = some(), table = leaf(training::start<double>({9, 2})), last = some();
    const auto before = table.clone();
    Optimizer optimizer({first, table, last});
    const auto gather = [&](double value) {
      optimizer.zero_grad();
      first.grad().add(rowgrad::ones<double>({3, 2}));
      embedding({4, 7, 2}, table).backward(Tensor<double>{{1, 1}, {1, value}, {1, 1}});
      last.grad().add(rowgrad::ones<double>({3, 2}));
    };
    gather(bad);
    const std::string expected = std::isnan(bad) ? "nan" : bad > 0 ? "inf" : "-inf";
    CHECK_THROWS_WITH_AS(
        optimizer.step(),
        doctest::Contains(
            ("parameter 1, of shape (9, 2), has the gradient " + expected + " in row 7. Nothing was updated").c_str()),
        ValueError);
    CHECK(first.to_vector() == training::start<double>({3, 2}).to_vector());
    CHECK(table.to_vector() == before.to_vector());
    CHECK(last.to_vector() == training::start<double>({3, 2}).to_vector());

    optimizer.zero_grad();
    last.grad().add(Tensor<double>{{1, 1}, {1, 1}, {bad, bad}});
    CHECK_THROWS_WITH_AS(optimizer.step(), doctest::Contains("parameter 2"), ValueError);
    CHECK_THROWS_WITH_AS(optimizer.step(), doctest::Contains("row 2"), ValueError);
    CHECK(last.to_vector() == training::start<double>({3, 2}).to_vector());

    // a refused step leaves no trace: the next one is the first
    gather(1);
    optimizer.step();
    const auto fresh = leaf(training::start<double>({9, 2}));
    Optimizer other({fresh});
    embedding({4, 7, 2}, fresh).sum().backward();
    other.step();
    CHECK(table.to_vector() == fresh.to_vector());
  }
}

TEST_CASE("optimizers: the message begins with the optimizer's name") {
  const auto fails = [](auto&& optimizer, const Tensor<float>& w, const char* name) {
    w.grad().add(rowgrad::full<float>({2}, static_cast<float>(not_a_number)));
    CHECK_THROWS_WITH_AS(optimizer.step(), doctest::Contains((std::string(name) + ": parameter 0").c_str()),
                         ValueError);
    w.grad().reset();
  };
  const auto w = leaf(rowgrad::ones<float>({2}));
  fails(SGD<float>({w}), w, "SGD");
  fails(Adam<float>({w}), w, "Adam");
  fails(AdamW<float>({w}), w, "AdamW");
  fails(Adagrad<float>({w}), w, "Adagrad");
  fails(RMSprop<float>({w}), w, "RMSprop");
}

TEST_CASE("optimizers: values of any size are finite gradients") {
  const auto w = leaf(rowgrad::zeros<double>({2}));
  SGD<double> sgd({w}, {.lr = 1e-300});
  w.grad().add(Tensor<double>{1.7e308, -1.7e308});
  CHECK_NOTHROW(sgd.step());
  CHECK(w.data()[0] == doctest::Approx(-1.7e8));
}

TEST_CASE("optimizers: a parameter that was given other values of another shape") {
  // The module's parameter is another tensor then; the optimizer goes on training the one it knows.
  rowgrad::nn::Parameter<double> weight(rowgrad::ones<double>({3, 2}));
  const Tensor<double> known = weight;
  SGD<double> sgd({weight}, {.lr = 1});
  weight = rowgrad::nn::Parameter<double>(rowgrad::ones<double>({4, 2}));
  weight.grad().add(rowgrad::ones<double>({4, 2}));
  CHECK_THROWS_AS(sgd.step(), rowgrad::GraphError);  // which has no gradient
  CHECK(weight.to_vector() == std::vector<double>(8, 1));
  CHECK(known.to_vector() == std::vector<double>(6, 1));
  known.grad().add(rowgrad::ones<double>({3, 2}));
  sgd.step();
  CHECK(known.to_vector() == std::vector<double>(6, 0));
}

TEST_CASE("optimizers: a gradient of another shape is refused") {
  const auto w = some();
  SGD<double> sgd({w}, {.lr = 1});
  w.grad().add(rowgrad::ones<double>({2, 3}));
  CHECK_THROWS_WITH_AS(sgd.step(), doctest::Contains("(3, 2)"), ShapeError);
  CHECK(w.to_vector() == training::start<double>({3, 2}).to_vector());
}
