// What: Adam, AdamW and SparseAdam.
// Why:  Adam and AdamW leave the weights that their dense forms leave, at the cost of the rows looked up; SparseAdam is
//       PyTorch's other algorithm, in which rows not looked up stand still.
// See:  parameter_state.hpp; Kingma and Ba 2015, Loshchilov and Hutter 2019, Reddi et al. 2018 (amsgrad).
#pragma once

#include <rowgrad/optim/deferred/adam_history.hpp>
#include <rowgrad/optim/optimizer.hpp>

namespace rowgrad::optim {

/// PyTorch: torch.optim.Adam.
struct AdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 0;  // L2: added to the gradient
  bool amsgrad = false;
  bool lazy = false;  // rows that were not looked up stand still
  bool operator==(const AdamOptions&) const = default;
};

/// PyTorch: torch.optim.AdamW.
struct AdamWOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;  // decoupled: w shrinks by lr * weight_decay a step
  bool amsgrad = false;
  bool lazy = false;
  bool operator==(const AdamWOptions&) const = default;
};

/// PyTorch: torch.optim.SparseAdam.
struct SparseAdamOptions {
  double lr = 1e-3;
  std::pair<double, double> betas = {0.9, 0.999};
  double eps = 1e-8;
  bool operator==(const SparseAdamOptions&) const = default;
};

namespace detail {

inline void expect_option(bool fits, const char* optimizer, const char* option, const char* expected, double value) {
  if (!fits)
    throw ValueError(std::string(optimizer) + ": expected " + option + " " + expected + ", got " +
                     std::to_string(value));
}

inline void check_adam_options(const char* name, double lr, std::pair<double, double> betas, double eps) {
  expect_option(lr >= 0, name, "lr", ">= 0", lr);
  expect_option(eps >= 0, name, "eps", ">= 0", eps);
  expect_option(betas.first >= 0 && betas.first < 1, name, "betas.first", "in [0, 1)", betas.first);
  expect_option(betas.second >= 0 && betas.second < 1, name, "betas.second", "in [0, 1)", betas.second);
}

/// m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr/(1 - b1^t) m / (sqrt(v/(1 - b2^t)) + eps).
/// L2 decay: g += decay w before. Decoupled decay: w -= lr decay w before. amsgrad: the largest v so far divides.
template <typename T, typename AnyAdamOptions>
class AdamRule {
 public:
  using Options = AnyAdamOptions;
  using History = AdamHistory<T, AdamRule>;
  static constexpr bool decoupled = std::is_same_v<Options, AdamWOptions>;
  static constexpr const char* name = decoupled ? "AdamW" : "Adam";
  static constexpr int max_slots = 3;
  static constexpr std::array<const char*, max_slots> slot_names = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

  struct Scalars {
    T step_size;         // lr / (1 - b1^t)
    T root;              // 1 / sqrt(1 - b2^t)
    T decay;             // AdamW: w is multiplied by it
    T l2;                // Adam: this times w is added to the gradient
    T b1, b2, b2_share;  // 1 - beta1, beta2, 1 - beta2
    T eps;
    double exact_step_size, exact_root, exact_decay;  // for the history
  };

  explicit AdamRule(const Options& options) : options_(options) {
    check_adam_options(name, options.lr, options.betas, options.eps);
    expect_option(options.weight_decay >= 0, name, "weight_decay", ">= 0", options.weight_decay);
  }

  const Options& options() const noexcept { return options_; }
  int slots() const noexcept { return options_.amsgrad ? 3 : 2; }
  T initial(int) const noexcept { return T(0); }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  Momentum momentum() const noexcept { return {0, options_.betas.first}; }
  bool same_but_lr(const AdamRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index step) const {
    const double t = static_cast<double>(step), lr = options_.lr;
    const auto [beta1, beta2] = options_.betas;
    Scalars s;
    s.exact_step_size = lr / (1 - std::pow(beta1, t));
    s.exact_root = 1 / std::sqrt(1 - std::pow(beta2, t));
    s.exact_decay = decoupled ? 1 - lr * options_.weight_decay : 1;
    s.step_size = static_cast<T>(s.exact_step_size);
    s.root = static_cast<T>(s.exact_root);
    s.decay = static_cast<T>(s.exact_decay);
    s.l2 = static_cast<T>(decoupled ? 0 : options_.weight_decay);
    s.b1 = static_cast<T>(1 - beta1);
    s.b2 = static_cast<T>(beta2);
    s.b2_share = static_cast<T>(1 - beta2);
    s.eps = static_cast<T>(options_.eps);
    return s;
  }

  template <int N>
  [[gnu::always_inline]] void update(Scalars s, T* weights, const T* gradient, T* const* slots) const {
    Lane<T, N> w(weights), m(slots[0]), v(slots[1]);
    const Lane<const T, N> g(gradient);
    // Values, not expressions: they stay in registers between the stores.
    using Values = Eigen::Array<T, N, 1>;
    const Values w0 = decoupled ? Values(w * s.decay) : Values(w);
    const Values g0 = decoupled ? Values(g) : Values(g + s.l2 * w0);
    const Values m1 = m + (g0 - m) * s.b1, v1 = v * s.b2 + s.b2_share * g0.square();
    m = m1;
    v = v1;
    if (options_.amsgrad) {
      Lane<T, N> largest(slots[2]);
      const Values largest1 = largest.max(v1);
      largest = largest1;
      w = w0 - s.step_size * m1 / (largest1.sqrt() * s.root + s.eps);
    } else {
      w = w0 - s.step_size * m1 / (v1.sqrt() * s.root + s.eps);
    }
  }

 private:
  Options options_;
};

/// The rows looked up alone: m, v as in Adam, w -= lr sqrt(1 - b2^t)/(1 - b1^t) m / (sqrt(v) + eps).
template <typename T>
class SparseAdamRule {
 public:
  using Options = SparseAdamOptions;
  using History = SteppingHistory<T, SparseAdamRule>;
  static constexpr const char* name = "SparseAdam";
  static constexpr int max_slots = 2;
  static constexpr std::array<const char*, max_slots> slot_names = {"exp_avg", "exp_avg_sq"};
  static constexpr bool rows_only = true;

  struct Scalars {
    T step_size, b1, b2, eps;  // b1, b2: one minus the betas
  };

  explicit SparseAdamRule(const Options& options) : options_(options) {
    check_adam_options(name, options.lr, options.betas, options.eps);
  }

  int slots() const noexcept { return 2; }
  T initial(int) const noexcept { return T(0); }
  bool moves_at_rest() const noexcept { return false; }
  bool moves_without_state() const noexcept { return false; }
  Momentum momentum() const noexcept { return {}; }
  bool same_but_lr(const SparseAdamRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index step) const {
    const double t = static_cast<double>(step);
    const auto [beta1, beta2] = options_.betas;
    return {static_cast<T>(options_.lr * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t))),
            static_cast<T>(1 - beta1), static_cast<T>(1 - beta2), static_cast<T>(options_.eps)};
  }

  template <int N>
  [[gnu::always_inline]] void update(Scalars s, T* weights, const T* gradient, T* const* slots) const {
    Lane<T, N> w(weights), m(slots[0]), v(slots[1]);
    const Lane<const T, N> g(gradient);
    const Eigen::Array<T, N, 1> m1 = m + (g - m) * s.b1, v1 = v + (g.square() - v) * s.b2;
    m = m1;
    v = v1;
    w -= s.step_size * m1 / (v1.sqrt() + s.eps);
  }

 private:
  Options options_;
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
