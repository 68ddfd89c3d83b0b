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

#include <atomic>
#include <cstdint>
#include <span>

#include <rowgrad/core/shape.hpp>

namespace rowgrad::detail {

class RowFollower;

/// Updates that an optimizer owes to the rows of one table. A storage has room for one debt: an optimizer that takes
/// the table over settles the other's first.
class RowDebt {
 public:
  /// Whether the rows that settle() counts are those of a tensor with these values and this shape, and not of a view.
  virtual bool counts_rows_of(const void* values, const Shape& shape) const noexcept = 0;
  /// Brings every row up to date.
  virtual void settle_all() noexcept = 0;
  /// Brings these rows up to date; each must be in range, duplicates are allowed. Costs as much as those rows alone.
  /// When it throws, for want of memory, nothing has changed.
  virtual void settle(std::span<const Index> rows) = 0;
  /// Itself, if it only follows the rows.
  virtual RowFollower* follower() noexcept { return nullptr; }

 protected:
  ~RowDebt() = default;
};

/// The place in a storage for who owes its rows something. Null for nearly all tensors.
using DebtSlot = std::atomic<RowDebt*>;

/// Held while a debt is made, settled or handed over: optimizers that share a table, and its readers, take turns, so
/// that none of them meets a debt whose optimizer is being destroyed on another thread. A few places stand in for all.
class DebtLock {
 public:
  explicit DebtLock(const DebtSlot& slot) noexcept
      : flag_(flags[reinterpret_cast<std::uintptr_t>(&slot) / 64 % count]) {
    while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true, std::memory_order_relaxed);
  }
  DebtLock(const DebtLock&) = delete;
  DebtLock& operator=(const DebtLock&) = delete;
  ~DebtLock() {
    flag_.clear(std::memory_order_release);
    flag_.notify_one();
  }

 private:
  static constexpr std::size_t count = 64;
  static inline std::atomic_flag flags[count];
  std::atomic_flag& flag_;
};

/// Stands in the place of a debt where nothing is owed, but an operation has written to memory that others share: reads
/// take the way past saved values' check then, see Tensor::settle().
class NoDebt final : public RowDebt {
 public:
  bool counts_rows_of(const void*, const Shape&) const noexcept override { return false; }
  void settle_all() noexcept override {}
  void settle(std::span<const Index>) override {}
};
inline NoDebt no_debt;

/// What follows the values of a table's rows (an average of them) and has to take note of them before they change. It
/// stands in front of whoever owes the rows something, or of another follower.
class RowFollower : public RowDebt {
 public:
  DebtSlot beneath = nullptr;

  /// Takes note of these rows, or of all, as they are.
  virtual void follow(std::span<const Index> rows) noexcept = 0;
  virtual void follow_all() noexcept = 0;

  RowFollower* follower() noexcept final { return this; }
  void settle_all() noexcept final {
    if (RowDebt* const debt = beneath.load(std::memory_order_relaxed); debt != nullptr) debt->settle_all();
    follow_all();
  }
  void settle(std::span<const Index> rows) final {
    if (RowDebt* const debt = beneath.load(std::memory_order_relaxed); debt != nullptr) debt->settle(rows);
    follow(rows);
  }
  RowFollower* next() const noexcept {
    RowDebt* const debt = beneath.load(std::memory_order_relaxed);
    return debt != nullptr ? debt->follower() : nullptr;
  }
};

/// The first of a table's followers; null: there are none.
inline RowFollower* first_follower(const DebtSlot& slot) noexcept {
  RowDebt* const debt = slot.load(std::memory_order_relaxed);
  return debt != nullptr ? debt->follower() : nullptr;
}
/// The place for who owes the rows something, behind the followers.
inline DebtSlot& debt_behind_followers(DebtSlot& slot) noexcept {
  DebtSlot* place = &slot;
  for (RowFollower* follower = first_follower(slot); follower != nullptr; follower = follower->next())
    place = &follower->beneath;
  return *place;
}

/// Settles all that is owed.
[[gnu::noinline]] inline void settle_all(const DebtSlot& slot) noexcept {
  if (slot.load(std::memory_order_relaxed) == &no_debt) return;
  const DebtLock lock(slot);
  if (RowDebt* const debt = slot.load(std::memory_order_relaxed); debt != nullptr) debt->settle_all();
}

/// Settles what is owed to these rows of a tensor with these values and this shape; to all, if it is a view.
[[gnu::noinline]] inline void settle_rows(const DebtSlot& slot, const void* values, const Shape& shape,
                                          std::span<const Index> rows) {
  const DebtLock lock(slot);
  RowDebt* const debt = slot.load(std::memory_order_relaxed);
  if (debt == nullptr) return;
  if (debt->counts_rows_of(values, shape))
    debt->settle(rows);
  else
    debt->settle_all();
}

}  // namespace rowgrad::detail
