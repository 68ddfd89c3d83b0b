// What: RowReport, what training did to one row of a table, and RowWatch, which keeps the notes for it.
// Why:  "has this word been trained, and why does it still move?" is the first question about a bad vector.
// See:  rule_optimizer.hpp (watch_rows, row_report), parameter_state.hpp (who tells the watch of gradients).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/growing_buffer.hpp>

namespace rowgrad::optim {

/// Steps are those of the table: only steps in which it had a gradient count, from 1; 0 stands for never.
struct RowReport {
  enum class Cause {
    never,     // not moved so far
    gradient,  // its own gradient moved it last
    momentum,  // no gradient but zeros in the last step, but averages of past gradients moved it
    decay      // only weight decay moved it
  };

  Index lookups = 0;             // steps in which it had a gradient, since watch_rows()
  Index zero_gradients = 0;      // those in which the gradient was all zeros: looked up, but nothing came back
  double gradient_norm = 0;      // Euclidean, of the last gradient that was not
  Index last_gradient_step = 0;  // of that one
  Index last_lookup_step = 0;
  Index last_moved_step = 0;
  Cause cause = Cause::never;  // of the last movement
};

namespace detail {

template <typename T>
bool any_not_zero(const T* values, Index n) noexcept {
  for (Index i = 0; i < n; ++i)
    if (values[i] != T(0)) return true;
  return false;
}

/// Notes of 32 bytes per row, from the first row-sparse gradient on.
template <typename T>
class RowWatch {
 public:
  /// Takes the memory for the notes of a table.
  void start(Index table_rows) {
    if (notes_.empty()) notes_.resize(static_cast<std::size_t>(table_rows));
  }

  void saw_rows(std::span<const Index> rows, const T* gradient, Index columns, Index step) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      note(rows[i], gradient + static_cast<Index>(i) * columns, columns, step);
  }

  /// A dense gradient counts for the rows in which it is not zero.
  void saw_dense(const T* gradient, Index columns, Index step) {
    if (notes_.empty()) unnoted_ = true;
    for (std::size_t row = 0; row < notes_.size(); ++row) {
      const T* values = gradient + static_cast<Index>(row) * columns;
      if (any_not_zero(values, columns)) note(static_cast<Index>(row), values, columns, step);
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
            .zero_gradients = static_cast<Index>(note.zeros),
            .gradient_norm = static_cast<double>(note.norm),
            .last_gradient_step = note.gradient_step,
            .last_lookup_step = note.lookup_step};
  }

 private:
  struct Note {
    Index lookup_step = 0, gradient_step = 0;
    std::uint32_t lookups = 0, zeros = 0;  // at most 2^32 - 1
    float norm = 0;
  };

  void note(Index row, const T* gradient, Index columns, Index step) {
    Note& note = notes_[static_cast<std::size_t>(row)];
    const bool counts = note.lookups != std::numeric_limits<std::uint32_t>::max();
    if (counts) ++note.lookups;
    note.lookup_step = step;
    if (!any_not_zero(gradient, columns)) {
      if (counts) ++note.zeros;
      return;
    }
    note.gradient_step = step;
    double squares = 0;
    for (Index c = 0; c < columns; ++c) squares += static_cast<double>(gradient[c]) * static_cast<double>(gradient[c]);
    note.norm = static_cast<float>(std::sqrt(squares));
  }

  rowgrad::detail::GrowingBuffer<Note> notes_;
  bool unnoted_ = false;
};

/// Completes a report of a row that is up to date with `step`: what moved it last. `state` is the row in the slot of
/// rule.momentum(), null if there is none.
template <typename T, typename R>
RowReport explain(RowReport report, const R& rule, Index step, Index columns, const T* weights, const T* state) {
  const auto moved = [&](RowReport::Cause cause, Index when) {
    report.cause = cause;
    report.last_moved_step = when;
    return report;
  };
  using enum RowReport::Cause;
  // The last step in which anything could move it.
  const Index last = rule.moves_at_rest() ? step : report.last_lookup_step;
  if (last > report.last_gradient_step) {
    // Decay that enters the averages keeps them from fading to zero: then the gradient's share in them decides.
    const bool decays = rule.moves_without_state();
    const bool in_averages = decays && !rule.decoupled();
    const double rest = static_cast<double>(last - report.last_gradient_step);
    const bool remembers = !in_averages || (report.last_gradient_step > 0 &&
                                            std::pow(rule.momentum().factor, rest) > std::numeric_limits<T>::epsilon());
    if (state != nullptr && any_not_zero(state, columns) && remembers) return moved(momentum, last);
    if (decays && any_not_zero(weights, columns)) return moved(decay, last);
  }
  return report.last_gradient_step > 0 ? moved(gradient, report.last_gradient_step) : report;
}

}  // namespace detail
}  // namespace rowgrad::optim
