#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/attention_pooling.hpp>

#include "attention_cases.hpp"

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::nn::AttentionPooling;
using rowgrad::nn::AttentionPoolingOptions;

TEST_CASE("AttentionPooling: the results and gradients of its formula in PyTorch") {
  const auto expect = [](const char* name, const AttentionPoolingOptions& options, const Shape& shape,
                         const Indices& lengths) {
    attention_cases::expect_golden(
        name, [&](auto t) { return AttentionPooling<decltype(t)>(3, options); }, {shape},
        [&](const auto& layer, const auto& x, const golden::Case&) { return layer(x[0], lengths); });
  };
  expect("pooling@", {}, {4, 2, 3}, {});
  expect("pooling@batch_first", {.attention_size = 5, .batch_first = true}, {2, 4, 3}, {});
  expect("pooling@lengths", {.attention_size = 2, .batch_first = true}, {2, 4, 3}, Indices{2, 4});
}

TEST_CASE("AttentionPooling: the weights of Linear(H, A) and Linear(A, 1) after the same manual_seed") {
  layers::expect_initial(
      "initial@pooling", [] { return AttentionPooling<float>(3, {.attention_size = 5}); },
      [] { return AttentionPooling<double>(3, {.attention_size = 5}); }, "nn_attention");
}

TEST_CASE("AttentionPooling: padding has weight 0, and no say in the result") {
  rowgrad::manual_seed(4);
  const AttentionPooling<double> pooling(3);
  const Tensor<double> h = rowgrad::randn<double>({4, 2, 3}).requires_grad_();
  const auto [pooled, weights] = pooling(h, {4, 2});
  CHECK(pooled.shape() == Shape{2, 3});
  CHECK(weights.shape() == Shape{2, 4});
  CHECK(weights[0].sum().item() == doctest::Approx(1));
  CHECK(weights[1].sum().item() == doctest::Approx(1));
  CHECK(weights.to_vector()[6] == 0);
  CHECK(weights.to_vector()[7] == 0);
  const Tensor<double> alone = slice(slice(h, 1, 1, 2), 0, 0, 2);
  CHECK(golden::difference(pooled[1], pooling(alone).output[0]) == "");
  pooled.sum().backward();
  for (Index t = 2; t < 4; ++t) CHECK(h.grad().dense()[t][1].array().abs().maxCoeff() == 0);
}

TEST_CASE("AttentionPooling: members and errors") {
  const AttentionPooling<float> pooling(3, {.attention_size = 2}), first(3, {.batch_first = true});
  CHECK(pooling.parameter_count() == 2 * 3 + 2 + 2);
  CHECK(first.to_string() ==
        "AttentionPooling(\n  3, batch_first=True\n"
        "  (projection): Linear(in_features=3, out_features=3, bias=True)\n)");
  const Tensor<float> h = rowgrad::ones({4, 2, 3});
  CHECK_THROWS_WITH_AS(pooling(rowgrad::ones({4, 3})), "AttentionPooling: expected an input (T, B, 3), got (4, 3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(first(rowgrad::ones({4, 2, 5})), "AttentionPooling: expected an input (B, T, 3), got (4, 2, 5)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(pooling(h, {1, 2, 3}), "AttentionPooling: expected lengths (2,), got (3,)", ShapeError);
  CHECK_THROWS_WITH_AS(pooling(h, {4, 0}), "AttentionPooling: expected lengths from 1 to 4, got 0 for sample 1",
                       ValueError);
  CHECK_THROWS_AS(pooling(h, {5, 4}), ValueError);
  CHECK_THROWS_AS(pooling(rowgrad::ones({0, 2, 3})), ValueError);
}

TEST_CASE("AttentionPooling: sizes below 1") {
  CHECK_THROWS_WITH_AS(rowgrad::nn::AttentionPooling<float>(0),
                       "AttentionPooling: input_size must be at least 1, got 0", rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::nn::AttentionPooling<float>(-2), rowgrad::ValueError);
  CHECK_THROWS_WITH_AS(rowgrad::nn::AttentionPooling<float>(3, {.attention_size = 0}),
                       "AttentionPooling: attention_size must be at least 1, got 0", rowgrad::ValueError);
}
