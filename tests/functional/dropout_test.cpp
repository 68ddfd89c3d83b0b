#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/functional/dropout.hpp>
#include <rowgrad/functional/reduce.hpp>

#include <support/golden.hpp>

using rowgrad::dropout;
using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
void check_stream() {
  int cases = 0;
  for (const golden::Case& c : golden::read("functional_dropout")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    ++cases;
    Generator generator(std::stoull(c.text("seed")));
    const rowgrad::Indices kept = c.tensor<Index>("kept");
    const Tensor<T> y = dropout(rowgrad::ones<T>(kept.shape()), std::stod(c.text("p")), true, generator);
    Tensor<T> expected = kept.to<T>();
    expected.array() *= c.tensor<T>("scale").item();
    CHECK(golden::difference(y, expected, {0, 0}) == "");
    CHECK(generator.below(1 << 24) == c.tensor<Index>("next").item());
  }
  CHECK(cases > 0);
}

}  // namespace

TEST_CASE("dropout: the values that PyTorch keeps, bit for bit, and as many numbers drawn") {
  check_stream<float>();
  check_stream<double>();
}

TEST_CASE("dropout: values are zero or scaled up, in the share asked for") {
  const Tensor<float> x = rowgrad::full({100'000}, 3.0f);
  for (const double p : {0.1, 0.5, 0.75}) {
    CAPTURE(p);
    Generator generator(11);
    const Tensor<float> y = dropout(x, p, true, generator);
    Index zeros = 0, scaled = 0;
    for (const float value : y.to_vector()) {
      zeros += value == 0;
      scaled += value == 3 * static_cast<float>(1 / (1 - p));
    }
    CHECK(zeros + scaled == y.numel());
    CHECK(static_cast<double>(zeros) / 100'000 == doctest::Approx(p).epsilon(0.02));
  }
}

TEST_CASE("dropout: the gradient passes where the value did") {
  Generator generator(12);
  const Tensor<double> x = rowgrad::ones<double>({50}).requires_grad_();
  const Tensor<double> y = dropout(x, 0.4, true, generator);
  y.sum().backward();
  CHECK(x.grad().dense().to_vector() == y.to_vector());
  CHECK(y.sum().item() > 0);
  CHECK(y.sum().item() < 50 / 0.6);
}

TEST_CASE("dropout: the same seed gives the same mask, the next call another") {
  const Tensor<float> x = rowgrad::ones({100});
  Generator a(5), b(5);
  const auto first = dropout(x, 0.5, true, a).to_vector();
  CHECK(first == dropout(x, 0.5, true, b).to_vector());
  CHECK(first != dropout(x, 0.5, true, a).to_vector());
  rowgrad::manual_seed(5);
  CHECK(first == dropout(x).to_vector());
}

TEST_CASE("dropout: p 0 and no training leave x, p 1 leaves nothing") {
  Generator generator(1);
  const std::uint32_t next = Generator(1).random();
  const Tensor<float> x = Tensor<float>{1, 2, 3}.requires_grad_();
  CHECK(dropout(x, 0, true, generator).data() == x.data());
  CHECK(dropout(x, 0.5, false, generator).data() == x.data());
  CHECK(generator.random() == next);  // and draw nothing
  const Tensor<float> none = dropout(x, 1, true, generator);
  CHECK(none.to_vector() == std::vector<float>{0, 0, 0});
  none.sum().backward();
  CHECK(x.grad().dense().to_vector() == std::vector<float>{0, 0, 0});
  const Tensor<float> nothing_finite{std::numeric_limits<float>::infinity(), std::nanf("")};
  CHECK(dropout(nothing_finite, 1).array().isNaN().all());  // PyTorch's are: 0 times x
}

TEST_CASE("dropout: p is a probability") {
  const Tensor<float> x{1};
  CHECK_THROWS_AS(dropout(x, -0.1), ValueError);
  CHECK_THROWS_AS(dropout(x, 1.1), ValueError);
  CHECK_THROWS_AS(dropout(x, std::numeric_limits<double>::quiet_NaN()), ValueError);
  CHECK_THROWS_AS(dropout(x, 2, false), ValueError);
}

TEST_CASE("dropout: an undefined tensor is refused whether or not it has anything to do") {
  const rowgrad::Tensor<float> nothing;
  CHECK_THROWS_AS(rowgrad::dropout(nothing, 0.0), rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::dropout(nothing, 0.5, false), rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::dropout(nothing, 0.5), rowgrad::ValueError);
}
