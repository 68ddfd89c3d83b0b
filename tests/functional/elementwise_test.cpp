#include <doctest/doctest.h>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>

#include <support/golden.hpp>

using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> operations() {
  using In = const golden::Inputs<T>&;
  const T number = T(1.5);
  return {
      {"add", [](In x) { return x[0] + x[1]; }},
      {"sub", [](In x) { return x[0] - x[1]; }},
      {"mul", [](In x) { return x[0] * x[1]; }},
      {"div", [](In x) { return x[0] / x[1]; }},
      {"add_number", [=](In x) { return x[0] + number; }},
      {"number_add", [=](In x) { return number + x[0]; }},
      {"sub_number", [=](In x) { return x[0] - number; }},
      {"number_sub", [=](In x) { return number - x[0]; }},
      {"mul_number", [=](In x) { return x[0] * number; }},
      {"number_mul", [=](In x) { return number * x[0]; }},
      {"div_number", [=](In x) { return x[0] / number; }},
      {"number_div", [=](In x) { return number / x[0]; }},
      {"neg", [](In x) { return -x[0]; }},
      {"pow2", [](In x) { return pow(x[0], T(2)); }},
      {"pow3", [](In x) { return pow(x[0], T(3)); }},
      {"pow1", [](In x) { return pow(x[0], T(1)); }},
      {"pow0", [](In x) { return pow(x[0], T(0)); }},
      {"pow_half", [](In x) { return pow(x[0], T(0.5)); }},
      {"pow_minus1", [](In x) { return pow(x[0], T(-1)); }},
      {"pow_minus2", [](In x) { return pow(x[0], T(-2)); }},
      {"pow_minus3", [](In x) { return pow(x[0], T(-3)); }},
      {"pow_minus_half", [](In x) { return pow(x[0], T(-0.5)); }},
      {"pow_1_5", [](In x) { return pow(x[0], T(1.5)); }},
  };
}
}  // namespace

TEST_CASE("elementwise: PyTorch's results and gradients") {
  golden::check<double>("functional_elementwise", operations<double>());
  golden::check<float>("functional_elementwise", operations<float>());
}

TEST_CASE("elementwise: shapes that do not broadcast are a ShapeError naming both") {
  const Tensor<float> a = rowgrad::ones({2, 3}), b = rowgrad::ones({4}), c = rowgrad::ones({3, 2});
  CHECK_THROWS_WITH_AS(a + b,
                       "add: shapes (2, 3) and (4,) do not broadcast: sizes must be equal or 1, counted from the last "
                       "dimension",
                       ShapeError);
  CHECK_THROWS_AS(a - c, ShapeError);
  CHECK_THROWS_AS(a * b, ShapeError);
  CHECK_THROWS_AS(b / a, ShapeError);
}

TEST_CASE("elementwise: numbers of other types mix with tensors") {
  const Tensor<float> x{1, 2};
  CHECK((x * 2).to_vector() == std::vector<float>{2, 4});
  CHECK((1 - x).to_vector() == std::vector<float>{0, -1});
  CHECK((x / 2.0).to_vector() == std::vector<float>{0.5, 1});
  CHECK((2 / x).to_vector() == std::vector<float>{2, 1});
}

TEST_CASE("elementwise: one tensor as both operands gets both gradients") {
  const Tensor<double> x = Tensor<double>{1, 2, 3}.requires_grad_();
  const auto gradient = [&](const Tensor<double>& y) {
    x.grad().reset();
    y.sum().backward();
    return x.grad().dense().to_vector();
  };
  CHECK(gradient(x + x) == std::vector<double>{2, 2, 2});
  CHECK(gradient(x - x) == std::vector<double>{0, 0, 0});
  CHECK(gradient(x * x) == std::vector<double>{2, 4, 6});
  CHECK(gradient(x / x) == std::vector<double>{0, 0, 0});
}

TEST_CASE("elementwise: large broadcasts agree with a loop") {
  rowgrad::Generator generator(3);
  const Tensor<float> a = rowgrad::randn({7, 1, 33}, generator), b = rowgrad::randn({5, 1}, generator);
  const Tensor<float> y = a * b;
  CHECK(y.shape() == rowgrad::Shape{7, 5, 33});
  bool same = true;
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 5; ++j)
      for (int k = 0; k < 33; ++k) same = same && y.data()[(i * 5 + j) * 33 + k] == a.data()[i * 33 + k] * b.data()[j];
  CHECK(same);
}

TEST_CASE("sums back over what was repeated keep their digits") {
  const Tensor<float> x = Tensor<float>{0}.requires_grad_(), column = rowgrad::zeros({3, 1}).requires_grad_();
  const rowgrad::Index n = 1 << 21;
  (x + rowgrad::zeros({n, 1})).backward(rowgrad::full({n, 1}, 0.1f));
  CHECK(x.grad().dense().item() == doctest::Approx(0.1 * static_cast<double>(n)).epsilon(1e-5));
  x.grad().reset();
  (x + column + rowgrad::zeros({n, 3, 2})).backward(rowgrad::full({n, 3, 2}, 0.1f));
  CHECK(x.grad().dense().item() == doctest::Approx(0.6 * static_cast<double>(n)).epsilon(1e-5));
  for (int i = 0; i < 3; ++i)
    CHECK(column.grad().dense().data()[i] == doctest::Approx(0.2 * static_cast<double>(n)).epsilon(1e-5));
}

TEST_CASE("expand: repeats what PyTorch repeats, and refuses what it refuses") {
  const Tensor<float> x = Tensor<float>{{1}, {2}}.requires_grad_();
  const Tensor<float> y = expand(x, {3, 2, 2});
  CHECK(y.to_vector() == std::vector<float>{1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2});
  y.sum().backward();
  CHECK(x.grad().dense().to_vector() == std::vector<float>{6, 6});
  CHECK(expand(x, {0, 2, 1}).shape() == rowgrad::Shape{0, 2, 1});
  CHECK_THROWS_WITH_AS(expand(Tensor<float>{{1, 2}}, {2, 1}),
                       "expand: shape (1, 2) does not broadcast to (2, 1): a size is not 1 and differs", ShapeError);
  CHECK_THROWS_AS(expand(x, {2}), ShapeError);
  CHECK_THROWS_AS(expand(x, {3, 2}), ShapeError);
}

TEST_CASE("elementwise: zeros keep the sign that PyTorch gives them") {
  const Tensor<float> zero{0}, minus_zero{-0.0f};
  CHECK(std::signbit((-zero).item()));
  CHECK(!std::signbit((-minus_zero).item()));
  CHECK(std::signbit((minus_zero * 2).item()));
  CHECK(std::signbit((2 * minus_zero).item()));
  CHECK(std::signbit((zero * -2).item()));
  CHECK(!std::signbit((minus_zero + 0).item()));
}
