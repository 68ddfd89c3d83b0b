// The layers of golden/make_layers.py: results, gradients, printed forms, initial weights, running statistics.
#include <rowgrad/functional/normalisation.hpp>
#include <rowgrad/nn/activation.hpp>
#include <rowgrad/nn/bilinear.hpp>
#include <rowgrad/nn/conv1d.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/normalisation.hpp>
#include <rowgrad/nn/pooling.hpp>
#include <rowgrad/nn/rectifiers.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/nn/similarity.hpp>
#include <rowgrad/nn/smooth_activation.hpp>

#include "layers.hpp"

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
namespace nn = rowgrad::nn;

namespace {

template <typename Layer>
void expect(const std::string& name, Layer layer, const Shape& shape) {
  layers::expect_golden(name, std::move(layer), shape, "nn_more_layers");
}

template <typename T>
Tensor<T> formula(const Shape& shape, Index step) {
  return layers::formula(shape, step).to<T>();
}

template <typename T>
void check_running() {
  int count = 0;
  for (const golden::Case& c : golden::read("nn_batch_norm")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    ++count;
    CAPTURE(c.name);
    nn::BatchNormOptions options;
    options.momentum = c.op() == "None" ? std::nullopt : std::optional<double>(std::stod(c.op()));
    nn::BatchNorm1d<T> layer(3, options);
    for (Index step = 1; step < 4; ++step) (void)layer(formula<T>(step == 2 ? Shape{4, 3, 2} : Shape{5, 3}, step));
    std::string names;
    for (const auto& [name, tensor] : layer.state_dict()) names += (names.empty() ? "" : "\n") + name;
    CHECK(names == c.text("state"));
    CHECK(golden::difference<T>(layer.running_mean, c.tensor<T>("mean")) == "");
    CHECK(golden::difference<T>(layer.running_var, c.tensor<T>("var")) == "");
    CHECK(layer.num_batches_tracked.item() == c.tensor<Index>("count").item());
    layer.eval();
    CHECK(golden::difference(layer(formula<T>({2, 3}, 9)), c.tensor<T>("y")) == "");
    CHECK(layer.num_batches_tracked.item() == 3);
    nn::BatchNorm1d<T> copy = layer;
    copy.running_mean.data()[0] = 100;
    CHECK(layer.running_mean.data()[0] != T(100));
  }
  CHECK(count == 2);
}

}  // namespace

TEST_CASE("more layers: PyTorch's results, gradients and printed forms") {
  using D = double;
  expect("leaky_relu@", nn::LeakyReLU<D>(0.2), {2, 4});
  expect("elu@", nn::ELU<D>(0.5), {2, 4});
  expect("selu@", nn::SELU<D>(), {2, 4});
  expect("celu@", nn::CELU<D>(2), {2, 4});
  expect("relu6@", nn::ReLU6<D>(), {2, 4});
  expect("hardtanh@", nn::Hardtanh<D>(-0.5, 0.75), {2, 4});
  expect("hardsigmoid@", nn::Hardsigmoid<D>(), {2, 4});
  expect("hardswish@", nn::Hardswish<D>(), {2, 4});
  expect("prelu@", nn::PReLU<D>(3), {2, 3, 2});
  expect("prelu@one", nn::PReLU<D>(), {2, 3});
  expect("silu@", nn::SiLU<D>(), {2, 4});
  expect("mish@", nn::Mish<D>(), {2, 4});
  expect("softplus@", nn::Softplus<D>(2, 1.5), {2, 4});
  expect("softsign@", nn::Softsign<D>(), {2, 4});
  expect("tanhshrink@", nn::Tanhshrink<D>(), {2, 4});
  expect("glu@", nn::GLU<D>(), {2, 4});
  expect("glu@1", nn::GLU<D>(1), {2, 4, 3});
  expect("softmin@", nn::Softmin<D>(1), {2, 4});
  expect("identity@", nn::Identity<D>(54, "anything"), {2, 4});
  expect("unflatten@", nn::Unflatten<D>(1, {2, 2}), {3, 4});
  expect("unflatten@free", nn::Unflatten<D>(-1, {2, -1}), {3, 6});
  expect("avg_pool1d@", nn::AvgPool1d<D>(3, {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false}),
         {2, 2, 6});
  expect("adaptive_avg_pool1d@", nn::AdaptiveAvgPool1d<D>(2), {2, 2, 5});
  expect("batch_norm@", nn::BatchNorm1d<D>(3), {4, 3});
  expect("batch_norm@3d", nn::BatchNorm1d<D>(3, {.eps = 1e-3, .momentum = {}}), {4, 3, 2});
  expect("batch_norm@plain", nn::BatchNorm1d<D>(3, {.affine = false, .track_running_stats = false}), {4, 3});
  expect("batch_norm@no_bias", nn::BatchNorm1d<D>(3, {.bias = false}), {4, 3});
  expect("group_norm@", nn::GroupNorm<D>(2, 4), {2, 4, 3});
  expect("group_norm@plain", nn::GroupNorm<D>(2, 4, {.affine = false}), {2, 4, 3});
  expect("rms_norm@", nn::RMSNorm<D>(4), {3, 4});
  expect("rms_norm@two", nn::RMSNorm<D>(Shape{2, 3}, {.eps = 0.25}), {2, 2, 3});
  expect("rms_norm@plain", nn::RMSNorm<D>(4, {.elementwise_affine = false}), {3, 4});
  expect("conv1d@same", nn::Conv1d<D>(2, 3, 4, {.padding = "same", .dilation = 2}), {2, 2, 6});
  expect("conv1d@valid", nn::Conv1d<D>(2, 3, 2, {.stride = 2, .padding = "valid"}), {2, 2, 6});
  const auto printed = [](const std::string& name) { return golden::find("nn_more_layers", name).text("printed"); };
  CHECK(nn::Bilinear<float>(3, 2, 4).to_string() == printed("printed_bilinear@"));
  CHECK(nn::Bilinear<float>(3, 2, 4, {.bias = false}).to_string() == printed("printed_bilinear@no_bias"));
  CHECK(nn::CosineSimilarity<float>().to_string() == "CosineSimilarity()");
  CHECK(nn::PairwiseDistance<float>(1).to_string() == "PairwiseDistance()");
  CHECK(nn::Dropout1d<float>(0.2).to_string() == "Dropout1d(p=0.2, inplace=False)");
}

TEST_CASE("more layers: PyTorch's initial weights") {
  const auto initial = [](const std::string& name, const auto& make) {
    layers::expect_initial(
        name, [&] { return make(float()); }, [&] { return make(double()); }, "nn_more_init");
  };
  initial("bilinear@", [](auto t) { return nn::Bilinear<decltype(t)>(3, 2, 4); });
  initial("bilinear@no_bias", [](auto t) { return nn::Bilinear<decltype(t)>(3, 2, 4, {.bias = false}); });
  initial("prelu@", [](auto t) { return nn::PReLU<decltype(t)>(3, 0.1); });
  initial("conv1d@same", [](auto t) { return nn::Conv1d<decltype(t)>(2, 3, 4, {.padding = "same"}); });
}

TEST_CASE("BatchNorm1d: running statistics and state as PyTorch's") {
  check_running<double>();
  check_running<float>();
}

TEST_CASE("more layers: in a Sequential, dropout of channels in training alone, errors") {
  nn::Sequential<float> model{nn::Conv1d<float>(2, 4, 3, {.padding = "same"}), nn::BatchNorm1d<float>(4),
                              nn::LeakyReLU<float>(), nn::Dropout1d<float>(0.5), nn::AdaptiveAvgPool1d<float>(1)};
  const Tensor<float> x = rowgrad::randn({3, 2, 5});
  CHECK(model(x).shape() == Shape{3, 4, 1});
  model.eval();
  CHECK(model(x).to_vector() == model(x).to_vector());
  const nn::CosineSimilarity<float> cosine(-1);
  CHECK(cosine(x, x).to_vector() == rowgrad::cosine_similarity(x, x, -1).to_vector());
  const nn::PairwiseDistance<float> distance(1, 0, true);
  CHECK(distance(x, x).shape() == Shape{3, 2, 1});
  CHECK_THROWS_AS(nn::BatchNorm1d<float>(3)(x), ShapeError);
  CHECK_THROWS_AS(nn::BatchNorm1d<float>(3)(rowgrad::zeros({3})), ShapeError);
  CHECK_THROWS_AS(nn::BatchNorm1d<float>(3)(rowgrad::zeros({1, 3})), ValueError);
  CHECK_THROWS_AS(nn::GroupNorm<float>(2, 3), ValueError);
  CHECK_THROWS_AS(nn::Conv1d<float>(2, 3, 4, {.stride = 2, .padding = "same"}), ValueError);
  CHECK_THROWS_AS(nn::Bilinear<float>(0, 1, 1), ValueError);
  CHECK_THROWS_AS(nn::Unflatten<float>(1, {2, 2})(x), ShapeError);
  CHECK_THROWS_AS(nn::Unflatten<float>(1, {-1, -1})(x), ValueError);
}
