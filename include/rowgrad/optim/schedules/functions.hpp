// What: LambdaLR and MultiplicativeLR.
// Why:  whatever schedule there is none for: the caller's function of the epoch gives the factor.
// See:  scheduler.hpp; PyTorch torch.optim.lr_scheduler.
#pragma once

#include <rowgrad/optim/schedules/scheduler.hpp>

namespace rowgrad::optim {
namespace detail {

/// One function for each group, or one for all that there are and will be.
template <typename T>
class FunctionSchedule : public LRScheduler<T> {
 public:
  using State = LRSchedulerState;  // functions are the program's own, as in PyTorch
  State state_dict() const { return this->state(); }
  /// ValueError for a state of another optimizer.
  void load_state_dict(const State& state) { this->load(state); }

 protected:
  FunctionSchedule(const char* name, Optimizer<T>& optimizer, std::vector<RateFunction> functions, bool one_for_all,
                   Index last_epoch)
      : LRScheduler<T>(name, optimizer, last_epoch),
        name_(name),
        functions_(std::move(functions)),
        one_for_all_(one_for_all) {
    FunctionSchedule::check_step(0);
    for (const RateFunction& function : functions_)
      if (!function) rowgrad::detail::raise<ValueError>(name, ": got an undefined function");
  }

  double factor(std::size_t group) const { return functions_[one_for_all_ ? 0 : group](this->last_epoch()); }

 private:
  void check_step(Index) const override {
    if (!one_for_all_) check_rates(name_, "lr_lambdas", this->optimizer().group_count(), functions_.size());
  }
  const char* name_;
  std::vector<RateFunction> functions_;
  bool one_for_all_;
};

}  // namespace detail

/// lr = base rate times lr_lambda(epoch). The function gets an integer; several, one per parameter group, go in a list.
/// Functions are no part of the state. ValueError for another number of functions. PyTorch: LambdaLR.
template <typename T>
class LambdaLR : public detail::FunctionSchedule<T> {
 public:
  static constexpr const char* name = "LambdaLR";

  template <typename F>
  requires std::is_invocable_v<F&, Index> LambdaLR(Optimizer<T>& optimizer, F lr_lambda, Index last_epoch = -1)
      : LambdaLR(optimizer, {RateFunction(std::move(lr_lambda))}, true, last_epoch) {}
  LambdaLR(Optimizer<T>& optimizer, std::vector<RateFunction> lr_lambdas, Index last_epoch = -1)
      : LambdaLR(optimizer, std::move(lr_lambdas), false, last_epoch) {}

 private:
  LambdaLR(Optimizer<T>& optimizer, std::vector<RateFunction> lambdas, bool one_for_all, Index last_epoch)
      : detail::FunctionSchedule<T>(name, optimizer, std::move(lambdas), one_for_all, last_epoch) {
    LambdaLR::begin();
  }
  double get_lr(std::size_t group, double) const override {
    return this->state().base_lrs[group] * this->factor(group);
  }
};

/// Every epoch: lr = lr times lr_lambda(epoch), from epoch 1 on. As LambdaLR otherwise. PyTorch: MultiplicativeLR.
template <typename T>
class MultiplicativeLR : public detail::FunctionSchedule<T> {
 public:
  static constexpr const char* name = "MultiplicativeLR";

  template <typename F>
  requires std::is_invocable_v<F&, Index> MultiplicativeLR(Optimizer<T>& optimizer, F lr_lambda, Index last_epoch = -1)
      : MultiplicativeLR(optimizer, {RateFunction(std::move(lr_lambda))}, true, last_epoch) {}
  MultiplicativeLR(Optimizer<T>& optimizer, std::vector<RateFunction> lr_lambdas, Index last_epoch = -1)
      : MultiplicativeLR(optimizer, std::move(lr_lambdas), false, last_epoch) {}

 private:
  MultiplicativeLR(Optimizer<T>& optimizer, std::vector<RateFunction> lambdas, bool one_for_all, Index last_epoch)
      : detail::FunctionSchedule<T>(name, optimizer, std::move(lambdas), one_for_all, last_epoch) {
    MultiplicativeLR::begin();
  }
  double get_lr(std::size_t group, double lr) const override {
    return this->is_initial() ? lr : lr * this->factor(group);
  }
};

}  // namespace rowgrad::optim
