// What: RMSprop, plain or centered, with momentum and weight decay.
// Why:  its averages fade also in steps that did not look a row up; that is made up for when the row is next read.
// See:  rule.hpp; PyTorch torch.optim.RMSprop; Graves 2013 (centered).
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.RMSprop.
struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
  bool maximize = false;  // ascend the gradient
  bool lazy = false;      // rows that were not looked up stand still
  bool operator==(const RMSpropOptions&) const = default;
  static constexpr auto fields() {
    using F = Field<RMSpropOptions>;
    return std::array{F("lr", &RMSpropOptions::lr, Range::not_negative),
                      F("alpha", &RMSpropOptions::alpha, Range::below_one),
                      F("eps", &RMSpropOptions::eps, Range::not_negative),
                      F("weight_decay", &RMSpropOptions::weight_decay, Range::not_negative),
                      F("momentum", &RMSpropOptions::momentum, Range::not_negative),
                      F("centered", &RMSpropOptions::centered),
                      F("maximize", &RMSpropOptions::maximize),
                      F("lazy", &RMSpropOptions::lazy)};
  }
};

namespace detail {

/// g += decay w; s = a s + (1 - a) g^2; centered: c = a c + (1 - a) g and s - c^2 in place of s below;
/// u = g / (sqrt(s) + eps); with momentum b = momentum b + u, w -= lr b; else w -= lr u.
template <typename T>
class RMSpropRule : public Rule<T, RMSpropOptions> {
 public:
  using Options = RMSpropOptions;
  using History = LinearHistory<RMSpropRule>;
  static constexpr const char* name = "RMSprop";
  static constexpr std::array slot_names = {"square_avg", "momentum_buffer", "grad_avg"};

  struct Scalars {
    T lr, alpha, share, momentum, decay, eps;  // share: 1 - alpha
    double exact_lr;                           // for the history
  };

  explicit RMSpropRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return options_.centered ? 3 : options_.momentum != 0 ? 2 : 1; }
  bool holds_squares(int slot) const noexcept { return slot == 0; }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return options_.momentum != 0 ? Momentum{1, options_.momentum} : Momentum{}; }

  Scalars scalars(Index) const noexcept {
    return {static_cast<T>(options_.lr),
            static_cast<T>(options_.alpha),
            static_cast<T>(1 - options_.alpha),
            static_cast<T>(options_.momentum),
            static_cast<T>(options_.weight_decay),
            static_cast<T>(options_.eps),
            options_.lr};
  }

  bool is_linear() const noexcept { return options_.weight_decay == 0; }
  /// With g = 0: b' = momentum b, w' = w - lr b'.
  LinearStep rest_step(const Scalars& s) const noexcept {
    return {1, -s.exact_lr * options_.momentum, 0, options_.momentum};
  }
  T* momentum_of(const Slots<RMSpropRule>& slots) const noexcept { return options_.momentum != 0 ? slots[1] : nullptr; }
  /// The averages of g^2 and g over steps without a gradient.
  void fade(Index steps, Index n, const Slots<RMSpropRule>& slots) const noexcept {
    fade_average(options_.alpha, steps, n, slots[0]);
    if (options_.centered) fade_average(options_.alpha, steps, n, slots[2]);
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& p, T* weights, const T* gradient, T* const* slots) const {
    const L w = L::load(weights), g = this->template descent<L>(gradient) + p.decay * w;
    // (share g) g, as PyTorch has it, is finite where g^2 alone is too large for T.
    const L s = p.alpha * L::load(slots[0]) + p.share * g * g;
    s.store(slots[0]);
    L variance = s;
    if (options_.centered) {
      const L c0 = L::load(slots[2]), c = c0 + (g - c0) * p.share;
      c.store(slots[2]);
      variance = s - min(c * c, std::numeric_limits<T>::max());  // s is infinite before c^2 is
    }
    const L divisor = sqrt(variance) + p.eps;
    if (options_.momentum == 0) {
      (w - p.lr * g / divisor).store(weights);
      return;
    }
    const L b = p.momentum * L::load(slots[1]) + g / divisor;
    b.store(slots[1]);
    (w - p.lr * b).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

}  // namespace detail

/// PyTorch: torch.optim.RMSprop.
template <typename T>
class RMSprop : public RuleOptimizer<T, detail::RMSpropRule<T>> {
 public:
  using RuleOptimizer<T, detail::RMSpropRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
