// What: tables of operations whose gradients are compared with central differences: rows of them and their check.
// Why:  an operation's test is one line, a function and the shapes of its inputs.
// See:  functional/gradcheck_*_test.cpp (the tables).
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include <rowgrad/rowgrad.hpp>

namespace gradient_table {

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

using Value = Tensor<double>;
using In = const std::vector<Value>&;

// What the values of the inputs look like.
enum class Values {
  normal,    // any
  away,      // at least 0.3 from zero: for kinks and poles at zero
  positive,  // 0.5 to 2
  unit,      // 0.1 to 0.9: probabilities
  zeros,     // every third is zero
  distinct,  // differences of at least 0.1, in random order: for max
};

struct Row {
  const char* name;
  std::function<Value(In)> f;
  std::vector<Shape> shapes;
  Values values = Values::normal;
};

inline Value make(const Shape& shape, Values values, Generator& generator) {
  Value x = rowgrad::randn<double>(shape, generator);
  if (values == Values::distinct) {
    const Indices order = rowgrad::randperm(x.numel(), generator);
    for (Index i = 0; i < x.numel(); ++i) x.data()[i] = 0.1 * static_cast<double>(order.data()[i]) - 0.33;
  }
  for (Index i = 0; i < x.numel(); ++i) {
    double& v = x.data()[i];
    if (values == Values::away) v += v < 0 ? -0.3 : 0.3;
    if (values == Values::positive) v = generator.uniform(0.5, 2.0);
    if (values == Values::zeros && i % 3 == 1) v = 0;
    if (values == Values::unit) v = generator.uniform(0.1, 0.9);
  }
  return x;
}

/// Every row, with a gradient for all inputs and for each input alone: the other branches are pruned then.
inline void check(const std::vector<Row>& rows) {
  std::uint64_t seed = 0;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Generator generator(++seed);
    std::vector<Value> inputs;
    for (const Shape& shape : row.shapes) inputs.push_back(make(shape, row.values, generator).requires_grad_());
    const auto result = rowgrad::gradcheck(row.f, inputs);
    CHECK_MESSAGE(result.ok, result.message);
    for (const Value& input : inputs) CHECK((input.grad().defined() || input.numel() == 0));

    // Each input alone: the other branches are pruned.
    for (std::size_t k = 0; inputs.size() > 1 && k < inputs.size(); ++k) {
      CAPTURE(k);
      for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].requires_grad_(i == k);
      const auto alone = rowgrad::gradcheck(row.f, inputs);
      CHECK_MESSAGE(alone.ok, alone.message);
    }
  }
}

}  // namespace gradient_table
