#include <doctest/doctest.h>

#include <sstream>

#include <rowgrad/rowgrad.hpp>

#include <support/golden.hpp>

using rowgrad::enable_grad;
using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::no_grad;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
namespace autograd = rowgrad::autograd;

namespace {

using Value = Tensor<double>;

void check(const std::string& name, const std::vector<Value>& gradients, const golden::Case& c) {
  CAPTURE(name);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    CAPTURE(i);
    CHECK(golden::difference(gradients[i], c.tensor<double>("y" + std::to_string(i))) == "");
  }
}

}  // namespace

TEST_CASE("autograd::grad, hooks and kept gradients agree with PyTorch") {
  for (const golden::Case& c : golden::read("autograd_grad")) {
    const Value x = c.tensor<double>("x0").requires_grad_(), w = c.tensor<double>("x1").requires_grad_();
    if (c.name == "one") check(c.name, autograd::grad(sum(x * w * w), x), c);
    if (c.name == "both") check(c.name, autograd::grad(sum(x * w * w), {w, x}), c);
    if (c.name == "seeded") check(c.name, autograd::grad(x * w * w, {w, x}, {.grad_outputs = {x.detach() + 1}}), c);
    if (c.name == "two_outputs") check(c.name, autograd::grad({sum(x * w), sum(exp(w))}, {w, x}), c);
    if (c.name == "itself") check(c.name, autograd::grad(w, w, {.grad_outputs = {w.detach()}}), c);
    if (c.name == "hidden") {
      const Value h = tanh(x * w);
      check(c.name, autograd::grad(sum(h * h * w), {h, x, w}), c);
    }
    if (c.name == "deep") {
      const Value h = exp(x * w), k = h * x;
      check(c.name, autograd::grad(sum(k * w + h), {k, h, w}), c);
    }
    if (c.name == "hooked") {
      const Value h = x * w;
      h.register_hook([](const Value& g) { return g * 2; });
      h.register_hook([](const Value& g) { return g + 1; });
      h.retain_grad();
      w.register_hook([](const Value& g) {
        const Value limited = g.clone();
        limited.array() = limited.array().max(-1).min(1);
        return limited;
      });
      const Value y = sum(h * h + w);
      for (int i = 0; i < 2; ++i) y.backward(true);
      check(c.name, {x.grad().dense(), w.grad().dense(), h.grad().dense()}, c);
    }
  }
}

TEST_CASE("autograd::grad leaves everybody's gradient alone, and the graph as it was") {
  const Value x = Value{1, 2}.requires_grad_(), w = Value{3, 4}.requires_grad_(), b = Value{5, 6}.requires_grad_();
  const Value h = x * w, y = sum(h * h + b);
  y.backward(true);
  const auto before = w.grad().dense().to_vector();
  const auto gradients = autograd::grad(y, {w, w, h}, {.retain_graph = true});
  CHECK(gradients[0].to_vector() == before);
  CHECK(gradients[1].to_vector() == before);
  CHECK(gradients[2].to_vector() == std::vector<double>{6, 16});
  CHECK(w.grad().dense().to_vector() == before);
  CHECK(b.grad().dense().to_vector() == std::vector<double>{1, 1});
  // The whole graph is walked again.
  y.backward(true);
  CHECK(x.grad().dense().to_vector() == std::vector<double>{2 * 2 * 3 * 3, 2 * 2 * 2 * 16});
  CHECK(b.grad().dense().to_vector() == std::vector<double>{2, 2});
  // Of one without a gradient yet.
  const Value fresh = Value{1, 1}.requires_grad_();
  CHECK(autograd::grad(sum(fresh * fresh), fresh)[0].to_vector() == std::vector<double>{2, 2});
  CHECK(!fresh.grad().defined());
  // Freed unless kept.
  (void)autograd::grad(y, x);
  CHECK_THROWS_AS(autograd::grad(y, x), GraphError);
  CHECK_THROWS_AS(y.backward(), GraphError);
}

TEST_CASE("autograd::grad of a table, of results with several outputs, under no_grad") {
  const Value table = rowgrad::ones<double>({4, 2}).requires_grad_();
  const Value rows = table[Indices{1, 1, 3}];
  const auto gradients = autograd::grad(sum(rows * rows), {table, rows});
  CHECK(gradients[0].to_vector() == std::vector<double>{0, 0, 4, 4, 0, 0, 2, 2});
  CHECK(gradients[1].shape() == Shape{3, 2});
  const auto parts = (table * 2).chunk(2);
  const Value y = sum(parts[0] * parts[0] * 3 + parts[1]);
  const auto of_parts = autograd::grad(y, {parts[0], parts[1], table});
  CHECK(of_parts[0].to_vector() == std::vector<double>(4, 12));
  CHECK(of_parts[1].to_vector() == std::vector<double>(4, 1));
  CHECK(of_parts[2].to_vector() == std::vector<double>{24, 24, 24, 24, 2, 2, 2, 2});
  const Value z = sum(table * table);
  const no_grad guard;
  CHECK(autograd::grad(z, table)[0].to_vector() == std::vector<double>(8, 2));
  CHECK(!rowgrad::is_grad_enabled());
  {
    const enable_grad on;
    CHECK(recording(table));
  }
  CHECK(!recording(table));
}

TEST_CASE("what has no gradient is an error, or undefined where that is allowed") {
  const Value x = Value{1, 2}.requires_grad_(), unused = Value{1, 2}.requires_grad_(), constant{1, 2};
  const auto y = [&] { return sum(x * x); };
  CHECK_THROWS_AS(autograd::grad(y(), unused), GraphError);
  CHECK_THROWS_AS(autograd::grad(y(), {x, unused}), GraphError);
  const auto allowed = autograd::grad(y(), {x, unused}, {.allow_unused = true});
  CHECK(allowed[0].to_vector() == std::vector<double>{2, 4});
  CHECK(!allowed[1].defined());
  CHECK(!autograd::grad(y(), unused, {.allow_unused = true})[0].defined());
  CHECK_THROWS_AS(autograd::grad(y(), constant), GraphError);
  CHECK_THROWS_AS(autograd::grad(sum(constant), x), GraphError);
  CHECK_THROWS_AS(autograd::grad(x * x, x), ShapeError);
  CHECK_THROWS_AS(autograd::grad(x * x, x, {.grad_outputs = {Value{1, 2, 3}}}), ShapeError);
  CHECK_THROWS_AS(autograd::grad({y(), y()}, {x}, {.grad_outputs = {Value{1}}}), ShapeError);
  CHECK_THROWS_WITH_AS(
      autograd::grad(y(), x, {.create_graph = true}),
      "grad: second derivatives are not supported: a gradient is not recorded (create_graph must be false)",
      GraphError);
  CHECK(!x.grad().defined());

  // A leaf that was changed matters only where it is needed.
  const Value w = Value{1, 2}.requires_grad_();
  const Value product = w * w, mixed = sum(product + x * x);
  {
    const no_grad guard;
    w += 1;
  }
  CHECK(autograd::grad(mixed, x, {.retain_graph = true})[0].to_vector() == std::vector<double>{2, 4});
  CHECK_THROWS_AS(autograd::grad(mixed, {x, w}, {.retain_graph = true}), GraphError);
  CHECK(autograd::grad(mixed, product)[0].to_vector() == std::vector<double>{1, 1});
}

TEST_CASE("hooks: what they may do, and where there are none") {
  const Value x = Value{1, 2}.requires_grad_();
  const Value h = x * 3;
  double seen = 0;
  h.register_hook([&seen](const Value& g) { seen = g.array().sum(); });
  CHECK_THROWS_AS(h.grad(), GraphError);
  h.retain_grad();
  h.retain_grad();
  x.retain_grad();
  CHECK(!h.grad().defined());
  sum(h * h).backward();
  CHECK(seen == 18);
  CHECK(h.grad().dense().to_vector() == std::vector<double>{6, 12});
  CHECK(x.grad().dense().to_vector() == std::vector<double>{18, 36});

  const Value y = x * 2;
  y.register_hook([](const Value&) { return Value{1, 2, 3}; });
  CHECK_THROWS_AS(sum(y).backward(), ShapeError);
  CHECK_THROWS_AS((Value{1}.register_hook([](const Value&) {})), GraphError);
  CHECK_THROWS_AS(Value{1}.retain_grad(), GraphError);

  // A hook of a leaf sees what one walk gathers, once; when it throws, the gradient is what it was.
  const Value w = Value{1, 2}.requires_grad_();
  int calls = 0;
  bool fail = false;
  w.register_hook([&](const Value& g) {
    ++calls;
    if (fail) throw std::runtime_error("hook");
    return g * 10;
  });
  sum(w * w + w).backward();
  CHECK(calls == 1);
  CHECK(w.grad().dense().to_vector() == std::vector<double>{30, 50});
  fail = true;
  CHECK_THROWS_AS(sum(w * w).backward(), std::runtime_error);
  CHECK(w.grad().dense().to_vector() == std::vector<double>{30, 50});
  fail = false;
  sum(w).backward();
  CHECK(w.grad().dense().to_vector() == std::vector<double>{40, 60});
  CHECK(autograd::grad(sum(w), w)[0].to_vector() == std::vector<double>{10, 10});
}

TEST_CASE("a gradient is printed, has a norm, can be set to zero and multiplied") {
  const Value x = Value{3, 4}.requires_grad_();
  std::ostringstream none;
  none << x.grad();
  CHECK(none.str() == "None");
  CHECK_THROWS_AS(x.grad().zero_(), GraphError);
  sum(x * x).backward();
  std::ostringstream out;
  out << x.grad();
  CHECK(out.str() == "tensor([6., 8.], dtype=float64)");
  CHECK(x.grad().norm().item() == 10);
  {
    const no_grad guard;
    x -= 0.5 * x.grad();
  }
  CHECK(x.to_vector() == std::vector<double>{0, 0});
  x.grad().zero_();
  CHECK(x.grad().dense().to_vector() == std::vector<double>{0, 0});
  const Value table = rowgrad::ones<double>({3, 1}).requires_grad_();
  sum(table[{1, 1}]).backward();
  CHECK((table.grad() * 2).to_vector() == std::vector<double>{0, 4, 0});
  CHECK(table.grad().norm().item() == 2);
}
