// What: relu's relatives, as layers.
// Why:  for Sequential and for printed models; in a forward function the free functions read as well.
// See:  functional/rectifiers.hpp; activation.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/rectifiers.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// PyTorch: torch.nn.LeakyReLU.
template <typename T>
class LeakyReLU : public Module<T> {
 public:
  explicit LeakyReLU(double negative_slope = 0.01) : slope_(negative_slope) {}
  Tensor<T> forward(const Tensor<T>& x) const { return leaky_relu(x, slope_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return "negative_slope=" + detail::python_float(slope_); }

 private:
  double slope_;
};

/// PyTorch: torch.nn.ELU.
template <typename T>
class ELU : public Module<T> {
 public:
  explicit ELU(double alpha = 1) : alpha_(alpha) {}
  Tensor<T> forward(const Tensor<T>& x) const { return elu(x, alpha_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return "alpha=" + detail::python_float(alpha_); }

 private:
  double alpha_;
};

/// PyTorch: torch.nn.SELU.
template <typename T>
class SELU : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return selu(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.CELU.
template <typename T>
class CELU : public Module<T> {
 public:
  explicit CELU(double alpha = 1) : alpha_(alpha) {}
  Tensor<T> forward(const Tensor<T>& x) const { return celu(x, alpha_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return "alpha=" + detail::python_float(alpha_); }

 private:
  double alpha_;
};

/// PyTorch: torch.nn.ReLU6.
template <typename T>
class ReLU6 : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return relu6(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Hardtanh.
template <typename T>
class Hardtanh : public Module<T> {
 public:
  explicit Hardtanh(double min_val = -1, double max_val = 1) : min_(min_val), max_(max_val) {}
  Tensor<T> forward(const Tensor<T>& x) const { return hardtanh(x, min_, max_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override {
    return detail::concat("min_val=", detail::python_float(min_), ", max_val=", detail::python_float(max_));
  }

 private:
  double min_, max_;
};

/// PyTorch: torch.nn.Hardsigmoid.
template <typename T>
class Hardsigmoid : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return hardsigmoid(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Hardswish.
template <typename T>
class Hardswish : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return hardswish(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// A slope for values below 0 that is trained: one, or one for each of num_parameters channels, dimension 1. PyTorch:
/// torch.nn.PReLU.
template <typename T>
class PReLU : public Module<T> {
 public:
  Parameter<T> weight;  // (num_parameters)

  explicit PReLU(Index num_parameters = 1, double init = 0.25)
      : weight(full<T>(Shape{num_parameters}, static_cast<T>(init))) {}
  Tensor<T> forward(const Tensor<T>& x) const { return prelu<T>(x, weight); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  void members(Members<T>& m) override { m("weight", weight); }
  std::string extra_repr() const override { return detail::concat("num_parameters=", weight.size_or_zero(0)); }
};

}  // namespace rowgrad::nn
