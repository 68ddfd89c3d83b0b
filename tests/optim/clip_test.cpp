#include "training.hpp"

#include <limits>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/optim/clip.hpp>

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::optim::clip_grad_norm_;
using rowgrad::optim::clip_grad_value_;
using training::leaf;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The two parameters of golden/make_optim.py, the first with a dense or a row-sparse gradient; a third has none.
template <typename T>
std::vector<Tensor<T>> parameters(bool row_sparse) {
  const std::vector<Tensor<T>> p = {leaf(training::start<T>({4, 2})), leaf(training::start<T>({3})),
                                    leaf(training::start<T>({2}))};
  const Tensor<T> a = training::gradient<T>({4, 2}, 1);
  a.matrix().row(1).setZero();
  if (row_sparse) {
    Tensor<T> seed(Shape{3, 2});
    seed.matrix().row(0) = a.matrix().row(3);
    seed.matrix().row(1) = a.matrix().row(0);
    seed.matrix().row(2) = a.matrix().row(2);
    embedding({3, 0, 2}, p[0]).backward(seed);
  } else {
    p[0].grad().add(a);
  }
  p[1].grad().add(training::gradient<T>({3}, 2));
  return p;
}

template <typename T>
void check_golden() {
  const std::map<std::string, std::pair<double, double>> arguments = {
      {"norm@norm2", {0.5, 2}},       {"norm@norm1", {0.5, 1}},
      {"norm@inf", {0.25, infinity}}, {"norm@loose", {100, 2}},
      {"norm@zero", {0.0, 2.0}},      {"norm@norm3", {0.5, 3}},
      {"norm@half", {2, 0.5}},        {"norm@count", {0.5, 0}},
      {"norm@negative", {0.01, -1}},  {"norm@smallest", {0.01, -infinity}},
  };
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("optim_clip")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    for (bool row_sparse : {false, true}) {
      CAPTURE(c.name);
      CAPTURE(row_sparse);
      const auto p = parameters<T>(row_sparse);
      REQUIRE(p[0].grad().is_row_sparse() == row_sparse);
      if (c.op() == "value") {
        clip_grad_value_(p, 0.3);
      } else {
        const auto [max_norm, type] = arguments.at(c.name);
        const double norm = clip_grad_norm_(p, max_norm, type),
                     expected = static_cast<double>(c.tensor<T>("norm").item());
        CHECK(norm == doctest::Approx(expected).epsilon(std::is_same_v<T, float> ? 1e-6 : 1e-14));
      }
      CHECK(p[0].grad().is_row_sparse() == row_sparse);
      training::expect_same(p[0].grad().to_dense(), c.tensor<T>("a"), training::golden_tolerance<T>());
      training::expect_same(p[1].grad().dense(), c.tensor<T>("b"), training::golden_tolerance<T>());
      CHECK(!p[2].grad().defined());
    }
    ++cases;
  }
  CHECK(cases == arguments.size() + 1);
}

Tensor<double> with_gradient(const Tensor<double>& gradient) {
  const auto x = leaf(rowgrad::zeros<double>(gradient.shape()));
  x.grad().add(gradient.clone());
  return x;
}

}  // namespace

TEST_CASE("clipping: PyTorch's numbers, on dense and row-sparse gradients") {
  check_golden<double>();
  check_golden<float>();
}

TEST_CASE("clip_grad_norm_: the norm of many float gradients is summed in double, in an order of its own") {
  const Index n = (1 << 20) + 77;
  const auto x = leaf(rowgrad::zeros<float>({n})), y = leaf(rowgrad::zeros<float>({3}));
  x.grad().add(rowgrad::full<float>({n}, 0.1f));
  y.grad().add(Tensor<float>{1e20f, 0, 1e20f});  // their squares are no floats
  const double tenth = static_cast<double>(0.1f), count = static_cast<double>(n);
  CHECK(clip_grad_norm_<float>({x}, 1e9) == doctest::Approx(tenth * std::sqrt(count)).epsilon(1e-14));
  CHECK(clip_grad_norm_<float>({x}, 1e9, 1) == doctest::Approx(tenth * count).epsilon(1e-14));
  CHECK(clip_grad_norm_<float>({y}, 1e30) == doctest::Approx(std::sqrt(2.0) * 1e20));
}

TEST_CASE("clip_grad_norm_: parameters without a gradient, or that never required one") {
  const auto plain = rowgrad::ones<double>({2});
  CHECK(clip_grad_norm_<double>({}, 1) == 0);
  CHECK(clip_grad_norm_<double>({plain, leaf(plain)}, 1) == 0);
  const auto x = with_gradient({3, 4});
  CHECK(clip_grad_norm_<double>({plain, x}, 1) == 5);
  CHECK(x.grad().dense().data()[0] == doctest::Approx(0.6).epsilon(1e-6));
}

TEST_CASE("clip_grad_norm_: a row-sparse gradient of no rows") {
  const auto table = leaf(rowgrad::ones<double>({3, 2}));
  embedding(rowgrad::Indices(Shape{0}), table).sum().backward();
  REQUIRE(table.grad().defined());
  for (double type : {1.0, 2.0, infinity}) CHECK(clip_grad_norm_<double>({table}, 0.1, type) == 0);
  CHECK_NOTHROW(clip_grad_value_<double>({table}, 0.1));
}

TEST_CASE("clip_grad_norm_: gradients that are not finite") {
  for (double type : {1.0, 2.0, infinity}) {
    CAPTURE(type);
    auto x = with_gradient({1, not_a_number, 2}), y = with_gradient({5});
    CHECK_THROWS_WITH_AS(clip_grad_norm_<double>({x, y}, 1, type, true), doctest::Contains("nothing was clipped"),
                         ValueError);
    CHECK(y.grad().dense().item() == 5);
    CHECK(std::isnan(clip_grad_norm_<double>({x, y}, 1, type)));
    CHECK(std::isnan(y.grad().dense().item()));  // as in PyTorch
    x = with_gradient({1, -infinity, 2});
    y = with_gradient({5});
    CHECK_THROWS_AS(clip_grad_norm_<double>({y, x}, 1, type, true), ValueError);
    CHECK(clip_grad_norm_<double>({y, x}, 1, type) == infinity);
    CHECK(y.grad().dense().item() == 0);
    CHECK(std::isnan(x.grad().dense().data()[1]));
  }
}

TEST_CASE("clip_grad_value_: limits are kept, NaN stays, infinity is cut") {
  const auto x = with_gradient({-2, -0.5, 0, 0.25, 3, infinity, not_a_number});
  clip_grad_value_<double>({x}, 0.5);
  const auto clipped = x.grad().dense().to_vector();
  CHECK(std::vector<double>(clipped.begin(), clipped.end() - 1) == std::vector<double>{-0.5, -0.5, 0, 0.25, 0.5, 0.5});
  CHECK(std::isnan(clipped.back()));
}

TEST_CASE("clipping changes the gradients of the parameters given, and nothing else") {
  // the rows of both tables get the same gradient: each must own its values
  const auto a = leaf(rowgrad::ones<double>({4, 2})), b = leaf(rowgrad::ones<double>({4, 2}));
  const auto seed = rowgrad::full<double>({3, 2}, 1);
  (slice(a, 0, 0, 3) + slice(b, 0, 1, 4)).backward(seed);
  CHECK(clip_grad_norm_<double>({a}, std::sqrt(6.0) / 2) == doctest::Approx(std::sqrt(6.0)));
  CHECK(a.grad().values().data()[0] == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(b.grad().values().data()[0] == 1);
  CHECK(seed.data()[0] == 1);
}

TEST_CASE("clipping: arguments out of range") {
  const auto x = with_gradient({3, 4});
  CHECK_THROWS_AS(clip_grad_norm_<double>({x}, -1), ValueError);
  CHECK_THROWS_AS(clip_grad_norm_<double>({x}, not_a_number), ValueError);
  CHECK_THROWS_AS(clip_grad_norm_<double>({x}, 1, not_a_number), ValueError);
  CHECK_THROWS_AS(clip_grad_value_<double>({x}, -0.1), ValueError);
  CHECK_THROWS_AS(clip_grad_value_<double>({x}, not_a_number), ValueError);
  CHECK(x.grad().dense().to_vector() == std::vector<double>{3, 4});
}

TEST_CASE("clipping: rows without a gradient count as zeros in any norm, NaN shows, no gradients have norm 0") {
  for (const double type : {0.5, 3.0, -1.0, -infinity, 0.0}) {
    CAPTURE(type);
    const auto table = leaf(training::start<double>({4, 2})), dense = leaf(table);
    embedding({1, 3}, table).backward(rowgrad::ones<double>({2, 2}));
    dense.grad().add(table.grad().to_dense());
    CHECK(clip_grad_norm_<double>({table}, 1e9, type) ==
          doctest::Approx(clip_grad_norm_<double>({dense}, 1e9, type)).epsilon(1e-14));
    CHECK(clip_grad_norm_<double>({leaf(table)}, 1, type) == 0);
    const auto bad = with_gradient({3, not_a_number});
    if (type != 0) CHECK(std::isnan(clip_grad_norm_<double>({bad}, 1, type)));
  }
}
