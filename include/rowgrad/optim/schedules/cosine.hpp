// What: CosineAnnealingLR and CosineAnnealingWarmRestarts.
// Why:  the rate follows half a wave of the cosine down, and up again or back at once.
// See:  scheduler.hpp; PyTorch torch.optim.lr_scheduler; Loshchilov and Hutter 2017.
#pragma once

#include <numbers>

#include <rowgrad/optim/schedules/scheduler.hpp>

namespace rowgrad::optim {

struct CosineAnnealingLRArguments {
  static constexpr const char* name = "CosineAnnealingLR";
  Index T_max = 1;
  double eta_min = 0;
  void check(std::size_t) const {
    detail::check_period(name, "T_max", T_max);
    detail::check_finite(name, "eta_min", eta_min);
  }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("T_max", self.T_max);
    visit("eta_min", self.eta_min);
  }
};

/// From the base rate down to eta_min in T_max epochs, and up again in as many:
///     lr = eta_min + (lr - eta_min) (1 + cos(pi epoch / T_max)) / (1 + cos(pi (epoch - 1) / T_max))
/// and, where that divides by zero, lr + (base - eta_min) (1 - cos(pi / T_max)) / 2. While nobody else changes the
/// rate, it is eta_min + (base - eta_min) (1 + cos(pi epoch / T_max)) / 2. ValueError for T_max < 1 and an
/// eta_min that is not finite. PyTorch: CosineAnnealingLR.
template <typename T>
class CosineAnnealingLR : public ScheduleOf<T, CosineAnnealingLRArguments> {
 public:
  CosineAnnealingLR(Optimizer<T>& optimizer, Index T_max, double eta_min = 0, Index last_epoch = -1)
      : ScheduleOf<T, CosineAnnealingLRArguments>(optimizer, {T_max, eta_min}, last_epoch) {
    CosineAnnealingLR::begin();
  }

 private:
  // 1 + cos(pi epoch / T_max)
  double rise(Index epoch) const noexcept {
    return 1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(this->arguments_.T_max));
  }

  double get_lr(std::size_t group, double lr) const override {
    using detail::rounded;
    const auto& [t_max, eta_min] = this->arguments_;
    const Index epoch = this->last_epoch();
    if (this->is_initial()) return lr;
    if (this->state().step_count == 1 && epoch > 0) return restarted_lr(group);
    if ((epoch - 1 - t_max) % rowgrad::detail::saturated_product(2, t_max) == 0) {
      const double first = 1 - std::cos(std::numbers::pi / static_cast<double>(t_max));
      return lr + rounded((this->state().base_lrs[group] - eta_min) * first / 2);
    }
    return rounded(rise(epoch) / rise(epoch - 1) * (lr - eta_min)) + eta_min;
  }
  double restarted_lr(std::size_t group) const override {
    const double eta_min = this->arguments_.eta_min;
    return eta_min + detail::rounded((this->state().base_lrs[group] - eta_min) * rise(this->last_epoch()) / 2);
  }
};

struct CosineAnnealingWarmRestartsArguments {
  static constexpr const char* name = "CosineAnnealingWarmRestarts";
  Index T_0 = 1;     // epochs up to the first restart
  Index T_mult = 1;  // each turn is longer by this factor
  double eta_min = 0;
  double T_cur = 0;  // epochs since the last restart; a fraction after step(epoch)
  double T_i = 1;    // epochs of the present turn
  void check(std::size_t) const {
    detail::check_period(name, "T_0", T_0);
    detail::check_period(name, "T_mult", T_mult);
    detail::check_finite(name, "eta_min", eta_min);
    detail::check_finite(name, "T_cur", T_cur);
    if (!(T_i >= 1)) rowgrad::detail::raise<ValueError>(name, ": expected T_i >= 1, got ", T_i);
  }
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("T_0", self.T_0);
    visit("T_mult", self.T_mult);
    visit("eta_min", self.eta_min);
    visit("T_cur", self.T_cur);
    visit("T_i", self.T_i);
  }
};

/// lr = eta_min + (base - eta_min) (1 + cos(pi T_cur / T_i)) / 2, where T_cur counts the epochs of a turn of T_i, which
/// is T_0 at first and T_mult times longer at each restart. ValueError for T_0 or T_mult < 1 and an eta_min that is not
/// finite. PyTorch: CosineAnnealingWarmRestarts.
template <typename T>
class CosineAnnealingWarmRestarts : public ScheduleOf<T, CosineAnnealingWarmRestartsArguments> {
 public:
  explicit CosineAnnealingWarmRestarts(Optimizer<T>& optimizer, Index T_0, Index T_mult = 1, double eta_min = 0,
                                       Index last_epoch = -1)
      : ScheduleOf<T, CosineAnnealingWarmRestartsArguments>(
            optimizer, {T_0, T_mult, eta_min, static_cast<double>(last_epoch), static_cast<double>(T_0)}, last_epoch) {
    CosineAnnealingWarmRestarts::begin();
  }

  void step() override {
    auto& [t_0, t_mult, eta_min, t_cur, t_i] = this->arguments_;
    Index& epoch = this->state().last_epoch;
    if (epoch < 0) return step(0.0);
    ++epoch;
    ++t_cur;
    if (t_cur >= t_i) {
      t_cur = std::fmod(t_cur, t_i);
      t_i *= static_cast<double>(t_mult);
    }
    this->update();
  }
  /// Goes to an epoch, which may be a fraction: epoch + batch / batches. ValueError below 0.
  void step(double epoch) {
    auto& [t_0, t_mult, eta_min, t_cur, t_i] = this->arguments_;
    if (!(epoch >= 0) || epoch > 0x1p53)
      rowgrad::detail::raise<ValueError>(this->name, ": expected a non-negative epoch, got ", epoch);
    const double first = static_cast<double>(t_0), factor = static_cast<double>(t_mult);
    if (epoch < first) {
      t_i = first;
      t_cur = epoch;
    } else if (t_mult == 1) {
      t_cur = std::fmod(epoch, first);
    } else {
      const double turns = std::trunc(std::log(epoch / first * (factor - 1) + 1) / std::log(factor));
      const double power = std::pow(factor, turns);
      t_cur = epoch - first * (power - 1) / (factor - 1);
      t_i = first * power;
    }
    this->state().last_epoch = static_cast<Index>(std::floor(epoch));
    this->update();
  }

 private:
  double get_lr(std::size_t group, double) const override {
    const auto& a = this->arguments_;
    const double share = (1 + std::cos(std::numbers::pi * a.T_cur / a.T_i));
    return a.eta_min + detail::rounded((this->state().base_lrs[group] - a.eta_min) * share / 2);
  }
};

}  // namespace rowgrad::optim
