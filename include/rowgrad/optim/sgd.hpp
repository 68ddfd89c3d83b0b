// What: SGD with momentum, dampening, nesterov and weight decay.
// Why:  with momentum or decay a row moves also when it was not looked up; that is made up for when it is next read.
// See:  rule.hpp; PyTorch torch.optim.SGD; Sutskever et al. 2013.
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.SGD.
struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;  // ascend the gradient
  bool lazy = false;      // rows that were not looked up stand still
  bool operator==(const SGDOptions&) const = default;
  static constexpr auto fields() {
    using F = Field<SGDOptions>;
    return std::array{F("lr", &SGDOptions::lr, Range::not_negative),
                      F("momentum", &SGDOptions::momentum, Range::not_negative),
                      F("dampening", &SGDOptions::dampening),
                      F("weight_decay", &SGDOptions::weight_decay, Range::not_negative),
                      F("nesterov", &SGDOptions::nesterov),
                      F("maximize", &SGDOptions::maximize),
                      F("lazy", &SGDOptions::lazy)};
  }
};

namespace detail {

/// g += decay w; b = momentum b + (1 - dampening) g, at the first step b = g; w -= lr b,
/// or with nesterov w -= lr (g + momentum b). Without momentum w -= lr g.
template <typename T>
class SGDRule : public Rule<T, SGDOptions> {
 public:
  using Options = SGDOptions;
  using History = LinearHistory<SGDRule>;
  static constexpr const char* name = "SGD";
  static constexpr std::array slot_names = {"momentum_buffer"};

  struct Scalars {
    T lr, dampened, momentum, decay;
    double exact_lr, exact_dampened;  // for the history
  };

  explicit SGDRule(const Options& options) : Rule<T, Options>(name, options) {
    if (options.nesterov && (options.momentum <= 0 || options.dampening != 0))
      throw ValueError("SGD: nesterov needs a momentum above 0 and no dampening");
    plain_ = options.momentum == 0 && options.weight_decay == 0 && !options.maximize;
  }

  int slots() const noexcept { return options_.momentum != 0 ? 1 : 0; }
  bool moves_at_rest() const noexcept {
    return !options_.lazy && (options_.momentum != 0 || options_.weight_decay != 0);
  }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return options_.momentum != 0 ? Momentum{0, options_.momentum} : Momentum{}; }

  Scalars scalars(Index step) const noexcept {
    const double dampened = step == 1 ? 1 : 1 - options_.dampening;
    return {static_cast<T>(options_.lr),
            static_cast<T>(dampened),
            static_cast<T>(options_.momentum),
            static_cast<T>(options_.weight_decay),
            options_.lr,
            dampened};
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
  T* momentum_of(const Slots<SGDRule>& slots) const noexcept { return options_.momentum != 0 ? slots[0] : nullptr; }
  void fade(Index, Index, const Slots<SGDRule>&) const noexcept {}

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const L w = L::load(weights);
    if (plain_) {
      (w - s.lr * L::load(gradient)).store(weights);
      return;
    }
    L g = this->template descent<L>(gradient);
    if (options_.momentum == 0) {
      if (options_.weight_decay != 0) g = g + s.decay * w;
      (w - s.lr * g).store(weights);
      return;
    }
    const L decayed = g + s.decay * w, b = s.momentum * L::load(slots[0]) + s.dampened * decayed;
    b.store(slots[0]);
    (w - s.lr * (options_.nesterov ? decayed + s.momentum * b : b)).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
  bool plain_;  // w -= lr g, and nothing else
};

}  // namespace detail

/// PyTorch: torch.optim.SGD.
template <typename T>
class SGD : public RuleOptimizer<T, detail::SGDRule<T>> {
 public:
  using RuleOptimizer<T, detail::SGDRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
