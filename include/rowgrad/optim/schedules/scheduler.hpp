// What: LRScheduler, the base of schedules that go by epochs, and what their states and arguments are made of.
// Why:  as in PyTorch each computes the next rate from the present one, so that a rate set by hand is kept, several
//       schedules can work on one optimizer, and long runs have PyTorch's rates bit for bit.
// See:  optimizer.hpp; ../lr_scheduler.hpp (all schedules); PyTorch torch.optim.lr_scheduler.
#pragma once

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

#include <rowgrad/core/check.hpp>
#include <rowgrad/core/concat.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/optim/fields.hpp>
#include <rowgrad/optim/optimizer.hpp>

namespace rowgrad::optim {

/// What every schedule by epochs knows, under PyTorch's names.
struct LRSchedulerState {
  Index last_epoch = 0;
  Index step_count = 1;          ///< PyTorch: _step_count
  std::vector<double> base_lrs;  ///< one per parameter group: the rate when its first schedule was made
  std::vector<double> last_lr;   ///< one per parameter group: the rate that the last step set. PyTorch: _last_lr

  /// Calls visit(name, member) for all of it.
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    visit("last_epoch", self.last_epoch);
    visit("_step_count", self.step_count);
    visit("base_lrs", self.base_lrs);
    visit("_last_lr", self.last_lr);
  }
};

/// The same with a schedule's arguments, and whatever else it keeps.
template <typename Arguments>
struct ScheduleState : LRSchedulerState, Arguments {
  template <typename Self, typename Visit>
  static void each(Self& self, const Visit& visit) {
    LRSchedulerState::each(self, visit);
    Arguments::each(self, visit);
  }
};

/// Numbers under a name, as part of the state of schedules that are made of others.
struct NamedNumbers {
  std::string name;
  std::vector<double> values;
};

/// One number for all parameter groups, or one for each.
class PerGroup {
 public:
  PerGroup(double value) : values_{value}, is_list_(false) {}  // NOLINT: numbers are written bare
  PerGroup(std::vector<double> values) : values_(std::move(values)) {}
  PerGroup(std::initializer_list<double> values) : values_(values) {}

  /// One for each of the groups. ValueError for a list of another length, or a number that is not finite.
  std::vector<double> of(const char* schedule, const char* name, std::size_t groups) const {
    if (is_list_ && values_.size() != groups)
      rowgrad::detail::raise<ValueError>(schedule, ": expected ", groups, " ", name, ", one per parameter group, got ",
                                         values_.size());
    for (const double value : values_)
      if (!rowgrad::detail::is_finite(value))
        rowgrad::detail::raise<ValueError>(schedule, ": expected a finite ", name, ", got ", value);
    return is_list_ ? values_ : std::vector<double>(groups, values_[0]);
  }

 private:
  std::vector<double> values_;
  bool is_list_ = true;
};

/// A function from a number (an epoch, a cycle) to a factor; anything callable converts. Undefined by default.
class RateFunction {
 public:
  RateFunction() = default;
  template <typename F>
  requires(!std::is_same_v<std::decay_t<F>, RateFunction> && std::is_invocable_v<F&, Index>)
      RateFunction(F function)  // NOLINT: lambdas are written bare
      : function_(std::make_shared<Holder<F>>(std::move(function))) {}

  explicit operator bool() const noexcept { return function_ != nullptr; }
  double operator()(Index at) const { return function_->call(at); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual double call(Index at) = 0;
  };
  template <typename F>
  struct Holder final : Base {
    explicit Holder(F f) : function(std::move(f)) {}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"  // functions may take an int
    double call(Index at) override { return static_cast<double>(function(at)); }
#pragma GCC diagnostic pop
    F function;
  };
  std::shared_ptr<Base> function_;
};

namespace detail {

template <typename T>
std::vector<double> rates(Optimizer<T>& optimizer) {
  std::vector<double> result;
  for (std::size_t g = 0; g < optimizer.group_count(); ++g) result.push_back(optimizer.lr(g));
  return result;
}

/// ValueError unless there is one rate per group.
inline void check_rates(const char* schedule, const char* what, std::size_t groups, std::size_t given) {
  if (given != groups)
    rowgrad::detail::raise<ValueError>(schedule, ": expected ", groups, " ", what, ", one per parameter group, got ",
                                       given);
}

inline void check_period(const char* schedule, const char* name, Index period) {
  if (period < 1) rowgrad::detail::raise<ValueError>(schedule, ": expected ", name, " >= 1, got ", period);
}

inline void check_finite(const char* schedule, const char* name, double value) {
  if (!rowgrad::detail::is_finite(value))
    rowgrad::detail::raise<ValueError>(schedule, ": expected a finite ", name, ", got ", value);
}

/// The value as it is, but a product that went into it has been rounded: compilers must not fuse it with a sum.
inline double rounded(double value) noexcept {
  volatile double stored = value;
  return stored;
}

[[gnu::cold, gnu::noinline]] inline void warn_of_order(const char* schedule) {
  std::fprintf(stderr,
               "rowgrad: warning: %s::step() was called before the optimizer's step(); call optimizer.step() first, or "
               "the first rate of the schedule is never used\n",
               schedule);
}

// Numbers of a state as doubles, and back; integers are whole numbers that a double counts to.
template <typename U>
std::vector<double> as_doubles(const U& member) {
  if constexpr (std::is_arithmetic_v<U>)
    return {static_cast<double>(member)};
  else
    return std::vector<double>(member.begin(), member.end());
}
template <typename U>
void from_doubles(const NamedNumbers& numbers, U& member) {
  const auto fail = [&] {
    rowgrad::detail::raise<ValueError>("load_state_dict: '", numbers.name, "' is no such state of a schedule");
  };
  const auto number = [&]<typename N>(double value, N& to) {
    if constexpr (std::is_integral_v<N>)
      if (std::abs(value) > 0x1p53 || value != std::trunc(value)) fail();
    to = static_cast<N>(value);
  };
  if constexpr (std::is_arithmetic_v<U>) {
    if (numbers.values.size() != 1) fail();
    number(numbers.values[0], member);
  } else {
    member.resize(numbers.values.size());
    for (std::size_t i = 0; i < member.size(); ++i) number(numbers.values[i], member[i]);
  }
}

}  // namespace detail

namespace detail {
template <typename T>
class ComposedSchedule;
}

/// Base of schedules that go by epochs. A schedule of one's own overrides get_lr(). The optimizer must outlive it.
template <typename T>
class LRScheduler {
 public:
  virtual ~LRScheduler() = default;

  /// Sets the rates of the next epoch. Call it after the optimizer's steps of an epoch: if it comes first, there is a
  /// warning on the standard error stream, as PyTorch gives one. PyTorch: scheduler.step().
  virtual void step() {
    check_step(state_.last_epoch + 1);
    if (state_.step_count == 1 && !optimizer_->has_stepped()) detail::warn_of_order(name_);
    ++state_.step_count;
    ++state_.last_epoch;
    update();
  }

  /// Steps so far, in an earlier run, too.
  Index last_epoch() const noexcept { return state_.last_epoch; }
  /// The rates that the last step set, one per parameter group.
  const std::vector<double>& get_last_lr() const noexcept { return state_.last_lr; }

 protected:
  /// last_epoch as in PyTorch: -1 to begin; k goes on after epoch k of an earlier run, whose first rates must be in
  /// optimizer.initial_lrs(): ValueError if they are not, or for a last_epoch below -1.
  LRScheduler(const char* name, Optimizer<T>& optimizer, Index last_epoch) : name_(name), optimizer_(&optimizer) {
    if (last_epoch < -1)
      rowgrad::detail::raise<ValueError>(name, ": expected last_epoch >= -1 (-1 begins), got ", last_epoch);
    std::vector<double>& initial = optimizer.initial_lrs();
    if (last_epoch == -1 && initial.empty()) initial = detail::rates(optimizer);
    detail::check_rates(name, last_epoch == -1 ? "initial_lrs" : "initial_lrs of the optimizer, to resume",
                        optimizer.group_count(), initial.size());
    state_ = {last_epoch + 1, 1, initial, detail::rates(optimizer)};
  }

  /// A group's rate in the epoch last_epoch(), from its present one, lr.
  virtual double get_lr(std::size_t group, double lr) const = 0;
  /// The same from the base rate, whatever came before. PyTorch: _get_closed_form_lr, where there is one.
  virtual double restarted_lr(std::size_t group) const { return get_lr(group, optimizer_->lr(group)); }
  /// Throws when there can be no step to this epoch; nothing has changed then.
  virtual void check_step(Index /*epoch*/) const {}
  /// Sets whatever else goes with the rates.
  virtual void rates_set() {}

  /// The first step, which constructors end with: it sets the rates of the first epoch, while is_initial().
  void begin() {
    --state_.last_epoch;
    initial_step();
  }
  bool is_initial() const noexcept { return is_initial_; }

  /// Sets every group's rate to get_lr().
  void update() {
    set([this](std::size_t g) { return get_lr(g, optimizer_->lr(g)); });
  }

  Optimizer<T>& optimizer() const noexcept { return *optimizer_; }
  const LRSchedulerState& state() const noexcept { return state_; }
  LRSchedulerState& state() noexcept { return state_; }
  void check(const LRSchedulerState& state) const {
    detail::check_rates(name_, "base_lrs", optimizer_->group_count(), state.base_lrs.size());
    detail::check_rates(name_, "last_lrs", optimizer_->group_count(), state.last_lr.size());
    for (const double rate : state.base_lrs) detail::check_finite(name_, "base_lrs", rate);
    for (const double rate : state.last_lr) detail::check_finite(name_, "last_lrs", rate);
  }
  void load(const LRSchedulerState& state) {
    check(state);
    state_ = state;
  }

  /// The whole state as numbers, for schedules that are made of this one.
  virtual std::vector<NamedNumbers> numbers() const { return numbers_of(state_); }
  /// Takes such numbers, in that order and of those names. ValueError for others; nothing has changed then.
  virtual void load_numbers(const std::vector<NamedNumbers>& numbers) {
    LRSchedulerState state = state_;
    take(numbers, state);
    load(state);
  }
  template <typename State>
  static std::vector<NamedNumbers> numbers_of(const State& state) {
    std::vector<NamedNumbers> result;
    State::each(state, [&](const char* name, const auto& member) {
      result.push_back({name, detail::as_doubles(member)});
    });
    return result;
  }
  template <typename State>
  static void take(const std::vector<NamedNumbers>& numbers, State& state) {
    std::size_t i = 0;
    State::each(state, [&](const char* name, auto& member) {
      if (i == numbers.size() || numbers[i].name != name)
        rowgrad::detail::raise<ValueError>("load_state_dict: expected '", name, "' in the state of a schedule");
      detail::from_doubles(numbers[i++], member);
    });
  }

 private:
  friend class detail::ComposedSchedule<T>;

  template <typename Rate>
  void set(const Rate& rate) {
    Optimizer<T>& optimizer = *optimizer_;
    const std::vector<double>& initial = optimizer.initial_lrs();  // groups that were added since begin at theirs
    for (std::size_t g = state_.base_lrs.size(); g < optimizer.group_count(); ++g)
      state_.base_lrs.push_back(g < initial.size() ? initial[g] : optimizer.lr(g));
    std::vector<double> next;
    for (std::size_t g = 0; g < optimizer.group_count(); ++g) next.push_back(rate(g));
    for (std::size_t g = 0; g < optimizer.group_count(); ++g) optimizer.lr(g) = next[g];
    state_.last_lr = std::move(next);
    rates_set();
  }

  /// PyTorch: _initial_step.
  void initial_step() {
    struct Initial {
      explicit Initial(bool& of) : flag(of) { flag = true; }
      ~Initial() { flag = false; }
      bool& flag;
    } const initial(is_initial_);
    state_.step_count = 0;
    step();
  }
  /// Starts afresh in the middle of a run. PyTorch: _update_lr(0).
  void restart() {
    check_step(0);
    state_.last_epoch = 0;
    set([this](std::size_t g) { return restarted_lr(g); });
  }
  /// Takes the constructor's step back. PyTorch: SequentialLR.recursive_undo.
  virtual void undo() { --state_.last_epoch; }
  /// Whether restart() can be called.
  virtual bool restarts() const noexcept { return true; }

  const char* name_;
  Optimizer<T>* optimizer_;
  LRSchedulerState state_;
  bool is_initial_ = false;
};

/// A schedule with arguments, which are part of its state. Arguments have a name, check(groups), which throws, and
/// each().
template <typename T, typename ArgumentsType>
class ScheduleOf : public LRScheduler<T> {
 public:
  using Arguments = ArgumentsType;
  using State = ScheduleState<Arguments>;
  static constexpr const char* name = Arguments::name;

  State state_dict() const { return {this->state(), arguments_}; }
  /// Takes the arguments of the saved schedule as well. ValueError for a state of another optimizer.
  void load_state_dict(const State& state) {
    state.Arguments::check(this->optimizer().group_count());
    this->load(state);
    arguments_ = state;
    loaded();
  }

 protected:
  ScheduleOf(Optimizer<T>& optimizer, Arguments arguments, Index last_epoch)
      : LRScheduler<T>(name, optimizer, last_epoch), arguments_(std::move(arguments)) {
    arguments_.check(optimizer.group_count());
  }

  /// A state was loaded.
  virtual void loaded() {}

  std::vector<NamedNumbers> numbers() const override { return this->numbers_of(state_dict()); }
  void load_numbers(const std::vector<NamedNumbers>& numbers) override {
    State state = state_dict();
    this->take(numbers, state);
    load_state_dict(state);
  }

  Arguments arguments_;
};

}  // namespace rowgrad::optim
