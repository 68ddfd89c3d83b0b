#include "training.hpp"

#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using training::leaf;

namespace {

/// A table of 9 rows and a matrix: tables are looked up in most steps, the matrix has a gradient in each.
template <typename T>
struct Model {
  Tensor<T> table = leaf(training::start<T>({9, 5})), matrix = leaf(training::start<T>({3, 2}));

  Model() = default;
  Model(const Model& other) : table(leaf(other.table)), matrix(leaf(other.matrix)) {}
  std::vector<Tensor<T>> parameters() const { return {table, matrix}; }

  template <typename Optimizer>
  void train(Optimizer& optimizer, Index from, Index to) {
    for (Index step = from; step <= to; ++step) {
      optimizer.zero_grad();
      optimizer.lr() = 0.05 / static_cast<double>(1 + step % 3);
      if (step % 5 != 0) embedding({step % 8, step * step % 4}, table).backward(training::gradient<T>({2, 5}, step));
      if (step % 11 == 0) table.grad().add(training::gradient<T>({9, 5}, step));
      matrix.grad().add(training::gradient<T>({3, 2}, step));
      optimizer.step();
    }
  }
};

template <template <typename> class Optimizer, typename T, typename Options>
void expect_same_bits(const Options& options, Index save_at) {
  CAPTURE(save_at);
  Model<T> model;
  Optimizer<T> optimizer(model.parameters(), options);
  model.train(optimizer, 1, save_at);
  const auto state = optimizer.state_dict();
  Model<T> copy(model);
  Optimizer<T> restored(copy.parameters());
  restored.load_state_dict(state);
  model.train(optimizer, save_at + 1, save_at + 40);
  copy.train(restored, save_at + 1, save_at + 40);
  CHECK(model.table.to_vector() == copy.table.to_vector());
  CHECK(model.matrix.to_vector() == copy.matrix.to_vector());

  // and from the same state once more: it was not touched by either run
  const auto end = optimizer.state_dict(), end_restored = restored.state_dict();
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(end.parameters[k].step == end_restored.parameters[k].step);
    REQUIRE(end.parameters[k].slots.size() == end_restored.parameters[k].slots.size());
    for (std::size_t s = 0; s < end.parameters[k].slots.size(); ++s)
      CHECK(end.parameters[k].slots[s].to_vector() == end_restored.parameters[k].slots[s].to_vector());
  }
}

template <typename T>
Tensor<T> deep(const Tensor<T>& x) {
  return x.defined() ? x.clone() : x;
}
/// The state as a file would keep it.
template <typename State>
State deep_state(const State& state) {
  State copy = state;
  for (auto& entry : copy.parameters) {
    for (auto& slot : entry.slots) slot = deep(slot);
    for (auto& values : entry.deferred.values) values = deep(values);
  }
  return copy;
}

/// A run that never saved, one that saved, and one resumed from that must not differ in a bit.
template <template <typename> class Optimizer, typename T, typename Options>
void expect_no_trace(const Options& options, Index save_at) {
  CAPTURE(save_at);
  Model<T> plain, saved;
  Optimizer<T> of_plain(plain.parameters(), options), of_saved(saved.parameters(), options);
  plain.train(of_plain, 1, save_at);
  saved.train(of_saved, 1, save_at);
  std::optional<Model<T>> resumed;
  typename Optimizer<T>::State state;
  {
    const auto held = of_saved.hold();
    resumed.emplace(saved);
    state = deep_state(held.state);
  }
  Optimizer<T> of_resumed(resumed->parameters());
  of_resumed.check_state_dict(state);
  of_resumed.load_state_dict(std::as_const(state));
  plain.train(of_plain, save_at + 1, save_at + 40);
  saved.train(of_saved, save_at + 1, save_at + 40);
  resumed->train(of_resumed, save_at + 1, save_at + 40);
  for (const auto& [model, optimizer] : {std::pair(&saved, &of_saved), std::pair(&*resumed, &of_resumed)}) {
    CHECK(model->table.to_vector() == plain.table.to_vector());
    CHECK(model->matrix.to_vector() == plain.matrix.to_vector());
    const auto a = optimizer->state_dict(), b = of_plain.state_dict();
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t s = 0; s < b.parameters[k].slots.size(); ++s)
        CHECK(a.parameters[k].slots[s].to_vector() == b.parameters[k].slots[s].to_vector());
  }
}

template <template <typename> class Optimizer, typename Options>
void expect_same_bits(const std::vector<Options>& variants) {
  for (const Options& options : variants)
    for (Index save_at : {0, 1, 10, 23}) {
      expect_same_bits<Optimizer, float>(options, save_at);
      expect_same_bits<Optimizer, double>(options, save_at);
      expect_no_trace<Optimizer, float>(options, save_at);
      expect_no_trace<Optimizer, double>(options, save_at);
    }
}

}  // namespace

TEST_CASE("state_dict: a restored run leaves the bits of the one that was saved") {
  expect_same_bits<Adam, AdamOptions>({{.lr = 0.05},
                                       {.lr = 0.05, .betas = {0, 0.9}},
                                       {.lr = 0.05, .weight_decay = 0.1},
                                       {.lr = 0.05, .amsgrad = true},
                                       {.lr = 0.05, .lazy = true}});
  expect_same_bits<AdamW, AdamWOptions>({{.lr = 0.05, .weight_decay = 0.1}});
  expect_same_bits<SGD, SGDOptions>({{.lr = 0.05},
                                     {.lr = 0.05, .weight_decay = 0.1},
                                     {.lr = 0.05, .momentum = 0.9, .dampening = 0.5},
                                     {.lr = 0.05, .momentum = 0.9, .weight_decay = 0.1, .nesterov = true}});
  expect_same_bits<RMSprop, RMSpropOptions>(
      {{.lr = 0.05}, {.lr = 0.05, .momentum = 0.9}, {.lr = 0.05, .weight_decay = 0.1, .centered = true}});
  expect_same_bits<Adagrad, AdagradOptions>(
      {{.lr = 0.05, .initial_accumulator_value = 0.1}, {.lr = 0.05, .lr_decay = 0.1, .weight_decay = 0.1}});
}

TEST_CASE("hold: what the rows of a table are owed must fit it") {
  Model<float> model;
  Adam<float> adam(model.parameters(), {.lr = 0.05});
  model.train(adam, 1, 9);
  const auto held = adam.hold();
  const auto& owed = held.state.parameters[0].deferred;
  REQUIRE(owed.rows.numel() > 0);
  REQUIRE(owed.lrs.size() == 8);  // the table has no gradient in step 5
  CHECK(!held.state.parameters[1].deferred.defined());
  const auto refuses = [&](const char* why, const auto& change) {
    auto state = deep_state(held.state);
    auto& deferred = state.parameters[0].deferred;
    deferred.stamps = deferred.stamps.clone();
    deferred.rows = deferred.rows.clone();
    adam.check_state_dict(state);
    change(state);
    CHECK_THROWS_WITH_AS(adam.check_state_dict(state), doctest::Contains(why), ValueError);
  };
  using State = Adam<float>::State;
  refuses("one stamp per row", [](State& s) { s.parameters[0].deferred.stamps = Tensor<std::int16_t>(Shape{8}); });
  refuses("not the last ones", [](State& s) { ++s.parameters[0].deferred.first; });
  refuses("not the last ones", [](State& s) { s.groups[0].lazy = true; });
  refuses("ahead of its table", [](State& s) { s.parameters[0].deferred.stamps.data()[0] = 99; });
  refuses("expected lr >= 0", [](State& s) { s.parameters[0].deferred.lrs[1] = -1; });
  refuses("other rows", [](State& s) { s.parameters[0].deferred.rows.data()[0] = 8; });
  refuses("other rows", [](State& s) { s.parameters[0].deferred.rows = {}; });
  refuses("each state array", [](State& s) { s.parameters[0].deferred.values.pop_back(); });
  refuses("each row that is behind", [](State& s) {
    s.parameters[0].deferred.values[1] = rowgrad::zeros<float>({1, 2});
  });
  refuses("NaN", [](State& s) { s.parameters[0].deferred.values[1].data()[0] = NAN; });
}

TEST_CASE("state_dict: slots are PyTorch's, and every row is up to date") {
  const auto table = leaf(training::start<double>({4, 2}));
  Adam<double> adam({table}, {.lr = 0.1});
  CHECK(adam.state_dict().parameters[0].slots.empty());
  for (Index row : {0, 1, 1}) {
    adam.zero_grad();
    embedding({row}, table).sum().backward();
    adam.step();
  }
  const auto state = adam.state_dict();
  REQUIRE(state.parameters.size() == 1);
  CHECK(state.groups.size() == 1);
  CHECK(state.groups[0].lr == 0.1);
  CHECK(state.parameters[0].step == 3);
  CHECK(state.parameters[0].shape == Shape{4, 2});
  REQUIRE(state.parameters[0].slots.size() == 2);
  const auto exp_avg = state.parameters[0].slots[0], exp_avg_sq = state.parameters[0].slots[1];
  CHECK(exp_avg.data()[0] == doctest::Approx(0.1 * 0.9 * 0.9));
  CHECK(exp_avg_sq.data()[0] == doctest::Approx(0.001 * 0.999 * 0.999));
  CHECK(exp_avg.data()[2] == doctest::Approx(0.1 * 0.9 + 0.1));
  CHECK(exp_avg.data()[4] == 0);
  exp_avg.array().setConstant(7);  // a copy
  CHECK(adam.state_dict().parameters[0].slots[0].data()[4] == 0);

  using Names = std::vector<std::string>;
  const auto names = [](const auto& slot_names) { return Names(slot_names.begin(), slot_names.end()); };
  CHECK(names(Adam<float>::slot_names()) == Names{"exp_avg", "exp_avg_sq", "max_exp_avg_sq"});
  CHECK(names(SparseAdam<float>::slot_names()) == Names{"exp_avg", "exp_avg_sq"});
  CHECK(names(SGD<float>::slot_names()) == Names{"momentum_buffer"});
  CHECK(names(RMSprop<float>::slot_names()) == Names{"square_avg", "momentum_buffer", "grad_avg"});
  CHECK(names(Adagrad<float>::slot_names()) == Names{"sum"});
}

TEST_CASE("load_state_dict: options of all groups are taken over, also those changed since the last step") {
  Model<double> model;
  using Group = SGD<double>::Group;
  SGD<double> sgd(std::vector<Group>{{{model.table}, {.lr = 0.1}}, {{model.matrix}, {.lr = 0.2}}});
  model.train(sgd, 1, 4);
  sgd.options(1).momentum = 0.9;  // no step with it so far: its buffer is zero
  const auto state = sgd.state_dict();
  REQUIRE(state.parameters[1].slots.size() == 1);
  CHECK(state.parameters[1].slots[0].to_vector() == std::vector<double>(6, 0));
  Model<double> copy(model);
  SGD<double> restored(std::vector<Group>{{{copy.table}, {}}, {{copy.matrix}, {}}});
  restored.load_state_dict(state);
  CHECK(restored.lr(1) == 0.2);
  CHECK(restored.options(1).momentum == 0.9);
  model.train(sgd, 5, 20);
  copy.train(restored, 5, 20);
  CHECK(model.matrix.to_vector() == copy.matrix.to_vector());

  sgd.options(1).momentum = 0;  // the buffer stays, and is saved
  restored.load_state_dict(sgd.state_dict());
  CHECK(restored.state_dict().parameters[1].slots.size() == 1);
}

TEST_CASE("load_state_dict: into an optimizer that owes rows their updates") {
  Model<double> model;
  Adam<double> adam(model.parameters(), {.lr = 0.05});
  model.train(adam, 1, 12);
  const auto state = adam.state_dict();
  const Model<double> saved(model);
  model.train(adam, 13, 30);
  const auto first = model.table.to_vector();
  model.train(adam, 31, 34);
  std::copy_n(saved.table.data(), saved.table.numel(), model.table.data());
  std::copy_n(saved.matrix.data(), saved.matrix.numel(), model.matrix.data());
  adam.load_state_dict(state);
  model.train(adam, 13, 30);
  CHECK(model.table.to_vector() == first);
}

TEST_CASE("load_state_dict: a state of something else is refused, and nothing is changed") {
  Model<double> model;
  Adam<double> adam(model.parameters(), {.lr = 0.05});
  model.train(adam, 1, 7);
  const auto good = adam.state_dict();
  const auto refuses = [&](const char* message, const auto& spoil, auto error) {
    CAPTURE(message);
    auto state = good;
    spoil(state);
    CHECK_THROWS_WITH_AS(adam.load_state_dict(state), doctest::Contains(message), decltype(error));
  };
  refuses(
      "expected 1 parameter groups, the state has 2", [](auto& s) { s.groups.push_back({}); }, ValueError(""));
  refuses(
      "expected 2 parameters, the state has 1", [](auto& s) { s.parameters.pop_back(); }, ValueError(""));
  refuses(
      "expected lr", [](auto& s) { s.groups[0].lr = -1; }, ValueError(""));
  refuses(
      "the state of parameter 1 is for shape (2, 3), expected (3, 2)",
      [](auto& s) {
        s.groups[0].lr = 1;
        s.parameters[0].step = 100;
        s.parameters[1].shape = Shape{2, 3};
      },
      ShapeError(""));
  refuses(
      "the state of parameter 1 has 1 slots, expected 2 (exp_avg, exp_avg_sq)",
      [](auto& s) { s.parameters[1].slots.pop_back(); }, ValueError(""));
  refuses(
      "the state of parameter 0 has 2 slots, expected 3 (exp_avg, exp_avg_sq, max_exp_avg_sq)",
      [](auto& s) { s.groups[0].amsgrad = true; }, ValueError(""));
  refuses(
      "the state of parameter 0 has 4 slots",
      [](auto& s) { s.parameters[0].slots.resize(4, s.parameters[0].slots[0]); }, ValueError(""));
  refuses(
      "the state of parameter 0 has exp_avg_sq of shape (9, 4), expected (9, 5)",
      [](auto& s) {
        s.parameters[0].slots[1] = rowgrad::zeros<double>({9, 4});
      },
      ShapeError(""));
  refuses(
      "exp_avg of shape (undefined)", [](auto& s) { s.parameters[0].slots[0] = {}; }, ShapeError(""));
  refuses(
      "has step -1", [](auto& s) { s.parameters[0].step = -1; }, ValueError(""));

  Model<double> copy(model);
  Adam<double> restored(copy.parameters());
  restored.load_state_dict(good);
  model.train(adam, 8, 30);
  copy.train(restored, 8, 30);
  CHECK(model.table.to_vector() == copy.table.to_vector());
}

TEST_CASE_TEMPLATE("step: no parameter with a gradient is an error that says so", Optimizer, SGD<double>, Adam<double>,
                   AdamW<double>, SparseAdam<double>, Adagrad<double>, RMSprop<double>) {
  Model<double> model;
  Optimizer optimizer(model.parameters());
  const auto fails = [&] {
    CHECK_THROWS_WITH_AS(optimizer.step(),
                         doctest::Contains("step: no parameter has a gradient (was backward() called? are all "
                                           "parameters frozen?)"),
                         rowgrad::GraphError);
  };
  const auto before = model.table.to_vector();
  fails();
  embedding({1, 2}, model.table).sum().backward();
  model.table.requires_grad_(false);
  fails();
  CHECK(model.table.to_vector() == before);
  model.table.requires_grad_();
  CHECK_NOTHROW(optimizer.step());  // the matrix has none, and is passed by
  CHECK(model.table.to_vector() != before);
  CHECK(model.matrix.to_vector() == training::start<double>({3, 2}).to_vector());
  optimizer.zero_grad();
  fails();
}

TEST_CASE("load_state_dict: sums of squares below 0 are refused, infinite ones are not") {
  const Tensor<double> w = rowgrad::zeros<double>({2});
  const auto squares = [&w](auto&& optimizer, std::vector<std::size_t> slots, const char* name) {
    CAPTURE(name);
    w.requires_grad_();
    w.grad().reset();
    w.sum().backward();
    optimizer.step();
    const std::string message = std::string("the state of parameter 0 has -0.25 in ") + name;
    for (std::size_t k = 0; k < optimizer.state_dict().parameters[0].slots.size(); ++k) {
      const bool is_square = std::find(slots.begin(), slots.end(), k) != slots.end();
      auto spoilt = optimizer.state_dict();
      spoilt.parameters[0].slots[k].data()[1] = -0.25;
      if (is_square)
        CHECK_THROWS_WITH_AS(optimizer.load_state_dict(spoilt), doctest::Contains(message.c_str()), ValueError);
      else
        CHECK_NOTHROW(optimizer.load_state_dict(spoilt));
      spoilt.parameters[0].slots[k].data()[1] = std::numeric_limits<double>::infinity();
      CHECK_NOTHROW(optimizer.load_state_dict(spoilt));
    }
  };
  squares(Adam<double>({w}), {1}, "exp_avg_sq");
  squares(Adam<double>({w}, {.amsgrad = true}), {1, 2}, "");
  squares(rowgrad::optim::AdamW<double>({w}), {1}, "exp_avg_sq");
  squares(rowgrad::optim::Adagrad<double>({w}), {0}, "sum");
  squares(rowgrad::optim::RMSprop<double>({w}, {.momentum = 0.9, .centered = true}), {0}, "square_avg");
  squares(SGD<double>({w}, {.momentum = 0.9}), {}, "");
}
