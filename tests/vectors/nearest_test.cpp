#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/vectors/nearest.hpp>

using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::vectors::nearest;
using rowgrad::vectors::Neighbour;

namespace {
std::vector<Index> rows_of(const std::vector<Neighbour>& neighbours) {
  std::vector<Index> rows;
  for (const Neighbour& neighbour : neighbours) rows.push_back(neighbour.row);
  return rows;
}
const Tensor<float> table{{1, 0}, {0, 2}, {3, 3}, {-1, 0}, {0, 0}, {6, 6}};
}  // namespace

TEST_CASE("nearest: rows by falling cosine, ties by lower row, the row itself left out") {
  const std::vector<Neighbour> all = nearest(table, 0, 10);
  CHECK(rows_of(all) == std::vector<Index>{2, 5, 1, 4, 3});
  CHECK(all[0].similarity == doctest::Approx(std::sqrt(0.5)));
  CHECK(all[0].similarity == all[1].similarity);
  CHECK(all[2].similarity == 0);
  CHECK(all[3].similarity == 0);  // zeros
  CHECK(all[4].similarity == -1);
  CHECK(rows_of(nearest(table, 0, 2)) == std::vector<Index>{2, 5});
  CHECK(rows_of(nearest(table, 5, 1)) == std::vector<Index>{2});
  CHECK(nearest(table, 0, 0).empty());
  CHECK(rows_of(nearest(table, 4, 3)) == std::vector<Index>{0, 1, 2});  // a row of zeros is like nothing
}

TEST_CASE("nearest: to a vector, no row left out") {
  CHECK(rows_of(nearest(table, Tensor<float>{0, 1}, 3)) == std::vector<Index>{1, 2, 5});
  const auto same = nearest(Tensor<double>{{1, 2, 3}, {3, 2, 1}}, {1, 2, 3}, 1);
  CHECK(same[0].row == 0);
  CHECK(same[0].similarity == doctest::Approx(1).epsilon(1e-15));
  CHECK(nearest(rowgrad::zeros(rowgrad::Shape{0, 2}), Tensor<float>{0, 1}, 3).empty());
}

TEST_CASE("nearest: equal rows are equally similar to the last bit, whatever their place") {
  rowgrad::Generator generator(1);
  const Tensor<float> random = rowgrad::randn({40, 37}, generator);
  for (const Index row : {3, 17, 38, 39}) random.matrix().row(row) = random.matrix().row(9);
  const auto neighbours = nearest(random, 9, 5);
  CHECK(rows_of(neighbours)[0] == 3);
  CHECK(rows_of(neighbours)[1] == 17);
  CHECK(rows_of(neighbours)[2] == 38);
  CHECK(rows_of(neighbours)[3] == 39);
  CHECK(neighbours[0].similarity == neighbours[3].similarity);
  CHECK(neighbours[0].similarity == doctest::Approx(1).epsilon(1e-12));
  for (const Neighbour& neighbour : nearest(random, 0, 39)) {  // against Eigen
    const auto a = random.matrix().row(0).cast<double>(), b = random.matrix().row(neighbour.row).cast<double>();
    CHECK(neighbour.similarity == doctest::Approx(a.dot(b) / (a.norm() * b.norm())).epsilon(1e-12));
  }
}

TEST_CASE("nearest: large and small values") {
  const auto neighbours = nearest(Tensor<float>{{1e30f, 0}, {1e-30f, 1e-30f}, {0, 1e30f}}, 0, 2);
  CHECK(rows_of(neighbours) == std::vector<Index>{1, 2});
  CHECK(neighbours[0].similarity == doctest::Approx(std::sqrt(0.5)));
}

TEST_CASE("nearest: bad input") {
  CHECK_THROWS_WITH_AS(nearest(table, 6, 1), "nearest: row 6 is outside the table's 6 rows", IndexError);
  CHECK_THROWS_AS(nearest(table, -1, 1), IndexError);
  CHECK_THROWS_AS(nearest(table, 0, -1), ValueError);
  CHECK_THROWS_AS(nearest(Tensor<float>{1, 2}, 0, 1), ShapeError);
  CHECK_THROWS_AS(nearest(Tensor<float>(), 0, 1), ShapeError);
  CHECK_THROWS_WITH_AS(nearest(table, Tensor<float>{1, 2, 3}, 1),
                       "nearest: expected a query of shape (2,) for the table (6, 2), got (3,)", ShapeError);
  CHECK_THROWS_AS(nearest(table, Tensor<float>{{1, 2}}, 1), ShapeError);
  CHECK_THROWS_AS(nearest(table, Tensor<float>(), 1), ShapeError);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(nearest(Tensor<float>{{1, 2}, {nan, 0}}, 0, 1), doctest::Contains("row 1 holds NaN"),
                       ValueError);
  CHECK_THROWS_WITH_AS(nearest(table, Tensor<float>{nan, 0}, 1), doctest::Contains("the query holds NaN"), ValueError);
}
