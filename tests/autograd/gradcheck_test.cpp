#include <doctest/doctest.h>

#include <rowgrad/autograd/gradcheck.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>

using rowgrad::gradcheck;
using rowgrad::Tensor;
using Value = Tensor<double>;
using In = const std::vector<Value>&;

namespace {
// x * x with a gradient that is wrong by a factor, or by an offset in one element.
Value wrong_square(const Value& x, double factor, double offset = 0, rowgrad::Index element = 0) {
  Value y(x.shape());
  y.array() = x.array().square();
  if (rowgrad::recording(x)) {
    rowgrad::record(
        y, "WrongSquare",
        [=, x = rowgrad::saved(x)](Value g, rowgrad::Node<double>* node) {
          Value dx(x.shape());
          dx.array() = factor * g.array() * x.array();
          dx.data()[element] += offset;
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}
}  // namespace

TEST_CASE("gradcheck: passes the right gradient and tells how far off it was") {
  const Value x = Value{{1, -2}, {0.5, 3}}.requires_grad_();
  const auto result = gradcheck([](In in) { return wrong_square(in[0], 2); }, {x});
  CHECK(result);
  CHECK(result.message == "");
  CHECK(result.largest_error < 1e-8);
  CHECK(result.largest_error >= 0);
}

TEST_CASE("gradcheck: fails a gradient that is wrong by little, everywhere or in one element") {
  const Value x = Value{{1, -2}, {0.5, 3}}.requires_grad_();
  CHECK(!gradcheck([](In in) { return wrong_square(in[0], 2.001); }, {x}));
  CHECK(!gradcheck([](In in) { return wrong_square(in[0], -2); }, {x}));
  const auto result = gradcheck([](In in) { return wrong_square(in[0], 2, 1e-3, 2); }, {x});
  CHECK(!result);
  CHECK(result.largest_error == doctest::Approx(1e-3).epsilon(1e-3));
  CHECK(result.message.find("gradcheck: input 0, element 2 of shape (2, 2): analytic") == 0);
  CHECK(!gradcheck([](In in) { return wrong_square(in[0], 2, std::nan("")); }, {x}));
}

TEST_CASE("gradcheck: fails a gradient that is missing, and one that belongs to another element") {
  const Value x = Value{1, -2, 0.5}.requires_grad_(), y = Value{2, 3, 4}.requires_grad_();
  CHECK(!gradcheck([](In in) { return in[0] + in[1].detach(); }, {x, y}));
  // The sum of the results has the right gradient, the weighted one has not.
  const auto reversed = [](In in) {
    Value z = in[0].clone();
    if (rowgrad::recording(in[0])) {
      rowgrad::record(
          z, "Reversed",
          [](Value g, rowgrad::Node<double>* node) {
            Value dx(g.shape());
            dx.array() = g.array().reverse();
            node->accumulate(std::move(dx));
          },
          in[0]);
    }
    return z;
  };
  CHECK(!gradcheck(reversed, {x}));
}

TEST_CASE("gradcheck: checks only what requires a gradient, and something must") {
  const Value x = Value{1, -2, 0.5}.requires_grad_(), constant{2, 3, 4};
  CHECK(gradcheck([](In in) { return in[0] * wrong_square(in[1], 7); }, {x, constant}));
  CHECK_THROWS_AS(gradcheck([](In in) { return in[0]; }, {constant}), rowgrad::GraphError);
}

TEST_CASE("gradcheck: leaves the inputs' values as they were") {
  const Value x = Value{0.1, -0.2, 0.3}.requires_grad_();
  const auto before = x.to_vector();
  gradcheck([](In in) { return sum(in[0] * in[0]); }, {x});
  CHECK(x.to_vector() == before);
}

TEST_CASE("gradcheck: leaves the inputs' values as they were when the function throws in the middle") {
  const Value x = Value{0.1, -0.2, 0.3}.requires_grad_();
  const auto before = x.to_vector();
  for (const int last : {1, 2, 3, 4, 5, 6, 7}) {
    CAPTURE(last);
    int calls = 0;
    CHECK_THROWS_AS(gradcheck(
                        [&](In in) {
                          if (calls++ == last) throw rowgrad::ValueError("out of range");
                          return in[0] * in[0];
                        },
                        {x}),
                    rowgrad::ValueError);
    CHECK(x.to_vector() == before);
    CHECK(rowgrad::is_grad_enabled());
  }
}

TEST_CASE("gradcheck: a function with several outputs, one of which may be wrong, unused or constant") {
  const Value x = Value{1, -2, 0.5}.requires_grad_(), y = Value{{2, 3, 4}}.requires_grad_();
  const auto check = [&](double factor) {
    return gradcheck(
        [=](In in) {
          return std::vector<Value>{in[0] * in[1], Value(), wrong_square(in[0], factor), Value{7}, sum(in[1])};
        },
        {x, y});
  };
  CHECK(check(2));
  CHECK(!check(2.001));
  CHECK(check(2.001).message.find("gradcheck: input 0, element 0 of shape (3,): analytic") == 0);
}

TEST_CASE("gradcheck: a function that leaves the graph, and one that is not deterministic") {
  const Value x = Value{1, -2, 0.5}.requires_grad_();
  CHECK_THROWS_WITH_AS(gradcheck([](In in) { return in[0].detach() * 2; }, {x}),
                       "gradcheck: no output requires a gradient (does the function leave the graph, by detach() or "
                       "under no_grad?)",
                       rowgrad::GraphError);
  double noise = 0;
  const auto result = gradcheck([&](In in) { return in[0] + (noise += 1); }, {x});
  CHECK(!result);
  CHECK(result.message.find("gradcheck: the function gives other values") == 0);
}

TEST_CASE("gradcheck: a tolerance of one's own") {
  const Value x = Value{1, -2, 0.5}.requires_grad_();
  const auto off = [](In in) { return wrong_square(in[0], 2.001); };
  CHECK(gradcheck(off, {x}, {.rtol = 0.01}));
  CHECK(!gradcheck(off, {x}, {.rtol = 1e-4}));
}
