// What: ParameterState, what an optimizer knows of one parameter: its state, its step count, and the rows it owes.
// Why:  under dense Adam a row moves even in a step that did not look it up, because its momentum fades. We note for
//       each row the step it is up to date with, and make up for the missed steps when the row is next read.
// See:  core/storage.hpp (PendingRows: how readers ask), docs/decisions.md "Deferred rows", adam.hpp for a rule.
#pragma once

#include <limits>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/parallel.hpp>
#include <rowgrad/optim/history.hpp>

namespace rowgrad::optim {

/// A rule must provide:
///     using Options; static constexpr const char* name; explicit Rule(const Options&)  checks the options
///     int slots() const                                 state arrays of the parameter's shape
///     T initial(int slot) const                         what they start from
///     bool moves_at_rest() const                        whether a zero gradient can change an element or its state
///     bool moves_without_state() const                  whether it does so while the state is still zero
///     Scalars scalars(Index step) const                 the factors of one step
///     template <int N> void update(const Scalars&, T* w, const T* g, T* const* slots) const
///                                                       one step of N elements
///     using History                                     start(step), then add(rule, step, scalars) after each step;
///                                                       rest(rule, from, to, n, w, slots) makes up for zero gradients
template <typename T, typename Rule>
class ParameterState final : public rowgrad::detail::PendingRows {
 public:
  explicit ParameterState(const Tensor<T>& parameter) : parameter_(parameter), shape_(parameter.shape()) {}
  ParameterState(const ParameterState&) = delete;
  ParameterState& operator=(const ParameterState&) = delete;
  ~ParameterState() {
    if (pending() != this) return;
    settle_all();
    pending() = nullptr;
  }

  const Tensor<T>& parameter() const noexcept { return parameter_; }

  bool has_gradient() const {
    return parameter_.requires_grad() && parameter_.body().graph && parameter_.grad().defined();
  }

  /// Throws when this gradient cannot be applied; position says which parameter it is.
  void check(const Rule& rule, std::size_t position) const {
    if (!has_gradient()) return;
    const Gradient<T>& gradient = parameter_.grad();
    const auto which = [&] { return std::string(Rule::name) + ": parameter " + std::to_string(position); };
    if (!(parameter_.shape() == shape_ && gradient.shape() == shape_))
      throw ShapeError(which() + " had shape " + to_string(shape_) + " and now has " + to_string(parameter_.shape()) +
                       ", its gradient " + to_string(gradient.shape()));
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

  bool counts_rows_of(const void* values, const Shape& shape) const noexcept override {
    return values == parameter_.body().data && shape == shape_;
  }

  void settle(std::span<const Index> rows) override {
    if (!owes_) return;
    const std::uint32_t* clock = clock_.data();
    constexpr std::size_t far = 32, near = 3;
    for (std::size_t i = 0; i < rows.size(); ++i) {  // clocks and rows lie anywhere in memory: ask for them early
      if (i + far < rows.size()) __builtin_prefetch(clock + rows[i + far]);
      if (i + near < rows.size() && clock[rows[i + near]] != static_cast<std::uint32_t>(step_))
        prefetch_row(rows[i + near] * shape_[1], shape_[1]);
      settle_row(rows[i]);
    }
  }

  void settle_all() override {
    if (!owes_) return;
    for (Index row = 0; row < shape_[0]; ++row) settle_row(row);
    history_.clear();
    owes_ = false;
  }

 private:
  using Slots = std::array<T*, Rule::max_slots>;
  static constexpr std::size_t longest_history = 16384;  // steps; then every row is brought up to date

  rowgrad::detail::PendingRows*& pending() const noexcept { return parameter_.body().storage->pending; }

  void make_slots(const Rule& rule) {
    for (int k = static_cast<int>(slots_.size()); k < rule.slots(); ++k) {
      slots_.push_back(zeros<T>(shape_));
      if (rule.initial(k) != T(0)) slots_.back().array().setConstant(rule.initial(k));
    }
  }

  Slots slots_at(Index offset) const noexcept {
    Slots result{};
    for (std::size_t k = 0; k < slots_.size(); ++k) result[k] = slots_[k].body().data + offset;
    return result;
  }

  /// Another optimizer's debt on the same table is paid before this one changes it.
  void take_over() {
    if (pending() == this) return;
    if (pending() != nullptr) pending()->settle_all();
    pending() = this;
  }

  void step_dense(const Tensor<T>& gradient, const typename Rule::Scalars& scalars) {
    take_over();
    settle_all();
    pending() = nullptr;
    ++step_;
    if (clock_.defined()) clock_.array().setConstant(static_cast<std::uint32_t>(step_));
    detail::update<T>(*rule_, scalars, gradient.numel(), parameter_.body().data, gradient.data(), slots_at(0));
  }

  void step_rows(const Indices& rows, const T* gradient, const typename Rule::Scalars& scalars) {
    const Index columns = shape_[1], count = rows.numel();
    const Index* row = rows.data();
    const bool defers = rule_->moves_at_rest();
    take_over();
    if (defers) {
      if (!clock_.defined()) {
        clock_ = zeros<std::uint32_t>(Shape{shape_[0]});
        if (step_ > 0) clock_.array().setConstant(static_cast<std::uint32_t>(step_));
      }
      if (history_.size() >= longest_history) settle_all();
      settle({row, static_cast<std::size_t>(count)});
      if (!owes_) history_.start(step_);
    } else {
      settle_all();
      pending() = nullptr;
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
    constexpr Index piece = 256, ahead = 4;
    rowgrad::detail::parallel_pieces((count + piece - 1) / piece, count * columns > 50'000, [&](Index p) {
      const Index end = std::min(count, (p + 1) * piece);
      for (Index i = p * piece; i < end; ++i) {
        if (i + ahead < end) prefetch_row(row[i + ahead] * columns, columns);
        const Index offset = row[i] * columns;
        detail::update<T>(*rule_, scalars, columns, w + offset, gradient + i * columns, slots_at(offset));
      }
    });
  }

  void prefetch_row(Index offset, Index columns) const noexcept {
    constexpr Index line = static_cast<Index>(64 / sizeof(T));
    for (Index c = 0; c < columns; c += line) {
      __builtin_prefetch(parameter_.body().data + offset + c, 1);
      for (const Tensor<T>& slot : slots_) __builtin_prefetch(slot.body().data + offset + c, 1);
    }
  }

  void settle_row(Index row) {
    std::uint32_t& clock = clock_.data()[row];
    if (clock == static_cast<std::uint32_t>(step_)) return;
    const Index columns = shape_[1], offset = row * columns;
    // A row that no step has touched has a state of zeros.
    if (clock != 0 || rule_->moves_without_state())
      history_.rest(*rule_, static_cast<Index>(clock), step_, columns, parameter_.body().data + offset,
                    slots_at(offset));
    clock = static_cast<std::uint32_t>(step_);
  }

  Tensor<T> parameter_;
  Shape shape_;
  std::optional<Rule> rule_;  // of the last step
  std::vector<Tensor<T>> slots_;
  Index step_ = 0;
  Tensor<std::uint32_t> clock_;  // step each row is up to date with; undefined until rows are deferred
  typename Rule::History history_;
  bool owes_ = false;  // whether any row may be behind
};

}  // namespace rowgrad::optim
