// What: NAdam, Adam with Nesterov's momentum.
// Why:  at rest it moves as Adam does, with other step sizes, so that its deferred rows have Adam's closed form.
// See:  adam.hpp, rule.hpp; PyTorch torch.optim.NAdam; Dozat 2016.
#pragma once

#include <rowgrad/optim/deferred/adam_history.hpp>
#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.NAdam.
struct NAdamOptions {
  double lr = 2e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  // L2: added to the gradient
  double momentum_decay = 4e-3;
  bool decoupled_weight_decay = false;  // w shrinks by lr * weight_decay a step instead
  bool maximize = false;                // ascend the gradient
  bool lazy = false;                    // rows that were not looked up stand still
  bool operator==(const NAdamOptions&) const = default;
  static constexpr auto fields() {
    using O = NAdamOptions;
    using F = Field<O>;
    return std::array{F("lr", &O::lr, Range::not_negative),
                      F("betas", &O::betas, Range::below_one),
                      F("eps", &O::eps, Range::not_negative),
                      F("weight_decay", &O::weight_decay, Range::not_negative),
                      F("momentum_decay", &O::momentum_decay, Range::not_negative),
                      F("decoupled_weight_decay", &O::decoupled_weight_decay),
                      F("maximize", &O::maximize),
                      F("lazy", &O::lazy)};
  }
};

namespace detail {

/// mu_t = b1 (1 - 0.96^(t momentum_decay) / 2), P_t = mu_1 ... mu_t; m and v as in Adam;
/// w -= lr (g (1 - mu_t) / (1 - P_t) + m mu_(t+1) / (1 - P_(t+1))) / (sqrt(v/(1 - b2^t)) + eps).
template <typename T>
class NAdamRule : public Rule<T, NAdamOptions> {
 public:
  using Options = NAdamOptions;
  using History = AdamHistory<NAdamRule>;
  static constexpr const char* name = "NAdam";
  static constexpr std::array slot_names = {"exp_avg", "exp_avg_sq"};

  struct Scalars {
    T g_size, m_size;         // what the gradient and its average are multiplied by
    T root;                   // 1 / sqrt(1 - b2^t)
    T decay, l2;              // w is multiplied by the one; the other times w is added to the gradient
    T b1, b2, b2_share, eps;  // 1 - beta1, beta2, 1 - beta2
    double exact_step_size, exact_root, exact_decay;  // for the history
  };

  explicit NAdamRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 2; }
  bool holds_squares(int slot) const noexcept { return slot == 1; }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  bool decoupled() const noexcept { return options_.decoupled_weight_decay; }
  bool has_closed_form(Index) const noexcept { return decoupled() || options_.weight_decay == 0; }
  bool divisor_stands() const noexcept { return false; }
  Momentum momentum() const noexcept { return {0, options_.betas.first}; }

  /// O(step), until P_t no longer counts: after 437 steps with the default betas. As P_t is made of the present
  /// betas, one that changes in the middle of a run counts as if it had been there from the start.
  Scalars scalars(Index step) const noexcept {
    const auto [beta1, beta2] = options_.betas;
    const double fade = std::pow(0.96, options_.momentum_decay);
    double product = 1, power = 1;
    for (Index t = 1; t <= step && product > 1e-20; ++t) {
      power *= fade;
      product *= beta1 * (1 - 0.5 * power);
    }
    const auto mu = [&, b1 = beta1](Index t) {
      return b1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * options_.momentum_decay));
    };
    const double next = mu(step + 1);
    Scalars s;
    s.exact_step_size = options_.lr * next / (1 - product * next);
    s.exact_root = 1 / std::sqrt(1 - std::pow(beta2, static_cast<double>(step)));
    s.exact_decay = decoupled() ? 1 - options_.lr * options_.weight_decay : 1;
    s.g_size = static_cast<T>(options_.lr * (1 - mu(step)) / (1 - product));
    s.m_size = static_cast<T>(s.exact_step_size);
    s.root = static_cast<T>(s.exact_root);
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
    const L divisor = sqrt(v) * s.root + s.eps;
    (w - s.g_size * g / divisor - s.m_size * m / divisor).store(weights);
  }

 private:
  using Rule<T, Options>::options_;
};

}  // namespace detail

/// PyTorch: torch.optim.NAdam.
template <typename T>
class NAdam : public RuleOptimizer<T, detail::NAdamRule<T>> {
 public:
  using RuleOptimizer<T, detail::NAdamRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
