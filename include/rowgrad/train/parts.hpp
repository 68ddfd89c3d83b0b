// What: what a checkpoint does to each kind of thing it holds: model, optimizer, schedule, generator, batches,
// variable. Why:  adding a kind is adding an overload here; the checkpoint itself knows none of them. See:
// checkpoint.hpp.
#pragma once

#include <rowgrad/data/batches.hpp>
#include <rowgrad/nn/module.hpp>
#include <rowgrad/optim/averaged_model.hpp>
#include <rowgrad/train/optimizer_state.hpp>
#include <rowgrad/train/scheduler_state.hpp>

namespace rowgrad::train {

/// One thing in a checkpoint. Whatever it refers to must outlive the checkpoint.
struct Part {
  /// In which order parts come back: what may throw first, optimizers after the weights, of which they put rows back.
  enum class Turn { custom, model, optimizer, other };
  /// Changes what the part refers to; nothing that can be checked beforehand fails.
  using Commit = std::function<void()>;

  std::string name, kind;
  Turn turn = Turn::other;
  /// Called before anything is written, for optimizers first: nobody may read a table before its rows are held. What it
  /// returns lives until all is written.
  std::function<std::shared_ptr<void>(StateWriter&)> save;
  /// Checks everything; throws an Error, and changes nothing.
  std::function<Commit(const StateReader&)> load;
};

namespace parts {

inline std::string_view bytes_of(const Generator::State& state) {
  return {reinterpret_cast<const char*>(state.data()), state.size()};
}
inline Generator generator_of(const StateReader& reader, const std::string& name) {
  const std::string bytes = reader.bytes(name);
  Generator::State state;
  if (bytes.size() != state.size()) reader.fail(name, "is no state of a generator");
  std::memcpy(state.data(), bytes.data(), bytes.size());
  Generator generator;
  generator.set_state(state);
  return generator;
}

template <typename M>
concept AnyModule = requires {
  typename M::Scalar;
}
&&std::derived_from<M, nn::Module<typename M::Scalar>>;

template <AnyModule M>
Part of(M& model) {
  Part part{{}, "Module", Part::Turn::model, {}, {}};
  part.save = [&model](StateWriter& writer) {
    for (const auto& [name, tensor] : model.state_dict()) writer.tensor(name, tensor);
    return nullptr;
  };
  part.load = [&model](const StateReader& reader) {
    struct Loading {
      Loading(M& module, const StateReader& source)
          : state(module.state_dict()), reader(source), loader(module.type_name(), state, reader, options) {}
      StateDict state;
      StateReader reader;
      nn::LoadStateOptions options;
      nn::load_state::StateLoader<StateReader> loader;
    };
    return [loading = std::make_shared<Loading>(model, reader)] { (void)loading->loader.apply(); };
  };
  return part;
}

/// The averages' own values, every row up to date, and how many were taken.
template <AnyModule M>
Part of(optim::AveragedModel<M>& averaged) {
  Part part{{}, "AveragedModel", Part::Turn::model, {}, {}};
  part.save = [&averaged](StateWriter& writer) {
    writer.value("n_averaged", averaged.n_averaged());
    StateWriter below = writer.below("module");
    return of(averaged.module).save(below);
  };
  part.load = [&averaged](const StateReader& reader) {
    const Index taken = reader.value<Index>("n_averaged");
    if (taken < 0) reader.fail("n_averaged", "is ", taken, ", expected at least 0");
    return [&averaged, taken, commit = of(averaged.module).load(reader.below("module"))] {
      commit();
      averaged.set_n_averaged(taken);
    };
  };
  return part;
}

template <typename T, typename R>
Part of(optim::RuleOptimizer<T, R>& optimizer) {
  using Optimizer = optim::RuleOptimizer<T, R>;
  const auto group_sizes = [&optimizer] {
    std::vector<std::size_t> sizes;
    for (std::size_t g = 0; g < optimizer.group_count(); ++g) sizes.push_back(optimizer.parameters(g).size());
    return sizes;
  };
  Part part{{}, R::name, Part::Turn::optimizer, {}, {}};
  part.save = [&optimizer, group_sizes](StateWriter& writer) {
    auto held = std::make_shared<typename Optimizer::Held>(optimizer.hold());
    write_optimizer<T, R>(writer, held->state, group_sizes());
    return held;
  };
  part.load = [&optimizer, group_sizes](const StateReader& reader) {
    std::vector<Shape> shapes;
    for (std::size_t g = 0; g < optimizer.group_count(); ++g)
      for (const Tensor<T>& parameter : optimizer.parameters(g)) shapes.push_back(parameter.shape());
    auto state = std::make_shared<typename Optimizer::State>(read_optimizer<T, R>(reader, group_sizes(), shapes));
    optimizer.check_state_dict(*state);
    return [&optimizer, state] { optimizer.load_state_dict(std::move(*state)); };
  };
  return part;
}

template <typename Schedule>
concept AnySchedule = requires(Schedule& schedule, const typename Schedule::State& state) {
  { Schedule::name } -> std::convertible_to<std::string>;
  { schedule.get_last_lr() } -> std::convertible_to<std::vector<double>>;
  schedule.load_state_dict(state);
};

template <AnySchedule Schedule>
Part of(Schedule& schedule) {
  Part part{{}, Schedule::name, Part::Turn::other, {}, {}};
  part.save = [&schedule](StateWriter& writer) {
    write_schedule(writer, schedule.state_dict());
    return nullptr;
  };
  part.load = [&schedule](const StateReader& reader) {
    const auto before = schedule.state_dict();
    const auto state = read_schedule(reader, before);
    schedule.load_state_dict(state);  // checks first
    schedule.load_state_dict(before);
    return [&schedule, state] { schedule.load_state_dict(state); };
  };
  return part;
}

inline Part of(Generator& generator) {
  Part part{{}, "Generator", Part::Turn::other, {}, {}};
  part.save = [&generator](StateWriter& writer) {
    writer.bytes("state", bytes_of(generator.get_state()));
    return nullptr;
  };
  part.load = [&generator](const StateReader& reader) {
    return [&generator, state = generator_of(reader, "state")] { generator = state; };
  };
  return part;
}

template <typename Batches>
concept AnyBatches = requires(Batches& batches) {
  { Batches::name } -> std::convertible_to<std::string>;
  { batches.samples() } -> std::same_as<Index>;
  batches.load_state(batches.state());
};

/// Where batches stand within an epoch. The generator that was given to them is a part of its own.
template <AnyBatches Batches>
Part of(Batches& batches) {
  Part part{{}, Batches::name, Part::Turn::other, {}, {}};
  part.save = [&batches](StateWriter& writer) {
    const auto state = batches.state();
    writer.value("samples", batches.samples());
    writer.value("size", batches.size());
    writer.value("under_way", state.under_way);
    writer.value("position", state.position);
    writer.bytes("order", bytes_of(state.order.get_state()));
    if constexpr (requires { state.seed; }) writer.value("seed", state.seed);
    return nullptr;
  };
  part.load = [&batches](const StateReader& reader) {
    for (const auto& [name, expected] : {std::pair("samples", batches.samples()), std::pair("size", batches.size())})
      if (const Index found = reader.value<Index>(name); found != expected)
        reader.fail(name, "is ", found, ", expected ", expected, " (is it another data set, or another batch_size?)");
    auto state = batches.state();
    state.under_way = reader.value<bool>("under_way");
    state.position = reader.value<Index>("position");
    state.order = generator_of(reader, "order");
    if constexpr (requires { state.seed; }) state.seed = reader.value<std::uint64_t>("seed");
    if (state.position < 0 || state.position > batches.size())
      reader.fail("position", "is ", state.position, ", outside the ", batches.size(), " batches of an epoch");
    return [&batches, state] { batches.load_state(state); };
  };
  return part;
}

template <typename U>
requires std::is_arithmetic_v<U> Part of(U& variable) {
  Part part{{}, rowgrad::detail::scalar_name<decltype(StateWriter::kept(U()))>(), Part::Turn::other, {}, {}};
  part.save = [&variable](StateWriter& writer) {
    writer.value("", variable);
    return nullptr;
  };
  part.load = [&variable](const StateReader& reader) {
    return [&variable, number = reader.value<U>("")] { variable = number; };
  };
  return part;
}
template <typename U>
requires(std::is_arithmetic_v<U> && !std::is_same_v<U, bool>) Part of(std::vector<U>& numbers) {
  Part part{{}, "numbers", Part::Turn::other, {}, {}};
  part.save = [&numbers](StateWriter& writer) {
    writer.array("", numbers);
    return nullptr;
  };
  part.load = [&numbers](const StateReader& reader) {
    return [&numbers, kept = reader.array<U>("")] { numbers = kept; };
  };
  return part;
}
inline Part of(std::string& text) {
  Part part{{}, "text", Part::Turn::other, {}, {}};
  part.save = [&text](StateWriter& writer) {
    writer.bytes("", text);
    return nullptr;
  };
  part.load = [&text](const StateReader& reader) { return [&text, kept = reader.bytes("")] { text = kept; }; };
  return part;
}

/// A tensor's values are restored in place, so that other handles to it see them.
template <typename U>
Part of(Tensor<U>& tensor) {
  Part part{{}, "Tensor", Part::Turn::other, {}, {}};
  part.save = [&tensor](StateWriter& writer) {
    writer.tensor("", tensor);
    return nullptr;
  };
  part.load = [&tensor](const StateReader& reader) {
    const Tensor<U> values = tensor.defined() ? reader.tensor<U>("", tensor.shape()) : reader.tensor<U>("");
    return [&tensor, values] {
      if (tensor.defined())
        std::copy_n(values.data(), values.numel(), tensor.data());
      else
        tensor = values;
    };
  };
  return part;
}

}  // namespace parts
}  // namespace rowgrad::train
