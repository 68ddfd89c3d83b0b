// What: runs an attention layer on the inputs of golden/make_attention_conv.py and compares results and gradients.
// Why:  attention returns two tensors, and gradients come in through both.
// See:  golden/make_attention_conv.py (attention); layers.hpp for layers with one result.
#pragma once

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>

#include "layers.hpp"

namespace attention_cases {

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::Tensor;

/// call(layer, inputs, case) is the layer's AttentionResult.
template <typename T, typename Layer, typename Call>
void expect_golden(const golden::Case& c, Layer layer, const std::vector<Shape>& shapes, const Call& call) {
  CAPTURE(c.name);
  CAPTURE(c.dtype);
  const golden::Tolerance tolerance =
      std::is_same_v<T, float> ? golden::Tolerance{1e-4, 1e-5} : golden::Tolerance{1e-10, 1e-12};
  Index step = 10;
  for (const Tensor<T>& p : layer.parameters())
    p.array() = (layers::formula(p.shape(), step++).array() / 4).template cast<T>();
  std::vector<Tensor<T>> x;
  for (const Shape& shape : shapes)
    x.push_back(layers::formula(shape, 1 + static_cast<Index>(x.size())).to<T>().requires_grad_());
  const auto [y, weights] = call(layer, x, c);
  CHECK(golden::difference(y, c.tensor<T>("y"), tolerance) == "");
  CHECK(weights.defined() == c.has("weights"));
  Tensor<T> loss = (y * layers::formula(y.shape(), 5).template to<T>()).sum();
  if (weights.defined()) {
    CHECK(golden::difference(weights, c.tensor<T>("weights"), tolerance) == "");
    loss = loss + (weights * layers::formula(weights.shape(), 6).template to<T>()).sum();
  }
  loss.backward();
  const auto check = [&](const std::string& key, const Tensor<T>& leaf) {
    CAPTURE(key);
    REQUIRE(leaf.grad().defined());
    CHECK(golden::difference(leaf.grad().dense(), c.tensor<T>("d" + key), tolerance) == "");
  };
  for (std::size_t i = 0; i < x.size(); ++i) check(x.size() == 1 ? "x" : std::string(1, "qkv"[i]), x[i]);
  for (const auto& [name, p] : layer.named_parameters()) check(name, p);
}

/// Every case of that name, in its type.
template <typename Make, typename Call>
void expect_golden(const std::string& name, const Make& make, const std::vector<Shape>& shapes, const Call& call) {
  int found = 0;
  for (const golden::Case& c : golden::read("nn_attention")) {
    if (c.name != name) continue;
    ++found;
    if (c.dtype == "float32")
      expect_golden<float>(c, make(float()), shapes, call);
    else
      expect_golden<double>(c, make(double()), shapes, call);
  }
  CHECK_MESSAGE(found > 0, name);
}

}  // namespace attention_cases
