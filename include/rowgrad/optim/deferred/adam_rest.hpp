// What: what a whole rest of Adam does to one row: by moments, whatever the number of steps, or term by term.
// Why:  these are the inner loops of deferred rows; they know lanes and nothing of histories.
// See:  adam_history.hpp (who works the factors out), docs/deferred_rows.md (derivation).
#pragma once

#include <array>
#include <limits>

#include <rowgrad/machine/lanes.hpp>

namespace rowgrad::optim::detail {

/// What a whole rest from one step to another does; rows that rest over the same steps share it.
template <typename T>
struct AdamRest {
  static constexpr std::size_t terms = 10;  // of the expansion, n = 0 .. 9; the next one measures its error

  Index to = -1;
  bool by_moments = false;
  T mean = 0;                // of r_j
  std::array<T, terms> c{};  // (-1)^n sum_j a_j ((r_j - mean) / mean)^n
  T decay = 1;               // of all c: AdamW's, in steps in which m has faded
  T fade_m = 1, fade_v = 1, fade_v_again = 1, fade_w = 1;

  /// v fades by root^2. Where that is below what T holds it is done in two steps, so that an infinite v stays so.
  void set_fade_v(double root) noexcept {
    fade_v = static_cast<T>(root * root);
    fade_v_again = 1;
    if (fade_v < std::numeric_limits<T>::min())
      fade_v = fade_v_again = std::max(static_cast<T>(root), std::numeric_limits<T>::min());
  }
};

/// A row at rest. v_sigma is the slot whose root divides: v, or with amsgrad the largest v.
template <typename T>
struct AdamRow {
  Index n;
  T *w, *m, *v;
  const T* v_sigma;
};

/// A missed step: it moves the row by -m a / (r sigma + eps).
template <typename T>
struct AdamTerm {
  T a, r;
};

inline namespace ROWGRAD_ISA {

/// w = w fade_w - movement(m, sigma), then m and v fade.
template <typename T, typename Movement>
[[gnu::always_inline]] inline void rest_lanes(const AdamRest<T>& whole, const AdamRow<T>& row,
                                              const Movement& movement) noexcept {
  const T fade_m = whole.fade_m, fade_v = whole.fade_v, fade_v_again = whole.fade_v_again, fade_w = whole.fade_w;
  T *const w = row.w, *const m = row.m, *const v = row.v;
  const T* const v_sigma = row.v_sigma;
  rowgrad::detail::for_each_lane<T>(
      row.n, [&](auto lane, Index i) __attribute__((always_inline)) {
        using L = decltype(lane);
        const L m0 = L::load(m + i), v0 = L::load(v + i), sigma = sqrt(L::load(v_sigma + i));
        const L w1 = L::load(w + i) * fade_w - movement(m0, sigma);
        (m0 * fade_m).store(m + i);
        (v0 * fade_v * fade_v_again).store(v + i);
        w1.store(w + i);
      });
}

/// movement = m / d * sum_n (-u)^n M_n with d = mean sigma + eps, u = mean sigma / d = 1 - eps / d.
template <typename T>
void rest_by_moments(const AdamRest<T>& whole, T eps, const AdamRow<T>& row) noexcept {
  std::array<T, AdamRest<T>::terms> c = whole.c;
  for (T& moment : c) moment *= whole.decay;
  const T mean = whole.mean;
  rest_lanes(
      whole, row, [&](auto m, auto sigma) __attribute__((always_inline)) {
        using L = decltype(m);
        const L inverse = T(1) / (sigma * mean + eps), u = T(1) - eps * inverse;
        L sum = c[c.size() - 1];
        for (std::size_t k = c.size() - 1; k-- > 0;) sum = sum * u + c[k];
        return m * inverse * sum;
      });
}

/// The same sum term by term.
template <typename T>
void rest_by_terms(const AdamRest<T>& whole, T eps, const AdamTerm<T>* terms, Index count,
                   const AdamRow<T>& row) noexcept {
  rest_lanes(
      whole, row, [&](auto m, auto sigma) __attribute__((always_inline)) {
        using L = decltype(m);
        L sum = T(0);
        for (Index k = 0; k < count; ++k) sum = sum + terms[k].a / (sigma * terms[k].r + eps);
        return m * sum;
      });
}

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::optim::detail
