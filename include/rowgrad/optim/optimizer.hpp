// What: Optimizer, the base that schedulers and training loops know, and RuleOptimizer, which applies an update rule.
// Why:  a rule is written once, over flat arrays; the same code updates a whole matrix or the rows that were looked up.
// See:  parameter_state.hpp (one parameter's state), adam.hpp and its siblings (the rules); PyTorch torch.optim.
#pragma once

#include <rowgrad/optim/parameter_state.hpp>

namespace rowgrad::optim {

/// What every optimizer offers. Not copyable: tables may owe it updates.
template <typename T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Applies the gradients gathered so far; parameters without one stay as they are, as in PyTorch. GraphError when
  /// none has one, ValueError naming parameter and row when a gradient is not finite, ShapeError when a parameter
  /// changed its shape: nothing is updated.
  virtual void step() = 0;

  /// Takes up the rows that Embedding::add_rows appended to tables since: their state starts with the next step. Call
  /// it before that step. ShapeError when a parameter changed its shape in another way: nothing is changed.
  virtual void add_rows() = 0;

  /// Forgets the gradients of all parameters. PyTorch: zero_grad().
  virtual void zero_grad() = 0;

  virtual std::size_t group_count() const noexcept = 0;
  /// Learning rate of a parameter group; may be set between steps.
  virtual double& lr(std::size_t group = 0) = 0;
  /// The rate that each group had when the first schedule was made; empty before that. Set it to resume a schedule of
  /// an earlier run. PyTorch: param_groups[i]["initial_lr"].
  std::vector<double>& initial_lrs() noexcept { return initial_lrs_; }

 protected:
  Optimizer() = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;

 private:
  std::vector<double> initial_lrs_;
};

/// Parameters that share options.
template <typename T, typename Options>
struct ParameterGroup {
  std::vector<Tensor<T>> parameters;
  Options options = {};
};

/// An optimizer made of a rule; see adam.hpp for what a rule consists of.
template <typename T, typename Rule>
class RuleOptimizer : public Optimizer<T> {
 public:
  using Options = typename Rule::Options;
  using Group = ParameterGroup<T, Options>;
  using Entry = ParameterEntry<T>;

  /// What an optimizer knows besides the weights. PyTorch: state_dict().
  struct State {
    std::vector<Options> groups;
    std::vector<Entry> parameters;  // in the groups' order
  };

  /// ValueError for no parameters, a parameter given twice, or an option outside its range.
  explicit RuleOptimizer(std::vector<Tensor<T>> parameters, Options options = {})
      : RuleOptimizer(std::vector<Group>{Group{std::move(parameters), options}}) {}

  explicit RuleOptimizer(std::vector<Group> groups) : groups_(std::move(groups)) {
    for (const Group& group : groups_) {
      (void)Rule(group.options);  // checks the options
      for (const Tensor<T>& parameter : group.parameters) {
        if (!parameter.defined()) throw ValueError(std::string(Rule::name) + ": got an undefined tensor to train");
        for (const auto& state : states_)
          if (&state->parameter().body() == &parameter.body())
            throw ValueError(std::string(Rule::name) + ": a parameter of shape " + to_string(parameter.shape()) +
                             " was given twice");
        if (!parameter.is_leaf())
          throw ValueError(std::string(Rule::name) + ": only leaves can be trained, got the result of an operation");
        states_.push_back(rowgrad::detail::make_ref<Trained>(parameter));
      }
    }
    if (states_.empty()) throw ValueError(std::string(Rule::name) + ": expected at least one parameter");
  }

  void step() override {
    bool any = false;
    for_each_group([&any](const Rule& rule, auto states, std::size_t first) {
      for (std::size_t k = 0; k < states.size(); ++k) {
        states[k]->check(rule, first + k);
        any |= states[k]->has_gradient();
      }
    });
    if (!any)
      throw GraphError(std::string(Rule::name) +
                       "::step: no parameter has a gradient (was backward() called? are all parameters frozen?)");
    for_each_group([](const Rule& rule, auto states, std::size_t) {
      typename Trained::ScalarsCache cache;
      for (const auto& state : states)
        if (state->has_gradient()) state->step(rule, cache);
    });
  }

  void zero_grad() override {
    for (const auto& state : states_)
      if (state->parameter().body().graph) state->parameter().grad().reset();
  }

  void add_rows() override {
    for (std::size_t k = 0; k < states_.size(); ++k)
      if (!states_[k]->grew()) states_[k]->check_shape("add_rows", k);
    for_each_group([](const Rule& rule, auto states, std::size_t) {
      for (const auto& state : states) state->add_rows(rule);
    });
  }

  /// Options and state, as copies; every row is brought up to date first. With the weights of the same moment they
  /// continue a run bit by bit. ShapeError when rows were added that add_rows() has not taken up.
  State state_dict() {
    for (std::size_t k = 0; k < states_.size(); ++k) states_[k]->check_shape("state_dict", k);
    State result;
    for_each_group([&result](const Rule& rule, auto states, std::size_t) {
      for (const auto& state : states) result.parameters.push_back(state->save(rule));
    });
    for (const Group& group : groups_) result.groups.push_back(group.options);
    return result;
  }

  /// Goes on from a saved state, whose options it takes as well. ValueError or ShapeError that names the parameter when
  /// it is not a state of these parameters: nothing is changed.
  void load_state_dict(const State& state) {
    const auto expect = [](const char* what, std::size_t expected, std::size_t got) {
      if (got != expected)
        throw ValueError(std::string(Rule::name) + "::load_state_dict: expected " + std::to_string(expected) + " " +
                         what + ", the state has " + std::to_string(got));
    };
    expect("parameter groups", groups_.size(), state.groups.size());
    expect("parameters", states_.size(), state.parameters.size());
    std::vector<Entry> entries;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const Rule rule(state.groups[g]);
      for (std::size_t k = 0; k < groups_[g].parameters.size(); ++k) {
        const std::size_t position = entries.size();
        states_[position]->check_entry(state.parameters[position], rule, position);
        entries.push_back(state.parameters[position]);
        for (Tensor<T>& slot : entries.back().slots) slot = rowgrad::detail::copy_of(slot);
      }
    }
    for (std::size_t k = 0; k < states_.size(); ++k) states_[k]->load(std::move(entries[k]));
    for (std::size_t g = 0; g < groups_.size(); ++g) groups_[g].options = state.groups[g];
  }

  /// From now on notes are kept of the rows of tables, for row_report(): 12 bytes a row of each table that gets
  /// row-sparse gradients. Costs nothing until it is called.
  void watch_rows() {
    for (const auto& state : states_) state->watch_rows();
  }

  /// What training did to a row of a table. O(row). ValueError when rows are not watched, or for a parameter that is
  /// not trained here or had dense gradients alone; IndexError for a row outside the table.
  RowReport row_report(const Tensor<T>& parameter, Index row) {
    std::optional<RowReport> report;
    for_each_group([&](const Rule& rule, auto states, std::size_t first) {
      for (std::size_t k = 0; k < states.size(); ++k)
        if (parameter.defined() && &states[k]->parameter().body() == &parameter.body())
          report = states[k]->row_report(row, rule, first + k);
    });
    if (!report) throw ValueError(std::string(Rule::name) + "::row_report: this optimizer does not train that tensor");
    return *report;
  }

  std::size_t group_count() const noexcept override { return groups_.size(); }
  double& lr(std::size_t group = 0) override { return options(group).lr; }
  /// Options of a parameter group; may be changed between steps.
  Options& options(std::size_t group = 0) {
    if (group >= groups_.size())
      throw IndexError(std::string(Rule::name) + ": there is no parameter group " + std::to_string(group) + " among " +
                       std::to_string(groups_.size()));
    return groups_[group].options;
  }

 private:
  using Trained = ParameterState<T, Rule>;

  template <typename F>
  void for_each_group(const F& f) {
    std::size_t first = 0;
    for (const Group& group : groups_) {
      f(Rule(group.options), std::span(states_).subspan(first, group.parameters.size()), first);
      first += group.parameters.size();
    }
  }

  std::vector<Group> groups_;
  std::vector<rowgrad::detail::Ref<Trained>> states_;  // in the groups' order; tables point to them
};

}  // namespace rowgrad::optim
