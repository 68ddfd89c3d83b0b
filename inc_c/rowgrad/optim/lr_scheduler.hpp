// What: learning-rate schedules: StepLR, ExponentialLR, CosineAnnealingLR, ReduceLROnPlateau.
// Why:  each sets the rate of every parameter group from the rate it found there when it was made.
// See:  optimizer.hpp; PyTorch torch.optim.lr_scheduler; Loshchilov and Hutter 2017 (cosine).
#pragma once

#include <numbers>

#include <rowgrad/optim/optimizer.hpp>

namespace rowgrad::optim {

/// Base of schedules that depend on the epoch alone. The optimizer must outlive it.
template <typename T>
class LRScheduler {
 public:
  virtual ~LRScheduler() = default;

  /// Call after each epoch, after the optimizer's steps. PyTorch: scheduler.step().
  void step() {
    ++epoch_;
    for (std::size_t g = 0; g < base_.size(); ++g) optimizer_.lr(g) = rate(base_[g], epoch_);
  }
  Index last_epoch() const noexcept { return epoch_; }

 protected:
  explicit LRScheduler(Optimizer<T>& optimizer) : optimizer_(optimizer) {
    for (std::size_t g = 0; g < optimizer.group_count(); ++g) base_.push_back(optimizer.lr(g));
  }
  /// The rate at an epoch, from the one at the start.
  virtual double rate(double base, Index epoch) const = 0;

 private:
  Optimizer<T>& optimizer_;
  std::vector<double> base_;
  Index epoch_ = 0;
};

/// rate = base gamma^(epoch / step_size), whole steps. ValueError for step_size < 1. PyTorch: StepLR.
template <typename T>
class StepLR : public LRScheduler<T> {
 public:
  StepLR(Optimizer<T>& optimizer, Index step_size, double gamma = 0.1)
      : LRScheduler<T>(optimizer), step_size_(step_size), gamma_(gamma) {
    if (step_size < 1) throw ValueError("StepLR: expected step_size >= 1, got " + std::to_string(step_size));
  }

 private:
  double rate(double base, Index epoch) const override {
    return base * std::pow(gamma_, static_cast<double>(epoch / step_size_));
  }
  Index step_size_;
  double gamma_;
};

/// rate = base gamma^epoch. PyTorch: ExponentialLR.
template <typename T>
class ExponentialLR : public LRScheduler<T> {
 public:
  ExponentialLR(Optimizer<T>& optimizer, double gamma) : LRScheduler<T>(optimizer), gamma_(gamma) {}

 private:
  double rate(double base, Index epoch) const override { return base * std::pow(gamma_, static_cast<double>(epoch)); }
  double gamma_;
};

/// rate = eta_min + (base - eta_min) (1 + cos(pi epoch / T_max)) / 2. ValueError for T_max < 1.
/// PyTorch: CosineAnnealingLR.
template <typename T>
class CosineAnnealingLR : public LRScheduler<T> {
 public:
  CosineAnnealingLR(Optimizer<T>& optimizer, Index T_max, double eta_min = 0)
      : LRScheduler<T>(optimizer), t_max_(T_max), eta_min_(eta_min) {
    if (T_max < 1) throw ValueError("CosineAnnealingLR: expected T_max >= 1, got " + std::to_string(T_max));
  }

 private:
  double rate(double base, Index epoch) const override {
    const double angle = std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(t_max_);
    return eta_min_ + (base - eta_min_) * (1 + std::cos(angle)) / 2;
  }
  Index t_max_;
  double eta_min_;
};

struct ReduceLROnPlateauOptions {
  enum class Mode { min, max };           // whether the metric should fall or rise
  enum class ThresholdMode { rel, abs };  // how far it must, relative to the best or absolute
  Mode mode = Mode::min;
  double factor = 0.1;
  Index patience = 10;  // epochs without improvement that are let pass
  double threshold = 1e-4;
  ThresholdMode threshold_mode = ThresholdMode::rel;
  Index cooldown = 0;  // epochs after a reduction in which none are counted
  double min_lr = 0;
  double eps = 1e-8;  // smaller reductions are not made
};

/// Multiplies all rates by factor when a metric has stopped improving. ValueError for factor >= 1 or a NaN metric.
/// PyTorch: ReduceLROnPlateau.
template <typename T>
class ReduceLROnPlateau {
 public:
  explicit ReduceLROnPlateau(Optimizer<T>& optimizer, ReduceLROnPlateauOptions options = {})
      : optimizer_(optimizer), options_(options), best_(rises() ? -infinity : infinity) {
    if (!(options.factor < 1))
      throw ValueError("ReduceLROnPlateau: expected factor < 1, got " + std::to_string(options.factor));
  }

  /// Call after each epoch with the metric.
  void step(double metric) {
    if (std::isnan(metric)) throw ValueError("ReduceLROnPlateau: the metric is NaN");
    if (better(metric)) {
      best_ = metric;
      bad_epochs_ = 0;
    } else {
      ++bad_epochs_;
    }
    if (cooldown_ > 0) {
      --cooldown_;
      bad_epochs_ = 0;
    }
    if (bad_epochs_ <= options_.patience) return;
    for (std::size_t g = 0; g < optimizer_.group_count(); ++g) {
      double& lr = optimizer_.lr(g);
      const double reduced = std::max(lr * options_.factor, options_.min_lr);
      if (lr - reduced > options_.eps) lr = reduced;
    }
    cooldown_ = options_.cooldown;
    bad_epochs_ = 0;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  bool rises() const noexcept { return options_.mode == ReduceLROnPlateauOptions::Mode::max; }
  bool better(double metric) const noexcept {
    const double sign = rises() ? 1 : -1;
    if (options_.threshold_mode == ReduceLROnPlateauOptions::ThresholdMode::abs)
      return sign * metric > sign * best_ + options_.threshold;
    return sign * metric > sign * best_ * (1 + sign * options_.threshold);
  }

  Optimizer<T>& optimizer_;
  ReduceLROnPlateauOptions options_;
  double best_;
  Index bad_epochs_ = 0, cooldown_ = 0;
};

}  // namespace rowgrad::optim
