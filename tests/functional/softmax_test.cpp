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
