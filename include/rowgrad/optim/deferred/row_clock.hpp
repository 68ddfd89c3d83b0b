// What: RowClock, which step each row of a table is up to date with.
// Why:  a table of millions of rows needs one number for each: two bytes are enough when steps are counted from the
//       last one that all rows were up to date with, and no number of steps overflows them.
// See:  deferred_rows.hpp (who keeps time), docs/deferred_rows.md, "Memory and cost".
#pragma once

#include <algorithm>

#include <rowgrad/core/storage.hpp>

namespace rowgrad::optim::detail {

/// A stamp for each row: 0 for one whose state no step has touched, else 1 + the steps since the clock was set.
class RowClock {
 public:
  using Stamp = std::uint16_t;
  static constexpr Index longest = 16384;  // steps between two settings

  bool defined() const noexcept { return static_cast<bool>(stamps_); }
  Index rows() const noexcept { return rows_; }
  Stamp* data() const noexcept { return stamps_->data(); }

  /// A clock set now, of rows whose state has been touched or not.
  void make(Index rows, bool touched) {
    stamps_ = rowgrad::detail::make_zero_storage<Stamp>(Shape{rows});
    rows_ = rows;
    if (touched) touch_all();
  }
  void drop() noexcept { stamps_ = {}; }
  /// Every row has state and is up to date; the clock is set.
  void touch_all() noexcept {
    if (defined()) std::fill_n(data(), rows_, Stamp{1});
  }

 private:
  rowgrad::detail::Ref<rowgrad::detail::Storage<Stamp>> stamps_;
  Index rows_ = 0;
};

}  // namespace rowgrad::optim::detail
