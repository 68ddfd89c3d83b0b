#include <doctest/doctest.h>

#include <rowgrad/functional/activation.hpp>

#include <support/every_place.hpp>
#include <support/golden.hpp>

using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"relu", [](In x) { return relu(x[0]); }}, {"sigmoid", [](In x) { return sigmoid(x[0]); }},
      {"tanh", [](In x) { return tanh(x[0]); }}, {"logsigmoid", [](In x) { return logsigmoid(x[0]); }},
      {"gelu", [](In x) { return gelu(x[0]); }}, {"gelu_tanh", [](In x) { return gelu(x[0], "tanh"); }},
  };
}
}  // namespace

TEST_CASE("activations: PyTorch's results and gradients, also at extreme values") {
  golden::check<double>("functional_activation", functions<double>());
  golden::check<float>("functional_activation", functions<float>());
}

TEST_CASE("activations: methods are the functions") {
  const Tensor<double> x{0.25, 1, 2};
  CHECK(x.relu().to_vector() == x.to_vector());
  CHECK(x.sigmoid().to_vector() == sigmoid(x).to_vector());
  CHECK(x.tanh().to_vector() == tanh(x).to_vector());
  CHECK(x.to_vector() == std::vector<double>{0.25, 1, 2});  // none of them works in place
}

TEST_CASE("gelu: another approximation is a ValueError") {
  CHECK_THROWS_WITH_AS(gelu(Tensor<float>{1}, "sigmoid"), R"(gelu: approximate is "none" or "tanh", got "sigmoid")",
                       rowgrad::ValueError);
}

TEST_CASE("activations: every element of a long tensor, whatever its place in a SIMD register") {
  support::check_every_place([](const auto& x) { return tanh(x); }, [](double v) { return std::tanh(v); }, true);
  support::check_every_place([](const auto& x) { return sigmoid(x); }, [](double v) { return 1 / (1 + std::exp(-v)); },
                             true);
  support::check_every_place([](const auto& x) { return relu(x); }, [](double v) { return std::max(v, 0.0); }, true);
}
