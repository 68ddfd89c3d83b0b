// What: SequentialLR and ChainedScheduler, schedules made of schedules.
// Why:  a warm-up, then something else; or several that multiply one another's rates.
// See:  scheduler.hpp; PyTorch torch.optim.lr_scheduler.
#pragma once

#include <algorithm>

#include <rowgrad/optim/schedules/scheduler.hpp>

namespace rowgrad::optim {

/// The state of a schedule that is made of others: its own numbers, then theirs as "_schedulers.0.last_epoch".
struct ComposedState {
  std::vector<NamedNumbers> numbers;
};

namespace detail {

/// What the two have in common. It may call what schedules offer to their own kind alone.
template <typename T>
class ComposedSchedule : public LRScheduler<T> {
 public:
  using State = ComposedState;
  State state_dict() const { return {this->numbers()}; }
  /// Takes the arguments of the saved schedules as well. ValueError for a state of other schedules.
  void load_state_dict(const State& state) { this->load_numbers(state.numbers); }

 protected:
  using Schedules = std::vector<LRScheduler<T>*>;

  ComposedSchedule(const char* name, Optimizer<T>* optimizer, const Schedules& schedulers)
      : LRScheduler<T>(name, common(name, optimizer, schedulers), -1), schedulers_(schedulers) {}

  LRScheduler<T>& schedule(std::size_t i) const noexcept { return *schedulers_[i]; }
  std::size_t count() const noexcept { return schedulers_.size(); }
  static void restart(LRScheduler<T>& schedule) { schedule.restart(); }
  static void initial_step(LRScheduler<T>& schedule) { schedule.initial_step(); }
  static bool restarts(const LRScheduler<T>& schedule) noexcept { return schedule.restarts(); }
  void undo() override {
    for (LRScheduler<T>* const schedule : schedulers_) schedule->undo();
  }

  std::vector<NamedNumbers> numbers() const override {
    std::vector<NamedNumbers> result = this->numbers_of(this->state());
    for (std::size_t i = 0; i < count(); ++i)
      for (NamedNumbers& entry : schedulers_[i]->numbers())
        result.push_back({prefix(i) + entry.name, std::move(entry.values)});
    return result;
  }
  void load_numbers(const std::vector<NamedNumbers>& numbers) override {
    const std::vector<NamedNumbers> before = this->numbers();
    try {
      load_all(numbers);
    } catch (...) {
      load_all(before);
      throw;
    }
  }

 private:
  static std::string prefix(std::size_t i) { return rowgrad::detail::concat("_schedulers.", i, "."); }

  /// The optimizer of all of them.
  static Optimizer<T>& common(const char* name, Optimizer<T>* optimizer, const Schedules& schedulers) {
    if (schedulers.empty()) rowgrad::detail::raise<ValueError>(name, ": expected at least one schedule, got none");
    for (std::size_t i = 0; i < schedulers.size(); ++i) {
      if (schedulers[i] == nullptr) rowgrad::detail::raise<ValueError>(name, ": schedule ", i, " is null");
      if (optimizer == nullptr) optimizer = &schedulers[i]->optimizer();
      if (&schedulers[i]->optimizer() != optimizer)
        rowgrad::detail::raise<ValueError>(name, ": schedule ", i, " belongs to another optimizer");
    }
    return *optimizer;
  }
  double get_lr(std::size_t, double lr) const override { return lr; }
  bool restarts() const noexcept override { return false; }

  void load_all(const std::vector<NamedNumbers>& numbers) {
    const auto own = std::find_if(numbers.begin(), numbers.end(),
                                  [](const NamedNumbers& entry) { return entry.name.starts_with("_schedulers."); });
    LRSchedulerState state = this->state();
    this->take(std::vector<NamedNumbers>(numbers.begin(), own), state);
    std::size_t taken = static_cast<std::size_t>(own - numbers.begin());
    for (std::size_t i = 0; i < count(); ++i) {
      std::vector<NamedNumbers> its;
      for (; taken < numbers.size() && numbers[taken].name.starts_with(prefix(i)); ++taken)
        its.push_back({numbers[taken].name.substr(prefix(i).size()), numbers[taken].values});
      schedulers_[i]->load_numbers(its);
    }
    if (taken != numbers.size())
      rowgrad::detail::raise<ValueError>("load_state_dict: did not expect '", numbers[taken].name, "' in the state of ",
                                         count(), " schedules");
    this->load(state);
  }

  Schedules schedulers_;
};

}  // namespace detail

/// Schedules one after the other: schedule i goes from milestones[i - 1] on, where it starts afresh. They were made for
/// the same optimizer, whose rates go back to the initial ones, and must outlive this one; step() this one alone.
/// ValueError for schedules of another optimizer, unless there is one milestone less than schedules and they rise, and
/// for a composed schedule after the first place (PyTorch's fails at its milestone). PyTorch: SequentialLR.
template <typename T>
class SequentialLR : public detail::ComposedSchedule<T> {
 public:
  static constexpr const char* name = "SequentialLR";

  SequentialLR(Optimizer<T>& optimizer, const std::vector<LRScheduler<T>*>& schedulers, std::vector<Index> milestones,
               Index last_epoch = -1)
      : detail::ComposedSchedule<T>(name, &optimizer, schedulers), milestones_(std::move(milestones)) {
    if (last_epoch < -1) rowgrad::detail::raise<ValueError>(name, ": expected last_epoch >= -1, got ", last_epoch);
    if (milestones_.size() + 1 != this->count())
      rowgrad::detail::raise<ValueError>(name, ": expected one milestone less than schedules, got ", milestones_.size(),
                                         " for ", this->count());
    for (std::size_t i = 0; i < milestones_.size(); ++i)
      if (i > 0 && milestones_[i] < milestones_[i - 1])
        rowgrad::detail::raise<ValueError>(name, ": expected milestones that rise, got ", milestones_[i], " after ",
                                           milestones_[i - 1]);
    for (std::size_t i = 1; i < this->count(); ++i)
      if (!this->restarts(this->schedule(i)))
        rowgrad::detail::raise<ValueError>(name, ": schedule ", i, " is made of others and cannot start afresh");
    for (std::size_t g = 0; g < optimizer.group_count(); ++g) optimizer.lr(g) = optimizer.initial_lrs()[g];
    this->undo();
    LRScheduler<T>& first = this->schedule(at(0));
    this->initial_step(first);
    this->state().last_epoch = last_epoch + 1;
    this->state().last_lr = first.get_last_lr();
  }

  void step() override {
    const Index epoch = this->last_epoch() + 1;
    const std::size_t i = at(epoch);
    LRScheduler<T>& schedule = this->schedule(i);
    if (i > 0 && milestones_[i - 1] == epoch)
      this->restart(schedule);
    else
      schedule.step();
    this->state().last_epoch = epoch;
    this->state().last_lr = schedule.get_last_lr();
  }

 private:
  /// The schedule of an epoch.
  std::size_t at(Index epoch) const {
    return static_cast<std::size_t>(std::upper_bound(milestones_.begin(), milestones_.end(), epoch) -
                                    milestones_.begin());
  }
  std::vector<Index> milestones_;
};

/// Schedules that all make each step, one after the other. They must outlive this one; step() this one alone.
/// ValueError for schedules of different optimizers. PyTorch: ChainedScheduler.
template <typename T>
class ChainedScheduler : public detail::ComposedSchedule<T> {
 public:
  static constexpr const char* name = "ChainedScheduler";

  explicit ChainedScheduler(const std::vector<LRScheduler<T>*>& schedulers)
      : detail::ComposedSchedule<T>(name, nullptr, schedulers) {}
  ChainedScheduler(const std::vector<LRScheduler<T>*>& schedulers, Optimizer<T>& optimizer)
      : detail::ComposedSchedule<T>(name, &optimizer, schedulers) {}

  void step() override {
    for (std::size_t i = 0; i < this->count(); ++i) this->schedule(i).step();
    ++this->state().last_epoch;
    this->state().last_lr = detail::rates(this->optimizer());
  }
};

}  // namespace rowgrad::optim
