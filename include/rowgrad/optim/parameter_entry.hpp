// What: ParameterEntry, one parameter's part of a state_dict, and the check that it is a state of that parameter.
// Why:  a state restored into another model or another rule must be refused before anything is changed.
// See:  parameter_state.hpp (who saves and loads it), optimizer.hpp (state_dict).
#pragma once

#include <limits>
#include <string>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad::optim {

/// A parameter's state as it is saved and restored: every row up to date with `step`.
template <typename T>
struct ParameterEntry {
  Shape shape;                   // of the parameter
  Index step = 0;                // steps it has had
  std::vector<Tensor<T>> slots;  // of that shape, in the order of the rule's slot_names; none before the first step
};

namespace detail {

/// Throws when a saved state is not for a parameter of this shape under this rule; position says which one it is.
template <typename T, typename Rule>
void check_entry(const ParameterEntry<T>& entry, const Rule& rule, const Shape& shape, std::size_t position) {
  const std::string which =
      std::string(Rule::name) + "::load_state_dict: the state of parameter " + std::to_string(position);
  if (entry.shape != shape)
    throw ShapeError(which + " is for shape " + to_string(entry.shape) + ", expected " + to_string(shape));
  if (entry.step < 0 || entry.step > std::numeric_limits<std::uint32_t>::max())
    throw ValueError(which + " has step " + std::to_string(entry.step) + ", expected one from 0 to 4294967295");
  const int count = static_cast<int>(entry.slots.size());
  if (!(count == 0 && entry.step == 0) && (count < rule.slots() || count > Rule::max_slots)) {
    std::string names;
    for (int k = 0; k < rule.slots(); ++k)
      names += (k > 0 ? ", " : " (") + std::string(Rule::slot_names[static_cast<std::size_t>(k)]);
    throw ValueError(which + " has " + std::to_string(count) + " slots, expected " + std::to_string(rule.slots()) +
                     (names.empty() ? "" : names + ")"));
  }
  for (std::size_t k = 0; k < entry.slots.size(); ++k)
    if (!entry.slots[k].defined() || entry.slots[k].shape() != shape)
      throw ShapeError(which + " has " + Rule::slot_names[k] + " of shape " +
                       (entry.slots[k].defined() ? to_string(entry.slots[k].shape()) : "(undefined)") + ", expected " +
                       to_string(shape));
}

}  // namespace detail
}  // namespace rowgrad::optim
