#include <doctest/doctest.h>

#include <rowgrad/functional/elementary.hpp>
#include <rowgrad/functional/pieces.hpp>
#include <rowgrad/functional/rearrange.hpp>
#include <rowgrad/functional/reduce.hpp>

#include <support/golden.hpp>

using rowgrad::cat;
using rowgrad::hstack;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::stack;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::vstack;

namespace {

template <typename T>
golden::Table<T> operations() {
  using In = const golden::Inputs<T>&;
  return {
      {"permute_201", [](In x) { return x[0].permute(2, 0, 1); }},
      {"permute_0_last",
       [](In x) {
         return x[0].permute({0, -1, 1});
       }},
      {"permute_none", [](In x) { return x[0].permute({}); }},
      {"permute_four",
       [](In x) {
         return permute(x[0], {3, 1, 2, 0});
       }},
      {"movedim_0_last", [](In x) { return x[0].movedim(0, -1); }},
      {"movedim_2_0", [](In x) { return x[0].movedim(2, 0); }},
      {"movedim_1_1", [](In x) { return x[0].movedim(1, 1); }},
      {"T", [](In x) { return x[0].T(); }},
      {"mT", [](In x) { return x[0].mT(); }},
      {"flip_0", [](In x) { return x[0].flip(0); }},
      {"flip_0_last",
       [](In x) {
         return x[0].flip({0, -1});
       }},
      {"roll_1_0", [](In x) { return x[0].roll(1, 0); }},
      {"roll_minus5_1", [](In x) { return x[0].roll(-5, 1); }},
      {"roll_both",
       [](In x) {
         return x[0].roll({1, -1}, {0, 2});
       }},
      {"roll_flat", [](In x) { return x[0].roll(3); }},
      {"repeat_2_3", [](In x) { return x[0].repeat(2, 3); }},
      {"repeat_1_0",
       [](In x) {
         return x[0].repeat({1, 0});
       }},
      {"repeat_1_1", [](In x) { return x[0].repeat(1, 1); }},
      {"interleave_2", [](In x) { return x[0].repeat_interleave(2); }},
      {"interleave_3_1", [](In x) { return x[0].repeat_interleave(3, 1); }},
      {"interleave_0_0", [](In x) { return x[0].repeat_interleave(0, 0); }},
      {"slice_0_step2", [](In x) { return x[0].slice(0, 0, x[0].size(0), 2); }},
      {"slice_1_step3", [](In x) { return x[0].slice(1, 1, -1, 3); }},
      {"slice_1_step100", [](In x) { return x[0].slice(1, 1, 6, 100); }},
      {"narrow_1_1_2", [](In x) { return x[0].narrow(1, 1, 2); }},
      {"narrow_0_last", [](In x) { return x[0].narrow(0, -2, 2); }},
      {"narrow_0_all", [](In x) { return x[0].narrow(0, 2, 0); }},
      {"unflatten",
       [](In x) {
         return x[0].unflatten(1, {2, -1});
       }},
      {"unflatten_last",
       [](In x) {
         return x[0].unflatten(-1, {3, 2});
       }},
      {"diagonal", [](In x) { return x[0].diagonal(); }},
      {"diagonal_1", [](In x) { return x[0].diagonal(1); }},
      {"diagonal_minus2", [](In x) { return x[0].diagonal(-2); }},
      {"diagonal_9", [](In x) { return x[0].diagonal(9); }},
      {"diagonal_0_2_1", [](In x) { return x[0].diagonal(0, 2, 1); }},
      {"expand_3_keep", [](In x) { return x[0].expand(3, -1, 2); }},
      {"expand_as", [](In x) { return x[0].expand_as(x[1]) * x[1]; }},
      {"view_as", [](In x) { return x[0].view_as(x[1]) * x[1]; }},
      {"split_2_0", [](In x) { return x[0].split(2)[1]; }},
      {"split_2_0_all",
       [](In x) {
         const auto p = x[0].split(2);
         return cat({T(2) * p[2], T(2) * p[1], T(2) * p[0]});
       }},
      {"split_sizes_1",
       [](In x) {
         return x[0].split({1, 0, 2}, 1)[2];
       }},
      {"chunk_2_last", [](In x) { return x[0].chunk(2, -1)[1]; }},
      {"chunk_4_0",
       [](In x) {
         std::vector<Tensor<T>> parts;
         for (const Tensor<T>& part : x[0].chunk(4)) parts.push_back(part.exp());
         return cat(parts);
       }},
      {"unbind_0",
       [](In x) {
         const auto rows = x[0].unbind();
         return stack({rows[0], rows[1]});
       }},
      {"unbind_1", [](In x) { return x[0].unbind(1)[1] * x[0].unbind(1)[0]; }},
      {"rows",
       [](In x) {
         Tensor<T> sum = rowgrad::zeros<T>({});
         for (const auto& row : x[0]) sum = sum + row * row;
         return sum;
       }},
      {"cat_columns",
       [](In x) {
         return cat({x[0], x[1]}, 1);
       }},
      {"stack_columns",
       [](In x) {
         return stack({x[0], x[1]}, 1);
       }},
      {"hstack",
       [](In x) {
         return hstack({x[0], x[1]});
       }},
      {"vstack",
       [](In x) {
         return vstack({x[0], x[1]});
       }},
  };
}

}  // namespace

TEST_CASE("rearranging agrees with PyTorch") {
  golden::check("functional_rearrange", operations<double>());
  golden::check("functional_rearrange", operations<float>());
}

TEST_CASE("ids are rearranged, too") {
  const Indices ids{{1, 2, 3}, {4, 5, 6}};
  CHECK(ids.permute(1, 0).to_vector() == std::vector<Index>{1, 4, 2, 5, 3, 6});
  CHECK(ids.repeat(1, 2).shape() == Shape{2, 6});
  CHECK(cat({ids, ids}, 1).shape() == Shape{2, 6});
  CHECK(stack({ids, ids}, 1).shape() == Shape{2, 2, 3});
  Index sum = 0;
  for (const auto& row : ids) sum += row.data()[2];
  CHECK(sum == 9);
  CHECK(ids.view(-1, 2).shape() == Shape{3, 2});
  CHECK(ids.reshape(6).shape() == Shape{6});
  CHECK(ids.expand({-1, 3}).shape() == Shape{2, 3});
}

TEST_CASE("only the rows of a table that were used get a gradient") {
  const Tensor<double> table = rowgrad::ones<double>({6, 2}).requires_grad_();
  sum(table.split(2)[1]).backward();
  REQUIRE(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{2, 3});
  table.grad().reset();
  sum(table.slice(0, 1, 6, 2)).backward();
  CHECK(table.grad().is_row_sparse());
  table.grad().reset();
  for (const auto& row : table) sum(row).backward(true);
  CHECK(table.grad().to_dense().to_vector() == std::vector<double>(12, 1));
}

TEST_CASE("rows of a table are views, columns are not") {
  const Tensor<float> x = rowgrad::zeros({4, 3});
  CHECK(x.unbind()[1].data() == x.data() + 3);
  CHECK(x.chunk(2)[1].data() == x.data() + 6);
  CHECK(!x.unbind()[1].body().storage->stands_for_view);
  CHECK(x.unbind(1)[1].body().storage->stands_for_view);
  CHECK(x.T().body().storage->stands_for_view);
  CHECK(!x.T().contiguous().body().storage->stands_for_view);
  const auto t = x.t(), own = t.contiguous();
  CHECK(!own.body().storage->stands_for_view);
  CHECK(own.data() != t.data());
  CHECK(x.contiguous().data() == x.data());
  CHECK(x.repeat(1, 1).data() != x.data());
  CHECK(x.repeat_interleave(1, 0).data() != x.data());
  CHECK(!x.repeat(2, 2).body().storage->stands_for_view);
  CHECK(x.roll(0).data() != x.data());
}

TEST_CASE("empty tensors in pieces") {
  const Tensor<float> empty = rowgrad::zeros({0, 3});
  CHECK(empty.split(2).size() == 1);
  CHECK(empty.split(0).size() == 1);
  CHECK(empty.chunk(3).size() == 3);
  CHECK(empty.unbind().empty());
  CHECK(empty.unbind(1).size() == 3);
  for (const auto& row : empty) FAIL(row.numel());
}

TEST_CASE("what cannot be rearranged is an error") {
  const Tensor<float> x = rowgrad::zeros({2, 3}), scalar = rowgrad::zeros({});
  CHECK_THROWS_AS(x.permute(0), ShapeError);
  CHECK_THROWS_AS(x.permute(0, 0), ShapeError);
  CHECK_THROWS_AS(x.permute(0, 2), IndexError);
  CHECK_THROWS_AS(x.flip(2), IndexError);
  CHECK_THROWS_AS(x.flip(0, -2), ShapeError);
  CHECK_THROWS_AS(x.roll({1}, {0, 1}), ShapeError);
  CHECK_THROWS_AS(x.repeat(2), ShapeError);
  CHECK_THROWS_AS(x.repeat(2, -1), ShapeError);
  CHECK_THROWS_AS(x.repeat_interleave(-1), ValueError);
  CHECK_THROWS_AS(x.slice(0, 0, 2, 0), ValueError);
  CHECK_THROWS_AS(x.slice(0, 0, 2, -1), ValueError);
  CHECK_THROWS_AS(x.narrow(1, 2, 2), IndexError);
  CHECK_THROWS_AS(x.narrow(1, 4, 0), IndexError);
  CHECK_THROWS_AS(x.narrow(1, 0, -1), IndexError);
  CHECK_THROWS_AS(x.unflatten(1, {2, -1}), ShapeError);
  CHECK_THROWS_AS(x.unflatten(1, {2, 2}), ShapeError);
  CHECK_THROWS_AS(x.split(0), ValueError);
  CHECK_THROWS_AS(x.split({1, 2}), ShapeError);
  CHECK_THROWS_AS(x.split({3, -1}), ShapeError);
  CHECK_THROWS_AS(x.chunk(0), ValueError);
  CHECK_THROWS_AS(scalar.unbind(), ShapeError);
  CHECK_THROWS_AS(scalar.begin(), ShapeError);
  CHECK_THROWS_AS(x.expand(-1, 2, 3), ShapeError);
  CHECK_THROWS_AS(x.expand(2, 4), ShapeError);
  CHECK_THROWS_AS(x.diagonal(0, 1, 1), ShapeError);
  CHECK_THROWS_AS(scalar.diagonal(), IndexError);
  CHECK_THROWS_AS(rowgrad::zeros({2, 2, 2}).T(), ShapeError);
}
