#include <doctest/doctest.h>

#include <vector>

#include <rowgrad/core/random.hpp>
#include <rowgrad/machine/column_sums.hpp>

using rowgrad::Index;
namespace detail = rowgrad::detail;

TEST_CASE("column sums: up to 128 rows are added one after the other, to what is there") {
  for (const Index rows : {0, 1, 3, 4, 127, 128})
    for (const Index columns : {1, 2, 7, 8, 33}) {
      CAPTURE(rows);
      CAPTURE(columns);
      rowgrad::Generator generator(static_cast<std::uint64_t>(rows * 100 + columns));
      std::vector<float> values(static_cast<std::size_t>(rows * columns)),
          sums(static_cast<std::size_t>(columns), 0.5f);
      generator.normal(values.data(), rows * columns);
      std::vector<float> expected = sums;
      for (std::size_t i = 0; i < values.size(); ++i) expected[i % static_cast<std::size_t>(columns)] += values[i];
      detail::add_column_sums(sums.data(), values.data(), rows, columns);
      CHECK(sums == expected);
    }
}

TEST_CASE("column sums: every row counts once, at any number of blocks") {
  for (const Index rows : {129, 255, 256, 257, 384, 512, 1000, 128 * 7, 128 * 8, 128 * 8 + 1, 12'345}) {
    CAPTURE(rows);
    std::vector<double> values(static_cast<std::size_t>(rows) * 2), sums{0.5, -1};
    for (Index i = 0; i < rows; ++i) {
      values[static_cast<std::size_t>(2 * i)] = static_cast<double>(i);
      values[static_cast<std::size_t>(2 * i + 1)] = static_cast<double>(i * i);
    }
    detail::add_column_sums(sums.data(), values.data(), rows, Index{2});
    const auto n = static_cast<double>(rows);
    CHECK(sums[0] == 0.5 + n * (n - 1) / 2);
    CHECK(sums[1] == -1 + (n - 1) * n * (2 * n - 1) / 6);
  }
}

TEST_CASE("column sums: floats keep their digits over many rows") {
  constexpr Index rows = 1 << 21;
  const std::vector<float> tenths(static_cast<std::size_t>(rows) * 2, 0.1f);
  std::vector<float> sums{0, 0};
  detail::add_column_sums(sums.data(), tenths.data(), rows, Index{2});
  const double expected = static_cast<double>(0.1f) * static_cast<double>(rows);
  CHECK(sums[0] == doctest::Approx(expected).epsilon(1e-6));  // one after the other: 2 % off
  CHECK(sums[1] == sums[0]);
  CHECK(detail::sum_in_blocks(tenths.data(), rows * 2) == doctest::Approx(2 * expected).epsilon(1e-6));
}
