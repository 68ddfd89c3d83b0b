#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include <rowgrad/rowgrad.hpp>

// A tensor that was default-constructed or moved from, wherever a tensor is expected, is an error that says so.

using namespace rowgrad;

namespace {
// Each in turn: whether it throws one of our errors, not another one, and does not crash.
template <typename F>
void refuse(const char* what, const F& f) {
  CAPTURE(what);
  CHECK_THROWS_AS(f(), Error);
}
#define REFUSE(...) refuse(#__VA_ARGS__, [&] { (void)(__VA_ARGS__); })

Tensor<double> moved_from() {
  Tensor<double> x = ones<double>({2});
  const Tensor<double> taken = std::move(x);
  return x;  // NOLINT: that is what is tested
}
}  // namespace

TEST_CASE("undefined tensors: members") {
  for (const Tensor<double>& u : {Tensor<double>(), moved_from()}) {
    CHECK(!u.defined());
    CHECK(!u.unique());
    CHECK(to_string(u) == "tensor(undefined)");
    CHECK_THROWS_WITH_AS(u.shape(),
                         "Tensor: expected a tensor with values, got an undefined one (was it default-constructed, "
                         "moved from, or is it a parameter that the layer was told to do without?)",
                         ValueError);
    const std::vector<Index> rows{0};
    REFUSE(u.dim());
    REFUSE(u.numel());
    REFUSE(u.size(0));
    REFUSE(u.data());
    REFUSE(u.settle());
    REFUSE(u.data_for_rows(rows));
    REFUSE(u.item());
    REFUSE(u.matrix());
    REFUSE(u.array());
    REFUSE(u.to_vector());
    REFUSE(u.clone());
    REFUSE(u.detach());
    REFUSE(u.to<float>());
    REFUSE(u.to<double>());
    REFUSE(u.to<Index>());
    REFUSE(u.requires_grad());
    REFUSE(u.requires_grad_());
    REFUSE(u.is_leaf());
    REFUSE(u.grad());
    REFUSE(u.backward());
    REFUSE(ones<double>({2}).requires_grad_().backward(u));
    REFUSE(u[0]);
    REFUSE(u.view_as({2}));
    REFUSE(u.view({2}));
    REFUSE(u.t());
  }
}

TEST_CASE("undefined tensors: operations on one") {
  const Tensor<double> u;
  const Indices ids;
  REFUSE(relu(u));
  REFUSE(sigmoid(u));
  REFUSE(tanh(u));
  REFUSE(logsigmoid(u));
  REFUSE(gelu(u));
  REFUSE(rowgrad::exp(u));
  REFUSE(rowgrad::log(u));
  REFUSE(rowgrad::sqrt(u));
  REFUSE(pow(u, 2));
  REFUSE(u + 1);
  REFUSE(2 - u);
  REFUSE(u * 3);
  REFUSE(1 / u);
  REFUSE(-u);
  REFUSE(sum(u));
  REFUSE(sum(u, 0));
  REFUSE(mean(u));
  REFUSE(mean(u, 0));
  REFUSE(prod(u, 0));
  REFUSE(rowgrad::max(u));
  REFUSE(rowgrad::max(u, 0));
  REFUSE(argmax(u, 0));
  REFUSE(reshape(u, {1}));
  REFUSE(reshape(u, Shape{1}));
  REFUSE(flatten(u));
  REFUSE(squeeze(u));
  REFUSE(squeeze(u, 0));
  REFUSE(unsqueeze(u, 0));
  REFUSE(transpose(u, 0, 1));
  REFUSE(slice(u, 0, 0, 1));
  REFUSE(select(u, 0, 0));
  REFUSE(expand(u, {2}));
  REFUSE(cat<double>({u}));
  REFUSE(cat<double>({u, u}));
  REFUSE(cat<double>({}));
  REFUSE(stack<double>({u}));
  REFUSE(stack<double>({}));
  REFUSE(softmax(u, 0));
  REFUSE(log_softmax(u, 0));
  REFUSE(normalize(u));
  REFUSE(layer_norm(u, {2}));
  REFUSE(dropout(u));
  REFUSE(max_pool1d(u, 2));
  REFUSE(adaptive_max_pool1d(u, 1));
  REFUSE(eq(ids, 1));
  REFUSE(one_hot(ids));
  REFUSE(padding_mask(ids, 3));
}

TEST_CASE("undefined tensors: comparisons, reductions, sorting and the rest of what is chained") {
  const Tensor<double> u, x = ones<double>({2});
  const Indices ids, good{0, 1};
  const rowgrad::Mask mask;
  REFUSE(u == u);
  REFUSE(u != 1);
  REFUSE(u < 1.0);
  REFUSE(1 > u);
  REFUSE(isnan(u));
  REFUSE(isinf(u));
  REFUSE(isfinite(u));
  REFUSE(equal(u, u));
  REFUSE(isclose(u, u));
  REFUSE(allclose(u, u));
  REFUSE(logical_not(u));
  REFUSE(~mask);
  REFUSE(any(u));
  REFUSE(all(u, 0));
  REFUSE(count_nonzero(u));
  REFUSE(nonzero(u));
  REFUSE(where(mask));
  REFUSE(abs(u));
  REFUSE(square(u));
  REFUSE(reciprocal(u));
  REFUSE(rsqrt(u));
  REFUSE(expm1(u));
  REFUSE(log1p(u));
  REFUSE(rowgrad::sin(u));
  REFUSE(erf(u));
  REFUSE(floor(u));
  REFUSE(round(u, 2));
  REFUSE(sign(u));
  REFUSE(frac(u));
  REFUSE(nan_to_num(u));
  REFUSE(clamp(u, 0, 1));
  REFUSE(u.clamp({.min = 0}));
  REFUSE(pow(2, u));
  REFUSE(pow(ids, 2));
  REFUSE(ids % 2);
  REFUSE(ids / 2);
  REFUSE(ids * 0.5);
  REFUSE(remainder(u, 2));
  REFUSE(sum(u, {0, 1}));
  REFUSE(mean(u, {0, 1}));
  REFUSE(var(u));
  REFUSE(rowgrad::std(u, 0));
  REFUSE(norm(u));
  REFUSE(logsumexp(u, 0));
  REFUSE(amax(u));
  REFUSE(amin(u, 0));
  REFUSE(argmin(u));
  REFUSE(argmax(u));
  REFUSE(rowgrad::min(u));
  REFUSE(rowgrad::min(u, 0));
  REFUSE(prod(u));
  REFUSE(cumsum(u, 0));
  REFUSE(cumprod(u, 0));
  REFUSE(diff(u));
  REFUSE(rowgrad::sort(u));
  REFUSE(argsort(u));
  REFUSE(topk(u, 1));
  REFUSE(kthvalue(u, 1));
  REFUSE(median(u));
  REFUSE(median(u, 0));
  REFUSE(rowgrad::unique(ids));
  REFUSE(unique_consecutive(ids));
  REFUSE(bincount(ids));
  REFUSE(maximum(u, x));
  REFUSE(minimum(x, u));
  REFUSE(rowgrad::max(u, x));
  REFUSE(pow(x, u));
  REFUSE(pow(u, x));
  REFUSE(atan2(x, u));
  REFUSE(logaddexp(u, x));
  REFUSE(addcmul(x, x, u));
  REFUSE(addcdiv(u, x, x));
  REFUSE(lerp(x, u, 0.5));
  REFUSE(lerp(x, x, u));
  REFUSE(clamp(x, u, x));
  REFUSE(clamp_min(x, u));
  REFUSE(fmod(u, x));
  REFUSE(floor_divide(x, u));
  REFUSE(add(x, u));
  REFUSE(x * ids);
  REFUSE(ids - x);
  REFUSE(x == u);
  REFUSE(u > x);
  REFUSE(where(mask, x, x));
  REFUSE(where(x > 0, u, x));
  REFUSE(where(x > 0, x, u));
  REFUSE(where(mask, x, 0));
  REFUSE(masked_fill(x, mask, 0));
  REFUSE(masked_fill(u, x > 0, 0));
  REFUSE(mask & mask);
  REFUSE(logical_or(u, x));
  REFUSE(searchsorted(u, x));
  REFUSE(bucketize(x, u));
  REFUSE(isin(u, x));
  REFUSE(bincount(ids, x));
  REFUSE(bincount(good, u));
}

TEST_CASE("undefined tensors: on either side of an operation on several") {
  const Tensor<double> u, x = ones<double>({2, 2}), cube = ones<double>({2, 2, 2});
  const Indices ids, good{0, 1}, pairs{{0, 1}, {1, 0}};
  REFUSE(u + x);
  REFUSE(x + u);
  REFUSE(u - x);
  REFUSE(x * u);
  REFUSE(x / u);
  REFUSE(u + u);
  REFUSE(matmul(u, x));
  REFUSE(matmul(x, u));
  REFUSE(bmm(cube, u));
  REFUSE(bmm(u, cube));
  REFUSE(linear(u, x));
  REFUSE(linear(x, u));
  REFUSE(conv1d(u, cube));
  REFUSE(conv1d(cube, u));
  REFUSE(cosine_similarity(u, x));
  REFUSE(cosine_similarity(x, u));
  REFUSE(masked_fill(u, pairs, 0));
  REFUSE(masked_fill(x, ids, 0));
  REFUSE(cat<double>({x, u}));
  REFUSE(stack<double>({x, u}));
  REFUSE(scaled_dot_product_attention(u, cube, cube));
  REFUSE(scaled_dot_product_attention(cube, u, cube));
  REFUSE(scaled_dot_product_attention(cube, cube, u));
  REFUSE(pack_padded_sequence(u, good));
  REFUSE(pack_padded_sequence(cube, ids));
  REFUSE(pad_packed_sequence(PackedSequence<double>{}));
  REFUSE(cross_entropy(u, good));
  REFUSE(cross_entropy(x, ids));
  REFUSE(nll_loss(u, good));
  REFUSE(nll_loss(x, ids));
  REFUSE(binary_cross_entropy(u, x));
  REFUSE(binary_cross_entropy(x, u));
  REFUSE(binary_cross_entropy_with_logits(u, x));
  REFUSE(binary_cross_entropy_with_logits(x, u));
  REFUSE(mse_loss(u, x));
  REFUSE(mse_loss(x, u));
  REFUSE(embedding(ids, x));
  REFUSE(embedding(good, u));
  REFUSE(embedding_bag(ids, x));
  REFUSE(embedding_bag(pairs, u));
  REFUSE(embedding_bag(ids, x, good));
}

TEST_CASE("undefined tensors: given to layers, and layers that were moved from") {
  const Tensor<float> u;
  const Indices ids;
  nn::Embedding<float> embedding(3, 2);
  nn::EmbeddingBag<float> bag(3, 2);
  nn::Linear<float> linear(2, 2);
  nn::LSTM<float> lstm(2, 2);
  nn::LSTMCell<float> cell(2, 2);
  nn::LayerNorm<float> norm(Shape{2});
  nn::Conv1d<float> conv(2, 2, 1);
  REFUSE(embedding(ids));
  REFUSE(bag(ids));
  REFUSE(linear(u));
  REFUSE(lstm(u));
  REFUSE(cell(u));
  REFUSE(norm(u));
  REFUSE(conv(u));
  const auto gone = [](auto& layer) { const auto taken = std::move(layer); };
  gone(embedding), gone(bag), gone(linear), gone(lstm), gone(cell), gone(norm), gone(conv);
  REFUSE(embedding({0}));
  REFUSE(bag({{0}}));
  REFUSE(linear(ones({2, 2})));
  REFUSE(lstm(ones({1, 1, 2})));
  REFUSE(cell(ones({1, 2})));
  REFUSE(norm(ones({2})).data());
  REFUSE(conv(ones({1, 2, 3})));
}
