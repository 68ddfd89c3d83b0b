// What: Optimizer, the base that schedulers and training loops know.
// Why:  they work with any rule, and need not know one.
// See:  rule_optimizer.hpp (made of a rule), adam.hpp and its siblings; PyTorch torch.optim.
#pragma once

#include <vector>

#include <rowgrad/autograd/grad_mode.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad::optim {

/// What every optimizer offers. Not copyable: tables may owe it updates.
template <typename T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Whether step() can be made: throws what it would throw, and changes nothing. GraphError when no parameter has a
  /// gradient, ValueError naming parameter and row when a gradient is not finite, or for options outside their range;
  /// ShapeError when a parameter changed its shape. Several processes must agree on it before any of them steps.
  virtual void check() = 0;

  /// Applies the gradients gathered so far; parameters without one stay as they are, as in PyTorch. Throws as check()
  /// does, or when memory runs out: nothing is updated then.
  virtual void step() = 0;

  /// Takes up the rows that Embedding::add_rows appended to tables since: their state starts with the next step. Call
  /// it before that step. ShapeError when a parameter changed its shape in another way: nothing is changed.
  virtual void add_rows() = 0;

  /// Calls closure(), which works out a loss and its gradients, then makes a step; returns what it returned.
  /// PyTorch: step(closure).
  template <typename Closure>
  auto step(const Closure& closure) {
    const set_grad_enabled recording(true);
    if constexpr (std::is_void_v<decltype(closure())>) {
      closure();
      step();
    } else {
      auto loss = closure();
      step();
      return loss;
    }
  }

  /// Forgets the gradients of all parameters, or without set_to_none sets them to zero: the next step is one with a
  /// zero gradient for those that had one. PyTorch: zero_grad().
  virtual void zero_grad(bool set_to_none = true) = 0;

  virtual std::size_t group_count() const noexcept = 0;
  /// Learning rate of a parameter group; may be set between steps.
  virtual double& lr(std::size_t group = 0) = 0;
  /// What schedules cycle besides the rate: a group's betas[0], or its momentum; null when it has neither.
  virtual double* momentum(std::size_t group = 0) = 0;
  /// Whether a step was made.
  bool has_stepped() const noexcept { return has_stepped_; }
  /// The rate that each group had when the first schedule was made; empty before that. Set it to resume a schedule of
  /// an earlier run. PyTorch: param_groups[i]["initial_lr"].
  std::vector<double>& initial_lrs() noexcept { return initial_lrs_; }

 protected:
  Optimizer() = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;
  void note_step() noexcept { has_stepped_ = true; }

 private:
  bool has_stepped_ = false;
  std::vector<double> initial_lrs_;
};

/// Parameters that share options.
template <typename T, typename Options>
struct ParameterGroup {
  std::vector<Tensor<T>> parameters;
  Options options = {};
};

}  // namespace rowgrad::optim
