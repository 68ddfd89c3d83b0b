#include "../training.hpp"

#include <memory>
#include <sstream>

#include <rowgrad/core/threads.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>

#include <support/sanitizer.hpp>

namespace nn = rowgrad::nn;
using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::no_grad;
using rowgrad::Shape;
using rowgrad::Tensor;
using training::expect_dense_weights;
using training::leaf;

namespace {

constexpr golden::Tolerance exact_enough{training::rounding_tolerance, training::rounding_tolerance},
    close_enough{training::expansion_tolerance, training::expansion_tolerance};

/// The values as they lie in memory, behind the back of the optimizer that owes updates.
std::vector<double> raw(const Tensor<double>& table) {
  return std::vector<double>(table.body().data, table.body().data + table.numel());
}

std::string difference_in_memory(const Tensor<double>& table, const Tensor<double>& expected) {
  Tensor<double> values(table.shape());
  std::copy_n(table.body().data, table.numel(), values.data());
  return golden::difference(values, expected, close_enough);
}

void same(const Tensor<double>& got, const Tensor<double>& expected, golden::Tolerance tolerance = close_enough) {
  training::expect_same(got, expected, tolerance);
}

/// A table trained by lookups, and beside it the same weights trained by dense gradients.
template <template <typename> class Optimizer, typename Options>
struct Pair {
  explicit Pair(Options options)
      : table(training::start<double>({8, 3})),
        dense(leaf(table)),
        optimizer(std::in_place, std::vector<Tensor<double>>{table}, options),
        dense_optimizer({dense}, options) {}

  /// One step of both that looks up these rows.
  void look_up(const Indices& ids) {
    optimizer->zero_grad();
    dense_optimizer.zero_grad();
    add_gradient(ids);
    optimizer->step();
    dense_optimizer.step();
  }
  void add_gradient(const Indices& ids) {
    Shape shape = ids.shape();
    shape.append(3);
    ++step;
    table.grad().reset();
    embedding(ids, static_cast<const Tensor<double>&>(table)).backward(training::gradient<double>(shape, step));
    dense.grad().add(table.grad().to_dense());
  }
  void dense_step() {
    optimizer->zero_grad();
    dense_optimizer.zero_grad();
    ++step;
    for (const Tensor<double>& w : {static_cast<const Tensor<double>&>(table), dense})
      w.grad().add(training::gradient<double>({8, 3}, step));
    optimizer->step();
    dense_optimizer.step();
  }
  template <typename F>
  void change(const F& f) {
    f(optimizer->options());
    f(dense_optimizer.options());
  }

  nn::Parameter<double> table;
  Tensor<double> dense;
  std::optional<Optimizer<double>> optimizer;
  Optimizer<double> dense_optimizer;
  Index step = 0;
};

/// All rows have a momentum, and rows but 0 and 1 miss the last ten steps.
struct Debt : Pair<Adam, AdamOptions> {
  explicit Debt(AdamOptions options = {.lr = 0.05, .weight_decay = 0.01}) : Pair(options) {
    for (Index row = 0; row < 8; row += 2) look_up({row, row + 1, row});
    for (int i = 0; i < 10; ++i) look_up({0, 1, 0});
    REQUIRE(difference_in_memory(table, dense) != "");
  }
};

}  // namespace

TEST_CASE("deferred rows: a step changes the rows it looked up, and no others, in memory") {
  Pair<Adam, AdamOptions> pair({.lr = 0.05, .weight_decay = 0.1});
  pair.look_up({0, 1, 2, 3, 4, 5, 6, 7});
  for (Index row : {3, 5, 3}) {
    const std::vector<double> before = raw(pair.table);
    pair.look_up({row, row});
    const std::vector<double> after = raw(pair.table);
    for (std::size_t i = 0; i < before.size(); ++i)
      CHECK((after[i] != before[i]) == (static_cast<Index>(i) / 3 == row));
  }
  same(pair.table, pair.dense);
}

TEST_CASE("deferred rows: reading some rows brings those up to date, and leaves the others") {
  Debt debt;
  const std::vector<double> before = raw(debt.table);
  const no_grad guard;
  const Tensor<double> rows = embedding({{6, 3}, {6, 0}}, static_cast<const Tensor<double>&>(debt.table));
  same(rows, embedding({{6, 3}, {6, 0}}, debt.dense));
  const std::vector<double> after = raw(debt.table);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::size_t row = i / 3;
    CHECK((after[i] != before[i]) == (row == 3 || row == 6));
  }
  same(debt.table, debt.dense);
}

TEST_CASE("deferred rows: whoever reads the table sees it up to date") {
  Debt debt;
  const Tensor<double> table = debt.table, dense = debt.dense;
  SUBCASE("data()") {
    const double* values = table.data();
    for (Index i = 0; i < 24; ++i) CHECK(values[i] == doctest::Approx(dense.data()[i]).epsilon(1e-11));
  }
  SUBCASE("matrix()") { CHECK(table.matrix().isApprox(dense.matrix(), 1e-11)); }
  SUBCASE("array()") { CHECK(table.array().isApprox(dense.array(), 1e-11)); }
  SUBCASE("to_vector()") { CHECK(table.to_vector()[20] == doctest::Approx(dense.to_vector()[20]).epsilon(1e-11)); }
  SUBCASE("to_string()") { CHECK(to_string(table) == to_string(dense)); }
  SUBCASE("operator<<") {
    std::ostringstream text;
    text << debt.table;
    CHECK(text.str() == "Parameter containing:\n" + to_string(dense));
  }
  SUBCASE("clone") { same(table.clone(), dense); }
  SUBCASE("to<float>") { training::expect_same(table.to<float>(), dense.to<float>(), {1e-6, 1e-6}); }
  SUBCASE("detach") { same(table.detach(), dense); }
  SUBCASE("detached before the steps") {
    const Tensor<double> view = table.detach();
    debt.look_up({0});
    same(view, dense);
  }
  SUBCASE("copying the parameter") { same(nn::Parameter<double>(debt.table), dense); }
  SUBCASE("assigning the parameter") {
    nn::Parameter<double> copy(rowgrad::zeros<double>({8, 3}));
    copy = debt.table;
    same(copy, dense);
  }
  SUBCASE("row") { same(table[5], dense[5]); }
  SUBCASE("item of a row") { CHECK(table[5][2].item() == doctest::Approx(dense[5][2].item()).epsilon(1e-11)); }
  SUBCASE("slice") { same(slice(table, 0, 4, 7), slice(dense, 0, 4, 7)); }
  SUBCASE("slice of columns") { same(slice(table, 1, 1, 3), slice(dense, 1, 1, 3)); }
  SUBCASE("slice taken before the steps") {
    const Tensor<double> view = slice(table, 0, 4, 7);
    debt.look_up({0});
    same(view, slice(dense, 0, 4, 7));
  }
  SUBCASE("reshape") { same(table.reshape({4, 6}), dense.reshape({4, 6})); }
  SUBCASE("transpose") { same(table.t(), dense.t()); }
  SUBCASE("operations") { same(table * 2.0 + table, dense * 2.0 + dense); }
  SUBCASE("sum") { CHECK(table.sum().item() == doctest::Approx(dense.sum().item()).epsilon(1e-11)); }
  SUBCASE("matmul") {
    const auto x = training::start<double>({2, 3});
    same(matmul(x, table.t()), matmul(x, dense.t()));
  }
  SUBCASE("lookup in a slice of the table") {
    const no_grad guard;
    same(embedding({1, 3}, slice(table, 0, 4, 8)), embedding({1, 3}, slice(dense, 0, 4, 8)));
  }
  SUBCASE("lookup in the table reshaped") {
    const no_grad guard;
    same(embedding({3, 0}, table.reshape({4, 6})), embedding({3, 0}, dense.reshape({4, 6})));
    same(embedding({20, 11}, table.reshape({24, 1})), embedding({20, 11}, dense.reshape({24, 1})));
  }
  SUBCASE("a layer that shares the table") {
    const auto layer = nn::Embedding<double>::from_pretrained(table);
    debt.look_up({0});
    same(layer({4, 7}), embedding({4, 7}, dense));
    same(layer.weight, dense);
  }
  SUBCASE("writing: the debt is paid before") {
    table.data()[12] = 100;
    CHECK(table.data()[12] == 100);
    dense.data()[12] = 100;
    debt.look_up({2});
    same(table, dense);
  }
  SUBCASE("assigning values in place: the debt is paid before") {
    const nn::Parameter<double> fresh(training::gradient<double>({8, 3}, 5));
    debt.table = fresh;
    same(debt.table, fresh);
    std::copy_n(fresh.data(), 24, dense.data());
    debt.look_up({2});
    same(debt.table, dense);
  }
  SUBCASE("the optimizer is destroyed") {
    debt.optimizer.reset();
    CHECK(table.body().storage->debt == nullptr);
    CHECK(difference_in_memory(table, dense) == "");
  }
  SUBCASE("the optimizer is moved") {
    Adam<double> moved = std::move(*debt.optimizer);
    debt.optimizer.reset();
    same(table, dense);
    debt.optimizer.emplace(std::move(moved));
    debt.look_up({2, 4});
    debt.look_up({3});
    same(table, dense);
  }
  SUBCASE("the optimizer is replaced") {
    debt.optimizer = Adam<double>({table}, {.lr = 1});
    same(table, dense);
  }
}

TEST_CASE("deferred rows: a model in eval mode, or copied, is up to date") {
  nn::Sequential<double> model(nn::Embedding<double>(8, 3));
  const Tensor<double> table = model.parameters()[0], dense = leaf(table);
  Adam<double> adam(model.parameters(), {.lr = 0.05}), dense_adam({dense}, {.lr = 0.05});
  for (Index step = 1; step <= 12; ++step) {
    adam.zero_grad();
    dense_adam.zero_grad();
    model(Indices{step < 3 ? step : 0}).sum().backward();
    dense.grad().add(table.grad().to_dense());
    adam.step();
    dense_adam.step();
  }
  REQUIRE(difference_in_memory(table, dense) != "");
  SUBCASE("eval") {
    model.eval();
    CHECK(difference_in_memory(table, dense) == "");
  }
  SUBCASE("copy") {
    const nn::Sequential<double> copy = model;
    same(copy.parameters()[0], dense);
    CHECK(raw(copy.parameters()[0]) == copy.parameters()[0].to_vector());
  }
  SUBCASE("assigned") {
    nn::Sequential<double> other(nn::Embedding<double>(8, 3));
    other = model;
    same(other.parameters()[0], dense);
  }
}

TEST_CASE("deferred rows: a row that was looked up sees its updates in the next forward") {
  Debt debt;
  for (Index row = 7; row >= 0; --row) {
    const no_grad guard;
    same(embedding({row}, static_cast<const Tensor<double>&>(debt.table)), embedding({row}, debt.dense));
    const rowgrad::set_grad_enabled recording(true);
    debt.look_up({row, 0});
  }
  same(debt.table, debt.dense);
}

TEST_CASE("deferred rows: options changed between steps") {
  SUBCASE("Adam") {
    expect_dense_weights<Adam, double>(AdamOptions{.lr = 0.05}, training::expansion_tolerance,
                                       [](Index step, AdamOptions& o) {
                                         if (step == 40) o.betas = {0.7, 0.95};
                                         if (step == 80) o.eps = 1e-3;
                                         if (step == 120) o.weight_decay = 0.1;
                                         if (step == 160) o.amsgrad = true;
                                         if (step == 200) o.betas = {0.9, 0.999};
                                         if (step == 240) o.weight_decay = 0;
                                       });
  }
  SUBCASE("AdamW") {
    expect_dense_weights<AdamW, double>(AdamWOptions{.lr = 0.05, .weight_decay = 0}, training::expansion_tolerance,
                                        [](Index step, AdamWOptions& o) {
                                          if (step % 40 == 0) o.weight_decay = step % 80 == 0 ? 0 : 0.2;
                                          if (step % 60 == 0) o.betas.first = 0.95 - o.betas.first + 0.5;
                                        });
  }
  SUBCASE("SGD: momentum and decay go on and off") {
    expect_dense_weights<SGD, double>(SGDOptions{.lr = 0.05}, training::rounding_tolerance,
                                      [](Index step, SGDOptions& o) {
                                        if (step % 30 == 0) o.momentum = step % 60 == 0 ? 0 : 0.9;
                                        if (step % 70 == 0) o.weight_decay = step % 140 == 0 ? 0 : 0.05;
                                      });
  }
  SUBCASE("Adagrad: decay goes on and off") {
    expect_dense_weights<Adagrad, double>(AdagradOptions{.lr = 0.05}, training::rounding_tolerance,
                                          [](Index step, AdagradOptions& o) {
                                            if (step % 40 == 0) o.weight_decay = step % 80 == 0 ? 0 : 0.05;
                                            if (step == 150) o.lr_decay = 0.01;
                                          });
  }
  SUBCASE("RMSprop") {
    expect_dense_weights<RMSprop, double>(RMSpropOptions{.lr = 0.02}, training::rounding_tolerance,
                                          [](Index step, RMSpropOptions& o) {
                                            if (step % 50 == 0) o.momentum = step % 100 == 0 ? 0 : 0.8;
                                            if (step == 120) o.centered = true;
                                            if (step == 170) o.alpha = 0.9;
                                          });
  }
  SUBCASE("lazy and back: rows stand still in between") {
    Pair<Adam, AdamOptions> pair({.lr = 0.05});
    pair.look_up({0, 1, 2, 3, 4, 5, 6, 7});
    for (int i = 0; i < 5; ++i) pair.look_up({1});
    pair.change([](AdamOptions& o) { o.lazy = true; });
    const Tensor<double> before = pair.dense.clone();
    for (int i = 0; i < 5; ++i) {
      pair.optimizer->zero_grad();
      embedding({2}, static_cast<const Tensor<double>&>(pair.table)).sum().backward();
      pair.optimizer->step();
    }
    for (Index row = 0; row < 8; ++row) {
      const bool stands = golden::difference(pair.table[row], before[row], close_enough) == "";
      CHECK(stands == (row != 2));
    }
    pair.change([](AdamOptions& o) { o.lazy = false; });
    const std::vector<double> standing = pair.table.to_vector();
    for (int i = 0; i < 5; ++i) {
      pair.optimizer->zero_grad();
      embedding({3}, static_cast<const Tensor<double>&>(pair.table)).sum().backward();
      pair.optimizer->step();
    }
    for (Index row = 0; row < 8; ++row) {  // all move again
      CHECK(pair.table.data()[row * 3] != standing[static_cast<std::size_t>(row * 3)]);
      CHECK(std::abs(pair.table.data()[row * 3] - standing[static_cast<std::size_t>(row * 3)]) < 0.5);
    }
  }
}

TEST_CASE("deferred rows: dense gradients after row-sparse ones, and the reverse") {
  const auto run = [](auto pair, golden::Tolerance tolerance) {
    for (int round = 0; round < 3; ++round) {
      for (Index step = 0; step < 6; ++step) pair->look_up({step % 3, 4});
      pair->dense_step();
      pair->look_up({5});
      pair->dense_step();
      pair->dense_step();
    }
    pair->look_up({1});
    same(pair->table, pair->dense, tolerance);
  };
  run(std::make_unique<Pair<Adam, AdamOptions>>(AdamOptions{.lr = 0.05}), close_enough);
  run(std::make_unique<Pair<AdamW, AdamWOptions>>(AdamWOptions{.lr = 0.05, .weight_decay = 0.1}), close_enough);
  run(std::make_unique<Pair<SGD, SGDOptions>>(SGDOptions{.lr = 0.05, .momentum = 0.9}), exact_enough);
  run(std::make_unique<Pair<RMSprop, RMSpropOptions>>(RMSpropOptions{.momentum = 0.9}), exact_enough);
  run(std::make_unique<Pair<Adagrad, AdagradOptions>>(AdagradOptions{.weight_decay = 0.1}), exact_enough);

  // dense first
  Pair<Adam, AdamOptions> pair({.lr = 0.05});
  for (int i = 0; i < 3; ++i) pair.dense_step();
  for (int i = 0; i < 5; ++i) pair.look_up({2});
  same(pair.table, pair.dense);
}

TEST_CASE("deferred rows: a lookup and a product with the same table give a dense gradient") {
  const auto table = leaf(training::start<double>({8, 3})), reference = leaf(table);
  Adam<double> adam({table}, {.lr = 0.05}), dense({reference}, {.lr = 0.05});
  for (Index step = 1; step <= 30; ++step) {
    for (const Tensor<double>& w : {table, reference}) {
      w.grad().reset();
      Tensor<double> y = embedding({step % 8, 1}, w);
      if (step % 5 == 0) y = matmul(y, w.t());
      (y * y).sum().backward();
    }
    CHECK(table.grad().is_row_sparse() == (step % 5 != 0));
    if (reference.grad().is_row_sparse()) {
      const auto gradient = reference.grad().to_dense();
      reference.grad().reset();
      reference.grad().add(gradient);
    }
    adam.step();
    dense.step();
  }
  same(table, reference);
}

TEST_CASE_TEMPLATE("lazy: rows that were not looked up stand still", Optimizer, SGD<double>, Adam<double>,
                   AdamW<double>, Adagrad<double>, RMSprop<double>) {
  typename Optimizer::Options options{.lr = 0.1};
  if constexpr (requires { options.momentum; }) options.momentum = 0.9;
  if constexpr (requires { options.weight_decay; }) options.weight_decay = 0.1;
  auto restless = options;
  options.lazy = true;
  const auto table = leaf(training::start<double>({8, 3})), moving = leaf(table);
  Optimizer lazy({table}, options), not_lazy({moving}, restless);
  for (Index row : {0, 1, 0, 1, 2, 0}) {
    lazy.zero_grad();
    not_lazy.zero_grad();
    const Tensor<double> before = table.clone(), before_moving = moving.clone();
    embedding({row, row}, table).sum().backward();
    embedding({row, row}, moving).sum().backward();
    lazy.step();
    not_lazy.step();
    CHECK(table.body().storage->debt == nullptr);
    for (Index r = 0; r < 8; ++r) {
      CHECK((table.matrix().row(r) == before.matrix().row(r)) == (r != row));
      CHECK(moving.matrix().row(r) != before_moving.matrix().row(r));  // by weight decay at least
    }
  }
}

TEST_CASE("deferred rows: a table frozen and unfrozen") {
  Debt debt;
  debt.table.requires_grad_(false);
  debt.dense.requires_grad_(false);
  same(debt.table, debt.dense);
  const std::vector<double> frozen = debt.table.to_vector();
  for (int i = 0; i < 3; ++i) {  // frozen: there is nothing to step, though a gradient is there
    CHECK_THROWS_WITH_AS(debt.optimizer->step(), doctest::Contains("frozen"), rowgrad::GraphError);
    CHECK_THROWS_AS(debt.dense_optimizer.step(), rowgrad::GraphError);
  }
  CHECK(debt.table.to_vector() == frozen);
  CHECK(!embedding({1}, static_cast<const Tensor<double>&>(debt.table)).requires_grad());
  debt.table.requires_grad_();
  debt.dense.requires_grad_();
  debt.look_up({2, 3});
  debt.look_up({0});
  same(debt.table, debt.dense);
  CHECK(debt.table.to_vector() != frozen);
}

TEST_CASE("deferred rows: a table that no step looks up stands still, as in PyTorch") {
  Debt debt;
  const auto other = leaf(rowgrad::ones<double>({2}));
  Adam<double> both({debt.table, other}, {.lr = 0.05});
  (void)debt.table.data();
  const std::vector<double> before = debt.table.to_vector();
  for (int i = 0; i < 5; ++i) {
    both.zero_grad();
    other.grad().add(rowgrad::ones<double>({2}));
    both.step();
    debt.optimizer->zero_grad();
    CHECK_THROWS_AS(debt.optimizer->step(), rowgrad::GraphError);
  }
  CHECK(debt.table.to_vector() == before);
  CHECK(other.data()[0] < 1);
}

TEST_CASE("deferred rows: a lookup of no rows, or of padding alone, is a step of zero gradients") {
  for (bool padding : {false, true}) {
    CAPTURE(padding);
    Debt debt;
    debt.optimizer->zero_grad();
    debt.dense_optimizer.zero_grad();
    const Indices ids = padding ? Indices{4, 4} : Indices(Shape{0});
    const auto y = embedding(ids, static_cast<const Tensor<double>&>(debt.table), 4);
    y.sum().backward();
    REQUIRE(debt.table.grad().defined());
    REQUIRE(debt.table.grad().rows().numel() == 0);
    debt.dense.grad().add(rowgrad::zeros<double>({8, 3}));
    debt.optimizer->step();
    debt.dense_optimizer.step();
    same(debt.table, debt.dense);
  }
}

TEST_CASE("deferred rows: gradients of several forwards add up") {
  Pair<Adam, AdamOptions> pair({.lr = 0.05});
  const Tensor<double> table = pair.table;
  for (Index step = 1; step <= 20; ++step) {
    for (const Tensor<double>& w : {table, pair.dense}) {
      w.grad().reset();
      if (step % 2 == 0) {  // twice in one forward
        (embedding({step % 8, 3}, w) * embedding({3, (step * 3) % 8}, w)).sum().backward();
      } else {  // twice in two
        embedding({step % 8, 3}, w).sum().backward();
        embedding({(step * 5) % 8}, w).sum().backward();
      }
      CHECK(w.grad().is_row_sparse());
    }
    const auto gradient = pair.dense.grad().to_dense();
    pair.dense.grad().reset();
    pair.dense.grad().add(gradient);
    pair.optimizer->step();
    pair.dense_optimizer.step();
  }
  same(pair.table, pair.dense);
}

TEST_CASE("deferred rows: two tables and a matrix, in groups with rates of their own") {
  const std::vector<Tensor<double>> sparse = {leaf(training::start<double>({8, 3})),
                                              leaf(training::start<double>({5, 2})),
                                              leaf(training::start<double>({2, 2}))};
  std::vector<Tensor<double>> dense;
  for (const Tensor<double>& w : sparse) dense.push_back(leaf(w));
  const auto groups = [](const std::vector<Tensor<double>>& w) {
    return std::vector<Adam<double>::Group>{{{w[0]}, {.lr = 0.05}},
                                            {{w[1], w[2]}, {.lr = 0.2, .betas = {0.5, 0.9}, .weight_decay = 0.1}}};
  };
  Adam<double> adam(groups(sparse)), reference(groups(dense));
  CHECK(adam.group_count() == 2);
  CHECK(adam.lr(1) == 0.2);
  for (Index step = 1; step <= 40; ++step) {
    adam.zero_grad();
    reference.zero_grad();
    if (step == 20) adam.lr(1) = reference.lr(1) = 0.1;
    embedding({step % 8, 7}, sparse[0]).sum().backward();
    if (step % 3 != 0) embedding({step % 5}, sparse[1]).sum().backward();
    sparse[2].grad().add(training::gradient<double>({2, 2}, step));
    for (std::size_t k = 0; k < 3; ++k)
      if (sparse[k].grad().defined()) dense[k].grad().add(sparse[k].grad().to_dense());
    adam.step();
    reference.step();
  }
  for (std::size_t k = 0; k < 3; ++k) same(sparse[k], dense[k]);

  // the second group alone, with its own options, gives the same
  const auto alone = leaf(training::start<double>({5, 2}));
  Adam<double> single({alone}, {.lr = 0.2, .betas = {0.5, 0.9}, .weight_decay = 0.1});
  for (Index step = 1; step <= 40; ++step) {
    single.zero_grad();
    if (step == 20) single.lr() = 0.1;
    if (step % 3 == 0) continue;
    embedding({step % 5}, alone).sum().backward();
    single.step();
  }
  same(sparse[1], alone);
}

TEST_CASE("deferred rows: two optimizers on the same table") {
  const auto table = leaf(training::start<double>({8, 3})), dense = leaf(table);
  auto adam = std::make_unique<Adam<double>>(std::vector<Tensor<double>>{table}, AdamOptions{.lr = 0.05});
  SGD<double> sgd({table}, {.lr = 0.1, .momentum = 0.9}), dense_sgd({dense}, {.lr = 0.1, .momentum = 0.9});
  auto dense_adam = std::make_unique<Adam<double>>(std::vector<Tensor<double>>{dense}, AdamOptions{.lr = 0.05});
  for (Index step = 1; step <= 60; ++step) {
    table.grad().reset();
    dense.grad().reset();
    embedding({step % 8, (step * step) % 5}, table).sum().backward();
    dense.grad().add(table.grad().to_dense());
    if (step == 40) {  // one goes while the other owes
      adam.reset();
      dense_adam.reset();
    }
    if (step % 4 < 2 && adam) {
      adam->step();
      dense_adam->step();
    } else {
      sgd.step();
      dense_sgd.step();
    }
    if (step == 25) {
      const no_grad guard;
      same(embedding({6, 2}, table), embedding({6, 2}, dense));
    }
  }
  same(table, dense);
}

TEST_CASE("deferred rows: two parameters that are parts of one table") {
  const auto whole = training::start<double>({8, 3});
  const auto reference = whole.clone();
  const Tensor<double> top = slice(whole, 0, 0, 6).requires_grad_(), bottom = slice(whole, 0, 6, 8).requires_grad_();
  const auto dense_top = leaf(slice(reference, 0, 0, 6)), dense_bottom = leaf(slice(reference, 0, 6, 8));
  Adam<double> adam({top, bottom}, {.lr = 0.05}), dense({dense_top, dense_bottom}, {.lr = 0.05});
  for (Index step = 1; step <= 20; ++step) {
    adam.zero_grad();
    dense.zero_grad();
    embedding({step % 6, 5}, top).sum().backward();
    embedding({step % 2}, bottom).sum().backward();
    dense_top.grad().add(top.grad().to_dense());
    dense_bottom.grad().add(bottom.grad().to_dense());
    adam.step();
    dense.step();
  }
  same(top, dense_top);
  same(bottom, dense_bottom);
}

TEST_CASE("deferred rows: the same bits every time, and the same weights whether read along the way or not") {
  const auto run = [](bool reading) {
    Debt debt;
    for (Index step = 0; step < 20; ++step) {
      debt.look_up({step % 4});
      if (reading && step % 3 == 0) (void)debt.table.data();
    }
    return debt.table.clone();
  };
  CHECK(run(false).to_vector() == run(false).to_vector());
  same(run(true), run(false));
}

TEST_CASE("deferred rows: the same bits at any number of threads") {
  constexpr int steps = support::under_sanitizer ? 4 : 12;  // slow under a sanitizer
  const auto train = [](int threads, const auto& make_optimizer) {
    rowgrad::set_num_threads(threads);
    rowgrad::manual_seed(3);
    nn::Embedding<float> table(4000, 24);
    auto optimizer = make_optimizer(table.parameters());
    for (int step = 0; step < steps;
         ++step) {  // enough lookups for several threads, duplicates and rested rows among them
      optimizer.zero_grad();
      (table(rowgrad::randint(4000, {3000})) * rowgrad::randn({3000, 24})).sum().backward();
      optimizer.step();
    }
    return table.weight.to_vector();
  };
  const int before = rowgrad::get_num_threads();
  const auto check = [&](const auto& make_optimizer) {
    const auto one = train(1, make_optimizer);
    CHECK(train(2, make_optimizer) == one);
    CHECK(train(5, make_optimizer) == one);
  };
  check([](const auto& parameters) { return Adam<float>(parameters, {.lr = 0.01}); });
  check([](const auto& parameters) { return AdamW<float>(parameters, {.lr = 0.01}); });
  check([](const auto& parameters) { return Adam<float>(parameters, {.weight_decay = 0.01}); });
  check([](const auto& parameters) { return SGD<float>(parameters, {.lr = 0.1, .momentum = 0.9}); });
  rowgrad::set_num_threads(before);
}
