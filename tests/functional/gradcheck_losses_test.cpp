// The losses of losses_test.cpp against central differences: one row for each option.
#include <support/gradient_table.hpp>

namespace {

using gradient_table::In;
using gradient_table::Row;
using gradient_table::Value;
using gradient_table::Values;

std::vector<Row> table() {
  using namespace rowgrad;  // NOLINT
  const Value w3{0.5, 2, 1.25}, w23{{0.5, 2, 1.25}, {1, 0.75, 1.5}};
  std::vector<Row> rows;
  for (const char* const red : {"mean", "sum", "none"}) {
    const std::vector<Row> losses = {
        {"l1_loss", [=](In x) { return l1_loss(x[0], x[1], {red}); }, {{2, 3}, {2, 3}}},
        {"l1_loss, weight",
         [=](In x) {
           return l1_loss(x[0], x[1], {red, w23});
         },
         {{2, 3}, {2, 3}}},
        {"mse_loss, weight",
         [=](In x) {
           return mse_loss(x[0], x[1], {red, w23});
         },
         {{2, 3}, {2, 3}}},
        {"smooth_l1_loss",
         [=](In x) {
           return smooth_l1_loss(x[0], x[1], {red, 0.7});
         },
         {{2, 3}, {2, 3}}},
        {"huber_loss",
         [=](In x) {
           return huber_loss(x[0], x[1], {red, 0.7});
         },
         {{2, 3}, {2, 3}}},
        {"huber_loss, weight",
         [=](In x) {
           return huber_loss(x[0], x[1], {red, 0.7, w23});
         },
         {{2, 3}, {2, 3}}},
        {"kl_div", [=](In x) { return kl_div(x[0], x[1], {red}); }, {{2, 3}, {2, 3}}, Values::positive},
        {"kl_div, repeated", [=](In x) { return kl_div(x[0], x[1], {red}); }, {{2, 3}, {3}}, Values::positive},
        {"kl_div, logarithms",
         [=](In x) {
           return kl_div(x[0], x[1], {red, true});
         },
         {{2, 3}, {2, 3}}},
        {"hinge_embedding_loss",
         [=](In x) {
           return hinge_embedding_loss(x[0], {1, -1, 1, -1}, {0.8, red});
         },
         {{4}}},
        {"hinge_embedding_loss, repeated",
         [=](In x) {
           return hinge_embedding_loss(x[0], {1, -1}, {0.8, red});
         },
         {{3, 1}}},
        {"soft_margin_loss",
         [=](In x) {
           return soft_margin_loss(x[0], {1, -1, 1}, {red});
         },
         {{3}}},
        {"multilabel_soft_margin_loss",
         [=](In x) { return multilabel_soft_margin_loss(x[0], x[1], {.weight = w3, .reduction = red}); },
         {{2, 3}, {2, 3}}},
        {"margin_ranking_loss",
         [=](In x) {
           return margin_ranking_loss(x[0], x[1], {1, -1, 1}, {0.3, red});
         },
         {{3}, {3}}},
        {"margin_ranking_loss, all repeated",
         [=](In x) {
           return margin_ranking_loss(x[0], x[1], x[2], {0.3, red});
         },
         {{3, 1}, {1, 2}, {1, 1}}},
        {"triplet_margin_loss",
         [=](In x) { return triplet_margin_loss(x[0], x[1], x[2], {.margin = 3, .reduction = red}); },
         {{2, 3}, {2, 3}, {2, 3}}},
        {"triplet_margin_loss, swap, p = 3",
         [=](In x) {
           return triplet_margin_loss(x[0], x[1], x[2], {.margin = 3, .p = 3, .swap = true, .reduction = red});
         },
         {{2, 3}, {2, 3}, {2, 3}}},
        {"triplet_margin_loss, repeated",
         [=](In x) { return triplet_margin_loss(x[0], x[1], x[2], {.margin = 3, .swap = true, .reduction = red}); },
         {{1, 3}, {2, 3}, {2, 1}}},
        {"cosine_embedding_loss",
         [=](In x) {
           return cosine_embedding_loss(x[0], x[1], {1, -1, 1}, {-0.9, red});
         },
         {{3, 4}, {3, 4}}},
        {"cosine_embedding_loss, repeated",
         [=](In x) {
           return cosine_embedding_loss(x[0], x[1], {1, -1}, {-0.9, red});
         },
         {{1, 4}, {2, 4}}},
        {"multi_margin_loss",
         [=](In x) {
           return multi_margin_loss(x[0], {0, 2}, {.weight = w3, .reduction = red});
         },
         {{2, 3}}},
        {"multi_margin_loss, p = 2",
         [=](In x) {
           return multi_margin_loss(x[0], {0, 2}, {.p = 2, .reduction = red});
         },
         {{2, 3}}},
        {"cross_entropy, soft labels",
         [=](In x) { return cross_entropy(x[0], x[1], {.reduction = red}); },
         {{2, 3}, {2, 3}}},
        {"cross_entropy, soft labels, all options",
         [=](In x) { return cross_entropy(x[0], x[1], {.weight = w3, .reduction = red, .label_smoothing = 0.2}); },
         {{2, 3, 2}, {2, 3, 2}}},
        {"binary_cross_entropy, weight",
         [=](In x) { return binary_cross_entropy(x[0], x[1], {.weight = w3, .reduction = red}); },
         {{2, 3}, {2, 3}},
         Values::unit},
        {"binary_cross_entropy_with_logits, weights",
         [=](In x) {
           return binary_cross_entropy_with_logits(x[0], x[1], {.weight = w23, .pos_weight = w3, .reduction = red});
         },
         {{2, 3}, {2, 3}}},
    };
    rows.insert(rows.end(), losses.begin(), losses.end());
  }
  for (const double p : {2.0, 1.0, 3.0, 1.5, 0.5, std::numeric_limits<double>::infinity()}) {
    rows.push_back({"pairwise_distance", [=](In x) { return pairwise_distance(x[0], x[1], p); }, {{2, 3}, {2, 3}}});
    rows.push_back({"pairwise_distance, repeated",
                    [=](In x) { return pairwise_distance(x[0], x[1], p, 1e-6, true); },
                    {{2, 1, 3}, {3}}});
  }
  return rows;
}

}  // namespace

TEST_CASE("gradients of losses agree with differences") { gradient_table::check(table()); }
