// Operations as a user of the library writes them: with public names alone. Each is checked by gradcheck.
#include <doctest/doctest.h>

#include <memory>
#include <span>
#include <vector>

#include <rowgrad/rowgrad.hpp>

namespace {

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::InputNodes;
using rowgrad::Node;
using rowgrad::RowGradient;
using rowgrad::Shape;
using rowgrad::Tensor;
using Value = Tensor<double>;
using In = const std::vector<Value>&;

// x^2 w for one weight; dx = 2 g x w, dw = sum(g x^2).
template <typename T>
Tensor<T> weighted_square(const Tensor<T>& x, const Tensor<T>& w) {
  Tensor<T> y(x.shape());
  y.array() = x.array().square() * w.item();
  if (recording(x, w))
    record(
        y, "WeightedSquareBackward",
        [x = saved(x), w = saved(w)](Tensor<T> g, Node<T>* nx, Node<T>* nw) {
          if (nx != nullptr) {
            Tensor<T> dx(x.shape());
            dx.array() = 2 * w.item() * g.array() * x.array();
            nx->accumulate(std::move(dx));
          }
          if (nw != nullptr) nw->accumulate(rowgrad::full<T>(w.shape(), (g.array() * x.array().square()).sum()));
        },
        x, w);
  return y;
}

// The sum and the product of several tensors of one shape.
std::vector<Value> sum_and_product(const std::vector<Value>& inputs) {
  Value sum = rowgrad::zeros<double>(inputs[0].shape()), product = rowgrad::ones<double>(inputs[0].shape());
  bool any = false;
  for (const Value& x : inputs) {
    sum.array() += x.array();
    product.array() *= x.array();
    any = any || recording(x);
  }
  if (any) {
    std::vector<Value> kept;
    for (const Value& x : inputs) kept.push_back(saved(x));
    record(
        {&sum, &product}, "SumAndProductBackward",
        [kept, product = saved(product)](std::span<Value> g, InputNodes<double> nodes) {
          for (std::size_t k = 0; k < kept.size(); ++k) {
            if (nodes[k] == nullptr) continue;
            Value dx = rowgrad::zeros<double>(kept[k].shape());
            if (g[0].defined()) dx.array() += g[0].array();
            if (g[1].defined()) dx.array() += g[1].array() * product.array() / kept[k].array();
            nodes[k]->accumulate(std::move(dx));
          }
        },
        inputs);
  }
  return {sum, product};
}

// One row of a table, in double whatever the table holds; only that row has a gradient.
template <typename T>
Value row_in_double(const Tensor<T>& table, Index row) {
  const Index columns = table.size(1);
  Value y(Shape{columns});
  y.array() = table.matrix().row(row).template cast<double>().transpose().array();
  if (recording(table))
    record(
        y, "RowInDoubleBackward",
        [row, shape = table.shape()](Value g, Node<T>* node) {
          node->accumulate(RowGradient<T>{Indices{row}, g.to<T>().reshape({1, shape[1]}), shape});
        },
        table);
  return y;
}

}  // namespace

TEST_CASE("an operation of one's own with one output") {
  const Value x = Value{{1, -2}, {0.5, 3}}.requires_grad_(), w = Value{1.5}.requires_grad_();
  const auto f = [](In in) { return weighted_square(in[0], in[1]); };
  CHECK(rowgrad::gradcheck(f, {x, w}));
  w.requires_grad_(false);
  CHECK(rowgrad::gradcheck(f, {x, w}));
  const Value y = weighted_square(x, w);
  y.sum().backward();
  CHECK_THROWS_AS(y.sum().backward(), rowgrad::GraphError);
}

TEST_CASE("an operation of one's own that gives a gradient of another shape is found out") {
  const auto flat = [](const Value& x) {  // forgets that x may be a matrix
    Value y(x.shape());
    y.array() = 2 * x.array();
    if (recording(x))
      record(
          y, "FlatBackward",
          [n = x.numel() / 2](const Value& g, Node<double>* node) {
            Value dx(Shape{n});
            dx.array() = 2 * g.array().head(n);
            node->accumulate(std::move(dx));
          },
          x);
    return y;
  };
  const Value x = Value{{1, 2}, {3, 4}}.requires_grad_();
  const auto result = rowgrad::gradcheck([&](In in) { return flat(in[0]); }, {x});
  CHECK(!result);
  const std::string wrong =
      "backward of FlatBackward: an input of shape (2, 2) was given a gradient of shape (2,); a backward function must "
      "give each input one of that input's shape";
  CHECK(result.message == "gradcheck: " + wrong);
  CHECK_THROWS_WITH_AS(flat(x).sum().backward(), wrong.c_str(), rowgrad::ShapeError);
  CHECK(!x.grad().defined());
  CHECK_THROWS_WITH_AS((x * 2.0 + flat(x)).sum().backward(), wrong.c_str(), rowgrad::ShapeError);
  x.grad().reset();
  CHECK_THROWS_AS((embedding({0}, x).sum() + flat(x).sum()).backward(), rowgrad::ShapeError);
  x.grad().reset();
  // An operation before it would read more than there is.
  CHECK_THROWS_WITH_AS(flat(x * 2.0).sum().backward(),
                       doctest::Contains("FlatBackward: an input of 4 elements was given a gradient of shape (2,)"),
                       rowgrad::ShapeError);
  CHECK(!x.grad().defined());
  (x * 2.0).sum().backward();  // the graph is whole again
  CHECK(x.grad().dense().to_vector() == std::vector<double>(4, 2));
}

TEST_CASE("an operation of one's own: gradients of a leaf's size but another shape, and rows that do not fit") {
  const Value x = Value{{1, 2}, {3, 4}, {5, 6}}.requires_grad_();
  const auto gives = [&x](const auto& gradient) {
    Value y(Shape{});
    y.data()[0] = 1;
    record(
        y, "WrongBackward", [gradient](const Value&, Node<double>* node) { node->accumulate(gradient); }, x);
    return y;
  };
  CHECK_THROWS_WITH_AS(
      gives(rowgrad::ones<double>({2, 3})).backward(),
      doctest::Contains("WrongBackward: an input of shape (3, 2) was given a gradient of shape (2, 3)"),
      rowgrad::ShapeError);
  using Rows = rowgrad::RowGradient<double>;
  const Value one = rowgrad::ones<double>({1, 2}), narrow = rowgrad::ones<double>({1, 1});
  CHECK_THROWS_AS(gives(Rows{rowgrad::Indices{1}, one, Shape{4, 2}}).backward(), rowgrad::ShapeError);
  CHECK_THROWS_WITH_AS(gives(Rows{rowgrad::Indices{1}, narrow, Shape{3, 2}}).backward(),
                       doctest::Contains("rows (1,) and values (1, 1); expected rows (n) and values (n, 2)"),
                       rowgrad::ShapeError);
  CHECK_THROWS_AS(gives(Rows{rowgrad::Indices{1, 2}, one, Shape{3, 2}}).backward(), rowgrad::ShapeError);
  CHECK(!x.grad().defined());
  CHECK_NOTHROW(gives(Rows{rowgrad::Indices{1}, one, Shape{3, 2}}).backward());
}

TEST_CASE("an operation of one's own may keep its outputs, and is freed all the same") {
  const auto alive = std::make_shared<int>(0);
  const Value x = Value{1, 2}.requires_grad_();
  const auto keeps_outputs = [&] {
    Value y(x.shape()), z(x.shape());
    y.array() = x.array().exp();
    record(
        y, "ExpBackward",
        [y = saved(y), alive](Value g, Node<double>* node) {
          Value dx(y.shape());
          dx.array() = g.array() * y.array();
          node->accumulate(std::move(dx));
        },
        x);
    z.array() = y.array().square();
    record(
        {&z}, "SquareBackward", [z, alive](std::span<Value>, Node<double>*) {}, y);
    CHECK(z.requires_grad());
    return y;
  };
  {
    const Value y = keeps_outputs();
    CHECK(alive.use_count() == 2);
    y.sum().backward();
    CHECK(x.grad().dense().to_vector() == y.to_vector());
    keeps_outputs();
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("an operation of one's own over a list, with two outputs") {
  const std::vector<Value> x{Value{1, -2}.requires_grad_(), Value{0.5, 3}.requires_grad_(), Value{4, 0.25}};
  CHECK(rowgrad::gradcheck(sum_and_product, x));
  CHECK(rowgrad::gradcheck([](In in) { return sum_and_product(in)[0]; }, x));
  CHECK(rowgrad::gradcheck([](In in) { return sum_and_product(in)[1]; }, x));
}

TEST_CASE("an operation of one's own with a row-sparse gradient, from one scalar type to another") {
  const Tensor<float> table = Tensor<float>{{1, 2}, {3, 4}, {5, 6}}.requires_grad_();
  const Value y = row_in_double(table, 1);
  CHECK(y.to_vector() == std::vector<double>{3, 4});
  (y * y).sum().backward();
  CHECK(table.grad().is_row_sparse());
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{1});
  CHECK(table.grad().values().to_vector() == std::vector<float>{6, 8});
  const Value wide = table.detach().to<double>().requires_grad_();
  CHECK(rowgrad::gradcheck([](In in) { return row_in_double(in[0], 2); }, {wide}));
}
