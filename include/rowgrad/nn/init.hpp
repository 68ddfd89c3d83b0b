// What: initialisers that fill a tensor in place: numbers, uniform, normal, Xavier's and Kaiming's.
// Why:  a layer starts from the same weights as PyTorch's after the same manual_seed.
// See:  init_special.hpp (truncated, orthogonal, sparse, dirac); PyTorch torch.nn.init.
#pragma once

#include <string_view>

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

/// PyTorch: torch.nn.init.zeros_.
template <typename T>
void zeros_(const Tensor<T>& x) {
  constant_(x, T(0));
}

/// PyTorch: torch.nn.init.ones_.
template <typename T>
void ones_(const Tensor<T>& x) {
  constant_(x, T(1));
}

/// 1 on the diagonal of a matrix, else 0. ShapeError for another rank. PyTorch: torch.nn.init.eye_.
template <typename T>
void eye_(const Tensor<T>& x) {
  if (x.dim() != 2) detail::raise<ShapeError>("init::eye_: expected a matrix, got shape ", x.shape());
  zeros_(x);
  for (Index i = 0; i < std::min(x.shape()[0], x.shape()[1]); ++i) x.data()[i * x.shape()[1] + i] = T(1);
}

/// By how much values grow or shrink in a nonlinearity: "linear", "conv1d", "conv2d", "conv3d", "sigmoid" 1; "tanh"
/// 5/3; "relu" sqrt(2); "leaky_relu" sqrt(2 / (1 + param^2)), param being its slope; "selu" 3/4. ValueError for
/// another. PyTorch: torch.nn.init.calculate_gain.
[[gnu::cold]] inline double calculate_gain(std::string_view nonlinearity, double param = 0.01) {
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") return std::sqrt(2.0 / (1 + param * param));
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "selu") return 0.75;
  for (const std::string_view known :
       {"linear", "sigmoid", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"})
    if (nonlinearity == known) return 1;
  detail::raise<ValueError>("init::calculate_gain: expected the name of a nonlinearity, as \"relu\", got \"",
                            nonlinearity, '"');
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

/// Normal with deviation gain sqrt(2 / (fan in + fan out)). PyTorch: xavier_normal_.
template <typename T>
void xavier_normal_(const Tensor<T>& weight, double gain = 1, Generator& generator = default_generator()) {
  const Fan f = fan(weight);
  normal_(weight, T(0), static_cast<T>(gain * std::sqrt(2.0 / static_cast<double>(f.in + f.out))), generator);
}

struct KaimingOptions {
  double a = 0;                                  // the slope of "leaky_relu"
  std::string_view mode = "fan_in";              // or "fan_out"
  std::string_view nonlinearity = "leaky_relu";  // a name for calculate_gain
};

/// calculate_gain(nonlinearity, a) / sqrt(fan in, or out). ValueError for a mode that is neither.
template <typename T>
double kaiming_deviation(const Tensor<T>& weight, const KaimingOptions& options) {
  if (options.mode != "fan_in" && options.mode != "fan_out")
    detail::raise<ValueError>("init: mode is \"fan_in\" or \"fan_out\", got \"", options.mode, '"');
  const Fan f = fan(weight);
  return calculate_gain(options.nonlinearity, options.a) /
         std::sqrt(static_cast<double>(options.mode == "fan_in" ? f.in : f.out));
}

/// Uniform on +-sqrt(3) kaiming_deviation(): kaiming_uniform_(w, {.mode = "fan_out", .nonlinearity = "relu"}).
/// PyTorch: kaiming_uniform_; He et al. 2015.
template <typename T>
void kaiming_uniform_(const Tensor<T>& weight, const KaimingOptions& options,
                      Generator& generator = default_generator()) {
  const double bound = std::sqrt(3.0) * kaiming_deviation(weight, options);
  uniform_(weight, static_cast<T>(-bound), static_cast<T>(bound), generator);
}
/// The same with a alone, +-sqrt(6 / ((1 + a^2) fan in)).
template <typename T>
void kaiming_uniform_(const Tensor<T>& weight, double a = 0, Generator& generator = default_generator()) {
  const double bound = std::sqrt(3.0) * (std::sqrt(2.0 / (1 + a * a)) / std::sqrt(static_cast<double>(fan(weight).in)));
  uniform_(weight, static_cast<T>(-bound), static_cast<T>(bound), generator);
}

/// Normal with deviation kaiming_deviation(). PyTorch: kaiming_normal_.
template <typename T>
void kaiming_normal_(const Tensor<T>& weight, const KaimingOptions& options = {},
                     Generator& generator = default_generator()) {
  normal_(weight, T(0), static_cast<T>(kaiming_deviation(weight, options)), generator);
}

}  // namespace rowgrad::nn::init
