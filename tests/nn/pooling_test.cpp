#include <rowgrad/nn/pooling.hpp>

#include "layers.hpp"

using rowgrad::nn::AdaptiveMaxPool1d;
using rowgrad::nn::MaxPool1d;

TEST_CASE("MaxPool1d, AdaptiveMaxPool1d: PyTorch's results, gradients and printed form") {
  layers::expect_golden("max_pool1d@", MaxPool1d<double>(3), {2, 2, 7}, "nn_conv1d");
  layers::expect_golden("max_pool1d@options",
                        MaxPool1d<double>(3, {.stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true}), {2, 2, 8},
                        "nn_conv1d");
  layers::expect_golden("adaptive_max_pool1d@", AdaptiveMaxPool1d<double>(1), {2, 3, 5}, "nn_conv1d");
  layers::expect_golden("adaptive_max_pool1d@3", AdaptiveMaxPool1d<double>(3), {2, 5}, "nn_conv1d");
}
