// What: Dropout, Dropout1d and Dropout2d as layers.
// Why:  they are active while the model trains and do nothing in eval mode.
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

/// While training, each channel, a line along the last dimension of (N, C, L) or (C, L), becomes 0 with probability p,
/// else x / (1 - p). ValueError for p outside [0, 1]. PyTorch: torch.nn.Dropout1d.
template <typename T>
class Dropout1d : public Module<T> {
 public:
  explicit Dropout1d(double p = 0.5) : p_(p) { detail::expect_probability("Dropout1d", "p", p); }

  Tensor<T> forward(const Tensor<T>& x) const { return dropout1d(x, p_, this->training()); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  std::string extra_repr() const override { return "p=" + detail::python_float(p_) + ", inplace=False"; }

 private:
  double p_;
};

/// While training, each channel, (H, W) of (N, C, H, W), becomes 0 with probability p, else x / (1 - p).
/// ValueError for p outside [0, 1]. PyTorch: torch.nn.Dropout2d.
template <typename T>
class Dropout2d : public Module<T> {
 public:
  explicit Dropout2d(double p = 0.5) : p_(p) { detail::expect_probability("Dropout2d", "p", p); }

  Tensor<T> forward(const Tensor<T>& x) const { return dropout2d(x, p_, this->training()); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  std::string extra_repr() const override { return "p=" + detail::python_float(p_) + ", inplace=False"; }

 private:
  double p_;
};

}  // namespace rowgrad::nn
