#include <doctest/doctest.h>

#include <rowgrad/functional/layer_norm.hpp>

#include <support/golden.hpp>

using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"layer_norm_4", [](In x) { return layer_norm(x[0], {4}, x[1], x[2]); }},
      {"layer_norm_4_plain", [](In x) { return layer_norm(x[0], {4}); }},
      {"layer_norm_4_weight", [](In x) { return layer_norm(x[0], {4}, x[1]); }},
      {"layer_norm_3_2",
       [](In x) {
         return layer_norm(x[0], {3, 2}, x[1], x[2]);
       }},
      {"layer_norm_4_eps", [](In x) { return layer_norm(x[0], {4}, x[1], x[2], 0.5); }},
  };
}
}  // namespace

TEST_CASE("layer_norm: PyTorch's results and gradients") {
  // The gradient of x for equal values is large (1/sqrt(eps)) and a difference of equals.
  golden::check<double>("functional_layer_norm", functions<double>(), {1e-10, 1e-12});
  golden::check<float>("functional_layer_norm", functions<float>(), {1e-5, 1e-5});
}

TEST_CASE("layer_norm: lines have mean 0 and variance 1") {
  rowgrad::Generator generator(9);
  const Tensor<double> y = layer_norm(rowgrad::randn<double>({5, 40}, generator), {40}, {}, {}, 0);
  for (rowgrad::Index i = 0; i < 5; ++i) {
    CHECK(y.matrix().row(i).mean() == doctest::Approx(0).epsilon(1e-13));
    CHECK(y.matrix().row(i).squaredNorm() / 40 == doctest::Approx(1).epsilon(1e-13));
  }
}

TEST_CASE("layer_norm: shapes that do not fit") {
  const Tensor<float> x = rowgrad::ones({2, 4});
  CHECK_THROWS_WITH_AS(
      layer_norm(x, {3}),
      "layer_norm: expected an input ending in (3,) and weight and bias of that shape, got input (2, 4)", ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {}), ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {1, 2, 4}), ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {4}, rowgrad::ones({3})), ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {4}, {}, rowgrad::ones({1, 4})), ShapeError);
}
