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

/// Where the state of one row of a table begins, whose first element is `row * columns`.
template <typename R>
[[gnu::always_inline]] inline Slots<R> at_row(const Slots<R>& slots, Index row, Index columns) noexcept {
  return at<R>(slots, R::by_rows ? row : row * columns);
}
/// Asks for the weights and the state of a row early. Inlined always: GCC takes a function that only prefetches for one
/// that does nothing, and leaves its calls out.
template <typename R, typename T>
[[gnu::always_inline]] inline void prefetch(const R& rule, Index row, Index columns, T* w,
                                            const Slots<R>& slots) noexcept {
  rowgrad::detail::prefetch_row<2>(w + row * columns, columns);
  for (int k = 0; k < rule.slots(); ++k)
    rowgrad::detail::prefetch_row<2>(at_row<R>(slots, row, columns)[static_cast<std::size_t>(k)],
                                     R::by_rows ? 1 : columns);
}

inline namespace ROWGRAD_ISA {

/// One step: the gradient of row rows[i] of w (and of the slots) is row i of g. Rows differ and are in range.
template <typename R, typename T>
void update_rows(const R& given_rule, const typename R::Scalars& given_scalars, const Index* rows, Index count,
                 Index columns, T* w, const T* g, const Slots<R>& slots) {
  const R rule = given_rule;  // copies, which no store can change
  const typename R::Scalars scalars = given_scalars;
  for (Index i = 0; i < count; ++i) {
    if (i + rowgrad::detail::rows_ahead < count)
      prefetch(rule, rows[i + rowgrad::detail::rows_ahead], columns, w, slots);
    T* const row_w = w + rows[i] * columns;
    const T* const row_g = g + i * columns;
    const Slots<R> row_slots = at_row<R>(slots, rows[i], columns);
    if constexpr (R::by_rows)
      rule.update_row(scalars, columns, row_w, row_g, row_slots.data());
    else
      rowgrad::detail::for_each_lane<T>(
          columns, [&](auto lane, Index c) __attribute__((always_inline)) {
            const Slots<R> here = at<R>(row_slots, c);
            rule.template update<decltype(lane)>(scalars, row_w + c, row_g + c, here.data());
          });
  }
}

}  // namespace ROWGRAD_ISA

/// The same for n neighbouring elements, as one row.
template <typename R, typename T>
void update_all(const R& rule, const typename R::Scalars& scalars, Index n, T* w, const T* g, const Slots<R>& slots) {
  const Index first = 0;
  update_rows(rule, scalars, &first, 1, n, w, g, slots);
}

/// The same for every row of a parameter of n elements whose last dimension is `columns`.
template <typename R, typename T>
void update_every_row(const R& rule, const typename R::Scalars& scalars, Index n, [[maybe_unused]] Index columns, T* w,
                      const T* g, const Slots<R>& slots) {
  if constexpr (R::by_rows)
    for (Index first = 0, row = 0; first < n; first += columns, ++row)
      update_all(rule, scalars, columns, w + first, g + first, at<R>(slots, row));
  else
    update_all(rule, scalars, n, w, g, slots);
}

}  // namespace rowgrad::optim::detail
