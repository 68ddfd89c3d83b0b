#include <doctest/doctest.h>

#include <rowgrad/functional/comparison.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/pieces.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/scatter.hpp>

#include <support/golden.hpp>

using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Mask;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
golden::Table<T> operations() {
  using In = const golden::Inputs<T>&;
  const auto ids = [](In x) { return x.indices("ids"); };
  const auto mask = [](In x) { return Mask(x.indices("mask")); };
  return {
      {"index", [=](In x) { return x[0][ids(x)]; }},
      {"index_two",
       [](In x) {
         return x[0].index({x.indices("a"), x.indices("b")});
       }},
      {"index_mask", [=](In x) { return x[0][mask(x)]; }},
      {"masked_select", [=](In x) { return x[0].masked_select(mask(x)); }},
      {"select_0", [=](In x) { return x[0].index_select(0, ids(x)); }},
      {"select_1", [=](In x) { return x[0].index_select(1, ids(x)); }},
      {"select_last", [=](In x) { return x[0].index_select(-1, ids(x)); }},
      {"gather_0", [=](In x) { return x[0].gather(0, ids(x)); }},
      {"gather_1", [=](In x) { return x[0].gather(1, ids(x)); }},
      {"gather_last", [=](In x) { return x[0].gather(-1, ids(x)); }},
      {"take_along_1", [=](In x) { return x[0].take_along_dim(ids(x), 1); }},
      {"take_along", [=](In x) { return take_along_dim(x[0], ids(x)); }},
      {"take", [=](In x) { return take(x[0], ids(x)); }},
      {"interleave_counts", [=](In x) { return repeat_interleave(x[0], ids(x)); }},
      {"interleave_counts_0", [=](In x) { return x[0].repeat_interleave(ids(x), 0); }},
      {"interleave_counts_1", [=](In x) { return x[0].repeat_interleave(ids(x), 1); }},
      {"scatter_0", [=](In x) { return x[0].scatter(0, ids(x), x[1]); }},
      {"scatter_1", [=](In x) { return x[0].scatter(1, ids(x), x[1]); }},
      {"scatter_value_0", [=](In x) { return x[0].scatter(0, ids(x), T(7.5)); }},
      {"scatter_add_0", [=](In x) { return x[0].scatter_add(0, ids(x), x[1]); }},
      {"scatter_add_1", [=](In x) { return x[0].scatter_add(1, ids(x), x[1]); }},
      {"index_add_0", [=](In x) { return x[0].index_add(0, ids(x), x[1]); }},
      {"index_add_1", [=](In x) { return x[0].index_add(1, ids(x), x[1]); }},
      {"index_add_alpha", [=](In x) { return x[0].index_add(0, ids(x), x[1], -1.5); }},
      {"index_copy_0", [=](In x) { return x[0].index_copy(0, ids(x), x[1]); }},
      {"index_copy_1", [=](In x) { return x[0].index_copy(1, ids(x), x[1]); }},
      {"index_fill_1", [=](In x) { return x[0].index_fill(1, ids(x), 7.5); }},
      {"masked_scatter", [=](In x) { return x[0].masked_scatter(mask(x), x[1]); }},
      {"index_put_0", [=](In x) { return index_put(x[0], {ids(x)}, x[1], false); }},
      {"index_put_two_0_",
       [](In x) {
         return x[0].clone().index_put_({x.indices("a"), x.indices("b")}, x[1], false);
       }},
      {"index_put_1", [=](In x) { return index_put(x[0], {ids(x)}, x[1], true); }},
      {"index_put_two_1_",
       [](In x) {
         return x[0].clone().index_put_({x.indices("a"), x.indices("b")}, x[1], true);
       }},
      {"scatter_0_", [=](In x) { return x[0].clone().scatter_(0, ids(x), x[1]); }},
      {"scatter_1_", [=](In x) { return x[0].clone().scatter_(1, ids(x), x[1]); }},
      {"scatter_value_0_", [=](In x) { return x[0].clone().scatter_(0, ids(x), T(7.5)); }},
      {"scatter_add_0_", [=](In x) { return x[0].clone().scatter_add_(0, ids(x), x[1]); }},
      {"scatter_add_1_", [=](In x) { return x[0].clone().scatter_add_(1, ids(x), x[1]); }},
      {"index_add_0_", [=](In x) { return x[0].clone().index_add_(0, ids(x), x[1]); }},
      {"index_add_1_", [=](In x) { return x[0].clone().index_add_(1, ids(x), x[1]); }},
      {"index_add_alpha_", [=](In x) { return x[0].clone().index_add_(0, ids(x), x[1], -1.5); }},
      {"index_copy_0_", [=](In x) { return x[0].clone().index_copy_(0, ids(x), x[1]); }},
      {"index_copy_1_", [=](In x) { return x[0].clone().index_copy_(1, ids(x), x[1]); }},
      {"index_fill_1_", [=](In x) { return x[0].clone().index_fill_(1, ids(x), 7.5); }},
      {"masked_scatter_", [=](In x) { return x[0].clone().masked_scatter_(mask(x), x[1]); }},
  };
}

}  // namespace

TEST_CASE("indexing agrees with PyTorch") {
  golden::check("functional_indexing", operations<double>());
  golden::check("functional_indexing", operations<float>());
}

TEST_CASE("x[ids] of a table costs the rows: its gradient is row-sparse") {
  const Tensor<float> table = rowgrad::ones({50, 2}).requires_grad_();
  sum(table[Indices{{3, 40}, {3, -1}}]).backward();
  REQUIRE(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{3, 40, 49});
  CHECK(table.grad().values().to_vector() == std::vector<float>{2, 2, 1, 1, 1, 1});
  table.grad().reset();
  Mask mask = rowgrad::zeros<bool>({50});
  mask.data()[7] = true;
  sum(table[mask]).backward();
  CHECK(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{7});
  table.grad().reset();
  sum(table.index_select(0, {1, 1})).backward();
  CHECK(table.grad().is_row_sparse());
}

TEST_CASE("indices and masks are indexed as tensors of numbers are") {
  const Indices ids{{4, 5, 6}, {7, 8, 9}};
  CHECK(ids[Indices{1, 0, 1}].shape() == Shape{3, 3});
  CHECK(ids[{1}].shape() == Shape{1, 3});  // a list, as in x[[1]]
  CHECK(ids[{1, 1}].shape() == Shape{2, 3});
  CHECK(ids[1].shape() == Shape{3});
  CHECK(ids[ids > 6].to_vector() == std::vector<Index>{7, 8, 9});
  CHECK(ids.gather(1, {{2, 2}, {0, 1}}).to_vector() == std::vector<Index>{6, 6, 7, 8});
  CHECK(ids.index_add(0, {0}, Indices{{1, 1, 1}}).to_vector() == std::vector<Index>{5, 6, 7, 7, 8, 9});
  CHECK(ids.scatter(1, {{0}}, 0).to_vector() == std::vector<Index>{0, 5, 6, 7, 8, 9});
  const Mask mask = ids > 6;
  CHECK(mask[Indices{1}].to_vector() == std::vector<bool>{true, true, true});
  CHECK(mask.gather(0, {{1, 0, 1}}).to_vector() == std::vector<bool>{true, false, true});
  CHECK(mask.unsqueeze(1).expand(2, 4, 3).permute(2, 0, 1).numel() == 24);
  CHECK(mask.chunk(2)[1].flip(1).repeat(2, 1).shape() == Shape{2, 3});
}

TEST_CASE("ids are kept as they were when they were checked") {
  const Tensor<double> x = rowgrad::ones<double>({3, 2, 2}).requires_grad_();
  Indices ids{0, 1};
  const auto y = sum(x[ids]) + sum(x.index_select(1, ids)) + sum(x.gather(2, ids.view({2, 1, 1})));
  ids.data()[0] = 1000;
  y.backward();
  CHECK(x.grad().to_dense().array().sum() == doctest::Approx(8 + 12 + 2));
}

TEST_CASE("in place without recording, a tensor's memory is written to") {
  const Tensor<float> x = rowgrad::zeros({3, 2});
  const float* const before = x.data();
  const Tensor<float> row = x[1];
  CHECK(x.index_add_(0, {1, 1}, Tensor<float>{{1, 2}, {3, 4}}).data() == before);
  CHECK(row.to_vector() == std::vector<float>{4, 6});
  row.index_fill_(0, {0}, 9);
  CHECK(x.to_vector() == std::vector<float>{0, 0, 9, 6, 0, 0});
  x.scatter_(1, {{1}, {0}}, -1);
  CHECK(x.to_vector() == std::vector<float>{0, -1, -1, 6, 0, 0});
  x.index_copy_(0, {0, 2}, slice(x, 0, 1, 3));  // of its own rows
  CHECK(x.to_vector() == std::vector<float>{-1, 6, -1, 6, 0, 0});
  x.scatter_add_(0, {{0, 0}, {0, 2}}, x);
  CHECK(x.to_vector() == std::vector<float>{-3, 12, -1, 6, 0, 6});
  x.index_put_({{0, -1}, {1, 0}}, 7);
  CHECK(x.to_vector() == std::vector<float>{-3, 7, -1, 6, 7, 6});
  x.index_put_({{0, 0}}, Tensor<float>{1, 2}, true);
  CHECK(x.to_vector() == std::vector<float>{-1, 11, -1, 6, 7, 6});
  x.index_put_({{0, 2}}, Tensor<float>{{-3, 12}, {0, 6}});
  x.masked_scatter_(Mask{false, true}, Tensor<float>{1, 2, 3});
  CHECK(x.to_vector() == std::vector<float>{-3, 1, -1, 2, 0, 3});
}

TEST_CASE("an index that is not there is an error that says where it stands") {
  const Tensor<float> x = rowgrad::zeros({3, 2});
  CHECK_THROWS_WITH_AS(
      x[Indices({{0, 3}})],
      "x[ids]: index 3 at position (0, 1) of shape (1, 2) is outside dimension 0, which has 3 positions", IndexError);
  CHECK_THROWS_AS(x[Indices{-4}], IndexError);
  CHECK_THROWS_AS(x.index_select(0, {-1}), IndexError);
  CHECK_THROWS_AS(x.index_select(2, {0}), IndexError);
  CHECK_THROWS_AS(x.index_select(0, {{0}}), ShapeError);
  CHECK_THROWS_AS(x.gather(0, {{0, 3}}), IndexError);
  CHECK_THROWS_AS(x.gather(0, {0}), ShapeError);
  CHECK_THROWS_AS(x.gather(0, {{0, 0, 0}}), ShapeError);
  CHECK_THROWS_AS(x[Mask{true}], ShapeError);
  CHECK_THROWS_AS(rowgrad::zeros({})[Indices{0}], IndexError);
  CHECK_THROWS_AS(x.index({{0}, {0}, {0}}), IndexError);
  CHECK_THROWS_AS(x.index({{0}, {2}}), IndexError);
  CHECK_THROWS_AS(x.masked_select(Mask{true, true, true}), ShapeError);
  CHECK_THROWS_AS(x.scatter(0, {{0, 3}}, x), IndexError);
  CHECK_THROWS_AS(x.scatter(0, {{0, 0, 0}}, x), ShapeError);
  CHECK_THROWS_AS(x.scatter(0, {{0}, {0}, {0}, {0}}, x), ShapeError);
  CHECK_THROWS_AS(x.scatter(0, {0}, 1), ShapeError);
  CHECK_THROWS_AS(x.index_add(0, {0, 1}, x), ShapeError);
  CHECK_THROWS_AS(x.index_add(0, {0, 1, 3}, x), IndexError);
  CHECK_THROWS_AS(x.index_add(0, {{0, 1, 2}}, x), ShapeError);
  CHECK_THROWS_AS(x.index_fill(1, {2}, 0), IndexError);
  CHECK_THROWS_AS(x.masked_scatter(Mask{true, true}, Tensor<float>{1, 2, 3}), ShapeError);
  CHECK_THROWS_AS(repeat_interleave(x, Indices{1, 2}, 0), ShapeError);
  CHECK_THROWS_AS(repeat_interleave(x, Indices{1, 2, -1}, 0), ValueError);
  CHECK_THROWS_AS(x.take_along_dim({0}, 0), ShapeError);
}
