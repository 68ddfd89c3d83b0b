#include <rowgrad/nn/activation.hpp>

#include "layers.hpp"

using namespace rowgrad::nn;

TEST_CASE("activations: PyTorch's results, gradients and printed forms") {
  layers::expect_golden("relu@", ReLU<double>(), {2, 4});
  layers::expect_golden("sigmoid@", Sigmoid<double>(), {2, 4});
  layers::expect_golden("tanh@", Tanh<double>(), {2, 4});
  layers::expect_golden("gelu@", GELU<double>(), {2, 4});
  layers::expect_golden("gelu@tanh", GELU<double>("tanh"), {2, 4});
  layers::expect_golden("log_sigmoid@", LogSigmoid<double>(), {2, 4});
  layers::expect_golden("softmax@0", Softmax<double>(0), {2, 4});
  layers::expect_golden("softmax@-1", Softmax<double>(-1), {2, 4});
  layers::expect_golden("log_softmax@1", LogSoftmax<double>(1), {2, 4});
  layers::expect_golden("flatten@", Flatten<double>(), {2, 2, 3});
  layers::expect_golden("flatten@0", Flatten<double>(0, 1), {2, 2, 3});
}

TEST_CASE("activations: no parameters, and arguments out of range") {
  CHECK(ReLU<float>().parameters().empty());
  const auto x = rowgrad::ones<float>({2, 2});
  CHECK_THROWS_AS(GELU<float>("fast")(x), rowgrad::Error);
  CHECK_THROWS_AS(Softmax<float>(2)(x), rowgrad::IndexError);
  CHECK_THROWS_AS(LogSoftmax<float>(-3)(x), rowgrad::IndexError);
  CHECK_THROWS_AS(Flatten<float>(0, 2)(x), rowgrad::IndexError);
}
