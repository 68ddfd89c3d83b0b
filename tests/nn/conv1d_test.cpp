#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/pooling.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/conv1d.hpp>
#include <rowgrad/nn/embedding.hpp>

#include "layers.hpp"

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::nn::Conv1d;

TEST_CASE("Conv1d: PyTorch's weights after the same manual_seed, weight before bias") {
  const auto expect = [](const char* name, auto make) {
    layers::expect_initial(
        name, [&] { return make(float()); }, [&] { return make(double()); }, "nn_conv1d");
  };
  expect("initial@", [](auto t) { return Conv1d<decltype(t)>(3, 4, 2); });
  expect("initial@groups", [](auto t) { return Conv1d<decltype(t)>(4, 6, 3, {.groups = 2}); });
  expect("initial@no_bias", [](auto t) { return Conv1d<decltype(t)>(2, 2, 5, {.bias = false}); });
}

TEST_CASE("Conv1d: PyTorch's results, gradients and printed form") {
  const auto expect = [](const char* name, const Conv1d<double>& layer, const Shape& shape) {
    layers::expect_golden(name, layer, shape, "nn_conv1d");
  };
  expect("conv1d@", {3, 4, 2}, {2, 3, 5});
  expect("conv1d@no_batch", {3, 4, 2}, {3, 5});
  expect("conv1d@no_bias", {3, 4, 2, {.bias = false}}, {2, 3, 5});
  expect("conv1d@options", {4, 2, 3, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2}}, {2, 4, 6});
  expect("conv1d@some", {4, 2, 3, {.padding = 2, .groups = 2, .bias = false}}, {4, 6});
}

TEST_CASE("Conv1d: the features of a text do not depend on the padding of its batch") {
  rowgrad::manual_seed(5);
  const rowgrad::nn::Embedding<float> embedding(10, 4, {.padding_idx = 0});
  const Conv1d<float> conv(4, 6, 3, {.padding = 1});
  const Indices ids{{3, 9, 2, 4, 4}, {7, 0, 0, 0, 0}, {0, 0, 5, 1, 8}};
  const auto features = [&](const Indices& texts) {
    const Tensor<float> h = relu(conv(embedding(texts).transpose(1, 2)));
    return adaptive_max_pool1d(masked_fill(h, rowgrad::eq(texts, 0).unsqueeze(1), 0), 1).squeeze(-1);
  };
  const Tensor<float> batch = features(ids);
  CHECK(batch.shape() == Shape{3, 6});
  CHECK(golden::difference(batch[1], features({{7}})[0]) == "");
  CHECK(golden::difference(batch[2], features({{5, 1, 8}})[0]) == "");
  const Tensor<float> h = relu(conv(embedding(ids).transpose(1, 2)));
  const Indices mask = rowgrad::padding_mask({5, 1, 5}, 5).unsqueeze(1);
  CHECK(adaptive_max_pool1d(masked_fill(h, mask, 0), 1)[1].to_vector() == batch[1].to_vector());
}

TEST_CASE("Conv1d: parameters and errors") {
  const Conv1d<float> conv(4, 6, 3, {.groups = 2});
  CHECK(conv.in_channels() == 4);
  CHECK(conv.out_channels() == 6);
  CHECK(conv.kernel_size() == 3);
  CHECK(conv.parameter_count() == 6 * 2 * 3 + 6);
  CHECK(conv.to_string() == "Conv1d(4, 6, kernel_size=(3,), stride=(1,), groups=2)");
  CHECK_THROWS_AS(conv(rowgrad::ones({2, 5, 8})), ShapeError);
  CHECK_THROWS_WITH_AS(Conv1d<float>(5, 4, 3, {.groups = 2}),
                       "Conv1d: 5 and 4 channels do not both divide by groups = 2", ValueError);
  CHECK_THROWS_AS(Conv1d<float>(4, 5, 3, {.groups = 2}), ValueError);
  CHECK_THROWS_AS(Conv1d<float>(4, 4, 0), ValueError);
  CHECK_THROWS_AS(Conv1d<float>(4, 4, 3, {.stride = 0}), ValueError);
  CHECK_THROWS_AS(Conv1d<float>(4, 4, 3, {.padding = -1}), ValueError);
  CHECK_THROWS_AS(Conv1d<float>(4, 4, 3, {.dilation = 0}), ValueError);
  CHECK_THROWS_AS(Conv1d<float>(4, 4, 3, {.groups = 0}), ValueError);
  CHECK_THROWS_AS(Conv1d<float>(-4, 4, 3), ShapeError);
}
