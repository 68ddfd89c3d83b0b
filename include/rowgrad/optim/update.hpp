// What: update_rows(), one step of a rule over some rows of a table, or over everything as one row.
// Why:  it is the only place where a rule's formula is compiled, for each width of lanes once.
// See:  rule.hpp, parameter_state.hpp and deferred/history.hpp (who calls).
#pragma once

#include <rowgrad/machine/rows.hpp>
#include <rowgrad/optim/rule.hpp>

namespace rowgrad::optim::detail {

/// Where a rule's state arrays begin.
template <typename R>
using Slots = std::array<typename R::Value*, R::slot_names.empty() ? 1 : R::slot_names.size()>;

template <typename R>
[[gnu::always_inline]] inline Slots<R> at(const Slots<R>& slots, Index offset) noexcept {
  Slots<R> moved = slots;
  for (auto& slot : moved) slot += offset;
  return moved;
}

inline namespace ROWGRAD_ISA {

/// One step: the gradient of row rows[i] of w (and of the slots) is row i of g. Rows differ and are in range.
template <typename R, typename T>
void update_rows(const R& given_rule, const typename R::Scalars& given_scalars, const Index* rows, Index count,
                 Index columns, T* w, const T* g, const Slots<R>& slots) {
  const R rule = given_rule;  // copies, which no store can change
  const typename R::Scalars scalars = given_scalars;
  for (Index i = 0; i < count; ++i) {
    if (i + rowgrad::detail::rows_ahead < count) {
      const Index ahead = rows[i + rowgrad::detail::rows_ahead] * columns;
      rowgrad::detail::prefetch_row<2>(w + ahead, columns);
      for (int k = 0; k < rule.slots(); ++k)
        rowgrad::detail::prefetch_row<2>(slots[static_cast<std::size_t>(k)] + ahead, columns);
    }
    const Index offset = rows[i] * columns;
    T* const row_w = w + offset;
    const T* const row_g = g + i * columns;
    const Slots<R> row_slots = at<R>(slots, offset);
    rowgrad::detail::for_each_lane<T>(
        columns, [&](auto lane, Index c) __attribute__((always_inline)) {
          const Slots<R> here = at<R>(row_slots, c);
          rule.template update<decltype(lane)>(scalars, row_w + c, row_g + c, here.data());
        });
  }
}

}  // namespace ROWGRAD_ISA

/// The same for the whole of n elements.
template <typename R, typename T>
void update_all(const R& rule, const typename R::Scalars& scalars, Index n, T* w, const T* g, const Slots<R>& slots) {
  const Index first = 0;
  update_rows(rule, scalars, &first, 1, n, w, g, slots);
}

}  // namespace rowgrad::optim::detail
