// What: var, std, norm, logsumexp, over one dimension, several, or all.
// Why:  each is a function of a row of values and its gradient; sums are worked out in double, so that many values
//       or large ones lose nothing.
// See:  reduced.hpp, reduce.hpp (sum, mean); similarity.hpp (normalize); PyTorch "Reduction Ops".
#pragma once

#include <limits>

#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {

namespace detail {

/// The sum of term(i) for i < n, in double.
template <typename Term>
double precise_sum(Index n, const Term& term) {
  return sum_of_terms<double>(n, [&term](Index i) { return static_cast<double>(term(i)); });
}

/// Mean of a row; NaN of none.
template <typename T>
double row_mean(const T* row, Index n) {
  return precise_sum(n, [row](Index i) { return row[i]; }) / static_cast<double>(n);
}

/// A row's variance, or its square root. dvar = 2 g (x - mean) / (n - correction), dstd = dvar / (2 std), 0 where that
/// is 0.
template <typename T>
Tensor<T> variance(const char* operation, const char* name, const Tensor<T>& x, const Dims& dims,
                   const VarianceOptions& options, bool root) {
  static_assert(std::is_floating_point_v<T>, "var and std: integers have none, as in PyTorch; take x.to<float>()");
  const double correction = options.unbiased ? options.correction : 0;
  const bool whole = dims.size() == 0;
  return reduce_rows(
      name, x, Reduced(operation, x.shape(), dims), options.keepdim,
      [=](const T* row, Index n) {
        const double mean = row_mean(row, n), freedom = static_cast<double>(n) - correction;
        const double squares = precise_sum(n, [=](Index i) {
          const double distance = static_cast<double>(row[i]) - mean;
          return distance * distance;
        });
        const double variance = squares / (freedom > 0 ? freedom : 0);
        return static_cast<T>(root ? std::sqrt(variance) : variance);
      },
      [=](T g, T y, const T* row, Index n, T* to) {
        const double mean = row_mean(row, n), freedom = static_cast<double>(n) - correction;
        double scale = static_cast<double>(g);
        if (root) scale = y == T(0) ? 0 : scale / (2 * static_cast<double>(y));
        for (Index i = 0; i < n; ++i) {
          const double distance = static_cast<double>(row[i]) - mean;
          // Of all elements, PyTorch takes what is divided by nothing for infinite.
          to[i] =
              static_cast<T>(whole && freedom <= 0 ? scale * (distance == 0 ? std::numeric_limits<double>::quiet_NaN()
                                                                            : std::numeric_limits<double>::infinity())
                                                   : 2 / freedom * scale * distance);
        }
      });
}

}  // namespace detail

/// Variance and standard deviation: var(x) of all elements, var(x, 0), var(x, {0, 1}), var(x, 0, {.unbiased = false}).
/// NaN of a single element (it is divided by n - 1 = 0). PyTorch: torch.var, torch.std.
template <typename T>
Tensor<T> var(const Tensor<T>& x, Index dim, const VarianceOptions& options = {}) {
  return detail::variance("var", "VarBackward0", x, dim, options, false);
}
template <typename T>
Tensor<T> var(const Tensor<T>& x, std::initializer_list<Index> dims, const VarianceOptions& options = {}) {
  return detail::variance("var", "VarBackward0", x, dims, options, false);
}
template <typename T>
Tensor<T> var(const Tensor<T>& x, const VarianceOptions& options = {}) {
  return detail::variance("var", "VarBackward0", x, {}, options, false);
}
template <typename T, std::same_as<Dims> D>
Tensor<T> var(const Tensor<T>& x, const D& dims, const VarianceOptions& options = {}) {
  return detail::variance("var", "VarBackward0", x, dims, options, false);
}
template <typename T>
Tensor<T> std(const Tensor<T>& x, Index dim, const VarianceOptions& options = {}) {
  return detail::variance("std", "StdBackward0", x, dim, options, true);
}
template <typename T>
Tensor<T> std(const Tensor<T>& x, std::initializer_list<Index> dims, const VarianceOptions& options = {}) {
  return detail::variance("std", "StdBackward0", x, dims, options, true);
}
template <typename T>
Tensor<T> std(const Tensor<T>& x, const VarianceOptions& options = {}) {
  return detail::variance("std", "StdBackward0", x, {}, options, true);
}
template <typename T, std::same_as<Dims> D>
Tensor<T> std(const Tensor<T>& x, const D& dims, const VarianceOptions& options = {}) {
  return detail::variance("std", "StdBackward0", x, dims, options, true);
}

/// Variance, or standard deviation, and mean: const auto [var, mean] = var_mean(x, 0). PyTorch: torch.var_mean,
/// std_mean.
template <typename T>
std::pair<Tensor<T>, Tensor<T>> var_mean(const Tensor<T>& x, const Dims& dims = {},
                                         const VarianceOptions& options = {}) {
  return {var(x, dims, options), mean(x, dims, options.keepdim)};
}
template <typename T>
std::pair<Tensor<T>, Tensor<T>> std_mean(const Tensor<T>& x, const Dims& dims = {},
                                         const VarianceOptions& options = {}) {
  return {rowgrad::std(x, dims, options), mean(x, dims, options.keepdim)};
}

namespace detail {

template <typename T>
T row_norm(const T* row, Index n, double p) {
  const auto magnitude = [row](Index i) { return std::abs(static_cast<double>(row[i])); };
  if (is_nan(p)) return std::numeric_limits<T>::quiet_NaN();
  if (!is_finite(p)) {
    double extreme = p > 0 || n == 0 ? 0 : magnitude(0);
    for (Index i = 0; i < n; ++i) {
      const double v = magnitude(i);
      if (is_nan(v)) return std::numeric_limits<T>::quiet_NaN();
      if (p > 0 ? v > extreme : v < extreme) extreme = v;
    }
    return static_cast<T>(extreme);
  }
  if (p == 0) return static_cast<T>(precise_sum(n, [&](Index i) { return magnitude(i) != 0; }));
  if (p == 1) return static_cast<T>(precise_sum(n, magnitude));
  if (p == 2) return static_cast<T>(std::sqrt(precise_sum(n, [&](Index i) { return magnitude(i) * magnitude(i); })));
  return static_cast<T>(std::pow(precise_sum(n, [&](Index i) { return std::pow(magnitude(i), p); }), 1 / p));
}

/// dx_i = g sign(x_i) (|x_i| / y)^(p - 1); PyTorch's way at zeros, whose magnitude may have no slope.
template <typename T>
void norm_gradient(double p, T g, T y, const T* row, Index n, T* to) {
  const auto sign = [](T v) { return static_cast<T>((v > T(0)) - (v < T(0))); };
  if (p == 0) {
    std::fill_n(to, n, T(0));
  } else if (p == 1) {
    std::transform(row, row + n, to, [&](T v) { return sign(v) * g; });
  } else if (p == 2) {
    std::transform(row, row + n, to, [&](T v) { return y == T(0) ? T(0) : g * (v / y); });
  } else if (!is_finite(p)) {  // equals share it
    const auto is_one = [&](T v) { return std::abs(v) == y || (is_nan(v) && is_nan(y)); };
    const T count = static_cast<T>(std::count_if(row, row + n, is_one));
    std::transform(row, row + n, to, [&](T v) { return is_one(v) ? sign(v) * (g / count) : T(0); });
  } else {
    const double norm = static_cast<double>(y), scale = static_cast<double>(g) * std::pow(norm, 1 - p);
    std::transform(row, row + n, to, [&](T value) {
      const double v = static_cast<double>(value), magnitude = std::abs(v);
      if (p < 1)
        return static_cast<T>(v == 0 ? 0 * scale
                                     : static_cast<double>(sign(value)) * std::pow(magnitude, p - 1) * scale);
      if (norm == 0) return T(0);
      return static_cast<T>(p < 2 ? static_cast<double>(sign(value)) * std::pow(magnitude, p - 1) * scale
                                  : v * std::pow(magnitude, p - 2) * scale);
    });
  }
}

}  // namespace detail

/// (sum of |x|^p)^(1/p) of all elements or over dimensions: norm(x), norm(x, 1), norm(x, 2, 0), norm(x, {.dim = 1}).
/// Its gradient is 0 where the norm is. ShapeError for the largest or smallest of nothing. PyTorch: torch.norm,
/// torch.linalg.vector_norm.
template <typename T>
Tensor<T> norm(const Tensor<T>& x, const NormOptions& options) {
  static_assert(std::is_floating_point_v<T>, "norm: integers have none, as in PyTorch; take x.to<float>()");
  const double p = options.p;
  const detail::Reduced reduced("norm", x.shape(), options.dim);
  if (!detail::is_finite(p) || p < 0) detail::expect_elements("norm", reduced.count(), x.shape());
  return detail::reduce_rows(
      "LinalgVectorNormBackward0", x, reduced, options.keepdim,
      [p](const T* row, Index n) { return detail::row_norm(row, n, p); },
      [p](T g, T y, const T* row, Index n, T* to) { detail::norm_gradient(p, g, y, row, n, to); });
}
template <typename T>
Tensor<T> norm(const Tensor<T>& x, double p = 2) {
  return norm(x, NormOptions{.p = p});
}
template <typename T>
Tensor<T> norm(const Tensor<T>& x, double p, const Dims& dims, bool keepdim = false) {
  return norm(x, NormOptions{p, dims, keepdim});
}

namespace linalg {

/// norm() under its other name. PyTorch: torch.linalg.vector_norm.
template <typename T>
Tensor<T> vector_norm(const Tensor<T>& x, double ord = 2, const Dims& dims = {}, bool keepdim = false) {
  return rowgrad::norm(x, NormOptions{ord, dims, keepdim});
}

}  // namespace linalg

/// log(sum(e^x)) without overflow; dx = g e^(x - y). Of nothing, -infinity. PyTorch: torch.logsumexp.
template <typename T>
Tensor<T> logsumexp(const Tensor<T>& x, const Dims& dims, bool keepdim = false) {
  static_assert(std::is_floating_point_v<T>, "logsumexp: expected float or double; take x.to<float>()");
  return detail::reduce_rows(
      "LogsumexpBackward0", x, detail::Reduced("logsumexp", x.shape(), dims), keepdim,
      [](const T* row, Index n) {
        T largest = n == 0 ? T(0) : row[0];
        for (Index i = 1; i < n; ++i) largest = std::max(largest, row[i]);
        if (!detail::is_finite(largest)) largest = T(0);
        return std::log(detail::sum_of_terms<T>(n, [&](Index i) { return std::exp(row[i] - largest); })) + largest;
      },
      [](T g, T y, const T* row, Index n, T* to) {
        std::transform(row, row + n, to, [&](T v) { return g * std::exp(v - y); });
      });
}

template <typename T>
Tensor<T> TensorMethods<T>::var(Index dim, const VarianceOptions& options) const {
  return rowgrad::var(self(), dim, options);
}
template <typename T>
Tensor<T> TensorMethods<T>::var(std::initializer_list<Index> dims, const VarianceOptions& options) const {
  return rowgrad::var(self(), dims, options);
}
template <typename T>
Tensor<T> TensorMethods<T>::var(const VarianceOptions& options) const {
  return rowgrad::var(self(), options);
}
template <typename T>
Tensor<T> TensorMethods<T>::std(Index dim, const VarianceOptions& options) const {
  return rowgrad::std(self(), dim, options);
}
template <typename T>
Tensor<T> TensorMethods<T>::std(std::initializer_list<Index> dims, const VarianceOptions& options) const {
  return rowgrad::std(self(), dims, options);
}
template <typename T>
Tensor<T> TensorMethods<T>::std(const VarianceOptions& options) const {
  return rowgrad::std(self(), options);
}
template <typename T>
Tensor<T> TensorMethods<T>::norm(double p) const {
  return rowgrad::norm(self(), p);
}
template <typename T>
Tensor<T> TensorMethods<T>::norm(double p, const Dims& dims, bool keepdim) const {
  return rowgrad::norm(self(), p, dims, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::norm(const NormOptions& options) const {
  return rowgrad::norm(self(), options);
}
template <typename T>
Tensor<T> TensorMethods<T>::logsumexp(const Dims& dims, bool keepdim) const {
  return rowgrad::logsumexp(self(), dims, keepdim);
}

}  // namespace rowgrad
