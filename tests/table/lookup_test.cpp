#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <limits>

#ifdef __linux__
#include <unistd.h>
#endif

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/one_hot.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/table/lookup.hpp>

#include <support/golden.hpp>

using rowgrad::embedding;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::one_hot;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> lookups() {
  using In = const golden::Inputs<T>&;
  return {
      {"embedding", [](In x) { return embedding(x.indices("ids"), x[0]); }},
      {"embedding_pad_1", [](In x) { return embedding(x.indices("ids"), x[0], 1); }},
      {"embedding_pad_last", [](In x) { return embedding(x.indices("ids"), x[0], -1); }},
  };
}

// Memory of this process that is in use, in bytes; 0 where the system does not tell.
std::size_t resident_bytes() {
#ifdef __linux__
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
#else
  return 0;
#endif
}
}  // namespace

TEST_CASE("embedding: PyTorch's results and gradients") {
  golden::check<double>("table_lookup", lookups<double>());
  golden::check<float>("table_lookup", lookups<float>());
}

TEST_CASE("embedding: the shape is that of the ids, and one dimension more") {
  const Tensor<float> table{{0, 1}, {2, 3}, {4, 5}};
  CHECK(embedding(2, table).to_vector() == std::vector<float>{4, 5});
  CHECK(embedding(2, table).shape() == Shape{2});
  CHECK(embedding({2}, table).shape() == Shape{1, 2});
  CHECK(embedding({2, 0, 2}, table).to_vector() == std::vector<float>{4, 5, 0, 1, 4, 5});
  CHECK(embedding(Indices{{0, 1, 2}, {2, 1, 0}}, table).shape() == Shape{2, 3, 2});
  CHECK(embedding(std::vector<int>{1, 1}, table).shape() == Shape{2, 2});
  CHECK(embedding(Indices(Shape{0}), table).shape() == Shape{0, 2});
  CHECK(embedding(Indices(Shape{3, 0}), table).shape() == Shape{3, 0, 2});
  CHECK(embedding({0, 0}, rowgrad::zeros({1, 0})).shape() == Shape{2, 0});
}

TEST_CASE("embedding: an index outside the table says which, where, and why perhaps") {
  const Tensor<float> table = rowgrad::zeros({10, 2}).requires_grad_();
  CHECK_THROWS_WITH_AS(embedding(Indices{{1, 2, 3}, {4, 10, 11}}, table),
                       "embedding: index 10 at position (1, 1) of shape (2, 3) is outside a table of 10 rows (one past "
                       "the end: is the table's size the number of words plus the reserved index 0?)",
                       IndexError);
  CHECK_THROWS_WITH_AS(embedding({0, -1}, table),
                       "embedding: index -1 at position (1) of shape (2,) is outside a table of 10 rows (indices count "
                       "from 0; was an unknown word left at -1?)",
                       IndexError);
  CHECK_THROWS_WITH_AS(
      embedding({{{5, 99}}}, table),
      "embedding: index 99 at position (0, 0, 1) of shape (1, 1, 2) is outside a table of 10 rows (was "
      "the vocabulary built from other data, or after the table?)",
      IndexError);
  CHECK_THROWS_WITH_AS(
      embedding(10, table),
      "embedding: index 10 at position () of shape () is outside a table of 10 rows (one past the end: "
      "is the table's size the number of words plus the reserved index 0?)",
      IndexError);
  CHECK_THROWS_WITH_AS(embedding({0}, rowgrad::zeros({0, 2})),
                       "embedding: index 0 at position (0) of shape (1,) is outside a table of 0 rows (the table is "
                       "empty)",
                       IndexError);
  CHECK_THROWS_AS(embedding(std::numeric_limits<Index>::min(), table), IndexError);
  CHECK_THROWS_AS(embedding(std::numeric_limits<Index>::max(), table), IndexError);
  CHECK(embedding(Indices(Shape{0}), rowgrad::zeros({0, 2})).shape() == Shape{0, 2});
  CHECK(!table.grad().defined());
}

TEST_CASE("embedding: a table of another rank, a padding_idx outside it") {
  CHECK_THROWS_WITH_AS(embedding({0}, rowgrad::zeros({3})), "embedding: expected a table of shape (V, D), got (3,)",
                       rowgrad::ShapeError);
  CHECK_THROWS_AS(embedding({0}, rowgrad::zeros({3, 2, 2})), rowgrad::ShapeError);
  CHECK_THROWS_WITH_AS(embedding({0}, rowgrad::zeros({3, 2}), 3),
                       "embedding: padding_idx 3 is outside a table of 3 rows", IndexError);
  CHECK_THROWS_AS(embedding({0}, rowgrad::zeros({3, 2}), -4), IndexError);
}

TEST_CASE("embedding: the gradient has sorted rows, each once, without the padding row") {
  const Tensor<double> table = rowgrad::zeros<double>({1000, 2}).requires_grad_();
  const Tensor<double> y = embedding({7, 999, 7, 3, 0}, table, 0);
  y.backward(Tensor<double>{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}});
  REQUIRE(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{3, 7, 999});
  CHECK(table.grad().values().to_vector() == std::vector<double>{7, 8, 6, 8, 3, 4});
  CHECK(table.grad().shape() == Shape{1000, 2});
}

TEST_CASE("embedding: gradients of many lookups in tables of all sizes are those of one-hot products") {
  for (const Index rows : {1, 2, 2047, 2048, 2049, 5'000'000}) {
    CAPTURE(rows);
    rowgrad::Generator generator(static_cast<std::uint64_t>(rows));
    const Tensor<double> table = rowgrad::zeros<double>({rows, 1}).requires_grad_();
    const Indices ids = randint(rows, {300}, generator);
    const Tensor<double> seed = rowgrad::randn<double>({300, 1}, generator);
    embedding(ids, table).backward(seed);
    std::map<Index, double> expected;
    for (Index i = 0; i < 300; ++i) expected[ids.data()[i]] += seed.data()[i];
    const auto& gradient = table.grad();
    REQUIRE(gradient.rows().numel() == static_cast<Index>(expected.size()));
    Index i = 0;
    bool same = true;
    for (const auto& [row, value] : expected) {
      same = same && gradient.rows().data()[i] == row && gradient.values().data()[i] == value;  // same order, same bits
      ++i;
    }
    CHECK(same);
  }
}

TEST_CASE("embedding: the table is not touched by forward or backward where it was not looked up") {
  // 800 MB of zero pages that nobody has touched yet. One pass over them would make them resident.
  const Tensor<float> table = rowgrad::zeros({2'000'000, 100}).requires_grad_();
  const Indices ids{5, 1'999'999, 1'000'000, 5};
  embedding(ids, table).sum().backward();  // warms up what is allocated once
  table.grad().reset();
  const std::size_t before = resident_bytes();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    (embedding(ids, table).sum() + table[17].sum()).backward();
    CHECK(table.grad().is_row_sparse());
    CHECK(table.grad().rows().numel() == 4);
    CHECK(table.grad().values().numel() == 400);
    if (i % 2 == 1) table.grad().reset();
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  CHECK(resident_bytes() < before + (16u << 20));
  CHECK(elapsed.count() < 2);  // 20 passes over the table take longer
}

TEST_CASE("embedding: enough lookups for several threads copy the same rows") {
  rowgrad::Generator generator(2);
  const Tensor<float> table = rowgrad::randn({500, 64}, generator);
  const Indices ids = randint(500, {40, 75}, generator);
  const Tensor<float> y = embedding(ids, table);
  bool same = true;
  for (Index i = 0; i < ids.numel(); ++i) same = same && y.matrix().row(i) == table.matrix().row(ids.data()[i]);
  CHECK(same);
}

TEST_CASE("embedding: two lookups of one table in one graph, and the table as a matrix too") {
  const Tensor<double> table = Tensor<double>{{1, 2}, {3, 4}, {5, 6}}.requires_grad_();
  const Tensor<double> x{{10, 20}};
  const auto from_lookups = [&] { return embedding({0, 2}, table).sum() + (embedding({2}, table) * x).sum(); };
  from_lookups().backward();
  CHECK(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{0, 2});
  CHECK(table.grad().values().to_vector() == std::vector<double>{1, 1, 11, 21});
  table.grad().reset();
  (from_lookups() + matmul(x, table.t()).sum()).backward();  // a tied output layer
  CHECK(!table.grad().is_row_sparse());
  CHECK(table.grad().dense().to_vector() == std::vector<double>{11, 21, 10, 20, 21, 41});
}

TEST_CASE("embedding: a table that is the result of an operation") {
  const Tensor<double> w = Tensor<double>{{1, 2}, {3, 4}, {5, 6}}.requires_grad_();
  embedding({2, 2, 0}, w * 10).sum().backward();
  CHECK(w.grad().dense().to_vector() == std::vector<double>{10, 10, 0, 0, 20, 20});
}

TEST_CASE("one_hot: PyTorch's") {
  CHECK(one_hot({0, 2, 1}).to_vector() == std::vector<Index>{1, 0, 0, 0, 0, 1, 0, 1, 0});
  CHECK(one_hot({0, 2, 1}).shape() == Shape{3, 3});
  CHECK(one_hot(Indices{{0, 1}}, 4).shape() == Shape{1, 2, 4});
  CHECK(one_hot(1, 3).to_vector() == std::vector<Index>{0, 1, 0});
  CHECK(one_hot(Indices(Shape{0}), 3).shape() == Shape{0, 3});
  CHECK_THROWS_AS(one_hot({0, 3}, 3), IndexError);
  CHECK_THROWS_AS(one_hot({0, -1}), IndexError);
  CHECK_THROWS_AS(one_hot(Indices(Shape{0})), rowgrad::ValueError);
}
