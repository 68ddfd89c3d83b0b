// What: SiLU, Mish, Softplus, Softsign, Tanhshrink, GLU, Softmin, as layers.
// Why:  for Sequential and for printed models; in a forward function the free functions read as well.
// See:  functional/smooth_activation.hpp; activation.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/smooth_activation.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// PyTorch: torch.nn.SiLU.
template <typename T>
class SiLU : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return silu(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Mish.
template <typename T>
class Mish : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return mish(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Softplus.
template <typename T>
class Softplus : public Module<T> {
 public:
  explicit Softplus(double beta = 1, double threshold = 20) : beta_(beta), threshold_(threshold) {}
  Tensor<T> forward(const Tensor<T>& x) const { return softplus(x, beta_, threshold_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override {
    return detail::concat("beta=", detail::python_float(beta_), ", threshold=", detail::python_float(threshold_));
  }

 private:
  double beta_, threshold_;
};

/// PyTorch: torch.nn.Softsign.
template <typename T>
class Softsign : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return softsign(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Tanhshrink.
template <typename T>
class Tanhshrink : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return tanhshrink(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.GLU.
template <typename T>
class GLU : public Module<T> {
 public:
  explicit GLU(Index dim = -1) : dim_(dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return glu(x, dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_); }

 private:
  Index dim_;
};

/// PyTorch: torch.nn.Softmin.
template <typename T>
class Softmin : public Module<T> {
 public:
  explicit Softmin(Index dim) : dim_(dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return softmin(x, dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_); }

 private:
  Index dim_;
};

}  // namespace rowgrad::nn
