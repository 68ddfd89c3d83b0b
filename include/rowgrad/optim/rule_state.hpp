// What: RuleState, a parameter with its state arrays and its step count; ParameterEntry, the same as it is saved.
// Why:  a state restored into another model or another rule must be refused before anything is changed.
// See:  parameter_state.hpp (who steps), rule_optimizer.hpp (state_dict).
#pragma once

#include <string>
#include <vector>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/optim/deferred/deferred_state.hpp>
#include <rowgrad/optim/update.hpp>

namespace rowgrad::optim {

/// A parameter's state as it is saved and restored: every row up to date with `step`.
template <typename T>
struct ParameterEntry {
  Shape shape;                   // of the parameter
  Index step = 0;                // steps it has had
  std::vector<Tensor<T>> slots;  // of that shape, or by rows without its last dimension, in the order of the rule's
                                 // slot_names; none before the first step
  DeferredState<T> deferred;     // rows that were not up to date; see RuleOptimizer::hold()
};

namespace detail {

/// The shape of a state array: the parameter's, or for rules that go by rows that without its last dimension.
template <typename R>
Shape slot_shape(Shape parameter) noexcept {
  if constexpr (R::by_rows)
    if (parameter.rank() > 0) parameter.erase(parameter.rank() - 1);
  return parameter;
}

template <typename R>
class RuleState {
 public:
  using T = typename R::Value;
  static constexpr Index last_step = Index{1} << 53;  // a double counts so far

  explicit RuleState(const Tensor<T>& trained) : parameter(trained), shape(trained.shape()) {}

  Tensor<T> parameter;
  Shape shape;                   // that the state is for
  std::vector<Tensor<T>> slots;  // of slot_shape(); none before the first step
  Index step = 0;

  Index columns() const noexcept { return shape[1]; }
  /// Of a state array.
  Index slot_columns() const noexcept { return R::by_rows ? 1 : columns(); }
  T* weights() const noexcept { return parameter.body().data; }
  Slots<R> slot_pointers() const noexcept {
    Slots<R> result;
    result.fill(weights());  // those that the rule doesn't have point somewhere, too
    for (std::size_t k = 0; k < slots.size(); ++k) result[k] = slots[k].body().data;
    return result;
  }

  /// Allocates the arrays that the rule has and the state has not.
  void make_slots(const R& rule) {
    slots.reserve(static_cast<std::size_t>(rule.slots()));
    for (int k = static_cast<int>(slots.size()); k < rule.slots(); ++k)
      slots.push_back(new_slot(rule, k, slot_shape<R>(shape), 0));
  }

  /// ShapeError when the parameter is no longer of the shape this state is for.
  void check_shape(const char* operation, std::size_t position) const {
    if (parameter.shape() != shape) [[unlikely]]
      throw_resized(operation, position);
  }
  [[noreturn, gnu::cold, gnu::noinline]] void throw_resized(const char* operation, std::size_t position) const {
    rowgrad::detail::raise<ShapeError>(
        R::name, "::", operation, ": parameter ", position, " had shape ", shape, " and now has ", parameter.shape(),
        ": the table was resized behind the optimizer's back. Nothing was changed",
        grew() ? " (after Embedding::add_rows, call the optimizer's add_rows() before its next step)" : "");
  }

  /// Whether rows were appended to the table.
  bool grew() const noexcept {
    Shape now = parameter.shape();
    if (now.rank() == 0 || now.rank() != shape.rank() || now[0] <= shape[0]) return false;
    now[0] = shape[0];
    return now == shape;
  }

  /// The arrays with rows for those that were appended.
  std::vector<Tensor<T>> grown_slots(const R& rule) const {
    std::vector<Tensor<T>> longer;
    longer.reserve(slots.size());
    for (const Tensor<T>& slot : slots) {
      longer.push_back(new_slot(rule, static_cast<int>(longer.size()), slot_shape<R>(parameter.shape()), slot.numel()));
      std::copy_n(slot.data(), slot.numel(), longer.back().data());
    }
    return longer;
  }

  ParameterEntry<T> save() const {
    ParameterEntry<T> entry{shape, step, {}, {}};
    for (const Tensor<T>& slot : slots) entry.slots.push_back(rowgrad::detail::copy_of(slot));
    return entry;
  }

  /// Throws when a saved state is not for this parameter under this rule; position says which one it is.
  void check_entry(const ParameterEntry<T>& entry, const R& rule, std::size_t position) const {
    check_shape("load_state_dict", position);
    const auto which = [position] {
      return rowgrad::detail::concat(R::name, "::load_state_dict: the state of parameter ", position);
    };
    using rowgrad::detail::concat;
    if (entry.shape != shape)
      rowgrad::detail::raise<ShapeError>(which(), " is for shape ", entry.shape, ", expected ", shape);
    if (entry.step < 0 || entry.step > last_step)
      rowgrad::detail::raise<ValueError>(which(), " has step ", entry.step, ", expected one from 0 to ", last_step);
    const std::size_t count = entry.slots.size(), expected = static_cast<std::size_t>(rule.slots());
    if (!(count == 0 && entry.step == 0) && (count < expected || count > R::slot_names.size())) {
      std::string names;
      for (std::size_t k = 0; k < expected; ++k) names += concat(k > 0 ? ", " : " (", R::slot_names[k]);
      rowgrad::detail::raise<ValueError>(which(), " has ", count, " slots, expected ", expected,
                                         names.empty() ? "" : names + ")");
    }
    const Shape expected_shape = slot_shape<R>(shape);
    for (std::size_t k = 0; k < count; ++k) {
      const Tensor<T>& slot = entry.slots[k];
      if (!slot.defined() || slot.shape() != expected_shape)
        rowgrad::detail::raise<ShapeError>(which(), " has ", R::slot_names[k], " of shape ",
                                           slot.defined() ? to_string(slot.shape()) : "(undefined)", ", expected ",
                                           expected_shape);
      // Infinity may stand there: the square of a finite gradient can be too large for T.
      const Index bad = rowgrad::detail::find_first<T>(slot.data(), slot.numel(), rowgrad::detail::is_nan<T>);
      if (bad < slot.numel())
        rowgrad::detail::raise<ValueError>(which(), " has NaN in ", R::slot_names[k], ", at position ", bad,
                                           " of shape ", expected_shape);
      if (!rule.holds_squares(static_cast<int>(k))) continue;
      const Index negative = rowgrad::detail::find_first<T>(slot.data(), slot.numel(), [](T v) { return v < 0; });
      if (negative < slot.numel())
        rowgrad::detail::raise<ValueError>(which(), " has ", slot.data()[negative], " in ", R::slot_names[k],
                                           ", at position ", negative, " of shape ", expected_shape,
                                           ", where squares have been summed, which cannot be negative");
    }
  }

  /// A checked entry's step with tensors to take its values: those that the state has, and new ones.
  ParameterEntry<T> room_for(const ParameterEntry<T>& entry) const {
    ParameterEntry<T> room{entry.shape, entry.step, {}, entry.deferred};
    for (std::size_t k = 0; k < entry.slots.size(); ++k)
      room.slots.push_back(k < slots.size() ? slots[k] : Tensor<T>(slot_shape<R>(shape)));
    return room;
  }

 private:
  /// What the slot starts from, from element `first` on.
  static Tensor<T> new_slot(const R& rule, int slot, const Shape& shape, Index first) {
    Tensor<T> values = zeros<T>(shape);
    if (const T start = rule.initial(slot); start != T(0))
      std::fill(values.data() + first, values.data() + values.numel(), start);
    return values;
  }
};

}  // namespace detail
}  // namespace rowgrad::optim
