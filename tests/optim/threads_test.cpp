// Optimizers of several threads on one table.
#include "training.hpp"

#include <thread>

#include <rowgrad/functional/shape.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

namespace {

/// Three threads, each with a parameter of its own over the same values and optimizers that come and go.
template <template <typename> class Optimizer, typename Options>
Tensor<double> train(const Options& options) {
  const Tensor<double> values = rowgrad::zeros<double>({64, 4});
  std::vector<std::thread> threads;
  for (Index thread = 0; thread < 3; ++thread)
    threads.emplace_back([&values, &options, thread] {
      const Tensor<double> table = values.view(values.shape()).requires_grad_();
      for (Index round = 0; round < 20; ++round) {
        Optimizer<double> optimizer({table}, options);
        for (Index step = 0; step < 25; ++step) {
          table.grad().reset();
          table.grad().add(rowgrad::RowGradient<double>{Indices{step, step + 1 + thread}, rowgrad::ones<double>({2, 4}),
                                                        table.shape()});
          optimizer.step();
          const Index rows[] = {step, 63};
          table.data_for_rows(rows);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  return values;
}

}  // namespace

TEST_CASE("three optimizers on one table, in threads: every step is made") {
  const Tensor<double> values = train<SGD>(SGDOptions{.lr = 0.5});  // which commutes, without rounding
  double sum = 0;
  for (Index i = 0; i < values.numel(); ++i) sum += values.data()[i];
  CHECK(sum == -0.5 * 3 * 20 * 25 * 2 * 4);
}

TEST_CASE("three optimizers on one table, in threads: rows at rest are made up for, and none is met after its end") {
  const Tensor<double> values = train<Adam>(AdamOptions{.lr = 0.01});
  for (Index i = 0; i < values.numel(); ++i) REQUIRE(std::isfinite(values.data()[i]));
  CHECK(values.data()[0] < 0);
  CHECK(values.data()[63 * 4] == 0);
}
