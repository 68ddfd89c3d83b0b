// What: the activations and reshapings that have no weights, as layers.
// Why:  for Sequential and for printed models; in a forward function the free functions read as well.
// See:  functional/activation.hpp; sequential.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/functional/softmax.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// PyTorch: torch.nn.ReLU.
template <typename T>
class ReLU : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return relu(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Sigmoid.
template <typename T>
class Sigmoid : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return sigmoid(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Tanh.
template <typename T>
class Tanh : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return tanh(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.GELU.
template <typename T>
class GELU : public Module<T> {
 public:
  explicit GELU(std::string approximate = "none") : approximate_(std::move(approximate)) {}
  Tensor<T> forward(const Tensor<T>& x) const { return gelu(x, approximate_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("approximate='", approximate_, "'"); }

 private:
  std::string approximate_;
};

/// PyTorch: torch.nn.LogSigmoid.
template <typename T>
class LogSigmoid : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return logsigmoid(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Softmax.
template <typename T>
class Softmax : public Module<T> {
 public:
  explicit Softmax(Index dim) : dim_(dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return softmax(x, dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_); }

 private:
  Index dim_;
};

/// PyTorch: torch.nn.LogSoftmax.
template <typename T>
class LogSoftmax : public Module<T> {
 public:
  explicit LogSoftmax(Index dim) : dim_(dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return log_softmax(x, dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_); }

 private:
  Index dim_;
};

/// Dimensions start_dim .. end_dim merged; the batch stays by default. PyTorch: torch.nn.Flatten.
template <typename T>
class Flatten : public Module<T> {
 public:
  explicit Flatten(Index start_dim = 1, Index end_dim = -1) : start_dim_(start_dim), end_dim_(end_dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return flatten(x, start_dim_, end_dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("start_dim=", start_dim_, ", end_dim=", end_dim_); }

 private:
  Index start_dim_, end_dim_;
};

}  // namespace rowgrad::nn
