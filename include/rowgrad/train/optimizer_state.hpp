// What: an optimizer's state as named tensors, and back.
// Why:  under PyTorch's names, "param_groups.0.lr" and "state.0.exp_avg", any program can read and convert it.
// See:  checkpoint.hpp; optim/rule_optimizer.hpp (hold, load_state_dict); torch.optim.Optimizer.state_dict.
#pragma once

#include <rowgrad/optim/rule_optimizer.hpp>
#include <rowgrad/train/state_file.hpp>

namespace rowgrad::train {

/// Writes
///     param_groups.<g>.<option>        each option, pairs as two numbers; params: the numbers of its parameters;
///                                      initial_lr, if a schedule was made
///     state.<k>.step, .exp_avg, ...    of parameter k, as in PyTorch every row up to date
///     state.<k>.deferred.<...>         for a table, the rows that were behind: see optim::DeferredState
template <typename T, typename R>
void write_optimizer(StateWriter& writer, const typename optim::RuleOptimizer<T, R>::State& state,
                     const std::vector<std::size_t>& group_sizes) {
  using rowgrad::detail::concat;
  static constexpr auto fields = R::Options::fields();
  Index first = 0;
  for (std::size_t g = 0; g < state.groups.size(); ++g) {
    const std::string group = concat("param_groups.", g, ".");
    for (const auto& field : fields) {
      if (field.is_flag())
        writer.value(group + field.name, field.get(state.groups[g]) != 0);
      else if (field.size() == 1)
        writer.value(group + field.name, field.get(state.groups[g]));
      else
        writer.array(group + field.name,
                     std::vector<double>{field.get(state.groups[g], 0), field.get(state.groups[g], 1)});
    }
    if (!state.initial_lrs.empty()) writer.value(group + "initial_lr", state.initial_lrs[g]);
    writer.tensor(group + "params", arange(first, first + static_cast<Index>(group_sizes[g])));
    first += static_cast<Index>(group_sizes[g]);
  }
  for (std::size_t k = 0; k < state.parameters.size(); ++k) {
    const auto& entry = state.parameters[k];
    const std::string name = concat("state.", k, ".");
    writer.value(name + "step", entry.step);
    for (std::size_t s = 0; s < entry.slots.size(); ++s) writer.tensor(name + R::slot_names[s], entry.slots[s]);
    const auto& deferred = entry.deferred;
    if (!deferred.defined()) continue;
    writer.tensor(name + "deferred.stamps", deferred.stamps);
    if (deferred.lrs.empty()) continue;
    writer.value(name + "deferred.first", deferred.first);
    writer.array(name + "deferred.lrs", deferred.lrs);
    writer.tensor(name + "deferred.rows", deferred.rows);
    for (std::size_t s = 0; s < deferred.values.size(); ++s)
      writer.tensor(name + "deferred." + (s == 0 ? "weight" : R::slot_names[s - 1]), deferred.values[s]);
  }
}

/// What write_optimizer() wrote, for parameters of these shapes. ValueError when it is of others.
template <typename T, typename R>
typename optim::RuleOptimizer<T, R>::State read_optimizer(const StateReader& reader,
                                                          const std::vector<std::size_t>& group_sizes,
                                                          const std::vector<Shape>& shapes) {
  using rowgrad::detail::concat;
  static constexpr auto fields = R::Options::fields();
  typename optim::RuleOptimizer<T, R>::State state;
  Index first = 0;
  for (std::size_t g = 0; g < group_sizes.size(); ++g) {
    const std::string group = concat("param_groups.", g, ".");
    if (!reader.contains(group + "params"))
      throw ValueError(
          concat("it has ", g, g == 1 ? " parameter group" : " parameter groups", ", expected ", group_sizes.size()));
    const std::vector<Index> params = reader.array<Index>(group + "params");
    const auto count = static_cast<Index>(group_sizes[g]);
    if (params != arange(first, first + count).to_vector())
      reader.fail(group + "params", "lists ", params.size(), " parameters, expected ", count);
    first += count;
    typename R::Options options;
    for (const auto& field : fields) {
      if (field.is_flag() && !reader.contains(group + field.name)) continue;  // younger than the file: the default
      if (field.is_flag()) {
        field.set(options, reader.value<bool>(group + field.name) ? 1 : 0);
      } else if (field.size() == 1) {
        field.set(options, reader.value<double>(group + field.name));
      } else {
        const std::vector<double> pair = reader.array<double>(group + field.name);
        if (pair.size() != 2) reader.fail(group + field.name, "holds ", pair.size(), " numbers, expected 2");
        field.set(options, pair[0], 0);
        field.set(options, pair[1], 1);
      }
    }
    state.groups.push_back(options);
    if (reader.contains(group + "initial_lr")) state.initial_lrs.push_back(reader.value<double>(group + "initial_lr"));
  }
  if (!state.initial_lrs.empty() && state.initial_lrs.size() != group_sizes.size())
    throw ValueError("not every parameter group has an initial_lr");
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    const std::string name = concat("state.", k, ".");
    optim::ParameterEntry<T> entry;
    entry.shape = shapes[k];
    entry.step = reader.value<Index>(name + "step");
    for (const char* slot : R::slot_names) {
      if (!reader.contains(name + slot)) break;
      entry.slots.push_back(reader.tensor<T>(name + slot, optim::RuleOptimizer<T, R>::slot_shape(shapes[k])));
    }
    if (reader.contains(name + "deferred.stamps")) {
      auto& deferred = entry.deferred;
      deferred.stamps = reader.tensor<std::int16_t>(name + "deferred.stamps");
      if (reader.contains(name + "deferred.lrs")) {
        deferred.first = reader.value<Index>(name + "deferred.first");
        deferred.lrs = reader.array<double>(name + "deferred.lrs");
        deferred.rows = reader.tensor<Index>(name + "deferred.rows");
        deferred.values.push_back(reader.tensor<T>(name + "deferred.weight"));
        for (std::size_t s = 0; s < entry.slots.size(); ++s)
          deferred.values.push_back(reader.tensor<T>(name + "deferred." + R::slot_names[s]));
      }
    }
    state.parameters.push_back(std::move(entry));
  }
  return state;
}

}  // namespace rowgrad::train
