// What: Conv1d, filters moved along a sequence.
// Why:  it holds weight and bias; functional/conv1d.hpp does the work.
// See:  functional/conv1d.hpp; pooling.hpp; PyTorch torch.nn.Conv1d.
#pragma once

#include <rowgrad/functional/conv1d.hpp>
#include <rowgrad/nn/init.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// rowgrad::Conv1dOptions and whether there is a bias.
struct Conv1dOptions {
  Index stride = 1;
  ConvPadding padding = 0;  // or "same", "valid"
  Index dilation = 1;
  Index groups = 1;
  bool bias = true;
};

/// Weight (out, in / groups, kernel) and bias (out), drawn uniformly from +-1/sqrt(in / groups * kernel) in PyTorch's
/// order. ValueError when channels are not multiples of groups or an option is out of range. PyTorch: torch.nn.Conv1d.
template <typename T>
class Conv1d : public Module<T> {
 public:
  Parameter<T> weight;  // (out_channels, in_channels / groups, kernel_size)
  Parameter<T> bias;    // (out_channels), or undefined

  Conv1d(Index in_channels, Index out_channels, Index kernel_size, Conv1dOptions options = {})
      : weight(empty<T>(weight_shape(in_channels, out_channels, kernel_size, options))),
        options_{options.stride, options.padding, options.dilation, options.groups} {
    init::kaiming_uniform_(weight, std::sqrt(5.0));
    if (!options.bias) return;
    bias = Parameter<T>(empty<T>(Shape{out_channels}));
    const Index fan_in = init::fan<T>(weight).in;
    const T bound = fan_in > 0 ? static_cast<T>(1 / std::sqrt(static_cast<double>(fan_in))) : T(0);
    init::uniform_(bias, -bound, bound);
  }

  /// (N, in_channels, L) to (N, out_channels, L'), or without N; see rowgrad::conv1d.
  Tensor<T> forward(const Tensor<T>& x) const { return conv1d<T>(x, weight, bias, options_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  /// 0 for a layer that was moved from.
  Index in_channels() const noexcept { return weight.size_or_zero(1) * options_.groups; }
  Index out_channels() const noexcept { return weight.size_or_zero(0); }
  Index kernel_size() const noexcept { return weight.size_or_zero(2); }

  void members(Members<T>& m) override { m("weight", weight)("bias", bias); }
  std::string extra_repr() const override {
    const auto one = [](const char* name, Index value) { return detail::concat(", ", name, "=", Shape{value}); };
    return detail::concat(
        in_channels(), ", ", out_channels(), one("kernel_size", kernel_size()), one("stride", options_.stride),
        padding_repr(), options_.dilation != 1 ? one("dilation", options_.dilation) : "",
        options_.groups != 1 ? detail::concat(", groups=", options_.groups) : "", bias.defined() ? "" : ", bias=False");
  }

 private:
  std::string padding_repr() const {
    const ConvPadding& padding = options_.padding;
    if (padding.same()) return ", padding=same";
    if (padding.valid()) return ", padding=valid";
    return padding.count() == 0 ? "" : detail::concat(", padding=", Shape{padding.count()});
  }
  static Shape weight_shape(Index in, Index out, Index kernel, const Conv1dOptions& options) {
    if (kernel < 1 || options.stride < 1 || options.padding.count() < 0 || options.dilation < 1 || options.groups < 1)
      throw ValueError(
          "Conv1d: expected kernel_size, stride, dilation and groups of at least 1 and a padding of at least 0");
    if (options.padding.same() && options.stride != 1)
      detail::raise<ValueError>("Conv1d: padding \"same\" goes with stride 1, got ", options.stride);
    if (in % options.groups != 0 || out % options.groups != 0)
      detail::raise<ValueError>("Conv1d: ", in, " and ", out,
                                " channels do not both divide by groups = ", options.groups);
    return Shape{out, in / options.groups, kernel};
  }

  rowgrad::Conv1dOptions options_;
};

}  // namespace rowgrad::nn
