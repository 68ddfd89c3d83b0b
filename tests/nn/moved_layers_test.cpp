#include <doctest/doctest.h>

#include <rowgrad/functional/packed_sequence.hpp>
#include <rowgrad/nn/activation.hpp>
#include <rowgrad/nn/attention_pooling.hpp>
#include <rowgrad/nn/conv1d.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/embedding_bag.hpp>
#include <rowgrad/nn/layer_norm.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/multihead_attention.hpp>
#include <rowgrad/nn/pooling.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/recurrent_cell.hpp>
#include <rowgrad/nn/sequential.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {

/// A layer that was moved from can be printed, listed, switched, copied and assigned to; a call gives a clear error.
template <typename Layer, typename... Inputs>
void expect_clear(Layer layer, const Inputs&... inputs) {
  CAPTURE(layer.to_string());
  CHECK_NOTHROW((void)layer(inputs...));
  CHECK_NOTHROW((void)layer.forward(inputs...));
  const Layer original = layer;
  const std::size_t count = layer.parameters().size();
  Layer kept = std::move(layer);
  CHECK(!layer.to_string().empty());  // NOLINT: that is what is tested
  CHECK(layer.parameters().size() <= count);
  CHECK_NOTHROW(layer.train());
  CHECK_NOTHROW(layer.eval());
  CHECK_NOTHROW(layer.zero_grad());
  Layer copy = layer;
  CHECK_NOTHROW((void)copy.to_string());
  if (count > 0) {
    CHECK(layer.parameters().empty());
    CHECK_THROWS_AS((void)layer(inputs...), rowgrad::Error);
    CHECK_THROWS_AS((void)copy(inputs...), rowgrad::Error);
  }
  layer = original;
  CHECK(layer.to_string() == kept.to_string());
  CHECK_NOTHROW((void)layer(inputs...));
}

/// An undefined input is a clear error.
template <typename Layer, typename... Inputs>
void expect_refused(const Layer& layer, const Inputs&... inputs) {
  CAPTURE(layer.to_string());
  CHECK_THROWS_AS((void)layer(inputs...), rowgrad::Error);
}

}  // namespace

TEST_CASE("layers that were moved from") {
  const auto x = rowgrad::ones<float>({2, 4}), sequence = rowgrad::ones<float>({3, 2, 4});
  expect_clear(nn::Embedding<float>(5, 3, {.padding_idx = 1}), Indices{1, 2});
  expect_clear(nn::EmbeddingBag<float>(5, 3, {.padding_idx = 1}), Indices{{1, 2}});
  expect_clear(nn::Linear<float>(4, 3), x);
  expect_clear(nn::Linear<float>(4, 3, {.bias = false}), x);
  expect_clear(nn::Conv1d<float>(2, 3, 2), sequence);
  expect_clear(nn::LayerNorm<float>(4), x);
  expect_clear(nn::AttentionPooling<float>(4), sequence);
  expect_clear(nn::MultiheadAttention<float>(4, 2), sequence, sequence, sequence);
  expect_clear(nn::MultiheadAttention<float>(4, 2, {.kdim = 4, .vdim = 4, .batch_first = true}), sequence, sequence,
               sequence);
  expect_clear(nn::LSTM<float>(4, 3), sequence);
  expect_clear(nn::GRU<float>(4, 3, {.bidirectional = true}), sequence);
  expect_clear(nn::RNN<float>(4, 3), sequence);
  expect_clear(nn::LSTMCell<float>(4, 3), x);
  expect_clear(nn::GRUCell<float>(4, 3), x);
  expect_clear(nn::RNNCell<float>(4, 3), x);
  expect_clear(nn::Dropout<float>(), x);
  expect_clear(nn::ReLU<float>(), x);
  expect_clear(nn::GELU<float>("tanh"), x);
  expect_clear(nn::Softmax<float>(1), x);
  expect_clear(nn::Flatten<float>(), sequence);
  expect_clear(nn::MaxPool1d<float>(2), sequence);
  expect_clear(nn::AdaptiveMaxPool1d<float>(1), sequence);

  nn::Sequential<float> model{nn::Linear<float>(4, 3), nn::ReLU<float>()};
  const nn::Sequential<float> kept = std::move(model);
  CHECK(model.to_string() == "Sequential()");  // NOLINT: that is what is tested
  CHECK(model.parameters().empty());
  model = kept;
  CHECK(model(x).to_vector() == kept(x).to_vector());
}

TEST_CASE("moved from, a layer says so when it is called") {
  nn::Embedding<float> embedding(5, 3);
  const nn::Embedding<float> kept = std::move(embedding);
  CHECK(embedding.to_string() == "Embedding(0, 0)");  // NOLINT: that is what is tested
  CHECK_THROWS_WITH_AS((void)embedding(1), doctest::Contains("moved from"), rowgrad::ShapeError);
  CHECK_THROWS_WITH_AS(embedding.add_rows(1), doctest::Contains("moved from"), rowgrad::ShapeError);
  nn::LayerNorm<float> norm(4);
  const nn::LayerNorm<float> other = std::move(norm);
  CHECK_THROWS_WITH_AS((void)norm(rowgrad::ones({4})), doctest::Contains("moved from"),  // NOLINT
                       rowgrad::ValueError);
}

TEST_CASE("moved from, layers with several weights say so, too") {
  const auto x = rowgrad::ones<float>({2, 4}), sequence = rowgrad::ones<float>({3, 2, 4});
  const auto expect = [](auto layer, const auto&... inputs) {
    const auto kept = std::move(layer);
    CAPTURE(kept.to_string());
    CHECK_THROWS_WITH_AS((void)layer(inputs...), doctest::Contains("moved from"), rowgrad::ValueError);  // NOLINT
  };
  expect(nn::LSTM<float>(4, 3), sequence);
  expect(nn::LSTM<float>(4, 3), sequence, Indices{3, 2});
  expect(nn::LSTM<float>(4, 3), rowgrad::pack_padded_sequence(sequence, Indices{3, 2}));
  expect(nn::GRU<float>(4, 3), sequence);
  expect(nn::RNN<float>(4, 3), sequence);
  expect(nn::LSTMCell<float>(4, 3), x);
  expect(nn::GRUCell<float>(4, 3), x);
  expect(nn::RNNCell<float>(4, 3), x);
  expect(nn::MultiheadAttention<float>(4, 2), sequence, sequence, sequence);
  expect(nn::Sequential<float>{nn::Linear<float>(4, 3)}, x);
  expect(nn::Sequential<float>{nn::Sequential<float>{nn::Linear<float>(4, 3)}, nn::ReLU<float>()}, x);

  nn::Sequential<float> model{nn::Linear<float>(4, 3)}, empty;
  CHECK(empty(x).to_vector() == x.to_vector());  // PyTorch: nn.Sequential()(x)
  const nn::Sequential<float> kept = std::move(model);
  CHECK_THROWS_AS((void)model(x), rowgrad::ValueError);  // NOLINT
  const nn::Sequential<float> copy = model;
  CHECK_THROWS_AS((void)copy(x), rowgrad::ValueError);
  empty = model;
  CHECK_THROWS_AS((void)empty(x), rowgrad::ValueError);
  model = nn::Sequential<float>();
  CHECK(model(x).to_vector() == x.to_vector());
  const nn::Sequential<float> nothing = std::move(model);
  CHECK(nothing(x).to_vector() == x.to_vector());
  model.append(nn::ReLU<float>());
  CHECK(model(x).to_vector() == x.to_vector());
}

TEST_CASE("undefined tensors as inputs of layers") {
  const Tensor<float> none;
  const Indices no_ids;
  expect_refused(nn::Embedding<float>(5, 3), no_ids);
  expect_refused(nn::EmbeddingBag<float>(5, 3), no_ids);
  expect_refused(nn::Linear<float>(4, 3), none);
  expect_refused(nn::Conv1d<float>(2, 3, 2), none);
  expect_refused(nn::LayerNorm<float>(4), none);
  expect_refused(nn::AttentionPooling<float>(4), none);
  const auto sequence = rowgrad::ones<float>({3, 2, 4});
  expect_refused(nn::MultiheadAttention<float>(4, 2), none, sequence, sequence);
  expect_refused(nn::MultiheadAttention<float>(4, 2), sequence, none, sequence);
  expect_refused(nn::MultiheadAttention<float>(4, 2), sequence, sequence, none);
  expect_refused(nn::LSTM<float>(4, 3), none);
  expect_refused(nn::GRU<float>(4, 3), none);
  expect_refused(nn::RNN<float>(4, 3), none);
  expect_refused(nn::LSTMCell<float>(4, 3), none);
  expect_refused(nn::GRUCell<float>(4, 3), none);
  expect_refused(nn::RNNCell<float>(4, 3), none);
  expect_refused(nn::Dropout<float>(), none);
  expect_refused(nn::ReLU<float>(), none);
  expect_refused(nn::Sigmoid<float>(), none);
  expect_refused(nn::Tanh<float>(), none);
  expect_refused(nn::GELU<float>(), none);
  expect_refused(nn::LogSigmoid<float>(), none);
  expect_refused(nn::Softmax<float>(1), none);
  expect_refused(nn::LogSoftmax<float>(1), none);
  expect_refused(nn::Flatten<float>(), none);
  expect_refused(nn::MaxPool1d<float>(2), none);
  expect_refused(nn::AdaptiveMaxPool1d<float>(1), none);
  expect_refused(nn::Sequential<float>(nn::Linear<float>(4, 3)), none);
}

TEST_CASE("layers of negative size") {
  using rowgrad::Error;
  CHECK_THROWS_AS(nn::Embedding<float>(-1, 3), Error);
  CHECK_THROWS_AS(nn::EmbeddingBag<float>(3, -1), Error);
  CHECK_THROWS_AS(nn::Linear<float>(-1, 3), Error);
  CHECK_THROWS_AS(nn::Linear<float>(3, -1), Error);
  CHECK_THROWS_AS(nn::Conv1d<float>(-2, 3, 1), Error);
  CHECK_THROWS_AS(nn::Conv1d<float>(2, -3, 1), Error);
  CHECK_THROWS_AS(nn::LayerNorm<float>(-1), Error);
  CHECK_THROWS_AS(nn::LayerNorm<float>(4, {.eps = -1}), Error);
  CHECK_THROWS_AS(nn::AttentionPooling<float>(-1), Error);
  CHECK_THROWS_AS(nn::MultiheadAttention<float>(-4, 2), Error);
  CHECK_THROWS_AS(nn::Linear<float>(Index(1) << 32, Index(1) << 32), Error);
  CHECK_THROWS_AS(nn::Conv1d<float>(Index(1) << 31, Index(1) << 31, 4), Error);
}
