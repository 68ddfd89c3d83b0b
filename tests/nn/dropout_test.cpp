#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/dropout.hpp>

using rowgrad::Index;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::nn::Dropout;

TEST_CASE("Dropout: keeps a share of 1 - p and scales it up") {
  constexpr Index n = 100'000;
  const auto x = rowgrad::full<double>({100, n / 100}, 3).requires_grad_();
  for (double p : {0.1, 0.5, 0.9}) {
    CAPTURE(p);
    rowgrad::manual_seed(5);
    const Tensor<double> y = Dropout<double>(p)(x);
    CHECK(y.shape() == x.shape());
    Index zeros = 0;
    for (double value : y.to_vector()) {
      zeros += value == 0;
      const bool as_expected = value == 0 || value == doctest::Approx(3 / (1 - p)).epsilon(1e-14);
      REQUIRE(as_expected);
    }
    const double deviation = std::sqrt(static_cast<double>(n) * p * (1 - p));
    CHECK(std::abs(static_cast<double>(zeros) - n * p) < 4 * deviation);

    // the gradient passes where the value passed
    x.grad().reset();
    y.sum().backward();
    CHECK(x.grad().dense().to_vector() == Tensor<double>(rowgrad::from_eigen(y.matrix() / 3)).to_vector());
  }
}

TEST_CASE("Dropout: neighbours are dropped independently") {
  constexpr Index n = 100'000;
  rowgrad::manual_seed(6);
  const auto y = Dropout<float>(0.5)(rowgrad::ones<float>({n}));
  Index both = 0;
  for (Index i = 1; i < n; ++i) both += y.data()[i] == 0 && y.data()[i - 1] == 0;
  CHECK(std::abs(static_cast<double>(both) - n / 4.0) < 4 * std::sqrt(n * 3.0 / 16 * 5 / 3));
}

TEST_CASE("Dropout: every call draws anew, the same seed draws the same") {
  const auto x = rowgrad::ones<float>({1000});
  const Dropout<float> dropout;
  rowgrad::manual_seed(7);
  const auto first = dropout(x).to_vector(), second = dropout(x).to_vector();
  rowgrad::manual_seed(7);
  CHECK(dropout(x).to_vector() == first);
  CHECK(first != second);
}

TEST_CASE("Dropout: does nothing in eval mode, for p = 0; drops all for p = 1") {
  const auto x = rowgrad::ones<float>({1000}).requires_grad_();
  Dropout<float> half, none(0), all(1);
  CHECK(none(x).to_vector() == x.to_vector());
  const auto dropped = all(x);
  CHECK(dropped.to_vector() == std::vector<float>(1000, 0));
  dropped.sum().backward();
  CHECK(x.grad().dense().to_vector() == std::vector<float>(1000, 0));
  CHECK(half(x).to_vector() != x.to_vector());
  half.eval();
  all.eval();
  rowgrad::manual_seed(8);
  const auto expected = rowgrad::rand<float>({3}).to_vector();
  rowgrad::manual_seed(8);
  CHECK(half(x).to_vector() == x.to_vector());
  CHECK(all(x).to_vector() == x.to_vector());
  CHECK(rowgrad::rand<float>({3}).to_vector() == expected);  // no numbers are drawn
  half.train();
  CHECK(half(x).to_vector() != x.to_vector());
}

TEST_CASE("Dropout: errors and printing") {
  for (double p : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(Dropout<float>{p}, doctest::Contains("expected 0 <= p <= 1"), ValueError);
  CHECK(Dropout<float>().to_string() == "Dropout(p=0.5, inplace=False)");
  CHECK(Dropout<float>(0).to_string() == "Dropout(p=0.0, inplace=False)");
  CHECK(Dropout<float>(0.25).to_string() == "Dropout(p=0.25, inplace=False)");
  CHECK(Dropout<float>(1. / 3).to_string() == "Dropout(p=0.3333333333333333, inplace=False)");
  CHECK(Dropout<float>(1e-5).to_string() == "Dropout(p=1e-05, inplace=False)");
}
