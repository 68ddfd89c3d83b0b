// What: max, min, argmax, argmin, amax, amin, and prod: of all elements, along a dimension, over several.
// Why:  where the extreme stands decides where the gradient goes; NaN counts as the extreme, as in PyTorch.
// See:  sort.hpp (topk, median); pointwise.hpp (maximum of two tensors); PyTorch "Reduction Ops".
#pragma once

#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {

/// Values and where they stood along a dimension: what max, min, sort, topk and others return. PyTorch:
/// torch.return_types.
template <typename T>
struct ValuesAndIndices {
  Tensor<T> values;
  Indices indices;
};
template <typename T>
using MaxResult = ValuesAndIndices<T>;

namespace detail {

/// Whether a goes before b when the largest come first; NaN does before all numbers.
struct Larger {
  template <typename T>
  bool operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>)
      return a > b || (is_nan(a) && !is_nan(b));
    else
      return a > b;
  }
};
struct Smaller {
  template <typename T>
  bool operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>)
      return a < b || (is_nan(a) && !is_nan(b));
    else
      return a < b;
  }
};

/// The position of the first element along d that no other goes before.
template <typename T, typename Before>
Indices first_along(const char* operation, const Tensor<T>& x, Index dim, bool keepdim, Before before) {
  const int d = wrap_dim(operation, dim, x.dim());
  const Split s = split_at(x.shape(), d);
  expect_elements(operation, s.size, x.shape());
  Indices result(reduced_shape(x.shape(), d, keepdim));
  const T* values = x.data();
  for (Index o = 0; o < s.outer && s.inner > 0; ++o)
    for (Index i = 0; i < s.inner; ++i) {
      const T* first = values + o * s.size * s.inner + i;
      Index best = 0;
      for (Index k = 1; k < s.size; ++k)
        if (before(first[k * s.inner], first[best * s.inner])) best = k;
      result.data()[o * s.inner + i] = best;
    }
  return result;
}

/// Of all elements: position in the tensor laid out flat.
template <typename T, typename Before>
Indices first_of_all(const char* operation, const Tensor<T>& x, bool keepdim, Before before) {
  expect_elements(operation, x.numel(), x.shape());
  const Indices first = first_along(operation, x.view_as({x.numel()}), 0, false, before);
  return keepdim ? first.view_as(Reduced(operation, x.shape(), {}).kept()) : first;
}

/// The elements of x that stand at `indices` along d, `count` of them for each line; the gradient goes there.
template <typename T>
ValuesAndIndices<T> picked(const char* name, const Tensor<T>& x, int d, Indices indices, Index count = 1) {
  const Split s = split_at(x.shape(), d);
  ValuesAndIndices<T> result{Tensor<T>(indices.shape()), std::move(indices)};
  const auto position = [s, count](const Index* picks, Index k) {
    return (k / (s.inner * count) * s.size + picks[k]) * s.inner + k % s.inner;
  };
  for (Index k = 0; k < result.values.numel(); ++k)
    result.values.data()[k] = x.data()[position(result.indices.data(), k)];
  if (recording(x)) {
    record(
        result.values, name,
        [indices = saved(result.indices), shape = x.shape(), position](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = zeros<T>(shape);
          for (Index k = 0; k < g.numel(); ++k) dx.data()[position(indices.data(), k)] = g.data()[k];
          node->accumulate(std::move(dx));
        },
        x);
  }
  return result;
}

/// A row's gradient that all values equal to y share; NaN equals NaN if `nan_too`.
template <typename T>
void share_gradient(T g, T y, const T* row, Index n, T* to, bool nan_too) {
  const auto is_one = [&](T v) { return v == y || (nan_too && is_nan(v) && is_nan(y)); };
  const T count = static_cast<T>(std::count_if(row, row + n, is_one));
  std::transform(row, row + n, to, [&](T v) { return is_one(v) ? g / count : T(0) * g / count; });
}

/// An extreme over any dimensions. Equals share the gradient; NaN equals NaN if `nan_too`.
template <typename T, typename Before>
Tensor<T> extreme(const char* operation, const char* name, const Tensor<T>& x, const Dims& dims, bool keepdim,
                  Before before, bool nan_too) {
  const Reduced reduced(operation, x.shape(), dims);
  expect_elements(operation, reduced.count(), x.shape());
  return reduce_rows(
      name, x, reduced, keepdim,
      [before](const T* row, Index n) {
        T best = row[0];
        for (Index i = 1; i < n; ++i) best = before(row[i], best) ? row[i] : best;
        return best;
      },
      [nan_too](T g, T y, const T* row, Index n, T* to) { share_gradient(g, y, row, n, to, nan_too); });
}

}  // namespace detail

/// Position of the largest element along dim, the first of equals; NaN counts as largest. Without dim, of all elements
/// laid out flat. ShapeError when there are none. PyTorch: torch.argmax.
template <typename T>
Indices argmax(const Tensor<T>& x, Index dim, bool keepdim = false) {
  return detail::first_along("argmax", x, dim, keepdim, detail::Larger());
}
template <typename T>
Indices argmax(const Tensor<T>& x) {
  return detail::first_of_all("argmax", x, false, detail::Larger());
}
/// The same of the smallest; NaN counts as smallest. PyTorch: torch.argmin.
template <typename T>
Indices argmin(const Tensor<T>& x, Index dim, bool keepdim = false) {
  return detail::first_along("argmin", x, dim, keepdim, detail::Smaller());
}
template <typename T>
Indices argmin(const Tensor<T>& x) {
  return detail::first_of_all("argmin", x, false, detail::Smaller());
}

/// Largest element along dim and where it stood; its gradient goes there. PyTorch: torch.max(x, dim).
template <typename T>
ValuesAndIndices<T> max(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("max", dim, x.dim());
  return detail::picked("MaxBackward0", x, d, detail::first_along("max", x, dim, keepdim, detail::Larger()));
}
/// Smallest element along dim and where it stood. PyTorch: torch.min(x, dim).
template <typename T>
ValuesAndIndices<T> min(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("min", dim, x.dim());
  return detail::picked("MinBackward0", x, d, detail::first_along("min", x, dim, keepdim, detail::Smaller()));
}

/// Largest and smallest of all elements, shape (); equals, or NaNs, share the gradient. ShapeError when there are none.
/// PyTorch: torch.max(x), torch.min(x).
template <typename T>
Tensor<T> max(const Tensor<T>& x) {
  return detail::extreme("max", "MaxBackward1", x, {}, false, detail::Larger(), true);
}
template <typename T>
Tensor<T> min(const Tensor<T>& x) {
  return detail::extreme("min", "MinBackward1", x, {}, false, detail::Smaller(), true);
}

/// Largest and smallest over one dimension, several, or all; equals share the gradient, which is NaN where the extreme
/// is NaN. ShapeError when there are none. PyTorch: torch.amax, amin.
template <typename T>
Tensor<T> amax(const Tensor<T>& x, const Dims& dims = {}, bool keepdim = false) {
  return detail::extreme("amax", "AmaxBackward0", x, dims, keepdim, detail::Larger(), false);
}
template <typename T>
Tensor<T> amin(const Tensor<T>& x, const Dims& dims = {}, bool keepdim = false) {
  return detail::extreme("amin", "AminBackward0", x, dims, keepdim, detail::Smaller(), false);
}

namespace detail {

template <typename T>
Tensor<T> product_over(const char* name, const Tensor<T>& x, const Dims& dims, bool keepdim) {
  return reduce_rows(
      name, x, Reduced("prod", x.shape(), dims), keepdim,
      [](const T* row, Index n) {
        T y = T(1);
        for (Index i = 0; i < n; ++i) y *= row[i];
        return y;
      },
      [single = x.dim() == 0, whole = dims.size() == 0](T g, T y, const T* row, Index n, T* to) {
        // PyTorch's ways, which matter where values are infinite.
        const Index zeros = std::count(row, row + n, T(0));
        if (zeros == 0 || (whole && zeros > 1)) {
          std::transform(row, row + n, to, [=](T v) { return zeros > 1 ? T(0) : single ? g : g * (y / v); });
          return;
        }
        // What stands before i times what stands after, so zeros need no division.
        T before = g, after = T(1);
        for (Index i = 0; i < n; ++i) {
          to[i] = before;
          before *= row[i];
        }
        for (Index i = n - 1; i >= 0; --i) {
          to[i] *= after;
          after *= row[i];
        }
      });
}

}  // namespace detail

/// Product of all elements, or along dim; 1 of none. dx = g times the product of the others. PyTorch: torch.prod.
template <typename T>
Tensor<T> prod(const Tensor<T>& x) {
  return detail::product_over("ProdBackward0", x, {}, false);
}
template <typename T>
Tensor<T> prod(const Tensor<T>& x, Index dim, bool keepdim = false) {
  return detail::product_over("ProdBackward1", x, dim, keepdim);
}

template <typename T>
Tensor<T> TensorMethods<T>::max() const {
  return rowgrad::max(self());
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::max(Index dim, bool keepdim) const {
  return rowgrad::max(self(), dim, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::min() const {
  return rowgrad::min(self());
}
template <typename T>
ValuesAndIndices<T> TensorMethods<T>::min(Index dim, bool keepdim) const {
  return rowgrad::min(self(), dim, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::amax(const Dims& dims, bool keepdim) const {
  return rowgrad::amax(self(), dims, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::amin(const Dims& dims, bool keepdim) const {
  return rowgrad::amin(self(), dims, keepdim);
}
template <typename T>
Indices TensorMethods<T>::argmax() const {
  return rowgrad::argmax(self());
}
template <typename T>
Indices TensorMethods<T>::argmax(Index dim, bool keepdim) const {
  return rowgrad::argmax(self(), dim, keepdim);
}
template <typename T>
Indices TensorMethods<T>::argmin() const {
  return rowgrad::argmin(self());
}
template <typename T>
Indices TensorMethods<T>::argmin(Index dim, bool keepdim) const {
  return rowgrad::argmin(self(), dim, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::prod() const {
  return rowgrad::prod(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::prod(Index dim, bool keepdim) const {
  return rowgrad::prod(self(), dim, keepdim);
}

}  // namespace rowgrad
