// Schedules beyond those of lr_scheduler_test.cpp: PyTorch's rates and momentums, states, arguments, warnings.
#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>
#include <support/temporary_file.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

using Base = LRScheduler<double>;

/// A schedule with those that it is made of.
struct Made {
  std::vector<std::shared_ptr<Base>> parts;
  std::function<void(Index)> step_at;  // in place of step()
  Base& last() const { return *parts.back(); }
};
using Make = std::function<Made(Optimizer<double>&)>;

template <template <typename> class Schedule, typename... Arguments>
std::shared_ptr<Base> one(Optimizer<double>& optimizer, const Arguments&... arguments) {
  return std::make_shared<Schedule<double>>(optimizer, arguments...);
}
template <template <typename> class Schedule, typename... Arguments>
Make plain(const Arguments&... arguments) {
  return [=](Optimizer<double>& o) { return Made{{one<Schedule>(o, arguments...)}, {}}; };
}
std::vector<Base*> pointers(const std::vector<std::shared_ptr<Base>>& parts) {
  std::vector<Base*> result;
  for (const auto& part : parts) result.push_back(part.get());
  return result;
}
Made sequential(Optimizer<double>& o, std::vector<std::shared_ptr<Base>> parts, const std::vector<Index>& milestones) {
  parts.push_back(std::make_shared<SequentialLR<double>>(o, pointers(parts), milestones));
  return {std::move(parts), {}};
}
Made chained(std::vector<std::shared_ptr<Base>> parts) {
  parts.push_back(std::make_shared<ChainedScheduler<double>>(pointers(parts)));
  return {std::move(parts), {}};
}

using Cyclic = CyclicLROptions;
using OneCycle = OneCycleLROptions;
using Lambdas = std::vector<RateFunction>;

const auto scale = [](double x) { return 1 / std::pow(5, x * 0.01); };

const std::map<std::string, Make>& makers() {
  static const std::map<std::string, Make> all = {
      {"lambda", plain<LambdaLR>([](int e) { return std::pow(0.95, e); })},
      {"lambdas", plain<LambdaLR>(Lambdas{[](Index e) { return 1 / (1 + static_cast<double>(e)); },
                                          [](int e) { return std::sin(e); }})},
      {"multiplicative", plain<MultiplicativeLR>([](int e) { return e % 3 != 0 ? 0.97 : 1.01; })},
      {"multiplicatives",
       plain<MultiplicativeLR>(Lambdas{[](int) { return 0.9; }, [](int e) { return 1 + 0.1 * std::cos(e); }})},
      {"multi_step", plain<MultiStepLR>(std::vector<Index>{30, 7, 7, 50, -1, 0}, 0.3)},
      {"multi_step_none", plain<MultiStepLR>(std::vector<Index>{})},
      {"constant", plain<ConstantLR>()},
      {"constant_40", plain<ConstantLR>(0.7, 40)},
      {"constant_0", plain<ConstantLR>(0.7, 0)},
      {"linear", plain<LinearLR>()},
      {"linear_down", plain<LinearLR>(0.9, 0.0, 33)},
      {"linear_0", plain<LinearLR>(0.5, 1.0, 0)},
      {"polynomial", plain<PolynomialLR>()},
      {"polynomial_2", plain<PolynomialLR>(41, 2.5)},
      {"polynomial_0", plain<PolynomialLR>(0, 2.0)},
      {"restarts", plain<CosineAnnealingWarmRestarts>(7)},
      {"restarts_2", plain<CosineAnnealingWarmRestarts>(3, 2, 1e-3)},
      {"cyclic", plain<CyclicLR>(0.001, 0.1, Cyclic{.step_size_up = 7})},
      {"cyclic_2", plain<CyclicLR>(PerGroup{0.001, 0.01}, PerGroup{0.2, 0.1},
                                   Cyclic{.step_size_up = 5,
                                          .step_size_down = 3,
                                          .mode = Cyclic::Mode::triangular2,
                                          .base_momentum = {0.7, 0.6},
                                          .max_momentum = 0.95})},
      {"cyclic_exp", plain<CyclicLR>(0.001, 0.1,
                                     Cyclic{.step_size_up = 4,
                                            .step_size_down = 9,
                                            .mode = Cyclic::Mode::exp_range,
                                            .gamma = 0.97})},
      {"cyclic_no_momentum",
       plain<CyclicLR>(0.001, 0.1, Cyclic{.step_size_up = 6, .step_size_down = 0, .cycle_momentum = false})},
      {"cyclic_function",
       plain<CyclicLR>(0.001, 0.1,
                       Cyclic{.step_size_up = 6, .scale_fn = scale, .scale_mode = Cyclic::ScaleMode::iterations})},
      {"cyclic_function_cycle",
       plain<CyclicLR>(0.001, 0.1, Cyclic{.step_size_up = 6, .scale_fn = [](double x) { return 1 / x; }})},
      {"one_cycle", plain<OneCycleLR>(0.3, OneCycle{.total_steps = 61})},
      {"one_cycle_linear", plain<OneCycleLR>(PerGroup{0.3, 0.2}, OneCycle{.epochs = 7,
                                                                          .steps_per_epoch = 9,
                                                                          .pct_start = 0.45,
                                                                          .anneal_strategy = OneCycle::Anneal::linear,
                                                                          .base_momentum = {0.7, 0.8},
                                                                          .max_momentum = 0.9,
                                                                          .div_factor = 10,
                                                                          .final_div_factor = 100})},
      {"one_cycle_three", plain<OneCycleLR>(0.3, OneCycle{.total_steps = 60, .three_phase = true})},
      {"one_cycle_alone",
       plain<OneCycleLR>(0.3, OneCycle{.total_steps = 64, .pct_start = 0.99, .cycle_momentum = false})},
      {"sequential",
       [](auto& o) { return sequential(o, {one<ConstantLR>(o, 0.1, 20), one<ExponentialLR>(o, 0.9)}, {20}); }},
      {"sequential_3",
       [](auto& o) {
         return sequential(
             o, {one<LinearLR>(o, 0.01, 1.0, 10), one<CosineAnnealingLR>(o, 20, 1e-3), one<StepLR>(o, 5, 0.5)},
             {10, 33});
       }},
      {"sequential_restarts",
       [](auto& o) {
         return sequential(o, {one<LinearLR>(o, 0.1, 1.0, 5), one<CosineAnnealingWarmRestarts>(o, 4, 2)}, {5});
       }},
      {"sequential_functions",
       [](auto& o) {
         return sequential(o,
                           {one<MultiplicativeLR>(o, [](int) { return 0.9; }),
                            one<LambdaLR>(o, [](int e) { return 1 / (1.0 + e); }), one<PolynomialLR>(o, 10, 2.0),
                            one<MultiStepLR>(o, std::vector<Index>{3, 5}),
                            one<MultiplicativeLR>(o, [](int e) { return 0.5 + 0.1 * (e % 3); })},
                           {6, 12, 25, 40});
       }},
      {"sequential_at_0",
       [](auto& o) { return sequential(o, {one<ConstantLR>(o, 0.1, 3), one<ExponentialLR>(o, 0.9)}, {0}); }},
      {"sequential_of_chained",
       [](auto& o) {
         Made inner = chained({one<ConstantLR>(o, 0.5, 4), one<ExponentialLR>(o, 0.9)});
         Made outer = sequential(o, {inner.parts.back(), one<StepLR>(o, 3)}, {8});
         outer.parts.insert(outer.parts.begin(), inner.parts.begin(), inner.parts.end());
         return outer;
       }},
      {"chained", [](auto& o) { return chained({one<ConstantLR>(o, 0.1, 20), one<ExponentialLR>(o, 0.9)}); }},
      {"chained_3",
       [](auto& o) {
         return chained({one<LinearLR>(o, 0.5, 1.0, 8), one<StepLR>(o, 9, 0.7), one<ExponentialLR>(o, 0.99)});
       }},
      {"chained_sequential",
       [](auto& o) {
         Made inner = sequential(o, {one<LinearLR>(o, 0.5, 1.0, 8), one<StepLR>(o, 9, 0.7)}, {8});
         Made outer = chained({inner.parts.back(), one<ExponentialLR>(o, 0.99)});
         outer.parts.insert(outer.parts.begin(), inner.parts.begin(), inner.parts.end());
         return outer;
       }},
  };
  return all;
}

const std::map<std::string, Make>& resumed() {
  static const std::map<std::string, Make> all = {
      {"lambda", plain<LambdaLR>([](int e) { return std::pow(0.95, e); }, 4)},
      {"multiplicative", plain<MultiplicativeLR>([](int) { return 0.95; }, 4)},
      {"multi_step", plain<MultiStepLR>(std::vector<Index>{5, 9}, 0.1, 4)},
      {"constant", plain<ConstantLR>(0.5, 5, 4)},
      {"linear", plain<LinearLR>(0.5, 1.0, 9, 4)},
      {"polynomial", plain<PolynomialLR>(9, 1.5, 4)},
      {"restarts", plain<CosineAnnealingWarmRestarts>(9, 2, 0.0, 4)},
      {"cyclic", plain<CyclicLR>(0.01, 0.1, Cyclic{.step_size_up = 6, .cycle_momentum = false, .last_epoch = 4})},
  };
  return all;
}

using Restarts = CosineAnnealingWarmRestarts<double>;
Make restarts_at(std::function<double(Index)> epoch, Index t_0, Index t_mult, double eta_min) {
  return [=](auto& o) {
    const auto schedule = std::make_shared<Restarts>(o, t_0, t_mult, eta_min);
    return Made{{schedule}, [=](Index e) {
                  if (const double at = epoch(e); at >= 0)
                    schedule->step(at);
                  else
                    schedule->step();
                }};
  };
}

template <typename Optimized>
struct TwoGroups {
  Tensor<double> a = rowgrad::ones<double>({1}).requires_grad_(), b = rowgrad::ones<double>({1}).requires_grad_();
  Optimized optimizer{{{.parameters = {a}, .options = {.lr = 0.1}}, {.parameters = {b}, .options = {.lr = 0.02}}}};
  TwoGroups() {
    a.grad().add(rowgrad::zeros<double>({1}));
    optimizer.step();  // there is one before each step of a schedule
  }
};
struct TwoSGD : TwoGroups<SGD<double>> {
  TwoSGD() { optimizer.options(0).momentum = optimizer.options(1).momentum = 0.3; }
};

void expect(const golden::Case& c, const Make& make, Optimizer<double>& optimizer) {
  const auto seen = c.tensor<double>("seen");
  const Index columns = seen.size(1);
  const Tensor<double> got(seen.shape());
  if (c.name.ends_with("@resumed")) optimizer.initial_lrs() = {0.3, 0.06};
  std::shared_ptr<Base> before;
  if (c.name.ends_with("@warm")) before = one<ExponentialLR>(optimizer, 0.5);
  const std::map<Index, std::pair<double, double>> by_hand = {{17, {0.5, 0.3}}, {18, {0.25, 0.02}}, {40, {1e-3, 7}}};
  const Made made = make(optimizer);
  for (Index epoch = 0; epoch < seen.size(0); ++epoch) {
    double* const row = got.data() + epoch * columns;
    for (std::size_t g = 0; g < 2; ++g) {
      row[g] = optimizer.lr(g);
      if (columns == 4) row[2 + g] = *optimizer.momentum(g);
    }
    CHECK(made.last().get_last_lr() == std::vector<double>{row[0], row[1]});
    if (const auto found = by_hand.find(epoch); found != by_hand.end() && c.name.ends_with("@by_hand"))
      std::tie(optimizer.lr(0), optimizer.lr(1)) = found->second;
    if (made.step_at)
      made.step_at(epoch);
    else
      made.last().step();
  }
  CHECK(golden::difference(got, seen, {1e-12, 1e-15}) == "");
}

}  // namespace

TEST_CASE("schedules: PyTorch's rates and momentums for 60 epochs") {
  std::size_t used = 0;
  for (const golden::Case& c : golden::read("optim_schedules")) {
    CAPTURE(c.name);
    const std::string name = c.name.substr(0, c.name.find('@'));
    Make make;
    if (c.name == "restarts@fractions")
      make = restarts_at([](Index e) { return static_cast<double>(e + 1) * 0.37; }, 3, 2, 1e-3);
    else if (c.name == "restarts@jumps")
      make =
          restarts_at([](Index e) { return e % 3 == 0 ? -1 : static_cast<double>((e * 7 + 3) % 23) + 0.25; }, 4, 1, 0);
    else if (c.name == "cyclic@warm")
      make = makers().at("cyclic_2");
    else
      make = c.name.ends_with("@resumed") ? resumed().at(name) : makers().at(name);
    ++used;
    if (c.name.ends_with("@adam")) {
      TwoGroups<Adam<double>> groups;
      expect(c, make, groups.optimizer);
    } else {
      TwoSGD groups;
      expect(c, make, groups.optimizer);
    }
  }
  CHECK(used > makers().size() + resumed().size() + 10);
}

TEST_CASE("schedules: a restored state goes on with the same rates and momentums") {
  // Through the base class's numbers, which composed schedules use: a chain of one.
  for (const auto& maker : makers()) {
    const Make& make = maker.second;
    CAPTURE(maker.first);
    for (const Index stop : {0, 3, 21}) {
      TwoSGD first, second;
      Made made = make(first.optimizer), other = make(second.optimizer);
      ChainedScheduler<double> whole({&made.last()}), resumed({&other.last()});
      for (Index epoch = 0; epoch < stop; ++epoch) whole.step();
      for (Index epoch = 0; epoch < 5; ++epoch) resumed.step();  // of which nothing may stay
      second.optimizer.load_state_dict(first.optimizer.state_dict());
      resumed.load_state_dict(whole.state_dict());
      for (Index epoch = stop; epoch < 40; ++epoch) {
        whole.step();
        resumed.step();
        CHECK(first.optimizer.lr(0) == second.optimizer.lr(0));
        CHECK(first.optimizer.lr(1) == second.optimizer.lr(1));
        CHECK(*first.optimizer.momentum(1) == *second.optimizer.momentum(1));
        CHECK(whole.get_last_lr() == resumed.get_last_lr());
      }
      CHECK(resumed.last_epoch() == 40);
    }
  }
}

TEST_CASE("schedules: states bring their arguments, under PyTorch's names; those that do not fit are refused") {
  TwoSGD groups;
  auto& sgd = groups.optimizer;
  MultiStepLR<double> multi(sgd, {3, 5}, 0.5), other(sgd, {9});
  other.load_state_dict(multi.state_dict());
  CHECK(other.state_dict().milestones == std::vector<Index>{3, 5});
  CHECK(other.state_dict().gamma == 0.5);
  OneCycleLR<double> cycle(sgd, 0.3, {.total_steps = 10});
  auto state = cycle.state_dict();
  CHECK(state.total_steps == 10);
  state.max_lrs.pop_back();
  CHECK_THROWS_WITH_AS(cycle.load_state_dict(state), doctest::Contains("expected 2 max_lrs"), ValueError);
  CHECK(cycle.state_dict().max_lrs.size() == 2);
  LinearLR<double> linear(sgd, 0.5);
  ExponentialLR<double> exponential(sgd, 0.5);
  SequentialLR<double> sequence(sgd, {&linear, &exponential}, {2});
  sequence.step();
  auto numbers = sequence.state_dict();
  CHECK(numbers.numbers[0].name == "last_epoch");
  CHECK(numbers.numbers[4].name == "_schedulers.0.last_epoch");
  const auto spoilt = [&](const auto& change) {
    auto changed = numbers;
    change(changed.numbers);
    CHECK_THROWS_AS(sequence.load_state_dict(changed), ValueError);
    CHECK(sequence.state_dict().numbers.size() == numbers.numbers.size());
    for (std::size_t i = 0; i < numbers.numbers.size(); ++i)
      CHECK(sequence.state_dict().numbers[i].values == numbers.numbers[i].values);
  };
  spoilt([](auto& n) { n.pop_back(); });
  spoilt([](auto& n) { n.back().name += "x"; });
  spoilt([](auto& n) { n.push_back({"_schedulers.2.gamma", {1}}); });
  spoilt([](auto& n) { n[0].values = {0.5}; });
  spoilt([](auto& n) { n.back().values = {std::numeric_limits<double>::quiet_NaN()}; });
  spoilt([](auto& n) { n.front().values.clear(); });
}

TEST_CASE("schedules: arguments out of range") {
  TwoSGD groups;
  auto& sgd = groups.optimizer;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(StepLR<double>(sgd, 3, 0.1, -5), doctest::Contains("expected last_epoch >= -1"), ValueError);
  CHECK_THROWS_AS(ReduceLROnPlateau<double>(sgd, {.patience = -1}), ValueError);
  CHECK_THROWS_AS(ReduceLROnPlateau<double>(sgd, {.cooldown = -1}), ValueError);
  CHECK_THROWS_AS(LambdaLR<double>(sgd, Lambdas{[](int) { return 1.0; }}), ValueError);
  CHECK_THROWS_AS(LambdaLR<double>(sgd, Lambdas{RateFunction(), RateFunction()}), ValueError);
  CHECK_THROWS_AS(MultiStepLR<double>(sgd, {1}, nan), ValueError);
  for (const double bad : {-0.1, 1.1, nan}) {
    CHECK_THROWS_AS(ConstantLR<double>(sgd, bad), ValueError);
    CHECK_THROWS_AS(LinearLR<double>(sgd, bad), ValueError);
    CHECK_THROWS_AS(LinearLR<double>(sgd, 0.5, bad), ValueError);
    CHECK_THROWS_AS(OneCycleLR<double>(sgd, 0.1, {.total_steps = 5, .pct_start = bad}), ValueError);
  }
  CHECK_THROWS_AS(LinearLR<double>(sgd, 0.0), ValueError);
  CHECK_THROWS_AS(PolynomialLR<double>(sgd, 5, infinity), ValueError);
  CHECK_THROWS_AS(Restarts(sgd, 0), ValueError);
  CHECK_THROWS_AS(Restarts(sgd, 2, 0), ValueError);
  CHECK_THROWS_AS(Restarts(sgd, 2, 1, nan), ValueError);
  Restarts restarts(sgd, 2);
  CHECK_THROWS_AS(restarts.step(-0.5), ValueError);
  CHECK_THROWS_AS(restarts.step(nan), ValueError);
  CHECK(restarts.last_epoch() == 0);
  CHECK_THROWS_AS(OneCycleLR<double>(sgd, 0.1, {}), ValueError);
  CHECK_THROWS_AS(OneCycleLR<double>(sgd, 0.1, {.total_steps = -5}), ValueError);
  CHECK_THROWS_AS(OneCycleLR<double>(sgd, 0.1, {.epochs = 3}), ValueError);
  CHECK_THROWS_AS(OneCycleLR<double>(sgd, {0.1, 0.2, 0.3}, {.total_steps = 5}), ValueError);
  CHECK_THROWS_WITH_AS(OneCycleLR<double>(sgd, 0.1, {.total_steps = 10, .pct_start = 0.1}),
                       doctest::Contains("phase of no steps"), ValueError);
  CHECK_THROWS_AS(CyclicLR<double>(sgd, 0.1, 0.2, {.step_size_up = 0}), ValueError);
  CHECK_THROWS_AS(CyclicLR<double>(sgd, 0.1, {0.2}), ValueError);
  CHECK_THROWS_AS(CyclicLR<double>(sgd, nan, 0.2), ValueError);
  CHECK(sgd.lr(0) == 0.1);
  Adagrad<double> adagrad({groups.a});
  CHECK_THROWS_WITH_AS(OneCycleLR<double>(adagrad, 0.1, {.total_steps = 5}), doctest::Contains("cycle_momentum"),
                       ValueError);
  CHECK_NOTHROW(CyclicLR<double>(adagrad, 0.1, 0.2, {.cycle_momentum = false}));

  OneCycleLR<double> cycle(sgd, 0.3, {.total_steps = 3});
  for (int i = 0; i < 3; ++i) cycle.step();
  CHECK_THROWS_WITH_AS(cycle.step(), doctest::Contains("a cycle of 3 steps"), ValueError);
  CHECK(cycle.last_epoch() == 3);
  ConstantLR<double> none(sgd, 0, 2);
  none.step();
  CHECK_THROWS_AS(none.step(), ValueError);

  StepLR<double> a(sgd, 3), b(sgd, 3);
  StepLR<double> foreign(adagrad, 3);
  ChainedScheduler<double> chain({&a});
  using Sequence = SequentialLR<double>;
  CHECK_THROWS_AS(Sequence(sgd, {}, {}), ValueError);
  CHECK_THROWS_AS(Sequence(sgd, {&a, nullptr}, {1}), ValueError);
  CHECK_THROWS_AS(Sequence(sgd, {&a, &foreign}, {1}), ValueError);
  CHECK_THROWS_AS(Sequence(sgd, {&a, &b}, {}), ValueError);
  CHECK_THROWS_AS(Sequence(sgd, {&a, &b, &a}, {5, 3}), ValueError);
  CHECK_THROWS_AS(Sequence(sgd, {&a, &chain}, {5}), ValueError);
  CHECK_THROWS_AS(ChainedScheduler<double>({&a, &foreign}), ValueError);
  CHECK_THROWS_AS(ChainedScheduler<double>({&a}, adagrad), ValueError);

  // a group added later has no part in lists
  const auto c = rowgrad::zeros<double>({1}).requires_grad_();
  LambdaLR<double> lambdas(sgd, Lambdas{[](int) { return 1.0; }, [](int) { return 1.0; }});
  LambdaLR<double> lambda(sgd, [](int e) { return 1.0 / (1 + e); });
  sgd.add_param_group({.parameters = {c}, .options = {.lr = 0.5}});
  CHECK_THROWS_WITH_AS(lambdas.step(), doctest::Contains("expected 3 lr_lambdas"), ValueError);
  lambda.step();
  CHECK(sgd.lr(2) == 0.25);
}

TEST_CASE("schedules: one that steps before the optimizer warns once, as PyTorch's does, and sets the same rates") {
  const auto written = [](const std::function<void()>& f) {
    const TemporaryFile file;
    std::fflush(stderr);
    const int kept = dup(2);
    std::FILE* const to = std::fopen(file.path().c_str(), "w");
    dup2(fileno(to), 2);
    f();
    std::fflush(stderr);
    dup2(kept, 2);
    close(kept);
    std::fclose(to);
    std::FILE* const from = std::fopen(file.path().c_str(), "r");
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), from));
    std::fclose(from);
    return text;
  };
  const auto w = rowgrad::ones<double>({1}).requires_grad_();
  w.grad().add(rowgrad::ones<double>({1}));
  SGD<double> sgd({w}, {.lr = 1});
  const std::string warned = written([&] {
    StepLR<double> schedule(sgd, 1, 0.5);
    schedule.step();
    schedule.step();
    CHECK(sgd.lr() == 0.25);
  });
  CHECK(warned.find("StepLR::step() was called before the optimizer's step()") != std::string::npos);
  CHECK(warned.find("StepLR", warned.find("StepLR") + 1) == std::string::npos);
  CHECK(written([&] {
          StepLR<double> schedule(sgd, 1, 0.5);
          sgd.step();
          schedule.step();
        }) == "");
}
