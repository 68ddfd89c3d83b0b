// The losses that loss_test.cpp leaves out, against PyTorch.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/softmax.hpp>

#include <support/golden.hpp>

using namespace rowgrad;  // NOLINT

namespace {

template <typename T>
golden::Table<T> losses() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  for (const std::string& red : std::vector<std::string>{"mean", "sum", "none", "batchmean"}) {
    table["kl_" + red] = table["kl_constant_" + red] = [=](In x) { return kl_div(x[0], x[1], {.reduction = red}); };
    table["kl_log_" + red] = [=](In x) { return kl_div(x[0], x[1], {.reduction = red, .log_target = true}); };
    if (red == "batchmean") continue;
    const LossOptions plain{.reduction = red};
    table["l1_" + red] = [=](In x) { return l1_loss(x[0], x[1], {red}); };
    table["l1_weight_" + red] = [=](In x) { return l1_loss(x[0], x[1], {.reduction = red, .weight = x[2]}); };
    table["mse_weight_" + red] = [=](In x) { return mse_loss(x[0], x[1], {.reduction = red, .weight = x[2]}); };
    for (const char* const beta : {"0.0", "0.5", "1.0"})
      table["smooth_l1_" + std::string(beta) + "_" + red] = [=, b = std::stod(beta)](In x) {
        return smooth_l1_loss(x[0], x[1], {.reduction = red, .beta = b});
      };
    for (const char* const delta : {"0.5", "1.0"})
      table["huber_" + std::string(delta) + "_" + red] = [=, d = std::stod(delta)](In x) {
        return huber_loss(x[0], x[1], {.reduction = red, .delta = d});
      };
    table["huber_weight_" + red] = [=](In x) {
      return huber_loss(x[0], x[1], {.reduction = red, .delta = 0.75, .weight = x[2]});
    };
    const HingeEmbeddingOptions hinge{.margin = 1.25, .reduction = red};
    table["hinge_int_" + red] = [=](In x) { return hinge_embedding_loss(x[0], x.indices("target"), hinge); };
    table["hinge_float_" + red] = [=](In x) { return hinge_embedding_loss(x[0], x[1], hinge); };
    table["hinge_broadcast_" + red] =
        table["hinge_other_" + red] = [=](In x) { return hinge_embedding_loss(x[0], x[1], {.reduction = red}); };
    table["soft_margin_int_" + red] = [=](In x) { return soft_margin_loss(x[0], x.indices("target"), plain); };
    table["soft_margin_float_" + red] = [=](In x) { return soft_margin_loss(x[0], x[1], plain); };
    table["margin_ranking_" + red] = [=](In x) {
      return margin_ranking_loss(x[0], x[1], x.indices("target"), {.margin = 0.5, .reduction = red});
    };
    table["margin_ranking_grad_" + red] = [=](In x) {
      return margin_ranking_loss(x[0], x[1], x[2], {.margin = 0.5, .reduction = red});
    };
    table["margin_ranking_broadcast_" + red] = [=](In x) {
      return margin_ranking_loss(x[0], x[1], x[2], {.reduction = red});
    };
    for (const char* const p : {"2.0", "1.0", "3.0", "1.5", "0.5", "inf"})
      for (const bool swap : {false, true})
        table["triplet_" + std::string(p) + (swap ? "_1_" : "_0_") + red] = [=, norm = std::stod(p)](In x) {
          return triplet_margin_loss(x[0], x[1], x[2], {.margin = 2, .p = norm, .swap = swap, .reduction = red});
        };
    table["cosine_" + red] = [=](In x) {
      return cosine_embedding_loss(x[0], x[1], x.indices("target"), {.margin = 0.25, .reduction = red});
    };
    table["multilabel_" + red] = [=](In x) {
      return multilabel_soft_margin_loss(x[0], x.indices("target"), {.reduction = red});
    };
    table["multilabel_weight_" + red] = [=](In x) {
      return multilabel_soft_margin_loss(x[0], x[1], {.weight = x[2], .reduction = red});
    };
    for (const int p : {1, 2}) {
      table["multi_margin_" + std::to_string(p) + "_" + red] = [=](In x) {
        return multi_margin_loss(x[0], x.indices("target"), {.p = double(p), .margin = 0.75, .reduction = red});
      };
      table["multi_margin_weight_" + std::to_string(p) + "_" + red] = [=](In x) {
        return multi_margin_loss(x[0], x.indices("target"), {.p = double(p), .weight = x[1], .reduction = red});
      };
    }
    table["soft_" + red] = [=](In x) { return cross_entropy(x[0], x[1], {.reduction = red}); };
    table["soft_weight_" + red] = [=](In x) { return cross_entropy(x[0], x[1], {.weight = x[2], .reduction = red}); };
    table["soft_smooth_" + red] = [=](In x) {
      return cross_entropy(x[0], x[1], {.reduction = red, .label_smoothing = 0.3});
    };
    table["soft_smooth_weight_" + red] = [=](In x) {
      return cross_entropy(x[0], x[1], {.weight = x[2], .reduction = red, .label_smoothing = 0.3});
    };
    table["bce_weight_" + red] = [=](In x) {
      return binary_cross_entropy(x[0], x[1], {.weight = x[2], .reduction = red});
    };
    table["bcel_weight_" + red] = [=](In x) {
      return binary_cross_entropy_with_logits(x[0], x[1], {.weight = x[2], .pos_weight = x[3], .reduction = red});
    };
  }
  for (const char* const p : {"2.0", "1.0", "3.0", "1.5", "0.5", "0.0", "inf", "-inf"}) {
    table["distance_" + std::string(p)] = [norm = std::stod(p)](In x) { return pairwise_distance(x[0], x[1], norm); };
    table["distance_zero_" + std::string(p)] = [norm = std::stod(p)](In x) {
      return pairwise_distance(x[0], x[1], norm, 0, true);
    };
  }
  return table;
}

constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("more losses: PyTorch's results and gradients for all options") {
  golden::check<double>("functional_losses", losses<double>(), {1e-12, 1e-13});
  golden::check<float>("functional_losses", losses<float>(), {1e-5, 2e-6});
}

TEST_CASE("more losses: a word that is no reduction, and one that is not for this loss") {
  const Tensor<float> x{1, 2}, t{0, 1};
  CHECK_THROWS_WITH_AS(mse_loss(x, t, {.reduction = "average"}), doctest::Contains("got \"average\""), ValueError);
  CHECK_THROWS_WITH_AS(l1_loss(x, t, {.reduction = "batchmean"}), "l1_loss: \"batchmean\" is for kl_div alone",
                       ValueError);
}

TEST_CASE("more losses: options outside their range, shapes that do not fit") {
  const Tensor<float> x{1, 2}, t{0, 1}, square{{1, 2}, {3, 4}}, cube = zeros({2, 2, 2});
  CHECK_THROWS_AS(smooth_l1_loss(x, t, {.beta = -1}), ValueError);
  CHECK_THROWS_AS(smooth_l1_loss(x, t, {.beta = std::nan("")}), ValueError);
  CHECK_THROWS_AS(huber_loss(x, t, {.delta = 0}), ValueError);
  CHECK_THROWS_AS(huber_loss(x, t, {.weight = square}), ShapeError);
  CHECK_THROWS_AS(triplet_margin_loss(x, x, x, {.margin = 0}), ValueError);
  CHECK_THROWS_AS(triplet_margin_loss(x, square, x), ShapeError);
  CHECK_THROWS_AS(pairwise_distance(x, t, std::nan("")), ValueError);
  CHECK_THROWS_AS(l1_loss(x, square), ShapeError);
  CHECK_THROWS_WITH_AS(
      cosine_embedding_loss(x, t, {1}),
      "cosine_embedding_loss: expected inputs (N, D) and target (N), or (D) and (), got (2,), (2,) and "
      "(1,)",
      ShapeError);
  CHECK_THROWS_AS(cosine_embedding_loss(square, square, {1, -1, 1}), ShapeError);
  CHECK_THROWS_AS(margin_ranking_loss(x, square, {1, -1}), ShapeError);
  CHECK_THROWS_AS(multi_margin_loss(square, {0, 1}, {.p = 3}), ValueError);
  CHECK_THROWS_AS(multi_margin_loss(square, {0, 2}), IndexError);
  CHECK_THROWS_AS(multi_margin_loss(cube, Indices{{0, 1}, {1, 1}}), ShapeError);
  CHECK_THROWS_AS(multilabel_soft_margin_loss(square, x), ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy(Tensor<float>{0.5}, Tensor<float>{1}, {.weight = square}), ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy(square, x), doctest::Contains("a probability for each value"), ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy(square, square, {.ignore_index = 0}), doctest::Contains("ignore_index"),
                       ValueError);
  CHECK_THROWS_AS(l1_loss(zeros({0}), zeros({0})), ValueError);
  CHECK(l1_loss(zeros({0}), zeros({0}), {"sum"}).item() == 0);
  CHECK(l1_loss(zeros({0, 2}), zeros({0, 2}), {"none"}).shape() == Shape{0, 2});
}

TEST_CASE("more losses: extreme and undefined values") {
  const Tensor<float> big{1e30f, -1e30f};
  CHECK(golden::difference(soft_margin_loss(big, {-1, -1}, {"none"}), {1e30f, 0}) == "");
  const Tensor<float> nan{std::nanf(""), 1};
  for (const Tensor<float>& y :
       {l1_loss(nan, big, {"none"}), smooth_l1_loss(nan, big, {.reduction = "none"}),
        huber_loss(nan, big, {.reduction = "none"}), hinge_embedding_loss(nan, {-1, 1}, {.reduction = "none"}),
        margin_ranking_loss(nan, big, {1, 1}, {.reduction = "none"})})
    CHECK(std::isnan(y.data()[0]));
  CHECK(l1_loss(Tensor<float>{infinity}, Tensor<float>{0}).item() == infinity);
  // hard labels are a special case of soft ones
  const Tensor<float> logits{{1e4f, -1e4f, 0}, {0.5, 0.25, -1}};
  CHECK(golden::difference(cross_entropy(logits, Tensor<float>{{0, 1, 0}, {0, 0, 1}}, {.reduction = "none"}),
                           cross_entropy(logits, {1, 2}, {.reduction = "none"})) == "");
}
