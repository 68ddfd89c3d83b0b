#include <rowgrad/nn/conv1d.hpp>

#include "layers.hpp"

using rowgrad::Shape;
using rowgrad::ShapeError;
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
