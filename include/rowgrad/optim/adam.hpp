// What: Adam, AdamW and SparseAdam.
// Why:  Adam and AdamW leave the weights that their dense forms leave, at the cost of the rows looked up; SparseAdam is
//       PyTorch's other algorithm, in which rows not looked up stand still.
// See:  rule.hpp; Kingma and Ba 2015, Loshchilov and Hutter 2019, Reddi et al. 2018 (amsgrad).
#pragma once

#include <rowgrad/optim/deferred/adam_history.hpp>
#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.Adam.
struct AdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  // L2: added to the gradient
  bool amsgrad = false;
  bool maximize = false;  // ascend the gradient
  bool lazy = false;      // rows that were not looked up stand still
  bool operator==(const AdamOptions&) const = default;
  static constexpr auto fields() {
    using F = Field<AdamOptions>;
    return std::array{F("lr", &AdamOptions::lr, Range::not_negative),
                      F("betas", &AdamOptions::betas, Range::below_one),
                      F("eps", &AdamOptions::eps, Range::not_negative),
                      F("weight_decay", &AdamOptions::weight_decay, Range::not_negative),
                      F("amsgrad", &AdamOptions::amsgrad),
                      F("maximize", &AdamOptions::maximize),
                      F("lazy", &AdamOptions::lazy)};
  }
};

/// PyTorch: torch.optim.AdamW.
struct AdamWOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;  // decoupled: w shrinks by lr * weight_decay a step
  bool amsgrad = false;
  bool maximize = false;  // ascend the gradient
  bool lazy = false;
  bool operator==(const AdamWOptions&) const = default;
  static constexpr auto fields() {
    using F = Field<AdamWOptions>;
    return std::array{F("lr", &AdamWOptions::lr, Range::not_negative),
                      F("betas", &AdamWOptions::betas, Range::below_one),
                      F("eps", &AdamWOptions::eps, Range::not_negative),
                      F("weight_decay", &AdamWOptions::weight_decay, Range::not_negative),
                      F("amsgrad", &AdamWOptions::amsgrad),
                      F("maximize", &AdamWOptions::maximize),
                      F("lazy", &AdamWOptions::lazy)};
  }
};

/// PyTorch: torch.optim.SparseAdam.
struct SparseAdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  bool maximize = false;  // ascend the gradient
  bool operator==(const SparseAdamOptions&) const = default;
  static constexpr auto fields() {
    using F = Field<SparseAdamOptions>;
    return std::array{
        F("lr", &SparseAdamOptions::lr, Range::not_negative), F("betas", &SparseAdamOptions::betas, Range::below_one),
        F("eps", &SparseAdamOptions::eps, Range::not_negative), F("maximize", &SparseAdamOptions::maximize)};
  }
};

namespace detail {

/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr/(1 - b1^t) m / (sqrt(v/(1 - b2^t)) + eps).
/// L2 decay: g += decay w before. Decoupled decay: w -= lr decay w before. amsgrad: the largest v so far divides.
template <typename T, typename AnyAdamOptions>
class AdamRule : public Rule<T, AnyAdamOptions> {
 public:
  using Options = AnyAdamOptions;
  using History = AdamHistory<AdamRule>;
  static constexpr bool is_adamw = std::is_same_v<Options, AdamWOptions>;
  static constexpr const char* name = is_adamw ? "AdamW" : "Adam";
  static constexpr std::array slot_names = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

  struct Scalars {
    T step_size;         // lr / (1 - b1^t)
    T root;              // 1 / sqrt(1 - b2^t)
    T decay;             // AdamW: w is multiplied by it
    T l2;                // Adam: this times w is added to the gradient
    T b1, b2, b2_share;  // 1 - beta1, beta2, 1 - beta2
    T eps;
    double exact_step_size, exact_root, exact_decay;  // for the history
  };

  explicit AdamRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return options_.amsgrad ? 3 : 2; }
  bool holds_squares(int slot) const noexcept { return slot > 0; }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  bool decoupled() const noexcept { return is_adamw; }
  bool has_closed_form(Index) const noexcept { return is_adamw || options_.weight_decay == 0; }
  bool divisor_stands() const noexcept { return options_.amsgrad; }
  Momentum momentum() const noexcept { return {0, options_.betas.first}; }

  Scalars scalars(Index step) const noexcept {
    const double t = static_cast<double>(step), lr = options_.lr;
    const auto [beta1, beta2] = options_.betas;
    Scalars s;
    s.exact_step_size = lr / (1 - std::pow(beta1, t));
    s.exact_root = 1 / std::sqrt(1 - std::pow(beta2, t));
    s.exact_decay = is_adamw ? 1 - lr * options_.weight_decay : 1;
    s.step_size = static_cast<T>(s.exact_step_size);
    s.root = static_cast<T>(s.exact_root);
    s.decay = static_cast<T>(s.exact_decay);
    s.l2 = static_cast<T>(is_adamw ? 0 : options_.weight_decay);
    s.b1 = static_cast<T>(1 - beta1);
    s.b2 = static_cast<T>(beta2);
    s.b2_share = static_cast<T>(1 - beta2);
    s.eps = static_cast<T>(options_.eps);
    return s;
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    L w = L::load(weights), g = this->template descent<L>(gradient);
    if constexpr (is_adamw)
      w = w * s.decay;
    else
      g = g + s.l2 * w;
    const L m0 = L::load(slots[0]), v0 = L::load(slots[1]);
    // (share g) g, as PyTorch has it, is finite where g^2 alone is too large for T.
    const L m = m0 + (g - m0) * s.b1, v = v0 * s.b2 + s.b2_share * g * g;
    m.store(slots[0]);
    v.store(slots[1]);
    L divisor = v;
    if (options_.amsgrad) {
      divisor = max(L::load(slots[2]), v);
      divisor.store(slots[2]);
    }
    (w - s.step_size * m / (sqrt(divisor) * s.root + s.eps)).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

/// The rows looked up alone: m, v as in Adam, w -= lr sqrt(1 - b2^t)/(1 - b1^t) m / (sqrt(v) + eps).
template <typename T>
class SparseAdamRule : public Rule<T, SparseAdamOptions> {
 public:
  using Options = SparseAdamOptions;
  static constexpr const char* name = "SparseAdam";
  static constexpr std::array slot_names = {"exp_avg", "exp_avg_sq"};
  static constexpr bool rows_only = true;

  struct Scalars {
    T step_size, b1, b2, eps;  // b1, b2: one minus the betas
  };

  explicit SparseAdamRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 2; }
  bool holds_squares(int slot) const noexcept { return slot == 1; }
  Momentum momentum() const noexcept { return {0, options_.betas.first}; }

  Scalars scalars(Index step) const noexcept {
    const double t = static_cast<double>(step);
    const auto [beta1, beta2] = options_.betas;
    return {static_cast<T>(options_.lr * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t))),
            static_cast<T>(1 - beta1), static_cast<T>(1 - beta2), static_cast<T>(options_.eps)};
  }

  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const L w = L::load(weights), g = this->template descent<L>(gradient), m0 = L::load(slots[0]),
            v0 = L::load(slots[1]);
    const L m = m0 + (g - m0) * s.b1, v = v0 + (g * g - v0) * s.b2;
    m.store(slots[0]);
    v.store(slots[1]);
    (w - s.step_size * m / (sqrt(v) + s.eps)).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

}  // namespace detail

/// Leaves the weights of dense Adam, and touches only the rows looked up. PyTorch: torch.optim.Adam.
template <typename T>
class Adam : public RuleOptimizer<T, detail::AdamRule<T, AdamOptions>> {
 public:
  using RuleOptimizer<T, detail::AdamRule<T, AdamOptions>>::RuleOptimizer;
};

/// Adam with decoupled weight decay. PyTorch: torch.optim.AdamW.
template <typename T>
class AdamW : public RuleOptimizer<T, detail::AdamRule<T, AdamWOptions>> {
 public:
  using RuleOptimizer<T, detail::AdamRule<T, AdamWOptions>>::RuleOptimizer;
};

/// Adam on the rows looked up; all others stand still. ValueError for a dense gradient. PyTorch:
/// torch.optim.SparseAdam.
template <typename T>
class SparseAdam : public RuleOptimizer<T, detail::SparseAdamRule<T>> {
 public:
  using RuleOptimizer<T, detail::SparseAdamRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
