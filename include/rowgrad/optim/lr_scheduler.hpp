// What: learning-rate schedules: StepLR, ExponentialLR, CosineAnnealingLR, ReduceLROnPlateau.
// Why:  as in PyTorch each computes the next rate from the present one, so that a rate set by hand is kept, several
//       schedules can work on one optimizer, and long runs have PyTorch's rates bit for bit.
// See:  optimizer.hpp; PyTorch torch.optim.lr_scheduler; Loshchilov and Hutter 2017 (cosine).
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include <rowgrad/core/check.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/optim/fields.hpp>
#include <rowgrad/optim/optimizer.hpp>

namespace rowgrad::optim {

/// What every schedule by epochs knows, under PyTorch's names.
struct LRSchedulerState {
  Index last_epoch = 0;
  Index step_count = 1;          ///< PyTorch: _step_count
  std::vector<double> base_lrs;  ///< one per parameter group: the rate when its first schedule was made
  std::vector<double> last_lr;   ///< one per parameter group: the rate that the last step set. PyTorch: _last_lr
};

namespace detail {

template <typename T>
std::vector<double> rates(Optimizer<T>& optimizer) {
  std::vector<double> result;
  for (std::size_t g = 0; g < optimizer.group_count(); ++g) result.push_back(optimizer.lr(g));
  return result;
}

/// ValueError unless there is one rate per group.
inline void check_rates(const char* schedule, const char* what, std::size_t groups, std::size_t given) {
  if (given != groups)
    rowgrad::detail::raise<ValueError>(schedule, ": expected ", groups, " ", what, ", one per parameter group, got ",
                                       given);
}

inline void check_period(const char* schedule, const char* name, Index period) {
  if (period < 1) rowgrad::detail::raise<ValueError>(schedule, ": expected ", name, " >= 1, got ", period);
}

inline void check_finite(const char* schedule, const char* name, double value) {
  if (!rowgrad::detail::is_finite(value))
    rowgrad::detail::raise<ValueError>(schedule, ": expected a finite ", name, ", got ", value);
}

/// The value as it is, but a product that went into it has been rounded: compilers must not fuse it with a sum.
inline double rounded(double value) noexcept {
  volatile double stored = value;
  return stored;
}

}  // namespace detail

/// Base of schedules that go by epochs. A schedule of one's own overrides get_lr(). The optimizer must outlive it.
template <typename T>
class LRScheduler {
 public:
  virtual ~LRScheduler() = default;

  /// Sets the rates of the next epoch. Call it after the optimizer's steps of an epoch. PyTorch: scheduler.step().
  void step() {
    ++state_.step_count;
    ++state_.last_epoch;
    update();
  }

  /// Steps so far, in an earlier run, too.
  Index last_epoch() const noexcept { return state_.last_epoch; }
  /// The rates that the last step set, one per parameter group.
  const std::vector<double>& get_last_lr() const noexcept { return state_.last_lr; }

 protected:
  /// last_epoch as in PyTorch: -1 to begin; k goes on after epoch k of an earlier run, whose first rates must be in
  /// optimizer.initial_lrs(): ValueError if they are not.
  LRScheduler(const char* name, Optimizer<T>& optimizer, Index last_epoch) : name_(name), optimizer_(optimizer) {
    std::vector<double>& initial = optimizer.initial_lrs();
    if (last_epoch == -1 && initial.empty()) initial = detail::rates(optimizer);
    detail::check_rates(name, last_epoch == -1 ? "initial_lrs" : "initial_lrs of the optimizer, to resume",
                        optimizer.group_count(), initial.size());
    state_ = {last_epoch + 1, 1, initial, detail::rates(optimizer)};
  }

  /// A group's rate in the epoch last_epoch(), from its present one, lr.
  virtual double get_lr(std::size_t group, double lr) const = 0;

  /// Sets every group's rate to get_lr().
  void update() {
    // groups that were added since
    for (std::size_t g = state_.base_lrs.size(); g < optimizer_.group_count(); ++g)
      state_.base_lrs.push_back(g < optimizer_.initial_lrs().size() ? optimizer_.initial_lrs()[g] : optimizer_.lr(g));
    for (std::size_t g = 0; g < optimizer_.group_count(); ++g) optimizer_.lr(g) = get_lr(g, optimizer_.lr(g));
    state_.last_lr = detail::rates(optimizer_);
  }

  const LRSchedulerState& state() const noexcept { return state_; }
  void load(const LRSchedulerState& state) {
    detail::check_rates(name_, "base_lrs", optimizer_.group_count(), state.base_lrs.size());
    detail::check_rates(name_, "last_lrs", optimizer_.group_count(), state.last_lr.size());
    for (const double rate : state.base_lrs) detail::check_finite(name_, "base_lrs", rate);
    for (const double rate : state.last_lr) detail::check_finite(name_, "last_lrs", rate);
    state_ = state;
  }

 private:
  const char* name_;
  Optimizer<T>& optimizer_;
  LRSchedulerState state_;
};

/// Every step_size epochs: lr = lr gamma. ValueError for step_size < 1 and a gamma that is not finite. PyTorch: StepLR.
template <typename T>
class StepLR : public LRScheduler<T> {
 public:
  struct State : LRSchedulerState {
    Index step_size = 1;
    double gamma = 0;
  };

  StepLR(Optimizer<T>& optimizer, Index step_size, double gamma = 0.1, Index last_epoch = -1)
      : LRScheduler<T>("StepLR", optimizer, last_epoch), step_size_(step_size), gamma_(gamma) {
    detail::check_period("StepLR", "step_size", step_size);
    detail::check_finite("StepLR", "gamma", gamma);
    this->update();  // as PyTorch's: one that resumes where a step is due makes it now
  }

  State state_dict() const { return {this->state(), step_size_, gamma_}; }
  /// Takes the arguments of the saved schedule as well. ValueError for a state of another optimizer.
  void load_state_dict(const State& state) {
    detail::check_period("StepLR", "step_size", state.step_size);
    detail::check_finite("StepLR", "gamma", state.gamma);
    this->load(state);
    step_size_ = state.step_size;
    gamma_ = state.gamma;
  }

 private:
  double get_lr(std::size_t, double lr) const override {
    return this->last_epoch() == 0 || this->last_epoch() % step_size_ != 0 ? lr : lr * gamma_;
  }
  Index step_size_;
  double gamma_;
};

/// Every epoch: lr = lr gamma. ValueError for a gamma that is not finite. PyTorch: ExponentialLR.
template <typename T>
class ExponentialLR : public LRScheduler<T> {
 public:
  struct State : LRSchedulerState {
    double gamma = 0;
  };

  ExponentialLR(Optimizer<T>& optimizer, double gamma, Index last_epoch = -1)
      : LRScheduler<T>("ExponentialLR", optimizer, last_epoch), gamma_(gamma) {
    detail::check_finite("ExponentialLR", "gamma", gamma);
  }

  State state_dict() const { return {this->state(), gamma_}; }
  /// Takes the arguments of the saved schedule as well. ValueError for a state of another optimizer.
  void load_state_dict(const State& state) {
    detail::check_finite("ExponentialLR", "gamma", state.gamma);
    this->load(state);
    gamma_ = state.gamma;
  }

 private:
  double get_lr(std::size_t, double lr) const override { return lr * gamma_; }
  double gamma_;
};

/// From the base rate down to eta_min in T_max epochs, and up again in as many:
///     lr = eta_min + (lr - eta_min) (1 + cos(pi epoch / T_max)) / (1 + cos(pi (epoch - 1) / T_max))
/// and, where that divides by zero, lr + (base - eta_min) (1 - cos(pi / T_max)) / 2. While nobody else changes the
/// rate, it is eta_min + (base - eta_min) (1 + cos(pi epoch / T_max)) / 2. ValueError for T_max < 1 and an
/// eta_min that is not finite. PyTorch: CosineAnnealingLR.
template <typename T>
class CosineAnnealingLR : public LRScheduler<T> {
 public:
  struct State : LRSchedulerState {
    Index T_max = 1;
    double eta_min = 0;
  };

  CosineAnnealingLR(Optimizer<T>& optimizer, Index T_max, double eta_min = 0, Index last_epoch = -1)
      : LRScheduler<T>("CosineAnnealingLR", optimizer, last_epoch), t_max_(T_max), eta_min_(eta_min) {
    detail::check_period("CosineAnnealingLR", "T_max", T_max);
    detail::check_finite("CosineAnnealingLR", "eta_min", eta_min);
  }

  State state_dict() const { return {this->state(), t_max_, eta_min_}; }
  /// Takes the arguments of the saved schedule as well. ValueError for a state of another optimizer.
  void load_state_dict(const State& state) {
    detail::check_period("CosineAnnealingLR", "T_max", state.T_max);
    detail::check_finite("CosineAnnealingLR", "eta_min", state.eta_min);
    this->load(state);
    t_max_ = state.T_max;
    eta_min_ = state.eta_min;
  }

 private:
  // 1 + cos(pi epoch / T_max)
  double rise(Index epoch) const noexcept {
    return 1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(t_max_));
  }

  double get_lr(std::size_t group, double lr) const override {
    using detail::rounded;
    const Index epoch = this->last_epoch();
    const double span = this->state().base_lrs[group] - eta_min_;
    if (this->state().step_count == 1 && epoch > 0) return eta_min_ + rounded(span * rise(epoch) / 2);
    if ((epoch - 1 - t_max_) % rowgrad::detail::saturated_product(2, t_max_) == 0) {
      const double first = 1 - std::cos(std::numbers::pi / static_cast<double>(t_max_));
      return lr + rounded(span * first / 2);
    }
    return rounded(rise(epoch) / rise(epoch - 1) * (lr - eta_min_)) + eta_min_;
  }
  Index t_max_;
  double eta_min_;
};

struct ReduceLROnPlateauOptions {
  enum class Mode { min, max };           // whether the metric should fall or rise
  enum class ThresholdMode { rel, abs };  // by how much it must, relative to the best value or absolute
  Mode mode = Mode::min;
  double factor = 0.1;
  Index patience = 10;  // epochs without improvement that are tolerated
  double threshold = 1e-4;
  ThresholdMode threshold_mode = ThresholdMode::rel;
  Index cooldown = 0;  // epochs after a reduction that do not count
  double min_lr = 0;
  double eps = 1e-8;                 // smaller reductions are not made
  std::vector<double> min_lrs = {};  // one per parameter group, in place of min_lr
};

/// What ReduceLROnPlateau knows, under PyTorch's names; its options are part of it.
struct ReduceLROnPlateauState : ReduceLROnPlateauOptions {
  Index last_epoch = 0;
  double best = std::numeric_limits<double>::infinity();
  Index num_bad_epochs = 0;
  Index cooldown_counter = 0;   ///< epochs of the cooldown still to come
  std::vector<double> last_lr;  ///< one per parameter group: the rate after the last step. PyTorch: _last_lr
};

/// Multiplies all rates by factor when a metric has stopped improving. ValueError for a factor outside [0, 1), for
/// other numbers that are not finite, for a number of min_lrs that is not that of the groups, and for a metric that is
/// NaN. PyTorch: ReduceLROnPlateau.
template <typename T>
class ReduceLROnPlateau {
 public:
  using Options = ReduceLROnPlateauOptions;
  using State = ReduceLROnPlateauState;

  explicit ReduceLROnPlateau(Optimizer<T>& optimizer, Options options = {}) : optimizer_(optimizer) {
    check(options);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double worst = options.mode == Options::Mode::max ? -infinity : infinity;
    state_ = {std::move(options), 0, worst, 0, 0, detail::rates(optimizer)};
  }

  /// Call after each epoch with the metric.
  void step(double metric) {
    if (rowgrad::detail::is_nan(metric)) throw ValueError("ReduceLROnPlateau: the metric is NaN");
    ++state_.last_epoch;
    if (better(metric)) {
      state_.best = metric;
      state_.num_bad_epochs = 0;
    } else {
      ++state_.num_bad_epochs;
    }
    if (state_.cooldown_counter > 0) {
      --state_.cooldown_counter;
      state_.num_bad_epochs = 0;
    }
    if (state_.num_bad_epochs > state_.patience) {
      reduce();
      state_.cooldown_counter = state_.cooldown;
      state_.num_bad_epochs = 0;
    }
    state_.last_lr = detail::rates(optimizer_);
  }

  Index last_epoch() const noexcept { return state_.last_epoch; }
  /// The rates after the last step, one per parameter group.
  const std::vector<double>& get_last_lr() const noexcept { return state_.last_lr; }

  State state_dict() const { return state_; }
  /// Takes the options of the saved schedule as well. ValueError for a state of another optimizer or with NaN in it.
  void load_state_dict(const State& state) {
    check(state);
    detail::check_rates("ReduceLROnPlateau", "last_lrs", optimizer_.group_count(), state.last_lr.size());
    if (rowgrad::detail::is_nan(state.best)) throw ValueError("ReduceLROnPlateau: the best metric of the state is NaN");
    state_ = state;
  }

 private:
  void check(const Options& options) const {
    constexpr const char* name = "ReduceLROnPlateau";
    detail::check_range(name, "factor", "", Range::below_one, options.factor);
    detail::check_finite(name, "threshold", options.threshold);
    detail::check_finite(name, "min_lr", options.min_lr);
    detail::check_finite(name, "eps", options.eps);
    for (const double least : options.min_lrs) detail::check_finite(name, "min_lrs", least);
    if (!options.min_lrs.empty())
      detail::check_rates("ReduceLROnPlateau", "min_lrs", optimizer_.group_count(), options.min_lrs.size());
  }

  bool better(double metric) const noexcept {
    const double sign = state_.mode == Options::Mode::max ? 1 : -1;
    if (state_.threshold_mode == Options::ThresholdMode::abs)
      return sign * metric > sign * state_.best + state_.threshold;
    return sign * metric > sign * state_.best * (1 + sign * state_.threshold);
  }

  void reduce() {
    for (std::size_t g = 0; g < optimizer_.group_count(); ++g) {
      double& lr = optimizer_.lr(g);
      const double least = state_.min_lrs.empty() ? state_.min_lr : state_.min_lrs[g];
      const double reduced = detail::rounded(std::max(lr * state_.factor, least));
      if (lr - reduced > state_.eps) lr = reduced;
    }
  }

  Optimizer<T>& optimizer_;
  State state_;
};

}  // namespace rowgrad::optim
