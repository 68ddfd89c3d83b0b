// Every differentiable operation, with each of its options, against central differences: one row each.
#include <doctest/doctest.h>

#include <vector>

#include <rowgrad/rowgrad.hpp>
#include <rowgrad/vectors.hpp>

#include <support/gradient_table.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Reduction;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {

using gradient_table::In;
using gradient_table::Row;
using gradient_table::Value;
using gradient_table::Values;

const Value class_weight{0.5, 2, 1.25};

std::vector<Row> table() {
  using namespace rowgrad;  // NOLINT: exp here is rowgrad's
  std::vector<Row> rows = {
      {"add", [](In x) { return x[0] + x[1]; }, {{2, 3}, {2, 3}}},
      {"add, right repeated over rows", [](In x) { return x[0] + x[1]; }, {{2, 3}, {3}}},
      {"add, left repeated over columns", [](In x) { return x[0] + x[1]; }, {{2, 1}, {2, 3}}},
      {"add, both repeated", [](In x) { return x[0] + x[1]; }, {{2, 1, 3}, {4, 1}}},
      {"add, size one and rank zero", [](In x) { return x[0] + x[1]; }, {{1, 1}, {}}},
      {"sub", [](In x) { return x[0] - x[1]; }, {{2, 3}, {2, 3}}},
      {"sub, right repeated", [](In x) { return x[0] - x[1]; }, {{2, 3}, {2, 1}}},
      {"sub, left repeated", [](In x) { return x[0] - x[1]; }, {{3}, {2, 2, 3}}},
      {"sub, both repeated", [](In x) { return x[0] - x[1]; }, {{2, 1, 3}, {4, 1}}},
      {"mul", [](In x) { return x[0] * x[1]; }, {{2, 3}, {2, 3}}},
      {"mul, right repeated", [](In x) { return x[0] * x[1]; }, {{2, 3}, {3}}},
      {"mul, left repeated", [](In x) { return x[0] * x[1]; }, {{2, 1}, {2, 3}}},
      {"mul, both repeated", [](In x) { return x[0] * x[1]; }, {{2, 1, 3}, {4, 1}}},
      {"mul, in the middle", [](In x) { return x[0] * x[1]; }, {{2, 3, 2}, {2, 1, 2}}},
      {"mul, rank zero right", [](In x) { return x[0] * x[1]; }, {{2, 3}, {}}},
      {"mul, rank zero left", [](In x) { return x[0] * x[1]; }, {{}, {2, 3}}},
      {"mul, by itself", [](In x) { return x[0] * x[0]; }, {{2, 3}}},
      {"div", [](In x) { return x[0] / x[1]; }, {{2, 3}, {2, 3}}, Values::away},
      {"div, right repeated", [](In x) { return x[0] / x[1]; }, {{2, 3}, {3}}, Values::away},
      {"div, left repeated", [](In x) { return x[0] / x[1]; }, {{2, 1}, {2, 3}}, Values::away},
      {"div, both repeated", [](In x) { return x[0] / x[1]; }, {{2, 1, 3}, {4, 1}}, Values::away},
      {"tensor + number", [](In x) { return x[0] + 1.5; }, {{2, 3}}},
      {"number + tensor", [](In x) { return 1.5 + x[0]; }, {{2, 3}}},
      {"tensor - number", [](In x) { return x[0] - 1.5; }, {{2, 3}}},
      {"number - tensor", [](In x) { return 1.5 - x[0]; }, {{2, 3}}},
      {"tensor * number", [](In x) { return x[0] * 1.5; }, {{2, 3}}},
      {"number * tensor", [](In x) { return 1.5 * x[0]; }, {{2, 3}}},
      {"tensor / number", [](In x) { return x[0] / 1.5; }, {{2, 3}}},
      {"number / tensor", [](In x) { return 1.5 / x[0]; }, {{2, 3}}, Values::away},
      {"add, repeated more often than a block of sums", [](In x) { return x[0] + x[1]; }, {{130, 2}, {2}}},
      {"mul, left repeated in the middle, often", [](In x) { return x[0] * x[1]; }, {{2, 1, 2}, {2, 131, 2}}},
      {"negation", [](In x) { return -x[0]; }, {{2, 3}}},
      {"pow 2", [](In x) { return pow(x[0], 2); }, {{2, 3}}},
      {"pow 3", [](In x) { return pow(x[0], 3); }, {{2, 3}}},
      {"pow 1", [](In x) { return pow(x[0], 1); }, {{2, 3}}},
      {"pow 0", [](In x) { return pow(x[0], 0); }, {{2, 3}}},
      {"pow -1", [](In x) { return pow(x[0], -1); }, {{2, 3}}, Values::away},
      {"pow 0.5", [](In x) { return pow(x[0], 0.5); }, {{2, 3}}, Values::positive},
      {"pow -0.5", [](In x) { return pow(x[0], -0.5); }, {{2, 3}}, Values::positive},
      {"pow -2", [](In x) { return pow(x[0], -2); }, {{2, 3}}, Values::away},
      {"pow 1.7", [](In x) { return pow(x[0], 1.7); }, {{2, 3}}, Values::positive},
      {"expand", [](In x) { return expand(x[0], {2, 4, 3}); }, {{2, 1, 3}}},
      {"expand, new dimensions and one in the middle", [](In x) { return expand(x[0], {2, 3, 2}); }, {{3, 1}}},
      {"clone", [](In x) { return x[0].clone() * x[0]; }, {{2, 3}}},

      {"exp", [](In x) { return exp(x[0]); }, {{2, 3}}},
      {"log", [](In x) { return log(x[0]); }, {{2, 3}}, Values::positive},
      {"sqrt", [](In x) { return sqrt(x[0]); }, {{2, 3}}, Values::positive},
      {"relu", [](In x) { return relu(x[0]); }, {{2, 5}}, Values::away},
      {"sigmoid", [](In x) { return sigmoid(x[0]); }, {{2, 3}}},
      {"tanh", [](In x) { return tanh(x[0]); }, {{2, 3}}},
      {"logsigmoid", [](In x) { return logsigmoid(x[0]); }, {{2, 3}}},
      {"gelu", [](In x) { return gelu(x[0]); }, {{2, 3}}},
      {"gelu tanh", [](In x) { return gelu(x[0], "tanh"); }, {{2, 3}}},

      {"sum", [](In x) { return sum(x[0]); }, {{2, 3}}},
      {"sum, first", [](In x) { return sum(x[0], 0); }, {{2, 3, 2}}},
      {"sum, middle", [](In x) { return sum(x[0], 1); }, {{2, 3, 2}}},
      {"sum, last, kept", [](In x) { return sum(x[0], -1, true); }, {{2, 3, 2}}},
      {"mean", [](In x) { return mean(x[0]); }, {{2, 3}}},
      {"mean, first", [](In x) { return mean(x[0], 0); }, {{2, 3, 2}}},
      {"mean, middle", [](In x) { return mean(x[0], 1); }, {{2, 3, 2}}},
      {"mean, last, kept", [](In x) { return mean(x[0], -1, true); }, {{2, 3, 2}}},
      {"max", [](In x) { return max(x[0]); }, {{2, 3}}, Values::distinct},
      {"max, first", [](In x) { return max(x[0], 0).values; }, {{2, 3, 2}}, Values::distinct},
      {"max, middle", [](In x) { return max(x[0], 1).values; }, {{2, 3, 2}}, Values::distinct},
      {"max, last, kept", [](In x) { return max(x[0], -1, true).values; }, {{2, 3, 2}}, Values::distinct},
      {"prod, first", [](In x) { return prod(x[0], 0); }, {{2, 3, 2}}},
      {"prod, middle", [](In x) { return prod(x[0], 1); }, {{2, 3, 2}}},
      {"prod, last, kept", [](In x) { return prod(x[0], -1, true); }, {{2, 3, 2}}},
      {"prod, a zero a row", [](In x) { return prod(x[0], 1); }, {{2, 3}}, Values::zeros},
      {"prod, zeros alone or with others", [](In x) { return prod(x[0], 0); }, {{4, 3}}, Values::zeros},

      {"reshape", [](In x) { return x[0].reshape({3, -1}) * x[1]; }, {{2, 3}, {3, 2}}},
      {"flatten", [](In x) { return x[0].flatten(1); }, {{2, 3, 2}}},
      {"squeeze", [](In x) { return x[0].squeeze(); }, {{1, 3, 1}}},
      {"squeeze a dimension", [](In x) { return x[0].squeeze(-1); }, {{1, 3, 1}}},
      {"unsqueeze", [](In x) { return x[0].unsqueeze(1) * x[1]; }, {{2, 3}, {4, 3}}},
      {"transpose", [](In x) { return x[0].transpose(0, 1); }, {{2, 3}}},
      {"transpose, last", [](In x) { return x[0].transpose(1, 2); }, {{2, 3, 4}}},
      {"transpose, outer", [](In x) { return x[0].transpose(0, -1); }, {{2, 3, 4}}},
      {"transpose, four dimensions", [](In x) { return x[0].transpose(1, 2); }, {{2, 3, 2, 2}}},
      {"slice of rows", [](In x) { return slice(x[0], 0, 1, 3); }, {{4, 2}}},
      {"slice of a vector", [](In x) { return slice(x[0], 0, 1, 3); }, {{4}}},
      {"slice of blocks", [](In x) { return slice(x[0], 0, 1, 3); }, {{4, 2, 2}}},
      {"slice of columns", [](In x) { return slice(x[0], 1, -2, 3); }, {{2, 3, 2}}},
      {"select, first", [](In x) { return x[0][1]; }, {{3, 2}}},
      {"select, middle", [](In x) { return select(x[0], 1, -1); }, {{2, 3, 2}}},
      {"select, twice the same", [](In x) { return x[0][1] * x[0][1] + x[0][0]; }, {{3, 2}}},
      {"cat, rows", [](In x) { return cat<double>({x[0], x[1], x[2]}); }, {{1, 2}, {3, 2}, {0, 2}}},
      {"cat, columns", [](In x) { return cat<double>({x[0], x[1], x[0]}, -1); }, {{2, 1}, {2, 3}}},
      {"stack", [](In x) { return stack<double>({x[0], x[1]}, 1); }, {{2, 3}, {2, 3}}},

      {"matmul, vector vector", [](In x) { return matmul(x[0], x[1]); }, {{3}, {3}}},
      {"matmul, vector matrix", [](In x) { return matmul(x[0], x[1]); }, {{3}, {3, 2}}},
      {"matmul, matrix vector", [](In x) { return matmul(x[0], x[1]); }, {{2, 3}, {3}}},
      {"matmul, matrix matrix", [](In x) { return matmul(x[0], x[1]); }, {{2, 3}, {3, 4}}},
      {"matmul, batch vector", [](In x) { return matmul(x[0], x[1]); }, {{2, 2, 3}, {3}}},
      {"matmul, vector batch", [](In x) { return matmul(x[0], x[1]); }, {{3}, {2, 3, 2}}},
      {"matmul, batch matrix", [](In x) { return matmul(x[0], x[1]); }, {{2, 2, 3}, {3, 2}}},
      {"matmul, matrix batch", [](In x) { return matmul(x[0], x[1]); }, {{2, 3}, {2, 3, 2}}},
      {"matmul, batch batch", [](In x) { return matmul(x[0], x[1]); }, {{2, 2, 3}, {2, 3, 2}}},
      {"matmul, batches repeated", [](In x) { return matmul(x[0], x[1]); }, {{2, 1, 2, 3}, {3, 3, 2}}},
      {"matmul, by itself", [](In x) { return matmul(x[0], x[0]); }, {{2, 2}}},
      {"bmm", [](In x) { return bmm(x[0], x[1]); }, {{2, 2, 3}, {2, 3, 2}}},
      {"linear", [](In x) { return linear(x[0], x[1], x[2]); }, {{4, 3}, {2, 3}, {2}}},
      {"linear, no bias", [](In x) { return linear(x[0], x[1]); }, {{4, 3}, {2, 3}}},
      {"linear, vector", [](In x) { return linear(x[0], x[1], x[2]); }, {{3}, {2, 3}, {2}}},
      {"linear, cube", [](In x) { return linear(x[0], x[1], x[2]); }, {{2, 2, 3}, {2, 3}, {2}}},

      {"softmax, first", [](In x) { return softmax(x[0], 0); }, {{3, 2}}},
      {"softmax, middle", [](In x) { return softmax(x[0], 1); }, {{2, 3, 2}}},
      {"softmax, last", [](In x) { return softmax(x[0], -1); }, {{2, 3}}},
      {"log_softmax, first", [](In x) { return log_softmax(x[0], 0); }, {{3, 2}}},
      {"log_softmax, middle", [](In x) { return log_softmax(x[0], 1); }, {{2, 3, 2}}},
      {"log_softmax, last", [](In x) { return log_softmax(x[0], -1); }, {{2, 3}}},

      {"embedding", [](In x) { return embedding({1, 3, 0}, x[0]); }, {{4, 2}}},
      {"embedding, duplicates", [](In x) { return embedding(Indices{{1, 3, 1}, {1, 0, 3}}, x[0]); }, {{4, 2}}},
      {"embedding, single id", [](In x) { return embedding(2, x[0]); }, {{4, 2}}},
      // The padding row takes no part in the function either, so that the differences are zero there.
      {"embedding, padding_idx", [](In x) { return embedding({2, 0, 2}, x[0], 1); }, {{4, 2}}},
      {"embedding, of two tables", [](In x) { return embedding({1, 1}, x[0]) * embedding({0, 2}, x[1]); }, {{2, 3}, {3, 3}}},
      {"embedding, twice and tied",
       [](In x) { return matmul(embedding({1, 0}, x[0]) + embedding({1, 2}, x[0]), x[0].t()); },
       {{3, 2}}},
      {"embedding, of a result", [](In x) { return embedding({1, 3, 1}, tanh(x[0])); }, {{4, 2}}},

      {"normalize", [](In x) { return normalize(x[0]); }, {{2, 3}}},
      {"normalize, first", [](In x) { return normalize(x[0], 0); }, {{2, 3}}},
      {"normalize, below eps", [](In x) { return normalize(x[0], 1, 100); }, {{2, 3}}},
      {"cosine_similarity", [](In x) { return cosine_similarity(x[0], x[1]); }, {{2, 3}, {2, 3}}},
      {"cosine_similarity, repeated", [](In x) { return cosine_similarity(x[0], x[1], -1); }, {{2, 1, 3}, {4, 3}}},

      {"layer_norm", [](In x) { return layer_norm(x[0], {4}, x[1], x[2]); }, {{3, 4}, {4}, {4}}},
      {"layer_norm, no weight, no bias", [](In x) { return layer_norm(x[0], {4}); }, {{3, 4}}},
      {"layer_norm, bias alone", [](In x) { return layer_norm(x[0], {4}, {}, x[1]); }, {{3, 4}, {4}}},
      {"layer_norm, two dimensions",
       [](In x) { return layer_norm(x[0], {3, 2}, x[1], x[2]); },
       {{2, 3, 2}, {3, 2}, {3, 2}}},
      {"layer_norm, eps", [](In x) { return layer_norm(x[0], {4}, x[1], x[2], 0.5); }, {{3, 4}, {4}, {4}}},
      {"dropout",
       [](In x) {
         Generator generator(3);
         return dropout(x[0], 0.4, true, generator);
       },
       {{4, 5}}},

      {"conv1d", [](In x) { return conv1d(x[0], x[1], x[2]); }, {{2, 3, 5}, {4, 3, 3}, {4}}},
      {"conv1d, no batch, no bias", [](In x) { return conv1d(x[0], x[1]); }, {{3, 5}, {2, 3, 2}}},
      {"conv1d, everything",
       [](In x) {
         return conv1d(x[0], x[1], x[2], {.stride = 2, .padding = 2, .dilation = 2, .groups = 2});
       },
       {{2, 4, 5}, {6, 2, 3}, {6}}},
      {"max_pool1d", [](In x) { return max_pool1d(x[0], 2); }, {{2, 2, 5}}, Values::distinct},
      {"max_pool1d, everything",
       [](In x) {
         return max_pool1d(x[0], 3, {.stride = 2, .padding = 1, .dilation = 2, .ceil_mode = true});
       },
       {{2, 8}},
       Values::distinct},
      {"adaptive_max_pool1d", [](In x) { return adaptive_max_pool1d(x[0], 1); }, {{2, 3, 4}}, Values::distinct},
      {"adaptive_max_pool1d, overlaps", [](In x) { return adaptive_max_pool1d(x[0], 3); }, {{2, 5}}, Values::distinct},
      {"masked_fill", [](In x) { return masked_fill(x[0], {{0, 1, 0}, {1, 1, 0}}, 2); }, {{2, 3}}},
      {"masked_fill, x repeated", [](In x) { return masked_fill(x[0], {{{0, 1}}, {{1, 0}}}, 2); }, {{3, 1}}},
      {"where", [](In x) { return where({{0, 1, 0}, {1, 1, 0}}, x[0], x[1]); }, {{2, 3}, {2, 3}}},
      {"where, each repeated", [](In x) { return where({{{0, 1}}, {{1, 0}}}, x[0], x[1]); }, {{3, 1}, {2}}},
      {"where, of a number", [](In x) { return where({1, 1, 0}, x[0], 2) + where({1, 0, 0}, 3, x[0]); }, {{2, 3}}},
      {"cat, with tensors of shape (0)", [](In x) { return cat<double>({x[0], x[1], x[0]}, 1); }, {{2, 2}, {0}}},
      {"masked_fill, repeated", [](In x) { return masked_fill(x[0], {{{0, 1}}, {{1, 0}}}, 2); }, {{2, 3, 2}}},

      {"scaled_dot_product_attention",
       [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2]); },
       {{2, 3, 2}, {2, 4, 2}, {2, 4, 3}}},
      {"scaled_dot_product_attention, mask",
       [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.attn_mask = x[3], .scale = 0.3}); },
       {{3, 2}, {4, 2}, {4, 2}, {3, 4}}},
      {"scaled_dot_product_attention, keys seen",
       [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.attn_mask = Mask{{1, 1, 0}, {0, 1, 0}}}); },
       {{2, 2}, {3, 2}, {3, 2}}},
      {"scaled_dot_product_attention, mask repeated",
       [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.attn_mask = x[3]}); },
       {{2, 2, 1, 2}, {2, 2, 3, 2}, {2, 2, 3, 2}, {2, 1, 1, 3}}},
      {"scaled_dot_product_attention, causal",
       [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.is_causal = true}); },
       {{1, 3, 2}, {1, 4, 2}, {1, 4, 2}}},
      {"MultiheadAttention, query, key, value",
       [](In x) {
         manual_seed(1);
         const nn::MultiheadAttention<double> attention(4, 2);
         const auto [y, weights] = attention(x[0], x[1], x[2], {.key_padding_mask = Indices{{0, 0}, {0, 1}}});
         return cat<double>({flatten(y), flatten(weights)});
       },
       {{3, 2, 4}, {2, 2, 4}, {2, 2, 4}}},
      {"AttentionPooling",
       [](In x) {
         manual_seed(1);
         const auto [y, weights] = nn::AttentionPooling<double>(3)(x[0], {4, 2});
         return cat<double>({flatten(y), flatten(weights)});
       },
       {{4, 2, 3}}},

      {"cross_entropy, one sample", [](In x) { return cross_entropy(x[0], 1); }, {{3}}},
      {"cross_entropy, cube", [](In x) { return cross_entropy(x[0], {{0, 2}, {1, 1}}); }, {{2, 3, 2}}},
      {"nll_loss, cube", [](In x) { return nll_loss(x[0], {{0, 2}, {1, 1}}, {.weight = class_weight}); }, {{2, 3, 2}}},
      {"cross_entropy, cube, everything",
       [](In x) {
         return cross_entropy(
             x[0], {{0, 2}, {1, -1}},
             {.weight = class_weight, .ignore_index = -1, .reduction = Reduction::none, .label_smoothing = 0.1});
       },
       {{2, 3, 2}}},
  };
  for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none}) {
    const Indices target{0, 2, 1}, ignoring{0, -100, 1};
    const std::vector<Row> losses = {
        {"cross_entropy", [=](In x) { return cross_entropy(x[0], target, {.reduction = reduction}); }, {{3, 3}}},
        {"cross_entropy, ignore_index",
         [=](In x) { return cross_entropy(x[0], target, {.ignore_index = 2, .reduction = reduction}); },
         {{3, 3}}},
        {"cross_entropy, weight",
         [=](In x) { return cross_entropy(x[0], ignoring, {.weight = class_weight, .reduction = reduction}); },
         {{3, 3}}},
        {"cross_entropy, label_smoothing",
         [=](In x) { return cross_entropy(x[0], ignoring, {.reduction = reduction, .label_smoothing = 0.2}); },
         {{3, 3}}},
        {"cross_entropy, weight and label_smoothing",
         [=](In x) {
           return cross_entropy(x[0], target, {.weight = class_weight, .reduction = reduction, .label_smoothing = 0.2});
         },
         {{3, 3}}},
        {"nll_loss", [=](In x) { return nll_loss(x[0], ignoring, {.reduction = reduction}); }, {{3, 3}}},
        {"nll_loss, weight",
         [=](In x) { return nll_loss(x[0], ignoring, {.weight = class_weight, .reduction = reduction}); },
         {{3, 3}}},
        {"binary_cross_entropy, of input and target",
         [=](In x) { return binary_cross_entropy(x[0], x[1], {.reduction = reduction}); },
         {{2, 3}, {2, 3}},
         Values::unit},
        {"binary_cross_entropy_with_logits, of input and target",
         [=](In x) { return binary_cross_entropy_with_logits(x[0], x[1], {.reduction = reduction}); },
         {{2, 3}, {2, 3}}},
        {"binary_cross_entropy_with_logits, pos_weight",
         [=](In x) {
           return binary_cross_entropy_with_logits(x[0], x[1], {.pos_weight = class_weight, .reduction = reduction});
         },
         {{2, 3}, {2, 3}}},
        {"mse_loss, of input and target", [=](In x) { return mse_loss(x[0], x[1], {reduction}); }, {{2, 3}, {2, 3}}},
    };
    rows.insert(rows.end(), losses.begin(), losses.end());
  }
  return rows;
}

}  // namespace

TEST_CASE("gradients agree with differences, for every operation and every input") { gradient_table::check(table()); }

TEST_CASE("the padding row of an embedding has no gradient although the result depends on it") {
  const Value weight = Value{{1, 2}, {3, 4}, {5, 6}}.requires_grad_();
  const auto lookup = [](In x) { return rowgrad::embedding({0, 1, 2}, x[0], 1); };
  CHECK(!rowgrad::gradcheck(lookup, {weight}).ok);
  CHECK(weight.grad().rows().to_vector() == std::vector<Index>{0, 2});
}
