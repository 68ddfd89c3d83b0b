#include <doctest/doctest.h>

#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/loss.hpp>
#include <support/golden.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Indices;
using rowgrad::Reduction;
using rowgrad::Tensor;

namespace {
template <typename L>
std::vector<std::string> names(const L& loss) {
  return loss.state_dict().names();
}
using Names = std::vector<std::string>;
}  // namespace

TEST_CASE("loss modules: each gives what its function gives, with its options") {
  using namespace rowgrad;  // NOLINT
  const Tensor<float> x{{0.5, -1, 2}, {0.25, 0.75, -0.5}}, t{{1, 0, 1}, {0.5, 1, 0}},
      p{{0.5, 0.25, 0.75}, {0.1f, 0.2f, 0.9f}}, w{0.5, 2, 1}, other{{1, 2, 0}, {0, -1, 1}};
  const Indices classes{2, 0}, signs{1, -1};
  const auto same = [](const Tensor<float>& a, const Tensor<float>& b) { CHECK(a.to_vector() == b.to_vector()); };
  same(nn::CrossEntropyLoss<float>()(x, classes), cross_entropy(x, classes));
  same(nn::CrossEntropyLoss<float>()(x, {2, 0}), cross_entropy(x, classes));
  same(nn::CrossEntropyLoss<float>({.weight = w, .reduction = "sum", .label_smoothing = 0.1})(x, classes),
       cross_entropy(x, classes, {.weight = w, .reduction = Reduction::sum, .label_smoothing = 0.1}));
  same(nn::CrossEntropyLoss<float>({.ignore_index = 2})(x, classes), cross_entropy(x, classes, {.ignore_index = 2}));
  same(nn::CrossEntropyLoss<float>()(x, p), cross_entropy(x, p));
  same(nn::NLLLoss<float>({.weight = w})(x, classes), nll_loss(x, classes, {.weight = w}));
  same(nn::BCELoss<float>({.weight = w})(p, t), binary_cross_entropy(p, t, {.weight = w}));
  same(nn::BCEWithLogitsLoss<float>()(x, t), binary_cross_entropy_with_logits(x, t));
  same(nn::BCEWithLogitsLoss<float>({.weight = x.detach(), .pos_weight = w, .reduction = "none"})(x, t),
       binary_cross_entropy_with_logits(x, t, {.weight = x.detach(), .pos_weight = w, .reduction = Reduction::none}));
  same(nn::MSELoss<float>()(x, t), mse_loss(x, t));
  same(nn::MSELoss<float>({.reduction = "sum"})(x, t), mse_loss(x, t, {.reduction = Reduction::sum}));
  same(nn::L1Loss<float>({"none"})(x, t), l1_loss(x, t, {"none"}));
  same(nn::SmoothL1Loss<float>({.beta = 0.5})(x, t), smooth_l1_loss(x, t, {.beta = 0.5}));
  same(nn::HuberLoss<float>({.delta = 0.5})(x, t), huber_loss(x, t, {.delta = 0.5}));
  same(nn::KLDivLoss<float>({.reduction = "batchmean"})(x, p), kl_div(x, p, {.reduction = Reduction::batchmean}));
  same(nn::MarginRankingLoss<float>({.margin = 0.5})(w, Tensor<float>{1, 1, 1}, {1, -1, 1}),
       margin_ranking_loss(w, Tensor<float>{1, 1, 1}, {1, -1, 1}, {.margin = 0.5}));
  same(nn::TripletMarginLoss<float>({.p = 1, .swap = true})(x, t, other),
       triplet_margin_loss(x, t, other, {.p = 1, .swap = true}));
  same(nn::CosineEmbeddingLoss<float>({.margin = 0.5})(x, t, signs),
       cosine_embedding_loss(x, t, signs, {.margin = 0.5}));
  same(nn::HingeEmbeddingLoss<float>({.margin = 2})(w, {1, -1, 1}), hinge_embedding_loss(w, {1, -1, 1}, {.margin = 2}));
  same(nn::SoftMarginLoss<float>()(w, {1, -1, 1}), soft_margin_loss(w, {1, -1, 1}));
  same(nn::MultiLabelSoftMarginLoss<float>({.weight = w})(x, t), multilabel_soft_margin_loss(x, t, {.weight = w}));
  same(nn::MultiMarginLoss<float>({.p = 2, .weight = w})(x, classes),
       multi_margin_loss(x, classes, {.p = 2, .weight = w}));
}

TEST_CASE("loss modules: printed and saved as PyTorch's; weights are buffers, copied with the module") {
  const Tensor<float> w{1, 2};
  CHECK(nn::CrossEntropyLoss<float>().to_string() == "CrossEntropyLoss()");
  CHECK(nn::TripletMarginLoss<float>().to_string() == "TripletMarginLoss()");
  CHECK(nn::BCEWithLogitsLoss<float>({.pos_weight = w}).to_string() == "BCEWithLogitsLoss()");
  CHECK(names(nn::CrossEntropyLoss<float>()) == Names{});
  CHECK(names(nn::CrossEntropyLoss<float>({.weight = w})) == Names{"weight"});
  CHECK(names(nn::BCEWithLogitsLoss<float>({.weight = w, .pos_weight = w})) == Names{"weight", "pos_weight"});
  nn::CrossEntropyLoss<float> loss({.weight = w.clone()}), copy = loss;
  copy.weight.data()[0] = 100;
  CHECK(loss.weight.data()[0] == 1);
  CHECK(copy.parameters().empty());
}

TEST_CASE("loss modules: part of a model that knows its own type") {
  struct Model : nn::Module<float, Model> {
    nn::Linear<float> fc{2, 2};
    nn::CrossEntropyLoss<float> criterion{{.weight = Tensor<float>{1, 3}}};
    Tensor<float> forward(const Tensor<float>& x, const Indices& y) const { return criterion(fc(x), y); }
    void members(nn::Members<float>& m) override { m("fc", fc)("criterion", criterion); }
  };
  const Model model;
  const Tensor<float> x{{1, 2}, {3, 4}};
  const Indices labels{0, 1};
  model(x, labels).backward();
  CHECK(model.fc.weight.grad().defined());
  CHECK(model.state_dict().names() == Names{"fc.weight", "fc.bias", "criterion.weight"});
}
