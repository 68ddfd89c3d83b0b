#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include <rowgrad/core/threads.hpp>
#include <rowgrad/functional/conv1d.hpp>
#include <rowgrad/functional/reduce.hpp>

#include <support/golden.hpp>

using rowgrad::Conv1dOptions;
using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
golden::Table<T> functions() {
  const auto with = [](Conv1dOptions options) {
    return [options](const golden::Inputs<T>& x) {
      return conv1d(x[0], x[1], x.size() > 2 ? x[2] : Tensor<T>(), options);
    };
  };
  return {
      {"conv1d", with({})},
      {"conv1d_stride", with({.stride = 2})},
      {"conv1d_stride_large", with({.stride = 9})},
      {"conv1d_padding", with({.padding = 2})},
      {"conv1d_padding_large", with({.padding = 5})},
      {"conv1d_dilation", with({.dilation = 3})},
      {"conv1d_stride_padding", with({.stride = 3, .padding = 1})},
      {"conv1d_stride_padding_dilation", with({.stride = 2, .padding = 3, .dilation = 2})},
      {"conv1d_groups", with({.groups = 2})},
      {"conv1d_everything", with({.stride = 2, .padding = 2, .dilation = 2, .groups = 3})},
  };
}

// The sum as it is written in the docstring.
double element(const Tensor<double>& x, const Tensor<double>& w, const Conv1dOptions& o, Index n, Index out, Index t) {
  const Index in = w.shape()[1], kernel = w.shape()[2], length = x.shape()[2];
  const Index first = out / (w.shape()[0] / o.groups) * in;
  double sum = 0;
  for (Index c = 0; c < in; ++c)
    for (Index k = 0; k < kernel; ++k) {
      const Index at = t * o.stride + k * o.dilation - o.padding.count();
      if (at >= 0 && at < length)
        sum += w.data()[(out * in + c) * kernel + k] * x.data()[(n * x.shape()[1] + first + c) * length + at];
    }
  return sum;
}

bool same_bits(const Tensor<float>& a, const Tensor<float>& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.numel()) * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("conv1d: PyTorch's results and gradients") {
  golden::check<double>("functional_conv1d", functions<double>());
  golden::check<float>("functional_conv1d", functions<float>(), {1e-5, 1e-5});
}

TEST_CASE("conv1d: the sum over channels and windows, for every combination of small options") {
  rowgrad::Generator generator(3);
  const Tensor<double> x = rowgrad::randn<double>({2, 4, 6}, generator);
  for (Index kernel = 1; kernel <= 3; ++kernel)
    for (Index stride = 1; stride <= 3; ++stride)
      for (Index padding = 0; padding <= 3; ++padding)
        for (Index dilation = 1; dilation <= 3; ++dilation)
          for (const Index groups : {1, 2, 4}) {
            const Conv1dOptions options{stride, padding, dilation, groups};
            const Index reach = dilation * (kernel - 1) + 1;
            if (reach > 6 + 2 * padding) continue;
            const Tensor<double> w = rowgrad::randn<double>({4, 4 / groups, kernel}, generator);
            const Tensor<double> y = conv1d(x, w, {}, options);
            REQUIRE(y.shape() == Shape{2, 4, (6 + 2 * padding - reach) / stride + 1});
            double largest = 0;
            const Index steps = y.shape()[2];
            for (Index i = 0; i < y.numel(); ++i) {
              const double expected = element(x, w, options, i / (4 * steps), i / steps % 4, i % steps);
              largest = std::max(largest, std::abs(y.data()[i] - expected));
            }
            CHECK(largest < 1e-13);
          }
}

TEST_CASE("conv1d: the bits do not depend on the number of threads") {
  rowgrad::Generator generator(5);
  const Tensor<float> x = rowgrad::randn({9, 60, 30}, generator).requires_grad_();
  const Tensor<float> w = rowgrad::randn({70, 60, 4}, generator).requires_grad_();
  const Tensor<float> b = rowgrad::randn({70}, generator).requires_grad_();
  const Tensor<float> seed = rowgrad::randn({9, 70, 27}, generator);
  const int before = rowgrad::get_num_threads();
  std::vector<Tensor<float>> first;
  for (const int threads : {1, 2, 3}) {
    rowgrad::set_num_threads(threads);
    const Tensor<float> y = conv1d(x, w, b);
    for (const auto& leaf : {x, w, b}) leaf.grad().reset();
    y.backward(seed);
    const std::vector<Tensor<float>> results{y, x.grad().dense(), w.grad().dense(), b.grad().dense()};
    if (first.empty())
      for (const auto& result : results) first.push_back(result.clone());
    for (std::size_t i = 0; i < results.size(); ++i) CHECK(same_bits(results[i], first[i]));
  }
  rowgrad::set_num_threads(before);
}

TEST_CASE("conv1d: a filter of zeros and one shifts the sequence") {
  const Tensor<float> x{{1, 2, 3, 4}}, w{{{0, 0, 1}}};
  CHECK(conv1d(x, w, {}, {.padding = 1}).to_vector() == std::vector<float>{2, 3, 4, 0});
  CHECK(conv1d(x, w, {0.5F}, {.stride = 2, .padding = 2}).to_vector() == std::vector<float>{1.5, 3.5, 0.5});
}

TEST_CASE("conv1d: errors say which sizes do not fit") {
  const Tensor<float> x = rowgrad::ones({2, 4, 3}), w = rowgrad::ones({6, 4, 5});
  CHECK_THROWS_WITH_AS(conv1d(x, w),
                       "conv1d: a filter that reaches over 5 steps is longer than the input, which has 3 with its "
                       "padding (pad texts to at least as many tokens, or pass padding)",
                       ShapeError);
  CHECK_THROWS_AS(conv1d(x, rowgrad::ones({6, 4, 2}), {}, {.dilation = 3}), ShapeError);
  CHECK(conv1d(x, w, {}, {.padding = 1}).shape() == Shape{2, 6, 1});
  CHECK_THROWS_WITH_AS(conv1d(rowgrad::ones({2, 3, 8}), w),
                       "conv1d: a weight (6, 4, 5) with groups = 1 needs an input (N, 4, L) or (4, L), got (2, 3, 8) "
                       "(after embedding(), transpose(1, 2) puts channels before time)",
                       ShapeError);
  CHECK_THROWS_AS(conv1d(rowgrad::ones({4}), w), ShapeError);
  CHECK_THROWS_AS(conv1d(rowgrad::ones({}), w), ShapeError);
  CHECK_THROWS_AS(conv1d(rowgrad::ones({1, 2, 4, 8}), w), ShapeError);
  CHECK_THROWS_AS(conv1d(rowgrad::ones({2, 4, 8}), w, {}, {.groups = 2}), ShapeError);
  CHECK_THROWS_AS(conv1d(rowgrad::ones({2, 16, 8}), w, {}, {.groups = 4}), ShapeError);
  CHECK_THROWS_AS(conv1d(x, rowgrad::ones({6, 4})), ShapeError);
  CHECK_THROWS_AS(conv1d(x, rowgrad::ones({6, 4, 0})), ShapeError);
  CHECK_THROWS_AS(conv1d(x, rowgrad::ones({6, 4, 2}), rowgrad::ones({4})), ShapeError);
  CHECK_THROWS_WITH_AS(conv1d(x, w, {}, {.stride = 0}), "conv1d: stride must be at least 1, got 0", ValueError);
  CHECK_THROWS_AS(conv1d(x, w, {}, {.padding = -1}), ValueError);
  CHECK_THROWS_AS(conv1d(x, w, {}, {.dilation = 0}), ValueError);
  CHECK_THROWS_AS(conv1d(x, w, {}, {.groups = 0}), ValueError);
}

TEST_CASE("conv1d: options as large as an Index can hold") {
  constexpr Index huge = Index{1} << 62, largest = std::numeric_limits<Index>::max();
  const Tensor<float> x = rowgrad::ones({1, 2, 5}), weight = rowgrad::ones({2, 2, 3});
  for (const Index size : {huge, largest}) {
    CAPTURE(size);
    CHECK_THROWS_AS(conv1d(x, weight, {}, {.groups = size}), ShapeError);
    CHECK_THROWS_AS(conv1d(x, rowgrad::ones({0, 2, 3}), {}, {.groups = size}), ShapeError);
    CHECK_THROWS_AS(conv1d(rowgrad::ones({1, 0, 5}), rowgrad::ones({0, 0, 3}), {}, {.groups = size}), ShapeError);
    CHECK_THROWS_AS(conv1d(rowgrad::ones({size, 0, 5}), rowgrad::ones({0, 0, 3})), ShapeError);
    CHECK_THROWS_AS(conv1d(x, weight, {}, {.dilation = size}), ShapeError);
    CHECK_THROWS_AS(conv1d(x, weight, {}, {.padding = size}), ValueError);
    CHECK(conv1d(x, weight, {}, {.stride = size}).to_vector() == std::vector<float>{6, 6});
    CHECK(conv1d(x, rowgrad::ones({1, 2, 1}), {}, {.dilation = size}).to_vector() == std::vector<float>(5, 2));
  }
}

TEST_CASE("conv1d: the gradient of a weight that a million samples went through keeps its digits") {
  constexpr Index n = 1'000'000;
  auto weight = rowgrad::ones({1, 1, 1});
  weight.requires_grad_();
  conv1d(rowgrad::full<float>({n, 1, 1}, 0.1F), weight).sum().backward();
  CHECK(weight.grad().dense().item() == doctest::Approx(static_cast<double>(n) * 0.1).epsilon(1e-5));
}
