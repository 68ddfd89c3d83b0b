// What: initialisers that fill a tensor in place.
// Why:  a layer starts from the same weights as PyTorch's after the same manual_seed.
// See:  PyTorch torch.nn.init.
#pragma once

#include <rowgrad/core/factory.hpp>

namespace rowgrad::nn::init {

/// Uniform on [low, high). PyTorch: torch.nn.init.uniform_.
template <typename T>
void uniform_(const Tensor<T>& x, std::type_identity_t<T> low = 0, std::type_identity_t<T> high = 1,
              Generator& generator = default_generator()) {
  T* values = x.data();
  for (Index i = 0; i < x.numel(); ++i) values[i] = generator.uniform<T>(low, high);
}

/// Normal. PyTorch: torch.nn.init.normal_.
template <typename T>
void normal_(const Tensor<T>& x, std::type_identity_t<T> mean = 0, std::type_identity_t<T> std = 1,
             Generator& generator = default_generator()) {
  generator.normal(x.data(), x.numel(), mean, std);
}

/// PyTorch: torch.nn.init.constant_.
template <typename T>
void constant_(const Tensor<T>& x, std::type_identity_t<T> value) {
  rowgrad::detail::fill_row<T>(x.data(), value, x.numel());
}

/// Sizes that the fan-based initialisers go by: inputs and outputs of a weight (out, in, ...).
struct Fan {
  Index in, out;
};

/// ShapeError for fewer than two dimensions.
template <typename T>
Fan fan(const Tensor<T>& weight) {
  if (weight.dim() < 2)
    detail::raise<ShapeError>("init: fan in and fan out need at least 2 dimensions, got shape ", weight.shape());
  const Index field =
      weight.shape()[0] * weight.shape()[1] == 0 ? 1 : weight.numel() / (weight.shape()[0] * weight.shape()[1]);
  return {weight.shape()[1] * field, weight.shape()[0] * field};
}

/// Uniform on +-gain sqrt(6 / (fan in + fan out)). PyTorch: xavier_uniform_; Glorot and Bengio 2010.
template <typename T>
void xavier_uniform_(const Tensor<T>& weight, double gain = 1, Generator& generator = default_generator()) {
  const Fan f = fan(weight);
  const double bound = std::sqrt(3.0) * (gain * std::sqrt(2.0 / static_cast<double>(f.in + f.out)));
  uniform_(weight, static_cast<T>(-bound), static_cast<T>(bound), generator);
}

/// Uniform on +-sqrt(6 / ((1 + a^2) fan in)). PyTorch: kaiming_uniform_(a); He et al. 2015.
template <typename T>
void kaiming_uniform_(const Tensor<T>& weight, double a = 0, Generator& generator = default_generator()) {
  const double bound = std::sqrt(3.0) * (std::sqrt(2.0 / (1 + a * a)) / std::sqrt(static_cast<double>(fan(weight).in)));
  uniform_(weight, static_cast<T>(-bound), static_cast<T>(bound), generator);
}

}  // namespace rowgrad::nn::init
