#include <doctest/doctest.h>

#include <rowgrad/rowgrad.hpp>

#include <support/golden.hpp>

using rowgrad::Gradient;
using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::RowGradient;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {
const Shape table{5, 2};
RowGradient<double> rows_1_3() { return {{1, 3}, {{1, 2}, {3, 4}}, table}; }
RowGradient<double> rows_0_3() { return {{0, 3}, {{10, 20}, {30, 40}}, table}; }
Tensor<double> hundreds() { return rowgrad::full<double>(table, 100); }
}  // namespace

TEST_CASE("Gradient: undefined at first and after reset") {
  Gradient<double> g;
  CHECK(!g);
  CHECK(!g.defined());
  CHECK(!g.is_row_sparse());
  CHECK(g.squared_norm() == 0);
  CHECK_THROWS_WITH_AS(g.dense(), "grad: expected a dense gradient, but it is undefined (has backward() been called?)",
                       GraphError);
  CHECK_THROWS_AS(g.to_dense(), GraphError);
  g.add(rows_1_3());
  CHECK(g);
  g.reset();
  CHECK(!g);
  CHECK(!g.is_row_sparse());
}

TEST_CASE("Gradient: row-sparse and row-sparse stay row-sparse, rows sorted, each once") {
  Gradient<double> g;
  g.add(rows_1_3());
  CHECK(g.is_row_sparse());
  CHECK(g.shape() == table);
  CHECK(g.squared_norm() == 30);
  CHECK_THROWS_WITH_AS(g.dense(),
                       "grad: expected a dense gradient, but it is row-sparse (use rows() and values(), or to_dense())",
                       GraphError);
  g.add(rows_0_3());
  CHECK(g.is_row_sparse());
  CHECK(g.rows().to_vector() == std::vector<Index>{0, 1, 3});
  CHECK(g.values().to_vector() == std::vector<double>{10, 20, 1, 2, 33, 44});
  CHECK(g.to_dense().to_vector() == std::vector<double>{10, 20, 1, 2, 0, 0, 33, 44, 0, 0});
  CHECK(g.to_dense().shape() == table);
}

TEST_CASE("Gradient: dense and row-sparse in every order give the same sum") {
  const std::vector<double> expected{110, 120, 101, 102, 100, 100, 133, 144, 100, 100};
  for (const char* order : {"d13", "d31", "1d3", "3d1", "13d", "31d"}) {
    CAPTURE(order);
    Gradient<double> g;
    for (const char* step = order; *step != '\0'; ++step) {
      if (*step == 'd') g.add(hundreds());
      if (*step == '1') g.add(rows_1_3());
      if (*step == '3') g.add(rows_0_3());
    }
    CHECK(!g.is_row_sparse());
    CHECK(g.dense().to_vector() == expected);
    CHECK(g.to_dense().to_vector() == expected);
    CHECK(g.shape() == table);
    CHECK(!g.rows().defined());
  }
}

TEST_CASE("Gradient: adding changes neither what was added nor what was read before") {
  const Tensor<double> dense = hundreds();
  const RowGradient<double> sparse = rows_1_3();
  Gradient<double> g;
  g.add(dense);
  g.add(sparse);
  g.add(dense);
  CHECK(dense.to_vector() == hundreds().to_vector());
  CHECK(sparse.values.to_vector() == rows_1_3().values.to_vector());
  Gradient<double> h;
  h.add(sparse);
  h.add(rows_0_3());
  h.add(dense);
  CHECK(dense.to_vector() == hundreds().to_vector());
  CHECK(sparse.values.to_vector() == rows_1_3().values.to_vector());
}

TEST_CASE("Gradient: own() makes the values its own") {
  const Tensor<double> dense = hundreds();
  Gradient<double> g;
  g.add(dense);
  g.own();
  g.values().array() = 1;
  CHECK(dense.to_vector() == hundreds().to_vector());
}

TEST_CASE("Gradient: rows without any entry") {
  Gradient<double> g;
  g.add(RowGradient<double>{Indices(Shape{0}), Tensor<double>(Shape{0, 2}), table});
  CHECK(g.defined());
  CHECK(g.is_row_sparse());
  CHECK(g.squared_norm() == 0);
  g.add(rows_1_3());
  CHECK(g.rows().to_vector() == std::vector<Index>{1, 3});
  g.add(RowGradient<double>{Indices(Shape{0}), Tensor<double>(Shape{0, 2}), table});
  CHECK(g.rows().to_vector() == std::vector<Index>{1, 3});
}

TEST_CASE("gather_rows: sorted, each once, duplicates summed in input order, without the row to skip") {
  // In float, the order of summation shows: (1e8 + 1) - 1e8 is 0 and (1e8 - 1e8) + 1 is 1.
  const float gradients[] = {1e8f, 1, -1e8f, 5, 7};
  const auto row = [&](Index i) { return gradients + i; };
  const auto g = rowgrad::detail::gather_rows<float>({2, 2, 2, 0, 1}, {3, 1}, 1, row);
  CHECK(g.rows.to_vector() == std::vector<Index>{0, 2});
  CHECK(g.values.to_vector() == std::vector<float>{5, 0});
  const float other[] = {1e8f, -1e8f, 1};
  const auto h = rowgrad::detail::gather_rows<float>({2, 2, 2}, {3, 1}, -1, [&](Index i) { return other + i; });
  CHECK(h.values.to_vector() == std::vector<float>{1});
}

TEST_CASE("leaves do not share the memory of their gradients") {
  SUBCASE("of one sum") {
    const Tensor<double> a = hundreds().requires_grad_(), b = hundreds().requires_grad_();
    (a + b).sum().backward();
    a.grad().dense().array() = 7;
    CHECK(b.grad().dense().to_vector() == std::vector<double>(10, 1));
  }
  SUBCASE("with the seed") {
    const Tensor<double> a = hundreds().requires_grad_(), seed = hundreds();
    (a + 1).backward(seed);
    a.reshape({10}).backward(seed.reshape({10}));
    a.backward(seed);
    a.grad().dense().array() = 7;
    CHECK(seed.to_vector() == hundreds().to_vector());
  }
  SUBCASE("of two slices of tables: row gradients") {
    const Tensor<double> a = hundreds().requires_grad_(), b = hundreds().requires_grad_();
    const Tensor<double> seed = rowgrad::ones<double>({2, 2});
    (slice(a, 0, 0, 2) + slice(b, 0, 3, 5)).backward(seed);
    REQUIRE(a.grad().is_row_sparse());
    a.grad().values().array() = 7;
    CHECK(b.grad().values().to_vector() == std::vector<double>(4, 1));
    CHECK(seed.to_vector() == std::vector<double>(4, 1));
    slice(a, 0, 0, 2).backward(seed);
    b.grad().reset();
    slice(b, 0, 0, 2).backward(seed);
    b.grad().values().array() = 9;
    CHECK(seed.to_vector() == std::vector<double>(4, 1));
  }
  SUBCASE("of one tensor in two graphs") {
    const Tensor<double> a = hundreds().requires_grad_();
    (a * 1).sum().backward();
    const Tensor<double> first = a.grad().dense();
    (a * 1).sum().backward();
    CHECK(a.grad().dense().to_vector() == std::vector<double>(10, 2));
  }
}
