#include <doctest/doctest.h>

#include <rowgrad/functional/elementary.hpp>

#include <support/every_place.hpp>
#include <support/golden.hpp>

using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"exp", [](In x) { return exp(x[0]); }},
      {"log", [](In x) { return log(x[0]); }},
      {"sqrt", [](In x) { return sqrt(x[0]); }},
  };
}
}  // namespace

TEST_CASE("elementary functions: PyTorch's results and gradients, also at extreme values") {
  golden::check<double>("functional_elementary", functions<double>());
  golden::check<float>("functional_elementary", functions<float>());
}

TEST_CASE("elementary functions: methods are the functions") {
  const Tensor<double> x{0.25, 1, 2};
  CHECK(x.exp().to_vector() == exp(x).to_vector());
  CHECK(x.log().to_vector() == log(x).to_vector());
  CHECK(x.sqrt().to_vector() == std::vector<double>{0.5, 1, std::sqrt(2.0)});
  CHECK(x.to_vector() == std::vector<double>{0.25, 1, 2});  // none of them works in place
}

TEST_CASE("elementary functions: every element of a long tensor, whatever its place in a SIMD register") {
  support::check_every_place([](const auto& x) { return exp(x); }, [](double v) { return std::exp(v); });
  support::check_every_place([](const auto& x) { return log(x); }, [](double v) { return std::log(v); });
  support::check_every_place([](const auto& x) { return sqrt(x); }, [](double v) { return std::sqrt(v); });
  const auto x = rowgrad::rand<float>({100}), roots = sqrt(x);
  for (rowgrad::Index i = 0; i < 100; ++i) CHECK(roots.data()[i] == std::sqrt(x.data()[i]));  // rounded correctly
}
