// What: RowDebt, the updates that an optimizer still owes to rows of a table.
// Why:  rows that a step did not look up are brought up to date when they are next read. A storage points to whoever
//       owes its rows something; whoever reads it has that settled first, so nobody can see a stale row.
// See:  storage.hpp (debt), tensor.hpp (who reads); optim/ (who owes); docs/deferred_rows.md.
#pragma once

#include <span>

#include <rowgrad/core/shape.hpp>

namespace rowgrad::detail {

/// Updates that an optimizer owes to the rows of one table.
class RowDebt {
 public:
  /// Whether the rows that settle() counts are those of a tensor with these values and shape, and not of a view.
  virtual bool counts_rows_of(const void* values, const Shape& shape) const noexcept = 0;
  /// Brings every row up to date.
  virtual void settle_all() = 0;
  /// Brings these rows up to date; each in range, duplicates allowed. Cost of those rows alone.
  virtual void settle(std::span<const Index> rows) = 0;

 protected:
  ~RowDebt() = default;
};

}  // namespace rowgrad::detail
