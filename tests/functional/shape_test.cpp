#include <doctest/doctest.h>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/extremes.hpp>
#include <rowgrad/functional/shape.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> operations() {
  using In = const golden::Inputs<T>&;
  const auto all = [](In x) {
    std::vector<Tensor<T>> tensors;
    for (std::size_t i = 0; i < x.size(); ++i) tensors.push_back(x[i]);
    return tensors;
  };
  return {
      {"reshape_3_4",
       [](In x) {
         return x[0].reshape({3, 4});
       }},
      {"reshape_2_open",
       [](In x) {
         return x[0].reshape({2, -1});
       }},
      {"flatten", [](In x) { return x[0].flatten(); }},
      {"flatten_1", [](In x) { return x[0].flatten(1); }},
      {"flatten_0_1", [](In x) { return x[0].flatten(0, 1); }},
      {"squeeze", [](In x) { return x[0].squeeze(); }},
      {"squeeze_0", [](In x) { return x[0].squeeze(0); }},
      {"squeeze_last", [](In x) { return x[0].squeeze(-1); }},
      {"unsqueeze_0", [](In x) { return x[0].unsqueeze(0); }},
      {"unsqueeze_1", [](In x) { return x[0].unsqueeze(1); }},
      {"unsqueeze_last", [](In x) { return x[0].unsqueeze(-1); }},
      {"transpose_0_1", [](In x) { return x[0].transpose(0, 1); }},
      {"transpose_0_2", [](In x) { return x[0].transpose(2, 0); }},
      {"transpose_1_2", [](In x) { return x[0].transpose(1, 2); }},
      {"t", [](In x) { return x[0].t(); }},
      {"slice_0_1_3", [](In x) { return slice(x[0], 0, 1, 3); }},
      {"slice_1_1_3", [](In x) { return slice(x[0], 1, 1, 3); }},
      {"slice_last_negative", [](In x) { return slice(x[0], -1, -2, -1); }},
      {"slice_beyond", [](In x) { return slice(x[0], 0, 1, 100); }},
      {"slice_backwards", [](In x) { return slice(x[0], 0, 2, 1); }},
      {"select_0_1", [](In x) { return x[0][1]; }},
      {"select_0_last", [](In x) { return x[0][-1]; }},
      {"select_1_1", [](In x) { return select(x[0], 1, 1); }},
      {"select_2_last", [](In x) { return select(x[0], 2, -1); }},
      {"cat_0", [=](In x) { return cat(all(x)); }},
      {"cat_1", [=](In x) { return cat(all(x), 1); }},
      {"cat_last", [=](In x) { return cat(all(x), -1); }},
      {"cat_same",
       [](In x) {
         return rowgrad::cat<T>({x[0], x[0]});
       }},
      {"stack_0", [=](In x) { return stack(all(x)); }},
      {"stack_1", [=](In x) { return stack(all(x), 1); }},
      {"stack_last", [=](In x) { return stack(all(x), -1); }},
  };
}
}  // namespace

TEST_CASE("shape operations: PyTorch's results and gradients") {
  golden::check<double>("functional_shape", operations<double>());
}

TEST_CASE("shape operations: what stays contiguous shares memory") {
  const Tensor<float> x = rowgrad::zeros({2, 3, 4});
  CHECK(x.reshape({6, 4}).data() == x.data());
  CHECK(x.view({-1}).data() == x.data());
  CHECK(x.flatten().data() == x.data());
  CHECK(x.unsqueeze(0).squeeze(0).data() == x.data());
  CHECK(x[1].data() == x.data() + 12);
  CHECK(x[1][2].data() == x.data() + 20);
  CHECK(slice(x, 0, 1, 2).data() == x.data() + 12);
  CHECK(slice(x[0].unsqueeze(0), 1, 1, 3).data() == x.data() + 4);
  CHECK(x.transpose(0, 0).data() == x.data());
  CHECK(x.transpose(0, 1).data() != x.data());
  CHECK(slice(x, 1, 0, 2).data() != x.data());

  x[1][2].array() = 5;
  CHECK(x.to_vector()[20] == 5);
  CHECK(x.sum().item() == 20);
}

TEST_CASE("shape operations: a view lives on when its tensor is gone") {
  Tensor<float> row;
  {
    const Tensor<float> x{{1, 2}, {3, 4}};
    row = x[1];
  }
  CHECK(row.to_vector() == std::vector<float>{3, 4});
}

TEST_CASE("shape operations: errors name the shapes") {
  const Tensor<float> x = rowgrad::zeros({2, 3});
  CHECK_THROWS_WITH_AS(x.reshape({4, 2}), "reshape: shape (4, 2) has 8 elements, the tensor has 6 in shape (2, 3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(x.reshape({4, -1}),
                       "reshape: cannot work out the size given as -1: 6 elements do not divide by 4", ShapeError);
  CHECK_THROWS_AS(x.reshape({-1, -1}), ShapeError);
  CHECK_THROWS_AS(rowgrad::zeros({0, 3}).reshape({-1, 0}), ShapeError);
  CHECK_THROWS_AS(x.flatten(1, 0), ShapeError);
  CHECK_THROWS_AS(x.squeeze(2), rowgrad::IndexError);
  CHECK_THROWS_AS(x.unsqueeze(3), rowgrad::IndexError);
  CHECK_THROWS_AS(x.transpose(0, 2), rowgrad::IndexError);
  CHECK_THROWS_AS(x.unsqueeze(0).t(), ShapeError);
  CHECK_THROWS_WITH_AS(x[2], "select: index 2 is outside dimension 0 of shape (2, 3)", rowgrad::IndexError);
  CHECK_THROWS_AS(x[-3], rowgrad::IndexError);
  CHECK_THROWS_AS(rowgrad::zeros({})[0], rowgrad::IndexError);
  CHECK_THROWS_AS(slice(rowgrad::zeros({}), 0, 0, 1), ShapeError);
  CHECK_THROWS_WITH_AS(rowgrad::cat<float>({x, rowgrad::zeros({2, 4})}),
                       "cat: shapes (2, 3) and (2, 4) differ outside dimension 0", ShapeError);
  CHECK_THROWS_AS(rowgrad::cat<float>({x, rowgrad::zeros({2, 3, 1})}), ShapeError);
  CHECK_THROWS_AS(rowgrad::cat<float>({}), ShapeError);
  CHECK_THROWS_AS(rowgrad::cat<float>({rowgrad::zeros({})}), ShapeError);
  CHECK_THROWS_AS(rowgrad::stack<float>({x, rowgrad::zeros({3, 2})}), ShapeError);
  CHECK_THROWS_WITH_AS(rowgrad::stack<float>({}), "stack: expected at least one tensor", ShapeError);
}

TEST_CASE("cat: tensors of shape (0) are skipped, as in PyTorch") {
  const Tensor<float> none = rowgrad::zeros({0}).requires_grad_(), x = rowgrad::ones({2, 3}).requires_grad_();
  const Tensor<float> y = rowgrad::cat<float>({none, x, none, x}, 1);
  CHECK(y.shape() == Shape{2, 6});
  (y * rowgrad::arange<float>(12).reshape({2, 6})).sum().backward();
  CHECK(x.grad().dense().to_vector() == std::vector<float>{0 + 3, 1 + 4, 2 + 5, 6 + 9, 7 + 10, 8 + 11});
  CHECK(none.grad().dense().shape() == Shape{0});
  CHECK(rowgrad::cat<float>({none, none}).shape() == Shape{0});
  CHECK(rowgrad::cat<float>({none, rowgrad::ones({2})}).to_vector() == std::vector<float>{1, 1});
  CHECK_THROWS_WITH_AS(rowgrad::cat<float>({none, x, rowgrad::zeros({0, 4})}),
                       "cat: shapes (2, 3) and (0, 4) differ outside dimension 0", ShapeError);
  CHECK(rowgrad::cat<float>({x, rowgrad::zeros({0, 3})}).shape() == Shape{2, 3});
}

TEST_CASE("reshape: one open size also of an empty tensor") {
  CHECK(rowgrad::zeros({0, 3}).reshape({-1, 3}).shape() == Shape{0, 3});
  CHECK(rowgrad::zeros({4}).reshape({-1, 2, 1}).shape() == Shape{2, 2, 1});
}

TEST_CASE("shape operations: indices too") {
  const Indices ids{{1, 2, 3}, {4, 5, 6}};
  CHECK(ids[1].to_vector() == std::vector<Index>{4, 5, 6});
  CHECK(ids.t().to_vector() == std::vector<Index>{1, 4, 2, 5, 3, 6});
  CHECK(ids[1][2].item() == 6);
  CHECK(rowgrad::cat<Index>({ids, ids}).shape() == Shape{4, 3});
  CHECK(slice(ids, 1, -1, 3).to_vector() == std::vector<Index>{3, 6});
}

TEST_CASE("slice and select of a table: the gradient is of those rows alone") {
  const Tensor<float> table = rowgrad::zeros({100, 2}).requires_grad_();
  slice(table, 0, 10, 13).sum().backward();
  CHECK(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{10, 11, 12});
  CHECK(table.grad().values().to_vector() == std::vector<float>{1, 1, 1, 1, 1, 1});
  CHECK(table.grad().shape() == Shape{100, 2});
  table[-1].sum().backward();
  table[11].sum().backward();
  CHECK(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{10, 11, 12, 99});
  CHECK(table.grad().values().to_vector() == std::vector<float>{1, 1, 2, 2, 1, 1, 1, 1});
  slice(table, 1, 0, 1).sum().backward();  // a column is dense
  CHECK(!table.grad().is_row_sparse());
}

TEST_CASE("a tensor without elements takes no time, however large its other dimensions") {
  const rowgrad::Index huge = rowgrad::Index{1} << 60;
  for (const rowgrad::Shape& shape : {rowgrad::Shape{huge, 0}, rowgrad::Shape{0, huge}}) {
    auto x = rowgrad::zeros<double>(shape);
    x.requires_grad_();
    const auto y = rowgrad::transpose(x, 0, 1);
    CHECK(y.numel() == 0);
    y.backward(rowgrad::zeros<double>(y.shape()));
    CHECK(x.grad().dense().shape() == shape);
    for (const rowgrad::Index dim : {0, 1}) CHECK(rowgrad::slice(x, dim, 0, 1).numel() == 0);
    CHECK(rowgrad::argmax(rowgrad::zeros<double>({shape[0], 1, shape[1]}), 1).numel() == 0);
  }
}

TEST_CASE("messages name the operation that was called, and what is wrong") {
  const auto x = rowgrad::ones({2, 3}), y = rowgrad::ones({2, 3, 4}), empty = rowgrad::ones({0, 3});
  const Tensor<float> deep = rowgrad::ones({1, 1, 1, 1, 1, 1, 1, 1});
  using doctest::Contains;
  CHECK_THROWS_WITH_AS(stack(std::vector{x, x}, 3),
                       "stack: expected a place for a new dimension in [-3, 2] for a tensor of rank 2, got 3",
                       rowgrad::IndexError);
  CHECK_THROWS_WITH_AS(unsqueeze(x, -4),
                       "unsqueeze: expected a place for a new dimension in [-3, 2] for a tensor of rank 2, got -4",
                       rowgrad::IndexError);
  CHECK_THROWS_WITH_AS(unsqueeze(deep, 0),
                       Contains("unsqueeze: a tensor of shape (1, 1, 1, 1, 1, 1, 1, 1) has as many"), ShapeError);
  CHECK_THROWS_WITH_AS(stack(std::vector{deep}, 0), Contains("stack: a tensor of shape"), ShapeError);
  CHECK_THROWS_WITH_AS(cat(std::vector{x, y}, 0),
                       Contains("cat: shapes (2, 3) and (2, 3, 4) have different numbers of dimensions"), ShapeError);
  CHECK_THROWS_WITH_AS(empty.reshape({0, -1}), Contains("the size given as -1 could be any"), ShapeError);
  CHECK_THROWS_WITH_AS(x.reshape({0, -1}), Contains("the size given as -1 could be any"), ShapeError);
  CHECK(empty.reshape({-1, 3}).shape() == Shape{0, 3});
  CHECK_THROWS_WITH_AS(x.reshape({-1, -1}), Contains("-1 once at most, got -1 twice"), ShapeError);
  CHECK_THROWS_WITH_AS(x.reshape({-2, 3}), Contains("reshape: expected sizes of at least 0"), ShapeError);
}
