// What: the states of learning-rate schedules as named tensors, and back.
// Why:  under PyTorch's names, as its schedules' state_dict() has them.
// See:  checkpoint.hpp; optim/lr_scheduler.hpp.
#pragma once

#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/train/state_file.hpp>

namespace rowgrad::train {

template <typename State>
void write_schedule(StateWriter& writer, const State& state) {
  State::each(state, [&writer]<typename U>(const char* name, const U& member) {
    if constexpr (std::is_arithmetic_v<U>)
      writer.value(name, member);
    else
      writer.array(name, member);
  });
  if constexpr (std::is_same_v<State, optim::ReduceLROnPlateauState>) {
    writer.bytes("mode", state.mode == State::Mode::max ? "max" : "min");
    writer.bytes("threshold_mode", state.threshold_mode == State::ThresholdMode::abs ? "abs" : "rel");
  }
}

/// Schedules made of others: all numbers as lists.
inline void write_schedule(StateWriter& writer, const optim::ComposedState& state) {
  for (const optim::NamedNumbers& entry : state.numbers) writer.array(entry.name, entry.values);
}

/// `state` is the schedule's present one, which says what to look for.
template <typename State>
State read_schedule(const StateReader& reader, State state) {
  State::each(state, [&reader]<typename U>(const char* name, U& member) {
    if constexpr (std::is_arithmetic_v<U>) {
      member = reader.value<U>(name);
      if constexpr (std::is_integral_v<U> &&
                    !std::is_same_v<U, bool>) {  // as far as a double counts: so that schedules may count on
        constexpr U most = U{1} << 53;
        if (member < -most || member > most) reader.fail(name, "is ", member, ", which is no number of epochs");
      }
    } else {
      member = reader.array<typename U::value_type>(name);
    }
  });
  if constexpr (std::is_same_v<State, optim::ReduceLROnPlateauState>) {
    const auto is_second = [&reader](const char* name, std::string_view first, std::string_view second) {
      const std::string word = reader.bytes(name);
      if (word != first && word != second)
        reader.fail(name, "is '", word, "', expected '", first, "' or '", second, "'");
      return word == second;
    };
    state.mode = is_second("mode", "min", "max") ? State::Mode::max : State::Mode::min;
    state.threshold_mode =
        is_second("threshold_mode", "rel", "abs") ? State::ThresholdMode::abs : State::ThresholdMode::rel;
  }
  return state;
}
inline optim::ComposedState read_schedule(const StateReader& reader, optim::ComposedState state) {
  for (optim::NamedNumbers& entry : state.numbers) entry.values = reader.array<double>(entry.name);
  return state;
}

}  // namespace rowgrad::train
