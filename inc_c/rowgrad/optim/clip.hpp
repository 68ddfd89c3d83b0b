// What: clip_grad_norm_ and clip_grad_value_.
// Why:  both work on dense and row-sparse gradients alike: rows without one add nothing and have nothing to clip.
// See:  autograd/gradient.hpp; PyTorch torch.nn.utils; Pascanu, Mikolov and Bengio 2013.
#pragma once

#include <algorithm>
#include <limits>

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad::optim {
namespace detail {

template <typename T, typename F>
void for_each_gradient(const std::vector<Tensor<T>>& parameters, const F& f) {
  for (const Tensor<T>& parameter : parameters)
    if (parameter.body().graph && parameter.is_leaf() && parameter.grad().defined()) f(parameter.grad().values());
}

}  // namespace detail

/// Scales all gradients together so that their norm is at most max_norm; returns the norm before. norm_type 2, 1 or
/// infinity. ValueError for max_norm < 0 or, if asked, a norm that is not finite. PyTorch: clip_grad_norm_.
template <typename T>
double clip_grad_norm_(const std::vector<Tensor<T>>& parameters, double max_norm, double norm_type = 2,
                       bool error_if_nonfinite = false) {
  if (!(max_norm >= 0)) throw ValueError("clip_grad_norm_: expected max_norm >= 0, got " + std::to_string(max_norm));
  if (norm_type != 1 && norm_type != 2 && norm_type != std::numeric_limits<double>::infinity())
    throw ValueError("clip_grad_norm_: norm_type is 1, 2 or infinity, got " + std::to_string(norm_type));
  double total = 0;
  detail::for_each_gradient(parameters, [&](const Tensor<T>& values) {
    const auto v = values.array().template cast<double>();
    if (norm_type == 2)
      total += v.square().sum();
    else if (norm_type == 1)
      total += v.abs().sum();
    else if (v.size() > 0)
      if (const double largest = v.abs().template maxCoeff<Eigen::PropagateNaN>();
          largest > total || std::isnan(largest))
        total = largest;
  });
  if (norm_type == 2) total = std::sqrt(total);
  if (error_if_nonfinite && !std::isfinite(total))
    throw ValueError("clip_grad_norm_: the norm of the gradients is " + std::to_string(total) +
                     ", nothing was clipped");
  const double factor = max_norm / (total + 1e-6);  // as in PyTorch
  if (!(factor >= 1))
    detail::for_each_gradient(parameters, [&](const Tensor<T>& values) { values.array() *= static_cast<T>(factor); });
  return total;
}

/// Limits every entry of every gradient to [-clip_value, clip_value]. ValueError below 0. PyTorch: clip_grad_value_.
template <typename T>
void clip_grad_value_(const std::vector<Tensor<T>>& parameters, double clip_value) {
  if (!(clip_value >= 0))
    throw ValueError("clip_grad_value_: expected clip_value >= 0, got " + std::to_string(clip_value));
  const T limit = static_cast<T>(clip_value);
  detail::for_each_gradient(parameters, [&](const Tensor<T>& values) {
    T* v = values.data();
    for (Index i = 0; i < values.numel(); ++i) v[i] = std::clamp(v[i], -limit, limit);  // NaN stays NaN
  });
}

}  // namespace rowgrad::optim
