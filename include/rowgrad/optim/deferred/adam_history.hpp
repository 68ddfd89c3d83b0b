// What: AdamHistory, which applies the steps of Adam or AdamW that a row missed, in closed form.
// Why:  a row at rest still moves: w -= m_s sum_j a_j / (r_j sigma + eps). All a_j and r_j are scalars of the whole
//       row, so expanding the fraction about the mean of r_j leaves a few moments to compute, whatever the steps
//       missed.
// See:  docs/deferred_rows.md (derivation and error), adam_rest.hpp (the row's part), history.hpp, adam.hpp.
#pragma once

#include <rowgrad/optim/deferred/adam_rest.hpp>
#include <rowgrad/optim/deferred/history.hpp>

namespace rowgrad::optim::detail {

/// With s the step a row is up to date with and t = s + j a missed one:
///     a_j = lr_t b1^j / (1 - b1^t) * (AdamW: the decay of the steps after t),
///     r_j = sqrt(b2^j / (1 - b2^t)), with amsgrad 1 / sqrt(1 - b2^t), for there the divisor stands still.
/// A rule of this kind has options.betas and eps, exact_step_size (lr_t / (1 - b1^t) in Adam), exact_root and
/// exact_decay among its scalars, divisor_stands() (amsgrad), and has_closed_form(step), which holds from some step on.
/// Where the terms fade, only the first steps of a rest count; their sums are kept for each s and shared by its rows.
template <typename R>
class AdamHistory {
 public:
  using T = typename R::Value;

  void reserve(Index columns) {
    entries_.make_room();
    powers_.make_room();
    stepping_.reserve(columns);
  }
  void start(Index step) noexcept {
    first_ = step;
    entries_.clear();
    entries_.push_back(Entry(step));
    powers_.clear();
    powers_.push_back({});
    stepping_.start(step);
    stepped_ = step;
  }

  void add(const R& rule, Index step, const typename R::Scalars& scalars) noexcept {
    const auto& options = rule.options();
    if (!rule.has_closed_form(step)) {
      stepping_.add(rule, step, scalars);
      stepped_ = step;
    }
    Entry entry(step);
    entry.step_size = scalars.exact_step_size;
    entry.root = scalars.exact_root;
    entry.decay = scalars.exact_decay;
    decays_ = decays_ || entry.decay != 1;
    entries_.push_back(entry);
    const auto [beta1, beta2] = options.betas;
    powers_.push_back({powers_.back().beta1 * beta1, powers_.back().root_beta2 * std::sqrt(beta2)});
    eps_ = options.eps;
    amsgrad_ = rule.divisor_stands();
    log_beta1_ = std::log(beta1);
    // With eps = 0 the terms fade as (b1 / sqrt(b2))^j, or not at all; the larger eps, the more as b1^j.
    const double slowest = amsgrad_ ? log_beta1_ : log_beta1_ - std::min(0.0, std::log(beta2) / 2);
    fades_ = slowest < log_faded / static_cast<double>(longest_sum);
    fade_length_ = beta1 == 0 ? 1 : fades_ ? static_cast<Index>(log_faded / slowest) + 1 : never;
  }

  void clear() noexcept {
    entries_.clear();
    powers_.clear();
    stepping_.clear();
  }
  std::size_t size() const noexcept { return entries_.size(); }

  void prepare(const R&, Index from, Index to) noexcept {
    from = std::max(from, stepped_);
    if (from >= to) return;
    Entry& entry = at(from);
    if (entry.whole.to != to) work_out(entry, from, to);
  }

  /// Steps from + 1 .. to with a zero gradient. O(n), but for the rests whose r_j spread widely (early in training, or
  /// with a small beta2): O(n) a step then, until the terms have faded. L2 weight decay has no closed form: O(n) a
  /// step.
  void rest(const R& rule, Index from, Index to, Index n, T* w, const Slots<R>& slots) const noexcept {
    if (from < stepped_) {
      const Index until = std::min(to, stepped_);
      stepping_.rest(rule, from, until, n, w, slots);
      from = until;
      if (from == to) return;
    }
    const AdamRest<T>& whole = at(from).whole;
    const AdamRow<T> row{n, w, slots[0], slots[1], amsgrad_ ? slots[2] : slots[1]};
    if (whole.by_moments)
      rest_by_moments(whole, static_cast<T>(eps_), row);
    else
      rest_by_steps(whole, from, to, row);
  }

 private:
  static constexpr std::size_t terms = AdamRest<T>::terms;
  // Of the expansion's error, relative to the whole movement: what rounding in T does not show.
  static constexpr double tolerance = std::is_same_v<T, float> ? 1e-7 : 1e-13;
  static constexpr double log_faded = -27.631021115928547;  // log(1e-12): below it a step no longer counts
  static constexpr Index longest_sum = 4096;                // steps; terms that fade more slowly are not summed up
  static constexpr Index never = std::numeric_limits<Index>::max() / 2;

  using Moments = std::array<double, terms + 1>;

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
    AdamRest<T> whole;
  };

  Entry& at(Index step) const noexcept { return entries_[static_cast<std::size_t>(step - first_)]; }

  const Powers& powers(Index steps) const noexcept { return powers_[static_cast<std::size_t>(steps)]; }
  /// r_j: what the divisor's root is multiplied by after a rest of j steps.
  double root(const Entry& step, Index j) const noexcept {
    return amsgrad_ ? step.root : step.root * powers(j).root_beta2;
  }

  // Every step enters the sums of every s once, however many rows rest since s.
  void extend_sums(Entry& entry, Index from, Index last) noexcept {
    for (; entry.upto < last; ++entry.upto) {
      const Index j = entry.upto + 1 - from;
      const Entry& step = at(entry.upto + 1);
      const double r = root(step, j);
      double a = step.step_size * powers(j).beta1;
      for (double& sum : entry.sums) {
        sum = sum * step.decay + a;
        a *= r;
      }
    }
  }

  void work_out(Entry& entry, Index from, Index to) noexcept {
    const Index last = std::min(to, from + fade_length_);
    AdamRest<T>& whole = entry.whole;
    // Sums are extended while rows still rest by them; terms that don't fade never come back to that.
    const bool gave_up = !fades_ && whole.to >= 0 && !whole.by_moments;
    if (entry.upto < last && !gave_up) {  // else the terms have faded, and the sums stand still
      extend_sums(entry, from, last);
      const double mean = entry.sums[0] > 0 ? entry.sums[1] / entry.sums[0] : 1;
      const Moments moments = central_moments(entry.sums, mean);
      // r_j falls with j: what the remainder of the expansion is divided by is at least r_last / mean.
      const double spread = std::max(1.0, mean / root(at(last), last - from));
      whole.by_moments = std::abs(moments[terms]) * spread <= tolerance * entry.sums[0];
      whole.mean = static_cast<T>(mean);
      for (std::size_t n = 0; n < terms; ++n) whole.c[n] = static_cast<T>(n % 2 == 0 ? moments[n] : -moments[n]);
    }
    if (decays_)
      for (; entry.decay_upto < to; ++entry.decay_upto) {
        const double decay = at(entry.decay_upto + 1).decay;
        entry.decay_after *= decay;
        if (entry.decay_upto >= last) entry.decay_faded *= decay;
      }
    const Powers& fade = powers(to - from);
    whole.to = to;
    whole.decay = static_cast<T>(entry.decay_faded);
    whole.fade_m = static_cast<T>(fade.beta1);
    whole.set_fade_v(fade.root_beta2);
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

  /// Steps after which the terms of this row no longer count. The first term is at least m a_1 / (r_1 sigma + eps), the
  /// j-th at most m a_j / eps.
  Index fade_length_of(const AdamRow<T>& row, Index from) const noexcept {
    if (fade_length_ < never || eps_ <= 0 || powers(1).beta1 <= 0) return fade_length_;
    T largest = 0;
    for (Index i = 0; i < row.n; ++i) largest = std::max(largest, row.v[i]);
    const double first = root(at(from + 1), 1) * std::sqrt(static_cast<double>(largest)) / eps_ + 1;
    return rowgrad::detail::is_finite(first) ? static_cast<Index>((1.5 * log_faded - std::log(first)) / log_beta1_) + 1
                                             : never;
  }

  /// Term by term, the last step first, in batches that fit on the stack.
  void rest_by_steps(const AdamRest<T>& whole, Index from, Index to, const AdamRow<T>& row) const noexcept {
    constexpr Index batch = 512;
    std::array<AdamTerm<T>, batch> steps;
    const Index length = fade_length_of(row, from);
    AdamRest<T> part = whole;
    part.fade_m = part.fade_v = part.fade_v_again = 1;
    double after = 1;  // decay of the steps behind
    Index count = 0;
    for (Index step = to; step > from; --step) {
      const Index j = step - from;
      if (j <= length) {
        if (count == batch) {
          rest_by_terms(part, static_cast<T>(eps_), steps.data(), count, row);
          part.fade_w = 1;
          count = 0;
        }
        steps[static_cast<std::size_t>(count++)] = {
            static_cast<T>(at(step).step_size * powers(j).beta1 * after),
            std::max(static_cast<T>(root(at(step), j)), std::numeric_limits<T>::min())};
      }
      after *= at(step).decay;
    }
    part.fade_m = whole.fade_m;
    part.fade_v = whole.fade_v;
    part.fade_v_again = whole.fade_v_again;
    rest_by_terms(part, static_cast<T>(eps_), steps.data(), count, row);
  }

  Index first_ = 0;
  rowgrad::detail::GrowingBuffer<Entry> entries_;  // of steps first_ (up to which all is settled), first_ + 1, ...
  rowgrad::detail::GrowingBuffer<Powers> powers_;  // of 0, 1, ... steps
  double eps_ = 0, log_beta1_ = 0;
  bool amsgrad_ = false;
  bool decays_ = false;    // whether the weights decay by themselves in any step
  Index stepped_ = 0;      // up to this step missed steps are done one by one
  bool fades_ = true;      // whether the terms fade whatever sigma and eps are, within longest_sum steps
  Index fade_length_ = 1;  // steps after which they have
  SteppingHistory<R> stepping_;
};

}  // namespace rowgrad::optim::detail
