#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <rowgrad/core/random.hpp>
#include <rowgrad/machine/sums.hpp>

using rowgrad::ArrayMap;
using rowgrad::Generator;
using rowgrad::Index;

namespace {

template <typename T>
std::vector<T> uniform(Index n, Generator& generator) {
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& value : values) value = generator.uniform<T>();
  return values;
}

long double exact(const std::vector<float>& x) {
  long double sum = 0;
  for (const float value : x) sum += value;
  return sum;
}

double relative_error(double got, long double expected) {
  return static_cast<double>(std::abs((got - expected) / expected));
}

constexpr Index many = 10'000'000;

}  // namespace

TEST_CASE("sum_of: ten million floats to the last digit") {
  Generator generator(1);
  const std::vector<float> x = uniform<float>(many, generator), tenths(many, 0.1f);
  CHECK(relative_error(rowgrad::detail::sum_of(x.data(), many), exact(x)) < 1e-7);
  CHECK(relative_error(rowgrad::detail::sum_of(tenths.data(), many), exact(tenths)) < 1e-6);
  const std::vector<double> ones(many, 0.1);
  CHECK(relative_error(rowgrad::detail::sum_of(ones.data(), many), 0.1L * many) < 1e-14);
}

TEST_CASE("sum_of: a block or less is Eigen's sum, bit for bit") {
  Generator generator(2);
  const std::vector<float> x = uniform<float>(1024, generator);
  for (const Index n : {0, 1, 7, 100, 1023, 1024})
    CHECK(rowgrad::detail::sum_of(x.data(), n) == ArrayMap<const float>(x.data(), n).sum());
}

TEST_CASE("sum_of: every value counts once, at every length around a block's") {
  for (Index n = 1; n < 5000; n += n < 1000 ? 97 : 1) {
    std::vector<float> x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 3);
    REQUIRE(rowgrad::detail::sum_of(x.data(), n) == static_cast<float>(exact(x)));
  }
}

TEST_CASE("sum_of_terms and RunningSum: the same blocks") {
  Generator generator(3);
  const std::vector<float> x = uniform<float>(many, generator), tenths(many, 0.1f);
  for (const auto& values : {x, tenths}) {
    rowgrad::detail::RunningSum<float> running;
    for (const float value : values) running.add(value);
    const float terms =
        rowgrad::detail::sum_of_terms<float>(many, [&](Index i) { return values[static_cast<std::size_t>(i)]; });
    CHECK(terms == running.total());
    CHECK(relative_error(terms, exact(values)) < 3e-6);
  }
  for (const Index n : {0, 1, 127, 128, 129, 256, 1000}) {
    rowgrad::detail::RunningSum<double> running;
    double plain = 0;
    for (Index i = 0; i < n; ++i) {
      running.add(x[static_cast<std::size_t>(i)]);
      plain += x[static_cast<std::size_t>(i)];
    }
    CHECK(running.total() == doctest::Approx(plain).epsilon(1e-14));
    if (n <= 128) CHECK(running.total() == plain);
  }
}

TEST_CASE("column_sums: of long, wide and strided matrices") {
  Generator generator(4);
  for (const auto& [rows, columns, stride] : std::vector<std::array<Index, 3>>{
           {0, 3, 3}, {1, 1, 1}, {128, 5, 5}, {129, 300, 310}, {1000, 257, 257}, {3001, 2, 5}, {many / 4, 2, 4}}) {
    CAPTURE(rows);
    CAPTURE(columns);
    const std::vector<float> x = uniform<float>(rows * stride, generator);
    std::vector<float> sums(static_cast<std::size_t>(columns), -1);
    rowgrad::detail::column_sums(x.data(), rows, columns, stride, sums.data());
    for (Index j = 0; j < columns; ++j) {
      long double sum = 0;
      float plain = 0;
      for (Index i = 0; i < rows; ++i) {
        sum += x[static_cast<std::size_t>(i * stride + j)];
        plain += x[static_cast<std::size_t>(i * stride + j)];
      }
      const float got = sums[static_cast<std::size_t>(j)];
      if (rows <= 128)
        REQUIRE(got == plain);
      else
        REQUIRE(relative_error(got, sum) < 2e-6);
    }
  }
}
