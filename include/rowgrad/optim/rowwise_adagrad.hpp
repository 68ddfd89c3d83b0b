// What: RowwiseAdagrad, Adagrad with one sum of squares for each row.
// Why:  what recommendation models train their tables with: the state takes 1/D of the table's memory.
// See:  rule.hpp, adagrad.hpp; FBGEMM's OptimType.EXACT_ROWWISE_ADAGRAD; Duchi, Hazan and Singer 2011.
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>

namespace rowgrad::optim {

/// FBGEMM: SplitTableBatchedEmbeddingBagsCodegen(optimizer=OptimType.EXACT_ROWWISE_ADAGRAD).
struct RowwiseAdagradOptions {
  double lr = 1e-2;
  double weight_decay = 0;  // L2, added to the gradient. FBGEMM: WeightDecayMode.L2
  double eps = 1e-8;
  bool decoupled_weight_decay = false;  // w shrinks by lr * weight_decay a step. FBGEMM: WeightDecayMode.DECOUPLE
  bool maximize = false;                // ascend the gradient
  bool lazy = true;                     // FBGEMM's rule: rows that were not looked up do not decay
  bool operator==(const RowwiseAdagradOptions&) const = default;
  static constexpr auto fields() {
    using O = RowwiseAdagradOptions;
    using F = Field<O>;
    return std::array{F("lr", &O::lr, Range::not_negative),
                      F("weight_decay", &O::weight_decay, Range::not_negative),
                      F("eps", &O::eps, Range::not_negative),
                      F("decoupled_weight_decay", &O::decoupled_weight_decay),
                      F("maximize", &O::maximize),
                      F("lazy", &O::lazy)};
  }
};

namespace detail {

/// L2 decay: g += decay w. s += mean over the row of g^2; w -= lr g / (sqrt(s) + eps).
/// Decoupled decay: w -= lr decay w besides.
template <typename T>
class RowwiseAdagradRule : public Rule<T, RowwiseAdagradOptions> {
 public:
  using Options = RowwiseAdagradOptions;
  using History = LinearHistory<RowwiseAdagradRule>;
  static constexpr const char* name = "RowwiseAdagrad";
  static constexpr std::array slot_names = {"sum"};
  static constexpr bool by_rows = true;

  struct Scalars {
    T lr, l2, shrunk, eps;  // shrunk: what decoupled decay leaves of a weight
    double exact_shrunk;    // for the history
  };

  explicit RowwiseAdagradRule(const Options& options) : Rule<T, Options>(name, options) {}

  int slots() const noexcept { return 1; }
  bool holds_squares(int) const noexcept { return true; }
  bool moves_at_rest() const noexcept { return !options_.lazy && options_.weight_decay != 0; }
  bool moves_without_state() const noexcept { return options_.weight_decay != 0; }
  bool decoupled() const noexcept { return options_.decoupled_weight_decay; }

  Scalars scalars(Index) const noexcept {
    const double decay = options_.weight_decay, shrunk = decoupled() ? 1 - options_.lr * decay : 1;
    return {static_cast<T>(options_.lr), static_cast<T>(decoupled() ? 0 : decay), static_cast<T>(shrunk),
            static_cast<T>(options_.eps), shrunk};
  }

  /// With g = 0 and decoupled decay a row shrinks; L2 decay is stepped through.
  bool is_linear() const noexcept { return decoupled(); }
  LinearStep rest_step(const Scalars& s) const noexcept { return {s.exact_shrunk, 0, 0, 1}; }
  T* momentum_of(const Slots<RowwiseAdagradRule>&) const noexcept { return nullptr; }
  void fade(Index, Index, const Slots<RowwiseAdagradRule>&) const noexcept {}

  [[gnu::always_inline]] void update_row(const Scalars& s, Index columns, T* weights, const T* gradient,
                                         T* const* slots) const {
    using rowgrad::detail::Lane;
    using rowgrad::detail::widest_lane;
    if (columns == 0) return;
    using Wide = Lane<T, widest_lane<T>>;
    Wide squares = T(0);
    Index c = 0;
    for (; c + widest_lane<T> <= columns; c += widest_lane<T>) {
      const Wide g = descent_with_l2<Wide>(s, weights + c, gradient + c);
      squares = squares + g * g;
    }
    T sum = squares.sum();
    for (; c < columns; ++c) {
      const Lane<T, 1> g = descent_with_l2<Lane<T, 1>>(s, weights + c, gradient + c);
      sum += (g * g).sum();
    }
    const T moment = *slots[0] + sum / static_cast<T>(columns);
    *slots[0] = moment;
    const T factor = s.lr / (std::sqrt(moment) + s.eps);
    rowgrad::detail::for_each_lane<T>(
        columns, [&](auto lane, Index at) __attribute__((always_inline)) {
          using L = decltype(lane);
          const L g = descent_with_l2<L>(s, weights + at, gradient + at);
          (s.shrunk * L::load(weights + at) - factor * g).store(weights + at);
        });
  }

 private:
  template <typename L>
  [[gnu::always_inline]] L descent_with_l2(const Scalars& s, const T* weights, const T* gradient) const {
    const L g = this->template descent<L>(gradient);
    return s.l2 != 0 ? g + s.l2 * L::load(weights) : g;
  }

  using Rule<T, Options>::options_;
};

}  // namespace detail

/// One step size for each row, from the mean square of its gradients so far: for a table of shape (N, D) the state has
/// shape (N), for any other parameter its shape without the last dimension. FBGEMM: exact row-wise Adagrad.
template <typename T>
class RowwiseAdagrad : public RuleOptimizer<T, detail::RowwiseAdagradRule<T>> {
 public:
  using RuleOptimizer<T, detail::RowwiseAdagradRule<T>>::RuleOptimizer;
};

}  // namespace rowgrad::optim
