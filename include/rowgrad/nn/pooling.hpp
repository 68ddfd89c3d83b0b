// What: MaxPool1d, AvgPool1d, AdaptiveMaxPool1d and AdaptiveAvgPool1d as layers.
// Why:  for Sequential and for printed models; in a forward function the free functions read as well.
// See:  functional/pooling.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/pooling.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// The largest value of each window. PyTorch: torch.nn.MaxPool1d.
template <typename T>
class MaxPool1d : public Module<T> {
 public:
  explicit MaxPool1d(Index kernel_size, MaxPool1dOptions options = {}) : kernel_size_(kernel_size), options_(options) {}
  Tensor<T> forward(const Tensor<T>& x) const { return max_pool1d(x, kernel_size_, options_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override {
    return detail::concat("kernel_size=", kernel_size_, ", stride=", options_.stride.value_or(kernel_size_),
                          ", padding=", options_.padding, ", dilation=", options_.dilation,
                          ", ceil_mode=", options_.ceil_mode ? "True" : "False");
  }

 private:
  Index kernel_size_;
  MaxPool1dOptions options_;
};

/// output_size windows; one is the maximum over time. PyTorch: torch.nn.AdaptiveMaxPool1d.
template <typename T>
class AdaptiveMaxPool1d : public Module<T> {
 public:
  explicit AdaptiveMaxPool1d(Index output_size) : output_size_(output_size) {}
  Tensor<T> forward(const Tensor<T>& x) const { return adaptive_max_pool1d(x, output_size_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("output_size=", output_size_); }

 private:
  Index output_size_;
};

/// The mean of each window. PyTorch: torch.nn.AvgPool1d.
template <typename T>
class AvgPool1d : public Module<T> {
 public:
  explicit AvgPool1d(Index kernel_size, AvgPool1dOptions options = {}) : kernel_size_(kernel_size), options_(options) {}
  Tensor<T> forward(const Tensor<T>& x) const { return avg_pool1d(x, kernel_size_, options_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override {
    return detail::concat("kernel_size=", Shape{kernel_size_},
                          ", stride=", Shape{options_.stride.value_or(kernel_size_)},
                          ", padding=", Shape{options_.padding});
  }

 private:
  Index kernel_size_;
  AvgPool1dOptions options_;
};

/// output_size windows; one is the mean over time. PyTorch: torch.nn.AdaptiveAvgPool1d.
template <typename T>
class AdaptiveAvgPool1d : public Module<T> {
 public:
  explicit AdaptiveAvgPool1d(Index output_size) : output_size_(output_size) {}
  Tensor<T> forward(const Tensor<T>& x) const { return adaptive_avg_pool1d(x, output_size_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("output_size=", output_size_); }

 private:
  Index output_size_;
};

}  // namespace rowgrad::nn
