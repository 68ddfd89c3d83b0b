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
  for (const double eps : {-1.0, -1e-12, std::nan("")})
    CHECK_THROWS_WITH_AS(layer_norm(x, {4}, {}, {}, eps), doctest::Contains("expected eps >= 0"), rowgrad::ValueError);
  CHECK_THROWS_AS(layer_norm(x, {}), ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {1, 2, 4}), ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {4}, rowgrad::ones({3})), ShapeError);
  CHECK_THROWS_AS(layer_norm(x, {4}, {}, rowgrad::ones({1, 4})), ShapeError);
}

TEST_CASE("layer_norm: long rows and many rows keep float's digits") {
  for (const rowgrad::Shape& shape : {rowgrad::Shape{2, 1'000'000}, rowgrad::Shape{300'000, 4}}) {
    rowgrad::Generator generator(1);
    const rowgrad::Shape row{shape[1]};
    const Tensor<double> exact = rowgrad::rand<double>(shape, generator).requires_grad_();
    const Tensor<float> x = exact.detach().to<float>().requires_grad_();
    const Tensor<double> w = rowgrad::rand<double>(row, generator).requires_grad_();
    const Tensor<double> b = rowgrad::rand<double>(row, generator).requires_grad_();
    const Tensor<float> wf = w.detach().to<float>().requires_grad_(), bf = b.detach().to<float>().requires_grad_();
    const Tensor<double> seed = rowgrad::rand<double>(shape, generator);
    const Tensor<double> y = layer_norm(exact, row, w, b);
    const Tensor<float> yf = layer_norm(x, row, wf, bf);
    y.backward(seed);
    yf.backward(seed.to<float>());
    const auto error = [](const Tensor<float>& got, const Tensor<double>& expected) {
      return (got.array().cast<double>() - expected.array()).abs().maxCoeff() / expected.array().abs().maxCoeff();
    };
    const double digits = row[0] > 4 ? 1e-6 : 1e-5;  // four values may be nearly equal
    CHECK(error(yf, y) < digits);
    CHECK(error(x.grad().dense(), exact.grad().dense()) < digits);
    CHECK(error(wf.grad().dense(), w.grad().dense()) < 2e-6);
    CHECK(error(bf.grad().dense(), b.grad().dense()) < 2e-6);
  }
}
