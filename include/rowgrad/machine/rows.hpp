// What: prefetch_row() and copy_rows(), for rows that lie anywhere in a table.
// Why:  a row that is not in cache takes longer to arrive than to work on, so it is asked for a few rows early.
// See:  table/ (lookups, bags), optim/ (updates of rows); docs/decisions.md, "Pages of 2 MiB".
#pragma once

#include <algorithm>

#include <rowgrad/machine/index.hpp>
#include <rowgrad/machine/threads.hpp>

namespace rowgrad::detail {

/// How many rows before its turn a row is asked for.
inline constexpr Index rows_ahead = 8;

/// Asks for the cache lines of a row that is about to be read. Never faults. locality is __builtin_prefetch's: 3 for
/// the first-level cache; 2 for the second, where several arrays are read per row and the first level would run out of
/// slots for lines under way.
template <int locality = 3, typename T>
[[gnu::always_inline]] inline void prefetch_row(const T* row, Index columns) noexcept {
  const char* const first = reinterpret_cast<const char*>(row);
  const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(T);
  for (std::size_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch(first + byte, 0, locality);
}

/// Copies table row rows[i] to row i of out, for i below count; both have `columns` columns. Rows must be in range.
/// Large copies are split over the threads there are.
template <typename T>
void copy_rows(const T* table, Index columns, const Index* rows, Index count, T* out) {
  constexpr Index piece = 512;
  parallel_pieces((count + piece - 1) / piece, count * columns > 100'000, [=](Index p) {
    const Index end = std::min(count, (p + 1) * piece);
    for (Index i = p * piece; i < end; ++i) {
      if (i + rows_ahead < end) prefetch_row(table + rows[i + rows_ahead] * columns, columns);
      std::copy_n(table + rows[i] * columns, columns, out + i * columns);
    }
  });
}

}  // namespace rowgrad::detail
