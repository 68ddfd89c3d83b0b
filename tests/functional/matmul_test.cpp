#include <doctest/doctest.h>

#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/reduce.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> products() {
  using In = const golden::Inputs<T>&;
  return {
      {"matmul", [](In x) { return matmul(x[0], x[1]); }},
      {"bmm", [](In x) { return bmm(x[0], x[1]); }},
      {"linear", [](In x) { return linear(x[0], x[1], x[2]); }},
      {"linear_no_bias", [](In x) { return linear(x[0], x[1]); }},
  };
}
}  // namespace

TEST_CASE("matmul, bmm, linear: PyTorch's results and gradients for all ranks") {
  golden::check<double>("functional_matmul", products<double>());
  golden::check<float>("functional_matmul", products<float>());
}

TEST_CASE("matmul: shapes that do not fit") {
  const auto x = [](const Shape& shape) { return rowgrad::ones(shape); };
  CHECK_THROWS_WITH_AS(matmul(x({2, 3}), x({2, 3})),
                       "matmul: shapes (2, 3) and (2, 3) do not fit: the last size of the left must be the second to "
                       "last (for a vector: the only) one of the right",
                       ShapeError);
  CHECK_THROWS_AS(matmul(x({3}), x({4})), ShapeError);
  CHECK_THROWS_AS(matmul(x({3}), x({2, 3})), ShapeError);
  CHECK_THROWS_AS(matmul(x({2, 3}), x({2})), ShapeError);
  CHECK_THROWS_AS(matmul(x({}), x({3})), ShapeError);
  CHECK_THROWS_AS(matmul(x({3}), x({})), ShapeError);
  CHECK_THROWS_AS(matmul(x({2, 2, 3}), x({3, 3, 2})), ShapeError);  // batches 2 and 3
  CHECK_THROWS_AS(matmul(x({2, 2, 3}), x({2, 2, 2})), ShapeError);
}

TEST_CASE("bmm and linear: shapes that do not fit") {
  const auto x = [](const Shape& shape) { return rowgrad::ones(shape); };
  CHECK_THROWS_WITH_AS(bmm(x({2, 2, 3}), x({3, 3, 2})),
                       "bmm: expected (B, n, k) and (B, k, m), got (2, 2, 3) and (3, 3, 2)", ShapeError);
  CHECK_THROWS_AS(bmm(x({2, 3}), x({3, 2})), ShapeError);
  CHECK_THROWS_AS(bmm(x({2, 2, 3}), x({2, 2, 3})), ShapeError);
  CHECK_THROWS_WITH_AS(linear(x({2, 3}), x({4, 2})),
                       "linear: expected input (..., in) and weight (out, in), got (2, 3) and (4, 2)", ShapeError);
  CHECK_THROWS_AS(linear(x({}), x({4, 2})), ShapeError);
  CHECK_THROWS_AS(linear(x({2}), x({2})), ShapeError);
  CHECK_THROWS_WITH_AS(linear(x({2, 3}), x({4, 3}), x({3})), "linear: expected bias (4,), got (3,)", ShapeError);
}

TEST_CASE("matmul: large matrices agree with a loop in double") {
  rowgrad::Generator generator(5);
  const Tensor<float> a = rowgrad::randn({70, 300}, generator), b = rowgrad::randn({300, 450}, generator);
  const Tensor<float> y = matmul(a, b);
  for (const Index i : {0, 1, 33, 69})
    for (const Index j : {0, 191, 192, 383, 384, 449}) {
      double sum = 0;
      for (Index k = 0; k < 300; ++k) sum += double(a.data()[i * 300 + k]) * double(b.data()[k * 450 + j]);
      CHECK(y.data()[i * 450 + j] == doctest::Approx(sum).epsilon(1e-4));
    }
}

TEST_CASE("matmul: a matrix times itself") {
  const Tensor<double> x = Tensor<double>{{1, 2}, {3, 4}}.requires_grad_();
  matmul(x, x).sum().backward();  // d/dx sum(x x) = 1 x^T + x^T 1
  CHECK(x.grad().dense().to_vector() == std::vector<double>{3 + 4, 7 + 4, 3 + 6, 7 + 6});
}

TEST_CASE("bmm: a batch without elements takes no time, however large it is") {
  constexpr Index huge = Index{1} << 60;
  auto a = rowgrad::zeros<double>({huge, 0, 3}), b = rowgrad::zeros<double>({huge, 3, 0});
  a.requires_grad_();
  b.requires_grad_();
  const auto y = bmm(a, b);
  y.backward(rowgrad::zeros<double>(y.shape()));
  CHECK(a.grad().dense().shape() == a.shape());
  CHECK(b.grad().dense().shape() == b.shape());
}

TEST_CASE("linear: the gradient of a weight that 20 million rows went through") {
  auto weight = rowgrad::ones({1, 1});
  weight.requires_grad_();
  linear(rowgrad::ones({20'000'000, 1}), weight).sum().backward();
  CHECK(weight.grad().dense().item() == 20'000'000);
}
