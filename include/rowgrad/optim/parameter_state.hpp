// What: ParameterState, what an optimizer knows of one parameter: its state, its step count, and the rows it owes.
// Why:  under dense Adam a row moves even in a step that did not look it up, because its momentum fades. We note for
//       each row the step it is up to date with, and make up for the missed steps when the row is next read.
// See:  core/row_debt.hpp (how readers ask), docs/decisions.md "Deferred rows", adam.hpp for a rule.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/machine/threads.hpp>
#include <rowgrad/optim/deferred/history.hpp>
#include <rowgrad/optim/parameter_entry.hpp>
#include <rowgrad/optim/row_report.hpp>

namespace rowgrad::optim {

/// A rule must provide:
///     using Options; static constexpr const char* name; explicit Rule(const Options&)  checks the options
///     int slots() const                                 state arrays of the parameter's shape
///     static constexpr int max_slots; static constexpr std::array<const char*, max_slots> slot_names
///                                                       at most so many, under PyTorch's names
///     T initial(int slot) const                         what they start from
///     bool moves_at_rest() const                        whether a zero gradient can change an element or its state
///     bool moves_without_state() const                  whether it does so while the state is still zero
///     Momentum momentum() const                         the state through which an element moves at rest
///     Scalars scalars(Index step) const                 the factors of one step
///     template <int N> void update(const Scalars&, T* w, const T* g, T* const* slots) const
///                                                       one step of N elements
///     using History                                     start(step), then add(rule, step, scalars) after each step;
///                                                       prepare() and rest() make up for zero gradients
template <typename T, typename Rule>
class ParameterState final : public rowgrad::detail::Counted, public rowgrad::detail::RowDebt {
 public:
  explicit ParameterState(const Tensor<T>& parameter) : parameter_(parameter), shape_(parameter.shape()) {}
  ParameterState(const ParameterState&) = delete;
  ParameterState& operator=(const ParameterState&) = delete;
  ~ParameterState() {
    if (debt() != this) return;
    settle_all();
    debt() = nullptr;
  }
  void destroy() noexcept override { rowgrad::detail::destroy_ref(this); }

  const Tensor<T>& parameter() const noexcept { return parameter_; }

  bool has_gradient() const {
    return parameter_.requires_grad() && parameter_.body().graph && parameter_.grad().defined();
  }

  /// Throws when this gradient cannot be applied; position says which parameter it is.
  void check(const Rule& rule, std::size_t position) const {
    if (!has_gradient()) return;
    const Gradient<T>& gradient = parameter_.grad();
    const auto which = [&] { return std::string(Rule::name) + ": parameter " + std::to_string(position); };
    check_shape("step", position);
    if (gradient.shape() != shape_)
      throw ShapeError(which() + " has shape " + to_string(shape_) + ", its gradient " + to_string(gradient.shape()) +
                       ". Nothing was updated");
    if constexpr (requires { rule.rows_only; })
      if (!gradient.is_row_sparse())
        throw ValueError(which() + " has a dense gradient; " + Rule::name +
                         " takes row-sparse ones alone (put it into another optimizer, as in PyTorch)");
    const Tensor<T>& values = gradient.values();
    const auto v = values.array();
    if ((v - v).sum() == T(0)) return;  // false when any value is NaN or infinite
    Index i = 0;
    while (std::isfinite(values.data()[i])) ++i;
    const Index row = i / std::max<Index>(values.shape().back(), 1);
    throw ValueError(which() + ", of shape " + to_string(shape_) + ", has the gradient " +
                     std::to_string(values.data()[i]) + " in row " +
                     std::to_string(gradient.is_row_sparse() ? gradient.rows().data()[row] : row) +
                     ". Nothing was updated (is the learning rate too high? clip_grad_norm_ may help)");
  }

  /// Factors of the step last asked for: parameters that stand at the same step share them.
  struct ScalarsCache {
    Index step = -1;
    typename Rule::Scalars scalars;
  };

  /// One step with the gradient gathered; has_gradient() holds.
  void step(const Rule& rule, ScalarsCache& cache) {
    if (!rule_ || !rule_->same_but_lr(rule)) {
      settle_all();  // with the options under which those steps were made
      set_clocks();
      make_slots(rule);
    }
    rule_.emplace(rule);
    if (cache.step != step_ + 1) cache = {step_ + 1, rule.scalars(step_ + 1)};
    const Gradient<T>& gradient = parameter_.grad();
    if (gradient.is_row_sparse())
      step_rows(gradient.rows(), gradient.values().data(), cache.scalars);
    else
      step_dense(gradient.dense(), cache.scalars);
  }

  /// ShapeError when the parameter is no longer of the shape this state is for.
  void check_shape(const char* operation, std::size_t position) const {
    if (parameter_.shape() == shape_) return;
    throw ShapeError(
        std::string(Rule::name) + "::" + operation + ": parameter " + std::to_string(position) + " had shape " +
        to_string(shape_) + " and now has " + to_string(parameter_.shape()) +
        ": the table was resized behind the optimizer's back. Nothing was changed" +
        (grew() ? " (after Embedding::add_rows, call the optimizer's add_rows() before its next step)" : ""));
  }

  /// Whether rows were appended to the table.
  bool grew() const noexcept {
    Shape shape = parameter_.shape();
    if (shape.rank() == 0 || shape.rank() != shape_.rank() || shape[0] <= shape_[0]) return false;
    shape[0] = shape_[0];
    return shape == shape_;
  }

  /// Takes up rows appended: their state starts now.
  void add_rows(const Rule& rule) {
    if (!grew()) return;
    const Shape& shape = parameter_.shape();
    std::vector<Tensor<T>> slots;
    for (const Tensor<T>& slot : slots_) {
      slots.push_back(zeros<T>(shape));
      std::copy_n(slot.data(), slot.numel(), slots.back().data());
      if (const T first = rule.initial(static_cast<int>(slots.size()) - 1); first != T(0))
        slots.back().array().tail(shape.numel() - slot.numel()).setConstant(first);
    }
    if (watch_) watch_->grow(shape[0]);
    settle_all();
    clock_ = {};  // all rows are up to date: should rows be deferred again, it starts from that step
    slots_ = std::move(slots);
    shape_ = shape;
  }

  /// The state, every row up to date. The tensors are copies.
  ParameterEntry<T> save(const Rule& rule) {
    settle_all();
    if (step_ > 0) make_slots(rule);  // options may have changed since the last step
    ParameterEntry<T> entry{shape_, step_, {}};
    for (const Tensor<T>& slot : slots_) entry.slots.push_back(rowgrad::detail::copy_of(slot));
    return entry;
  }

  /// Throws when a saved state is not for this parameter under this rule.
  void check_entry(const ParameterEntry<T>& entry, const Rule& rule, std::size_t position) const {
    check_shape("load_state_dict", position);
    detail::check_entry(entry, rule, shape_, position);
  }

  /// Goes on from a saved state, whose tensors become this state's own.
  void load(ParameterEntry<T>&& entry) {
    settle_all();
    rule_.reset();
    slots_ = std::move(entry.slots);
    step_ = entry.step;
    clock_ = {};
    if (watch_) *watch_ = {};
  }

  void watch_rows() {
    if (!watch_) watch_.emplace();
  }

  /// What training did to a row; `rule` is of the options now. ValueError when not watched, IndexError for the row.
  RowReport row_report(Index row, const Rule& rule, std::size_t position) {
    const auto fail = [](const char* why) { return std::string(Rule::name) + "::row_report: " + why; };
    if (!watch_) throw ValueError(fail("rows are not watched (call watch_rows() before the steps to report on)"));
    if (watch_->knows_nothing())
      throw ValueError(
          fail("this parameter had dense gradients alone; notes are taken for tables, from their first "
               "row-sparse gradient on"));
    check_shape("row_report", position);
    if (shape_.rank() == 0 || row < 0 || row >= shape_[0])
      throw IndexError(fail("row ") + std::to_string(row) + " is outside a parameter of shape " + to_string(shape_));
    settle({&row, 1});
    const Index columns = shape_.numel() / shape_[0], offset = row * columns;
    const Rule& last = rule_ ? *rule_ : rule;
    const int slot = last.momentum().slot;
    const T* state = slot >= 0 && slot < static_cast<int>(slots_.size())
                         ? slots_[static_cast<std::size_t>(slot)].data() + offset
                         : nullptr;
    return detail::explain(watch_->noted(row), last, step_, columns, parameter_.data_for_rows({&row, 1}) + offset,
                           state);
  }

  bool counts_rows_of(const void* values, const Shape& shape) const noexcept override {
    return values == parameter_.body().data && shape == shape_;
  }

  void settle(std::span<const Index> rows) override {
    if (!owes_) return;
    const std::uint32_t now = static_cast<std::uint32_t>(step_);
    std::uint32_t* const clock = clock_.data();
    // What is due, each row once; then what these rows share; then the rows, on the threads there are.
    rowgrad::detail::Buffer<Due> due(rows.size());
    Index count = 0;
    constexpr std::size_t far = 32;
    for (std::size_t i = 0; i < rows.size(); ++i) {  // clocks lie anywhere in memory: ask for them early
      if (i + far < rows.size()) __builtin_prefetch(clock + rows[i + far], 1);
      const std::uint32_t since = clock[rows[i]];
      if (!is_due(since)) continue;
      due[static_cast<std::size_t>(count++)] = {rows[i], static_cast<Index>(since)};
      clock[rows[i]] = now;
    }
    try {
      for (Index i = 0; i < count; ++i)
        history_.prepare(*rule_, due[static_cast<std::size_t>(i)].since, step_, shape_[1]);
    } catch (...) {
      for (Index i = 0; i < count; ++i)
        clock[due[static_cast<std::size_t>(i)].row] =
            static_cast<std::uint32_t>(due[static_cast<std::size_t>(i)].since);
      throw;
    }
    constexpr Index piece = 256, ahead = 8;
    rowgrad::detail::parallel_pieces((count + piece - 1) / piece, count * shape_[1] > 50'000, [&](Index p) {
      const Index end = std::min(count, (p + 1) * piece);
      for (Index i = p * piece; i < end; ++i) {
        if (i + ahead < end) prefetch_row(due[static_cast<std::size_t>(i + ahead)].row * shape_[1], shape_[1]);
        rest(due[static_cast<std::size_t>(i)]);
      }
    });
  }

  void settle_all() override {
    if (!owes_) return;
    for (Index row = 0; row < shape_[0]; ++row) {
      std::uint32_t& clock = clock_.data()[row];
      if (!is_due(clock)) continue;
      history_.prepare(*rule_, static_cast<Index>(clock), step_, shape_[1]);
      rest({row, static_cast<Index>(clock)});
      clock = static_cast<std::uint32_t>(step_);
    }
    history_.clear();
    owes_ = false;
  }

 private:
  using Slots = std::array<T*, Rule::max_slots>;
  static constexpr std::size_t longest_history = 16384;  // steps; then every row is brought up to date

  rowgrad::detail::RowDebt*& debt() const noexcept { return parameter_.body().storage->debt; }

  void make_slots(const Rule& rule) {
    for (int k = static_cast<int>(slots_.size()); k < rule.slots(); ++k) {
      slots_.push_back(zeros<T>(shape_));
      if (rule.initial(k) != T(0)) slots_.back().array().setConstant(rule.initial(k));
    }
  }

  /// Every row is up to date with the present step.
  void set_clocks() {
    if (clock_.defined()) std::fill_n(clock_.data(), clock_.numel(), static_cast<std::uint32_t>(step_));
  }

  Slots slots_at(Index offset) const noexcept {
    Slots result{};
    for (std::size_t k = 0; k < slots_.size(); ++k) result[k] = slots_[k].body().data + offset;
    return result;
  }

  /// Another optimizer's debt on the same table is paid before this one changes it.
  void take_over() {
    if (debt() == this) return;
    if (debt() != nullptr) debt()->settle_all();
    debt() = this;
  }

  void step_dense(const Tensor<T>& gradient, const typename Rule::Scalars& scalars) {
    take_over();
    settle_all();
    debt() = nullptr;
    ++step_;
    set_clocks();
    detail::update<T>(*rule_, scalars, gradient.numel(), parameter_.body().data, gradient.data(), slots_at(0));
    if (watch_ && shape_.rank() > 0)
      watch_->saw_dense(gradient.data(), gradient.numel() / std::max<Index>(shape_[0], 1), step_);
  }

  void step_rows(const Indices& rows, const T* gradient, const typename Rule::Scalars& scalars) {
    const Index columns = shape_[1], count = rows.numel();
    const Index* row = rows.data();
    const bool defers = rule_->moves_at_rest();
    take_over();
    if (defers) {
      if (!clock_.defined()) {
        clock_ = zeros<std::uint32_t>(Shape{shape_[0]});
        if (step_ > 0) set_clocks();
      }
      if (history_.size() >= longest_history) settle_all();
      settle({row, static_cast<std::size_t>(count)});
      if (!owes_) history_.start(step_);
    } else {
      settle_all();
      debt() = nullptr;
      clock_ = {};  // should rows be deferred again, it starts from that step
    }
    ++step_;
    if (defers) {
      history_.add(*rule_, step_, scalars);
      owes_ = true;
      std::uint32_t* clock = clock_.data();
      for (Index i = 0; i < count; ++i) clock[row[i]] = static_cast<std::uint32_t>(step_);
    }
    T* w = parameter_.body().data;
    constexpr Index piece = 256, ahead = 8;
    rowgrad::detail::parallel_pieces((count + piece - 1) / piece, count * columns > 50'000, [&](Index p) {
      const Index end = std::min(count, (p + 1) * piece);
      for (Index i = p * piece; i < end; ++i) {
        if (i + ahead < end) prefetch_row(row[i + ahead] * columns, columns);
        const Index offset = row[i] * columns;
        detail::update<T>(*rule_, scalars, columns, w + offset, gradient + i * columns, slots_at(offset));
      }
    });
    if (watch_) watch_->saw_rows(shape_[0], {row, static_cast<std::size_t>(count)}, gradient, columns, step_);
  }

  void prefetch_row(Index offset, Index columns) const noexcept {
    constexpr Index line = static_cast<Index>(64 / sizeof(T));
    for (Index c = 0; c < columns; c += line) {
      __builtin_prefetch(parameter_.body().data + offset + c, 0, 2);
      for (const Tensor<T>& slot : slots_) __builtin_prefetch(slot.body().data + offset + c, 0, 2);
    }
  }

  struct Due {
    Index row, since;  // the step it is up to date with
  };

  /// A row that no step has touched has a state of zeros; its clock stays at 0, so that its state stays untouched too.
  bool is_due(std::uint32_t clock) const noexcept {
    return clock != static_cast<std::uint32_t>(step_) && (clock != 0 || rule_->moves_without_state());
  }
  void rest(const Due& due) const {
    const Index columns = shape_[1], offset = due.row * columns;
    history_.rest(*rule_, due.since, step_, columns, parameter_.body().data + offset, slots_at(offset));
  }

  Tensor<T> parameter_;
  Shape shape_;
  std::optional<Rule> rule_;  // of the last step
  std::vector<Tensor<T>> slots_;
  Index step_ = 0;
  Tensor<std::uint32_t> clock_;  // step each row is up to date with; undefined until rows are deferred
  typename Rule::History history_;
  bool owes_ = false;  // whether any row may be behind
  std::optional<detail::RowWatch<T>> watch_;
};

}  // namespace rowgrad::optim
