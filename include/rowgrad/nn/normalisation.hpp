// What: BatchNorm1d, GroupNorm and RMSNorm as layers.
// Why:  they hold weights and running statistics; functional/normalisation.hpp does the work.
// See:  functional/normalisation.hpp; layer_norm.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/normalisation.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

struct BatchNormOptions {
  double eps = 1e-5;
  std::optional<double> momentum = 0.1;  // share of a batch in the running statistics; none: the mean of all batches
  bool affine = true;                    // whether there is a weight and a bias
  bool track_running_stats = true;       // else this batch's are used in eval mode, too
  bool bias = true;
};

/// Normalises each of num_features channels, dimension 1, over the batch: (N, C) or (N, C, L). In training the running
/// statistics move, in place, also through a const layer. ShapeError, ValueError: see batch_norm. PyTorch:
/// torch.nn.BatchNorm1d.
template <typename T>
class BatchNorm1d : public Module<T> {
 public:
  Parameter<T> weight, bias;            // (C), or undefined
  Buffer<T> running_mean, running_var;  // (C), or undefined
  Buffer<Index> num_batches_tracked;    // (), or undefined

  explicit BatchNorm1d(Index num_features, const BatchNormOptions& options = {})
      : features_(num_features), options_(options) {
    detail::expect_eps("BatchNorm1d", options.eps, std::numeric_limits<T>::max());
    const Shape shape{num_features};
    if (options.affine) weight = Parameter<T>(ones<T>(shape));
    if (options.affine && options.bias) bias = Parameter<T>(zeros<T>(shape));
    if (!options.track_running_stats) return;
    running_mean = Buffer<T>(zeros<T>(shape));
    running_var = Buffer<T>(ones<T>(shape));
    num_batches_tracked = Buffer<Index>(zeros<Index>(Shape{}));
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    if (x.dim() != 2 && x.dim() != 3)
      detail::raise<ShapeError>("BatchNorm1d: expected an input (N, C) or (N, C, L), got ", x.shape());
    if (options_.affine && !weight.defined())
      throw ValueError("BatchNorm1d: this layer has no weight (was it moved from?)");
    if (x.shape()[1] != features_)
      detail::raise<ShapeError>("BatchNorm1d: expected ", features_, " channels in dimension 1, got ", x.shape());
    const bool training = this->training();
    double share = options_.momentum.value_or(0);
    if (training && num_batches_tracked.defined()) {
      const Index count = num_batches_tracked.item() + 1;
      Tensor<T> y = normalise(x, true, options_.momentum ? share : 1 / static_cast<double>(count));
      num_batches_tracked.data()[0] = count;  // of batches that were not refused
      return y;
    }
    return normalise(x, training, share);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void members(Members<T>& m) override {
    m("weight", weight)("bias", bias)("running_mean", running_mean)("running_var", running_var)("num_batches_tracked",
                                                                                                num_batches_tracked);
  }
  std::string extra_repr() const override {
    const auto word = [](bool on) { return on ? "True" : "False"; };
    return detail::concat(features_, ", eps=", detail::python_float(options_.eps),
                          ", momentum=", options_.momentum ? detail::python_float(*options_.momentum) : "None",
                          ", affine=", word(options_.affine), ", bias=", word(options_.affine && options_.bias),
                          ", track_running_stats=", word(options_.track_running_stats));
  }

 private:
  Tensor<T> normalise(const Tensor<T>& x, bool training, double share) const {
    return batch_norm<T>(x, running_mean, running_var, {weight, bias, training, share, options_.eps});
  }

  Index features_;
  BatchNormOptions options_;
};

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;  // whether there is a weight and a bias
  bool bias = true;
};

/// Normalises groups of channels, each sample for itself. ValueError when num_groups does not divide num_channels.
/// PyTorch: torch.nn.GroupNorm.
template <typename T>
class GroupNorm : public Module<T> {
 public:
  Parameter<T> weight, bias;  // (num_channels), or undefined

  GroupNorm(Index num_groups, Index num_channels, const GroupNormOptions& options = {})
      : groups_(num_groups), channels_(num_channels), options_(options) {
    detail::expect_eps("GroupNorm", options.eps, std::numeric_limits<T>::max());
    if (num_groups < 1 || num_channels % num_groups != 0)
      detail::raise<ValueError>("GroupNorm: expected num_channels to divide by num_groups, got ", num_channels, " and ",
                                num_groups);
    if (options.affine) weight = Parameter<T>(ones<T>(Shape{num_channels}));
    if (options.affine && options.bias) bias = Parameter<T>(zeros<T>(Shape{num_channels}));
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    if (options_.affine && !weight.defined())
      throw ValueError("GroupNorm: this layer has no weight (was it moved from?)");
    return group_norm<T>(x, groups_, weight, bias, options_.eps);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void members(Members<T>& m) override { m("weight", weight)("bias", bias); }
  std::string extra_repr() const override {
    return detail::concat(groups_, ", ", channels_, ", eps=", detail::python_float(options_.eps),
                          ", affine=", options_.affine ? "True" : "False",
                          ", bias=", options_.affine && options_.bias ? "True" : "False");
  }

 private:
  Index groups_, channels_;
  GroupNormOptions options_;
};

struct RMSNormOptions {
  std::optional<double> eps = {};  // default: the type's precision
  bool elementwise_affine = true;  // whether there is a weight
};

/// Divides by the root of the mean of squares over the last dimensions, of the given shape. PyTorch: torch.nn.RMSNorm.
template <typename T>
class RMSNorm : public Module<T> {
 public:
  Parameter<T> weight;  // of normalized_shape, or undefined

  explicit RMSNorm(const Shape& normalized_shape, const RMSNormOptions& options = {})
      : normalized_shape_(normalized_shape), options_(options) {
    if (normalized_shape.rank() == 0) throw ShapeError("RMSNorm: normalized_shape needs at least one dimension");
    if (options.eps) detail::expect_eps("RMSNorm", *options.eps, std::numeric_limits<T>::max());
    if (options.elementwise_affine) weight = Parameter<T>(ones<T>(normalized_shape));
  }
  explicit RMSNorm(Index size, const RMSNormOptions& options = {}) : RMSNorm(Shape{size}, options) {}

  Tensor<T> forward(const Tensor<T>& x) const {
    if (options_.elementwise_affine && !weight.defined())
      throw ValueError("RMSNorm: this layer has no weight (was it moved from?)");
    return rms_norm<T>(x, normalized_shape_, weight, options_.eps);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void members(Members<T>& m) override { m("weight", weight); }
  std::string extra_repr() const override {
    return detail::concat(normalized_shape_, ", eps=", options_.eps ? detail::python_float(*options_.eps) : "None",
                          ", elementwise_affine=", options_.elementwise_affine ? "True" : "False");
  }

 private:
  Shape normalized_shape_;
  RMSNormOptions options_;
};

}  // namespace rowgrad::nn
