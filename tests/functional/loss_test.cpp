#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/shape.hpp>

#include <support/golden.hpp>

using rowgrad::binary_cross_entropy;
using rowgrad::binary_cross_entropy_with_logits;
using rowgrad::cross_entropy;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::mse_loss;
using rowgrad::nll_loss;
using rowgrad::Reduction;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {
constexpr float infinity = std::numeric_limits<float>::infinity();

template <typename T>
golden::Table<T> losses() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  const std::pair<const char*, Reduction> reductions[] = {
      {"mean", Reduction::mean}, {"sum", Reduction::sum}, {"none", Reduction::none}};
  for (const auto& [name, reduction_] : reductions) {
    const Reduction reduction = reduction_;
    const std::string ce = std::string("ce_") + name, nll = std::string("nll_") + name;
    table[ce] = [=](In x) { return cross_entropy(x[0], x.indices("target"), {.reduction = reduction}); };
    table[ce + "_ignore_1"] = [=](In x) {
      return cross_entropy(x[0], x.indices("target"), {.ignore_index = 1, .reduction = reduction});
    };
    table[ce + "_weight"] = [=](In x) {
      return cross_entropy(x[0], x.indices("target"), {.weight = x[1], .reduction = reduction});
    };
    table[ce + "_smooth"] = [=](In x) {
      return cross_entropy(x[0], x.indices("target"), {.reduction = reduction, .label_smoothing = 0.2});
    };
    table[ce + "_smooth_weight"] = [=](In x) {
      return cross_entropy(x[0], x.indices("target"), {.weight = x[1], .reduction = reduction, .label_smoothing = 0.2});
    };
    table[nll] = [=](In x) { return nll_loss(x[0], x.indices("target"), {.reduction = reduction}); };
    table[nll + "_ignore_1"] = [=](In x) {
      return nll_loss(x[0], x.indices("target"), {.ignore_index = 1, .reduction = reduction});
    };
    table[nll + "_weight"] = [=](In x) {
      return nll_loss(x[0], x.indices("target"), {.weight = x[1], .reduction = reduction});
    };
    table[std::string("bce_") + name] = [=](In x) {
      return binary_cross_entropy(x[0], x[1], {.reduction = reduction});
    };
    table[std::string("bcel_") + name] = [=](In x) {
      return binary_cross_entropy_with_logits(x[0], x[1], {.reduction = reduction});
    };
    table[std::string("bcel_") + name + "_pos"] = [=](In x) {
      return binary_cross_entropy_with_logits(x[0], x[1], {.pos_weight = x[2], .reduction = reduction});
    };
    table[std::string("mse_") + name] = [=](In x) { return mse_loss(x[0], x[1], {reduction}); };
  }
  table["ce_mean_smooth_all"] = [](In x) { return cross_entropy(x[0], x.indices("target"), {.label_smoothing = 1}); };
  return table;
}
}  // namespace

TEST_CASE("losses: PyTorch's results and gradients for all options, also at extreme and infinite logits") {
  golden::check<double>("functional_loss", losses<double>(), {1e-12, 1e-13});
  golden::check<float>("functional_loss", losses<float>());
}

TEST_CASE("losses: extreme logits stay finite in float, and their gradients too") {
  for (const float size : {100.0f, 1e4f, 1e30f}) {
    CAPTURE(size);
    const Tensor<float> x = Tensor<float>{{size, -size}, {-size, size}, {size, size}}.requires_grad_();
    const auto gradients_are_finite = [&] {
      const bool finite = x.grad().dense().array().isFinite().all();
      x.grad().reset();
      return finite;
    };
    const Tensor<float> ce = cross_entropy(x, {0, 0, 1}, {.reduction = Reduction::none});
    CHECK(golden::difference(ce, {0, 2 * size, std::log(2.0f)}) == "");
    ce.sum().backward();
    CHECK(gradients_are_finite());
    const Tensor<float> bce =
        binary_cross_entropy_with_logits(x, Tensor<float>{{1, 1}, {0, 0}, {1, 0}}, {.reduction = Reduction::none});
    CHECK(golden::difference(bce, {{0, size}, {0, size}, {0, size}}) == "");
    bce.sum().backward();
    CHECK(gradients_are_finite());
  }
}

TEST_CASE("cross_entropy: a masked class, logit -inf, gets no gradient; as the target it costs infinity") {
  const Tensor<float> x = Tensor<float>{{1, -infinity, 1}}.requires_grad_();
  const Tensor<float> loss = cross_entropy(x, {0});
  CHECK(loss.item() == doctest::Approx(std::log(2.0)));
  loss.backward();
  CHECK(golden::difference(x.grad().dense(), {{-0.5, 0, 0.5}}) == "");
  CHECK(cross_entropy(x, {1}).item() == infinity);
}

TEST_CASE("class losses: a target that is not a class") {
  const Tensor<float> x = rowgrad::zeros({2, 3});
  CHECK_THROWS_WITH_AS(cross_entropy(x, {0, 3}), "cross_entropy: target 3 of sample 1 is not a class: expected 0 to 2",
                       IndexError);
  CHECK_THROWS_WITH_AS(nll_loss(x, {-1, 0}), "nll_loss: target -1 of sample 0 is not a class: expected 0 to 2",
                       IndexError);
  CHECK_THROWS_AS(cross_entropy(x, {0, -100}, {.ignore_index = -1}), IndexError);
  CHECK(cross_entropy(x, {0, 7}, {.ignore_index = 7}).item() == doctest::Approx(std::log(3.0)));
}

TEST_CASE("class losses: shapes that do not fit") {
  const Tensor<float> x = rowgrad::zeros({2, 3});
  CHECK_THROWS_WITH_AS(cross_entropy(x, {0, 1, 2}), "cross_entropy: input (2, 3) needs targets of shape (2,), got (3,)",
                       ShapeError);
  CHECK_THROWS_AS(cross_entropy(x, Indices{{0}, {1}}), ShapeError);
  CHECK_THROWS_AS(cross_entropy(rowgrad::zeros({2, 3, 4}), {0, 1}), ShapeError);
  CHECK_THROWS_AS(cross_entropy(rowgrad::zeros({}), 0), ShapeError);
  CHECK_THROWS_AS(nll_loss(rowgrad::zeros({3}), {0}), ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy(x, {0, 1}, {.weight = {1, 2}}),
                       "cross_entropy: expected one weight per class, shape (3,), got (2,)", ShapeError);
}

TEST_CASE("class losses: the mean of nothing is a ValueError, the sum is zero") {
  const Tensor<float> none = rowgrad::zeros({0, 3}).requires_grad_(), x = rowgrad::zeros({2, 3});
  const Indices no_targets(Shape{0});
  CHECK_THROWS_WITH_AS(cross_entropy(none, no_targets),
                       "cross_entropy: the mean of no sample is undefined (an empty batch, or every target ignored)",
                       ValueError);
  CHECK_THROWS_AS(nll_loss(none, no_targets), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, {-100, -100}), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, {1, 1}, {.weight = {1, 0, 1}}), ValueError);
  const Tensor<float> sum = cross_entropy(none, no_targets, {.reduction = Reduction::sum});
  CHECK(sum.item() == 0);
  sum.backward();
  CHECK(none.grad().dense().shape() == Shape{0, 3});
}

TEST_CASE("cross_entropy: label_smoothing is a share") {
  const Tensor<float> x = rowgrad::zeros({1, 3});
  CHECK_THROWS_AS(cross_entropy(x, {0}, {.label_smoothing = -0.1}), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, {0}, {.label_smoothing = 1.1}), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, {0}, {.label_smoothing = std::nan("")}), ValueError);
}

TEST_CASE("pair losses: shapes must be equal, and a mean needs samples") {
  const Tensor<float> x = rowgrad::full({2, 3}, 0.5f), y = rowgrad::full({3}, 0.5f), none = rowgrad::zeros({0});
  CHECK_THROWS_WITH_AS(mse_loss(x, y), "mse_loss: input (2, 3) and target (3,) must have the same shape", ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy(x, y), ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy_with_logits(x, y), ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy_with_logits(x, rowgrad::zeros({2, 3, 1})), ShapeError);
  CHECK_THROWS_AS(mse_loss(none, none), ValueError);
  CHECK_THROWS_AS(binary_cross_entropy(none, none), ValueError);
  CHECK_THROWS_AS(binary_cross_entropy_with_logits(none, none), ValueError);
  CHECK(mse_loss(none, none, {Reduction::sum}).item() == 0);
}

TEST_CASE("binary_cross_entropy: an input that is no probability") {
  const Tensor<float> t{1, 0};
  CHECK_THROWS_WITH_AS(binary_cross_entropy(Tensor<float>{0.5, 1.5}, t),
                       "binary_cross_entropy: input 1.5 at position 1 is not a probability (apply sigmoid, or use "
                       "binary_cross_entropy_with_logits)",
                       ValueError);
  CHECK_THROWS_AS(binary_cross_entropy(Tensor<float>{-0.001f, 0}, t), ValueError);
  CHECK_THROWS_AS(binary_cross_entropy(Tensor<float>{0, std::nanf("")}, t), ValueError);
  CHECK_THROWS_WITH_AS(binary_cross_entropy(Tensor<float>{0.5, 0.5}, Tensor<float>{1, -0.25f}),
                       "binary_cross_entropy: target -0.25 at position 1 is not a probability", ValueError);
  CHECK(binary_cross_entropy(Tensor<float>{1, 0}, t).item() == 0);
}

TEST_CASE("binary_cross_entropy_with_logits: pos_weight broadcasts to the input") {
  const Tensor<float> x = rowgrad::zeros({2, 3});
  CHECK_THROWS_AS(binary_cross_entropy_with_logits(x, x, {.pos_weight = {1, 2}}), ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy_with_logits(x, x, {.pos_weight = rowgrad::ones({2, 2, 3})}), ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy_with_logits(rowgrad::zeros({1, 3}), rowgrad::zeros({1, 3}),
                                                   {.pos_weight = rowgrad::ones({2, 1})}),
                  ShapeError);
}

TEST_CASE("losses: targets changed in place after forward do not change the gradient") {
  const Indices target{0, 2};
  const auto gradient = [&](bool change) {
    const Tensor<double> x = Tensor<double>{{1, 2, 3}, {3, 1, 2}}.requires_grad_();
    const Tensor<double> loss = cross_entropy(x, target) + nll_loss(x, target);
    if (change) std::fill_n(target.data(), 2, Index{1} << 40);
    loss.backward();
    return x.grad().dense().to_vector();
  };
  const auto expected = gradient(false);
  CHECK(gradient(true) == expected);
}

TEST_CASE("losses: a million samples, and as many classes, to float's last digits") {
  constexpr Index n = 1'000'000;
  rowgrad::Generator generator(3);
  const Tensor<double> exact = rowgrad::randn<double>({n, 2}, generator);
  const Tensor<float> x = exact.to<float>(), tenths = rowgrad::full<float>({20 * n, 1}, 0.1f);
  const auto near = [](float got, double expected) { return std::abs(got / expected - 1) < 1e-6; };
  CHECK(
      near(mse_loss(x, rowgrad::zeros<float>({n, 2})).item(), mse_loss(exact, rowgrad::zeros<double>({n, 2})).item()));
  CHECK(near(mse_loss(tenths, rowgrad::zeros<float>({20 * n, 1}), {Reduction::sum}).item(),
             20.0 * n * static_cast<double>(0.1f * 0.1f)));
  const Indices target = rowgrad::zeros<Index>({20 * n});
  CHECK(near(nll_loss(tenths, target).item(), -static_cast<double>(0.1f)));
  CHECK(near(nll_loss(tenths, target, {.weight = {0.3f}}).item(), -static_cast<double>(0.1f)));
  const Tensor<float> row = rowgrad::reshape(x, {1, 2 * n});
  const Tensor<double> exact_row = rowgrad::reshape(exact, {1, 2 * n});
  CHECK(near(cross_entropy(row, Indices{5}).item(), cross_entropy(exact_row, Indices{5}).item()));
  CHECK(near(cross_entropy(row, Indices{5}, {.label_smoothing = 0.5}).item(),
             cross_entropy(exact_row, Indices{5}, {.label_smoothing = 0.5}).item()));
}

TEST_CASE("losses: a loss of constants is recorded by nobody") {
  const Tensor<float> x = rowgrad::zeros({1, 3});
  CHECK(!cross_entropy(x, {0}).requires_grad());
  CHECK(!mse_loss(x, x).requires_grad());
}
