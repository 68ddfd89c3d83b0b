#include <doctest/doctest.h>

#include <rowgrad/core/printing.hpp>
#include <rowgrad/functional/comparison.hpp>
#include <rowgrad/functional/logic.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Mask;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {

std::vector<bool> bits(const Mask& mask) { return mask.to_vector(); }
using Bits = std::vector<bool>;

const Tensor<float> x{-1, 0, 2, NAN};

}  // namespace

TEST_CASE("comparisons of a tensor and a number, in either order") {
  CHECK(bits(x == 0) == Bits{0, 1, 0, 0});
  CHECK(bits(x != 0) == Bits{1, 0, 1, 1});  // NaN is unequal to everything
  CHECK(bits(x < 0) == Bits{1, 0, 0, 0});
  CHECK(bits(x <= 0) == Bits{1, 1, 0, 0});
  CHECK(bits(x > 0) == Bits{0, 0, 1, 0});
  CHECK(bits(x >= 0) == Bits{0, 1, 1, 0});
  CHECK(bits(0 == x) == Bits{0, 1, 0, 0});
  CHECK(bits(0 != x) == Bits{1, 0, 1, 1});
  CHECK(bits(0 > x) == Bits{1, 0, 0, 0});
  CHECK(bits(0 >= x) == Bits{1, 1, 0, 0});
  CHECK(bits(0 < x) == Bits{0, 0, 1, 0});
  CHECK(bits(0 <= x) == Bits{0, 1, 1, 0});
  CHECK(bits(rowgrad::lt(x, 0)) == Bits{1, 0, 0, 0});
  CHECK(bits(rowgrad::le(x, 0)) == Bits{1, 1, 0, 0});
  CHECK(bits(rowgrad::gt(x, 0)) == Bits{0, 0, 1, 0});
  CHECK(bits(rowgrad::ge(x, 0)) == Bits{0, 1, 1, 0});
  CHECK(bits(rowgrad::ne(x, x)) == Bits{0, 0, 0, 1});
}

TEST_CASE("comparisons meet in PyTorch's type") {
  CHECK(bits(Tensor<float>{0.1f} == 0.1) == Bits{1});  // the number becomes float, not the tensor double
  CHECK(bits(Tensor<double>{0.1} == 0.1f) == Bits{0});
  CHECK(bits(Indices{0, 1} < 0.5) == Bits{1, 0});
  CHECK(bits(Indices{0, 1} > 0.5) == Bits{0, 1});
  CHECK(bits(Indices{16777217} == 16777216.0) == Bits{1});  // an integer beside a fraction is a float
  CHECK(bits(Indices{16777217} == 16777216) == Bits{0});
  CHECK(bits(Mask{1, 0} == 1) == Bits{1, 0});
  CHECK(bits(Mask{1, 0} == 2) == Bits{0, 0});
  CHECK(bits(Mask{1, 0} == true) == Bits{1, 0});
  CHECK(bits(Tensor<float>{1, 2.5} == Indices{1, 2}) == Bits{1, 0});
  CHECK(bits(Tensor<float>{0.1f} == Tensor<double>{0.1}) == Bits{0});
  CHECK(bits(Mask{1, 0} == Indices{1, 2}) == Bits{1, 0});
}

TEST_CASE("comparisons broadcast") {
  const Mask m = Tensor<float>{{1}, {3}} < Tensor<float>{0, 2, 4};
  CHECK(m.shape() == Shape{2, 3});
  CHECK(bits(m) == Bits{0, 1, 1, 0, 0, 1});
  CHECK((rowgrad::ones({0, 3}) == rowgrad::ones({3})).shape() == Shape{0, 3});
  CHECK((rowgrad::ones({}) == 1).shape() == Shape{});
  CHECK_THROWS_WITH_AS((void)(rowgrad::ones({2}) == rowgrad::ones({3})),
                       "eq: shapes (2,) and (3,) do not broadcast: sizes must be equal or 1, counted from the last "
                       "dimension",
                       ShapeError);
}

TEST_CASE("masks: made, printed, moved between shapes, counted") {
  const Mask m{{1, 0, 1}, {0, 0, 1}};
  CHECK(to_string(m) == "tensor([[ True, False,  True],\n        [False, False,  True]])");
  CHECK(to_string(Mask{1, 1}) == "tensor([True, True])");
  CHECK(to_string(m[0][1]) == "tensor(False)");
  CHECK(to_string(Mask(Shape{0})) == "tensor([], dtype=bool)");
  CHECK(bits(m.t()) == Bits{1, 0, 0, 0, 1, 1});
  CHECK(m.unsqueeze(1).shape() == Shape{2, 1, 3});
  CHECK(m.sum().item() == 3);
  CHECK(m.sum(0).to_vector() == std::vector<Index>{1, 0, 2});
  CHECK(m.sum(1, true).shape() == Shape{2, 1});
  CHECK(m.to<float>().mean().item() == 0.5f);
  CHECK(bits(Tensor<float>{0, -0.0f, 2, NAN}.to<bool>()) == Bits{0, 0, 1, 1});
  const Indices many = rowgrad::full<Index>({300}, 5);  // more than a byte counts to
  CHECK(Mask(many).sum().item() == 300);
}

TEST_CASE("masks: not, and, or, exclusive or") {
  const Mask a{1, 1, 0, 0}, b{1, 0, 1, 0};
  CHECK(bits(~a) == Bits{0, 0, 1, 1});
  CHECK(bits(a & b) == Bits{1, 0, 0, 0});
  CHECK(bits(a | b) == Bits{1, 1, 1, 0});
  CHECK(bits(a ^ b) == Bits{0, 1, 1, 0});
  CHECK((Mask{{1}, {0}} | a).shape() == Shape{2, 4});
  CHECK((~Indices{0, 5}).to_vector() == std::vector<Index>{-1, -6});
  CHECK((Indices{6, 3} & Indices{3, 1}).to_vector() == std::vector<Index>{2, 1});
  CHECK((Indices{6, 3} & Mask{1, 0}).to_vector() == std::vector<Index>{0, 0});
  CHECK(bits(logical_not(x)) == Bits{0, 1, 0, 0});
  CHECK(bits(logical_and(x, b)) == Bits{1, 0, 1, 0});
  CHECK(bits(logical_or(x, b)) == Bits{1, 0, 1, 1});
  CHECK(bits(logical_xor(x, b)) == Bits{0, 0, 0, 1});
}

TEST_CASE("any, all, nonzero, count_nonzero") {
  const Mask m{{1, 0, 0}, {1, 1, 0}};
  CHECK(bits(m.any()) == Bits{1});
  CHECK(m.any().shape() == Shape{});
  CHECK(bits(m.all()) == Bits{0});
  CHECK(bits(any(m, 0)) == Bits{1, 1, 0});
  CHECK(bits(m.all(0)) == Bits{1, 0, 0});
  CHECK(bits(m.any(-1)) == Bits{1, 1});
  CHECK(m.all(1, true).shape() == Shape{2, 1});
  CHECK(bits(m.any({0, 1})) == Bits{1});
  CHECK(all(m, {0, 1}, true).shape() == Shape{1, 1});
  CHECK(bits(x.any()) == Bits{1});
  CHECK(bits(Tensor<float>{NAN}.all()) == Bits{1});
  const Mask none(Shape{2, 0});
  CHECK(bits(none.any()) == Bits{0});
  CHECK(bits(none.all()) == Bits{1});
  CHECK(bits(none.any(1)) == Bits{0, 0});
  CHECK(bits(none.all(1)) == Bits{1, 1});
  CHECK(none.all(0).shape() == Shape{0});
  CHECK_THROWS_AS(m.any(2), rowgrad::IndexError);
  CHECK(bits(rowgrad::full<bool>({}, true).any(0)) == Bits{1});
  CHECK(nonzero(m).to_vector() == std::vector<Index>{0, 0, 1, 0, 1, 1});
  CHECK(Tensor<float>{0, 3, NAN}.nonzero().shape() == Shape{2, 1});
  CHECK(nonzero(rowgrad::full<bool>({}, true)).shape() == Shape{1, 0});
  CHECK(nonzero(none).shape() == Shape{0, 2});
  CHECK(count_nonzero(x).item() == 3);
  const auto places = where(m);
  CHECK(places.size() == 2);
  CHECK(places[0].to_vector() == std::vector<Index>{0, 1, 1});
  CHECK(places[1].to_vector() == std::vector<Index>{0, 0, 1});
  CHECK(where(rowgrad::full<bool>({}, true)).empty());
  bool entered = false;
  if (any(x > 1)) entered = true;
  CHECK(entered);
  CHECK_THROWS_WITH_AS((void)static_cast<bool>(m),
                       "bool: expected a tensor with one value, got shape (2, 3) (any() and all() make one of many, "
                       "defined() says whether there is a tensor)",
                       ShapeError);
}

TEST_CASE("isnan, isinf, isfinite") {
  const Tensor<double> v{0, 1e300, INFINITY, -INFINITY, NAN};
  CHECK(bits(v.isnan()) == Bits{0, 0, 0, 0, 1});
  CHECK(bits(v.isinf()) == Bits{0, 0, 1, 1, 0});
  CHECK(bits(v.isfinite()) == Bits{1, 1, 0, 0, 0});
  CHECK(bits(isnan(Indices{1})) == Bits{0});
  CHECK(bits(isinf(Indices{1})) == Bits{0});
  CHECK(bits(isfinite(Indices{1})) == Bits{1});
}

TEST_CASE("equal, isclose, allclose") {
  CHECK(equal(Tensor<float>{1, 2}, {1, 2}));
  CHECK(!equal(Tensor<float>{1, 2}, {1, 3}));
  CHECK(!equal(Tensor<float>{1, 2}, {{1, 2}}));
  CHECK(!x.equal(x));  // NaN
  CHECK(allclose(Tensor<float>{1, 100}, {1, 100.0005f}));
  CHECK(!allclose(Tensor<float>{1, 100}, {1, 100.01f}));
  CHECK(allclose(Tensor<float>{1, 100}, {1, 100.01f}, 1e-3));
  CHECK(allclose(Tensor<float>{1, 100}, {1, 100.01f}, {.atol = 0.1}));
  CHECK(!allclose(x, x));
  CHECK(allclose(x, x, {.equal_nan = true}));
  CHECK(bits(isclose(Tensor<float>{INFINITY, INFINITY, 1}, {INFINITY, -INFINITY, INFINITY})) == Bits{1, 0, 0});
  CHECK(bits(isclose(Tensor<float>{0, 1}, Tensor<float>{0}, 0, 1)) == Bits{1, 1});
  CHECK(bits(isclose(Indices{100000, 3}, {100001, 4})) == Bits{1, 0});
  CHECK_THROWS_AS(allclose(x, x, {.rtol = -1}), rowgrad::ValueError);
}

TEST_CASE("where: numbers, types, shapes, gradients") {
  const Tensor<float> a{1, 2, 3}, b{-1, -2, -3};
  CHECK(where(a > 1, a, b).to_vector() == std::vector<float>{-1, 2, 3});
  CHECK(where(a > 1, a, 0).to_vector() == std::vector<float>{0, 2, 3});
  CHECK(where(a > 1, 0.5, a).to_vector() == std::vector<float>{1, 0.5, 0.5});
  CHECK(where(a > 1, 1.0, 0).to_vector() == std::vector<float>{0, 1, 1});
  CHECK(where(a > 1, 1, 0).to_vector() == std::vector<Index>{0, 1, 1});
  CHECK(where(a > 1, Indices{4, 5, 6}, 0).to_vector() == std::vector<Index>{0, 5, 6});
  CHECK(where(a > 1, Indices{4, 5, 6}, 0.5).to_vector() == std::vector<float>{0.5, 5, 6});
  CHECK(where(a > 1, Indices{4, 5, 6}, a).to_vector() == std::vector<float>{1, 5, 6});
  CHECK(where(a > 1, a > 2, a > 0).to_vector() == Bits{1, 0, 1});
  CHECK(where(Indices{0, 7, 1}, a, b).to_vector() == std::vector<float>{-1, 2, 3});
  CHECK(where({{1}, {0}}, a, b).to_vector() == std::vector<float>{1, 2, 3, -1, -2, -3});
  CHECK(where({1, 0, 0}, Tensor<float>{{1}, {2}}, rowgrad::zeros({})).to_vector() ==
        std::vector<float>{1, 0, 0, 2, 0, 0});
  CHECK_THROWS_AS(where({1, 0}, a, b), ShapeError);

  const Tensor<float> u = Tensor<float>{1, NAN, 3}.requires_grad_(), v = Tensor<float>{NAN, 5, 6}.requires_grad_();
  const Mask mask{1, 0, 1};
  const Tensor<float> y = where(mask, u, v);
  mask.array() = false;  // backward uses what forward saw
  y.backward(Tensor<float>{1, 2, 3});
  CHECK(u.grad().dense().to_vector() == std::vector<float>{1, 0, 3});
  CHECK(v.grad().dense().to_vector() == std::vector<float>{0, 2, 0});
}
