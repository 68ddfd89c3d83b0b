// What: ParameterState, what an optimizer knows of one parameter, and how it steps.
// Why:  a step is checked and its memory taken for all parameters before any weight changes.
// See:  rule_state.hpp (weights and state arrays), deferred/deferred_rows.hpp (what is owed), row_report.hpp (notes).
#pragma once

#include <optional>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/optim/deferred/deferred_rows.hpp>
#include <rowgrad/optim/row_report.hpp>

namespace rowgrad::optim::detail {

template <typename R>
class ParameterState {
 public:
  using T = typename R::Value;
  using Scalars = typename R::Scalars;

  ParameterState(const Tensor<T>& parameter, const R& rule) : state_(parameter), rows_(state_, rule) {}

  const Tensor<T>& parameter() const noexcept { return state_.parameter; }
  const RuleState<R>& state() const noexcept { return state_; }
  Index next_step() const noexcept { return state_.step + 1; }

  /// The gradient to step with; null when there is none, or none is wanted.
  [[gnu::always_inline]] const Gradient<T>* gradient() const {
    const auto& body = state_.parameter.body();  // a leaf's, as the optimizer has made sure
    if (!body.requires_grad || !body.graph) return nullptr;
    const Gradient<T>& gradient = static_cast<Node<T>*>(body.graph.get())->gradient();
    return gradient.defined() ? &gradient : nullptr;
  }

  /// Throws when this gradient() cannot be applied; position says which parameter it is.
  void check(const Gradient<T>& gradient, std::size_t position) const {
    const Tensor<T>& values = gradient.values();
    if (state_.parameter.shape() != state_.shape || gradient.shape() != state_.shape ||
        (R::rows_only && !gradient.is_row_sparse()) || !rowgrad::detail::all_finite(values.data(), values.numel()))
        [[unlikely]]
      refuse(gradient, position);
  }
  /// Takes the memory that the step needs. After it, step() cannot fail.
  void reserve(const R& rule, const Gradient<T>& gradient) {
    state_.make_slots(rule);
    if (!gradient.is_row_sparse()) return;
    rows_.reserve(rule, gradient.rows().numel());
    if (watch_) watch_->start(state_.shape[0]);
  }

  /// One step with this gradient; reserve() was called.
  void step(const R& rule, const Gradient<T>& gradient, const Scalars& scalars) {
    const T* const g = gradient.values().data();
    if (!gradient.is_row_sparse()) {
      if (rows_.in_debt()) [[unlikely]] {
        const auto turn = rows_.lock();
        rows_.change_rule(rule);
        rows_.begin_dense();
        return step_dense(g, scalars);
      }
      rows_.begin_dense_owing_nothing(rule);
      return step_dense(g, scalars);
    }
    const Index* const rows = gradient.rows().data();
    const auto turn = rows_.lock();
    step_rows(rule, {rows, static_cast<std::size_t>(gradient.rows().numel())}, g, scalars);
  }

  /// Brings every row up to date.
  void settle_all() noexcept {
    const auto turn = rows_.lock();
    rows_.settle_all();
  }

  /// Takes up rows appended: their state starts now.
  void add_rows(const R& rule) {
    if (!state_.grew()) return;
    std::vector<Tensor<T>> slots = state_.grown_slots(rule);
    if (watch_) watch_->grow(state_.parameter.shape()[0]);
    forget();
    state_.slots = std::move(slots);
    state_.shape = state_.parameter.shape();
  }

  /// The state, every row up to date. The tensors are copies.
  ParameterEntry<T> save(const R& rule) {
    settle_all();
    if (state_.step > 0) state_.make_slots(rule);  // options may have changed since the last step
    return state_.save();
  }

  /// The state itself, not copies: every row is up to date until release(entry).
  ParameterEntry<T> hold(const R& rule) {
    const auto turn = rows_.lock();
    rows_.change_rule(rule);  // as the next step does first thing
    if (state_.step > 0) state_.make_slots(rule);
    ParameterEntry<T> entry{state_.shape, state_.step, state_.slots, {}};
    rows_.hold(entry.deferred);
    return entry;
  }
  void release(const ParameterEntry<T>& entry) noexcept {
    const auto turn = rows_.lock();
    rows_.release(entry.deferred);
  }

  /// Throws when the entry is not for this parameter under this rule; nothing has changed.
  void check_entry(const ParameterEntry<T>& entry, const R& rule, std::size_t position) const {
    state_.check_entry(entry, rule, position);
    rows_.check(entry.deferred, rule, entry.step, entry.slots.size());
  }

  /// Tensors for the values of a checked entry; forget() comes before they are written.
  ParameterEntry<T> room_for(const ParameterEntry<T>& entry) const { return state_.room_for(entry); }
  /// Brings every row up to date: the state is about to be replaced.
  void forget() noexcept {
    const auto turn = rows_.lock();
    rows_.forget();
  }

  /// Goes on from a saved state that was checked, whose tensors become this state's own.
  void load(ParameterEntry<T>&& entry, const R& rule) {
    const auto turn = rows_.lock();
    rows_.forget();
    state_.slots = std::move(entry.slots);
    state_.step = entry.step;
    rows_.resume(entry.deferred, rule);
    if (watch_) watch_.emplace();
  }

  void watch_rows() {
    if (!watch_) watch_.emplace();
  }

  /// What training did to a row. ValueError when not watched, IndexError for the row.
  RowReport row_report(Index row, std::size_t position) {
    using rowgrad::detail::concat;
    const auto fail = [](const char* why) { return concat(R::name, "::row_report: ", why); };
    if (!watch_) throw ValueError(fail("rows are not watched (call watch_rows() before the steps to report on)"));
    if (watch_->knows_nothing())
      throw ValueError(
          fail("this parameter had dense gradients alone; notes are taken for tables, from their first "
               "row-sparse gradient on"));
    state_.check_shape("row_report", position);
    const Shape& shape = state_.shape;
    if (shape.rank() == 0 || row < 0 || row >= shape[0])
      rowgrad::detail::raise<IndexError>(fail("row "), row, " is outside a parameter of shape ", shape);
    const Index columns = shape.numel() / shape[0], offset = row * columns;
    const T* const weights = state_.parameter.data_for_rows({&row, 1}) + offset;
    {
      const auto turn = rows_.lock();
      rows_.settle({&row, 1});
    }
    const int slot = rows_.rule().momentum().slot;
    const T* state = slot >= 0 && slot < static_cast<int>(state_.slots.size())
                         ? state_.slots[static_cast<std::size_t>(slot)].data() + offset
                         : nullptr;
    return explain(watch_->noted(row), rows_.rule(), state_.step, columns, weights, state);
  }

 private:
  [[noreturn, gnu::cold, gnu::noinline]] void refuse(const Gradient<T>& gradient, std::size_t position) const {
    using rowgrad::detail::concat;
    const std::string which = concat(R::name, ": parameter ", position);
    state_.check_shape("step", position);
    if (gradient.shape() != state_.shape)
      rowgrad::detail::raise<ShapeError>(which, " has shape ", state_.shape, ", its gradient ", gradient.shape(),
                                         ". Nothing was updated");
    if (R::rows_only && !gradient.is_row_sparse())
      rowgrad::detail::raise<ValueError>(which, " has a dense gradient; ", R::name,
                                         " takes row-sparse ones alone (put it into another optimizer, as in PyTorch)");
    const Tensor<T>& values = gradient.values();
    const T* const g = values.data();
    const Index i =
        rowgrad::detail::find_first<T>(g, values.numel(), [](T x) { return !rowgrad::detail::is_finite(x); });
    const Index row = i / std::max<Index>(values.shape().back(), 1);
    rowgrad::detail::raise<ValueError>(
        which, ", of shape ", state_.shape, ", has the gradient ", g[i], " in row ",
        gradient.is_row_sparse() ? gradient.rows().data()[row] : row,
        ". Nothing was updated (is the learning rate too high? clip_grad_norm_ may help)");
  }

  void step_dense(const T* gradient, const Scalars& scalars) {
    ++state_.step;
    const Index n = state_.shape.numel();
    update_every_row(rows_.rule(), scalars, n, state_.shape.back(), state_.weights(), gradient, state_.slot_pointers());
    if (watch_ && state_.shape.rank() > 0)
      watch_->saw_dense(gradient, n / std::max<Index>(state_.shape[0], 1), state_.step);
  }

  void step_rows(const R& rule, std::span<const Index> rows, const T* gradient, const Scalars& scalars) {
    rows_.change_rule(rule);
    rows_.begin_rows(rows);
    ++state_.step;
    rows_.end_rows(rows, scalars);
    const Index columns = state_.columns(), count = static_cast<Index>(rows.size());
    T* const w = state_.weights();
    const Slots<R> slots = state_.slot_pointers();
    constexpr Index piece = 256;
    rowgrad::detail::parallel_pieces((count + piece - 1) / piece, count * columns > 50'000, [&](Index p) {
      const Index first = p * piece;
      update_rows(rows_.rule(), scalars, rows.data() + first, std::min(piece, count - first), columns, w,
                  gradient + first * columns, slots);
    });
    if (watch_) watch_->saw_rows(rows, gradient, columns, state_.step);
  }

  RuleState<R> state_;
  DeferredRows<R> rows_;
  std::optional<RowWatch<T>> watch_;
};

}  // namespace rowgrad::optim::detail
