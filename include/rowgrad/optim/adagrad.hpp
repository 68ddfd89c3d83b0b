// What: Adagrad.
// Why:  without weight decay a zero gradient changes nothing, so its sparse form is its dense form.
// See:  rule.hpp; PyTorch torch.optim.Adagrad; Duchi, Hazan and Singer 2011.
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.Adagrad.
struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double initial_accumulator_value = 0;
  double eps = 1e-10;
  bool maximize = false;  // ascend the gradient
  bool lazy = false;      // rows that were not looked up do not decay
  bool operator==(const AdagradOptions&) const = default;
  static constexpr auto fields() {
    using F = Field<AdagradOptions>;
    return std::array{F("lr", &AdagradOptions::lr, Range::not_negative),
                      F("lr_decay", &AdagradOptions::lr_decay, Range::not_negative),
                      F("weight_decay", &AdagradOptions::weight_decay, Range::not_negative),
                      F("initial_accumulator_value", &AdagradOptions::initial_accumulator_value, Range::not_negative),
                      F("eps", &AdagradOptions::eps, Range::not_negative),
                      F("maximize", &AdagradOptions::maximize),
                      F("lazy", &AdagradOptions::lazy)};
  }
};

namespace detail {

/// g += decay w; s += g^2; w -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps).
template <typename T>
class AdagradRule : public Rule<T, AdagradOptions> {
 public:
  using Options = AdagradOptions;
  static constexpr const char* name = "Adagrad";
  static constexpr std::array slot_names = {"sum"};

  struct Scalars {
    T lr, decay, eps;
  };

  explicit AdagradRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 1; }
  bool holds_squares(int) const noexcept { return true; }
  T initial(int) const noexcept { return static_cast<T>(options_.initial_accumulator_value); }
  bool moves_at_rest() const noexcept { return !options_.lazy && options_.weight_decay != 0; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }

  Scalars scalars(Index step) const noexcept {
    return {static_cast<T>(options_.lr / (1 + static_cast<double>(step - 1) * options_.lr_decay)),
            static_cast<T>(options_.weight_decay), static_cast<T>(options_.eps)};
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& scalars, T* weights, const T* gradient, T* const* slots) const {
    const L w = L::load(weights);
    L g = this->template descent<L>(gradient);
    if (options_.weight_decay != 0) g = g + scalars.decay * w;
    const L s = L::load(slots[0]) + g * g;
    s.store(slots[0]);
    (w - scalars.lr * g / (sqrt(s) + scalars.eps)).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

}  // namespace detail

/// PyTorch: torch.optim.Adagrad.
template <typename T>
class Adagrad : public RuleOptimizer<T, detail::AdagradRule<T>> {
 public:
  using RuleOptimizer<T, detail::AdagradRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
