// What: how rows make up for missed steps: step by step (SteppingHistory), or at once for linear rules (LinearHistory).
// Why:  a rule whose zero-gradient step is linear in weight and momentum needs only the product of 2x2 matrices,
//       however many steps were missed.
// See:  deferred_rows.hpp (who calls), adam_history.hpp (Adam's closed form), docs/deferred_rows.md (derivation).
#pragma once

#include <cmath>
#include <limits>

#include <rowgrad/machine/growing_buffer.hpp>
#include <rowgrad/optim/update.hpp>

namespace rowgrad::optim::detail {

// A history notes the factors of each step and has
//     reserve(columns)              room for one more step; all the rest cannot fail
//     start(step)                   all rows are up to date with it
//     add(rule, step, scalars)      a step was made
//     prepare(rule, from, to)       works out what all rows share that rest from one step to another
//     rest(rule, from, to, n, w, slots) const      does it to one row; rows may rest on several threads, all prepared
//                                                  for the same step `to`
//     clear(), size()

/// Does the missed steps one after the other with a zero gradient: exact for every rule, at a cost of the steps missed.
template <typename R>
class SteppingHistory {
 public:
  using T = typename R::Value;

  void reserve(Index columns) {
    scalars_.make_room();
    if (zeros_.size() < static_cast<std::size_t>(columns)) zeros_.resize(static_cast<std::size_t>(columns));
  }
  void start(Index step) noexcept {
    first_ = step + 1;
    scalars_.clear();
  }
  void add(const R&, Index, const typename R::Scalars& scalars) noexcept { scalars_.push_back(scalars); }
  void clear() noexcept { scalars_.clear(); }
  std::size_t size() const noexcept { return scalars_.size(); }

  void prepare(const R&, Index, Index) noexcept {}
  void rest(const R& rule, Index from, Index to, Index n, T* w, const Slots<R>& slots) const noexcept {
    for (Index step = from + 1; step <= to; ++step)
      update_all(rule, scalars_[static_cast<std::size_t>(step - first_)], n, w, zeros_.data(), slots);
  }

 private:
  Index first_ = 1;
  rowgrad::detail::GrowingBuffer<typename R::Scalars> scalars_;  // of steps first_, first_ + 1, ...
  rowgrad::detail::GrowingBuffer<T> zeros_;
};

/// The rule's own History if it names one, else SteppingHistory.
template <typename R>
struct HistoryOf {
  using type = SteppingHistory<R>;
};
template <typename R>
requires requires { typename R::History; }
struct HistoryOf<R> {
  using type = typename R::History;
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

inline namespace ROWGRAD_ISA {

/// Applies a LinearStep to n weights and their momentum; without momentum (null) to the weights alone. The change is
/// added, which rounds less than multiplying by a factor close to one.
template <typename T>
void apply(const LinearStep& step, Index n, T* weights, T* momentum) noexcept {
  const T change = static_cast<T>(step.ww - 1), wb = static_cast<T>(step.wb), bw = static_cast<T>(step.bw),
          bb = static_cast<T>(step.bb);
  rowgrad::detail::for_each_lane<T>(
      n, [&](auto lane, Index i) __attribute__((always_inline)) {
        using L = decltype(lane);
        const L w = L::load(weights + i);
        if (momentum == nullptr) {
          (w + change * w).store(weights + i);
          return;
        }
        const L b = L::load(momentum + i);
        (w + (change * w + wb * b)).store(weights + i);
        (bw * w + bb * b).store(momentum + i);
      });
}

/// values *= factor.
template <typename T>
void scale(Index n, T* values, T factor) noexcept {
  rowgrad::detail::for_each_lane<T>(
      n, [&](auto lane, Index i) __attribute__((always_inline)) {
        using L = decltype(lane);
        (L::load(values + i) * factor).store(values + i);
      });
}

}  // namespace ROWGRAD_ISA

/// An average over `steps` steps without a gradient: values *= factor^steps. An infinite average stays infinite, as it
/// does when it is multiplied step by step: the product of factors that T holds must not vanish.
template <typename T>
void fade_average(double factor, Index steps, Index n, T* values) noexcept {
  const T whole = static_cast<T>(std::pow(factor, static_cast<double>(steps)));
  if (whole >= std::numeric_limits<T>::min() || factor == 0) return scale(n, values, whole);
  const T half = static_cast<T>(std::pow(factor, static_cast<double>(steps) / 2));
  for (int twice = 0; twice < 2; ++twice) scale(n, values, std::max(half, std::numeric_limits<T>::min()));
}

/// For rules whose zero-gradient step is a LinearStep of weight and momentum (R::rest_step) and that may fade other
/// state (R::fade). The product of the steps after s is extended when a row that rests since s is read, so each step
/// enters each product once. Rules for which is_linear() does not hold are stepped through.
template <typename R>
class LinearHistory {
 public:
  using T = typename R::Value;

  void reserve(Index columns) {
    entries_.make_room();
    stepping_.reserve(columns);
  }
  void start(Index step) noexcept {
    first_ = step;
    entries_.clear();
    entries_.push_back({{}, {}, step});
    stepping_.start(step);
  }
  void add(const R& rule, Index step, const typename R::Scalars& scalars) noexcept {
    if (!rule.is_linear()) stepping_.add(rule, step, scalars);
    entries_.push_back({rule.rest_step(scalars), {}, step});
  }
  void clear() noexcept {
    entries_.clear();
    stepping_.clear();
  }
  std::size_t size() const noexcept { return entries_.size(); }

  void prepare(const R& rule, Index from, Index to) noexcept {
    if (!rule.is_linear()) return;
    for (Entry& entry = at(from); entry.upto < to; ++entry.upto)
      entry.product = at(entry.upto + 1).step.after(entry.product);
  }
  void rest(const R& rule, Index from, Index to, Index n, T* w, const Slots<R>& slots) const noexcept {
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
  Entry& at(Index step) const noexcept { return entries_[static_cast<std::size_t>(step - first_)]; }

  Index first_ = 0;
  rowgrad::detail::GrowingBuffer<Entry> entries_;  // of steps first_ (up to which all is settled), first_ + 1, ...
  SteppingHistory<R> stepping_;
};

}  // namespace rowgrad::optim::detail
