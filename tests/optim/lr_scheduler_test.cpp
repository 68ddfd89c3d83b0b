#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>
#include <tuple>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Tensor;
using rowgrad::ValueError;
using Plateau = ReduceLROnPlateau<double>;
using Mode = ReduceLROnPlateauOptions::Mode;
using ThresholdMode = ReduceLROnPlateauOptions::ThresholdMode;

namespace {

struct TwoGroups {
  Tensor<double> a = rowgrad::zeros<double>({1}), b = rowgrad::zeros<double>({1});
  SGD<double> sgd{{{.parameters = {a}, .options = {.lr = 0.1}}, {.parameters = {b}, .options = {.lr = 0.02}}}};
};

// To the bit where the golden file's own cosine is at hand; another library's may differ in the last place.
#if defined(__GLIBC__) && defined(__x86_64__)
constexpr golden::Tolerance tolerance{0, 0};
#else
constexpr golden::Tolerance tolerance{1e-12, 1e-15};
#endif

/// What an epoch's end does: it takes the epoch's metric, which plain schedules ignore.
using Step = std::function<void(double)>;
using Make = std::function<std::vector<Step>(Optimizer<double>&)>;
using Rates = std::map<Index, std::pair<double, double>>;

void expect_rates(const std::string& name, const Make& make, const Rates& by_hand = {}, bool initial = false) {
  CAPTURE(name);
  const golden::Case c = golden::find("optim_lr_scheduler", name);
  const auto rates = c.tensor<double>("rates");
  const Index epochs = rates.size(0);
  const auto metrics = c.has("metrics") ? c.tensor<double>("metrics") : rowgrad::zeros<double>({epochs});
  TwoGroups groups;
  if (initial) groups.sgd.initial_lrs() = {3 * 0.1, 3 * 0.02};
  const std::vector<Step> steps = make(groups.sgd);
  const Tensor<double> got(rowgrad::Shape{epochs, 2});
  for (Index epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t g = 0; g < 2; ++g) got.data()[epoch * 2 + static_cast<Index>(g)] = groups.sgd.lr(g);
    if (const auto found = by_hand.find(epoch); found != by_hand.end())
      std::tie(groups.sgd.lr(0), groups.sgd.lr(1)) = found->second;
    for (const Step& step : steps) step(metrics.data()[epoch]);
  }
  CHECK(golden::difference(got, rates, tolerance) == "");
}

template <typename Scheduler, typename... Arguments>
Step schedule(Optimizer<double>& optimizer, Arguments... arguments) {
  return [scheduler = std::make_shared<Scheduler>(optimizer, arguments...)](double) { scheduler->step(); };
}

Step plateau(Optimizer<double>& optimizer, const ReduceLROnPlateauOptions& options) {
  return [scheduler = std::make_shared<Plateau>(optimizer, options)](double metric) { scheduler->step(metric); };
}

template <typename Scheduler, typename... Arguments>
void expect_schedule(const std::string& name, Arguments... arguments) {
  expect_rates(name, [=](auto& optimizer) { return std::vector{schedule<Scheduler>(optimizer, arguments...)}; });
}

void expect_plateau(const std::string& name, const ReduceLROnPlateauOptions& options = {}) {
  expect_rates(name, [=](auto& optimizer) { return std::vector{plateau(optimizer, options)}; });
}

}  // namespace

TEST_CASE("StepLR, ExponentialLR, CosineAnnealingLR: PyTorch's rates for 30 epochs") {
  expect_schedule<StepLR<double>>("step@7", Index{7});
  expect_schedule<StepLR<double>>("step@1", Index{1}, 0.9);
  expect_schedule<ExponentialLR<double>>("exponential@", 0.8);
  expect_schedule<CosineAnnealingLR<double>>("cosine@10", Index{10});
  expect_schedule<CosineAnnealingLR<double>>("cosine@30_min", Index{30}, 0.01);
  expect_schedule<CosineAnnealingLR<double>>("cosine@7_min", Index{7}, 0.005);
}

TEST_CASE("schedules: PyTorch's rates over long runs, with rates set by hand, and several on one optimizer") {
  const std::map<std::string, Make> makers = {
      {"step", [](auto& o) { return std::vector{schedule<StepLR<double>>(o, 9, 0.7)}; }},
      {"exponential", [](auto& o) { return std::vector{schedule<ExponentialLR<double>>(o, 0.97)}; }},
      {"cosine", [](auto& o) { return std::vector{schedule<CosineAnnealingLR<double>>(o, 13, 0.003)}; }},
      {"cosine_1", [](auto& o) { return std::vector{schedule<CosineAnnealingLR<double>>(o, 1)}; }},
      {"two",
       [](auto& o) {
         return std::vector{schedule<StepLR<double>>(o, 20, 0.3), schedule<ExponentialLR<double>>(o, 0.98)};
       }},
      {"three",
       [](auto& o) {
         return std::vector{schedule<CosineAnnealingLR<double>>(o, 30, 1e-4), schedule<ExponentialLR<double>>(o, 1.01),
                            plateau(o, {.factor = 0.6, .patience = 3, .cooldown = 2, .min_lr = 1e-3})};
       }},
      {"later",
       [](auto& o) {  // the base rates are those of the first schedule
         std::vector<Step> steps{schedule<ExponentialLR<double>>(o, 0.5)};
         for (std::size_t g = 0; g < 2; ++g) o.lr(g) /= 8;
         steps.push_back(schedule<StepLR<double>>(o, 50));
         steps.push_back(schedule<CosineAnnealingLR<double>>(o, 10));
         return steps;
       }},
  };
  for (const auto& [name, make] : makers) {
    expect_rates(name + "@long", make);
    expect_rates(name + "@by_hand", make, {{17, {0.5, 0.3}}, {18, {0.25, 0.02}}, {40, {1e-3, 7}}, {70, {0, 0.1}}});
  }
}

TEST_CASE("schedules that go on after an epoch of an earlier run: PyTorch's rates") {
  const auto expect = [](const std::string& name, const std::function<Step(Optimizer<double>&)>& make) {
    expect_rates(
        name, [&](auto& o) { return std::vector{make(o)}; }, {}, true);
  };
  expect("step@resumed", [](auto& o) { return schedule<StepLR<double>>(o, 5, 0.5, 3); });
  expect("step@resumed_due", [](auto& o) { return schedule<StepLR<double>>(o, 5, 0.5, 4); });
  expect("exponential@resumed", [](auto& o) { return schedule<ExponentialLR<double>>(o, 0.9, 4); });
  expect("cosine@resumed", [](auto& o) { return schedule<CosineAnnealingLR<double>>(o, 7, 0.01, 11); });
  expect("cosine@initial", [](auto& o) { return schedule<CosineAnnealingLR<double>>(o, 7, 0.01); });
  TwoGroups groups;
  CHECK_THROWS_WITH_AS(StepLR<double>(groups.sgd, 5, 0.5, 3), doctest::Contains("expected 2 initial_lrs"), ValueError);
}

TEST_CASE("ReduceLROnPlateau: PyTorch's rates in all modes") {
  for (bool max : {false, true})
    for (bool absolute : {false, true}) {
      ReduceLROnPlateauOptions options{.mode = max ? Mode::max : Mode::min,
                                       .factor = 0.5,
                                       .patience = 1,
                                       .threshold = absolute ? 0.05 : 0.01,
                                       .threshold_mode = absolute ? ThresholdMode::abs : ThresholdMode::rel};
      const std::string name = std::string("@") + (max ? "max" : "min") + (absolute ? "_abs" : "_rel");
      expect_plateau("plateau" + name, options);
      options.cooldown = 3;
      options.min_lr = 0.004;
      options.eps = 0.002;
      expect_plateau("plateau_cooldown" + name, options);
    }
  expect_plateau("plateau_default@");
  expect_plateau("plateau@min_lrs", {.factor = 0.5, .patience = 0, .min_lrs = {0.03, 0.001}});
}

TEST_CASE("schedules: a restored state goes on with the same rates, and brings its arguments along") {
  const auto expect = [](auto make, auto make_other, auto step) {
    for (const Index stop : {0, 1, 7, 26}) {
      TwoGroups groups, resumed;
      auto scheduler = make(groups.sgd);
      std::vector<double> rates, got;
      auto state = scheduler.state_dict();
      for (Index epoch = 0; epoch < 40; ++epoch) {
        if (epoch == stop) {
          state = scheduler.state_dict();
          resumed.sgd.load_state_dict(groups.sgd.state_dict());
        }
        if (epoch >= stop) rates.insert(rates.end(), {groups.sgd.lr(0), groups.sgd.lr(1)});
        step(scheduler, epoch);
      }
      auto other = make_other(resumed.sgd);
      other.load_state_dict(state);
      CHECK(other.last_epoch() == stop);
      CHECK(other.get_last_lr() == state.last_lr);
      for (Index epoch = stop; epoch < 40; ++epoch) {
        got.insert(got.end(), {resumed.sgd.lr(0), resumed.sgd.lr(1)});
        step(other, epoch);
      }
      CHECK(got == rates);
      CHECK(other.last_epoch() == 40);
      CHECK(other.get_last_lr() == std::vector<double>{groups.sgd.lr(0), groups.sgd.lr(1)});
    }
  };
  const auto plain = [](auto& scheduler, Index) { scheduler.step(); };
  expect([](auto& o) { return StepLR<double>(o, 4, 0.7); }, [](auto& o) { return StepLR<double>(o, 9); }, plain);
  expect([](auto& o) { return ExponentialLR<double>(o, 0.9); }, [](auto& o) { return ExponentialLR<double>(o, 0.1); },
         plain);
  expect([](auto& o) { return CosineAnnealingLR<double>(o, 6, 0.01); },
         [](auto& o) { return CosineAnnealingLR<double>(o, 99); }, plain);
  expect([](auto& o) { return Plateau(o, {.factor = 0.5, .patience = 1, .cooldown = 2}); },
         [](auto& o) { return Plateau(o); },
         [](auto& scheduler, Index epoch) { scheduler.step(static_cast<double>(epoch * 7 % 5)); });
}

TEST_CASE("schedules: states under PyTorch's names, and states that do not fit") {
  TwoGroups groups;
  StepLR<double> step(groups.sgd, 2, 0.5);
  for (int i = 0; i < 3; ++i) step.step();
  StepLR<double>::State state = step.state_dict();
  CHECK(state.last_epoch == 3);
  CHECK(state.step_count == 4);
  CHECK(state.step_size == 2);
  CHECK(state.gamma == 0.5);
  CHECK(state.base_lrs == std::vector<double>{0.1, 0.02});
  CHECK(state.last_lr == std::vector<double>{0.05, 0.01});
  state.step_size = 0;
  CHECK_THROWS_WITH_AS(step.load_state_dict(state), doctest::Contains("step_size >= 1"), ValueError);
  state.step_size = 7;
  state.base_lrs.pop_back();
  CHECK_THROWS_WITH_AS(step.load_state_dict(state), doctest::Contains("expected 2 base_lrs"), ValueError);
  state.base_lrs = {0.1, std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_WITH_AS(step.load_state_dict(state), doctest::Contains("base_lrs"), ValueError);
  CHECK(step.state_dict().step_size == 2);

  Plateau plateau(groups.sgd, {.patience = 1});
  for (const double metric : {3.0, 2.0, 4.0}) plateau.step(metric);
  Plateau::State kept = plateau.state_dict();
  CHECK(kept.best == 2);
  CHECK(kept.num_bad_epochs == 1);
  CHECK(kept.cooldown_counter == 0);
  CHECK(kept.last_epoch == 3);
  CHECK(kept.patience == 1);
  kept.best = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(plateau.load_state_dict(kept), ValueError);
  kept.best = 0;
  kept.last_lr = {0.1};
  CHECK_THROWS_WITH_AS(plateau.load_state_dict(kept), doctest::Contains("expected 2 last_lrs"), ValueError);
  CHECK(plateau.state_dict().best == 2);
}

TEST_CASE("a schedule starts from the rates it finds, and the optimizer uses what it sets") {
  const auto w = rowgrad::zeros<double>({1}).requires_grad_();
  SGD<double> sgd({w}, {.lr = 8});
  sgd.lr() = 4;
  StepLR<double> schedule(sgd, 1, 0.5);
  CHECK(sgd.lr() == 4);
  CHECK(schedule.last_epoch() == 0);
  w.grad().add(rowgrad::ones<double>({1}));
  for (double moved : {-4, -6, -7}) {
    sgd.step();
    CHECK(w.item() == moved);
    schedule.step();
  }
  CHECK(schedule.last_epoch() == 3);
}

TEST_CASE("schedules: arguments out of range") {
  TwoGroups groups;
  CHECK_THROWS_AS(StepLR<double>(groups.sgd, 0), ValueError);
  CHECK_THROWS_AS(CosineAnnealingLR<double>(groups.sgd, 0), ValueError);
  CHECK_THROWS_AS(Plateau(groups.sgd, {.factor = 1}), ValueError);
  CHECK_THROWS_AS(Plateau(groups.sgd, {.factor = std::numeric_limits<double>::quiet_NaN()}), ValueError);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity}) {
    CHECK_THROWS_WITH_AS(StepLR<double>(groups.sgd, 2, bad), doctest::Contains("StepLR: expected a finite gamma"),
                         ValueError);
    CHECK_THROWS_AS(ExponentialLR<double>(groups.sgd, bad), ValueError);
    CHECK_THROWS_AS(CosineAnnealingLR<double>(groups.sgd, 5, bad), ValueError);
    CHECK_THROWS_AS(Plateau(groups.sgd, {.factor = bad}), ValueError);
    CHECK_THROWS_AS(Plateau(groups.sgd, {.threshold = bad}), ValueError);
    CHECK_THROWS_AS(Plateau(groups.sgd, {.min_lr = bad}), ValueError);
    CHECK_THROWS_AS(Plateau(groups.sgd, {.min_lrs = {0.1, bad}}), ValueError);
    CHECK_THROWS_AS(Plateau(groups.sgd, {.eps = bad}), ValueError);
    StepLR<double> step(groups.sgd, 2);
    auto step_state = step.state_dict();
    step_state.gamma = bad;
    CHECK_THROWS_AS(step.load_state_dict(step_state), ValueError);
    ExponentialLR<double> exponential(groups.sgd, 0.5);
    auto exponential_state = exponential.state_dict();
    exponential_state.gamma = bad;
    CHECK_THROWS_AS(exponential.load_state_dict(exponential_state), ValueError);
    CosineAnnealingLR<double> cosine(groups.sgd, 5);
    auto cosine_state = cosine.state_dict();
    cosine_state.eta_min = bad;
    CHECK_THROWS_AS(cosine.load_state_dict(cosine_state), ValueError);
  }
  CHECK_THROWS_WITH_AS(Plateau(groups.sgd, {.factor = -0.5}), "ReduceLROnPlateau: expected factor in [0, 1), got -0.5",
                       ValueError);
  CHECK_THROWS_AS(Plateau(groups.sgd, {.factor = 1.5}), ValueError);
  CosineAnnealingLR<double> endless(groups.sgd, std::numeric_limits<Index>::max());
  endless.step();
  CHECK(groups.sgd.lr(0) == 0.1);
  CHECK_THROWS_WITH_AS(Plateau(groups.sgd, {.min_lrs = {0.1}}), doctest::Contains("expected 2 min_lrs"), ValueError);
  Plateau plateau(groups.sgd);
  CHECK_THROWS_AS(plateau.step(std::numeric_limits<double>::quiet_NaN()), ValueError);
  CHECK(groups.sgd.lr(0) == 0.1);
  CHECK(groups.sgd.lr(1) == 0.02);
}

TEST_CASE("schedules: one made after the optimizer's state was loaded starts from the rates of the first run") {
  TwoGroups before;
  CosineAnnealingLR<double> first(before.sgd, 10);
  for (int epoch = 0; epoch < 4; ++epoch) first.step();
  const auto saved = before.sgd.state_dict();
  CHECK(saved.initial_lrs == std::vector<double>{0.1, 0.02});

  TwoGroups after;
  after.sgd.lr(0) = 7;
  after.sgd.load_state_dict(saved);
  CosineAnnealingLR<double> second(after.sgd, 10, 0, 3);  // PyTorch: last_epoch = 3, which needs initial_lr
  CHECK(second.state_dict().base_lrs == std::vector<double>{0.1, 0.02});
  StepLR<double> third(after.sgd, 3);
  CHECK(third.state_dict().base_lrs == std::vector<double>{0.1, 0.02});

  // A state of a run without schedules forgets them, as in PyTorch; a wrong number or a NaN is refused.
  TwoGroups plain;
  after.sgd.load_state_dict(plain.sgd.state_dict());
  CHECK(after.sgd.initial_lrs().empty());
  auto spoilt = saved;
  spoilt.initial_lrs.pop_back();
  CHECK_THROWS_WITH_AS(after.sgd.load_state_dict(spoilt), doctest::Contains("expected 2 initial_lrs, the state has 1"),
                       ValueError);
  spoilt.initial_lrs = {0.1, std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_AS(after.sgd.load_state_dict(spoilt), ValueError);
  CHECK(after.sgd.initial_lrs().empty());
}
