// What: DeferredRows, the updates that a rule owes to the rows of one table, and how they are made.
// Why:  under dense Adam a row moves even in a step that did not look it up, because its momentum fades. We note for
//       each row the step it is up to date with, and make up for the missed steps when the row is next read.
// See:  core/row_debt.hpp (how readers ask), row_clock.hpp, history.hpp; docs/decisions.md, "Deferred rows".
#pragma once

#include <rowgrad/core/row_debt.hpp>
#include <rowgrad/machine/threads.hpp>
#include <rowgrad/optim/deferred/deferred_state.hpp>
#include <rowgrad/optim/deferred/history.hpp>
#include <rowgrad/optim/deferred/row_clock.hpp>
#include <rowgrad/optim/rule_state.hpp>

namespace rowgrad::optim::detail {

/// What can fail, fails before anything is changed: memory is taken by reserve(), or first thing in settle(). Whoever
/// calls it holds lock(), but for reserve() and the destructor.
template <typename R>
class DeferredRows final : public rowgrad::detail::RowDebt {
 public:
  using T = typename R::Value;

  DeferredRows(RuleState<R>& state, const R& rule) : state_(state), rule_(rule) {}
  DeferredRows(const DeferredRows&) = delete;
  DeferredRows& operator=(const DeferredRows&) = delete;
  ~DeferredRows() {
    const rowgrad::detail::DebtLock turn = lock();
    if (debt() == this) end_debt();
  }

  /// The turn of this optimizer among those that share the table, and its readers.
  [[nodiscard]] rowgrad::detail::DebtLock lock() const noexcept { return rowgrad::detail::DebtLock(slot()); }

  /// Whether the table is owed anything, by this optimizer or another, or has followers.
  bool in_debt() const noexcept { return owes_ || slot().load(std::memory_order_relaxed) != nullptr; }

  /// The rule of the last step, under which rows rest.
  const R& rule() const noexcept { return rule_; }

  bool counts_rows_of(const void* values, const Shape& shape) const noexcept override {
    return values == state_.weights() && shape == state_.shape;
  }

  void settle(std::span<const Index> rows) override {
    if (!owes_) return;
    due_.reserve(rows.size());
    settle_reserved(rows);
  }

  void settle_all() noexcept override {
    if (!owes_) return;
    RowClock::Stamp* const stamps = clock_.data();
    const Memory memory = this->memory();
    for (Index row = 0; row < clock_.rows(); ++row) {
      if (is_due(stamps[row])) {
        const Due due{row, since(stamps[row])};
        history_.prepare(rule_, due.since, state_.step);
        rest(due, memory);
        stamps[row] = 1;
      } else if (stamps[row] != 0) {
        stamps[row] = 1;
      }
    }
    history_.clear();
    lrs_.clear();
    owes_ = false;
  }

  /// Brings every row up to date until release(state), and notes in `state` how they were. In between, no step is made.
  void hold(DeferredState<T>& state) {
    if (!clock_.defined() || clock_.rows() != state_.shape[0]) return;
    state.stamps = Tensor<std::int16_t>(Shape{clock_.rows()});
    std::copy_n(clock_.data(), clock_.rows(), state.stamps.data());
    state.first = first_;
    if (!owes_) return;
    state.lrs.assign(lrs_.data(), lrs_.data() + lrs_.size());
    state.rows = due_rows(state.stamps, first_, rule_);
    state.values = {};
    const Index count = state.rows.numel();
    for_each_array([&](T* values, Index columns) {
      state.values.emplace_back(Shape{count, columns});
      for (Index i = 0; i < count; ++i)
        std::copy_n(values + state.rows.data()[i] * columns, columns, state.values.back().data() + i * columns);
    });
    const Memory memory = this->memory();
    for (const Index row : state.rows.array()) {
      const Due due{row, since(clock_.data()[row])};
      history_.prepare(rule_, due.since, state_.step);
      rest(due, memory);
    }
    owes_ = false;  // history and clock stay for release()
  }
  /// Puts things back to where they were before hold().
  void release(const DeferredState<T>& state) noexcept {
    if (!state.defined() || state.lrs.empty()) return;
    put_back(state);
    owes_ = true;
  }

  /// Throws when the state is none that hold() leaves for this table under this rule after `step` steps.
  void check(const DeferredState<T>& state, const R& rule, Index step, std::size_t slots) const {
    if (!state.defined()) return;
    const auto expect = [](bool holds, const char* what) {
      if (!holds)
        throw ValueError(rowgrad::detail::concat(R::name,
                                                 "::load_state_dict: what the rows of a table are owed does not "
                                                 "fit: ",
                                                 what));
    };
    const Index steps = static_cast<Index>(state.lrs.size());
    expect(state_.shape.rank() == 2 && state.stamps.shape() == Shape{state_.shape[0]}, "one stamp per row is expected");
    expect(steps <= RowClock::longest + 1, "there are too many steps");
    expect(steps == 0 || (rule.moves_at_rest() && state.first == step - steps && state.first >= 0),
           "its steps are not the last ones");
    for (const std::int16_t stamp : state.stamps.array())
      expect(stamp >= 0 && stamp <= 1 + steps, "a row is ahead of its table");
    for (const double lr : state.lrs) (void)with_lr(rule, lr);
    if (steps == 0) return;
    const Indices due = due_rows(state.stamps, state.first, rule, step);
    expect(state.rows.defined() && state.rows.to_vector() == due.to_vector(),
           "other rows are behind than its stamps say");
    expect(state.values.size() == 1 + slots, "there must be values for the weights and each state array");
    for (std::size_t k = 0; k < state.values.size(); ++k) {
      const Tensor<T>& values = state.values[k];
      expect(
          values.defined() && values.shape() == Shape{due.numel(), k == 0 ? state_.columns() : state_.slot_columns()},
          "there must be values for each row that is behind");
      const T* const first = values.data();
      expect(
          k == 0 || rowgrad::detail::find_first<T>(first, values.numel(), rowgrad::detail::is_nan<T>) == values.numel(),
          "there is NaN in a state array");
    }
  }
  /// Goes on from a checked state, after the weights and arrays that hold() had left were restored under `rule`.
  void resume(const DeferredState<T>& state, const R& rule) {
    if (!state.defined()) return;
    clock_.make(state_.shape[0], false);
    rule_ = rule;
    if (!state.lrs.empty()) {
      first_ = state.first;
      history_.reserve(state_.columns());
      history_.start(first_);
      lrs_.clear();
      for (Index step = first_ + 1; step <= state_.step; ++step) {
        history_.reserve(state_.columns());
        lrs_.make_room();
        const R then = with_lr(rule, state.lrs[static_cast<std::size_t>(step - first_ - 1)]);
        history_.add(then, step, then.scalars(step));
        lrs_.push_back(then.options().lr);
      }
      take_over();
      put_back(state);
      owes_ = true;
    }
    std::copy_n(state.stamps.data(), clock_.rows(), clock_.data());
  }

  /// Takes the memory for a step on `rows` rows under `rule`; nothing else changes.
  void reserve(const R& rule, Index rows) {
    if (!rule.moves_at_rest()) return;
    if (!clock_.defined()) clock_.make(state_.shape[0], state_.step > 0);
    due_.reserve(static_cast<std::size_t>(rows));
    history_.reserve(state_.columns());
    lrs_.make_room();
  }

  /// Before a step under other options: what is owed is made under those it is owed under.
  void change_rule(const R& rule) noexcept {
    if (!rule_.same_but_lr(rule)) {
      settle_all();
      if (state_.step > 0) clock_.touch_all();
    }
    rule_ = rule;
  }

  /// Before a dense step, which brings all rows up to date.
  void begin_dense() noexcept {
    tell_followers({}, true);
    take_over();
    end_debt();
    clock_.touch_all();
  }

  /// The same for a table that is owed nothing: no lock, and nothing that other threads see.
  void begin_dense_owing_nothing(const R& rule) noexcept {
    rule_ = rule;
    clock_.touch_all();
  }

  /// Before a step on these rows, each once; reserve() was called.
  void begin_rows(std::span<const Index> rows) noexcept {
    tell_followers(rows, rule_.moves_at_rest());
    take_over();
    if (!rule_.moves_at_rest()) {
      end_debt();
      clock_.drop();  // should rows be deferred again, it starts from that step
      return;
    }
    if (static_cast<Index>(history_.size()) >= RowClock::longest) settle_all();
    settle_reserved(rows);
    if (!owes_) start();
  }

  /// After the step was counted: all other rows rest.
  void end_rows(std::span<const Index> rows, const typename R::Scalars& scalars) noexcept {
    if (!rule_.moves_at_rest()) return;
    history_.add(rule_, state_.step, scalars);
    lrs_.push_back(rule_.options().lr);
    owes_ = true;
    const RowClock::Stamp now = stamp(state_.step);
    RowClock::Stamp* const stamps = clock_.data();
    for (const Index row : rows) stamps[row] = now;
  }

  /// The state was replaced by one in which all rows are up to date, or its table by another.
  void forget() noexcept {
    settle_all();
    clock_.drop();
  }

 private:
  struct Due {
    Index row, since;  // the step it is up to date with
  };

  rowgrad::detail::DebtSlot& slot() const noexcept { return state_.parameter.body().storage->debt; }
  rowgrad::detail::DebtSlot& debt() const noexcept { return rowgrad::detail::debt_behind_followers(slot()); }

  /// Before rows change: these, or all of them.
  void tell_followers(std::span<const Index> rows, bool all) const noexcept {
    for (auto* follower = rowgrad::detail::first_follower(slot()); follower != nullptr; follower = follower->next())
      all ? follower->follow_all() : follower->follow(rows);
  }

  /// Another optimizer's debt on the same table is paid before this one changes it.
  void take_over() noexcept {
    rowgrad::detail::RowDebt* const other = debt().load(std::memory_order_relaxed);
    if (other == this) return;
    if (other != nullptr) other->settle_all();
    debt().store(this, std::memory_order_release);
  }
  void end_debt() noexcept {
    settle_all();
    debt().store(nullptr, std::memory_order_release);
  }

  void start() noexcept {
    first_ = state_.step;
    history_.start(first_);
    lrs_.clear();
  }

  static R with_lr(const R& rule, double lr) {
    typename R::Options options = rule.options();
    options.lr = lr;
    return R(options);
  }

  /// The rows that are behind after the present step, or another; in order.
  Indices due_rows(const Tensor<std::int16_t>& stamps, Index first, const R& rule, Index step) const {
    std::vector<Index> rows;
    for (Index row = 0; row < stamps.numel(); ++row) {
      const std::int16_t stamp = stamps.data()[row];
      const Index since = stamp == 0 ? first : first + stamp - 1;
      if (since != step && (stamp != 0 || rule.moves_without_state())) rows.push_back(row);
    }
    return rows;
  }
  Indices due_rows(const Tensor<std::int16_t>& stamps, Index first, const R& rule) const {
    return due_rows(stamps, first, rule, state_.step);
  }

  /// f(values, columns) for the weights and each state array.
  template <typename F>
  void for_each_array(const F& f) const {
    f(state_.weights(), state_.columns());
    for (const Tensor<T>& slot : state_.slots) f(slot.body().data, state_.slot_columns());
  }
  void put_back(const DeferredState<T>& state) noexcept {
    std::size_t k = 0;
    for_each_array([&](T* values, Index columns) {
      const T* const from = state.values[k++].body().data;
      for (Index i = 0; i < state.rows.numel(); ++i)
        std::copy_n(from + i * columns, columns, values + state.rows.body().data[i] * columns);
    });
  }

  RowClock::Stamp stamp(Index step) const noexcept { return static_cast<RowClock::Stamp>(1 + step - first_); }
  Index since(RowClock::Stamp stamp) const noexcept { return stamp == 0 ? first_ : first_ + stamp - 1; }
  /// A row that no step has touched has a state of zeros; it keeps the stamp 0, so that its state stays untouched, too.
  bool is_due(RowClock::Stamp stamp) const noexcept {
    return since(stamp) != state_.step && (stamp != 0 || rule_.moves_without_state());
  }

  /// Where weights and state arrays begin.
  struct Memory {
    T* w;
    Slots<R> slots;
    Index columns;
  };
  Memory memory() const noexcept { return {state_.weights(), state_.slot_pointers(), state_.columns()}; }

  void rest(const Due& due, const Memory& memory) const noexcept {
    history_.rest(rule_, due.since, state_.step, memory.columns, memory.w + due.row * memory.columns,
                  at_row<R>(memory.slots, due.row, memory.columns));
  }

  void settle_reserved(std::span<const Index> rows) noexcept {
    if (!owes_) return;
    // What is due, each row once, and what these rows share; then the rows, on the threads there are.
    RowClock::Stamp* const stamps = clock_.data();
    const RowClock::Stamp now = stamp(state_.step);
    constexpr std::size_t far = 32;
    due_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {  // stamps lie anywhere in memory: ask for them early
      if (i + far < rows.size()) __builtin_prefetch(stamps + rows[i + far], 1);
      RowClock::Stamp& stamp = stamps[rows[i]];
      if (!is_due(stamp)) continue;
      due_.push_back({rows[i], since(stamp)});
      stamp = now;
    }
    const Index count = static_cast<Index>(due_.size());
    const Due* const due = due_.data();
    for (Index i = 0; i < count; ++i) history_.prepare(rule_, due[i].since, state_.step);
    const Memory memory = this->memory();
    constexpr Index piece = 256;
    rowgrad::detail::parallel_pieces((count + piece - 1) / piece, count * memory.columns > 50'000, [&](Index p) {
      const Index end = std::min(count, (p + 1) * piece);
      for (Index i = p * piece; i < end; ++i) {
        if (i + rowgrad::detail::rows_ahead < end)
          prefetch(rule_, due[i + rowgrad::detail::rows_ahead].row, memory.columns, memory.w, memory.slots);
        rest(due[i], memory);
      }
    });
  }

  RuleState<R>& state_;
  R rule_;
  RowClock clock_;
  typename HistoryOf<R>::type history_;
  rowgrad::detail::GrowingBuffer<Due> due_;
  rowgrad::detail::GrowingBuffer<double> lrs_;  // of the steps in the history
  Index first_ = 0;                             // step that all rows were up to date with when the history started
  bool owes_ = false;                           // whether any row may be behind
};

}  // namespace rowgrad::optim::detail
