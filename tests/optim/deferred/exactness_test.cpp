// The promise of deferred rows, measured: float32 weights after 2,000 steps on Zipf-distributed ids, against the dense
// rule in double. Most rows are looked up rarely, so nearly all of their steps are made up for.
#include "../training.hpp"

#include <algorithm>
#include <cmath>

#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

#include <support/sanitizer.hpp>

using namespace rowgrad::optim;
using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using training::leaf;

namespace {

constexpr bool whole = !support::under_sanitizer;  // slow under a sanitizer
constexpr Index table_rows = whole ? 2000 : 500, columns = 8, steps = whole ? 2000 : 100, lookups = 32;
constexpr double largest_error = 1e-5;  // relative to the largest weight
constexpr double share_of_dense = 1.5;  // and to the error of the dense rule in float32

/// Ids below table_rows, id i with a probability proportional to 1 / (i + 1).
class Zipf {
 public:
  Zipf() {
    double sum = 0;
    for (Index i = 0; i < table_rows; ++i) sums_.push_back(sum += 1 / static_cast<double>(i + 1));
  }
  Index draw(Generator& random) const {
    return std::lower_bound(sums_.begin(), sums_.end() - 1, random.uniform<double>() * sums_.back()) - sums_.begin();
  }

 private:
  std::vector<double> sums_;
};

/// A table and its optimizer, dense or with deferred rows.
template <template <typename> class Optimizer, typename T, typename Options>
struct Run {
  Run(const Tensor<float>& start, const Options& options)
      : table(start.to<T>().requires_grad_()), optimizer({table}, options) {}

  void step(double lr, const Indices& ids, const Tensor<float>& gradient, bool dense) {
    optimizer.lr() = lr;
    optimizer.zero_grad();
    if (dense) table.grad().add(rowgrad::zeros<T>(table.shape()));
    embedding(ids, table).backward(gradient.to<T>());
    optimizer.step();
  }
  double largest_difference(const Tensor<double>& expected) const {
    return (table.array().template cast<double>() - expected.array()).abs().maxCoeff();
  }

  Tensor<T> table;
  Optimizer<T> optimizer;
};

template <template <typename> class Optimizer, typename Options>
void expect_exact(const std::string& name, const Options& options) {
  CAPTURE(name);
  Generator random(5);
  static const Zipf zipf;
  const Tensor<float> start = rowgrad::randn<float>({table_rows, columns}, random);
  Run<Optimizer, float, Options> deferred(start, options), dense(start, options);
  Run<Optimizer, double, Options> reference(start, options);
  Indices ids(Shape{lookups});
  for (Index step = 0; step < steps; ++step) {
    const double lr = options.lr * (1 + 0.5 * std::sin(static_cast<double>(step) / 50));
    for (Index& id : ids.array()) id = zipf.draw(random);
    const Tensor<float> gradient = rowgrad::randn<float>({lookups, columns}, random);
    gradient.array() *= static_cast<float>(std::pow(10, -7 * random.uniform<double>()));
    deferred.step(lr, ids, gradient, false);
    dense.step(lr, ids, gradient, true);
    reference.step(lr, ids, gradient, true);
  }
  const Tensor<double>& expected = reference.table;
  const double largest_weight = expected.array().abs().maxCoeff(),
               error = deferred.largest_difference(expected) / largest_weight,
               error_of_dense = dense.largest_difference(expected) / largest_weight;
  CAPTURE(error_of_dense);
  CHECK(error <= largest_error);
  CHECK(error <= share_of_dense * error_of_dense);
  // the rows did move
  CHECK((start.array().cast<double>() - expected.array()).abs().maxCoeff() > 1e3 * error * largest_weight);
}

}  // namespace

TEST_CASE("exactness: Adam") {
  expect_exact<Adam>("default", AdamOptions{});
  expect_exact<Adam>("amsgrad", AdamOptions{.amsgrad = true});
  expect_exact<Adam>("betas 0.5, 0.9", AdamOptions{.betas = {0.5, 0.9}});
  expect_exact<Adam>("betas 0.99, 0.9999", AdamOptions{.betas = {0.99, 0.9999}});
  expect_exact<Adam>("beta1 0", AdamOptions{.betas = {0, 0.999}});
}

TEST_CASE("exactness: AdamW") {
  expect_exact<AdamW>("default", AdamWOptions{});
  expect_exact<AdamW>("lr 0.01, weight_decay 0.1", AdamWOptions{.lr = 1e-2, .weight_decay = 0.1});
}

TEST_CASE("exactness: SGD") {
  expect_exact<SGD>("momentum", SGDOptions{.lr = 0.1, .momentum = 0.9});
  expect_exact<SGD>("nesterov, weight_decay",
                    SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = true});
  expect_exact<SGD>("dampening, weight_decay",
                    SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 1e-4});
}

TEST_CASE("exactness: RMSprop") {
  expect_exact<RMSprop>("plain", RMSpropOptions{.lr = 1e-3});
  expect_exact<RMSprop>("momentum", RMSpropOptions{.lr = 1e-3, .momentum = 0.9});
  expect_exact<RMSprop>("centered", RMSpropOptions{.lr = 1e-3, .centered = true});
}

TEST_CASE("exactness: Adagrad") { expect_exact<Adagrad>("default", AdagradOptions{}); }
