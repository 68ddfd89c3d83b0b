// What: Optimizer, the base that schedulers and training loops know, and RuleOptimizer, which applies an update rule.
// Why:  a rule is written once, over flat arrays; the same code updates a whole matrix or the rows that were looked up.
// See:  parameter_state.hpp (one parameter's state), adam.hpp and its siblings (the rules); PyTorch torch.optim.
#pragma once

#include <memory>

#include <rowgrad/optim/parameter_state.hpp>

namespace rowgrad::optim {

/// What every optimizer offers. Not copyable: tables may owe it updates.
template <typename T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Applies the gradients gathered so far; parameters without one stay as they are, as in PyTorch. ValueError naming
  /// parameter and row when a gradient is not finite, ShapeError when a parameter changed its shape: nothing is
  /// updated.
  virtual void step() = 0;

  /// Forgets the gradients of all parameters. PyTorch: zero_grad().
  virtual void zero_grad() = 0;

  virtual std::size_t group_count() const noexcept = 0;
  /// Learning rate of a parameter group; may be set between steps.
  virtual double& lr(std::size_t group = 0) = 0;

 protected:
  Optimizer() = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;
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
        states_.push_back(std::make_unique<State>(parameter));
      }
    }
    if (states_.empty()) throw ValueError(std::string(Rule::name) + ": expected at least one parameter");
  }

  void step() override {
    for_each_group([](const Rule& rule, auto states, std::size_t first) {
      for (std::size_t k = 0; k < states.size(); ++k) states[k]->check(rule, first + k);
    });
    for_each_group([](const Rule& rule, auto states, std::size_t) {
      typename State::ScalarsCache cache;
      for (const auto& state : states)
        if (state->has_gradient()) state->step(rule, cache);
    });
  }

  void zero_grad() override {
    for (const auto& state : states_)
      if (state->parameter().body().graph) state->parameter().grad().reset();
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
  using State = ParameterState<T, Rule>;

  template <typename F>
  void for_each_group(const F& f) {
    std::size_t first = 0;
    for (const Group& group : groups_) {
      f(Rule(group.options), std::span(states_).subspan(first, group.parameters.size()), first);
      first += group.parameters.size();
    }
  }

  std::vector<Group> groups_;
  std::vector<std::unique_ptr<State>> states_;  // in the groups' order; tables point to them
};

}  // namespace rowgrad::optim
