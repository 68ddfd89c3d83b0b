// Where numbers end: gradients whose square is infinite, step counts of 2^32 and more, states that hold NaN, options
// that are not finite.
#include "training.hpp"

#include <limits>

#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;
using rowgrad::ValueError;
using training::leaf;

namespace {

/// w after a step with gradient g, and after a second one with 0: of every element, at every width of lanes. PyTorch's
/// weights are `first` and `second`.
template <template <typename> class Optimizer, typename Options>
void expect_weights(const Options& options, float g, float first, float second) {
  CAPTURE(g);
  for (Index size : {1, 3, 4, 5, 16, 23, 64}) {
    CAPTURE(size);
    const auto dense = leaf(rowgrad::ones<float>({size})), table = leaf(rowgrad::ones<float>({4, size}));
    Optimizer<float> optimizer({dense, table}, options);
    const auto step = [&](Index row, float value, float other) {
      optimizer.zero_grad();
      dense.grad().add(rowgrad::full<float>({size}, value));
      embedding({row}, table).backward(rowgrad::full<float>({1, size}, other));
      optimizer.step();
    };
    const auto expect = [size](const float* values, float expected) {
      for (Index i = 0; i < size; ++i) CHECK(values[i] == doctest::Approx(expected).epsilon(2e-7));
      for (Index i = 1; i < size; ++i) CHECK(values[i] == values[0]);
    };
    step(1, g, g);
    expect(dense.data(), first);
    expect(table.data() + size, first);
    step(2, 0, 1);  // row 1 rests
    expect(dense.data(), second);
    expect(table.data() + size, second);
    for (Index i = 0; i < 300; ++i) step(2, 0, 1);
    for (Index i = 0; i < size; ++i) CHECK(std::isfinite(table.data()[size + i]));
    if (first == 1) expect(table.data() + size, 1);
  }
}

}  // namespace

TEST_CASE("gradients whose square is infinite: PyTorch's weights, at every width of lanes") {
  // From torch 2.13: w = ones(n), lr 0.1, w.grad = g, step, w.grad = 0, step.
  for (float g : {1e19f, 1e20f, 5e20f}) {
    expect_weights<Adam>(AdamOptions{.lr = 0.1}, g, 0.9f, 0.832994163f);
    expect_weights<Adam>(AdamOptions{.lr = 0.1, .amsgrad = true}, g, 0.9f, 0.833027661f);
  }
  for (float g : {7e20f, 1e21f, 1e30f, 3e38f}) {
    expect_weights<Adam>(AdamOptions{.lr = 0.1}, g, 1, 1);
    expect_weights<Adam>(AdamOptions{.lr = 0.1, .amsgrad = true}, g, 1, 1);
    expect_weights<Adam>(AdamOptions{.lr = 0.1, .betas = {0.9, 0.5}}, g, 1, 1);
    expect_weights<AdamW>(AdamWOptions{.lr = 0.1, .weight_decay = 0}, g, 1, 1);
    expect_weights<RMSprop>(RMSpropOptions{.lr = 0.1}, g, 1, 1);
    expect_weights<RMSprop>(RMSpropOptions{.lr = 0.1, .alpha = 0.5}, g, 1, 1);
    expect_weights<RMSprop>(RMSpropOptions{.lr = 0.1, .centered = true}, g, 1, 1);
    expect_weights<Adagrad>(AdagradOptions{.lr = 0.1}, g, 1, 1);
  }
  for (float g : {1e19f, 1e20f}) expect_weights<RMSprop>(RMSpropOptions{.lr = 0.1}, g, 0, 0);
  expect_weights<RMSprop>(RMSpropOptions{.lr = 0.1, .centered = true}, 1e20f, -0.00503778458f, -0.00503778458f);
  expect_weights<Adagrad>(AdagradOptions{.lr = 0.1}, 3e19f, 1, 1);
}

TEST_CASE_TEMPLATE("step counts beyond 2^32: rows are deferred as at any other step", Optimizer, Adam<double>,
                   AdamW<double>, SGD<double>, RMSprop<double>) {
  for (Index start : {(Index{1} << 32) - 20, (Index{1} << 33) + 5, Index{70000}}) {
    CAPTURE(start);
    const auto table = leaf(training::start<double>({9, 5})), dense = leaf(table);
    Optimizer deferring({table}), stepping({dense});
    for (Optimizer* optimizer : {&deferring, &stepping}) {
      if constexpr (requires { optimizer->options().momentum; }) optimizer->options().momentum = 0.9;
      optimizer->lr() = 0.01;
    }
    const auto step = [&](Index t) {
      for (Optimizer* optimizer : {&deferring, &stepping}) optimizer->zero_grad();
      embedding({t % 8, t * t % 4}, table).backward(training::gradient<double>({2, 5}, t));
      dense.grad().add(table.grad().to_dense());
      deferring.step();
      stepping.step();
    };
    step(1);
    for (Optimizer* optimizer : {&deferring, &stepping}) {
      auto state = optimizer->state_dict();
      state.parameters[0].step = start;
      optimizer->load_state_dict(state);
    }
    for (Index t = 2; t <= 60; ++t) step(t);
    CHECK(deferring.state_dict().parameters[0].step == start + 59);
    training::expect_same(table, dense, {training::expansion_tolerance, training::expansion_tolerance});
  }
}

TEST_CASE("load_state_dict: a step that cannot be counted on from, and NaN, are refused; infinity is a state") {
  const auto table = leaf(training::start<float>({4, 3}));
  Adam<float> adam({table}, {.lr = 0.1});
  embedding({1, 2}, table).backward(training::gradient<float>({2, 3}, 1));
  adam.step();
  const auto good = adam.state_dict();
  const auto before = table.to_vector();
  const auto refuses = [&](auto state, const char* message) {
    CHECK_THROWS_WITH_AS(adam.load_state_dict(state), doctest::Contains(message), ValueError);
    CHECK(adam.state_dict().parameters[0].slots[0].to_vector() == good.parameters[0].slots[0].to_vector());
    CHECK_THROWS_AS(adam.load_state_dict(std::move(state)), ValueError);
  };
  const auto spoiled = [&](std::size_t slot, float value) {
    auto state = good;
    state.parameters[0].slots[slot] = rowgrad::detail::copy_of(state.parameters[0].slots[slot]);
    state.parameters[0].slots[slot].data()[7] = value;
    return state;
  };
  auto state = good;
  state.parameters[0].step = std::numeric_limits<Index>::max();
  refuses(state, "has step 9223372036854775807");
  refuses(spoiled(0, std::nanf("")), "the state of parameter 0 has NaN in exp_avg, at position 7 of shape (4, 3)");
  refuses(spoiled(1, -std::nanf("")), "NaN in exp_avg_sq");
  CHECK_NOTHROW(adam.load_state_dict(spoiled(1, std::numeric_limits<float>::infinity())));
  CHECK(table.to_vector() == before);
}

TEST_CASE("load_state_dict: a state given away is taken, one that is kept is copied") {
  const auto table = leaf(training::start<float>({4, 3}));
  Adam<float> adam({table}, {.lr = 0.1});
  const auto step = [&] {
    adam.zero_grad();
    embedding({1, 2}, table).backward(training::gradient<float>({2, 3}, 1));
    adam.step();
  };
  step();
  auto state = adam.state_dict();
  const auto saved = state.parameters[0].slots[0].to_vector();
  const float* const values = state.parameters[0].slots[0].data();
  const Tensor<float> handle = state.parameters[0].slots[1];
  adam.load_state_dict(state);
  step();
  CHECK(state.parameters[0].slots[0].to_vector() == saved);  // a copy went on
  adam.load_state_dict(std::move(state));
  step();
  CHECK(values[3] != saved[3]);  // these very values went on
  const auto kept = handle.to_vector();
  step();
  CHECK(handle.to_vector() == kept);  // somebody holds a handle to them: copied
}

TEST_CASE("options: infinity is none") {
  const auto w = leaf(training::start<double>({3, 2}));
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(Adam<double>({w}, {.lr = infinity}), "Adam: expected lr >= 0 and finite, got inf", ValueError);
  CHECK_THROWS_AS(SGD<double>({w}, {.lr = infinity}), ValueError);
  CHECK_THROWS_AS(SGD<double>({w}, {.dampening = infinity}), ValueError);
  CHECK_THROWS_AS(Adagrad<double>({w}, {.initial_accumulator_value = infinity}), ValueError);
  CHECK_THROWS_AS(RMSprop<double>({w}, {.eps = infinity}), ValueError);
  CHECK_THROWS_AS(AdamW<double>({w}, {.weight_decay = infinity}), ValueError);
}

TEST_CASE("options: fields can be read and set by name") {
  AdamOptions options{.lr = 0.25, .betas = {0.5, 0.75}, .amsgrad = true};
  std::map<std::string, double> read;
  for (const auto& field : AdamOptions::fields())
    for (int i = 0; i < field.size(); ++i) read[field.name + (i > 0 ? std::to_string(i) : "")] = field.get(options, i);
  CHECK(read == std::map<std::string, double>{{"lr", 0.25},
                                              {"betas", 0.5},
                                              {"betas1", 0.75},
                                              {"eps", 1e-8},
                                              {"weight_decay", 0},
                                              {"amsgrad", 1},
                                              {"maximize", 0},
                                              {"lazy", 0}});
  AdamOptions copy;
  for (const auto& field : AdamOptions::fields())
    for (int i = 0; i < field.size(); ++i) field.set(copy, field.get(options, i), i);
  CHECK(copy == options);
}

TEST_CASE("check: throws what step() would throw, and changes nothing") {
  const auto w = leaf(training::start<double>({3, 2}));
  const auto before = w.to_vector();
  Adam<double> adam({w}, {.lr = 0.1});
  CHECK_THROWS_AS(adam.check(), rowgrad::GraphError);
  w.grad().add(rowgrad::full<double>({3, 2}, std::nan("")));
  CHECK_THROWS_AS(adam.check(), ValueError);
  w.grad().reset();
  w.grad().add(rowgrad::ones<double>({3, 2}));
  adam.lr() = -1;
  CHECK_THROWS_AS(adam.check(), ValueError);
  adam.lr() = 0.1;
  CHECK_NOTHROW(adam.check());
  CHECK(w.to_vector() == before);
  adam.step();
  CHECK(adam.state_dict().parameters[0].step == 1);
}
