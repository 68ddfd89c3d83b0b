// What: LayerNorm as a layer.
// Why:  it holds weight and bias; functional/layer_norm.hpp does the work.
// See:  functional/layer_norm.hpp; PyTorch torch.nn.LayerNorm.
#pragma once

#include <rowgrad/functional/layer_norm.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;  // whether there is a weight and a bias
  bool bias = true;
};

/// Normalises over the last dimensions, of the given shape; weight starts at 1, bias at 0. ValueError for an
/// eps that is negative or not finite. PyTorch: torch.nn.LayerNorm.
template <typename T>
class LayerNorm : public Module<T> {
 public:
  Parameter<T> weight, bias;  // of normalized_shape, or undefined

  explicit LayerNorm(const Shape& normalized_shape, LayerNormOptions options = {})
      : normalized_shape_(normalized_shape), options_(options) {
    if (normalized_shape.rank() == 0) throw ShapeError("LayerNorm: normalized_shape needs at least one dimension");
    detail::expect_eps("LayerNorm", options.eps, std::numeric_limits<T>::max());
    if (!options.elementwise_affine) return;
    weight = Parameter<T>(ones<T>(normalized_shape));
    if (options.bias) bias = Parameter<T>(zeros<T>(normalized_shape));
  }
  explicit LayerNorm(Index size, LayerNormOptions options = {}) : LayerNorm(Shape{size}, options) {}

  Tensor<T> forward(const Tensor<T>& x) const {
    if (options_.elementwise_affine && !weight.defined())
      throw ValueError("LayerNorm: this layer has no weight (was it moved from?)");
    return layer_norm<T>(x, normalized_shape_, weight, bias, options_.eps);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void members(Members<T>& m) override { m("weight", weight)("bias", bias); }
  std::string extra_repr() const override {
    return detail::concat(normalized_shape_, ", eps=", detail::python_float(options_.eps),
                          ", elementwise_affine=", options_.elementwise_affine ? "True" : "False",
                          ", bias=", bias.defined() ? "True" : "False");
  }

 private:
  Shape normalized_shape_;
  LayerNormOptions options_;
};

}  // namespace rowgrad::nn
