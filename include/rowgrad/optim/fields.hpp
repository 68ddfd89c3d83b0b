// What: Field, one option by name: how it is read, set and checked.
// Why:  each struct of options lists its fields once; range checks, messages and files go by that list. The struct
//       stays an aggregate, to be filled by designated initialisers.
// See:  adam.hpp and its siblings (the lists), rule.hpp (who checks).
#pragma once

#include <utility>

#include <rowgrad/core/error.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad::optim {

/// What values an option may have; no number may be NaN or infinite.
enum class Range { any, not_negative, below_one /* [0, 1) */, zero_to_one };

/// An option of Options: a number, a switch, or a pair of numbers.
template <typename Options>
class Field {
 public:
  using Pair = std::pair<double, double>;
  constexpr Field(const char* its_name, double Options::*number, Range its_range = Range::any)
      : name(its_name), range(its_range), number_(number) {}
  constexpr Field(const char* its_name, Pair Options::*pair, Range its_range = Range::any)
      : name(its_name), range(its_range), pair_(pair) {}
  constexpr Field(const char* its_name, bool Options::*flag) : name(its_name), flag_(flag) {}

  const char* name;
  Range range = Range::any;

  /// Numbers it has: 2 for a pair, else 1.
  constexpr int size() const noexcept { return pair_ != nullptr ? 2 : 1; }
  constexpr bool is_flag() const noexcept { return flag_ != nullptr; }

  /// Number i of it; a switch is 0 or 1.
  constexpr double get(const Options& options, int i = 0) const noexcept {
    if (flag_ != nullptr) return options.*flag_ ? 1 : 0;
    if (pair_ != nullptr) return i == 0 ? (options.*pair_).first : (options.*pair_).second;
    return options.*number_;
  }
  constexpr void set(Options& options, double value, int i = 0) const noexcept {
    if (flag_ != nullptr)
      options.*flag_ = value != 0;
    else if (pair_ != nullptr)
      (i == 0 ? (options.*pair_).first : (options.*pair_).second) = value;
    else
      options.*number_ = value;
  }

 private:
  double Options::*number_ = nullptr;
  Pair Options::*pair_ = nullptr;
  bool Options::*flag_ = nullptr;
};

namespace detail {

inline void check_range(const char* owner, const char* field, const char* part, Range range, double value) {
  const bool finite = rowgrad::detail::is_finite(value);
  const bool fits =
      range == Range::any ||
      (value >= 0 && (range == Range::not_negative || value < 1 || (range == Range::zero_to_one && value == 1)));
  if (finite && fits) return;
  const char* const expected = range == Range::below_one      ? " in [0, 1)"
                               : range == Range::zero_to_one  ? " in [0, 1]"
                               : range == Range::not_negative ? " >= 0 and finite"
                                                              : " finite";
  rowgrad::detail::raise<ValueError>(owner, ": expected ", field, part, expected, ", got ", value);
}

/// ValueError for the first option outside its range; `owner` begins the message.
template <typename Options>
void check_fields(const char* owner, const Options& options) {
  static constexpr auto fields = Options::fields();
  for (const Field<Options>& field : fields)
    if (!field.is_flag())
      for (int i = 0; i < field.size(); ++i)
        check_range(owner, field.name,
                    field.size() == 1 ? ""
                    : i == 0          ? ".first"
                                      : ".second",
                    field.range, field.get(options, i));
}

}  // namespace detail
}  // namespace rowgrad::optim
