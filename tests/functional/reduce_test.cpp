#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/functional/extremes.hpp>
#include <rowgrad/functional/reduce.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> reductions() {
  using In = const golden::Inputs<T>&;
  return {
      {"sum", [](In x) { return sum(x[0]); }},
      {"mean", [](In x) { return mean(x[0]); }},
      {"max", [](In x) { return max(x[0]); }},
      {"sum_0", [](In x) { return sum(x[0], 0); }},
      {"sum_0_keep", [](In x) { return sum(x[0], 0, true); }},
      {"sum_1", [](In x) { return sum(x[0], 1); }},
      {"sum_1_keep", [](In x) { return sum(x[0], 1, true); }},
      {"sum_last", [](In x) { return sum(x[0], -1); }},
      {"sum_last_keep", [](In x) { return sum(x[0], -1, true); }},
      {"mean_0", [](In x) { return mean(x[0], 0); }},
      {"mean_0_keep", [](In x) { return mean(x[0], 0, true); }},
      {"mean_1", [](In x) { return mean(x[0], 1); }},
      {"mean_1_keep", [](In x) { return mean(x[0], 1, true); }},
      {"mean_last", [](In x) { return mean(x[0], -1); }},
      {"mean_last_keep", [](In x) { return mean(x[0], -1, true); }},
      {"prod_0", [](In x) { return prod(x[0], 0); }},
      {"prod_0_keep", [](In x) { return prod(x[0], 0, true); }},
      {"prod_1", [](In x) { return prod(x[0], 1); }},
      {"prod_1_keep", [](In x) { return prod(x[0], 1, true); }},
      {"prod_last", [](In x) { return prod(x[0], -1); }},
      {"prod_last_keep", [](In x) { return prod(x[0], -1, true); }},
      {"max_0", [](In x) { return max(x[0], 0).values; }},
      {"max_0_keep", [](In x) { return max(x[0], 0, true).values; }},
      {"max_1", [](In x) { return max(x[0], 1).values; }},
      {"max_1_keep", [](In x) { return max(x[0], 1, true).values; }},
      {"max_last", [](In x) { return max(x[0], -1).values; }},
      {"max_last_keep", [](In x) { return max(x[0], -1, true).values; }},
  };
}
}  // namespace

TEST_CASE("reduce: PyTorch's results and gradients") {
  golden::check<double>("functional_reduce", reductions<double>());
  golden::check<float>("functional_reduce", reductions<float>());
}

TEST_CASE("argmax: the first of equals, NaN largest, both ways of keeping the dimension") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor<float> x{{1, 3, 3}, {5, -1, 2}, {0, nan, nan}};
  CHECK(argmax(x, 1).to_vector() == std::vector<Index>{1, 0, 1});
  CHECK(argmax(x, -1).shape() == Shape{3});
  CHECK(argmax(x, 1, true).shape() == Shape{3, 1});
  CHECK(argmax(x, 0).to_vector() == std::vector<Index>{1, 2, 2});
  CHECK(argmax(Tensor<float>{{{1, 5}, {2, 4}}, {{9, 0}, {3, 8}}}, 1).to_vector() == std::vector<Index>{1, 0, 0, 1});
  CHECK(argmax(Indices{4, 7, 7}, 0).item() == 1);
  CHECK(argmax(rowgrad::zeros({0, 3}), 1).shape() == Shape{0});
}

TEST_CASE("max: indices and values belong together") {
  const Tensor<double> x{{{1, 5}, {2, 4}}, {{9, 0}, {3, 8}}};
  const auto largest = max(x, 1);
  CHECK(largest.values.to_vector() == std::vector<double>{2, 5, 9, 8});
  CHECK(largest.indices.to_vector() == std::vector<Index>{1, 0, 0, 1});
  CHECK(largest.indices.shape() == Shape{2, 2});
  CHECK(max(Tensor<float>{1, std::numeric_limits<float>::quiet_NaN(), 3}).item() !=
        max(Tensor<float>{1, std::numeric_limits<float>::quiet_NaN(), 3}).item());
}

TEST_CASE("reduce: nothing to reduce and dimensions that are not there") {
  const Tensor<float> no_columns = rowgrad::zeros({2, 0});
  CHECK_THROWS_AS(mean(no_columns), ShapeError);
  CHECK_THROWS_AS(mean(no_columns, 1), ShapeError);
  CHECK_THROWS_AS(max(no_columns), ShapeError);
  CHECK_THROWS_AS(max(no_columns, 1), ShapeError);
  CHECK_THROWS_AS(argmax(no_columns, 1), ShapeError);
  CHECK(mean(no_columns, 0).shape() == Shape{0});
  CHECK(sum(no_columns, 1).to_vector() == std::vector<float>{0, 0});
  CHECK(prod(no_columns, 1).to_vector() == std::vector<float>{1, 1});
  CHECK_THROWS_WITH_AS(sum(no_columns, 2), "sum: dimension 2 is outside [-2, 1] of a tensor of rank 2",
                       rowgrad::IndexError);
  CHECK_THROWS_AS(mean(no_columns, -3), rowgrad::IndexError);
  CHECK_THROWS_AS(prod(no_columns, 2), rowgrad::IndexError);
}

TEST_CASE("sum: the gradient of an empty dimension writes nothing") {
  const Tensor<float> x = rowgrad::zeros({2, 0, 50}).requires_grad_();
  sum(x, 1).sum().backward();
  CHECK(x.grad().dense().shape() == Shape{2, 0, 50});
}

TEST_CASE("sum: of integers, and of many floats as precisely as in pairs") {
  CHECK(Indices{{1, 2}, {3, 4}}.sum().item() == 10);
  CHECK(Indices{{1, 2}, {3, 4}}.sum(0).to_vector() == std::vector<Index>{4, 6});
  CHECK(rowgrad::full({1000, 1000}, 0.1f).mean().item() == doctest::Approx(0.1).epsilon(1e-4));
}

TEST_CASE("sum, mean: ones are counted past 2^24, along every dimension") {
  constexpr Index n = 20'000'000;
  CHECK(sum(rowgrad::ones<float>({n, 2}), 0).to_vector() == std::vector<float>{n, n});
  CHECK(sum(rowgrad::ones<float>({2, n}), 1).to_vector() == std::vector<float>{n, n});
  CHECK(rowgrad::ones<float>({2, n}).sum().item() == 2 * n);
  CHECK(rowgrad::ones<float>({2, n}).mean().item() == 1);
  CHECK(mean(rowgrad::ones<float>({n, 2}), 0).to_vector() == std::vector<float>{1, 1});
}

TEST_CASE("sum: integers are exact") {
  Indices x = rowgrad::full<Index>({5000}, Index{1} << 50);
  x.data()[0] += 1;
  CHECK(x.sum().item() == (Index{1} << 50) * 5000 + 1);
  CHECK(x.view_as({5000, 1}).sum(0).item() == (Index{1} << 50) * 5000 + 1);
}

TEST_CASE("max: positions changed in place after forward do not move the gradient") {
  const Tensor<double> x = Tensor<double>{{1, 3, 2}, {5, 4, 6}}.requires_grad_();
  const auto [values, indices] = max(x, 1);
  std::fill_n(indices.data(), 2, Index{1} << 40);
  values.backward({1, 2});
  CHECK(x.grad().dense().to_vector() == std::vector<double>{0, 1, 0, 0, 0, 2});
}
