// What: CyclicLR and OneCycleLR, which cycle the momentum against the rate.
// Why:  each group's momentum, or betas[0] where there are betas, falls while the rate rises.
// See:  scheduler.hpp; PyTorch torch.optim.lr_scheduler; Smith 2017 (cycles), Smith and Topin 2018 (one cycle).
#pragma once

#include <limits>
#include <numbers>
#include <optional>

#include <rowgrad/optim/schedules/scheduler.hpp>

namespace rowgrad::optim {

struct CyclicLROptions {
  enum class Mode { triangular, triangular2, exp_range };  // heights: all the same, halved each cycle, gamma^iteration
  enum class ScaleMode { cycle, iterations };              // what scale_fn is called with
  Index step_size_up = 2000;
  std::optional<Index> step_size_down = std::nullopt;  // default: step_size_up
  Mode mode = Mode::triangular;
  double gamma = 1.0;
  RateFunction scale_fn = {};  // in place of mode's
  ScaleMode scale_mode = ScaleMode::cycle;
  bool cycle_momentum = true;  // tables pay for it: rows at rest are all brought up to date when it changes
  PerGroup base_momentum = 0.8;
  PerGroup max_momentum = 0.9;
  Index last_epoch = -1;
};

struct CyclicLRArguments {
  static constexpr const char* name = "CyclicLR";
  using Mode = CyclicLROptions::Mode;
  std::vector<double> max_lrs, base_momentums, max_momentums;  // one per group; no momentums: they are left alone
  double total_size = 1, step_ratio = 1, gamma = 1;
  Index mode = 0;
  bool by_iterations = false;
  void check(std::size_t groups) const {
    detail::check_rates(name, "max_lrs", groups, max_lrs.size());
    if (!max_momentums.empty()) {
      detail::check_rates(name, "max_momentums", groups, max_momentums.size());
      detail::check_rates(name, "base_momentums", groups, base_momentums.size());
    }
    if (!(total_size >= 1) || !(step_ratio > 0 && step_ratio <= 1))
      throw ValueError("CyclicLR: expected step_size_up >= 1 and step_size_down >= 0");
    detail::check_finite(name, "gamma", gamma);
  }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("max_lrs", self.max_lrs);
    visit("base_momentums", self.base_momentums);
    visit("max_momentums", self.max_momentums);
    visit("total_size", self.total_size);
    visit("step_ratio", self.step_ratio);
    visit("gamma", self.gamma);
    visit("mode", self.mode);
    visit("by_iterations", self.by_iterations);
  }
};

namespace detail {

/// ValueError unless the optimizer has what `cycle_momentum` cycles.
template <typename T>
void check_momentum(const char* schedule, Optimizer<T>& optimizer) {
  if (optimizer.momentum() == nullptr)
    rowgrad::detail::raise<ValueError>(
        schedule, ": the optimizer has neither momentum nor betas; cycle_momentum = false leaves them alone");
}

}  // namespace detail

/// Between base_lr and max_lr, up in step_size_up steps and down in step_size_down, again and again; call step() after
/// each batch. ValueError for sizes below 1, lists of another length than the groups, numbers that are not finite, and
/// for cycle_momentum with an optimizer that has neither momentum nor betas. PyTorch: CyclicLR.
template <typename T>
class CyclicLR : public ScheduleOf<T, CyclicLRArguments> {
 public:
  using Options = CyclicLROptions;

  CyclicLR(Optimizer<T>& optimizer, const PerGroup& base_lr, const PerGroup& max_lr, const Options& options = {})
      : ScheduleOf<T, CyclicLRArguments>(begun(optimizer, base_lr, options), arguments(optimizer, max_lr, options),
                                         options.last_epoch),
        scale_fn_(options.scale_fn) {
    CyclicLR::begin();
    this->state().base_lrs = base_lr.of(this->name, "base_lr", optimizer.group_count());
  }

 private:
  static Optimizer<T>& begun(Optimizer<T>& optimizer, const PerGroup& base_lr, const Options& options) {
    const std::vector<double> rates = base_lr.of("CyclicLR", "base_lr", optimizer.group_count());
    (void)arguments(optimizer, 0.0, options).check(optimizer.group_count());
    if (options.last_epoch == -1)
      for (std::size_t g = 0; g < rates.size(); ++g) optimizer.lr(g) = rates[g];
    return optimizer;
  }
  static CyclicLRArguments arguments(Optimizer<T>& optimizer, const PerGroup& max_lr, const Options& options) {
    const char* const name = CyclicLRArguments::name;
    const std::size_t groups = optimizer.group_count();
    CyclicLRArguments result;
    result.max_lrs = max_lr.of(name, "max_lr", groups);
    if (options.step_size_up < 1 || options.step_size_down.value_or(1) < 0)
      throw ValueError("CyclicLR: expected step_size_up >= 1 and step_size_down >= 0");
    const auto up = static_cast<double>(options.step_size_up);
    result.total_size = up + static_cast<double>(options.step_size_down.value_or(options.step_size_up));
    result.step_ratio = up / result.total_size;
    result.gamma = options.gamma;
    result.mode = static_cast<Index>(options.mode);
    result.by_iterations = options.scale_fn ? options.scale_mode == Options::ScaleMode::iterations
                                            : options.mode == Options::Mode::exp_range;
    if (options.cycle_momentum) {
      detail::check_momentum(name, optimizer);
      result.base_momentums = options.base_momentum.of(name, "base_momentum", groups);
      result.max_momentums = options.max_momentum.of(name, "max_momentum", groups);
    }
    return result;
  }

  void check_step(Index) const override { this->arguments_.check(this->optimizer().group_count()); }

  /// How high the rate stands between its bounds, in the share of max - base.
  double height(double width) const {
    const auto& a = this->arguments_;
    const double epoch = static_cast<double>(this->last_epoch()), cycle = std::floor(1 + epoch / a.total_size);
    const double x = 1.0 + epoch / a.total_size - cycle;
    const double scale = x <= a.step_ratio ? x / a.step_ratio : (x - 1) / (a.step_ratio - 1);
    const double at = a.by_iterations ? epoch : cycle;
    double factor = 1;
    if (scale_fn_)
      factor = scale_fn_(static_cast<Index>(at));
    else if (a.mode == static_cast<Index>(Options::Mode::triangular2))
      factor = 1 / std::pow(2.0, at - 1);
    else if (a.mode == static_cast<Index>(Options::Mode::exp_range))
      factor = std::pow(a.gamma, at);
    return detail::rounded(detail::rounded(width * scale) * factor);
  }
  double get_lr(std::size_t group, double) const override {
    const double base = this->state().base_lrs[group];
    return base + height(this->arguments_.max_lrs[group] - base);
  }
  void rates_set() override {
    const auto& a = this->arguments_;
    for (std::size_t g = 0; g < a.max_momentums.size(); ++g)
      *this->optimizer().momentum(g) = a.max_momentums[g] - height(a.max_momentums[g] - a.base_momentums[g]);
  }

  RateFunction scale_fn_;
};

struct OneCycleLROptions {
  enum class Anneal { cos, linear };
  Index total_steps = 0;                  // or
  Index epochs = 0, steps_per_epoch = 0;  // their product
  double pct_start = 0.3;                 // share of the steps in which the rate rises
  Anneal anneal_strategy = Anneal::cos;
  bool cycle_momentum = true;  // tables pay for it: rows at rest are all brought up to date when it changes
  PerGroup base_momentum = 0.85;
  PerGroup max_momentum = 0.95;
  double div_factor = 25;         // the first rate is max_lr / div_factor,
  double final_div_factor = 1e4;  // the last one the first / final_div_factor
  bool three_phase = false;
  Index last_epoch = -1;
};

struct OneCycleLRArguments {
  static constexpr const char* name = "OneCycleLR";
  std::vector<double> initial_lrs, max_lrs, min_lrs, base_momentums, max_momentums;  // one per group
  Index total_steps = 1;
  double pct_start = 0.3;
  bool linear = false, three_phase = false;
  void check(std::size_t groups) const {
    detail::check_rates(name, "initial_lrs", groups, initial_lrs.size());
    detail::check_rates(name, "max_lrs", groups, max_lrs.size());
    detail::check_rates(name, "min_lrs", groups, min_lrs.size());
    if (!max_momentums.empty()) {
      detail::check_rates(name, "max_momentums", groups, max_momentums.size());
      detail::check_rates(name, "base_momentums", groups, base_momentums.size());
    }
    detail::check_period(name, "total_steps", total_steps);
    detail::check_range(name, "pct_start", "", Range::zero_to_one, pct_start);
    for (const std::vector<double>* list : {&initial_lrs, &max_lrs, &min_lrs})
      for (const double rate : *list) detail::check_finite(name, "rate", rate);
  }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("initial_lrs", self.initial_lrs);
    visit("max_lrs", self.max_lrs);
    visit("min_lrs", self.min_lrs);
    visit("base_momentums", self.base_momentums);
    visit("max_momentums", self.max_momentums);
    visit("total_steps", self.total_steps);
    visit("pct_start", self.pct_start);
    visit("linear", self.linear);
    visit("three_phase", self.three_phase);
  }
};

/// From max_lr / div_factor up to max_lr, and down to the first rate / final_div_factor, in total_steps steps; call
/// step() after each batch. ValueError for numbers outside their range, lists of another length than the groups, and
/// for cycle_momentum with an optimizer that has neither momentum nor betas; from step() after total_steps of them.
/// PyTorch: OneCycleLR.
template <typename T>
class OneCycleLR : public ScheduleOf<T, OneCycleLRArguments> {
 public:
  using Options = OneCycleLROptions;

  OneCycleLR(Optimizer<T>& optimizer, const PerGroup& max_lr, const Options& options)
      : OneCycleLR(optimizer, arguments(optimizer, max_lr, options), options.last_epoch) {}

 private:
  OneCycleLR(Optimizer<T>& optimizer, const OneCycleLRArguments& arguments, Index last_epoch)
      : ScheduleOf<T, OneCycleLRArguments>(begun(optimizer, arguments, last_epoch), arguments, last_epoch) {
    OneCycleLR::begin();
  }

  static OneCycleLRArguments arguments(Optimizer<T>& optimizer, const PerGroup& max_lr, const Options& options) {
    const char* const name = OneCycleLRArguments::name;
    const std::size_t groups = optimizer.group_count();
    if (options.total_steps == 0 && (options.epochs == 0 || options.steps_per_epoch == 0))
      throw ValueError("OneCycleLR: expected total_steps, or epochs and steps_per_epoch");
    if (options.total_steps == 0) {
      detail::check_period(name, "epochs", options.epochs);
      detail::check_period(name, "steps_per_epoch", options.steps_per_epoch);
    }
    OneCycleLRArguments result;
    result.total_steps = options.total_steps != 0
                             ? options.total_steps
                             : rowgrad::detail::saturated_product(options.epochs, options.steps_per_epoch);
    result.pct_start = options.pct_start;
    result.linear = options.anneal_strategy == Options::Anneal::linear;
    result.three_phase = options.three_phase;
    result.max_lrs = max_lr.of(name, "max_lr", groups);
    for (const double most : result.max_lrs) {
      result.initial_lrs.push_back(most / options.div_factor);
      result.min_lrs.push_back(result.initial_lrs.back() / options.final_div_factor);
    }
    if (options.cycle_momentum) {
      detail::check_momentum(name, optimizer);
      result.base_momentums = options.base_momentum.of(name, "base_momentum", groups);
      result.max_momentums = options.max_momentum.of(name, "max_momentum", groups);
    }
    result.check(groups);
    const Phases phases(result);
    for (int i = 0; i < phases.count; ++i)
      if (phases.end[i] == phases.end[i + 1])
        rowgrad::detail::raise<ValueError>(name, ": a phase of no steps (pct_start ", options.pct_start, " of ",
                                           result.total_steps, " steps): choose another pct_start");
    return result;
  }
  static Optimizer<T>& begun(Optimizer<T>& optimizer, const OneCycleLRArguments& arguments, Index last_epoch) {
    if (last_epoch == -1) optimizer.initial_lrs() = arguments.initial_lrs;
    return optimizer;
  }

  /// Where the phases begin and end.
  struct Phases {
    explicit Phases(const OneCycleLRArguments& a) : count(a.three_phase ? 3 : 2) {
      const double total = static_cast<double>(a.total_steps);
      end[1] = detail::rounded(a.pct_start * total) - 1;
      if (a.three_phase) end[2] = detail::rounded(2 * a.pct_start * total) - 2;
      end[count] = total - 1;
    }
    int count;
    double end[4] = {};
  };

  void check_step(Index epoch) const override {
    const auto& a = this->arguments_;
    a.check(this->optimizer().group_count());
    if (epoch > a.total_steps)
      rowgrad::detail::raise<ValueError>("OneCycleLR: this would be step ", epoch, " of a cycle of ", a.total_steps,
                                         " steps");
  }

  double between(double start, double end, double share) const {
    if (this->arguments_.linear) return detail::rounded((end - start) * share) + start;
    return end + detail::rounded((start - end) / 2.0 * (std::cos(std::numbers::pi * share) + 1));
  }
  /// The value in the present epoch of what goes from start to peak, and to last.
  double value(double start, double peak, double last) const {
    const Phases phases(this->arguments_);
    const double epoch = static_cast<double>(this->last_epoch());
    int i = 0;
    while (i + 1 < phases.count && epoch > phases.end[i + 1]) ++i;
    const double share = (epoch - phases.end[i]) / (phases.end[i + 1] - phases.end[i]);
    const double points[] = {start, peak, phases.count == 3 ? start : last, last};
    return between(points[i], points[i + 1], share);
  }
  double get_lr(std::size_t group, double) const override {
    const auto& a = this->arguments_;
    return value(a.initial_lrs[group], a.max_lrs[group], a.min_lrs[group]);
  }
  void rates_set() override {
    const auto& a = this->arguments_;
    for (std::size_t g = 0; g < a.max_momentums.size(); ++g)
      *this->optimizer().momentum(g) = value(a.max_momentums[g], a.base_momentums[g], a.max_momentums[g]);
  }
};

}  // namespace rowgrad::optim
