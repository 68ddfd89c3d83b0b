// What: Bilinear, a^T W b + bias.
// Why:  it holds weight and bias; functional/bilinear.hpp does the work.
// See:  functional/bilinear.hpp; linear.hpp; PyTorch torch.nn.Bilinear.
#pragma once

#include <rowgrad/core/check.hpp>
#include <rowgrad/functional/bilinear.hpp>
#include <rowgrad/nn/linear.hpp>

namespace rowgrad::nn {

/// Weight (out, in1, in2) and bias (out), drawn uniformly from +-1/sqrt(in1) in PyTorch's order. PyTorch:
/// torch.nn.Bilinear.
template <typename T>
class Bilinear : public Module<T> {
 public:
  Parameter<T> weight;  // (out_features, in1_features, in2_features)
  Parameter<T> bias;    // (out_features), or undefined

  /// ValueError for an in1_features below 1.
  Bilinear(Index in1_features, Index in2_features, Index out_features, LinearOptions options = {}) {
    detail::expect_at_least("Bilinear", "in1_features", in1_features, 1);
    weight = Parameter<T>(empty<T>(Shape{out_features, in1_features, in2_features}));
    const T bound = static_cast<T>(1 / std::sqrt(static_cast<double>(in1_features)));
    init::uniform_(weight, -bound, bound);
    if (!options.bias) return;
    bias = Parameter<T>(empty<T>(Shape{out_features}));
    init::uniform_(bias, -bound, bound);
  }

  /// (..., in1_features) and (..., in2_features) to (..., out_features). ShapeError when sizes differ.
  Tensor<T> forward(const Tensor<T>& a, const Tensor<T>& b) const { return bilinear<T>(a, b, weight, bias); }
  Tensor<T> operator()(const Tensor<T>& a, const Tensor<T>& b) const { return forward(a, b); }

  void members(Members<T>& m) override { m("weight", weight)("bias", bias); }
  std::string extra_repr() const override {
    return detail::concat("in1_features=", weight.size_or_zero(1), ", in2_features=", weight.size_or_zero(2),
                          ", out_features=", weight.size_or_zero(0), ", bias=", bias.defined() ? "True" : "False");
  }
};

}  // namespace rowgrad::nn
