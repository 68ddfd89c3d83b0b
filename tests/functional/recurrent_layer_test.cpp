#include <doctest/doctest.h>

#include <rowgrad/functional/recurrent.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::LSTMCellRule;
using rowgrad::recurrent_layer;
using rowgrad::RecurrentState;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

// The layers in nn/ run on recurrent_layer(); their tests compare its results with PyTorch's. Here: its own checks.

namespace {

using Weights = rowgrad::RecurrentWeights<Tensor<float>>;

Weights weights(Index input, Index hidden, Index state = 0) {
  const Index gates = 4 * hidden;
  Weights w{rowgrad::ones({gates, input}), rowgrad::ones({gates, state > 0 ? state : hidden}), {}, {}, {}};
  if (state > 0) w.weight_hr = rowgrad::ones({state, hidden});
  return w;
}

}  // namespace

TEST_CASE("recurrent_layer: two samples of different length, both directions") {
  const auto result =
      recurrent_layer(LSTMCellRule{}, rowgrad::ones({3, 2}), {0, 2, 3}, {}, {weights(2, 5), weights(2, 5)});
  CHECK(result.output.shape() == Shape{3, 10});
  CHECK(result.last.h.shape() == Shape{2, 2, 5});
  CHECK(result.last.c.shape() == Shape{2, 2, 5});
}

TEST_CASE("recurrent_layer: what does not fit is an error") {
  const Tensor<float> x = rowgrad::ones({3, 2});
  const auto run = [&](const Indices& first_rows, const std::vector<Weights>& w, const RecurrentState<float>& s = {}) {
    (void)recurrent_layer(LSTMCellRule{}, x, first_rows, s, w);
  };
  const Weights fits = weights(2, 5);
  CHECK_NOTHROW(run({0, 2, 3}, {fits}));
  for (const Indices& steps : {Indices{0, 1, 3}, Indices{0, 2, 4}, Indices{1, 2, 3}, Indices{0, 3, 3}, Indices{0},
                               Indices{{0, 2, 3}}, Indices{0, Index{1} << 40, 3}})
    CHECK_THROWS_AS(run(steps, {fits}), ShapeError);
  CHECK_THROWS_AS(run({0, 2, 3}, {}), ShapeError);
  CHECK_THROWS_AS(run({0, 2, 3}, {fits, fits, fits}), ShapeError);
  CHECK_THROWS_AS(run({0, 2, 3}, {weights(3, 5)}), ShapeError);
  CHECK_THROWS_AS(run({0, 2, 3}, {fits, weights(2, 6)}), ShapeError);
  CHECK_THROWS_AS(run({0, 2, 3}, {fits}, {rowgrad::ones({1, 3, 5}), {}}), ShapeError);
  CHECK_THROWS_AS(run({0, 2, 3}, {fits}, {{}, rowgrad::ones({2, 2, 5})}), ShapeError);
  CHECK_NOTHROW(run({0, 2, 3}, {weights(2, 5, 3)}));
  Weights broken = weights(2, 5, 3);
  broken.weight_hr = {};
  CHECK_THROWS_AS(run({0, 2, 3}, {broken}), ShapeError);
  broken = fits;
  broken.bias_ih = rowgrad::ones({20});
  CHECK_THROWS_AS(run({0, 2, 3}, {broken}), ShapeError);
  broken.bias_hh = rowgrad::ones({19});
  CHECK_THROWS_AS(run({0, 2, 3}, {broken}), ShapeError);
  broken = fits;
  broken.weight_hh = rowgrad::ones({21, 5});
  CHECK_THROWS_AS(run({0, 2, 3}, {broken}), ShapeError);
}
