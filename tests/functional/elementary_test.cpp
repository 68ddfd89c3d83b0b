#include <doctest/doctest.h>

#include <rowgrad/functional/elementary.hpp>
#include <rowgrad/functional/rounding.hpp>

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
template <typename T>
golden::Table<T> more_functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"abs", [](In x) { return abs(x[0]); }},
      {"square", [](In x) { return square(x[0]); }},
      {"reciprocal", [](In x) { return reciprocal(x[0]); }},
      {"rsqrt", [](In x) { return rsqrt(x[0]); }},
      {"expm1", [](In x) { return expm1(x[0]); }},
      {"exp2", [](In x) { return exp2(x[0]); }},
      {"log1p", [](In x) { return log1p(x[0]); }},
      {"log2", [](In x) { return log2(x[0]); }},
      {"log10", [](In x) { return log10(x[0]); }},
      {"sin", [](In x) { return sin(x[0]); }},
      {"cos", [](In x) { return cos(x[0]); }},
      {"tan", [](In x) { return tan(x[0]); }},
      {"erf", [](In x) { return erf(x[0]); }},
      {"floor", [](In x) { return floor(x[0]); }},
      {"ceil", [](In x) { return ceil(x[0]); }},
      {"round", [](In x) { return round(x[0]); }},
      {"trunc", [](In x) { return trunc(x[0]); }},
      {"sign", [](In x) { return sign(x[0]); }},
      {"asin", [](In x) { return x[0].asin(); }},
      {"acos", [](In x) { return x[0].acos(); }},
      {"atan", [](In x) { return x[0].atan(); }},
      {"sinh", [](In x) { return x[0].sinh(); }},
      {"cosh", [](In x) { return x[0].cosh(); }},
      {"nan_to_num", [](In x) { return nan_to_num(x[0]); }},
      {"nan_to_one", [](In x) { return nan_to_num(x[0], {.nan = 1, .posinf = 2, .neginf = -2}); }},
      {"frac", [](In x) { return frac(x[0]); }},
      {"round2", [](In x) { return round(x[0], 2); }},
      {"round_minus1", [](In x) { return x[0].round(-1); }},
  };
}
}  // namespace

TEST_CASE("elementary functions and rounding: PyTorch's results and gradients") {
  golden::check<double>("functional_elementary_more", more_functions<double>());
  golden::check<float>("functional_elementary_more", more_functions<float>());
}

TEST_CASE("elementary functions: PyTorch's results and gradients, also at extreme values") {
  golden::check<double>("functional_elementary", functions<double>());
  golden::check<float>("functional_elementary", functions<float>());
}

TEST_CASE("elementary functions: methods are the functions") {
  const Tensor<double> x{0.25, 1, 2};
  CHECK(x.exp().to_vector() == exp(x).to_vector());
  CHECK(x.log().to_vector() == log(x).to_vector());
  CHECK(x.sqrt().to_vector() == std::vector<double>{0.5, 1, std::sqrt(2.0)});
  CHECK(x.abs().to_vector() == abs(x).to_vector());
  CHECK(x.square().to_vector() == square(x).to_vector());
  CHECK(x.reciprocal().to_vector() == reciprocal(x).to_vector());
  CHECK(x.rsqrt().to_vector() == rsqrt(x).to_vector());
  CHECK(x.expm1().to_vector() == expm1(x).to_vector());
  CHECK(x.exp2().to_vector() == exp2(x).to_vector());
  CHECK(x.log1p().to_vector() == log1p(x).to_vector());
  CHECK(x.log2().to_vector() == log2(x).to_vector());
  CHECK(x.log10().to_vector() == log10(x).to_vector());
  CHECK(x.sin().to_vector() == sin(x).to_vector());
  CHECK(x.cos().to_vector() == cos(x).to_vector());
  CHECK(x.tan().to_vector() == tan(x).to_vector());
  CHECK(x.erf().to_vector() == erf(x).to_vector());
  CHECK(x.floor().to_vector() == floor(x).to_vector());
  CHECK(x.ceil().to_vector() == ceil(x).to_vector());
  CHECK(x.round().to_vector() == round(x).to_vector());
  CHECK(x.trunc().to_vector() == trunc(x).to_vector());
  CHECK(x.sign().to_vector() == sign(x).to_vector());
  CHECK(x.to_vector() == std::vector<double>{0.25, 1, 2});  // none of them works in place
}

TEST_CASE("elementary functions: every element of a long tensor, whatever its place in a SIMD register") {
  support::check_every_place([](const auto& x) { return exp(x); }, [](double v) { return std::exp(v); });
  support::check_every_place([](const auto& x) { return log(x); }, [](double v) { return std::log(v); });
  support::check_every_place([](const auto& x) { return sqrt(x); }, [](double v) { return std::sqrt(v); });
  const auto x = rowgrad::rand<float>({100}), roots = sqrt(x);
  for (rowgrad::Index i = 0; i < 100; ++i) CHECK(roots.data()[i] == std::sqrt(x.data()[i]));  // rounded correctly
}

TEST_CASE_TEMPLATE("exp: 0 where numbers end, at every place of a register", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity();
  for (const T v : {-inf, T(-1e6), T(-800)}) {
    const auto y = exp(rowgrad::full<T>({19}, v));
    for (const T e : y.to_vector()) CHECK(e == 0);
  }
  const auto y = exp(rowgrad::full<T>({19}, std::numeric_limits<T>::quiet_NaN()));
  for (const T e : y.to_vector()) CHECK(std::isnan(e));
}
