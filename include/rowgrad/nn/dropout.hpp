// What: Dropout as a layer.
// Why:  it is active while the model trains and does nothing in eval mode.
// See:  functional/dropout.hpp; PyTorch torch.nn.Dropout.
#pragma once

#include <rowgrad/functional/dropout.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// While training, each value becomes 0 with probability p, else x / (1 - p). ValueError for p outside [0, 1].
template <typename T>
class Dropout : public Module<T> {
 public:
  explicit Dropout(double p = 0.5) : p_(p) { detail::expect_probability("Dropout", "p", p); }

  Tensor<T> forward(const Tensor<T>& x) const { return dropout(x, p_, this->training()); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  std::string extra_repr() const override { return "p=" + detail::python_float(p_) + ", inplace=False"; }

 private:
  double p_;
};

}  // namespace rowgrad::nn
