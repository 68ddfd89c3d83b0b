// add_param_group, step(closure), zero_grad(set_to_none): the optimizer's interface beyond step().
#include "training.hpp"

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Tensor;
using rowgrad::ValueError;
using training::leaf;

TEST_CASE("add_param_group: trained from the next step on, under options of its own") {
  const auto a = leaf(training::start<double>({4, 2})), b = leaf(training::start<double>({3})), c = leaf(b);
  SGD<double> sgd({a}, {.lr = 0.5, .momentum = 0.25});
  a.grad().add(rowgrad::ones<double>({4, 2}));
  b.grad().add(rowgrad::ones<double>({3}));
  c.grad().add(rowgrad::ones<double>({3}));
  sgd.step();
  CHECK(b.to_vector() == training::start<double>({3}).to_vector());
  sgd.add_param_group({.parameters = {b}, .options = {.lr = 0.125}});
  sgd.add_param_group({c});  // the constructor's options
  CHECK(sgd.group_count() == 3);
  CHECK(sgd.options(2).momentum == 0.25);
  CHECK(sgd.lr(2) == 0.5);
  sgd.step();
  CHECK(a.data()[0] == training::start<double>({1}).item() - 0.5 - 0.5 * 1.25);
  CHECK(b.data()[0] == training::start<double>({1}).item() - 0.125);
  CHECK(c.data()[0] == training::start<double>({1}).item() - 0.5);

  // what is refused changes nothing
  const auto d = leaf(b);
  CHECK_THROWS_WITH_AS(sgd.add_param_group({d, a}), doctest::Contains("was given twice"), ValueError);
  CHECK_THROWS_WITH_AS(sgd.add_param_group({d, d}), doctest::Contains("was given twice"), ValueError);
  CHECK_THROWS_AS(sgd.add_param_group({.parameters = {d}, .options = {.lr = -1}}), ValueError);
  CHECK_THROWS_AS(sgd.add_param_group({Tensor<double>()}), ValueError);
  CHECK(sgd.group_count() == 3);
  const auto state = sgd.state_dict();
  CHECK(state.parameters.size() == 3);
  CHECK(state.parameters[0].step == 2);
  CHECK(state.parameters[1].step == 1);
  sgd.add_param_group({d});
  CHECK_THROWS_WITH_AS(sgd.load_state_dict(state), doctest::Contains("expected 4 parameter groups"), ValueError);
}

TEST_CASE("add_param_group: a schedule takes the new group's rate for its base") {
  const auto a = leaf(training::start<double>({2})), b = leaf(a);
  Adam<double> adam({a}, {.lr = 0.1});
  CosineAnnealingLR<double> cosine(adam, 10);
  StepLR<double> step(adam, 100);
  for (int i = 0; i < 3; ++i) cosine.step();
  adam.add_param_group({.parameters = {b}, .options = {.lr = 0.4}});
  CHECK(adam.initial_lrs() == std::vector<double>{0.1, 0.4});
  for (int i = 0; i < 12; ++i) {
    cosine.step();
    step.step();
    CHECK(adam.lr(1) >= 0);
    CHECK(cosine.get_last_lr().size() == 2);
  }
  CHECK(cosine.state_dict().base_lrs == std::vector<double>{0.1, 0.4});
}

TEST_CASE("step(closure): evaluates, steps, returns the loss; gradients are recorded whatever the mode") {
  const auto w = leaf(rowgrad::ones<double>({3}));
  SGD<double> sgd({w}, {.lr = 0.5});
  const auto closure = [&] {
    sgd.zero_grad();
    auto loss = (w * w).sum();
    loss.backward();
    return loss;
  };
  CHECK(sgd.step(closure).item() == 3);
  CHECK(w.to_vector() == std::vector<double>{0, 0, 0});
  w.data()[0] = 2;
  Optimizer<double>& base = sgd;
  {
    const rowgrad::no_grad nothing;
    CHECK(base.step(closure).item() == 4);
  }
  CHECK(w.data()[0] == 0);
  base.step([&] { (void)closure(); });
  CHECK(sgd.has_stepped());
}

TEST_CASE("zero_grad(set_to_none): false leaves gradients of zero, with which momentum goes on") {
  const auto table = leaf(training::start<double>({5, 3})), dense = leaf(rowgrad::ones<double>({2})),
             none = leaf(dense);
  SGD<double> sgd({table, dense, none}, {.lr = 0.5, .momentum = 0.5});
  embedding({1, 3}, table).backward(rowgrad::ones<double>({2, 3}));
  const auto given = rowgrad::ones<double>({2});
  dense.grad().add(given);
  sgd.step();
  CHECK(dense.data()[0] == 0.5);
  sgd.zero_grad(false);
  CHECK(given.to_vector() == std::vector<double>{1, 1});  // memory that others see is left alone
  CHECK(table.grad().defined());
  CHECK(table.grad().to_dense().to_vector() == std::vector<double>(15));
  CHECK(!none.grad().defined());
  sgd.step();
  CHECK(dense.data()[0] == 0.25);
  CHECK(table.data()[3] == training::start<double>({5, 3}).data()[3] - 0.75);
  CHECK(table.data()[0] == training::start<double>({5, 3}).data()[0]);
  sgd.zero_grad(true);
  CHECK(!dense.grad().defined());
  sgd.zero_grad(false);
  CHECK(!dense.grad().defined());
}
