// What: gradcheck, which compares a function's gradients with central differences.
// Why:  every differentiable operation has to pass it, also those that users add.
// See:  PyTorch torch.autograd.gradcheck.
#pragma once

#include <algorithm>
#include <cmath>

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

namespace detail {

inline std::vector<Tensor<double>> outputs_of(const Tensor<double>& single) { return {single}; }
inline std::vector<Tensor<double>> outputs_of(std::vector<Tensor<double>> several) { return several; }

/// Moves one value for as long as this lives, whatever happens meanwhile.
class Moved {
 public:
  explicit Moved(double& value) noexcept : value_(value), before_(value) {}
  Moved(const Moved&) = delete;
  Moved& operator=(const Moved&) = delete;
  ~Moved() { value_ = before_; }

  void by(double difference) noexcept { value_ = before_ + difference; }

 private:
  double& value_;
  double before_;
};

inline bool same_values(const Tensor<double>& a, const Tensor<double>& b) {
  const auto same = [](double u, double v) { return u == v || (u != u && v != v); };
  return a.defined() == b.defined() &&
         (!a.defined() || (a.shape() == b.shape() && std::equal(a.data(), a.data() + a.numel(), b.data(), same)));
}

}  // namespace detail

/// Checks d(sum_i w_i f(inputs)_i)/d(input) for every element of every input that requires a gradient. The weights w
/// are random and all different, so that errors cannot cancel. f takes the inputs and returns a tensor or a std::vector
/// of tensors (undefined ones are skipped); it is called twice an element, must be deterministic, and may throw.
/// inputs: leaves of double, whose gradients are overwritten. GraphError when no input, or no output, requires a
/// gradient. PyTorch: torch.autograd.gradcheck.
template <typename Function>
GradcheckResult gradcheck(const Function& f, const std::vector<Tensor<double>>& inputs, GradcheckOptions options = {}) {
  bool any = false;
  for (const Tensor<double>& input : inputs)
    if (input.requires_grad()) {
      input.grad().reset();
      any = true;
    }
  if (!any) throw GraphError("gradcheck: no input requires a gradient");

  const std::vector<Tensor<double>> outputs = detail::outputs_of(f(inputs));
  if (std::none_of(outputs.begin(), outputs.end(), [](const Tensor<double>& y) { return recording(y); }))
    throw GraphError(
        "gradcheck: no output requires a gradient (does the function leave the graph, by detach() or under no_grad?)");
  Generator generator(20230817);
  std::vector<Tensor<double>> weights;
  for (const Tensor<double>& y : outputs) {
    weights.push_back(y.defined() ? Tensor<double>(y.shape()) : y);
    for (Index i = 0; y.defined() && i < y.numel(); ++i)
      weights.back().data()[i] = generator.uniform(0.5, 2.0) * (i % 3 == 1 ? -1 : 1);
  }
  Tensor<double> weighted_sum(Shape{});
  record(
      weighted_sum, "GradcheckBackward0",
      [weights](const Tensor<double>&, InputNodes<double> nodes) {
        for (std::size_t k = 0; k < weights.size(); ++k)
          if (nodes[k] != nullptr) nodes[k]->accumulate(weights[k]);
      },
      outputs);
  GradcheckResult report;
  try {
    weighted_sum.backward();
  } catch (const detail::WrongGradient& wrong) {
    report.ok = false;
    report.message = detail::concat("gradcheck: ", wrong.what());
    return report;
  }

  const no_grad guard;
  const std::vector<Tensor<double>> again = detail::outputs_of(f(inputs));
  if (!std::equal(outputs.begin(), outputs.end(), again.begin(), again.end(), detail::same_values)) {
    report.ok = false;
    report.message =
        "gradcheck: the function gives other values when it is called again with the same inputs (dropout in training "
        "mode, or a random generator that has moved on?)";
    return report;
  }
  const auto weighted = [&] {
    const std::vector<Tensor<double>> values = detail::outputs_of(f(inputs));
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k)
      for (Index i = 0; weights[k].defined() && i < weights[k].numel(); ++i)
        sum += values[k].data()[i] * weights[k].data()[i];
    return sum;
  };
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].requires_grad()) continue;
    const Gradient<double>& gradient = inputs[k].grad();
    const Tensor<double> analytic = gradient.defined() ? gradient.to_dense() : zeros<double>(inputs[k].shape());
    for (Index i = 0; i < inputs[k].numel(); ++i) {
      double above = 0, below = 0;
      {
        detail::Moved x(inputs[k].data()[i]);
        x.by(options.eps);
        above = weighted();
        x.by(-options.eps);
        below = weighted();
      }
      const double numeric = (above - below) / (2 * options.eps), error = std::abs(analytic.data()[i] - numeric);
      if (!(error <= report.largest_error)) report.largest_error = error;
      if (report.ok && !(error <= options.atol + options.rtol * std::abs(numeric))) {
        report.ok = false;
        report.message = detail::concat("gradcheck: input ", k, ", element ", i, " of shape ", inputs[k].shape(),
                                        ": analytic ", analytic.data()[i], ", numeric ", numeric);
      }
    }
  }
  return report;
}

}  // namespace rowgrad
