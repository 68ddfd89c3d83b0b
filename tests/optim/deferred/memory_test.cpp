// Memory that runs out at any point of a step or of a lookup: nothing is lost, and what is tried again gives the
// weights of a run in which it did not.
#include "../training.hpp"

#include <cstdlib>
#include <new>

#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

namespace {

thread_local long allocations_left = -1;  // below zero: all succeed

void* allocate_or_fail(std::size_t bytes) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  if (void* const block = std::malloc(bytes > 0 ? bytes : 1)) return block;
  throw std::bad_alloc();
}

}  // namespace

// Those of the whole test program; they fail for this file alone.
void* operator new(std::size_t bytes) { return allocate_or_fail(bytes); }
void* operator new[](std::size_t bytes) { return allocate_or_fail(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(bytes > 0 ? bytes : 1); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(bytes > 0 ? bytes : 1); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Tensor;
using training::leaf;

namespace {

/// Does it until it succeeds; returns how often it failed. Each attempt may allocate once more than the one before.
template <typename F>
int persist(const F& f, bool failing) {
  for (int failures = 0;; ++failures) {
    allocations_left = failing ? failures : -1;
    try {
      f();
      allocations_left = -1;
      return failures;
    } catch (const std::bad_alloc&) {
      allocations_left = -1;
    }
  }
}

template <template <typename> class Optimizer, typename Options>
void expect_same_weights(const Options& options) {
  std::vector<double> weights[2];
  for (bool failing : {false, true}) {
    const auto table = leaf(training::start<double>({9, 5})), matrix = leaf(training::start<double>({3, 2}));
    int failures = 0;
    {
      Optimizer<double> optimizer({matrix, table}, options);
      for (Index step = 1; step <= 150; ++step) {
        optimizer.zero_grad();
        embedding({step % 5, step * step % 4}, table).backward(training::gradient<double>({2, 5}, step));
        matrix.grad().add(training::gradient<double>({3, 2}, step));
        failures += persist([&] { optimizer.step(); }, failing);
        const Index rows[] = {step % 7, 8, step % 3};
        if (step % 9 == 0) failures += persist([&] { table.data_for_rows(rows); }, failing);
        if (step % 50 == 0) failures += persist([&] { table.data(); }, failing);
      }
      allocations_left = failing ? 0 : -1;  // the destructor has to do without memory
    }
    allocations_left = -1;
    weights[failing] = table.to_vector();
    CHECK(failing == (failures > 0));
  }
  CHECK(weights[0] == weights[1]);
}

}  // namespace

TEST_CASE("memory runs out: what is tried again gives the same weights, and destructors need none") {
  expect_same_weights<Adam>(AdamOptions{.lr = 0.05});
  expect_same_weights<Adam>(AdamOptions{.lr = 0.05, .betas = {0.95, 0.9}});
  expect_same_weights<Adam>(AdamOptions{.lr = 0.05, .weight_decay = 0.1});
  expect_same_weights<AdamW>(AdamWOptions{.lr = 0.05, .amsgrad = true});
  expect_same_weights<SGD>(SGDOptions{.lr = 0.05, .momentum = 0.9, .weight_decay = 0.1});
  expect_same_weights<RMSprop>(RMSpropOptions{.lr = 0.05, .momentum = 0.9});
  expect_same_weights<RMSprop>(RMSpropOptions{.lr = 0.05, .weight_decay = 0.1});
  expect_same_weights<Adagrad>(AdagradOptions{.lr = 0.05, .weight_decay = 0.1});
}
