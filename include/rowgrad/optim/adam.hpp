// What: Adam, AdamW and SparseAdam.
// Why:  Adam and AdamW leave the weights that their dense forms leave, at the cost of the rows looked up; SparseAdam is
//       PyTorch's other algorithm, in which rows not looked up stand still.
// See:  parameter_state.hpp; Kingma and Ba 2015, Loshchilov and Hutter 2019, Reddi et al. 2018 (amsgrad).
#pragma once

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
  using History = SteppingHistory<T, AdamRule>;
  static constexpr bool decoupled = std::is_same_v<Options, AdamWOptions>;
  static constexpr const char* name = decoupled ? "AdamW" : "Adam";
  static constexpr int max_slots = 3;  // exp_avg, exp_avg_sq, max_exp_avg_sq

  struct Scalars {
    T decay;      // AdamW: w is multiplied by it
    T step_size;  // lr / (1 - b1^t)
    T root;       // 1 / sqrt(1 - b2^t)
  };

  explicit AdamRule(const Options& options) : options_(options) {
    check_adam_options(name, options.lr, options.betas, options.eps);
    expect_option(options.weight_decay >= 0, name, "weight_decay", ">= 0", options.weight_decay);
  }

  int slots() const noexcept { return options_.amsgrad ? 3 : 2; }
  T initial(int) const noexcept { return T(0); }
  bool moves_at_rest() const noexcept { return !options_.lazy; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  bool same_but_lr(const AdamRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index step) const {
    const double t = static_cast<double>(step), lr = options_.lr;
    return {static_cast<T>(1 - lr * options_.weight_decay),
            static_cast<T>(lr / (1 - std::pow(options_.betas.first, t))),
            static_cast<T>(1 / std::sqrt(1 - std::pow(options_.betas.second, t)))};
  }

  template <int N>
  void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const T b1 = static_cast<T>(1 - options_.betas.first), b2 = static_cast<T>(options_.betas.second),
            b2_rest = static_cast<T>(1 - options_.betas.second), eps = static_cast<T>(options_.eps),
            l2 = static_cast<T>(options_.weight_decay);
    Lane<T, N> w(weights), m(slots[0]), v(slots[1]);
    const Lane<const T, N> g(gradient);
    if constexpr (decoupled) w *= s.decay;
    if (!decoupled && l2 != T(0)) {
      m += (g + l2 * w - m) * b1;
      v = v * b2 + b2_rest * (g + l2 * w).square();
    } else {
      m += (g - m) * b1;
      v = v * b2 + b2_rest * g.square();
    }
    if (options_.amsgrad) {
      Lane<T, N> largest(slots[2]);
      largest = largest.max(v);
      w -= s.step_size * m / (largest.sqrt() * s.root + eps);
    } else {
      w -= s.step_size * m / (v.sqrt() * s.root + eps);
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
  static constexpr bool rows_only = true;

  struct Scalars {
    T step_size;
  };

  explicit SparseAdamRule(const Options& options) : options_(options) {
    check_adam_options(name, options.lr, options.betas, options.eps);
  }

  int slots() const noexcept { return 2; }
  T initial(int) const noexcept { return T(0); }
  bool moves_at_rest() const noexcept { return false; }
  bool moves_without_state() const noexcept { return false; }
  bool same_but_lr(const SparseAdamRule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }

  Scalars scalars(Index step) const {
    const double t = static_cast<double>(step);
    return {static_cast<T>(options_.lr * std::sqrt(1 - std::pow(options_.betas.second, t)) /
                           (1 - std::pow(options_.betas.first, t)))};
  }

  template <int N>
  void update(const Scalars& s, T* weights, const T* gradient, T* const* slots) const {
    const T b1 = static_cast<T>(1 - options_.betas.first), b2 = static_cast<T>(1 - options_.betas.second),
            eps = static_cast<T>(options_.eps);
    Lane<T, N> w(weights), m(slots[0]), v(slots[1]);
    const Lane<const T, N> g(gradient);
    m += (g - m) * b1;
    v += (g.square() - v) * b2;
    w -= s.step_size * m / (v.sqrt() + eps);
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
