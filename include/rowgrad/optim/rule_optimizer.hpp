// What: RuleOptimizer, an optimizer made of an update rule.
// Why:  a rule is written once, over a few neighbouring elements; the same code updates a whole matrix or the rows that
//       were looked up, now or later.
// See:  rule.hpp (what a rule is), parameter_state.hpp (one parameter), adam.hpp and its siblings (the rules).
#pragma once

#include <memory>

#include <rowgrad/optim/optimizer.hpp>
#include <rowgrad/optim/parameter_state.hpp>

namespace rowgrad::optim {

template <typename T, UpdateRule R>
class RuleOptimizer : public Optimizer<T> {
 public:
  using Options = typename R::Options;
  using Group = ParameterGroup<T, Options>;
  using Entry = ParameterEntry<T>;

  /// What an optimizer knows besides the weights. PyTorch: state_dict(). Options::fields() and slot_names() name what
  /// is in it.
  struct State {
    std::vector<Options> groups;
    std::vector<Entry> parameters;    // in the groups' order
    std::vector<double> initial_lrs;  // those of schedules; empty: none yet. PyTorch: in param_groups
  };

  /// ValueError for no parameters, a parameter given twice, or an option outside its range.
  // Options come by reference: GCC 12 passes {.1, .1, 0, 0} by value as four times .1 where there is AVX-512.
  explicit RuleOptimizer(std::vector<Tensor<T>> parameters, const Options& options = {});

  explicit RuleOptimizer(std::vector<Group> groups);

  RuleOptimizer(RuleOptimizer&&) = default;
  RuleOptimizer& operator=(RuleOptimizer&&) = default;
  ~RuleOptimizer() override;

  void check() override;

  using Optimizer<T>::step;  // with a closure
  void step() override;

  void zero_grad(bool set_to_none = true) override;

  /// Trains more parameters from the next step on, under options of their own. With a schedule on this optimizer its
  /// present rate is the group's base rate. ValueError as in the constructor: nothing has changed then. PyTorch:
  /// add_param_group().
  void add_param_group(Group group);
  /// The same with the options that the optimizer was made with.
  void add_param_group(std::vector<Tensor<T>> parameters) { add_param_group(Group{std::move(parameters), defaults_}); }

  void add_rows() override;

  /// Names of the state arrays a parameter may have, PyTorch's, in the order of Entry::slots.
  static constexpr const auto& slot_names() noexcept { return R::slot_names; }

  /// Options and state, as copies; every row is brought up to date first. With the weights of the same moment they
  /// continue a run bit by bit. ShapeError when rows were added that add_rows() has not taken up.
  State state_dict() {
    for (std::size_t k = 0; k < states_.size(); ++k) states_[k]->state().check_shape("state_dict", k);
    State result;
    result.initial_lrs = this->initial_lrs();
    std::size_t k = 0;
    for (const Group& group : groups_) {
      const R rule(group.options);
      result.groups.push_back(group.options);
      for (std::size_t i = 0; i < group.parameters.size(); ++i) result.parameters.push_back(states_[k++]->save(rule));
    }
    return result;
  }

  /// The state while it is being saved: the optimizer's own tensors, not copies. Until this is destroyed every row is
  /// up to date, and no step may be made; then rows that were behind are again, so that saving leaves no trace in the
  /// bits of a run. They are part of the state: loaded into an optimizer whose parameters have the weights of this
  /// moment (which it must be, after them), it goes on with the bits of this run.
  class Held {
   public:
    Held(Held&&) noexcept = default;
    Held& operator=(Held&&) = delete;
    ~Held() {
      for (std::size_t k = 0; k < state.parameters.size(); ++k) optimizer_->states_[k]->release(state.parameters[k]);
    }
    State state;

   private:
    friend RuleOptimizer;
    explicit Held(RuleOptimizer& optimizer) : optimizer_(&optimizer) {}
    RuleOptimizer* optimizer_;
  };
  /// ShapeError when rows were added that add_rows() has not taken up.
  Held hold() {
    for (std::size_t k = 0; k < states_.size(); ++k) states_[k]->state().check_shape("hold", k);
    Held held(*this);
    held.state.initial_lrs = this->initial_lrs();
    held.state.parameters.reserve(states_.size());
    std::size_t k = 0;
    for (const Group& group : groups_) {
      const R rule(group.options);
      held.state.groups.push_back(group.options);
      for (std::size_t i = 0; i < group.parameters.size(); ++i)
        held.state.parameters.push_back(states_[k++]->hold(rule));
    }
    return held;
  }

  /// Throws what load_state_dict() would throw, and changes nothing.
  void check_state_dict(const State& state) const { check_state(state); }

  /// Goes on from a saved state, whose options it takes as well. ValueError or ShapeError that names the parameter when
  /// it is not a state of these parameters, or has NaN or negative squares in it: nothing is changed. Values are copied
  /// into the memory that the state has already.
  void load_state_dict(const State& state) {
    check_state(state);
    std::vector<Entry> entries;
    for (std::size_t k = 0; k < states_.size(); ++k) entries.push_back(states_[k]->room_for(state.parameters[k]));
    for (std::size_t k = 0; k < states_.size(); ++k) {
      states_[k]->forget();
      for (std::size_t s = 0; s < entries[k].slots.size(); ++s) {
        const Tensor<T>& from = state.parameters[k].slots[s];
        std::copy_n(from.data(), from.numel(), entries[k].slots[s].data());
      }
    }
    load(entries, state);
  }

  /// The same, taking the state's tensors instead of copying them.
  void load_state_dict(State&& state) {
    check_state(state);
    for (Entry& entry : state.parameters)
      for (Tensor<T>& slot : entry.slots)
        if (!slot.unique()) slot = rowgrad::detail::copy_of(slot);  // somebody else has a handle to it
    load(state.parameters, state);
  }

  /// From now on notes are kept of the rows of tables, for row_report(): 32 bytes for each row of a table that gets
  /// row-sparse gradients. Costs nothing until it is called.
  void watch_rows() {
    for (const auto& state : states_) state->watch_rows();
  }

  /// What training did to a row of a table. O(row). ValueError when rows are not watched, or for a parameter that is
  /// not trained here or had dense gradients alone; IndexError for a row outside the table.
  RowReport row_report(const Tensor<T>& parameter, Index row) {
    for (std::size_t k = 0; k < states_.size(); ++k)
      if (parameter.defined() && &states_[k]->parameter().body() == &parameter.body())
        return states_[k]->row_report(row, k);
    rowgrad::detail::raise<ValueError>(R::name, "::row_report: this optimizer does not train that tensor");
  }

  std::size_t group_count() const noexcept override { return groups_.size(); }
  double& lr(std::size_t group = 0) override { return options(group).lr; }
  double* momentum(std::size_t group = 0) override {
    if constexpr (requires(Options & o) { o.betas.first; })
      return &options(group).betas.first;
    else if constexpr (requires(Options & o) { o.momentum; })
      return &options(group).momentum;
    else
      return nullptr;
  }
  /// The shape of the state arrays of a parameter of this shape.
  static Shape slot_shape(const Shape& parameter) noexcept { return detail::slot_shape<R>(parameter); }
  /// Options of a parameter group; may be changed between steps.
  Options& options(std::size_t group = 0) {
    if (group >= groups_.size())
      rowgrad::detail::raise<IndexError>(R::name, ": there is no parameter group ", group, " among ", groups_.size());
    return groups_[group].options;
  }
  /// The parameters of a group. PyTorch: param_groups[i]["params"].
  const std::vector<Tensor<T>>& parameters(std::size_t group = 0) const {
    if (group >= groups_.size())
      throw IndexError(
          rowgrad::detail::concat(R::name, ": there is no parameter group ", group, " among ", groups_.size()));
    return groups_[group].parameters;
  }

 private:
  using Trained = detail::ParameterState<R>;

  void check_parameter(const Tensor<T>& parameter) const;

  /// f(state, the rule of its group as check() left it).
  template <typename F>
  [[gnu::always_inline]] void for_each(const F& f) {
    const std::unique_ptr<Trained>* state = states_.data();
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (const auto* const end = state + groups_[g].parameters.size(); state != end; ++state) f(**state, rules_[g]);
  }

  void check_state(const State& state) const {
    const auto expect = [](const char* what, std::size_t expected, std::size_t got) {
      if (got != expected)
        rowgrad::detail::raise<ValueError>(R::name, "::load_state_dict: expected ", expected, " ", what,
                                           ", the state has ", got);
    };
    expect("parameter groups", groups_.size(), state.groups.size());
    expect("parameters", states_.size(), state.parameters.size());
    if (!state.initial_lrs.empty()) expect("initial_lrs", groups_.size(), state.initial_lrs.size());
    for (const double lr : state.initial_lrs) detail::check_range(R::name, "initial_lrs", "", Range::not_negative, lr);
    std::size_t k = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const R rule(state.groups[g]);
      for (std::size_t i = 0; i < groups_[g].parameters.size(); ++i, ++k)
        states_[k]->check_entry(state.parameters[k], rule, k);
    }
  }

  void load(std::vector<Entry>& entries, const State& state) {
    std::size_t k = 0;
    this->initial_lrs() = state.initial_lrs;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      groups_[g].options = state.groups[g];
      const R rule(state.groups[g]);
      for (std::size_t i = 0; i < groups_[g].parameters.size(); ++i, ++k) states_[k]->load(std::move(entries[k]), rule);
    }
  }

  Options defaults_{};  // of groups to come
  std::vector<Group> groups_;
  std::vector<R> rules_;                          // of the groups' options when they were last checked
  std::vector<std::unique_ptr<Trained>> states_;  // in the groups' order; tables point into them
};

template <typename T, UpdateRule R>
[[gnu::cold, gnu::noinline]] RuleOptimizer<T, R>::RuleOptimizer(std::vector<Tensor<T>> parameters,
                                                                const Options& options)
    : RuleOptimizer(std::vector<Group>{Group{std::move(parameters), options}}) {
  defaults_ = options;
}

template <typename T, UpdateRule R>
[[gnu::cold, gnu::noinline]] RuleOptimizer<T, R>::RuleOptimizer(std::vector<Group> groups) {
  for (Group& group : groups) add_param_group(std::move(group));
  if (states_.empty())
    rowgrad::detail::raise<ValueError>(
        R::name,
        ": expected at least one parameter, got none (a model's parameters are those of the layers that its "
        "members() lists)");
}

template <typename T, UpdateRule R>
RuleOptimizer<T, R>::~RuleOptimizer() = default;

template <typename T, UpdateRule R>
[[gnu::cold, gnu::noinline]] void RuleOptimizer<T, R>::add_param_group(Group group) {
  const R rule(group.options);
  const std::size_t before = states_.size();
  std::vector<double>& initial = this->initial_lrs();
  try {
    for (const Tensor<T>& parameter : group.parameters) {
      check_parameter(parameter);
      states_.push_back(std::make_unique<Trained>(parameter, rule));
    }
    groups_.reserve(groups_.size() + 1);
    rules_.reserve(rules_.size() + 1);
    if (!initial.empty()) initial.push_back(group.options.lr);
  } catch (...) {
    states_.resize(before);
    throw;
  }
  rules_.push_back(rule);
  groups_.push_back(std::move(group));
}

template <typename T, UpdateRule R>
void RuleOptimizer<T, R>::check() {
  bool any = false;
  for (std::size_t g = 0; g < groups_.size(); ++g) rules_[g] = R(groups_[g].options);  // which checks them
  for (std::size_t k = 0; k < states_.size(); ++k) {
    const Gradient<T>* const gradient = states_[k]->gradient();
    if (gradient == nullptr) continue;
    states_[k]->check(*gradient, k);
    any = true;
  }
  if (!any) [[unlikely]]
    rowgrad::detail::raise<GraphError>(
        R::name, "::step: no parameter has a gradient (was backward() called? are all parameters frozen?)");
}

template <typename T, UpdateRule R>
void RuleOptimizer<T, R>::step() {
  check();
  for_each([](Trained& state, const R& rule) {
    if (const Gradient<T>* const gradient = state.gradient()) state.reserve(rule, *gradient);
  });
  const R* last_rule = nullptr;  // parameters of one group that stand at the same step share its factors
  Index last_step = 0;
  typename R::Scalars scalars;
  for_each([&](Trained& state, const R& rule) {
    const Gradient<T>* const gradient = state.gradient();
    if (gradient == nullptr) return;
    if (last_rule != &rule || last_step != state.next_step()) {
      last_rule = &rule;
      last_step = state.next_step();
      scalars = rule.scalars(last_step);
    }
    state.step(rule, *gradient, scalars);
  });
  this->note_step();
}

template <typename T, UpdateRule R>
void RuleOptimizer<T, R>::zero_grad(bool set_to_none) {
  for (const auto& state : states_) {
    if (!state->parameter().body().graph) continue;
    Gradient<T>& gradient = state->parameter().grad();
    if (set_to_none)
      gradient.reset();
    else
      gradient.zero();
  }
}

template <typename T, UpdateRule R>
[[gnu::cold]] void RuleOptimizer<T, R>::add_rows() {
  for (std::size_t k = 0; k < states_.size(); ++k)
    if (!states_[k]->state().grew()) states_[k]->state().check_shape("add_rows", k);
  for_each([](Trained& state, const R& rule) { state.add_rows(rule); });
}

template <typename T, UpdateRule R>
[[gnu::cold]] void RuleOptimizer<T, R>::check_parameter(const Tensor<T>& parameter) const {
  if (!parameter.defined()) rowgrad::detail::raise<ValueError>(R::name, ": got an undefined tensor to train");
  for (const auto& state : states_)
    if (&state->parameter().body() == &parameter.body())
      rowgrad::detail::raise<ValueError>(R::name, ": a parameter of shape ", parameter.shape(), " was given twice");
  if (!parameter.is_leaf())
    rowgrad::detail::raise<ValueError>(R::name, ": only leaves can be trained, got the result of an operation");
}

}  // namespace rowgrad::optim
