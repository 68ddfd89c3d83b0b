// What: SGD with momentum, dampening, nesterov and weight decay.
// Why:  with momentum or decay a row moves also when it was not looked up; that is made up for when it is next read.
// See:  parameter_state.hpp; PyTorch torch.optim.SGD; Sutskever et al. 2013.
#pragma once

#include <rowgrad/optim/adam.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.SGD.
struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool lazy = false;  // rows that were not looked up stand still
  bool operator==(const SGDOptions&) const = default;
};

namespace detail {

/// g += decay w; b = momentum b + (1 - dampening) g, at the first step b = g; w -= lr b,
/// or with nesterov w -= lr (g + momentum b). Without momentum w -= lr g.
template <typename T>
class SGDRule {
 public:
  using Options = SGDOptions;
  using History = LinearHistory<T, SGDRule>;
  static constexpr const char* name = "SGD";
  static constexpr int max_slots = 1;
  static constexpr std::array<const char*, max_slots> slot_names = {"momentum_buffer"};

  struct Scalars {
    T lr, dampened;
    double exact_lr, exact_dampened;  // for the history
  };

  explicit SGDRule(const Options& options) : options_(options) {
    expect_option(options.lr >= 0, name, "lr", ">= 0", options.lr);
    expect_option(options.momentum >= 0, name, "momentum", ">= 0", options.momentum);
    expect_option(options.weight_decay >= 0, name, "weight_decay", ">= 0", options.weight_decay);
    if (options.nesterov && (options.momentum <= 0 || options.dampening != 0))
      throw ValueError("SGD: nesterov needs a momentum above 0 and no dampening");
  }

  int slots() const noexcept { return options_.momentum != 0 ? 1 : 0; }
  T initial(int) const noexcept { return T(0); }
  bool moves_at_rest() const noexcept {
    return !options_.lazy && (options_.momentum != 0 || options_.weight_decay != 0);
  }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return options_.momentum != 0 ? Momentum{0, options_.momentum} : Momentum{}; }
  bool same_but_lr(const SGDRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index step) const {
    const double dampened = step == 1 ? 1 : 1 - options_.dampening;
    return {static_cast<T>(options_.lr), static_cast<T>(dampened), options_.lr, dampened};
  }

  bool is_linear() const noexcept { return true; }
  /// With g = 0: b' = momentum b + dampened decay w, then w' = w - lr b', or with nesterov w - lr (decay w + momentum
  /// b').
  LinearStep rest_step(const Scalars& s) const noexcept {
    const double lr = s.exact_lr, decay = options_.weight_decay, momentum = options_.momentum;
    if (momentum == 0) return {1 - lr * decay, 0, 0, 1};
    const double bw = s.exact_dampened * decay, bb = momentum;
    if (options_.nesterov) return {1 - lr * (decay + momentum * bw), -lr * momentum * bb, bw, bb};
    return {1 - lr * bw, -lr * bb, bw, bb};
  }
  T* momentum_of(const std::array<T*, max_slots>& slots) const noexcept {
    return options_.momentum != 0 ? slots[0] : nullptr;
  }
  void fade(Index, Index, const std::array<T*, max_slots>&) const noexcept {}

  template <int N>
  [[gnu::always_inline]] void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const T momentum = static_cast<T>(options_.momentum), decay = static_cast<T>(options_.weight_decay);
    Lane<T, N> w(weights);
    const Lane<const T, N> g(gradient);
    if (momentum == T(0)) {
      if (decay != T(0))
        w -= s.lr * (g + decay * w);
      else
        w -= s.lr * g;
      return;
    }
    Lane<T, N> b(slots[0]);
    b = momentum * b + s.dampened * (g + decay * w);
    if (options_.nesterov)
      w -= s.lr * (g + decay * w + momentum * b);
    else
      w -= s.lr * b;
  }

 private:
  Options options_;
};

}  // namespace detail

/// PyTorch: torch.optim.SGD.
template <typename T>
class SGD : public RuleOptimizer<T, detail::SGDRule<T>> {
 public:
  using RuleOptimizer<T, detail::SGDRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
