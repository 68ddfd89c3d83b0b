#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

#include <rowgrad/autograd/gradcheck.hpp>
#include <rowgrad/core/threads.hpp>
#include <rowgrad/table/bag.hpp>

using rowgrad::BagMode;
using rowgrad::embedding;
using rowgrad::embedding_bag;
using rowgrad::EmbeddingBagOptions;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

namespace {

/// A table of one byte per number and one scale per row, as a program of one's own might keep it.
class QuantisedTable {
 public:
  using Scalar = float;

  explicit QuantisedTable(const Tensor<float>& table) : body_(std::make_shared<Body>()) {
    body_->rows = table.shape()[0];
    body_->columns = table.shape()[1];
    for (Index row = 0; row < rows(); ++row) {
      const auto values = table.matrix().row(row);
      const float scale = std::max(values.cwiseAbs().maxCoeff() / 127, 1e-20f);
      body_->scales.push_back(scale);
      for (Index c = 0; c < columns(); ++c)
        body_->codes.push_back(static_cast<std::int8_t>(std::lround(values[c] / scale)));
    }
  }

  Index rows() const { return body_->rows; }
  Index columns() const { return body_->columns; }
  void prepare(std::span<const Index> ids) const { body_->prepared += ids.size(); }
  void copy(std::span<const Index> ids, float* out) const {
    for (const Index row : ids)
      for (Index c = 0; c < columns(); ++c) *out++ = value(row, c);
  }
  void add(Index row, float factor, float* out) const {
    for (Index c = 0; c < columns(); ++c) out[c] += factor * value(row, c);
  }

  /// The same numbers as a tensor.
  Tensor<float> decoded() const {
    Tensor<float> table(rowgrad::Shape{rows(), columns()});
    for (Index row = 0; row < rows(); ++row) copy({&row, 1}, table.data() + row * columns());
    return table;
  }
  std::size_t prepared() const { return body_->prepared; }

 private:
  struct Body {
    Index rows = 0, columns = 0;
    std::vector<std::int8_t> codes;
    std::vector<float> scales;
    std::size_t prepared = 0;
  };
  float value(Index row, Index c) const {
    return static_cast<float>(body_->codes[static_cast<std::size_t>(row * columns() + c)]) *
           body_->scales[static_cast<std::size_t>(row)];
  }

  std::shared_ptr<Body> body_;
};

static_assert(rowgrad::RowSource<QuantisedTable>);
static_assert(rowgrad::RowSource<rowgrad::detail::TensorRows<float>>);
static_assert(!rowgrad::RowSource<Tensor<float>> && !rowgrad::RowSource<Indices>);

QuantisedTable quantised(Index rows, Index columns) {
  rowgrad::Generator generator(8);
  return QuantisedTable(rowgrad::randn<float>({rows, columns}, generator));
}

}  // namespace

TEST_CASE("RowSource: embedding reads the rows of a table of one's own") {
  const QuantisedTable table = quantised(50, 7);
  const Tensor<float> decoded = table.decoded();
  const Indices ids{{3, 49, 3}, {0, 7, 12}};
  const Tensor<float> y = embedding(ids, table);
  CHECK(y.shape() == rowgrad::Shape{2, 3, 7});
  CHECK(y.to_vector() == embedding(ids, decoded).to_vector());
  CHECK(!y.requires_grad());
  CHECK(table.prepared() == 6);
  CHECK(embedding(5, table, {.padding_idx = 5}).to_vector() == embedding(5, decoded).to_vector());
}

TEST_CASE("RowSource: bags of every mode, with offsets, padding and weights") {
  const QuantisedTable table = quantised(20, 5);
  const Tensor<float> decoded = table.decoded();
  const Indices square{{3, 19, 3}, {0, 7, 2}, {2, 2, 2}}, flat{3, 0, 0, 5, 2, 1, 1}, offsets{0, 3, 3, 6};
  for (const BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max})
    for (const bool last : {false, true}) {
      const EmbeddingBagOptions options{.mode = mode, .padding_idx = 2, .include_last_offset = last};
      const auto same = [&](const Tensor<float>& a, const Tensor<float>& b) {
        CHECK(a.shape() == b.shape());
        for (Index i = 0; i < a.numel(); ++i) CHECK(a.data()[i] == doctest::Approx(b.data()[i]).epsilon(1e-6));
      };
      same(embedding_bag(square, table, {}, options), embedding_bag(square, decoded, {}, options));
      same(embedding_bag(flat, table, offsets, options), embedding_bag(flat, decoded, offsets, options));
    }

  const EmbeddingBagOptions sum{.mode = BagMode::sum, .padding_idx = 2};
  const Tensor<float> a = Tensor<float>{1, 2, 3, 4, 5, 6, 7}.requires_grad_(), b = a.clone().detach().requires_grad_();
  const Tensor<float> seed = rowgrad::ones<float>({4, 5});
  embedding_bag(flat, table, offsets, sum, a).backward(seed);
  embedding_bag(flat, decoded, offsets, sum, b).backward(seed);
  for (Index i = 0; i < 7; ++i)
    CHECK(a.grad().dense().data()[i] == doctest::Approx(b.grad().dense().data()[i]).epsilon(1e-6));
}

TEST_CASE("RowSource: many rows, on several threads, are the same bits") {
  const QuantisedTable table = quantised(300, 33);
  rowgrad::Generator generator(5);
  const Indices ids = rowgrad::randint(300, {200, 40}, generator);
  const int before = rowgrad::get_num_threads();
  rowgrad::set_num_threads(1);
  const auto rows = embedding(ids, table).to_vector();
  const auto most = embedding_bag(ids, table, {}, {.mode = BagMode::max}).to_vector();
  rowgrad::set_num_threads(3);
  CHECK(embedding(ids, table).to_vector() == rows);
  CHECK(embedding_bag(ids, table, {}, {.mode = BagMode::max}).to_vector() == most);
  rowgrad::set_num_threads(before);
  CHECK(rows == embedding(ids, table.decoded()).to_vector());
}

TEST_CASE("RowSource: errors") {
  const QuantisedTable table = quantised(4, 2);
  CHECK_THROWS_WITH_AS(embedding({0, 4}, table), doctest::Contains("index 4 at position (1)"), rowgrad::IndexError);
  CHECK_THROWS_AS(embedding({0}, table, {.padding_idx = 4}), rowgrad::IndexError);
  CHECK_THROWS_WITH_AS(embedding({0}, table, {.max_norm = 1}),
                       "embedding: max_norm changes the table, and this one can only be read", rowgrad::ValueError);
  CHECK_THROWS_AS(embedding_bag(Indices{{4}}, table), rowgrad::IndexError);
  CHECK_THROWS_AS(embedding_bag(Indices{{1}}, table, {}, {.max_norm = 1}), rowgrad::ValueError);
}

namespace {
struct Negative {
  using Scalar = float;
  Index row_count = -3, column_count = 2;
  Index rows() const { return row_count; }
  Index columns() const { return column_count; }
  void prepare(std::span<const Index>) const {}
  void copy(std::span<const Index>, float*) const {}
  void add(Index, float, float*) const {}
};
}  // namespace

TEST_CASE("a source that has fewer than no rows or columns is refused") {
  for (const Negative& source : {Negative{}, Negative{3, -1}}) {
    CHECK_THROWS_WITH_AS(rowgrad::embedding({0, 1}, source), doctest::Contains("embedding: the source of rows says"),
                         rowgrad::ValueError);
    CHECK_THROWS_WITH_AS(rowgrad::embedding_bag({{0, 1}}, source),
                         doctest::Contains("embedding_bag: the source of rows says"), rowgrad::ValueError);
  }
}
