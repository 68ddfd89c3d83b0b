#include <doctest/doctest.h>

#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/multihead_attention.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::Tensor;

// That recurrent layers draw PyTorch's numbers is checked with their other golden cases, in recurrent_test.cpp.

namespace {

template <typename T>
Tensor<T> formula(const Shape& shape, Index step) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / 512;
  return x;
}

template <typename T>
void check_attention() {
  int cases = 0;
  for (const golden::Case& c : golden::read("nn_dropout")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    ++cases;
    const bool batch_first = c.name == "attention@batch_first";
    rowgrad::nn::MultiheadAttention<T> attention(4, 2, {.dropout = 0.4, .batch_first = batch_first});
    Index step = 10;
    for (const Tensor<T>& p : attention.parameters()) p.array() = formula<T>(p.shape(), step++).array() / 4;
    const Shape shape = batch_first ? Shape{2, 3, 4} : Shape{3, 2, 4};
    rowgrad::manual_seed(7);
    const auto [y, weights] =
        attention(formula<T>(shape, 1), formula<T>(shape, 2), formula<T>(shape, 3),
                  {.need_weights = c.has("weights"), .average_attn_weights = c.name != "attention@batch_first"});
    CHECK(golden::difference(y, c.tensor<T>("y")) == "");
    if (c.has("weights")) CHECK(golden::difference(weights, c.tensor<T>("weights")) == "");
    CHECK(rowgrad::default_generator().below(1 << 24) == c.tensor<Index>("next").item());
  }
  CHECK(cases > 0);
}

}  // namespace

TEST_CASE("MultiheadAttention: dropout of the weights is PyTorch's, value by value") {
  check_attention<float>();
  check_attention<double>();
}

TEST_CASE("Dropout: the numbers that dropout() draws") {
  const Tensor<float> x = rowgrad::ones<float>({3, 5});
  rowgrad::manual_seed(9);
  const auto layer = rowgrad::nn::Dropout<float>(0.3)(x).to_vector();
  rowgrad::manual_seed(9);
  CHECK(rowgrad::dropout(x, 0.3).to_vector() == layer);
}
