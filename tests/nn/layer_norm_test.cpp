#include <rowgrad/nn/layer_norm.hpp>

#include "layers.hpp"

using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::nn::LayerNorm;

TEST_CASE("LayerNorm: PyTorch's results and gradients") {
  layers::expect_golden("layer_norm@", LayerNorm<double>(5), {3, 5});
  layers::expect_golden("layer_norm@two", LayerNorm<double>(Shape{2, 3}), {3, 2, 3});
  layers::expect_golden("layer_norm@eps", LayerNorm<double>(4, {.eps = 0.5}), {2, 4});
  layers::expect_golden("layer_norm@no_affine", LayerNorm<double>(4, {.elementwise_affine = false}), {2, 4});
  layers::expect_golden("layer_norm@no_bias", LayerNorm<double>(4, {.bias = false}), {2, 4});
}

TEST_CASE("LayerNorm: starts from ones and zeros") {
  layers::expect_initial(
      "layer_norm@",
      [] {
        return LayerNorm<float>(Shape{2, 3});
      },
      [] {
        return LayerNorm<double>(Shape{2, 3});
      });
}

TEST_CASE("LayerNorm: parameters and errors") {
  CHECK(LayerNorm<float>(4).parameter_count() == 8);
  CHECK(LayerNorm<float>(4, {.bias = false}).parameter_count() == 4);
  CHECK(LayerNorm<float>(4, {.elementwise_affine = false}).parameter_count() == 0);
  CHECK_THROWS_AS(LayerNorm<float>(Shape{}), ShapeError);
  CHECK_THROWS_AS(LayerNorm<float>(-1), ShapeError);
  CHECK_THROWS_AS(LayerNorm<float>(4)(rowgrad::ones<float>({2, 3})), ShapeError);
  CHECK_THROWS_AS(LayerNorm<float>(Shape{2, 3})(rowgrad::ones<float>({3})), ShapeError);
  CHECK(LayerNorm<float>(4)(rowgrad::ones<float>({0, 4})).shape() == Shape{0, 4});
}

TEST_CASE("LayerNorm: an eps that is no number to add") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double eps : {nan, infinity, -infinity, -1e-5, 1e300}) {
    CHECK_THROWS_AS(rowgrad::nn::LayerNorm<float>(3, {.eps = eps}), rowgrad::ValueError);
    CHECK_THROWS_AS(rowgrad::layer_norm(rowgrad::ones({2, 3}), {3}, {}, {}, eps), rowgrad::ValueError);
  }
}
