#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <memory>
#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>

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

/// 30 epochs; `make` gives a function that takes the epoch's metric, which plain schedules ignore.
void expect_rates(const std::string& name, const std::function<std::function<void(double)>(Optimizer<double>&)>& make) {
  CAPTURE(name);
  const golden::Case c = golden::find("optim_lr_scheduler", name);
  const auto rates = c.tensor<double>("rates");
  const auto metrics = c.has("metrics") ? c.tensor<double>("metrics") : rowgrad::zeros<double>({30});
  TwoGroups groups;
  const auto step = make(groups.sgd);
  const Tensor<double> got(rowgrad::Shape{30, 2});
  for (Index epoch = 0; epoch < 30; ++epoch) {
    for (std::size_t g = 0; g < 2; ++g) got.data()[epoch * 2 + static_cast<Index>(g)] = groups.sgd.lr(g);
    step(metrics.data()[epoch]);
  }
  CHECK(golden::difference(got, rates, {1e-12, 1e-15}) == "");
}

template <typename Scheduler, typename... Arguments>
void expect_schedule(const std::string& name, Arguments... arguments) {
  expect_rates(name, [=](Optimizer<double>& optimizer) {
    return [scheduler = std::make_shared<Scheduler>(optimizer, arguments...)](double) { scheduler->step(); };
  });
}

void expect_plateau(const std::string& name, ReduceLROnPlateauOptions options = {}) {
  expect_rates(name, [=](Optimizer<double>& optimizer) {
    return [scheduler = std::make_shared<Plateau>(optimizer, options)](double metric) { scheduler->step(metric); };
  });
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
  Plateau plateau(groups.sgd);
  CHECK_THROWS_AS(plateau.step(std::numeric_limits<double>::quiet_NaN()), ValueError);
  CHECK(groups.sgd.lr(0) == 0.1);
  CHECK(groups.sgd.lr(1) == 0.02);
}
