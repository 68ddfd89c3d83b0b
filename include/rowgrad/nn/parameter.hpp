// What: Parameter, a tensor that a module owns and trains.
// Why:  tensors are handles, modules are values: copying a module must give it weights of its own, and this is the one
//       place that sees to it.
// See:  module.hpp; PyTorch torch.nn.Parameter.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/printing.hpp>

namespace rowgrad::nn {

/// A leaf tensor. A copied Parameter has values of its own and no gradient; a moved one is the same tensor, so that an
/// optimizer goes on training it. Handles to it (Tensor t = parameter) share it, as everywhere.
template <typename T>
class Parameter : public Tensor<T> {
 public:
  /// Undefined: a parameter that is switched off, like the bias of Linear with bias = false.
  Parameter() = default;

  /// Shares the values given. PyTorch: torch.nn.Parameter(data, requires_grad).
  explicit Parameter(const Tensor<T>& values, bool requires_grad = true) : Tensor<T>(values.detach()) {
    this->requires_grad_(requires_grad);
  }

  Parameter(const Parameter& other) : Tensor<T>(other.defined() ? rowgrad::detail::copy_of<T>(other) : Tensor<T>()) {
    if (other.defined()) this->requires_grad_(other.requires_grad());
  }
  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(Parameter&&) noexcept = default;
  ~Parameter() = default;

  /// Takes over values and requires_grad. Of equal shapes the values are copied in place, so that an optimizer goes on
  /// training this parameter: `model = best_model` restores a model under training.
  Parameter& operator=(const Parameter& other) {
    if (this == &other) return *this;
    if (!this->defined() || !other.defined() || this->shape() != other.shape()) return *this = Parameter(other);
    std::copy_n(other.data(), other.numel(), this->data());
    this->requires_grad_(other.requires_grad());
    return *this;
  }
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Parameter<T>& parameter) {
  return out << "Parameter containing:\n" << to_string(parameter);
}

}  // namespace rowgrad::nn
