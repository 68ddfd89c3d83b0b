// What: clip_grad_norm_ and clip_grad_value_.
// Why:  both take dense and row-sparse gradients alike: rows without one add nothing and have nothing to clip.
// See:  autograd/gradient.hpp; PyTorch torch.nn.utils; Pascanu, Mikolov and Bengio 2013.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/error.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/machine/sums.hpp>

namespace rowgrad::optim {
namespace detail {

template <typename T, typename F>
void for_each_gradient(const std::vector<Tensor<T>>& parameters, const F& f) {
  for (const Tensor<T>& parameter : parameters)
    if (parameter.body().graph && parameter.is_leaf() && parameter.grad().defined()) f(parameter.grad().values());
}

/// The sum of |x|^p, in double whatever T, in an order that depends on the size alone.
template <typename T>
double sum_of_powers(const Tensor<T>& x, double p) {
  using rowgrad::detail::sum_block;
  const T* values = x.data();
  return rowgrad::detail::sum_of_blocks<double>(x.numel(), sum_block, [values, p](Index first, Index count) {
    const auto block = ArrayMap<const T>(values + first, count).template cast<double>();
    if (p == 2) return block.square().sum();
    if (p == 1) return block.abs().sum();
    double sum = 0;
    for (Index i = 0; i < count; ++i) sum += std::pow(std::abs(static_cast<double>(values[first + i])), p);
    return sum;
  });
}

/// The largest |x|; NaN if there is one. 0 for no values.
template <typename T>
double largest_magnitude(const Tensor<T>& x) {
  if (x.numel() == 0) return 0;
  return static_cast<double>(x.array().abs().template maxCoeff<Eigen::PropagateNaN>());
}
/// The smallest |x|; NaN if there is one. Infinity for no values.
template <typename T>
double smallest_magnitude(const Tensor<T>& x) {
  if (x.numel() == 0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(x.array().abs().template minCoeff<Eigen::PropagateNaN>());
}

/// The p-norm of all gradients as PyTorch has it: of the norms of each.
template <typename T>
double gradient_norm(const std::vector<Tensor<T>>& parameters, double p) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double total = p == -infinity ? infinity : 0;
  bool any = false;
  for (const Tensor<T>& parameter : parameters) {
    if (!parameter.body().graph || !parameter.is_leaf() || !parameter.grad().defined()) continue;
    const Tensor<T>& values = parameter.grad().values();
    any = true;
    const bool has_other_rows = values.numel() < parameter.grad().shape().numel();  // of zeros
    if (p == infinity || p == -infinity || p == 0) {
      double one = p < 0 ? smallest_magnitude(values) : largest_magnitude(values);
      if (p == 0) one = one == 0 ? 0 : 1;  // whether there is anything; one for NaN, too
      if (p < 0 && has_other_rows && !rowgrad::detail::is_nan(one)) one = 0;
      const bool takes = p > 0 ? one > total : one < total;
      if (p == 0)
        total += one;
      else if (takes || rowgrad::detail::is_nan(one))
        total = one;
    } else {
      total += sum_of_powers(values, p);
      if (p < 0 && has_other_rows) total += infinity;
    }
  }
  if (!any) return 0;
  if (p == infinity || p == -infinity || p == 0 || p == 1) return total;
  return p == 2 ? std::sqrt(total) : std::pow(total, 1 / p);
}

}  // namespace detail

/// Scales all gradients together so that their norm is at most max_norm; returns the norm they had, summed in double.
/// norm_type is any number, infinity too. ValueError for max_norm < 0, a norm_type that is NaN and, if asked for, a
/// norm that is not finite: nothing is clipped then. PyTorch: clip_grad_norm_.
template <typename T>
double clip_grad_norm_(const std::vector<Tensor<T>>& parameters, double max_norm, double norm_type = 2,
                       bool error_if_nonfinite = false) {
  if (rowgrad::detail::is_nan(max_norm) || max_norm < 0)
    rowgrad::detail::raise<ValueError>("clip_grad_norm_: expected max_norm >= 0, got ", max_norm);
  if (rowgrad::detail::is_nan(norm_type)) throw ValueError("clip_grad_norm_: norm_type is NaN");
  const double total = detail::gradient_norm(parameters, norm_type);
  if (error_if_nonfinite && !rowgrad::detail::is_finite(total))
    rowgrad::detail::raise<ValueError>("clip_grad_norm_: expected a finite norm of the gradients, got ", total,
                                       "; nothing was clipped");
  const double factor = max_norm / (total + 1e-6);  // as in PyTorch
  if (!(factor >= 1))
    detail::for_each_gradient(parameters, [&](const Tensor<T>& values) { values.array() *= static_cast<T>(factor); });
  return total;
}

/// Limits every entry of every gradient to [-clip_value, clip_value]. ValueError below 0. PyTorch: clip_grad_value_.
template <typename T>
void clip_grad_value_(const std::vector<Tensor<T>>& parameters, double clip_value) {
  if (rowgrad::detail::is_nan(clip_value) || clip_value < 0)
    rowgrad::detail::raise<ValueError>("clip_grad_value_: expected clip_value >= 0, got ", clip_value);
  const T limit = static_cast<T>(clip_value);
  detail::for_each_gradient(parameters, [&](const Tensor<T>& values) {
    T* v = values.data();
    for (Index i = 0; i < values.numel(); ++i) v[i] = std::clamp(v[i], -limit, limit);  // NaN stays NaN
  });
}

}  // namespace rowgrad::optim

namespace rowgrad::nn::utils {  // where PyTorch has them
using optim::clip_grad_norm_;
using optim::clip_grad_value_;
}  // namespace rowgrad::nn::utils
