// What: Adagrad.
// Why:  without weight decay a zero gradient changes nothing, so its sparse form is its dense form.
// See:  parameter_state.hpp; PyTorch torch.optim.Adagrad; Duchi, Hazan and Singer 2011.
#pragma once

#include <rowgrad/optim/adam.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.Adagrad.
struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0;
  double weight_decay = 0;
  double initial_accumulator_value = 0;
  double eps = 1e-10;
  bool lazy = false;  // rows that were not looked up do not decay
  bool operator==(const AdagradOptions&) const = default;
};

namespace detail {

/// g += decay w; s += g^2; w -= lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps).
template <typename T>
class AdagradRule {
 public:
  using Options = AdagradOptions;
  using History = SteppingHistory<T, AdagradRule>;
  static constexpr const char* name = "Adagrad";
  static constexpr int max_slots = 1;
  static constexpr std::array<const char*, max_slots> slot_names = {"sum"};

  struct Scalars {
    T lr;
  };

  explicit AdagradRule(const Options& options) : options_(options) {
    expect_option(options.lr >= 0, name, "lr", ">= 0", options.lr);
    expect_option(options.lr_decay >= 0, name, "lr_decay", ">= 0", options.lr_decay);
    expect_option(options.weight_decay >= 0, name, "weight_decay", ">= 0", options.weight_decay);
    expect_option(options.initial_accumulator_value >= 0, name, "initial_accumulator_value", ">= 0",
                  options.initial_accumulator_value);
    expect_option(options.eps >= 0, name, "eps", ">= 0", options.eps);
  }

  int slots() const noexcept { return 1; }
  T initial(int) const noexcept { return static_cast<T>(options_.initial_accumulator_value); }
  bool moves_at_rest() const noexcept { return !options_.lazy && options_.weight_decay != 0; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return {}; }
  bool same_but_lr(const AdagradRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index step) const {
    return {static_cast<T>(options_.lr / (1 + static_cast<double>(step - 1) * options_.lr_decay))};
  }

  template <int N>
  [[gnu::always_inline]] void update(const Scalars& scalars, T* weights, const T* gradient, T* const* slots) const {
    const T decay = static_cast<T>(options_.weight_decay), eps = static_cast<T>(options_.eps);
    Lane<T, N> w(weights), s(slots[0]);
    const Lane<const T, N> g(gradient);
    if (decay != T(0)) {
      s += (g + decay * w).square();
      w -= scalars.lr * (g + decay * w) / (s.sqrt() + eps);
    } else {
      s += g.square();
      w -= scalars.lr * g / (s.sqrt() + eps);
    }
  }

 private:
  Options options_;
};

}  // namespace detail

/// PyTorch: torch.optim.Adagrad.
template <typename T>
class Adagrad : public RuleOptimizer<T, detail::AdagradRule<T>> {
 public:
  using RuleOptimizer<T, detail::AdagradRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
