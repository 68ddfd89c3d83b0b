// What: runs of optimizers that the tests share: against PyTorch's golden weights, and deferred rows against dense
// steps. Why:  every optimizer and every option must pass the same ones. See:  golden/make_optim.py (the other side of
// the formulas), deferred_rows_test.cpp.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <rowgrad/optim/rule_optimizer.hpp>
#include <rowgrad/table/lookup.hpp>
#include <support/golden.hpp>

namespace training {

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

template <typename T>
Tensor<T> start(const Shape& shape) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i) x.data()[i] = static_cast<T>((i * 37 + 11) % 41 - 20) / T(16);
  return x;
}

template <typename T>
Tensor<T> gradient(const Shape& shape, Index step) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / T(1024);
  return x;
}

inline Indices looked_up(Index step) { return Indices{step * step % 6, (3 * step + 1) % 4, step * step % 6}; }

/// A leaf with a gradient of its own.
template <typename T>
Tensor<T> leaf(const Tensor<T>& values) {
  return values.detach().clone().requires_grad_();
}

template <typename T>
constexpr golden::Tolerance golden_tolerance() {
  return std::is_same_v<T, float> ? golden::Tolerance{1e-6, 3e-7} : golden::Tolerance{1e-12, 1e-14};
}

/// How far deferred rows may be from dense steps, in double: rounding alone, where a rule's missed steps are done one
/// by one or by matrices; for Adam and AdamW the error of the expansion, whose bound is a share of the row's movement
/// (AdamHistory::tolerance, AdamHistory::faded).
constexpr double rounding_tolerance = 1e-12, expansion_tolerance = 1e-11;

template <typename Options>
struct Variant {
  Options options;
  std::function<void(Options&)> change = {};  // in the middle of the run
};

template <typename T>
void expect_same(const Tensor<T>& got, const Tensor<T>& expected, golden::Tolerance tolerance) {
  CHECK(golden::difference(got, expected, tolerance) == "");
}

/// The cases of golden/<file>.txt whose variant stands in the table: 20 steps on a dense parameter, 30 on a table.
template <template <typename> class Optimizer, typename T, typename Options>
void expect_golden(const std::string& file, const std::map<std::string, Variant<Options>>& variants,
                   double deferred_tolerance) {
  std::map<std::string, int> used;
  for (const golden::Case& c : golden::read(file)) {
    const auto variant = variants.find(c.name.substr(c.name.find('@') + 1));
    if (variant == variants.end() || c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    ++used[variant->first];
    const bool on_rows = c.op() == "rows";
    const Tensor<T> w = leaf(start<T>(on_rows ? Shape{6, 2} : Shape{2, 3}));
    Optimizer<T> optimizer({w}, variant->second.options);
    const Index steps = on_rows ? 30 : 20;
    for (Index step = 1; step <= steps; ++step) {
      if (step == steps / 2 + 1) {
        optimizer.lr() *= 0.5;
        if (variant->second.change) variant->second.change(optimizer.options());
      }
      optimizer.zero_grad();
      if (!on_rows)
        w.grad().add(gradient<T>(w.shape(), step));
      else if (step % 7 != 3)
        embedding(looked_up(step), w).backward(gradient<T>(Shape{3, 2}, step));
      if (w.grad().defined()) optimizer.step();  // PyTorch's does nothing without a gradient, ours throws
      const std::string key = "w" + std::to_string(step);
      golden::Tolerance tolerance = golden_tolerance<T>();
      if (on_rows) tolerance.relative = tolerance.absolute = std::max(tolerance.relative, deferred_tolerance);
      if (c.has(key)) expect_same(w, c.tensor<T>(key), tolerance);
    }
  }
  if (std::is_same_v<T, double>)
    for (const auto& variant : variants) CHECK_MESSAGE(used.count(variant.first) == 1, "no case for ", variant.first);
}

template <template <typename> class Optimizer, typename Options>
void expect_golden_of_both_types(const std::string& file, const std::map<std::string, Variant<Options>>& variants,
                                 double deferred_tolerance = rounding_tolerance) {
  expect_golden<Optimizer, double>(file, variants, deferred_tolerance);
  expect_golden<Optimizer, float>(file, variants, deferred_tolerance);
}

/// 300 steps that look up a few rows of a 50 x 5 table, at a rate that changes with every step and is sometimes zero,
/// must leave the weights of the same optimizer on a parameter with dense gradients. Rows 40 to 48 are looked up in the
/// first and last ten steps alone, row 49 never; every 17th step looks up nothing. A looked-up row must be up to date
/// at once. `change(step, options)` is called before each step of either optimizer.
template <template <typename> class Optimizer, typename T, typename Options>
void expect_dense_weights(const Options& options, double tolerance,
                          const std::type_identity_t<std::function<void(Index, Options&)>>& change = {}) {
  rowgrad::Generator random(17);
  const Tensor<T> table = leaf(rowgrad::randn<T>({50, 5}, random)), reference = leaf(table);
  Optimizer<T> deferring({table}, options), stepping({reference}, options);
  const golden::Tolerance close{tolerance, tolerance};  // relative to weights of about 1
  const rowgrad::no_grad reading;
  for (Index step = 1; step <= 300; ++step) {
    deferring.zero_grad();
    stepping.zero_grad();
    for (Optimizer<T>* optimizer : {&deferring, &stepping}) {
      optimizer->lr() = step % 50 == 0 ? 0 : options.lr * (1 + 0.5 * std::sin(static_cast<double>(step)));
      if (change) change(step, optimizer->options());
    }
    if (step % 17 != 0) {
      Indices ids(Shape{2, 1 + random.below(4)});
      for (Index& id : ids.array()) id = random.below(step <= 10 || step > 290 ? 49 : 40);
      const Tensor<T> rows = embedding(ids, reference);
      const Tensor<T> seed = rowgrad::randn<T>(rows.shape(), random);
      seed.array() += T(0.1) * rows.array();
      const rowgrad::set_grad_enabled recording(true);
      const Tensor<T> looked_up = embedding(ids, table);
      REQUIRE(golden::difference(looked_up, rows, close) == "");
      looked_up.backward(seed);
      REQUIRE(table.grad().is_row_sparse());
      reference.grad().add(table.grad().to_dense());
    }
    if (!table.grad().defined()) continue;
    deferring.step();
    stepping.step();
  }
  expect_same(table, reference, close);
}

}  // namespace training
