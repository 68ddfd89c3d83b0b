// What: draws from distributions: normal, bernoulli, multinomial.
// Why:  negative samples and sampled words are drawn with them; the draws are those of PyTorch's CPU generator.
// See:  random.hpp (Generator), factory.hpp (rand, randn, randint); functional/in_place.hpp (normal_, bernoulli_).
#pragma once

#include <algorithm>

#include <rowgrad/core/check.hpp>
#include <rowgrad/core/factory.hpp>

namespace rowgrad {
namespace detail {

inline void expect_deviation(double std) {
  if (!(std >= 0)) raise<ValueError>("normal: expected a deviation of at least 0, got ", std);
}

/// Standard exponentials, in the order of PyTorch's exponential_.
template <typename T>
T exponential(Generator& generator) {
  return static_cast<T>(-std::log1p(-generator.uniform<double>()));
}

}  // namespace detail

/// Normal with this mean and deviation. ValueError for a deviation below 0. PyTorch: torch.normal(mean, std, size).
template <typename T = float>
Tensor<T> normal(std::type_identity_t<T> mean, std::type_identity_t<T> std, const Shape& shape,
                 Generator& generator = default_generator()) {
  detail::expect_deviation(std);
  Tensor<T> result(shape);
  generator.normal(result.data(), result.numel(), mean, std);
  return result;
}

/// Normal with a mean and a deviation for each element; the shapes must be equal. PyTorch: torch.normal(mean, std).
template <typename T>
Tensor<T> normal(const Tensor<T>& mean, const Tensor<T>& std, Generator& generator = default_generator()) {
  if (mean.shape() != std.shape())
    detail::raise<ShapeError>("normal: expected means and deviations of one shape, got ", mean.shape(), " and ",
                              std.shape());
  Tensor<T> result = randn<T>(mean.shape(), generator);
  T* const values = result.data();
  for (Index i = 0; i < result.numel(); ++i) {
    detail::expect_deviation(std.data()[i]);
    values[i] = values[i] * std.data()[i] + mean.data()[i];
  }
  return result;
}
template <typename T>
Tensor<T> normal(const Tensor<T>& mean, std::type_identity_t<T> std = T(1),
                 Generator& generator = default_generator()) {
  return normal(mean, full<T>(mean.shape(), std), generator);
}

/// 1 with the probability that stands in p, else 0, element by element. ValueError for what is no probability. Has no
/// gradient. PyTorch: torch.bernoulli.
template <typename T>
Tensor<T> bernoulli(const Tensor<T>& p, Generator& generator = default_generator()) {
  Tensor<T> result(p.shape());
  const T* const from = p.data();
  for (Index i = 0; i < p.numel(); ++i) {
    detail::expect_probability("bernoulli", "p", from[i]);
    result.data()[i] = generator.uniform<T>() < from[i] ? T(1) : T(0);
  }
  return result;
}

namespace detail {

/// The sum of one row of weights. ValueError for weights that are negative, not finite, or all 0.
template <typename T>
T checked_weights(const T* weights, Index n) {
  T sum = 0;
  for (Index i = 0; i < n; ++i) {
    if (!is_finite(weights[i]) || weights[i] < T(0))
      raise<ValueError>("multinomial: expected weights of at least 0 and finite, got ", weights[i], " at position ", i);
    sum += weights[i];
  }
  if (!(sum > T(0))) throw ValueError("multinomial: expected at least one weight above 0");
  return sum;
}

}  // namespace detail

/// Positions drawn with probabilities that are proportional to weights (n) or, row by row, (B, n); result (samples) or
/// (B, samples). Without replacement, each position comes once at most, in the order of the draws. O(n + samples log n)
/// a row. ValueError for weights that are negative, not finite or all 0, or more samples than positions without
/// replacement; ShapeError for weights of another rank. (On Intel processors PyTorch may draw from MKL's generator
/// without replacement.) PyTorch: torch.multinomial.
template <typename T>
Indices multinomial(const Tensor<T>& weights, Index samples, bool replacement = false,
                    Generator& generator = default_generator()) {
  static_assert(std::is_floating_point_v<T>, "weights are float or double");
  if (weights.dim() < 1 || weights.dim() > 2)
    detail::raise<ShapeError>("multinomial: expected weights (n) or (B, n), got shape ", weights.shape());
  const Index n = weights.shape().back(), rows = weights.dim() == 2 ? weights.shape()[0] : 1;
  detail::expect_at_least("multinomial", "samples", samples, 1);
  if (!replacement && samples > n)
    detail::raise<ValueError>("multinomial: ", samples,
                              " samples without replacement need as many positions, there are ", n);
  const T* const first = weights.data();
  Indices result(weights.dim() == 2 ? Shape{rows, samples} : Shape{samples});
  Index* out = result.data();
  std::vector<T> keys(static_cast<std::size_t>(n));
  for (Index row = 0; row < rows; ++row) {  // before anything is drawn, as in PyTorch
    if (!replacement || samples == 1) (void)detail::checked_weights(first + row * n, n);
  }
  std::vector<Index> order(static_cast<std::size_t>(replacement && samples > 1 ? 0 : n));
  for (Index row = 0; row < rows; ++row, out += samples) {
    const T* const from = first + row * n;
    if (!replacement || samples == 1) {  // the largest of weight / exponential: Efraimidis and Spirakis 2006
      for (Index i = 0; i < n; ++i) {
        keys[static_cast<std::size_t>(i)] = from[i] / detail::exponential<T>(generator);
        order[static_cast<std::size_t>(i)] = i;
      }
      std::partial_sort(order.begin(), order.begin() + samples, order.end(), [&keys](Index a, Index b) {
        const T u = keys[static_cast<std::size_t>(a)], v = keys[static_cast<std::size_t>(b)];
        return u > v || (u == v && a < b);
      });
      std::copy_n(order.begin(), samples, out);
      continue;
    }
    const T total = detail::checked_weights(from, n);
    T sum = 0;
    for (Index i = 0; i < n; ++i) keys[static_cast<std::size_t>(i)] = (sum += from[i]) / total;
    keys.back() = T(1);
    for (Index k = 0; k < samples; ++k) {
      const double u = generator.uniform<double>();
      out[k] = std::lower_bound(keys.begin(), keys.end(), u,
                                [](T key, double value) { return static_cast<double>(key) < value; }) -
               keys.begin();
    }
  }
  return result;
}

}  // namespace rowgrad
