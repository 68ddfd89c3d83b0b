// What: Adadelta, whose steps are as large as its latest steps.
// Why:  at rest its weights stand still while both averages fade, which a power of rho makes up for.
// See:  rule.hpp, rmsprop.hpp; PyTorch torch.optim.Adadelta; Zeiler 2012.
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.Adadelta.
struct AdadeltaOptions {
  double lr = 1.0;
  double rho = 0.9;
  double eps = 1e-6;
  double weight_decay = 0;  // L2: added to the gradient
  bool maximize = false;    // ascend the gradient
  bool lazy = false;        // rows that were not looked up stand still
  bool operator==(const AdadeltaOptions&) const = default;
  static constexpr auto fields() {
    using O = AdadeltaOptions;
    using F = Field<O>;
    return std::array{F("lr", &O::lr, Range::not_negative),
                      F("rho", &O::rho, Range::zero_to_one),
                      F("eps", &O::eps, Range::not_negative),
                      F("weight_decay", &O::weight_decay, Range::not_negative),
                      F("maximize", &O::maximize),
                      F("lazy", &O::lazy)};
  }
};

namespace detail {

/// g += decay w; s = rho s + (1 - rho) g^2; d = sqrt(a + eps) / sqrt(s + eps) g; a = rho a + (1 - rho) d^2; w -= lr d.
template <typename T>
class AdadeltaRule : public Rule<T, AdadeltaOptions> {
 public:
  using Options = AdadeltaOptions;
  using History = LinearHistory<AdadeltaRule>;
  static constexpr const char* name = "Adadelta";
  static constexpr std::array slot_names = {"square_avg", "acc_delta"};

  struct Scalars {
    T lr, rho, share, l2, eps;  // share: 1 - rho
  };

  explicit AdadeltaRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 2; }
  bool holds_squares(int) const noexcept { return true; }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }

  Scalars scalars(Index) const noexcept {
    return {static_cast<T>(options_.lr), static_cast<T>(options_.rho), static_cast<T>(1 - options_.rho),
            static_cast<T>(options_.weight_decay), static_cast<T>(options_.eps)};
  }

  bool is_linear() const noexcept { return options_.weight_decay == 0; }
  LinearStep rest_step(const Scalars&) const noexcept { return {}; }
  T* momentum_of(const Slots<AdadeltaRule>&) const noexcept { return nullptr; }
  void fade(Index steps, Index n, const Slots<AdadeltaRule>& slots) const noexcept {
    for (T* const slot : slots) fade_average(options_.rho, steps, n, slot);
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& p, T* weights, const T* gradient, T* const* slots) const {
    const L w = L::load(weights), g = this->template descent<L>(gradient) + p.l2 * w;
    const L s = p.rho * L::load(slots[0]) + p.share * g * g, a = L::load(slots[1]);
    const L d = sqrt(a + p.eps) / sqrt(s + p.eps) * g;
    s.store(slots[0]);
    (p.rho * a + p.share * d * d).store(slots[1]);
    (w - p.lr * d).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

}  // namespace detail

/// PyTorch: torch.optim.Adadelta.
template <typename T>
class Adadelta : public RuleOptimizer<T, detail::AdadeltaRule<T>> {
 public:
  using RuleOptimizer<T, detail::AdadeltaRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
