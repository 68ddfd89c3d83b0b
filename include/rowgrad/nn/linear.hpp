// What: Linear, x W^T + b.
// Why:  the fully connected layer; functional/matmul.hpp does the work.
// See:  functional/matmul.hpp (linear); PyTorch torch.nn.Linear.
#pragma once

#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/nn/init.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

struct LinearOptions {
  bool bias = true;
};

/// Weight (out, in) and bias (out), drawn uniformly from +-1/sqrt(in) in PyTorch's order. PyTorch: torch.nn.Linear.
template <typename T>
class Linear : public Module<T> {
 public:
  Parameter<T> weight;  // (out_features, in_features)
  Parameter<T> bias;    // (out_features), or undefined

  Linear(Index in_features, Index out_features, LinearOptions options = {});

  /// (..., in_features) to (..., out_features). ShapeError when the last size differs.
  Tensor<T> forward(const Tensor<T>& x) const;
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  /// 0 for a layer that was moved from.
  Index in_features() const noexcept { return weight.size_or_zero(1); }
  Index out_features() const noexcept { return weight.size_or_zero(0); }

  void members(Members<T>& m) override;
  std::string extra_repr() const override;
};

template <typename T>
Linear<T>::Linear(Index in_features, Index out_features, LinearOptions options)
    : weight(empty<T>(Shape{out_features, in_features})) {
  init::kaiming_uniform_(weight, std::sqrt(5.0));
  if (!options.bias) return;
  bias = Parameter<T>(empty<T>(Shape{out_features}));
  const T bound = in_features > 0 ? static_cast<T>(1 / std::sqrt(static_cast<double>(in_features))) : T(0);
  init::uniform_(bias, -bound, bound);
}

template <typename T>
Tensor<T> Linear<T>::forward(const Tensor<T>& x) const {
  return linear<T>(x, weight, bias);
}

template <typename T>
void Linear<T>::members(Members<T>& m) {
  m("weight", weight)("bias", bias);
}

template <typename T>
std::string Linear<T>::extra_repr() const {
  return detail::concat("in_features=", in_features(), ", out_features=", out_features(),
                        ", bias=", bias.defined() ? "True" : "False");
}

}  // namespace rowgrad::nn
