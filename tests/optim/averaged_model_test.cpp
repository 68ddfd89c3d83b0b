// Averaged models: PyTorch's averages, and those of tables against dense averages whatever happens to the rows.
#include "training.hpp"

#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/parameter.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/averaged_model.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
namespace nn = rowgrad::nn;

namespace {

template <typename T>
struct Model : nn::Module<T, Model<T>> {
  nn::Embedding<T> table;
  nn::Parameter<T> bias{training::start<T>({3})};
  nn::Buffer<Index> seen{Tensor<Index>(Index{0})};
  nn::Buffer<T> running{rowgrad::zeros<T>({2})};

  explicit Model(const Shape& shape = {6, 2}) : table(shape[0], shape[1]) {
    const Tensor<T> values = training::start<T>(shape);
    std::copy_n(values.data(), values.numel(), table.weight.data());
  }
  Tensor<T> forward(const Indices& ids) const { return table(ids); }
  void members(nn::Members<T>& m) override { m("table", table)("bias", bias)("seen", seen)("running", running); }
};

template <typename T>
void expect_golden() {
  const std::map<std::string, AveragedModelOptions> ways = {
      {"mean", {}},
      {"swa", {.multi_avg_fn = swa_utils::get_swa_multi_avg_fn()}},
      {"ema", {.multi_avg_fn = swa_utils::get_ema_multi_avg_fn(0.9)}},
      {"fast", {.multi_avg_fn = swa_utils::get_ema_multi_avg_fn(0.3)}},
      {"ema_one", {.avg_fn = get_ema_avg_fn(0.8)}}};
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("optim_averages")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    Model<T> model;
    AveragedModel averaged(model, ways.at(c.name.substr(9)));
    Adagrad<T> adagrad(model.parameters(), {.lr = 0.1});
    for (Index step = 1; step <= 12; ++step) {
      adagrad.zero_grad();
      model(training::looked_up(step)).backward(training::gradient<T>({3, 2}, step));
      model.bias.grad().add(training::gradient<T>({3}, step));
      adagrad.step();
      ++model.seen.data()[0];
      model.running.array() += T(0.5);
      if (step % 2 == 0) averaged.update_parameters(model);
    }
    const golden::Tolerance tolerance = training::golden_tolerance<T>();
    training::expect_same<T>(averaged.module.table.weight, c.tensor<T>("table.weight"), tolerance);
    training::expect_same<T>(averaged.module.bias, c.tensor<T>("bias"), tolerance);
    training::expect_same<T>(averaged.module.running, c.tensor<T>("running"), tolerance);
    CHECK(averaged.module.seen.item() == c.tensor<Index>("seen").item());
    CHECK(averaged.n_averaged() == c.tensor<Index>("n_averaged").item());
    ++cases;
  }
  CHECK(cases == ways.size());
}

/// The average of a dense parameter, step by step.
struct Dense {
  double decay;
  std::vector<double> average = {};
  Index count = 0;
  void update(const std::vector<double>& w) {
    ++count;
    if (count == 1) average = w;
    const double share = decay < 0 ? 1 / static_cast<double>(count) : 1 - decay;
    for (std::size_t i = 0; i < w.size(); ++i) average[i] += share * (w[i] - average[i]);
  }
};

/// Lookups, updates, reads of weights and averages and writes to the weights in any order, under any optimizer.
template <typename Optimized>
void expect_dense_averages(const typename Optimized::Options& options, bool rows_move_at_rest) {
  Generator random(7);
  Model<double> model({40, 3});
  Optimized optimizer({model.table.weight}, options);
  AveragedModel ema(model, {.multi_avg_fn = get_ema_multi_avg_fn(0.97)});
  auto mean = std::make_unique<AveragedModel<Model<double>>>(model);
  Dense dense_ema{0.97}, dense_mean{-1};
  const auto same = [](const Tensor<double>& got, const std::vector<double>& expected) {
    return golden::difference(got, Tensor<double>(expected).reshape(got.shape()), {1e-12, 1e-13}) == "";
  };
  for (Index step = 1; step <= 400; ++step) {
    const Index what = random.below(12);
    const Index most = step % 100 < 50 ? 40 : 5;  // most rows rest for long
    if (what < 6) {
      optimizer.zero_grad();
      const Tensor<double> rows = embedding({random.below(most), random.below(most)}, model.table.weight);
      rows.backward(rowgrad::randn<double>(rows.shape(), random));
      optimizer.step();
    } else if (what < 9) {
      // A copy of the weights would bring all averages up to date: the reference reads behind their back.
      const rowgrad::no_grad reading;
      ema.update_parameters(model);
      if (mean) mean->update_parameters(model);
      std::vector<double> w(120);
      if (rows_move_at_rest)
        w = model.table.weight.to_vector();
      else
        std::copy_n(model.table.weight.body().data, 120, w.begin());
      dense_ema.update(w);
      dense_mean.update(w);
    } else if (what == 9 && dense_ema.count > 0) {
      const Index row = random.below(40);
      const Tensor<double> read = ema.module(Indices{row});  // that row alone
      const std::vector<double> expected(dense_ema.average.begin() + row * 3, dense_ema.average.begin() + row * 3 + 3);
      REQUIRE(same(read.detach(), expected));
    } else if (what == 10 && step % 3 == 0) {
      model.table.weight.data()[random.below(120)] = random.uniform<double>();
    } else if (what == 11 && step % 5 == 0) {
      optimizer.zero_grad();
      model.table.weight.grad().add(rowgrad::randn<double>({40, 3}, random));  // a dense step
      optimizer.step();
    }
    if (step == 200) {
      REQUIRE(same(mean->module.table.weight, dense_mean.average));
      mean.reset();
    }
  }
  CHECK(dense_ema.count > 50);
  CHECK(same(ema.module.table.weight, dense_ema.average));
}

}  // namespace

TEST_CASE("AveragedModel: PyTorch's averages") {
  expect_golden<double>();
  expect_golden<float>();
}

TEST_CASE("AveragedModel: averages of tables are those of dense updates, whatever happens to the rows") {
  expect_dense_averages<SGD<double>>({.lr = 0.1}, false);
  expect_dense_averages<SGD<double>>({.lr = 0.1, .momentum = 0.5}, true);
  expect_dense_averages<Adagrad<double>>({.lr = 0.1}, false);
  expect_dense_averages<Adam<double>>({.lr = 0.01}, true);
  expect_dense_averages<Adam<double>>({.lr = 0.01, .lazy = true}, false);
}

TEST_CASE("AveragedModel: an update touches no rows; rows at rest are made up for when they are read") {
  Model<float> model({1000, 4});
  SGD<float> sgd({model.table.weight}, {.lr = 1});
  AveragedModel averaged(model, {.multi_avg_fn = get_ema_multi_avg_fn(0.5)});
  averaged.update_parameters(model);
  embedding({7}, model.table.weight).backward(rowgrad::ones<float>({1, 4}));
  sgd.step();
  const float before = model.table.weight.body().data[28] + 1;
  for (int i = 0; i < 3; ++i) averaged.update_parameters(model);
  const float* const average = averaged.module.table.weight.body().data;  // as they lie there
  CHECK(average[28] == before);
  CHECK(averaged(Indices{7}).detach().data()[0] == doctest::Approx(before - 1 + 0.125f));
  CHECK(average[28] == doctest::Approx(before - 1 + 0.125f));
}

TEST_CASE("AveragedModel: buffers, states, other models, and what is refused") {
  Model<double> model, other;
  model.running.array() = 4;
  AveragedModel averaged(model, {.multi_avg_fn = get_ema_multi_avg_fn(0.5), .use_buffers = true});
  averaged.update_parameters(model);
  model.running.array() = 8;
  model.seen.data()[0] = 5;
  averaged.update_parameters(model);
  CHECK(averaged.module.running.data()[0] == 6);
  CHECK(averaged.module.seen.item() == 5);
  other.table.weight.array() = 1;
  averaged.update_parameters(other);  // another model of the same structure
  const double start = training::start<double>({6, 2}).data()[3];
  CHECK(averaged.module.table.weight.data()[3] == (start + 1) / 2);
  CHECK(averaged.n_averaged() == 3);

  auto state = averaged.state_dict().clone();
  CHECK(state.as<Index>("n_averaged").item() == 3);
  CHECK(state.contains("module.table.weight"));
  AveragedModel second(other);
  second.load_state_dict(state);
  CHECK(second.n_averaged() == 3);
  CHECK(second.module.table.weight.to_vector() == averaged.module.table.weight.to_vector());
  second.update_parameters(other);  // the mean: of four now
  CHECK(second.module.table.weight.data()[3] == doctest::Approx((start + 1) / 2 * 0.75 + 0.25));

  CHECK_THROWS_AS(averaged.update_parameters(Model<double>({7, 2})), ShapeError);
  CHECK_THROWS_AS(get_ema_multi_avg_fn(1.5), ValueError);
  CHECK_THROWS_AS(get_ema_multi_avg_fn(-0.5), ValueError);
  CHECK_THROWS_AS(AveragedModel(model, {.avg_fn = get_ema_avg_fn(), .multi_avg_fn = get_ema_multi_avg_fn()}),
                  ValueError);
  AveragedModel moved(std::move(second));
  moved.update_parameters(other);
  CHECK(moved.n_averaged() == 5);
  // models and averages may go in any order
  auto gone = std::make_unique<Model<double>>();
  AveragedModel stays(*gone);
  stays.update_parameters(*gone);
  gone.reset();
  CHECK(stays.module.table.weight.data()[3] == start);
}
