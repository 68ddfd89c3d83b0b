// What: RAdam, Adam that leaves its divisor out until enough gradients have been seen.
// Why:  from then on it moves at rest as Adam does, so that its deferred rows have Adam's closed form.
// See:  adam.hpp, rule.hpp; PyTorch torch.optim.RAdam; Liu et al. 2020.
#pragma once

#include <rowgrad/optim/deferred/adam_history.hpp>
#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.RAdam.
struct RAdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;              // L2: added to the gradient
  bool decoupled_weight_decay = false;  // w shrinks by lr * weight_decay a step instead
  bool maximize = false;                // ascend the gradient
  bool lazy = false;                    // rows that were not looked up stand still
  bool operator==(const RAdamOptions&) const = default;
  static constexpr auto fields() {
    using O = RAdamOptions;
    using F = Field<O>;
    return std::array{F("lr", &O::lr, Range::not_negative),
                      F("betas", &O::betas, Range::below_one),
                      F("eps", &O::eps, Range::not_negative),
                      F("weight_decay", &O::weight_decay, Range::not_negative),
                      F("decoupled_weight_decay", &O::decoupled_weight_decay),
                      F("maximize", &O::maximize),
                      F("lazy", &O::lazy)};
  }
};

namespace detail {

/// m and v as in Adam; R = 2 / (1 - b2) - 1, r = R - 2 t b2^t / (1 - b2^t). While r <= 5: w -= lr / (1 - b1^t) m.
/// Then w -= lr / (1 - b1^t) sqrt((r - 4)(r - 2) R / ((R - 4)(R - 2) r)) sqrt(1 - b2^t) m / (sqrt(v) + eps).
template <typename T>
class RAdamRule : public Rule<T, RAdamOptions> {
 public:
  using Options = RAdamOptions;
  using History = AdamHistory<RAdamRule>;
  static constexpr const char* name = "RAdam";
  static constexpr std::array slot_names = {"exp_avg", "exp_avg_sq"};

  struct Scalars {
    T step_size;
    T decay, l2;              // w is multiplied by the one; the other times w is added to the gradient
    T b1, b2, b2_share, eps;  // 1 - beta1, beta2, 1 - beta2
    bool rectified;
    double exact_step_size, exact_root, exact_decay;  // for the history
  };

  explicit RAdamRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 2; }
  bool holds_squares(int slot) const noexcept { return slot == 1; }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  bool decoupled() const noexcept { return options_.decoupled_weight_decay; }
  bool has_closed_form(Index step) const noexcept {
    return (decoupled() || options_.weight_decay == 0) && length(step) > 5;
  }
  bool divisor_stands() const noexcept { return false; }
  Momentum momentum() const noexcept { return {0, options_.betas.first}; }

  Scalars scalars(Index step) const noexcept {
    const auto [beta1, beta2] = options_.betas;
    const double t = static_cast<double>(step), longest = 2 / (1 - beta2) - 1, r = length(step);
    Scalars s;
    s.rectified = r > 5;
    s.exact_step_size = options_.lr / (1 - std::pow(beta1, t));
    if (s.rectified)
      s.exact_step_size *= std::sqrt((r - 4) * (r - 2) * longest / ((longest - 4) * (longest - 2) * r)) *
                           std::sqrt(1 - std::pow(beta2, t));
    s.exact_root = 1;
    s.exact_decay = decoupled() ? 1 - options_.lr * options_.weight_decay : 1;
    s.step_size = static_cast<T>(s.exact_step_size);
    s.decay = static_cast<T>(s.exact_decay);
    s.l2 = static_cast<T>(decoupled() ? 0 : options_.weight_decay);
    s.b1 = static_cast<T>(1 - beta1);
    s.b2 = static_cast<T>(beta2);
    s.b2_share = static_cast<T>(1 - beta2);
    s.eps = static_cast<T>(options_.eps);
    return s;
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const L w0 = L::load(weights), g = this->template descent<L>(gradient) + s.l2 * w0, w = w0 * s.decay;
    const L m0 = L::load(slots[0]), v0 = L::load(slots[1]);
    const L m = m0 + (g - m0) * s.b1, v = v0 * s.b2 + s.b2_share * g * g;  // (share g) g is finite where g^2 is not
    m.store(slots[0]);
    v.store(slots[1]);
    const L movement = s.step_size * m;
    (w - (s.rectified ? movement / (sqrt(v) + s.eps) : movement)).store(weights);
  }

 private:
  /// r: over how many steps v averages, in effect.
  double length(Index step) const noexcept {
    const double beta2 = options_.betas.second, t = static_cast<double>(step), power = std::pow(beta2, t);
    return 2 / (1 - beta2) - 1 - 2 * t * power / (1 - power);
  }

  using Rule<T, Options>::options_;
};

}  // namespace detail

/// PyTorch: torch.optim.RAdam.
template <typename T>
class RAdam : public RuleOptimizer<T, detail::RAdamRule<T>> {
 public:
  using RuleOptimizer<T, detail::RAdamRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
