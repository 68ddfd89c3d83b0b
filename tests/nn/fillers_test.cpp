// The initialisers of golden/make_init.py, nn::utils.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/init_special.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/utils.hpp>
#include <rowgrad/optim/clip.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>

namespace init = rowgrad::nn::init;
namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::pack_sequence;
using rowgrad::pad_sequence;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

/// Fills as PyTorch did after manual_seed(2), and has drawn as much.
template <typename T>
void check_fillers() {
  using X = const Tensor<T>&;
  const std::map<std::string, std::function<void(X)>> fillers = {
      {"zeros", [](X x) { init::zeros_(x); }},
      {"ones", [](X x) { init::ones_(x); }},
      {"eye", [](X x) { init::eye_(x); }},
      {"xavier_normal", [](X x) { init::xavier_normal_(x, 1.5); }},
      {"kaiming_uniform_out_relu", [](X x) { init::kaiming_uniform_(x, {.mode = "fan_out", .nonlinearity = "relu"}); }},
      {"kaiming_uniform_slope", [](X x) { init::kaiming_uniform_(x, {.a = 0.3}); }},
      {"kaiming_uniform_tanh", [](X x) { init::kaiming_uniform_(x, {.nonlinearity = "tanh"}); }},
      {"kaiming_normal", [](X x) { init::kaiming_normal_(x); }},
      {"kaiming_normal_out_relu", [](X x) { init::kaiming_normal_(x, {.mode = "fan_out", .nonlinearity = "relu"}); }},
      {"trunc_normal", [](X x) { init::trunc_normal_(x); }},
      {"trunc_normal_narrow", [](X x) { init::trunc_normal_(x, 0, 0.02); }},
      {"trunc_normal_one_side", [](X x) { init::trunc_normal_(x, 1, 2, 0, 6); }},
      {"trunc_normal_thin", [](X x) { init::trunc_normal_(x, 0, 1, -0.25, 0.125); }},
      {"trunc_normal_tail", [](X x) { init::trunc_normal_(x, 0.5, 0.5, 1.5, 3); }},
      {"orthogonal", [](X x) { init::orthogonal_(x); }},
      {"orthogonal_gain", [](X x) { init::orthogonal_(x, 1.5); }},
      {"sparse", [](X x) { init::sparse_(x, 0.3); }},
      {"sparse_std", [](X x) { init::sparse_(x, 0.5, 2); }},
      {"dirac", [](X x) { init::dirac_(x); }},
      {"dirac_2", [](X x) { init::dirac_(x, 2); }},
  };
  std::map<std::string, int> used;
  for (const golden::Case& c : golden::read("nn_fillers")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    const auto filler = fillers.find(c.op());
    REQUIRE(filler != fillers.end());
    ++used[c.op()];
    const auto expected = c.tensor<T>("x");
    const Tensor<T> x = rowgrad::full<T>(expected.shape(), T(7));
    rowgrad::manual_seed(2);
    filler->second(x);
    const golden::Tolerance close =
        std::is_same_v<T, float> ? golden::Tolerance{2e-6, 2e-6} : golden::Tolerance{1e-12, 1e-13};
    CHECK(golden::difference(x, expected, close) == "");
    CHECK(rowgrad::rand<T>({2}).to_vector() == c.tensor<T>("next").to_vector());
  }
  CHECK(used.size() == fillers.size());
}

}  // namespace

TEST_CASE("more init: PyTorch's values after the same manual_seed, and as many draws") {
  check_fillers<float>();
  check_fillers<double>();
}

TEST_CASE("calculate_gain: PyTorch's, and an error for what it does not know") {
  CHECK(init::calculate_gain("linear") == 1);
  CHECK(init::calculate_gain("conv2d") == 1);
  CHECK(init::calculate_gain("sigmoid") == 1);
  CHECK(init::calculate_gain("tanh") == 5.0 / 3);
  CHECK(init::calculate_gain("relu") == std::sqrt(2.0));
  CHECK(init::calculate_gain("leaky_relu") == std::sqrt(2.0 / (1 + 0.01 * 0.01)));
  CHECK(init::calculate_gain("leaky_relu", 0.2) == std::sqrt(2.0 / (1 + 0.2 * 0.2)));
  CHECK(init::calculate_gain("selu") == 0.75);
  CHECK_THROWS_WITH_AS(init::calculate_gain("gelu"), doctest::Contains("got \"gelu\""), ValueError);
}

TEST_CASE("more init: large matrices, empty ones, and what does not fit") {
  const Tensor<float> tall = rowgrad::empty({300, 20}), wide = rowgrad::empty({20, 300});
  init::orthogonal_(tall, 2);
  init::orthogonal_(wide);
  CHECK((tall.matrix().transpose() * tall.matrix() - 4 * Eigen::MatrixXf::Identity(20, 20)).cwiseAbs().maxCoeff() <
        2e-6f);
  CHECK((wide.matrix() * wide.matrix().transpose() - Eigen::MatrixXf::Identity(20, 20)).cwiseAbs().maxCoeff() < 2e-6f);
  init::trunc_normal_(tall, 0, 1, -0.5, 0.75);
  CHECK(tall.array().minCoeff() >= -0.5f);
  CHECK(tall.array().maxCoeff() <= 0.75f);
  const Tensor<float> none = rowgrad::empty({0, 3}), vector = rowgrad::empty({3}), cube = rowgrad::empty({3, 2, 2});
  init::orthogonal_(none);
  init::trunc_normal_(none);
  init::sparse_(none, 0.5);
  init::kaiming_normal_(none);
  CHECK_THROWS_AS(init::orthogonal_(vector), ShapeError);
  CHECK_THROWS_AS(init::eye_(cube), ShapeError);
  CHECK_THROWS_AS(init::sparse_(cube, 0.5), ShapeError);
  CHECK_THROWS_AS(init::sparse_(tall, 1.5), ValueError);
  CHECK_THROWS_AS(init::dirac_(tall), ShapeError);
  CHECK_THROWS_AS(init::dirac_(cube, 2), ShapeError);
  CHECK_THROWS_AS(init::xavier_normal_(vector), ShapeError);
  CHECK_THROWS_AS(init::kaiming_normal_(tall, {.mode = "fan"}), ValueError);
  CHECK_THROWS_AS(init::trunc_normal_(tall, 0, 0), ValueError);
  CHECK_THROWS_AS(init::trunc_normal_(tall, 0, 1, 2, 1), ValueError);
}

TEST_CASE("nn::utils: parameters to a vector and back, clipping under PyTorch's names") {
  nn::Linear<double> layer(3, 2);
  const Tensor<double> handle = layer.weight, flat = nn::utils::parameters_to_vector(layer.parameters());
  CHECK(flat.shape() == Shape{8});
  CHECK(flat.data()[0] == layer.weight.data()[0]);
  CHECK(flat.data()[7] == layer.bias.data()[1]);
  nn::utils::vector_to_parameters(flat.detach() * 2, layer.parameters());
  CHECK(handle.data()[0] == 2 * flat.data()[0]);
  CHECK(layer.bias.data()[1] == 2 * flat.data()[7]);
  (flat * flat).sum().backward();
  CHECK(layer.weight.grad().dense().data()[0] == 2 * flat.data()[0]);
  CHECK_THROWS_WITH_AS(nn::utils::vector_to_parameters(rowgrad::ones<double>({7}), layer.parameters()),
                       "vector_to_parameters: expected 8 values in one dimension, got shape (7,)", ShapeError);
  CHECK_THROWS_AS(nn::utils::parameters_to_vector(std::vector<Tensor<double>>{}), ShapeError);
  CHECK(nn::utils::clip_grad_norm_(layer.parameters(), 1e-3) > 1e-3);
  nn::utils::clip_grad_value_(layer.parameters(), 1e-6);
  CHECK(layer.weight.grad().dense().array().abs().maxCoeff() <= 1e-6);
}

TEST_CASE("pad_sequence, pack_sequence: PyTorch's results and gradients") {
  const auto check = [](auto scalar) {
    using T = decltype(scalar);
    using In = const golden::Inputs<T>&;
    golden::Table<T> table;
    const auto all = [](In x) {
      std::vector<Tensor<T>> list;
      for (std::size_t i = 0; i < x.size(); ++i) list.push_back(x[i]);
      return list;
    };
    for (const bool first : {false, true})
      for (const char* const side : {"right", "left"})
        table[(first ? "1_" : "0_") + std::string(side)] = [=](In x) {
          return nn::utils::rnn::pad_sequence(all(x),
                                              {.batch_first = first, .padding_value = 0.5, .padding_side = side});
        };
    table["packed"] = [=](In x) { return pack_sequence(all(x), false).data; };
    golden::check<T>("functional_pad_sequence", table);
  };
  check(double());
  check(float());
  const Indices a{1, 2}, b{3};
  CHECK(pad_sequence({a, b}, {.batch_first = true, .padding_value = 9}).to_vector() == std::vector<Index>{1, 2, 3, 9});
  const auto packed = pack_sequence({rowgrad::ones({1, 2}), rowgrad::ones({3, 2})}, false);
  CHECK(packed.batch_sizes.to_vector() == std::vector<Index>{2, 1, 1});
  CHECK(packed.sorted_indices.to_vector() == std::vector<Index>{1, 0});
  CHECK_THROWS_AS(pack_sequence({rowgrad::ones({1, 2}), rowgrad::ones({3, 2})}), ValueError);
  CHECK_THROWS_AS(pad_sequence(std::vector<Tensor<float>>{}), ShapeError);
  CHECK_THROWS_AS(pad_sequence({rowgrad::ones({1, 2}), rowgrad::ones({3, 3})}), ShapeError);
  CHECK_THROWS_AS(pad_sequence({rowgrad::ones({})}), ShapeError);
  CHECK_THROWS_AS(pad_sequence({a, b}, {.padding_side = "both"}), ValueError);
  const Tensor<float> frozen{1, 2}, trained = Tensor<float>{3}.requires_grad_();
  pad_sequence({frozen, trained}).sum().backward();
  CHECK(trained.grad().dense().to_vector() == std::vector<float>{1});
}
