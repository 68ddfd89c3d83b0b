#include <doctest/doctest.h>

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/softmax.hpp>

#include <support/golden.hpp>

using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"softmax_0", [](In x) { return softmax(x[0], 0); }},
      {"softmax_1", [](In x) { return softmax(x[0], 1); }},
      {"softmax_last", [](In x) { return softmax(x[0], -1); }},
      {"log_softmax_0", [](In x) { return log_softmax(x[0], 0); }},
      {"log_softmax_1", [](In x) { return log_softmax(x[0], 1); }},
      {"log_softmax_last", [](In x) { return log_softmax(x[0], -1); }},
  };
}
}  // namespace

TEST_CASE("softmax and log_softmax: methods are the functions") {
  const rowgrad::Tensor<double> x{{0.25, 1, 2}, {3, -1, 0}};
  CHECK(x.softmax(1).to_vector() == softmax(x, 1).to_vector());
  CHECK(x.log_softmax(0).to_vector() == log_softmax(x, 0).to_vector());
}

TEST_CASE("softmax: PyTorch's results and gradients, also for extreme, masked and undefined lines") {
  golden::check<double>("functional_softmax", functions<double>(), {1e-12, 1e-13});
  golden::check<float>("functional_softmax", functions<float>());
}

TEST_CASE("softmax: lines add up to one and do not care for a shift") {
  rowgrad::Generator generator(4);
  const Tensor<double> x = rowgrad::randn<double>({3, 17}, generator);
  const Tensor<double> y = softmax(x, 1), shifted = softmax(x + 1000, 1), l = log_softmax(x, 1);
  for (rowgrad::Index i = 0; i < 3; ++i) CHECK(y.matrix().row(i).sum() == doctest::Approx(1).epsilon(1e-14));
  CHECK(golden::difference(shifted, y, {1e-10, 0}) == "");
  CHECK(golden::difference(log(y), l, {1e-12, 0}) == "");
}

TEST_CASE("softmax: a dimension that is not there") {
  CHECK_THROWS_AS(softmax(rowgrad::zeros({2, 3}), 2), rowgrad::IndexError);
  CHECK_THROWS_AS(log_softmax(rowgrad::zeros({2, 3}), -3), rowgrad::IndexError);
}

TEST_CASE("softmax, log_softmax: a million values to float's last digits, along rows and columns") {
  constexpr rowgrad::Index n = 1'000'000;
  rowgrad::Generator generator(1);
  const Tensor<double> exact = rowgrad::randn<double>({n, 1}, generator);
  const Tensor<float> x = exact.to<float>();
  const auto error = [](const Tensor<float>& got, const Tensor<double>& expected) {
    return (got.array().cast<double>() / expected.array() - 1).abs().maxCoeff();
  };
  for (const bool logarithm : {false, true}) {
    const auto f = logarithm ? rowgrad::log_softmax<float> : rowgrad::softmax<float>;
    const auto g = logarithm ? rowgrad::log_softmax<double> : rowgrad::softmax<double>;
    const Tensor<float> input = x.clone().requires_grad_(), seed = x;
    const Tensor<double> input_exact = exact.clone().requires_grad_(), seed_exact = exact;
    const Tensor<float> y = f(input, 0);
    const Tensor<double> y_exact = g(input_exact, 0);
    CHECK(error(y, y_exact) < 2e-6);
    y.backward(seed);
    y_exact.backward(seed_exact);
    const auto difference = (input.grad().dense().array().cast<double>() - input_exact.grad().dense().array()).abs();
    CHECK(difference.maxCoeff() < 1e-6 * input_exact.grad().dense().array().abs().maxCoeff());
  }
}

TEST_CASE("lines without elements, and sums of rows without columns, take no time, however many there are") {
  const rowgrad::Index huge = rowgrad::Index{1} << 60;
  auto rows = rowgrad::zeros<double>({huge, 0}), columns = rowgrad::zeros<double>({0, huge});
  rows.requires_grad_();
  columns.requires_grad_();
  for (const auto& y : {rowgrad::softmax(rows, 1), rowgrad::log_softmax(columns, 0), rowgrad::sum(rows, 0)}) {
    CHECK(y.numel() == 0);
    y.backward(rowgrad::zeros<double>(y.shape()));
  }
  CHECK(rowgrad::softmax(rowgrad::zeros<double>({huge, 3, 0}), 1).numel() == 0);
}
