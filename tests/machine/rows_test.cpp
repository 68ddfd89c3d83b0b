#include <doctest/doctest.h>

#include <vector>

#include <rowgrad/core/threads.hpp>
#include <rowgrad/machine/rows.hpp>

using rowgrad::Index;

TEST_CASE("copy_rows: any rows in any order, below and above the size where threads take part") {
  const int before = rowgrad::get_num_threads();
  for (const int threads : {1, 3}) {
    rowgrad::set_num_threads(threads);
    for (const Index columns : {0, 1, 7, 16, 100})
      for (const Index count : {0, 1, 8, 9, 512, 513, 2000}) {
        constexpr Index table_rows = 37;
        std::vector<float> table, expected, out(static_cast<std::size_t>(count * columns) + 1, -1.0f);
        std::vector<Index> rows;
        for (Index i = 0; i < table_rows * columns; ++i) table.push_back(static_cast<float>(i));
        for (Index i = 0; i < count; ++i) {
          rows.push_back((i * 23 + 5) % table_rows);
          for (Index c = 0; c < columns; ++c) expected.push_back(static_cast<float>(rows.back() * columns + c));
        }
        expected.push_back(-1.0f);  // nothing is written behind the last row
        rowgrad::detail::copy_rows(table.data(), columns, rows.data(), count, out.data());
        CHECK(out == expected);
      }
  }
  rowgrad::set_num_threads(before);
}

TEST_CASE("prefetch_row changes nothing") {
  const std::vector<double> row{1, 2, 3};
  rowgrad::detail::prefetch_row(row.data(), 3);
  rowgrad::detail::prefetch_row<2>(row.data(), 3);
  CHECK(row == std::vector<double>{1, 2, 3});
}
