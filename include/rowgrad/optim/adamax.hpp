// What: Adamax, Adam whose divisor is the largest gradient, fading.
// Why:  its missed steps are done one by one: how far a divisor fades before it stands at eps differs by element.
// See:  adam.hpp, rule.hpp; PyTorch torch.optim.Adamax; Kingma and Ba 2015, section 7.
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.Adamax.
struct AdamaxOptions {
  double lr = 2e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  // L2: added to the gradient
  bool maximize = false;    // ascend the gradient
  bool lazy = false;        // rows that were not looked up stand still
  bool operator==(const AdamaxOptions&) const = default;
  static constexpr auto fields() {
    using O = AdamaxOptions;
    using F = Field<O>;
    return std::array{F("lr", &O::lr, Range::not_negative),
                      F("betas", &O::betas, Range::below_one),
                      F("eps", &O::eps, Range::not_negative),
                      F("weight_decay", &O::weight_decay, Range::not_negative),
                      F("maximize", &O::maximize),
                      F("lazy", &O::lazy)};
  }
};

namespace detail {

/// g += decay w; m = b1 m + (1 - b1) g; u = max(b2 u, |g| + eps); w -= lr / (1 - b1^t) m / u.
template <typename T>
class AdamaxRule : public Rule<T, AdamaxOptions> {
 public:
  using Options = AdamaxOptions;
  static constexpr const char* name = "Adamax";
  static constexpr std::array slot_names = {"exp_avg", "exp_inf"};

  struct Scalars {
    T step_size, b1, b2, l2, eps;  // b1: 1 - beta1
  };

  explicit AdamaxRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 2; }
  bool holds_squares(int slot) const noexcept { return slot == 1; }  // magnitudes: not negative either
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return {0, options_.betas.first}; }

  Scalars scalars(Index step) const noexcept {
    const auto [beta1, beta2] = options_.betas;
    return {static_cast<T>(options_.lr / (1 - std::pow(beta1, static_cast<double>(step)))), static_cast<T>(1 - beta1),
            static_cast<T>(beta2), static_cast<T>(options_.weight_decay), static_cast<T>(options_.eps)};
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const L w = L::load(weights), g = this->template descent<L>(gradient) + s.l2 * w;
    const L m0 = L::load(slots[0]), m = m0 + (g - m0) * s.b1;
    const L u = max(L::load(slots[1]) * s.b2, max(g, T(0) - g) + s.eps);
    m.store(slots[0]);
    u.store(slots[1]);
    (w - s.step_size * m / u).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

}  // namespace detail

/// PyTorch: torch.optim.Adamax.
template <typename T>
class Adamax : public RuleOptimizer<T, detail::AdamaxRule<T>> {
 public:
  using RuleOptimizer<T, detail::AdamaxRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
