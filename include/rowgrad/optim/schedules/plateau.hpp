// What: ReduceLROnPlateau, which lowers the rates when a metric has stopped improving.
// Why:  it goes by what validation says, not by the epoch, and so is no LRScheduler.
// See:  scheduler.hpp; PyTorch torch.optim.lr_scheduler.
#pragma once

#include <limits>

#include <rowgrad/optim/schedules/scheduler.hpp>

namespace rowgrad::optim {

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

  /// Calls visit(name, member) for all numbers of it.
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("last_epoch", self.last_epoch);
    visit("_last_lr", self.last_lr);
    visit("factor", self.factor);
    visit("patience", self.patience);
    visit("threshold", self.threshold);
    visit("cooldown", self.cooldown);
    visit("min_lr", self.min_lr);
    visit("min_lrs", self.min_lrs);
    visit("eps", self.eps);
    visit("best", self.best);
    visit("num_bad_epochs", self.num_bad_epochs);
    visit("cooldown_counter", self.cooldown_counter);
  }
};

/// Multiplies all rates by factor when a metric has stopped improving. ValueError for a factor outside [0, 1), for a
/// patience or cooldown below 0, for other numbers that are not finite, for a number of min_lrs that is not that of the
/// groups, and for a metric that is NaN. PyTorch: ReduceLROnPlateau.
template <typename T>
class ReduceLROnPlateau {
 public:
  using Options = ReduceLROnPlateauOptions;
  using State = ReduceLROnPlateauState;
  static constexpr const char* name = "ReduceLROnPlateau";

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
    detail::check_rates(name, "last_lrs", optimizer_.group_count(), state.last_lr.size());
    if (rowgrad::detail::is_nan(state.best)) throw ValueError("ReduceLROnPlateau: the best metric of the state is NaN");
    state_ = state;
  }

 private:
  void check(const Options& options) const {
    detail::check_range(name, "factor", "", Range::below_one, options.factor);
    detail::check_finite(name, "threshold", options.threshold);
    for (const auto& [field, epochs] : {std::pair("patience", options.patience), {"cooldown", options.cooldown}})
      if (epochs < 0) rowgrad::detail::raise<ValueError>(name, ": expected ", field, " >= 0, got ", epochs);
    detail::check_finite(name, "min_lr", options.min_lr);
    detail::check_finite(name, "eps", options.eps);
    for (const double least : options.min_lrs) detail::check_finite(name, "min_lrs", least);
    if (!options.min_lrs.empty())
      detail::check_rates(name, "min_lrs", optimizer_.group_count(), options.min_lrs.size());
  }

  bool better(double metric) const noexcept {
    const double sign = state_.mode == Options::Mode::max ? 1 : -1;
    if (state_.threshold_mode == Options::ThresholdMode::abs)
      return sign * metric > sign * state_.best + state_.threshold;
    return sign * metric > sign * state_.best * (1 + sign * state_.threshold);
  }

  void reduce() {
    if (!state_.min_lrs.empty()) detail::check_rates(name, "min_lrs", optimizer_.group_count(), state_.min_lrs.size());
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
