// What: the states of learning-rate schedules as named tensors, and back.
// Why:  under PyTorch's names, as its schedules' state_dict() has them.
// See:  checkpoint.hpp; optim/lr_scheduler.hpp.
#pragma once

#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/train/state_file.hpp>

namespace rowgrad::train {

/// Calls visit(name, member) for everything in a schedule's state.
template <typename State, typename Visit>
void for_each_field(State& state, const Visit& visit) {
  visit("last_epoch", state.last_epoch);
  if constexpr (requires { state.step_count; }) visit("_step_count", state.step_count);
  if constexpr (requires { state.base_lrs; }) visit("base_lrs", state.base_lrs);
  visit("_last_lr", state.last_lr);
  if constexpr (requires { state.gamma; }) visit("gamma", state.gamma);
  if constexpr (requires { state.step_size; }) visit("step_size", state.step_size);
  if constexpr (requires { state.T_max; }) {
    visit("T_max", state.T_max);
    visit("eta_min", state.eta_min);
  }
  if constexpr (requires { state.num_bad_epochs; }) {
    visit("factor", state.factor);
    visit("patience", state.patience);
    visit("threshold", state.threshold);
    visit("cooldown", state.cooldown);
    visit("min_lr", state.min_lr);
    visit("min_lrs", state.min_lrs);
    visit("eps", state.eps);
    visit("best", state.best);
    visit("num_bad_epochs", state.num_bad_epochs);
    visit("cooldown_counter", state.cooldown_counter);
  }
}

template <typename State>
void write_schedule(StateWriter& writer, const State& state) {
  for_each_field(state, [&writer]<typename U>(const char* name, const U& member) {
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

template <typename State>
State read_schedule(const StateReader& reader) {
  State state;
  for_each_field(state, [&reader]<typename U>(const char* name, U& member) {
    if constexpr (std::is_arithmetic_v<U>) {
      member = reader.value<U>(name);
      if constexpr (std::is_integral_v<U>) {  // as far as a double counts: so that schedules may count on
        constexpr U most = U{1} << 53;
        if (member < -most || member > most) reader.fail(name, "is ", member, ", which is no number of epochs");
      }
    } else {
      member = reader.array<double>(name);
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

}  // namespace rowgrad::train
