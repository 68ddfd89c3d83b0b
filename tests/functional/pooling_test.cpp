#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/functional/extremes.hpp>
#include <rowgrad/functional/pooling.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::MaxPool1dOptions;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
golden::Table<T> functions() {
  golden::Table<T> table;
  for (const Index size : {1, 2, 3, 7, 9})
    table["adaptive_" + std::to_string(size)] = [size](const golden::Inputs<T>& x) {
      return adaptive_max_pool1d(x[0], size);
    };
  const std::map<std::string, MaxPool1dOptions> options = {
      {"", {}},
      {"_stride", {.stride = 1}},
      {"_padding", {.padding = 1}},
      {"_dilation", {.dilation = 2}},
      {"_ceil", {.stride = 2, .ceil_mode = true}},
      {"_ceil_cut", {.stride = 3, .padding = 1, .ceil_mode = true}},
      {"_everything", {.stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true}},
  };
  for (const auto& [name, o] : options)
    table["max_pool1d" + name] = [o = o](const golden::Inputs<T>& x) { return max_pool1d(x[0], 3, o); };
  return table;
}

}  // namespace

TEST_CASE("max_pool1d, adaptive_max_pool1d: PyTorch's results and gradients") {
  golden::check<double>("functional_pooling", functions<double>());
  golden::check<float>("functional_pooling", functions<float>());
}

TEST_CASE("adaptive_max_pool1d of size 1 is the maximum over time") {
  rowgrad::Generator generator(2);
  const Tensor<float> x = rowgrad::randn({3, 4, 9}, generator);
  CHECK(adaptive_max_pool1d(x, 1).to_vector() == max(x, 2).values.to_vector());
  CHECK(adaptive_max_pool1d(rowgrad::ones({0, 4, 9}), 1).shape() == Shape{0, 4, 1});
  CHECK(max_pool1d(x, 9).to_vector() == max(x, 2).values.to_vector());
}

TEST_CASE("max_pool1d, adaptive_max_pool1d: errors") {
  const Tensor<float> x = rowgrad::ones({2, 3, 4});
  CHECK_THROWS_WITH_AS(adaptive_max_pool1d(rowgrad::ones({2, 3, 0}), 1),
                       "adaptive_max_pool1d: expected an input (N, C, L) or (C, L) with L > 0, got (2, 3, 0)",
                       ShapeError);
  CHECK_THROWS_AS(adaptive_max_pool1d(rowgrad::ones({3}), 1), ShapeError);
  CHECK_THROWS_AS(adaptive_max_pool1d(rowgrad::ones({1, 2, 3, 4}), 1), ShapeError);
  CHECK_THROWS_WITH_AS(adaptive_max_pool1d(x, 0), "adaptive_max_pool1d: output_size must be at least 1, got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(max_pool1d(x, 5),
                       "max_pool1d: a window of 5 steps is longer than the input, which has 4 with its padding",
                       ShapeError);
  CHECK_THROWS_AS(max_pool1d(rowgrad::ones({}), 1), ShapeError);
  CHECK_THROWS_AS(max_pool1d(x, 0), ValueError);
  CHECK_THROWS_AS(max_pool1d(x, 2, {.stride = 0}), ValueError);
  CHECK_THROWS_AS(max_pool1d(x, 2, {.padding = -1}), ValueError);
  CHECK_THROWS_AS(max_pool1d(x, 2, {.padding = 2}), ValueError);
  CHECK_THROWS_AS(max_pool1d(x, 2, {.dilation = 0}), ValueError);
  CHECK_THROWS_WITH_AS(max_pool1d(rowgrad::ones({1, 1}), 2, {.padding = 1, .dilation = 2}),
                       "max_pool1d: window 0 sees nothing but padding", ValueError);
}

TEST_CASE("max_pool1d: options as large as an Index can hold") {
  constexpr Index huge = Index{1} << 62, largest = std::numeric_limits<Index>::max();
  const Tensor<float> x = Tensor<float>{{1, 3, 2, 0}}.requires_grad_();
  for (const Index size : {huge, largest}) {
    CAPTURE(size);
    CHECK_THROWS_AS(max_pool1d(x, 2, {.dilation = size}), ShapeError);
    CHECK_THROWS_AS(max_pool1d(x, size), ShapeError);
    CHECK_THROWS_AS(max_pool1d(x, size, {.stride = size, .dilation = size, .ceil_mode = true}), ShapeError);
    CHECK_THROWS_AS(max_pool1d(x, size, {.padding = size / 2}), ValueError);
    CHECK(max_pool1d(x, 1, {.dilation = size}).to_vector() == x.to_vector());
    CHECK(max_pool1d(x, 2, {.stride = size}).to_vector() == std::vector<float>{3});
    CHECK(max_pool1d(x, 2, {.stride = size, .ceil_mode = true}).to_vector() == std::vector<float>{3});
  }
}
