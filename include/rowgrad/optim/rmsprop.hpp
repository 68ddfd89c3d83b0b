// What: RMSprop, plain or centered, with momentum and weight decay.
// Why:  its averages fade also in steps that did not look a row up; that is made up for when the row is next read.
// See:  parameter_state.hpp; PyTorch torch.optim.RMSprop; Graves 2013 (centered).
#pragma once

#include <rowgrad/optim/adam.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.RMSprop.
struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
  bool lazy = false;  // rows that were not looked up stand still
  bool operator==(const RMSpropOptions&) const = default;
};

namespace detail {

/// g += decay w; s = a s + (1 - a) g^2; centered: c = a c + (1 - a) g and s - c^2 in place of s below;
/// u = g / (sqrt(s) + eps); with momentum b = momentum b + u, w -= lr b; else w -= lr u.
template <typename T>
class RMSpropRule {
 public:
  using Options = RMSpropOptions;
  using History = LinearHistory<T, RMSpropRule>;
  static constexpr const char* name = "RMSprop";
  static constexpr int max_slots = 3;
  static constexpr std::array<const char*, max_slots> slot_names = {"square_avg", "momentum_buffer", "grad_avg"};

  struct Scalars {
    T lr;
    double exact_lr;  // for the history
  };

  explicit RMSpropRule(const Options& options) : options_(options) {
    expect_option(options.lr >= 0, name, "lr", ">= 0", options.lr);
    expect_option(options.alpha >= 0 && options.alpha < 1, name, "alpha", "in [0, 1)", options.alpha);
    expect_option(options.eps >= 0, name, "eps", ">= 0", options.eps);
    expect_option(options.weight_decay >= 0, name, "weight_decay", ">= 0", options.weight_decay);
    expect_option(options.momentum >= 0, name, "momentum", ">= 0", options.momentum);
  }

  int slots() const noexcept { return options_.centered ? 3 : options_.momentum != 0 ? 2 : 1; }
  T initial(int) const noexcept { return T(0); }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return options_.momentum != 0 ? Momentum{1, options_.momentum} : Momentum{}; }
  bool same_but_lr(const RMSpropRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index) const { return {static_cast<T>(options_.lr), options_.lr}; }

  bool is_linear() const noexcept { return options_.weight_decay == 0; }
  /// With g = 0: b' = momentum b, w' = w - lr b'.
  LinearStep rest_step(const Scalars& s) const noexcept {
    return {1, -s.exact_lr * options_.momentum, 0, options_.momentum};
  }
  T* momentum_of(const std::array<T*, max_slots>& slots) const noexcept {
    return options_.momentum != 0 ? slots[1] : nullptr;
  }
  /// The averages of g^2 and g over steps without a gradient.
  void fade(Index steps, Index n, const std::array<T*, max_slots>& slots) const noexcept {
    const T factor = static_cast<T>(std::pow(options_.alpha, static_cast<double>(steps)));
    ArrayMap<T>(slots[0], n) *= factor;
    if (options_.centered) ArrayMap<T>(slots[2], n) *= factor;
  }

  template <int N>
  [[gnu::always_inline]] void update(const Scalars& scalars, T* weights, const T* gradient, T* const* slots) const {
    const T a = static_cast<T>(options_.alpha), a_rest = static_cast<T>(1 - options_.alpha),
            decay = static_cast<T>(options_.weight_decay), eps = static_cast<T>(options_.eps);
    Lane<T, N> w(weights), s(slots[0]);
    const Lane<const T, N> g(gradient);
    const auto decayed = g + decay * w;
    s = a * s + a_rest * decayed.square();
    const auto apply = [&](const auto& root) {
      if (options_.momentum != 0) {
        Lane<T, N> b(slots[1]);
        b = static_cast<T>(options_.momentum) * b + decayed / (root + eps);
        w -= scalars.lr * b;
      } else {
        w -= scalars.lr * decayed / (root + eps);
      }
    };
    if (options_.centered) {
      Lane<T, N> c(slots[2]);
      c += (decayed - c) * a_rest;
      apply((s - c.square()).sqrt());
    } else {
      apply(s.sqrt());
    }
  }

 private:
  Options options_;
};

}  // namespace detail

/// PyTorch: torch.optim.RMSprop.
template <typename T>
class RMSprop : public RuleOptimizer<T, detail::RMSpropRule<T>> {
 public:
  using RuleOptimizer<T, detail::RMSpropRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
