// What: RowReport, what training did to one row of a table, and RowWatch, which keeps the notes for it.
// Why:  "has this word been trained, and why does it still move?" is the first question about a bad vector.
// See:  optimizer.hpp (watch_rows, row_report), parameter_state.hpp (who tells the watch of gradients).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad::optim {

/// Steps are those of the table: only steps in which it had a gradient count, from 1; 0 stands for never.
struct RowReport {
  enum class Cause {
    never,     // not moved so far
    gradient,  // its own gradient moved it last
    momentum,  // not looked up in the last step, but averages of past gradients moved it
    decay      // only weight decay moved it
  };

  Index lookups = 0;         // steps in which it had a gradient, since watch_rows()
  double gradient_norm = 0;  // Euclidean, in the last of them
  Index last_gradient_step = 0;
  Index last_moved_step = 0;
  Cause cause = Cause::never;  // of the last movement
};

namespace detail {

/// The state through which a rule moves a row at rest: its slot (-1: there is none), and what a step leaves of it.
struct Momentum {
  int slot = -1;
  double factor = 0;
};

/// Notes of 12 bytes a row, from the first row-sparse gradient on.
template <typename T>
class RowWatch {
 public:
  void saw_rows(Index table_rows, std::span<const Index> rows, const T* gradient, Index columns, Index step) {
    if (notes_.empty()) notes_.resize(static_cast<std::size_t>(table_rows));
    for (std::size_t i = 0; i < rows.size(); ++i)
      note(rows[i], gradient + static_cast<Index>(i) * columns, columns, step);
  }

  /// A dense gradient counts for the rows in which it is not zero.
  void saw_dense(const T* gradient, Index columns, Index step) {
    if (notes_.empty()) unnoted_ = true;
    for (std::size_t row = 0; row < notes_.size(); ++row) {
      const T* values = gradient + static_cast<Index>(row) * columns;
      if ((ArrayMap<const T>(values, columns) != T(0)).any()) note(static_cast<Index>(row), values, columns, step);
    }
  }

  /// Whether there were dense gradients alone, of which no notes were taken.
  bool knows_nothing() const noexcept { return notes_.empty() && unnoted_; }
  void grow(Index table_rows) {
    if (!notes_.empty()) notes_.resize(static_cast<std::size_t>(table_rows));
  }

  /// What was noted of a row; what moved it last is for the caller to say.
  RowReport noted(Index row) const {
    if (notes_.empty()) return {};
    const Note& note = notes_[static_cast<std::size_t>(row)];
    return {.lookups = static_cast<Index>(note.lookups),
            .gradient_norm = static_cast<double>(note.norm),
            .last_gradient_step = static_cast<Index>(note.step)};
  }

 private:
  struct Note {
    std::uint32_t lookups = 0, step = 0;
    float norm = 0;
  };

  void note(Index row, const T* gradient, Index columns, Index step) {
    Note& note = notes_[static_cast<std::size_t>(row)];
    ++note.lookups;
    note.step = static_cast<std::uint32_t>(step);
    note.norm =
        static_cast<float>(std::sqrt(ArrayMap<const T>(gradient, columns).template cast<double>().square().sum()));
  }

  std::vector<Note> notes_;
  bool unnoted_ = false;
};

/// Completes a report of a row that is up to date with `step`: what moved it last. `state` is the row in the slot of
/// rule.momentum(), null if there is none.
template <typename T, typename Rule>
RowReport explain(RowReport report, const Rule& rule, Index step, Index columns, const T* weights, const T* state) {
  const auto any = [columns](const T* values) { return (ArrayMap<const T>(values, columns) != T(0)).any(); };
  const auto moved = [&](RowReport::Cause cause, Index when) {
    report.cause = cause;
    report.last_moved_step = when;
    return report;
  };
  using enum RowReport::Cause;
  if (report.last_gradient_step > 0 && report.last_gradient_step == step) return moved(gradient, step);
  if (step > 0 && rule.moves_at_rest()) {
    // Decay that enters the averages keeps them from fading to zero: then the gradient's share in them decides.
    const bool decays = rule.moves_without_state();
    bool in_averages = decays;
    if constexpr (requires { rule.decoupled; }) in_averages = decays && !rule.decoupled;
    const double rest = static_cast<double>(step - report.last_gradient_step);
    const bool remembers = !in_averages || (report.lookups > 0 &&
                                            std::pow(rule.momentum().factor, rest) > std::numeric_limits<T>::epsilon());
    if (state != nullptr && any(state) && remembers) return moved(momentum, step);
    if (decays && any(weights)) return moved(decay, step);
  }
  return report.lookups > 0 ? moved(gradient, report.last_gradient_step) : report;
}

}  // namespace detail
}  // namespace rowgrad::optim
