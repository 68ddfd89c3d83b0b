// What: gradcheck, which compares a function's gradients with central differences.
// Why:  every differentiable operation has to pass it, also those that users add.
// See:  PyTorch torch.autograd.gradcheck.
#pragma once

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {

struct GradcheckOptions {
  double eps = 1e-6;   // step of the differences
  double atol = 1e-6;  // allowed absolute difference
  double rtol = 1e-5;  // allowed relative difference
};

struct GradcheckResult {
  bool ok = true;
  double largest_error = 0;  // of |analytic - numeric|, over all inputs
  std::string message;       // where they differ first: input, element, both values
  explicit operator bool() const noexcept { return ok; }
};

/// Checks d(sum_i w_i f(inputs)_i)/d(input) for every element of every input that requires a gradient. The weights w
/// are random and all different, so that errors cannot cancel; f is called twice an element and must be deterministic.
/// inputs: leaves of double. GraphError when none requires a gradient.
template <typename Function>
GradcheckResult gradcheck(const Function& f, const std::vector<Tensor<double>>& inputs, GradcheckOptions options = {}) {
  bool any = false;
  for (const Tensor<double>& input : inputs)
    if (input.requires_grad()) {
      input.grad().reset();
      any = true;
    }
  if (!any) throw GraphError("gradcheck: no input requires a gradient");

  const Tensor<double> result = f(inputs);
  Generator generator(20230817);
  Tensor<double> weights(result.shape());
  for (Index i = 0; i < weights.numel(); ++i) weights.data()[i] = generator.uniform(0.5, 2.0) * (i % 3 == 1 ? -1 : 1);
  result.backward(weights);

  const auto weighted = [&] {
    const no_grad guard;
    const Tensor<double> y = f(inputs);
    double sum = 0;
    for (Index i = 0; i < y.numel(); ++i) sum += y.data()[i] * weights.data()[i];
    return sum;
  };
  GradcheckResult report;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].requires_grad()) continue;
    const Gradient<double>& gradient = inputs[k].grad();
    const Tensor<double> analytic = gradient.defined() ? gradient.to_dense() : zeros<double>(inputs[k].shape());
    for (Index i = 0; i < inputs[k].numel(); ++i) {
      double& x = inputs[k].data()[i];
      const double before = x;
      x = before + options.eps;
      const double above = weighted();
      x = before - options.eps;
      const double below = weighted();
      x = before;
      const double numeric = (above - below) / (2 * options.eps), error = std::abs(analytic.data()[i] - numeric);
      if (!(error <= report.largest_error)) report.largest_error = error;
      if (report.ok && !(error <= options.atol + options.rtol * std::abs(numeric))) {
        report.ok = false;
        report.message = "gradcheck: input " + std::to_string(k) + ", element " + std::to_string(i) + " of shape " +
                         to_string(inputs[k].shape()) + ": analytic " + std::to_string(analytic.data()[i]) +
                         ", numeric " + std::to_string(numeric);
      }
    }
  }
  return report;
}

}  // namespace rowgrad
