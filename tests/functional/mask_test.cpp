#include <doctest/doctest.h>

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/attention.hpp>
#include <rowgrad/functional/comparison.hpp>
#include <rowgrad/functional/logic.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/pooling.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::padding_mask;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> functions() {
  return {{"masked_fill", [](const golden::Inputs<T>& x) { return masked_fill(x[0], x.indices("mask"), T(-1.5)); }}};
}
}  // namespace

TEST_CASE("masked_fill: PyTorch's results and gradients") {
  golden::check<double>("functional_mask", functions<double>());
  golden::check<float>("functional_mask", functions<float>());
}

TEST_CASE("masks: PyTorch's attention, any, all, count_nonzero") {
  using In = const golden::Inputs<double>&;
  const auto number = [](const auto& mask) { return mask.template to<double>(); };
  golden::check<double>("functional_masks", {{"attention",
                                              [](In x) {
                                                return scaled_dot_product_attention(
                                                    x[0], x[1], x[2], {.attn_mask = rowgrad::Mask(x.indices("mask"))});
                                              }},
                                             {"any_first", [=](In x) { return number(x[0].any(0)); }},
                                             {"any_last", [=](In x) { return number(any(x[0], -1)); }},
                                             {"any_both",
                                              [=](In x) {
                                                return number(any(x[0], {0, 1}));
                                              }},
                                             {"all_first", [=](In x) { return number(x[0].all(0)); }},
                                             {"all_last", [=](In x) { return number(all(x[0], -1)); }},
                                             {"all_both",
                                              [=](In x) {
                                                return number(x[0].all({0, 1}));
                                              }},
                                             {"nonzero_first", [=](In x) { return number(count_nonzero(x[0], 0)); }},
                                             {"nonzero_last", [=](In x) { return number(count_nonzero(x[0], -1)); }},
                                             {"nonzero_both", [=](In x) {
                                                return number(count_nonzero(x[0], {0, 1}));
                                              }}});
}

TEST_CASE("masked_fill: what is masked may be infinite or NaN") {
  const Tensor<float> x = Tensor<float>{1, NAN, INFINITY}.requires_grad_();
  const Tensor<float> y = masked_fill(x, {0, 1, 1}, 0);
  CHECK(y.to_vector() == std::vector<float>{1, 0, 0});
  y.backward(Tensor<float>{5, 6, 7});
  CHECK(x.grad().dense().to_vector() == std::vector<float>{5, 0, 0});
}

TEST_CASE("masked_fill: a mask that does not fit") {
  const Tensor<float> x = rowgrad::ones({2, 3});
  CHECK_THROWS_WITH_AS(masked_fill(x, {0, 1}, 0),
                       "masked_fill: shapes (2, 3) and (2,) do not broadcast: sizes must be equal or 1, counted from "
                       "the last dimension",
                       ShapeError);
}

TEST_CASE("masked_fill: a mask larger than x repeats x, as in PyTorch") {
  const Tensor<float> x = Tensor<float>{{1, 2, 3}, {4, 5, 6}}.requires_grad_();
  const Tensor<float> y = masked_fill(x, {{{0, 0, 1}}, {{1, 0, 0}}}, 9);
  CHECK(y.shape() == Shape{2, 2, 3});
  CHECK(y.to_vector() == std::vector<float>{1, 2, 9, 4, 5, 9, 9, 2, 3, 9, 5, 6});
  y.sum().backward();
  CHECK(x.grad().dense().to_vector() == std::vector<float>{1, 2, 1, 1, 2, 1});
  CHECK(masked_fill(Tensor<float>{1}, {{0, 1}, {1, 0}}, -2).to_vector() == std::vector<float>{1, -2, -2, 1});
}

TEST_CASE("masked_fill: a mask that is filled anew before backward") {
  const Tensor<float> x = Tensor<float>{1, 2, 3}.requires_grad_();
  const Indices mask{0, 1, 0};
  const Tensor<float> y = masked_fill(x, mask, 0);
  mask.array() = 1;
  y.sum().backward();
  CHECK(x.grad().dense().to_vector() == std::vector<float>{1, 0, 1});
}

TEST_CASE("padding_mask and eq: 1 where a position is padding") {
  CHECK(padding_mask({2, 0, 5, 3}, 3).shape() == Shape{4, 3});
  CHECK(padding_mask({2, 0, 5, 3}, 3).to_vector() == std::vector<bool>{0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0});
  CHECK(padding_mask(Indices(Shape{0}), 3).shape() == Shape{0, 3});
  CHECK_THROWS_AS(padding_mask(3, 3), ShapeError);
  CHECK(rowgrad::eq({{0, 4}, {7, 0}}, 0).to_vector() == std::vector<bool>{1, 0, 0, 1});
  const Indices numbers = padding_mask({2, 0}, 2);  // as programs had it before there were masks
  CHECK(numbers.to_vector() == std::vector<Index>{0, 0, 1, 1});
  CHECK(rowgrad::Mask(numbers).to_vector() == std::vector<bool>{0, 0, 1, 1});
  CHECK(!rowgrad::Mask(Indices()).defined());
}

TEST_CASE("the maximum over time of a padded batch is that of each sequence alone") {
  rowgrad::Generator generator(4);
  const Tensor<float> x = rowgrad::randn({3, 2, 5}, generator).requires_grad_();
  const Indices lengths{5, 2, 3};
  const Indices mask = padding_mask(lengths, 5).unsqueeze(1);
  const Tensor<float> y = adaptive_max_pool1d(masked_fill(x, mask, -INFINITY), 1);
  for (Index n = 0; n < 3; ++n)
    CHECK(y[n].to_vector() == adaptive_max_pool1d(slice(x[n], 1, 0, lengths.data()[n]), 1).to_vector());
  y.backward(rowgrad::ones({3, 2, 1}));
  const Tensor<float> padding = masked_fill(x.grad().dense(), rowgrad::eq(mask, 0), 0);
  CHECK(padding.array().abs().maxCoeff() == 0);  // padding gets no gradient
}
