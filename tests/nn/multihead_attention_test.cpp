#include <rowgrad/nn/multihead_attention.hpp>

#include "attention_cases.hpp"

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::nn::MultiheadAttention;
using rowgrad::nn::MultiheadAttentionArguments;
using rowgrad::nn::MultiheadAttentionOptions;

namespace {

using Shapes = std::vector<Shape>;
const Shapes time_first{{3, 2, 4}, {5, 2, 4}, {5, 2, 4}}, batch_first{{2, 3, 4}, {2, 5, 4}, {2, 5, 4}},
    no_batch{{3, 4}, {5, 4}, {5, 4}};

struct Call {
  Index heads = 2;
  bool average = true, causal = false;
};

// Calls the layer with the masks that the case holds.
void expect(const std::string& name, const MultiheadAttentionOptions& options, const Shapes& shapes, Call call = {}) {
  attention_cases::expect_golden(
      name, [&](auto t) { return MultiheadAttention<decltype(t)>(4, call.heads, options); }, shapes,
      [&](const auto& layer, const auto& x, const golden::Case& c) {
        using T = typename std::decay_t<decltype(layer)>::Scalar;
        CHECK(layer.to_string() == c.text("printed"));
        MultiheadAttentionArguments<T> arguments{
            .need_weights = c.has("weights"), .average_attn_weights = call.average, .is_causal = call.causal};
        if (c.has("padding")) arguments.key_padding_mask = c.tensor<Index>("padding");
        if (c.has("added_padding")) arguments.key_padding_mask = c.tensor<T>("added_padding");
        if (c.has("pairs")) arguments.attn_mask = c.tensor<Index>("pairs");
        if (c.has("added_pairs")) arguments.attn_mask = c.tensor<T>("added_pairs");
        return x.size() == 1 ? layer(x[0], x[0], x[0], arguments) : layer(x[0], x[1], x[2], arguments);
      });
}

}  // namespace

TEST_CASE("MultiheadAttention: PyTorch's results, gradients and printed form") {
  expect("mha@", {}, time_first);
  expect("mha@batch_first", {.batch_first = true}, batch_first);
  expect("mha@no_bias", {.bias = false}, time_first);
  expect("mha@no_batch", {.batch_first = true}, no_batch);
  expect("mha@sizes", {.kdim = 3, .vdim = 5}, {{3, 2, 4}, {5, 2, 3}, {5, 2, 5}});
  expect("mha@sizes_no_bias", {.bias = false, .vdim = 1, .batch_first = true}, {{2, 3, 4}, {2, 5, 4}, {2, 5, 1}});
  expect("mha@self", {}, {{3, 2, 4}});
  expect("mha@one_head", {}, time_first, {.heads = 1});
  expect("mha@heads", {}, time_first, {.average = false});
  expect("mha@no_weights", {}, time_first);
}

TEST_CASE("MultiheadAttention: PyTorch's results and gradients with masks") {
  expect("mha@padding", {}, time_first);
  expect("mha@padding_added", {.batch_first = true}, batch_first);
  expect("mha@padding_no_batch", {}, no_batch, {.average = false});
  expect("mha@pairs", {}, time_first);
  expect("mha@pairs_added", {.batch_first = true}, batch_first);
  expect("mha@both", {.batch_first = true}, batch_first);
  expect("mha@causal", {}, {{4, 2, 4}, {4, 2, 4}, {4, 2, 4}}, {.causal = true});
}

TEST_CASE("MultiheadAttention: PyTorch's weights after the same manual_seed") {
  const auto expect_initial = [](const char* name, const MultiheadAttentionOptions& options) {
    layers::expect_initial(
        name, [&] { return MultiheadAttention<float>(4, 2, options); },
        [&] { return MultiheadAttention<double>(4, 2, options); }, "nn_attention");
  };
  expect_initial("initial@", {});
  expect_initial("initial@no_bias", {.bias = false});
  expect_initial("initial@sizes", {.kdim = 3, .vdim = 5});
}

TEST_CASE("MultiheadAttention: a padded batch gives what each text alone gives") {
  rowgrad::manual_seed(2);
  const MultiheadAttention<float> attention(6, 3, {.batch_first = true});
  const Tensor<float> x = rowgrad::randn({3, 4, 6});
  const Indices lengths{4, 1, 3};
  const auto [y, weights] = attention(x, x, x, {.key_padding_mask = rowgrad::padding_mask(lengths, 4)});
  for (Index n = 0; n < 3; ++n) {
    const Index length = lengths.data()[n];
    const Tensor<float> alone = slice(x[n], 0, 0, length);
    CHECK(golden::difference(slice(y[n], 0, 0, length), attention(alone, alone, alone).output) == "");
    for (Index i = 0; i < 4; ++i)
      for (Index j = length; j < 4; ++j) CHECK(weights[n][i][j].item() == 0);
  }
}

TEST_CASE("MultiheadAttention: the gradient of in_proj_weight is dense") {
  const MultiheadAttention<float> attention(4, 2);
  const Tensor<float> x = rowgrad::ones({3, 4});
  attention(x, x, x).output.sum().backward();
  CHECK(attention.in_proj_weight.grad().dense().shape() == Shape{12, 4});
}

TEST_CASE("MultiheadAttention: dropout falls on the weights, while training") {
  rowgrad::manual_seed(3);
  MultiheadAttention<float> attention(4, 1, {.dropout = 0.5});
  const Tensor<float> x = rowgrad::ones({8, 4});
  const auto zeros_of = [&] { return (attention(x, x, x).weights.array() == 0).count(); };
  CHECK(zeros_of() > 16);
  CHECK(zeros_of() < 48);
  attention.eval();
  CHECK(zeros_of() == 0);
}

TEST_CASE("MultiheadAttention: members") {
  const MultiheadAttention<float> attention(4, 2), sizes(4, 2, {.bias = false, .kdim = 3});
  CHECK(attention.embed_dim() == 4);
  CHECK(attention.num_heads() == 2);
  const auto names = [](const MultiheadAttention<float>& layer) {
    std::string text;
    for (const auto& named : layer.named_parameters()) text += named.name + " ";
    return text;
  };
  CHECK(names(attention) == "in_proj_weight in_proj_bias out_proj.weight out_proj.bias ");
  CHECK(names(sizes) == "q_proj_weight k_proj_weight v_proj_weight out_proj.weight ");
  const MultiheadAttention<float> copy = attention;
  CHECK(copy.in_proj_weight.data() != attention.in_proj_weight.data());
}

TEST_CASE("MultiheadAttention: errors") {
  CHECK_THROWS_WITH_AS(MultiheadAttention<float>(5, 2),
                       "MultiheadAttention: embed_dim must be a multiple of num_heads, both at least 1, got 5 and 2",
                       ValueError);
  CHECK_THROWS_AS(MultiheadAttention<float>(0, 1), ValueError);
  CHECK_THROWS_AS(MultiheadAttention<float>(4, 0), ValueError);
  CHECK_THROWS_AS(MultiheadAttention<float>(4, 2, {.dropout = 1.1}), ValueError);
  const MultiheadAttention<float> attention(4, 2), first(4, 2, {.kdim = 3, .batch_first = true});
  const auto ones = [](const Shape& shape) { return rowgrad::ones(shape); };
  CHECK_THROWS_WITH_AS(attention(ones({3, 2, 4}), ones({5, 1, 4}), ones({5, 1, 4})),
                       "MultiheadAttention: expected query (L, N, 4), key (S, N, 4) and value (S, N, 4), all with N or "
                       "all without, got (3, 2, 4), (5, 1, 4) and (5, 1, 4)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(first(ones({2, 3, 4}), ones({2, 5, 4}), ones({2, 5, 4})),
                       "MultiheadAttention: expected query (N, L, 4), key (N, S, 3) and value (N, S, 4), all with N or "
                       "all without, got (2, 3, 4), (2, 5, 4) and (2, 5, 4)",
                       ShapeError);
  CHECK_THROWS_AS(attention(ones({3, 4}), ones({5, 2, 4}), ones({5, 2, 4})), ShapeError);
  CHECK_THROWS_AS(attention(ones({3, 2, 4}), ones({5, 2, 4}), ones({4, 2, 4})), ShapeError);
  CHECK_THROWS_AS(attention(ones({4}), ones({4}), ones({4})), ShapeError);

  const Tensor<float> x = ones({3, 2, 4});
  CHECK_THROWS_WITH_AS(
      attention(x, x, x, {.key_padding_mask = Indices{{0, 0, 1}, {1, 1, 1}}}),
      "MultiheadAttention: every key is masked for query 0 of sample 1, so there is nothing to average "
      "(a text of length 0, or 0 and 1 of a mask exchanged?)",
      ValueError);
  CHECK_THROWS_WITH_AS(attention(x, x, x, {.key_padding_mask = Indices{{0, 0, 0}}}),
                       "MultiheadAttention: expected key_padding_mask of shape (2, 3), got (1, 3)", ShapeError);
  CHECK_THROWS_WITH_AS(attention(x, x, x, {.attn_mask = Indices{0, 0, 0}}),
                       "MultiheadAttention: expected attn_mask of shape (3, 3) or (4, 3, 3), got (3,)", ShapeError);
}

TEST_CASE("MultiheadAttention: kdim and vdim below 1") {
  CHECK_THROWS_AS(rowgrad::nn::MultiheadAttention<float>(4, 2, {.kdim = 0}), rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::nn::MultiheadAttention<float>(4, 2, {.vdim = -1}), rowgrad::ValueError);
}
