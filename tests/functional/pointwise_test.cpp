#include <doctest/doctest.h>

#include <rowgrad/core/printing.hpp>
#include <rowgrad/functional/arithmetic.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/pointwise.hpp>
#include <rowgrad/functional/pointwise_in_place.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/rounding.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Mask;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  using namespace rowgrad;  // NOLINT: pow here is rowgrad's
  return {
      {"maximum", [](In x) { return maximum(x[0], x[1]); }},
      {"minimum", [](In x) { return minimum(x[0], x[1]); }},
      {"atan2", [](In x) { return atan2(x[0], x[1]); }},
      {"logaddexp", [](In x) { return logaddexp(x[0], x[1]); }},
      {"remainder", [](In x) { return remainder(x[0], x[1]); }},
      {"fmod", [](In x) { return fmod(x[0], x[1]); }},
      {"floor_divide", [](In x) { return div(x[0], x[1], {.rounding_mode = "floor"}); }},
      {"trunc_divide", [](In x) { return div(x[0], x[1], {.rounding_mode = "trunc"}); }},
      {"clamp_min", [](In x) { return clamp_min(x[0], x[1]); }},
      {"clamp_max", [](In x) { return clamp_max(x[0], x[1]); }},
      {"pow", [](In x) { return pow(x[0], x[1]); }},
      {"two_pow", [](In x) { return pow(2, x[0]); }},
      {"zero_pow", [](In x) { return pow(0.0, x[0]); }},
      {"negative_pow", [](In x) { return pow(-2, x[0]); }},
      {"half_pow", [](In x) { return pow(0.5, x[0]); }},
      {"clamp", [](In x) { return clamp(x[0], 0, 1); }},
      {"clamp_wrong", [](In x) { return x[0].clamp(2, 1); }},
      {"clamp_nan", [](In x) { return clamp(x[0], {.min = T(NAN), .max = 1}); }},
      {"clamp_from", [](In x) { return x[0].clamp({.min = T(0.5)}); }},
      {"clamp_to", [](In x) { return x[0].clamp_max(T(0.5)); }},
      {"clamp_tensors", [](In x) { return clamp(x[0], x[1], x[2]); }},
      {"addcmul", [](In x) { return addcmul(x[0], x[1], x[2], T(-1.5)); }},
      {"addcdiv", [](In x) { return addcdiv(x[0], x[1], x[2], T(-1.5)); }},
      {"lerp", [](In x) { return lerp(x[0], x[1], x[2]); }},
      {"lerp_third", [](In x) { return lerp(x[0], x[1], T(0.3)); }},
      {"lerp_most", [](In x) { return x[0].lerp(x[1], T(0.8)); }},
      {"remainder_number", [](In x) { return x[0] % 1.5; }},
      {"fmod_number", [](In x) { return fmod(x[0], -1.5); }},
      {"floor_number", [](In x) { return floor_divide(x[0], 1.5); }},
      {"add_scaled", [](In x) { return add(x[0], x[1], {.alpha = -2}); }},
      {"sub_scaled", [](In x) { return x[0].sub(x[1], {.alpha = 0.5}); }},
      {"with_ids",
       [](In x) {
         const Indices ids = x.indices("ids");
         return (x[0] * ids + x[0] / (ids + 1) - ids) % 1.5;
       }},
      {"where", [](In x) { return where(x.indices("mask"), x[0], x[1]); }},
  };
}

template <typename T>
std::vector<T> values(const Tensor<T>& x) {
  return x.to_vector();
}
using Floats = std::vector<float>;
using Numbers = std::vector<Index>;

}  // namespace

TEST_CASE("functions of two and three tensors: PyTorch's results and gradients, also at kinks, ties and NaN") {
  golden::check<double>("functional_pointwise", functions<double>());
  golden::check<float>("functional_pointwise", functions<float>());
}

TEST_CASE("integers: arithmetic with numbers and tensors of other types is PyTorch's") {
  const Indices ids{5, -5, 7}, other{3, 3, -2};
  CHECK(values(ids / 2) == Floats{2.5, -2.5, 3.5});
  CHECK(values(ids / other) == Floats{5 / 3.f, -5 / 3.f, -3.5});
  CHECK(values(10 / ids) == Floats{2, -2, 10 / 7.f});
  CHECK(values(ids * 0.5) == Floats{2.5, -2.5, 3.5});
  CHECK(values(0.5 + ids) == Floats{5.5, -4.5, 7.5});
  CHECK(values(0.5 - ids) == Floats{-4.5, 5.5, -6.5});
  CHECK(values(ids * 2) == Numbers{10, -10, 14});
  CHECK(values(ids % 3) == Numbers{2, 1, 1});
  CHECK(values(ids % other) == Numbers{2, 1, -1});
  CHECK(values(fmod(ids, 3)) == Numbers{2, -2, 1});
  CHECK(values(floor_divide(ids, 3)) == Numbers{1, -2, 2});
  CHECK(values(floor_divide(ids, other)) == Numbers{1, -2, -4});
  CHECK(values(div(ids, other, {.rounding_mode = "trunc"})) == Numbers{1, -1, -3});
  CHECK(values(ids % 2.5) == Floats{0, 0, 2});
  CHECK(values(12 % ids) == Numbers{2, -3, 5});
  CHECK(values(5.5 % Tensor<float>{2, -2}) == Floats{1.5, -0.5});
  CHECK(values(pow(ids, 2)) == Numbers{25, 25, 49});
  CHECK(values(pow(ids, 3)) == Numbers{125, -125, 343});
  CHECK(values(pow(ids, 0)) == Numbers{1, 1, 1});
  CHECK(values(pow(Indices{4, 9}, 0.5)) == Floats{2, 3});
  CHECK(values(pow(2, Indices{3, 0, 62})) == Numbers{8, 1, Index{1} << 62});
  CHECK(values(pow(Indices{3, 1, -1, 2}, Indices{2, -1, -3, -1})) == Numbers{9, 1, -1, 0});
  CHECK(values(pow(Tensor<float>{2, 3}, Indices{2, 0})) == Floats{4, 1});
  CHECK(values(maximum(ids, other)) == Numbers{5, 3, 7});
  CHECK(values(min(ids, other)) == Numbers{3, -5, -2});
  CHECK(values(ids.clamp(0, 6)) == Numbers{5, 0, 6});
  CHECK(values(ids.clamp({.min = 0})) == Numbers{5, 0, 7});
  CHECK(values(sign(ids)) == Numbers{1, -1, 1});
  CHECK(values(ids.floor()) == Numbers{5, -5, 7});
  CHECK(values(add(ids, other, {.alpha = 2})) == Numbers{11, 1, 3});
  CHECK(values(ids.sub(1)) == Numbers{4, -6, 6});
  CHECK(values(ids.mul(0.5)) == Floats{2.5, -2.5, 3.5});
  CHECK(values(ids.div(2)) == Floats{2.5, -2.5, 3.5});
  CHECK(values(ids.pow(2)) == Numbers{25, 25, 49});
  const Index least = std::numeric_limits<Index>::min();  // its quotient by -1 does not fit: no trap of the processor
  CHECK(values(floor_divide(Indices{least}, -1)) == Numbers{least});
  CHECK(values(div(Indices{least}, -1, {.rounding_mode = "trunc"})) == Numbers{least});
  CHECK(values(Indices{least} % -1) == Numbers{0});
  CHECK_THROWS_AS(ids % 0, ValueError);
  CHECK_THROWS_AS(fmod(ids, 0), ValueError);
  CHECK_THROWS_AS(floor_divide(ids, Indices{1, 0, 1}), ValueError);
  CHECK_THROWS_AS(pow(ids, -1), ValueError);
  CHECK_THROWS_AS(add(ids, 1, {.alpha = 0.5}), ValueError);
  CHECK_THROWS_WITH_AS(div(ids, 2, {.rounding_mode = "up"}), "div: rounding_mode is \"floor\" or \"trunc\", got \"up\"",
                       ValueError);
}

TEST_CASE("masks and integers beside floats, and float beside double") {
  const Tensor<float> x = Tensor<float>{1.5, -2, 3}.requires_grad_();
  const Mask mask{1, 0, 1};
  CHECK(values(x * mask) == Floats{1.5, 0, 3});
  CHECK(values(mask * x) == Floats{1.5, 0, 3});
  CHECK(values(mask * 2) == Numbers{2, 0, 2});
  CHECK(values(mask * 0.5) == Floats{0.5, 0, 0.5});
  CHECK(values(mask + 1) == Numbers{2, 1, 2});
  CHECK(values(Indices{4, 5, 6} * mask) == Numbers{4, 0, 6});
  CHECK(values(x / Indices{{2}, {4}}) == Floats{0.75, -1, 1.5, 0.375, -0.5, 0.75});
  CHECK(values(Indices{3, 2, 1} - x) == Floats{1.5, 4, -2});
  const Tensor<double> wide = Tensor<double>{1, 2, 3}.requires_grad_();
  const Tensor<double> y = x * wide;
  CHECK(y.to_vector() == std::vector<double>{1.5, -4, 9});
  (y.sum() + (x * mask).sum().to<double>()).backward();
  CHECK(values(x.grad().dense()) == Floats{2, 2, 4});
  CHECK(values(wide.grad().dense()) == std::vector<double>{1.5, -2, 3});
}

TEST_CASE("functions of several tensors: shapes that do not broadcast") {
  const Tensor<float> a = rowgrad::ones({2, 3}), b = rowgrad::ones({4});
  CHECK_THROWS_WITH_AS(maximum(a, b),
                       "maximum: shapes (2, 3) and (4,) do not broadcast: sizes must be equal or 1, counted from the "
                       "last dimension",
                       rowgrad::ShapeError);
  CHECK_THROWS_AS(addcmul(a, a, b), rowgrad::ShapeError);
  CHECK_THROWS_AS(a % b, rowgrad::ShapeError);
}

TEST_CASE("in place: values, handles and gradients") {
  const Tensor<float> x{-1.5, 0.25, 2.5}, same = x;
  x.clamp_(-1, 2);
  CHECK(values(same) == Floats{-1, 0.25, 2});
  CHECK(values(x.clone().clamp_({.min = 0})) == Floats{0, 0.25, 2});
  CHECK(values(x.clone().clamp_min_(1)) == Floats{1, 1, 2});
  CHECK(values(x.clone().clamp_max_(1)) == Floats{-1, 0.25, 1});
  CHECK(values(x.clone().abs_()) == Floats{1, 0.25, 2});
  CHECK(values(x.clone().square_()) == Floats{1, 0.0625, 4});
  CHECK(values(x.clone().reciprocal_()) == Floats{-1, 4, 0.5});
  CHECK(values(x.clone().abs_().rsqrt_()) == Floats{1, 2, rsqrt(Tensor<float>{2}).item()});
  CHECK(values(x.clone().floor_()) == Floats{-1, 0, 2});
  CHECK(values(x.clone().ceil_()) == Floats{-1, 1, 2});
  CHECK(values(x.clone().round_()) == Floats{-1, 0, 2});
  CHECK(values(x.clone().trunc_()) == Floats{-1, 0, 2});
  CHECK(values(x.clone().addcmul_(x, x, 2)) == Floats{1, 0.375, 10});
  CHECK(values(x.clone().addcdiv_(x, x)) == Floats{0, 1.25, 3});
  CHECK(values(x.clone().lerp_(Tensor<float>{0, 0, 0}, 0.5)) == Floats{-0.5, 0.125, 1});
  CHECK(values(Indices{-3, 3}.clamp_(0, 2)) == Numbers{0, 2});

  const Tensor<float> leaf = Tensor<float>{-2, 3}.requires_grad_();
  CHECK_THROWS_AS(leaf.abs_(), rowgrad::GraphError);
  (leaf * 2).abs_().sum().backward();
  CHECK(values(leaf.grad().dense()) == Floats{-2, 2});
}
