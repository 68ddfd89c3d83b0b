// What: how rows make up for missed steps: step by step (SteppingHistory), or at once for linear rules (LinearHistory).
// Why:  a rule whose zero-gradient step is linear in weight and momentum needs only the product of 2x2 matrices,
//       however many steps were missed.
// See:  parameter_state.hpp (who calls), adam_history.hpp (Adam's closed form), docs/deferred_rows.md (derivation).
#pragma once

#include <array>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad::optim::detail {

/// N neighbouring elements. N is fixed, so that Eigen needs no loop and no aligned start: rows start anywhere.
template <typename T, int N>
using Lane = std::conditional_t<std::is_const_v<T>, Eigen::Map<const Eigen::Array<std::remove_const_t<T>, N, 1>>,
                                Eigen::Map<Eigen::Array<T, N, 1>>>;

/// Calls body(lane width, offset) over n neighbouring elements: as many as fit a SIMD register at a time, then 4,
/// then 1.
template <typename T, typename Body>
[[gnu::always_inline]] inline void for_each_lane(Index n, const Body& body) {
  Index i = 0;
  const auto run = [&]<int N>(std::integral_constant<int, N> width) __attribute__((always_inline)) {
    for (; i + N <= n; i += N) body(width, i);
  };
  run(std::integral_constant<int, static_cast<int>(64 / sizeof(T))>());
  run(std::integral_constant<int, 4>());
  run(std::integral_constant<int, 1>());
}

/// One step of a rule over n neighbouring elements. Inlined throughout: a call for each lane costs as much as the lane.
template <typename T, typename Rule>
[[gnu::always_inline]] inline void update(const Rule& rule, const typename Rule::Scalars& scalars, Index n, T* w,
                                          const T* g, const std::array<T*, Rule::max_slots>& slots) {
  const std::size_t slot_count = static_cast<std::size_t>(rule.slots());
  for_each_lane<T>(
      n, [&]<int N>(std::integral_constant<int, N>, Index i) __attribute__((always_inline)) {
        std::array<T*, Rule::max_slots> at{};
        for (std::size_t k = 0; k < slot_count; ++k) at[k] = slots[k] + i;
        rule.template update<N>(scalars, w + i, g + i, at.data());
      });
}

// A history has prepare(rule, from, to, n), which works out what all rows that rest from one step to another share, and
// rest(), which then does it to one row; rows may rest on several threads, all prepared for the same step `to`.

/// Does the missed steps one after the other with a zero gradient: exact for every rule, at a cost of the steps missed.
template <typename T, typename Rule>
class SteppingHistory {
 public:
  void start(Index step) { first_ = step + 1; }
  void add(const Rule&, Index, const typename Rule::Scalars& scalars) { scalars_.push_back(scalars); }
  void clear() noexcept { scalars_.clear(); }
  std::size_t size() const noexcept { return scalars_.size(); }

  void prepare(const Rule&, Index, Index, Index n) {
    if (zeros_.size() < static_cast<std::size_t>(n)) zeros_.assign(static_cast<std::size_t>(n), T(0));
  }
  void rest(const Rule& rule, Index from, Index to, Index n, T* w, const std::array<T*, Rule::max_slots>& slots) const {
    for (Index step = from + 1; step <= to; ++step)
      detail::update<T>(rule, scalars_[static_cast<std::size_t>(step - first_)], n, w, zeros_.data(), slots);
  }

 private:
  Index first_ = 1;
  std::vector<typename Rule::Scalars> scalars_;  // of steps first_, first_ + 1, ...
  std::vector<T> zeros_;
};

/// What a zero-gradient step does to (weight, momentum): w' = ww w + wb b, b' = bw w + bb b.
struct LinearStep {
  double ww = 1, wb = 0, bw = 0, bb = 1;

  /// First `before`, then this.
  LinearStep after(const LinearStep& before) const noexcept {
    return {ww * before.ww + wb * before.bw, ww * before.wb + wb * before.bb, bw * before.ww + bb * before.bw,
            bw * before.wb + bb * before.bb};
  }
};

/// Applies a LinearStep to n weights and their momentum; without momentum (null) to the weights alone. The change is
/// added, which rounds less than multiplying by a factor close to one.
template <typename T>
void apply(const LinearStep& step, Index n, T* weights, T* momentum) {
  const T change = static_cast<T>(step.ww - 1), wb = static_cast<T>(step.wb), bw = static_cast<T>(step.bw),
          bb = static_cast<T>(step.bb);
  for_each_lane<T>(n, [&]<int N>(std::integral_constant<int, N>, Index i) {
    Lane<T, N> w(weights + i);
    if (momentum == nullptr) {
      w += change * w;
      return;
    }
    Lane<T, N> b(momentum + i);
    const Eigen::Array<T, N, 1> w0 = w, b0 = b;
    w = w0 + (change * w0 + wb * b0);
    b = bw * w0 + bb * b0;
  });
}

/// For rules whose zero-gradient step is a LinearStep of weight and momentum (Rule::rest_step) and that may fade other
/// state (Rule::fade). The product of the steps after s is extended when a row that rests since s is read, so each step
/// enters each product once. Rules for which is_linear() does not hold are stepped through.
template <typename T, typename Rule>
class LinearHistory {
 public:
  void start(Index step) {
    first_ = step;
    entries_.assign(1, Entry{{}, {}, step});
    stepping_.start(step);
  }
  void add(const Rule& rule, Index step, const typename Rule::Scalars& scalars) {
    if (!rule.is_linear()) stepping_.add(rule, step, scalars);
    entries_.push_back({rule.rest_step(scalars), {}, step});
  }
  void clear() noexcept {
    entries_.clear();
    stepping_.clear();
  }
  std::size_t size() const noexcept { return entries_.size(); }

  void prepare(const Rule& rule, Index from, Index to, Index n) {
    if (!rule.is_linear()) return stepping_.prepare(rule, from, to, n);
    for (Entry& entry = at(from); entry.upto < to; ++entry.upto)
      entry.product = at(entry.upto + 1).step.after(entry.product);
  }
  void rest(const Rule& rule, Index from, Index to, Index n, T* w, const std::array<T*, Rule::max_slots>& slots) const {
    if (!rule.is_linear()) return stepping_.rest(rule, from, to, n, w, slots);
    apply(entries_[static_cast<std::size_t>(from - first_)].product, n, w, rule.momentum_of(slots));
    rule.fade(to - from, n, slots);
  }

 private:
  struct Entry {
    LinearStep step;     // this step's own matrix
    LinearStep product;  // of the steps after it, up to `upto`
    Index upto;
  };
  Entry& at(Index step) noexcept { return entries_[static_cast<std::size_t>(step - first_)]; }

  Index first_ = 0;
  std::vector<Entry> entries_;  // of steps first_ (up to which all is settled), first_ + 1, ...
  SteppingHistory<T, Rule> stepping_;
};

}  // namespace rowgrad::optim::detail
