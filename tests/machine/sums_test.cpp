#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <rowgrad/core/random.hpp>
#include <rowgrad/machine/sums.hpp>

using rowgrad::ArrayMap;
using rowgrad::Generator;
using rowgrad::Index;

namespace detail = rowgrad::detail;

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
  CHECK(relative_error(detail::sum_of(x.data(), many), exact(x)) < 1e-7);
  CHECK(relative_error(detail::sum_of(tenths.data(), many), exact(tenths)) < 1e-6);
  const std::vector<double> ones(many, 0.1);
  CHECK(relative_error(detail::sum_of(ones.data(), many), 0.1L * many) < 1e-14);
}

TEST_CASE("sum_of: a block or less is Eigen's sum, bit for bit") {
  Generator generator(2);
  const std::vector<float> x = uniform<float>(1024, generator);
  for (const Index n : {0, 1, 7, 100, 1023, 1024})
    CHECK(detail::sum_of(x.data(), n) == ArrayMap<const float>(x.data(), n).sum());
}

TEST_CASE("sum_of: every value counts once, at every length around a block's") {
  for (Index n = 1; n < 5000; n += n < 1000 ? 97 : 1) {
    std::vector<float> x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 3);
    REQUIRE(detail::sum_of(x.data(), n) == static_cast<float>(exact(x)));
  }
}

TEST_CASE("sum_of_terms and RunningSum: the same blocks") {
  Generator generator(3);
  const std::vector<float> x = uniform<float>(many, generator), tenths(many, 0.1f);
  for (const auto& values : {x, tenths}) {
    detail::RunningSum<float> running;
    for (const float value : values) running.add(value);
    const float terms = detail::sum_of_terms<float>(many, [&](Index i) { return values[static_cast<std::size_t>(i)]; });
    CHECK(terms == running.total());
    CHECK(relative_error(terms, exact(values)) < 3e-6);
  }
  for (const Index n : {0, 1, 127, 128, 129, 256, 1000}) {
    detail::RunningSum<double> running;
    double plain = 0;
    for (Index i = 0; i < n; ++i) {
      running.add(x[static_cast<std::size_t>(i)]);
      plain += x[static_cast<std::size_t>(i)];
    }
    CHECK(running.total() == doctest::Approx(plain).epsilon(1e-14));
    if (n <= 128) CHECK(running.total() == plain);
  }
}

TEST_CASE("column_sums: up to 128 rows are added one after the other, also where rows lie apart") {
  for (const Index rows : {0, 1, 3, 4, 127, 128})
    for (const Index columns : {1, 2, 7, 8, 33})
      for (const Index stride : {columns, columns + 3}) {
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(stride);
        Generator generator(static_cast<std::uint64_t>(rows * 100 + columns));
        const std::vector<float> values = uniform<float>(rows * stride, generator);
        std::vector<float> sums(static_cast<std::size_t>(columns), 0.5f), expected(sums.size());
        for (Index i = 0; i < rows; ++i)
          for (Index j = 0; j < columns; ++j)
            expected[static_cast<std::size_t>(j)] += values[static_cast<std::size_t>(i * stride + j)];
        detail::column_sums(values.data(), rows, columns, stride, sums.data());
        CHECK(sums == expected);
      }
}

TEST_CASE("column_sums: every row counts once, at any number of blocks") {
  for (const Index rows : {129, 255, 256, 257, 384, 512, 1000, 128 * 7, 128 * 8, 128 * 8 + 1, 12'345}) {
    CAPTURE(rows);
    std::vector<double> values(static_cast<std::size_t>(rows) * 2), sums(2);
    for (Index i = 0; i < rows; ++i) {
      values[static_cast<std::size_t>(2 * i)] = static_cast<double>(i);
      values[static_cast<std::size_t>(2 * i + 1)] = static_cast<double>(i * i);
    }
    detail::column_sums(values.data(), rows, Index{2}, Index{2}, sums.data());
    const auto n = static_cast<double>(rows);
    CHECK(sums[0] == n * (n - 1) / 2);
    CHECK(sums[1] == (n - 1) * n * (2 * n - 1) / 6);
  }
}

TEST_CASE("column_sums: floats keep their digits over many rows") {
  constexpr Index rows = 1 << 21;
  const std::vector<float> tenths(static_cast<std::size_t>(rows) * 2, 0.1f);
  std::vector<float> sums{0, 0};
  detail::column_sums(tenths.data(), rows, Index{2}, Index{2}, sums.data());
  const double expected = static_cast<double>(0.1f) * static_cast<double>(rows);
  CHECK(sums[0] == doctest::Approx(expected).epsilon(1e-6));  // one after the other: 2 % off
  CHECK(sums[1] == sums[0]);
}
