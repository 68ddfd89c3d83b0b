// What: runs a layer on the inputs of golden/make_nn.py and compares results, gradients and its printed form.
// Why:  the tests of all layers need it.
// See:  golden/make_nn.py (layers), golden/make_attention_conv.py.
#pragma once

#include <doctest/doctest.h>

#include <rowgrad/nn/module.hpp>
#include <support/golden.hpp>

namespace layers {

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::Tensor;

inline Tensor<double> formula(const Shape& shape, Index step = 1) {
  Tensor<double> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<double>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / 512;
  return x;
}

/// Result, gradients of the input and of all parameters, and what is printed must be PyTorch's.
template <typename Layer>
void expect_golden(const std::string& name, Layer layer, const Shape& shape, const std::string& file = "nn_layers") {
  CAPTURE(name);
  const golden::Case c = golden::find(file, name);
  Index step = 10;
  for (const Tensor<double>& p : layer.parameters()) p.array() = formula(p.shape(), step++).array();
  const Tensor<double> x = formula(shape).requires_grad_();
  const Tensor<double> y = layer(x);
  CHECK(golden::difference(y, c.tensor<double>("y")) == "");
  y.backward(formula(y.shape(), 5));
  CHECK(golden::difference(x.grad().to_dense(), c.tensor<double>("dx")) == "");
  std::size_t gradients = 0;
  for (const auto& named : layer.named_parameters()) {
    const std::string& key = named.name;
    CAPTURE(key);
    CHECK(golden::difference(named.parameter.grad().dense(), c.tensor<double>("d" + key)) == "");
    ++gradients;
  }
  CHECK(c.tensors.size() == gradients + 2);
  CHECK(layer.to_string() == c.text("printed"));
}

/// Initial parameters after manual_seed(1), in both types.
template <typename MakeFloat, typename MakeDouble>
void expect_initial(const std::string& name, const MakeFloat& make_float, const MakeDouble& make_double,
                    const std::string& file = "nn_init") {
  CAPTURE(name);
  const auto compare = [](const auto& layer, const golden::Case& c) {
    std::size_t count = 0;
    for (const auto& [key, p] : layer.named_parameters()) {
      using T = typename std::decay_t<decltype(p)>::Scalar;
      CHECK(golden::difference<T>(p, c.tensor<T>(key), {0, 0}) == "");
      ++count;
    }
    CHECK(count == c.tensors.size());
  };
  int found = 0;
  for (const golden::Case& c : golden::read(file)) {
    if (c.name != name) continue;
    ++found;
    rowgrad::manual_seed(1);
    if (c.dtype == "float32")
      compare(make_float(), c);
    else
      compare(make_double(), c);
  }
  CHECK(found == 2);
}

}  // namespace layers
