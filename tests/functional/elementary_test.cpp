#include <doctest/doctest.h>

#include <rowgrad/functional/elementary.hpp>

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
  for (rowgrad::Index n : {1, 3, 4, 7, 8, 9, 31, 100}) {
    CAPTURE(n);
    rowgrad::Generator generator(static_cast<std::uint64_t>(n));
    const Tensor<float> x = rowgrad::rand({n}, generator);
    const Tensor<float> e = exp(x), l = log(x), s = sqrt(x);
    for (rowgrad::Index i = 0; i < n; ++i) {
      const double v = static_cast<double>(x.data()[i]);
      CHECK(e.data()[i] == doctest::Approx(std::exp(v)).epsilon(1e-6));
      CHECK(l.data()[i] == doctest::Approx(std::log(v)).epsilon(1e-6));
      CHECK(s.data()[i] == std::sqrt(x.data()[i]));
    }
  }
}
