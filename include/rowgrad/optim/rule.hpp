// What: UpdateRule, what an optimizer expects of an update rule, and Rule, a base with the defaults.
// Why:  a rule is the formula of one step, written once over a few neighbouring elements. Everything else (dense and
//       sparse gradients, rows that are made up for later, saved states, groups, checks) comes from RuleOptimizer.
// See:  sgd.hpp (a short rule), rule_optimizer.hpp, docs/deferred_rows.md; tests/optim/own_rule_test.cpp (one's own).
#pragma once

#include <array>
#include <concepts>

#include <rowgrad/machine/lanes.hpp>
#include <rowgrad/optim/fields.hpp>

namespace rowgrad::optim {

/// The state through which a rule moves an element at rest: its slot (-1: there is none), and what a step leaves of it.
struct Momentum {
  int slot = -1;
  double factor = 0;
};

/// An update rule is a copyable class with
///     using Value = T; using Options = ...; using Scalars = ...    Rule below gives the first two
///     static constexpr const char* name                            begins messages
///     static constexpr std::array<const char*, n> slot_names       state arrays it may have, under PyTorch's names
///     explicit TheRule(const Options&)                             checks the options: ValueError
///     int slots() const                                            how many of the arrays it has under its options
///     Scalars scalars(Index step) const                            the factors of one step; steps count from 1
///     template <typename L>
///     void update(const Scalars&, T* w, const T* g, T* const* slots) const
///         one step of the elements of one lane: L::load(w), arithmetic with lanes and numbers, sqrt, min, max, then
///         store(w). Mark it [[gnu::always_inline]]. It must not depend on a neighbour's value.
///     or, where by_rows says so and the state has one number for each row (the last dimension is the row),
///     void update_row(const Scalars&, Index columns, T* w, const T* g, T* const* slots) const
/// and what Rule gives defaults for.
template <typename R>
concept UpdatesElements = requires(const R& rule, const typename R::Scalars& scalars, typename R::Value* values,
                                   typename R::Value* const* slots) {
  rule.template update<rowgrad::detail::Lane<typename R::Value, 1>>(scalars, values, values, slots);
};
template <typename R>
concept UpdatesRows = R::by_rows && requires(const R& rule, const typename R::Scalars& scalars,
                                             typename R::Value* values, typename R::Value* const* slots) {
  rule.update_row(scalars, Index{1}, values, values, slots);
};
template <typename R>
concept UpdateRule = std::copyable<R> && std::constructible_from<R, const typename R::Options&> &&
    requires(const R& rule) {
  { R::name } -> std::convertible_to<const char*>;
  { R::slot_names.size() } -> std::convertible_to<std::size_t>;
  { R::rows_only } -> std::convertible_to<bool>;
  { R::by_rows } -> std::convertible_to<bool>;
  { rule.options() } -> std::convertible_to<const typename R::Options&>;
  { rule.same_but_lr(rule) } -> std::convertible_to<bool>;
  { rule.slots() } -> std::same_as<int>;
  { rule.initial(0) } -> std::convertible_to<typename R::Value>;
  { rule.holds_squares(0) } -> std::convertible_to<bool>;
  { rule.moves_at_rest() } -> std::convertible_to<bool>;
  { rule.moves_without_state() } -> std::convertible_to<bool>;
  { rule.decoupled() } -> std::convertible_to<bool>;
  { rule.momentum() } -> std::convertible_to<Momentum>;
  { rule.scalars(Index{1}) } -> std::convertible_to<typename R::Scalars>;
} &&(UpdatesElements<R> || UpdatesRows<R>);

/// What most rules have in common. Options need `lr`, `==`, and a static fields() that lists them (see fields.hpp).
/// A rule that keeps the defaults leaves rows alone that a step did not look up, so they must stand still in dense
/// steps, too (or the rule must mean it).
template <typename T, typename OptionsType>
class Rule {
 public:
  using Value = T;
  using Options = OptionsType;
  static constexpr bool rows_only = false;  // whether dense gradients are refused
  static constexpr bool by_rows = false;    // whether a row is updated as one, its state one number an array

  const Options& options() const noexcept { return options_; }
  /// Whether a history of steps under one is good for the other.
  bool same_but_lr(const Rule& other) const noexcept {
    Options mine = options_;
    mine.lr = other.options_.lr;
    return mine == other.options_;
  }
  /// What a state array starts from.
  T initial(int /*slot*/) const noexcept { return T(0); }
  /// Whether a state array holds sums or averages of squares: nothing negative is loaded into it.
  bool holds_squares(int /*slot*/) const noexcept { return false; }
  /// Whether a zero gradient can change an element or its state. Rows are then made up for when they are next read: by
  /// the rule's own `History`, if it names one, else by its update() with zero gradients, as often as it was missed.
  bool moves_at_rest() const noexcept { return false; }
  /// Whether it does so while the state is still zero: weight decay.
  bool moves_without_state() const noexcept { return false; }
  /// Whether decay leaves the averages of gradients alone.
  bool decoupled() const noexcept { return false; }
  /// For row_report().
  Momentum momentum() const noexcept { return {}; }

 protected:
  /// ValueError that begins with `name` when an option lies outside its range.
  Rule(const char* name, const Options& options) : options_(options) { detail::check_fields(name, options); }

  /// The gradient to descend by: with `maximize` its negative.
  template <typename L>
  [[gnu::always_inline]] L descent(const T* gradient) const {
    const L g = L::load(gradient);
    return options_.maximize ? T(0) - g : g;
  }

  Options options_;
};

}  // namespace rowgrad::optim
