#include <doctest/doctest.h>

#include <rowgrad/core/printing.hpp>
#include <rowgrad/functional/cumulative.hpp>
#include <rowgrad/functional/extremes.hpp>
#include <rowgrad/functional/logic.hpp>
#include <rowgrad/functional/statistics.hpp>

#include <support/golden.hpp>

using rowgrad::Dims;
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
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  const std::vector<std::pair<std::string, Dims>> all_dims = {{"all", {}},         {"first", 0},      {"middle", 1},
                                                              {"last", -1},        {"outer", {0, 1}}, {"ends", {0, 2}},
                                                              {"three", {2, 0, 1}}};
  golden::Table<T> table = {
      {"min_all", [](In x) { return min(x[0]); }},
      {"max_all", [](In x) { return x[0].max(); }},
      {"min_0", [](In x) { return min(x[0], 0).values; }},
      {"min_0_keep", [](In x) { return min(x[0], 0, true).values; }},
      {"min_1", [](In x) { return x[0].min(1).values; }},
      {"min_1_keep", [](In x) { return x[0].min(1, true).values; }},
      {"min_last", [](In x) { return min(x[0], -1).values; }},
      {"min_last_keep", [](In x) { return min(x[0], -1, true).values; }},
      {"var3", [](In x) { return x[0].var({.correction = 3}); }},
      {"var_biased", [](In x) { return x[0].var(1, {.unbiased = false}); }},
      {"prod", [](In x) { return prod(x[0]); }},
      {"diff_last", [](In x) { return diff(x[0]); }},
      {"diff_first", [](In x) { return diff(x[0], 1, 0); }},
      {"diff_twice", [](In x) { return diff(x[0], 2, 1); }},
      {"diff_never", [](In x) { return diff(x[0], 0, 1); }},
      {"diff_too_often", [](In x) { return diff(x[0], 9, 1); }},
      {"cumsum_0", [](In x) { return cumsum(x[0], 0); }},
      {"cumsum_1", [](In x) { return x[0].cumsum(1); }},
      {"cumsum_last", [](In x) { return cumsum(x[0], -1); }},
      {"cumprod_0", [](In x) { return cumprod(x[0], 0); }},
      {"cumprod_1", [](In x) { return x[0].cumprod(1); }},
      {"cumprod_last", [](In x) { return cumprod(x[0], -1); }},
  };
  for (const auto& [name, dims] : all_dims)
    for (const bool keep : {false, true}) {
      if (dims.size() == 0 && keep) continue;
      const std::string ending = "_" + name + (keep ? "_keep" : "");
      if (dims.size() > 1) {
        table["sum" + ending] = [=, d = dims](In x) { return sum(x[0], d, keep); };
        table["mean" + ending] = [=, d = dims](In x) { return x[0].mean(d, keep); };
        table["norm3" + ending] = [=, d = dims](In x) { return norm(x[0], 3, d, keep); };
      }
      table["amax" + ending] = [=, d = dims](In x) { return amax(x[0], d, keep); };
      table["amin" + ending] = [=, d = dims](In x) { return x[0].amin(d, keep); };
      table["var" + ending] = [=, d = dims](In x) { return var(x[0], d, {.keepdim = keep}); };
      table["std" + ending] = [=, d = dims](In x) {
        return rowgrad::std(x[0], d, {.unbiased = false, .keepdim = keep});
      };
      table["norm2" + ending] = [=, d = dims](In x) { return x[0].norm({.dim = d, .keepdim = keep}); };
      if (dims.size() > 0) table["logsumexp" + ending] = [=, d = dims](In x) { return logsumexp(x[0], d, keep); };
    }
  const std::vector<std::pair<std::string, double>> powers = {
      {"1", 1},      {"2", 2},       {"inf", INFINITY}, {"minus_inf", -INFINITY}, {"3", 3}, {"1_5", 1.5},
      {"half", 0.5}, {"minus1", -1}, {"2_5", 2.5}};
  for (const auto& [name, p] : powers)
    table["p" + name] = [p = p](In x) { return rowgrad::linalg::vector_norm(x[0], p, 1); };
  return table;
}

}  // namespace

TEST_CASE("reductions: PyTorch's results and gradients, over each choice of dimensions") {
  golden::check<double>("functional_reductions", functions<double>());
  golden::check<float>("functional_reductions", functions<float>());
}

TEST_CASE("reductions: as they are typed") {
  const Tensor<float> x{{1, 2, 3}, {4, 5, 6}};
  CHECK(x.sum({0, 1}).item() == 21);
  CHECK(x.sum({0, -1}, true).shape() == Shape{1, 1});
  CHECK(sum(x, Dims{0}).shape() == Shape{3});
  CHECK(x.mean({0, 1}).item() == 3.5f);
  CHECK(x.var({0, 1}).item() == 3.5f);
  CHECK(x.var({0, 1}, {.correction = 0}).item() == doctest::Approx(35. / 12));
  CHECK(x.var({.unbiased = false}).item() == doctest::Approx(35. / 12));
  CHECK(x.var().item() == 3.5f);
  CHECK(x.std(1).to_vector() == std::vector<float>{1, 1});
  CHECK(rowgrad::std(x, {1}).to_vector() == std::vector<float>{1, 1});
  CHECK(x.std().item() == doctest::Approx(std::sqrt(3.5)));
  CHECK(x.norm().item() == doctest::Approx(std::sqrt(91.)));
  CHECK(x.norm(1).item() == 21);
  CHECK(x.norm(2, 1).shape() == Shape{2});
  CHECK(x.norm({.dim = 1}).to_vector() == x.norm(2, 1).to_vector());
  CHECK(norm(x, INFINITY, {0, 1}).item() == 6);
  CHECK(norm(Tensor<float>{0, 2, -3}, 0).item() == 2);
  CHECK(std::isnan(norm(x, NAN).item()));
  CHECK(x.amax().item() == 6);
  CHECK(x.amin({0, 1}, true).shape() == Shape{1, 1});
  CHECK(x.argmax().item() == 5);
  CHECK(x.argmin(1).to_vector() == std::vector<Index>{0, 0});
  CHECK(x.argmin().item() == 0);
  CHECK(argmin(Tensor<float>{2, NAN, 1, NAN}).item() == 1);
  CHECK(x.argmax(1, true).shape() == Shape{2, 1});
  const auto [values, indices] = x.max(1);
  CHECK(values.to_vector() == std::vector<float>{3, 6});
  CHECK(indices.to_vector() == std::vector<Index>{2, 2});
  CHECK(x.prod().item() == 720);
  CHECK(x.prod(0).to_vector() == std::vector<float>{4, 10, 18});
  const auto [variance, mean] = var_mean(x, 1);
  CHECK(variance.to_vector() == std::vector<float>{1, 1});
  CHECK(mean.to_vector() == std::vector<float>{2, 5});
  const auto [deviation, center] = std_mean(x, {0, 1}, {.keepdim = true});
  CHECK(deviation.shape() == Shape{1, 1});
  CHECK(center.item() == 3.5f);
  CHECK(x.logsumexp(1).shape() == Shape{2});
  CHECK(x.sum(Dims()).item() == 21);
}

TEST_CASE("reductions of integers and masks") {
  const Indices ids{{1, 0, 3}, {4, 5, 0}};
  CHECK(ids.sum({0, 1}).item() == 13);
  CHECK(ids.max().item() == 5);
  CHECK(ids.min(1).values.to_vector() == std::vector<Index>{0, 0});
  CHECK(ids.amax(0).to_vector() == std::vector<Index>{4, 5, 3});
  CHECK(ids.prod(0).to_vector() == std::vector<Index>{4, 0, 0});
  CHECK(ids.cumsum(1).to_vector() == std::vector<Index>{1, 1, 4, 4, 9, 9});
  CHECK(ids.cumprod(1).to_vector() == std::vector<Index>{1, 0, 0, 4, 20, 0});
  const Mask mask = Mask(ids);
  CHECK(mask.sum({0, 1}).item() == 4);
  CHECK(mask.cumsum(1).to_vector() == std::vector<Index>{1, 1, 2, 1, 2, 2});
  CHECK(mask.cumprod(1).to_vector() == std::vector<Index>{1, 0, 0, 1, 1, 0});
  CHECK(count_nonzero(ids, 1).to_vector() == std::vector<Index>{2, 2});
  CHECK(count_nonzero(ids, {0, 1}).item() == 4);
}

TEST_CASE("reductions: empty tensors and rank 0") {
  const Tensor<float> none(Shape{2, 0}), one = rowgrad::full<float>({}, 3);
  CHECK(none.sum({0, 1}).item() == 0);
  CHECK(none.sum(Dims{1}).to_vector() == std::vector<float>{0, 0});
  CHECK(none.sum(Dims{0}).shape() == Shape{0});
  CHECK(none.prod().item() == 1);
  CHECK(std::isnan(none.var().item()));
  CHECK(none.norm().item() == 0);
  CHECK(none.norm(2, 0).shape() == Shape{0});
  CHECK(none.cumsum(1).shape() == Shape{2, 0});
  CHECK(none.amax(0).shape() == Shape{0});
  CHECK_THROWS_AS(none.amax(1), ShapeError);
  CHECK_THROWS_AS(none.max(), ShapeError);
  CHECK_THROWS_AS(none.argmin(), ShapeError);
  CHECK_THROWS_AS(none.min(1), ShapeError);
  CHECK_THROWS_AS(none.norm(INFINITY), ShapeError);
  CHECK_THROWS_AS(none.mean({0, 1}), ShapeError);
  CHECK(one.sum(Dims{0}).item() == 3);
  CHECK(one.amax(-1).item() == 3);
  CHECK(one.max(0).indices.item() == 0);
  CHECK(one.norm().item() == 3);
  CHECK(one.prod(0).item() == 3);
  CHECK(std::isnan(one.std().item()));
  CHECK(one.logsumexp(0).item() == 3);
  CHECK(one.mean({}).shape() == Shape{});
}

TEST_CASE("reductions: dimensions that there are not, or twice") {
  const Tensor<float> x = rowgrad::ones({2, 3});
  CHECK_THROWS_AS(x.sum({0, 2}), IndexError);
  CHECK_THROWS_WITH_AS(x.sum({0, -2}), "sum: dimension -2 is named twice", ValueError);
  CHECK_THROWS_AS(x.var({1, 1}), ValueError);
  CHECK_THROWS_AS(x.amax(-3), IndexError);
  CHECK_THROWS_AS(x.cumsum(2), IndexError);
}

TEST_CASE("sums over several dimensions keep what is small, and do not share memory with what they sum") {
  const Tensor<float> many = rowgrad::ones({5000, 1, 4000});
  CHECK(many.sum({0, 1, 2}).item() == 2e7f);  // beyond 2^24, to which ones would add up one by one
  CHECK(many.sum({0, 2}).to_vector() == std::vector<float>{2e7f});
  const Tensor<float> x = rowgrad::ones({1, 3});
  const Tensor<float> y = x.sum(Dims{0});
  y.array() = 5;
  CHECK(x.to_vector() == std::vector<float>{1, 1, 1});
  const Tensor<float> z = x.sum(Dims{0}, true);
  z.array() = 5;
  CHECK(x.to_vector() == std::vector<float>{1, 1, 1});
}
