// What: AdamHistory, which applies the steps of Adam or AdamW that a row missed, in closed form.
// Why:  a row at rest still moves: w -= m_s sum_j a_j / (r_j sigma + eps). All a_j and r_j are scalars of the whole
//       row, so expanding the fraction about the mean of r_j leaves a few moments to compute, whatever the steps
//       missed.
// See:  docs/deferred_rows.md (derivation and error), history.hpp, adam.hpp.
#pragma once

#include <cmath>

#include <rowgrad/optim/deferred/history.hpp>

namespace rowgrad::optim::detail {

/// With s the step a row is up to date with and t = s + j a missed one:
///     a_j = lr_t b1^j / (1 - b1^t) * (AdamW: the decay of the steps after t),
///     r_j = sqrt(b2^j / (1 - b2^t)), with amsgrad 1 / sqrt(1 - b2^t), for there the divisor stands still.
/// a_j fades with b1^j, so only the first steps of a rest count; their sums are kept for each s and shared by its rows.
template <typename T, typename Rule>
class AdamHistory {
 public:
  void start(Index step) {
    first_ = step;
    entries_.assign(1, Entry(step));
    powers_.assign(1, Powers{});
    stepping_.start(step);
  }

  void add(const Rule& rule, Index step, const typename Rule::Scalars& scalars) {
    if (rule.options().weight_decay != 0 && !Rule::decoupled) stepping_.add(rule, step, scalars);
    Entry entry(step);
    entry.step_size = scalars.exact_step_size;
    entry.root = scalars.exact_root;
    entry.decay = scalars.exact_decay;
    entries_.push_back(entry);
    const auto [beta1, beta2] = rule.options().betas;
    powers_.push_back({powers_.back().beta1 * beta1, powers_.back().root_beta2 * std::sqrt(beta2)});
    fade_length_ = beta1 > 0 ? static_cast<Index>(std::log(faded) / std::log(beta1)) + 1 : 1;
  }

  void clear() noexcept {
    entries_.clear();
    powers_.clear();
    stepping_.clear();
  }
  std::size_t size() const noexcept { return entries_.size(); }

  void prepare(const Rule& rule, Index from, Index to, Index n) {
    if (stepping_.size() > 0) return stepping_.prepare(rule, from, to, n);
    Entry& entry = at(from);
    if (entry.whole.to != to) work_out(rule, entry, from, to);
  }

  /// Steps from + 1 .. to with a zero gradient. O(n), but for the few rests whose r_j spread widely (early in
  /// training): O(n) a step then, until b1^j has faded. L2 weight decay has no closed form: O(n) a step.
  void rest(const Rule& rule, Index from, Index to, Index n, T* w, const std::array<T*, Rule::max_slots>& slots) const {
    if (stepping_.size() > 0) return stepping_.rest(rule, from, to, n, w, slots);
    const Rest& whole = at(from).whole;
    if (whole.by_moments)
      rest_by_moments(rule, whole, n, w, slots);
    else
      rest_by_steps(rule, whole, from, to, n, w, slots);
  }

 private:
  static constexpr std::size_t terms = 10;  // of the expansion, n = 0 .. 9; the next one measures its error
  // Of that error, relative to the whole movement: what rounding in T does not show.
  static constexpr double tolerance = std::is_same_v<T, float> ? 1e-7 : 1e-13;
  static constexpr double faded = 1e-12;  // b1^j below which a step no longer counts

  using Moments = std::array<double, terms + 1>;

  /// What a whole rest from one step to another does; rows that rest over the same steps share it.
  struct Rest {
    Index to = -1;
    bool by_moments = false;
    T mean = 0;                // of r_j
    std::array<T, terms> c{};  // (-1)^n sum_j a_j ((r_j - mean) / mean)^n
    T decay = 1;               // of all c: AdamW's, in steps in which m has faded
    T fade_m = 1, fade_v = 1, fade_w = 1;
  };
  struct Powers {
    double beta1 = 1, root_beta2 = 1;
  };
  struct Entry {
    explicit Entry(Index step) : upto(step), decay_upto(step) {}
    double step_size = 0, root = 0, decay = 1;  // of this step
    Moments sums{};                             // sum_j a_j r_j^n over the steps after this one, up to `upto`
    Index upto;
    double decay_after = 1, decay_faded = 1;  // AdamW: product of the decays of the steps after this one, and of those
    Index decay_upto;                         // of them in which m has faded, up to `decay_upto`
    Rest whole;
  };

  Entry& at(Index step) noexcept { return entries_[static_cast<std::size_t>(step - first_)]; }
  const Entry& at(Index step) const noexcept { return entries_[static_cast<std::size_t>(step - first_)]; }

  const Powers& powers(Index steps) const noexcept { return powers_[static_cast<std::size_t>(steps)]; }
  /// r_j: what the divisor's root is multiplied by after a rest of j steps.
  double root(const Rule& rule, const Entry& step, Index j) const noexcept {
    return rule.options().amsgrad ? step.root : step.root * powers(j).root_beta2;
  }

  // Every step enters the sums of every s once, however many rows rest since s.
  void extend_sums(const Rule& rule, Entry& entry, Index from, Index last) {
    for (; entry.upto < last; ++entry.upto) {
      const Index j = entry.upto + 1 - from;
      const Entry& step = at(entry.upto + 1);
      const double r = root(rule, step, j);
      double a = step.step_size * powers(j).beta1;
      for (double& sum : entry.sums) {
        sum = sum * step.decay + a;
        a *= r;
      }
    }
  }

  void work_out(const Rule& rule, Entry& entry, Index from, Index to) {
    const Index last = std::min(to, from + fade_length_);
    Rest& whole = entry.whole;
    if (entry.upto < last) {  // else m has faded, and the sums stand still
      extend_sums(rule, entry, from, last);
      const double mean = entry.sums[0] > 0 ? entry.sums[1] / entry.sums[0] : 1;
      const Moments moments = central_moments(entry.sums, mean);
      whole.by_moments = std::abs(moments[terms]) <= tolerance * entry.sums[0];
      whole.mean = static_cast<T>(mean);
      for (std::size_t n = 0; n < terms; ++n) whole.c[n] = static_cast<T>(n % 2 == 0 ? moments[n] : -moments[n]);
    }
    if (Rule::decoupled)
      for (; entry.decay_upto < to; ++entry.decay_upto) {
        const double decay = at(entry.decay_upto + 1).decay;
        entry.decay_after *= decay;
        if (entry.decay_upto >= last) entry.decay_faded *= decay;
      }
    const Powers& fade = powers(to - from);
    whole.to = to;
    whole.decay = static_cast<T>(entry.decay_faded);
    whole.fade_m = static_cast<T>(fade.beta1);
    whole.fade_v = static_cast<T>(fade.root_beta2 * fade.root_beta2);
    whole.fade_w = static_cast<T>(entry.decay_after);
  }

  /// sum_j a_j ((r_j - mean) / mean)^n, from the sums of powers, by the binomial theorem.
  static Moments central_moments(const Moments& sums, double mean) noexcept {
    Moments scaled{}, result{};
    double power = 1;
    for (std::size_t n = 0; n <= terms; ++n, power /= mean) scaled[n] = sums[n] * power;
    std::array<double, terms + 1> row{};  // of Pascal's triangle, signs alternating
    row[0] = 1;
    for (std::size_t n = 0; n <= terms; ++n) {
      for (std::size_t k = 0; k <= n; ++k) result[n] += row[k] * scaled[k];
      for (std::size_t k = n + 1; k > 0 && n < terms; --k) row[k] = row[k - 1] - (k <= n ? row[k] : 0);
      row[0] = -row[0];
    }
    return result;
  }

  /// w -= m / d * sum_n (-u)^n M_n with d = mean sigma + eps, u = mean sigma / d.
  void rest_by_moments(const Rule& rule, const Rest& whole, Index n, T* weights,
                       const std::array<T*, Rule::max_slots>& slots) const {
    const T eps = static_cast<T>(rule.options().eps), mean = whole.mean;
    std::array<T, terms> c = whole.c;
    for (T& moment : c) moment *= whole.decay;
    for_lanes(rule, whole, n, weights, slots, [=](const auto& m, const auto& sigma) {
      using Values = std::decay_t<decltype(m)>;
      const Values root = sigma * mean, inverse = (root + eps).inverse();
      const Values u = root * inverse;
      Values sum = Values::Constant(c[terms - 1]);
      for (std::size_t k = terms - 1; k-- > 0;) sum = sum * u + c[k];
      return Values(m * inverse * sum);
    });
  }

  /// The same sum term by term.
  void rest_by_steps(const Rule& rule, const Rest& whole, Index from, Index to, Index n, T* weights,
                     const std::array<T*, Rule::max_slots>& slots) const {
    std::vector<std::array<T, 2>> steps;  // a_j, r_j
    double after = 1;                     // decay of the steps behind
    for (Index step = to; step > from; --step) {
      const Index j = step - from;
      if (j <= fade_length_)
        steps.push_back(
            {static_cast<T>(at(step).step_size * powers(j).beta1 * after), static_cast<T>(root(rule, at(step), j))});
      after *= at(step).decay;
    }
    const T eps = static_cast<T>(rule.options().eps);
    for_lanes(rule, whole, n, weights, slots, [&](const auto& average, const auto& sigma) {
      using Values = std::decay_t<decltype(average)>;
      Values sum = Values::Zero();
      for (const auto& [a, r] : steps) sum += a / (sigma * r + eps);
      return Values(average * sum);
    });
  }

  /// w = w fade_w - movement(m, sigma), then m and v fade.
  template <typename Movement>
  void for_lanes(const Rule& rule, const Rest& whole, Index n, T* weights, const std::array<T*, Rule::max_slots>& slots,
                 const Movement& movement) const {
    const bool amsgrad = rule.options().amsgrad;
    const T fade_m = whole.fade_m, fade_v = whole.fade_v, fade_w = whole.fade_w;
    for_each_lane<T>(n, [&]<int N>(std::integral_constant<int, N>, Index i) {
      using Values = Eigen::Array<T, N, 1>;
      Lane<T, N> w(weights + i), m(slots[0] + i), v(slots[1] + i);
      const Values m0 = m, v0 = v, w0 = w;
      const Values sigma = (amsgrad ? Values(Lane<T, N>(slots[2] + i)) : v0).sqrt();
      m = m0 * fade_m;
      v = v0 * fade_v;
      w = (Rule::decoupled ? Values(w0 * fade_w) : w0) - movement(m0, sigma);
    });
  }

  Index first_ = 0;
  std::vector<Entry> entries_;  // of steps first_ (up to which all is settled), first_ + 1, ...
  std::vector<Powers> powers_;  // of 0, 1, ... steps
  Index fade_length_ = 1;       // steps until beta1^j < faded
  SteppingHistory<T, Rule> stepping_;
};

}  // namespace rowgrad::optim::detail
