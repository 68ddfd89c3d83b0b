#include <doctest/doctest.h>

#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/layer_norm.hpp>
#include <rowgrad/nn/linear.hpp>
#include <support/golden.hpp>

namespace init = rowgrad::nn::init;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {

/// Fills as PyTorch did after manual_seed(2): two shapes of each initialiser.
template <typename T>
void check_fillers() {
  const std::map<std::string, std::function<void(const Tensor<T>&)>> fillers = {
      {"uniform", [](const auto& x) { init::uniform_(x, -2, 3); }},
      {"normal", [](const auto& x) { init::normal_(x, 1, T(0.5)); }},
      {"xavier_uniform", [](const auto& x) { init::xavier_uniform_(x, 1.5); }},
      {"kaiming_uniform", [](const auto& x) { init::kaiming_uniform_(x, 0.2); }},
  };
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("nn_init")) {
    const auto filler = fillers.find(c.op());
    if (filler == fillers.end() || c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    const auto expected = c.tensor<T>("x");
    const Tensor<T> x(expected.shape());
    rowgrad::manual_seed(2);
    filler->second(x);
    // uniform numbers to the bit; normal ones need logarithms and cosines
    const bool uniform = c.op() != "normal";
    CHECK(golden::difference(x, expected, uniform ? golden::Tolerance{0, 0} : golden::default_tolerance<T>()) == "");
    ++cases;
  }
  CHECK(cases == 2 * fillers.size());
}

}  // namespace

TEST_CASE("init: PyTorch's values after the same manual_seed") {
  check_fillers<float>();
  check_fillers<double>();
}

TEST_CASE("init: a generator of one's own leaves the default one alone") {
  rowgrad::manual_seed(3);
  const auto expected = rowgrad::rand<float>({4});
  rowgrad::manual_seed(3);
  rowgrad::Generator own(1);
  const Tensor<float> x(Shape{4, 4});
  init::uniform_(x, 0, 1, own);
  init::normal_(x, 0, 1, own);
  init::xavier_uniform_(x, 1, own);
  init::kaiming_uniform_(x, 0, own);
  CHECK(rowgrad::rand<float>({4}).to_vector() == expected.to_vector());
}

TEST_CASE("init: constant_, fans and errors") {
  const Tensor<double> x(Shape{2, 3});
  init::constant_(x, 4);
  CHECK(x.to_vector() == std::vector<double>(6, 4));
  CHECK(init::fan(x).in == 3);
  CHECK(init::fan(x).out == 2);
  const Tensor<double> cube(Shape{4, 3, 5});
  CHECK(init::fan(cube).in == 15);
  CHECK(init::fan(cube).out == 20);
  CHECK_THROWS_AS(init::fan(Tensor<double>(Shape{3})), rowgrad::ShapeError);
  CHECK_THROWS_AS(init::xavier_uniform_(Tensor<double>(Shape{3})), rowgrad::ShapeError);
  CHECK_THROWS_AS(init::kaiming_uniform_(Tensor<double>(Shape{})), rowgrad::ShapeError);
  CHECK_NOTHROW(init::kaiming_uniform_(Tensor<double>(Shape{0, 3})));
}
