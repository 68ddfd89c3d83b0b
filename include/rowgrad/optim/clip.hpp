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

/// The sum of |x| or of its squares, in double whatever T, in an order that depends on the size alone.
template <typename T>
double sum_of_powers(const Tensor<T>& x, bool squares) {
  using rowgrad::detail::sum_block;
  const T* values = x.data();
  return rowgrad::detail::sum_of_blocks<double>(x.numel(), sum_block, [values, squares](Index first, Index count) {
    const auto block = ArrayMap<const T>(values + first, count).template cast<double>();
    return squares ? block.square().sum() : block.abs().sum();
  });
}

/// The largest |x|; NaN if there is one. 0 for no values.
template <typename T>
double largest_magnitude(const Tensor<T>& x) {
  if (x.numel() == 0) return 0;
  return static_cast<double>(x.array().abs().template maxCoeff<Eigen::PropagateNaN>());
}

}  // namespace detail

/// Scales all gradients together so that their norm is at most max_norm; returns the norm they had, summed in double.
/// norm_type is 2, 1 or infinity. ValueError for max_norm < 0 and, if asked for, a norm that is not finite: nothing is
/// clipped then. PyTorch: clip_grad_norm_.
template <typename T>
double clip_grad_norm_(const std::vector<Tensor<T>>& parameters, double max_norm, double norm_type = 2,
                       bool error_if_nonfinite = false) {
  if (rowgrad::detail::is_nan(max_norm) || max_norm < 0)
    rowgrad::detail::raise<ValueError>("clip_grad_norm_: expected max_norm >= 0, got ", max_norm);
  const bool largest = norm_type == std::numeric_limits<double>::infinity();
  if (norm_type != 1 && norm_type != 2 && !largest)
    rowgrad::detail::raise<ValueError>("clip_grad_norm_: expected norm_type 1, 2 or infinity, got ", norm_type);
  double total = 0;
  detail::for_each_gradient(parameters, [&](const Tensor<T>& values) {
    if (!largest)
      total += detail::sum_of_powers(values, norm_type == 2);
    else if (const double one = detail::largest_magnitude(values); one > total || rowgrad::detail::is_nan(one))
      total = one;
  });
  if (norm_type == 2) total = std::sqrt(total);
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
