// What: RowDebt, the updates that an optimizer still owes to rows of a table.
// Why:  dense Adam moves every row at every step, and visiting them all would make a step cost as much as the table is
//       large. Our optimizers visit the rows that were looked up, and make up for the others when they are next read. A
//       storage points to whoever owes its rows something, and every reader asks there first, so nobody sees a stale
//       row.
// See:  storage.hpp (debt), tensor.hpp (who reads); optim/deferred/ (who owes); docs/deferred_rows.md.
//
// Words: a row is at rest in a step that does not look it up. What the step would have done to it is owed to the row,
// and all that is owed is the table's debt. To settle is to make up for it. A row that is owed nothing is up to date,
// and one that is owed something is stale.
#pragma once

#include <span>

#include <rowgrad/core/shape.hpp>

namespace rowgrad::detail {

/// Updates that an optimizer owes to the rows of one table. A storage has room for one debt: an optimizer that takes
/// the table over settles the other's first.
class RowDebt {
 public:
  /// Whether the rows that settle() counts are those of a tensor with these values and this shape, and not of a view.
  virtual bool counts_rows_of(const void* values, const Shape& shape) const noexcept = 0;
  /// Brings every row up to date.
  virtual void settle_all() = 0;
  /// Brings these rows up to date; each must be in range, duplicates are allowed. Costs as much as those rows alone.
  virtual void settle(std::span<const Index> rows) = 0;

 protected:
  ~RowDebt() = default;
};

}  // namespace rowgrad::detail
