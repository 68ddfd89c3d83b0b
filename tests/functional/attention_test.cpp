#include <doctest/doctest.h>

#include <cstring>

#include <rowgrad/core/threads.hpp>
#include <rowgrad/functional/attention.hpp>
#include <rowgrad/functional/softmax.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  return {
      {"sdpa",
       [](In x) {
         return scaled_dot_product_attention(x[0], x[1], x[2], {.attn_mask = x.size() > 3 ? x[3] : Tensor<T>()});
       }},
      {"sdpa_causal", [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.is_causal = true}); }},
      {"sdpa_scale", [](In x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.scale = 0.3}); }},
  };
}

Tensor<float> random(const Shape& shape, std::uint64_t seed) {
  rowgrad::Generator generator(seed);
  return rowgrad::randn(shape, generator);
}

}  // namespace

TEST_CASE("scaled_dot_product_attention: PyTorch's results and gradients") {
  golden::check<double>("functional_attention", functions<double>());
  golden::check<float>("functional_attention", functions<float>(), {2e-5, 1e-5});
}

TEST_CASE("scaled_dot_product_attention: the formula") {
  const Tensor<float> q = random({3, 6, 8}, 1), k = random({3, 9, 8}, 2), v = random({3, 9, 5}, 3);
  const Tensor<float> scores = bmm(q, transpose(k, 1, 2));
  Tensor<float> scaled(scores.shape());
  scaled.array() = scores.array() / std::sqrt(8.0F);
  const Tensor<float> expected = bmm(softmax(scaled, 2), v);
  CHECK(golden::difference(scaled_dot_product_attention(q, k, v), expected) == "");
}

TEST_CASE("scaled_dot_product_attention: a weight under a mask of -infinity is 0, not nearly 0") {
  const Tensor<double> q = rowgrad::ones<double>({1, 2}), k = rowgrad::ones<double>({3, 2});
  const Tensor<double> mask{{0, -INFINITY, -INFINITY}}, v{{1}, {1e308}, {-1e308}};
  CHECK(scaled_dot_product_attention(q, k, v, {.attn_mask = mask}).item() == 1);
}

TEST_CASE("scaled_dot_product_attention: the bits do not depend on the number of threads") {
  const Tensor<float> q = random({7, 40, 32}, 1).requires_grad_(), k = random({7, 50, 32}, 2).requires_grad_(),
                      v = random({7, 50, 16}, 3).requires_grad_(), seed = random({7, 40, 16}, 4);
  const int before = rowgrad::get_num_threads();
  std::vector<std::vector<float>> first;
  for (const int threads : {1, 2, 3}) {
    rowgrad::set_num_threads(threads);
    for (const auto& leaf : {q, k, v}) leaf.grad().reset();
    const Tensor<float> y = scaled_dot_product_attention(q, k, v);
    y.backward(seed);
    std::vector<std::vector<float>> results;
    for (const auto& result : {y, q.grad().dense(), k.grad().dense(), v.grad().dense()})
      results.push_back(result.to_vector());
    if (first.empty()) first = results;
    CHECK(results == first);
  }
  rowgrad::set_num_threads(before);
}

TEST_CASE("scaled_dot_product_attention: dropout scales the weights that stay") {
  rowgrad::manual_seed(1);
  const Tensor<float> q = rowgrad::zeros({1, 1000, 2}), k = rowgrad::zeros({1, 4, 2}), v = rowgrad::ones({1, 4, 1});
  const Tensor<float> y = scaled_dot_product_attention(q, k, v, {.dropout_p = 0.5});
  CHECK(y.array().mean() == doctest::Approx(1).epsilon(0.05));
  for (Index i = 0; i < y.numel(); ++i) CHECK(y.data()[i] * 2 == std::round(y.data()[i] * 2));  // quarters, doubled
  CHECK_THROWS_AS(scaled_dot_product_attention(q, k, v, {.dropout_p = 1.5}), ValueError);
}

TEST_CASE("scaled_dot_product_attention: errors") {
  const Tensor<float> q = rowgrad::ones({2, 3, 4}), k = rowgrad::ones({2, 5, 4}), v = rowgrad::ones({2, 5, 6});
  const auto wrong = [](const Tensor<float>& a, const Tensor<float>& b, const Tensor<float>& c) {
    CHECK_THROWS_AS(scaled_dot_product_attention(a, b, c), ShapeError);
  };
  CHECK_THROWS_WITH_AS(scaled_dot_product_attention(q, v, k),
                       "scaled_dot_product_attention: expected queries (..., L, E), keys (..., S, E) and values "
                       "(..., S, Ev), got (2, 3, 4), (2, 5, 6) and (2, 5, 4)",
                       ShapeError);
  wrong(q, k, rowgrad::ones({2, 4, 6}));
  wrong(q, k, rowgrad::ones({5, 6}));
  wrong(q, k, rowgrad::ones({1, 5, 6}));
  wrong(q, rowgrad::ones({1, 5, 4}), v);
  wrong(rowgrad::ones({4}), rowgrad::ones({4}), rowgrad::ones({4}));
  CHECK_THROWS_AS(scaled_dot_product_attention(q, k, v, {.attn_mask = rowgrad::ones({5, 3})}), ShapeError);
  CHECK_THROWS_AS(scaled_dot_product_attention(q, k, v, {.attn_mask = rowgrad::ones({1, 2, 3, 5})}), ShapeError);
  Tensor<float> mask = rowgrad::zeros({2, 3, 5});
  mask.array().tail(5) = -INFINITY;
  CHECK_THROWS_WITH_AS(scaled_dot_product_attention(q, k, v, {.attn_mask = mask}),
                       "scaled_dot_product_attention: every key is masked for query 2 of sample 1, so there is nothing "
                       "to average (a text of length 0, or 0 and 1 of a mask exchanged?)",
                       ValueError);
  CHECK_THROWS_AS(scaled_dot_product_attention(q, rowgrad::ones({2, 0, 4}), rowgrad::ones({2, 0, 6})), ValueError);
  CHECK(scaled_dot_product_attention(rowgrad::ones({0, 3, 4}), rowgrad::ones({0, 5, 4}), rowgrad::ones({0, 5, 6}))
            .shape() == Shape{0, 3, 6});
}

TEST_CASE("attention: both results, with any leading dimensions") {
  const Tensor<float> q = random({2, 3, 4, 5}, 1), k = random({2, 3, 6, 5}, 2), v = random({2, 3, 6, 2}, 3);
  const auto [output, weights] = rowgrad::attention(q, k, v);
  CHECK(output.shape() == Shape{2, 3, 4, 2});
  CHECK(weights.shape() == Shape{2, 3, 4, 6});
  CHECK(output.to_vector() == scaled_dot_product_attention(q, k, v).to_vector());
  CHECK(golden::difference(matmul(weights, v), output) == "");
  CHECK_THROWS_WITH_AS(rowgrad::attention(q, v, v), doctest::Contains("attention: expected queries"), ShapeError);
}

TEST_CASE("attention: a key that is NaN makes its queries' weights NaN, wherever it stands, as in PyTorch") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (Index keys = 1; keys <= 20; ++keys)
    for (Index bad = 0; bad < keys; ++bad) {
      auto k = rowgrad::ones<float>({keys, 1}), others_masked = rowgrad::full<float>({keys}, -infinity);
      k.data()[bad] = nan;
      others_masked.data()[bad] = 0;
      for (const auto& mask : {Tensor<float>(), others_masked})
        for (const float value :
             attention(rowgrad::ones({1, 1}), k, rowgrad::ones({keys, 1}), {.attn_mask = mask}, "attention")
                 .weights.to_vector()) {
          CAPTURE(keys);
          CAPTURE(bad);
          CHECK(std::isnan(value));
        }
    }
}

TEST_CASE("attention: without queries a batch takes no time, however large it is") {
  constexpr Index huge = Index{1} << 50;
  auto q = rowgrad::zeros({huge, 0, 2});
  q.requires_grad_();
  const auto y = scaled_dot_product_attention(q, rowgrad::zeros({huge, 0, 2}), rowgrad::zeros({huge, 0, 2}));
  y.backward(rowgrad::zeros(y.shape()));
  CHECK(q.grad().dense().shape() == q.shape());
}
