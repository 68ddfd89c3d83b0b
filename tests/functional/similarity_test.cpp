#include <doctest/doctest.h>

#include <rowgrad/functional/similarity.hpp>

#include <support/golden.hpp>

using rowgrad::Tensor;

namespace {
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"normalize_1", [](In x) { return normalize(x[0]); }},
      {"normalize_0", [](In x) { return normalize(x[0], 0); }},
      {"normalize_last", [](In x) { return normalize(x[0], -1); }},
      {"normalize_1_eps", [](In x) { return normalize(x[0], 1, 2); }},
      {"cosine_1", [](In x) { return cosine_similarity(x[0], x[1]); }},
      {"cosine_0", [](In x) { return cosine_similarity(x[0], x[1], 0); }},
      {"cosine_1_eps", [](In x) { return cosine_similarity(x[0], x[1], 1, 2); }},
      {"cosine_last", [](In x) { return cosine_similarity(x[0], x[1], -1); }},
  };
}
}  // namespace

TEST_CASE("similarity: PyTorch's results and gradients") {
  golden::check<double>("functional_similarity", functions<double>());
  golden::check<float>("functional_similarity", functions<float>());
}

TEST_CASE("cosine_similarity: of equal, opposite, orthogonal and zero vectors") {
  const Tensor<double> a{{3, 4}, {3, 4}, {3, 4}, {0, 0}}, b{{6, 8}, {-3, -4}, {4, -3}, {3, 4}};
  const Tensor<double> y = cosine_similarity(a, b);
  CHECK(y.shape() == rowgrad::Shape{4});
  CHECK(golden::difference(y, {1, -1, 0, 0}, {0, 1e-15}) == "");
}

TEST_CASE("similarity: errors") {
  CHECK_THROWS_AS(normalize(Tensor<float>{1, 2}), rowgrad::IndexError);  // dim 1 of a vector
  CHECK_THROWS_AS(cosine_similarity(rowgrad::ones({2, 3}), rowgrad::ones({2, 4})), rowgrad::ShapeError);
}

TEST_CASE("cosine_similarity: of vectors without elements it is 0, as in PyTorch") {
  for (auto used = std::vector<Tensor<float>>(); used.size() < 9;)  // the result gets one of these blocks
    used.push_back(rowgrad::full<float>({2000}, 7));
  const auto x = rowgrad::zeros({2000, 0});
  CHECK(cosine_similarity(x, x).to_vector() == std::vector<float>(2000, 0));
}

TEST_CASE("normalize and cosine_similarity: an eps that is no lower bound") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const auto x = rowgrad::ones({2, 3});
  for (const float eps : {nan, infinity, -infinity, -1.0F}) {
    CHECK_THROWS_AS(normalize(x, 1, eps), rowgrad::ValueError);
    CHECK_THROWS_AS(cosine_similarity(x, x, 1, eps), rowgrad::ValueError);
  }
  CHECK_NOTHROW(normalize(x, 1, 0.0F));
}
