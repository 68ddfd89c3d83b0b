#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/linear.hpp>

#include "layers.hpp"

using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::nn::Linear;

TEST_CASE("Linear: PyTorch's weights after the same manual_seed, weight before bias") {
  layers::expect_initial(
      "linear@", [] { return Linear<float>(5, 3); }, [] { return Linear<double>(5, 3); });
  layers::expect_initial(
      "linear@no_bias", [] { return Linear<float>(4, 2, {.bias = false}); },
      [] { return Linear<double>(4, 2, {.bias = false}); });
  layers::expect_initial(
      "linear@wide", [] { return Linear<float>(13, 2); }, [] { return Linear<double>(13, 2); });
}

TEST_CASE("Linear: PyTorch's results and gradients") {
  layers::expect_golden("linear@", Linear<double>(4, 3), {2, 4});
  layers::expect_golden("linear@cube", Linear<double>(4, 3, {.bias = false}), {2, 2, 4});
  layers::expect_golden("linear@vector", Linear<double>(4, 3), {4});
}

TEST_CASE("Linear: parameters") {
  const Linear<float> with(4, 3), without(4, 3, {.bias = false});
  CHECK(with.parameters().size() == 2);
  CHECK(with.parameter_count() == 15);
  CHECK(without.parameters().size() == 1);
  CHECK(!without.bias.defined());
  CHECK(with.in_features() == 4);
  CHECK(with.out_features() == 3);
  CHECK(without.to_string() == "Linear(in_features=4, out_features=3, bias=False)");
}

TEST_CASE("Linear: errors and empty sizes") {
  CHECK_THROWS_AS(Linear<float>(-1, 3), ShapeError);
  CHECK_THROWS_AS(Linear<float>(3, -1), ShapeError);
  const Linear<float> linear(4, 3), empty(0, 2);
  CHECK_THROWS_AS(linear(rowgrad::ones<float>({2, 3})), ShapeError);
  CHECK_THROWS_AS(linear(rowgrad::ones<float>({})), ShapeError);
  CHECK(linear(rowgrad::ones<float>({0, 4})).shape() == Shape{0, 3});
  CHECK(empty(rowgrad::ones<float>({3, 0})).to_vector() == std::vector<float>(6, 0));  // bias 0, as in PyTorch
}
