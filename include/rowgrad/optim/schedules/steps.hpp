// What: StepLR, MultiStepLR, ConstantLR, LinearLR, ExponentialLR, PolynomialLR.
// Why:  the schedules that multiply the present rate by a factor that the epoch alone decides.
// See:  scheduler.hpp; PyTorch torch.optim.lr_scheduler.
#pragma once

#include <algorithm>

#include <rowgrad/optim/schedules/scheduler.hpp>

namespace rowgrad::optim {

struct StepLRArguments {
  static constexpr const char* name = "StepLR";
  Index step_size = 1;
  double gamma = 0.1;
  void check(std::size_t) const {
    detail::check_period(name, "step_size", step_size);
    detail::check_finite(name, "gamma", gamma);
  }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("step_size", self.step_size);
    visit("gamma", self.gamma);
  }
};

/// Every step_size epochs: lr = lr gamma. ValueError for step_size < 1 and a gamma that is not finite. PyTorch: StepLR.
template <typename T>
class StepLR : public ScheduleOf<T, StepLRArguments> {
 public:
  StepLR(Optimizer<T>& optimizer, Index step_size, double gamma = 0.1, Index last_epoch = -1)
      : ScheduleOf<T, StepLRArguments>(optimizer, {step_size, gamma}, last_epoch) {
    StepLR::begin();  // as PyTorch's: one that resumes where a step is due makes it now
  }

 private:
  double get_lr(std::size_t, double lr) const override {
    const Index epoch = this->last_epoch();
    return epoch == 0 || epoch % this->arguments_.step_size != 0 ? lr : lr * this->arguments_.gamma;
  }
  double restarted_lr(std::size_t group) const override {
    return this->state().base_lrs[group] *
           std::pow(this->arguments_.gamma, static_cast<double>(this->last_epoch() / this->arguments_.step_size));
  }
};

struct MultiStepLRArguments {
  static constexpr const char* name = "MultiStepLR";
  std::vector<Index> milestones;  // one that stands there twice counts twice
  double gamma = 0.1;
  void check(std::size_t) const { detail::check_finite(name, "gamma", gamma); }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("milestones", self.milestones);
    visit("gamma", self.gamma);
  }
};

/// At each milestone, in any order: lr = lr gamma. ValueError for a gamma that is not finite. PyTorch: MultiStepLR.
template <typename T>
class MultiStepLR : public ScheduleOf<T, MultiStepLRArguments> {
 public:
  MultiStepLR(Optimizer<T>& optimizer, std::vector<Index> milestones, double gamma = 0.1, Index last_epoch = -1)
      : ScheduleOf<T, MultiStepLRArguments>(optimizer, {std::move(milestones), gamma}, last_epoch) {
    MultiStepLR::begin();
  }

 private:
  double get_lr(std::size_t, double lr) const override {
    const auto& milestones = this->arguments_.milestones;
    const auto times = std::count(milestones.begin(), milestones.end(), this->last_epoch());
    return times == 0 ? lr : lr * std::pow(this->arguments_.gamma, static_cast<double>(times));
  }
  double restarted_lr(std::size_t group) const override {
    Index passed = 0;
    for (const Index milestone : this->arguments_.milestones) passed += milestone <= this->last_epoch() ? 1 : 0;
    return this->state().base_lrs[group] * std::pow(this->arguments_.gamma, static_cast<double>(passed));
  }
};

struct ConstantLRArguments {
  static constexpr const char* name = "ConstantLR";
  double factor = 1.0 / 3;
  Index total_iters = 5;
  void check(std::size_t) const { detail::check_range(name, "factor", "", Range::zero_to_one, factor); }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("factor", self.factor);
    visit("total_iters", self.total_iters);
  }
};

/// Rates times factor for total_iters epochs, then as they were. ValueError for a factor outside [0, 1], and from
/// step() when factor is 0 and nothing can bring the rates back. PyTorch: ConstantLR.
template <typename T>
class ConstantLR : public ScheduleOf<T, ConstantLRArguments> {
 public:
  explicit ConstantLR(Optimizer<T>& optimizer, double factor = 1.0 / 3, Index total_iters = 5, Index last_epoch = -1)
      : ScheduleOf<T, ConstantLRArguments>(optimizer, {factor, total_iters}, last_epoch) {
    ConstantLR::begin();
  }

 private:
  void check_step(Index epoch) const override {
    if (this->arguments_.factor == 0 && epoch == this->arguments_.total_iters && epoch != 0)
      throw ValueError("ConstantLR: with factor 0 the rates are gone: they cannot be divided by it");
  }
  double get_lr(std::size_t, double lr) const override {
    if (this->last_epoch() == 0) return lr * this->arguments_.factor;
    return this->last_epoch() != this->arguments_.total_iters ? lr : lr * (1.0 / this->arguments_.factor);
  }
  double restarted_lr(std::size_t group) const override {
    const auto& [factor, total_iters] = this->arguments_;
    return this->state().base_lrs[group] * (factor + (this->last_epoch() >= total_iters ? 1 - factor : 0.0));
  }
};

struct LinearLRArguments {
  static constexpr const char* name = "LinearLR";
  double start_factor = 1.0 / 3;
  double end_factor = 1.0;
  Index total_iters = 5;
  void check(std::size_t) const {
    detail::check_range(name, "start_factor", "", Range::zero_to_one, start_factor);
    if (start_factor == 0) throw ValueError("LinearLR: expected start_factor in (0, 1], got 0");
    detail::check_range(name, "end_factor", "", Range::zero_to_one, end_factor);
  }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("start_factor", self.start_factor);
    visit("end_factor", self.end_factor);
    visit("total_iters", self.total_iters);
  }
};

/// From start_factor times the rates to end_factor times them in total_iters epochs. ValueError for factors outside
/// (0, 1] and [0, 1]. PyTorch: LinearLR.
template <typename T>
class LinearLR : public ScheduleOf<T, LinearLRArguments> {
 public:
  explicit LinearLR(Optimizer<T>& optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0,
                    Index total_iters = 5, Index last_epoch = -1)
      : ScheduleOf<T, LinearLRArguments>(optimizer, {start_factor, end_factor, total_iters}, last_epoch) {
    LinearLR::begin();
  }

 private:
  double get_lr(std::size_t, double lr) const override {
    const auto& [start, end, total] = this->arguments_;
    if (this->last_epoch() == 0) return lr * start;
    if (this->is_initial() || this->last_epoch() > total) return lr;
    const double rise = end - start, done = static_cast<double>(this->last_epoch() - 1);
    return lr * (1.0 + rise / (detail::rounded(static_cast<double>(total) * start) + detail::rounded(done * rise)));
  }
  double restarted_lr(std::size_t group) const override {
    const auto& [start, end, total] = this->arguments_;
    const double done = static_cast<double>(std::min(total, this->last_epoch()));
    const double share = total == 0 ? 0 : done / static_cast<double>(total);
    return this->state().base_lrs[group] * (start + (end - start) * share);
  }
};

struct ExponentialLRArguments {
  static constexpr const char* name = "ExponentialLR";
  double gamma = 0;
  void check(std::size_t) const { detail::check_finite(name, "gamma", gamma); }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("gamma", self.gamma);
  }
};

/// Every epoch: lr = lr gamma. ValueError for a gamma that is not finite. PyTorch: ExponentialLR.
template <typename T>
class ExponentialLR : public ScheduleOf<T, ExponentialLRArguments> {
 public:
  ExponentialLR(Optimizer<T>& optimizer, double gamma, Index last_epoch = -1)
      : ScheduleOf<T, ExponentialLRArguments>(optimizer, {gamma}, last_epoch) {
    ExponentialLR::begin();
  }

 private:
  double get_lr(std::size_t, double lr) const override { return this->is_initial() ? lr : lr * this->arguments_.gamma; }
  double restarted_lr(std::size_t group) const override {
    return this->state().base_lrs[group] * std::pow(this->arguments_.gamma, static_cast<double>(this->last_epoch()));
  }
};

struct PolynomialLRArguments {
  static constexpr const char* name = "PolynomialLR";
  Index total_iters = 5;
  double power = 1;
  void check(std::size_t) const { detail::check_finite(name, "power", power); }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("total_iters", self.total_iters);
    visit("power", self.power);
  }
};

/// Down to zero in total_iters epochs, as (1 - epoch / total_iters)^power. ValueError for a power that is not finite.
/// PyTorch: PolynomialLR.
template <typename T>
class PolynomialLR : public ScheduleOf<T, PolynomialLRArguments> {
 public:
  explicit PolynomialLR(Optimizer<T>& optimizer, Index total_iters = 5, double power = 1.0, Index last_epoch = -1)
      : ScheduleOf<T, PolynomialLRArguments>(optimizer, {total_iters, power}, last_epoch) {
    PolynomialLR::begin();
  }

 private:
  double left(Index epoch) const noexcept {
    return 1.0 - static_cast<double>(epoch) / static_cast<double>(this->arguments_.total_iters);
  }
  double get_lr(std::size_t, double lr) const override {
    const Index epoch = this->last_epoch();
    if (this->is_initial() || epoch > this->arguments_.total_iters) return lr;
    return lr * std::pow(left(epoch) / left(epoch - 1), this->arguments_.power);
  }
  double restarted_lr(std::size_t group) const override {
    const Index epoch = std::min(this->arguments_.total_iters, this->last_epoch());
    return this->state().base_lrs[group] * std::pow(epoch == 0 ? 1.0 : left(epoch), this->arguments_.power);
  }
};

}  // namespace rowgrad::optim
