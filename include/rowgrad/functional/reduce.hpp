// What: sum and mean over all elements, one dimension or several.
// Why:  a tensor is seen as (outer, size, inner) around the reduced dimension, so rows stay contiguous.
// See:  extremes.hpp (max, argmax, prod), statistics.hpp (var, norm); machine/sums.hpp, how many values are added.
#pragma once

#include <rowgrad/functional/reduced.hpp>

namespace rowgrad {
namespace detail {

inline Shape reduced_shape(Shape shape, int dim, bool keepdim) {
  if (shape.rank() == 0) return shape;
  if (keepdim)
    shape[dim] = 1;
  else
    shape.erase(dim);
  return shape;
}

inline void expect_elements(const char* operation, Index count, const Shape& shape) {
  if (count == 0)
    raise<ShapeError>(operation, ": nothing to reduce in a tensor of shape ", shape,
                      " (an empty batch or an empty sentence? Pad sentences to at least one token)");
}

/// scale * sum over one dimension; the gradient is repeated over it.
template <typename T>
Tensor<T> scaled_sum(const char* name, const Tensor<T>& x, int d, bool keepdim, T scale) {
  const Split s = split_at(x.shape(), d);
  Tensor<T> y(reduced_shape(x.shape(), d, keepdim));
  const T* source = x.data();
  T* target = y.data();
  for (Index o = 0; o < s.outer && s.inner > 0; ++o) {
    const T* block = source + o * s.size * s.inner;
    if (s.inner == 1) {
      target[o] = sum_of(block, s.size) * scale;
      continue;
    }
    ArrayMap<T> row(target + o * s.inner, s.inner);
    column_sums(block, s.size, s.inner, s.inner, row.data());
    if (scale != T(1)) row *= scale;
  }
  if (recording(x)) {
    record(
        y, name,
        [s, scale, shape = x.shape()](Tensor<T> g, Node<T>* node) {  // dx = scale g, repeated
          Tensor<T> dx(shape);
          const T* from = g.data();
          T* to = dx.data();
          for (Index o = 0; o < s.outer && s.size > 0 && s.inner > 0; ++o) {
            T* first = to + o * s.size * s.inner;
            ArrayMap<T>(first, s.inner) = ArrayMap<const T>(from + o * s.inner, s.inner) * scale;
            if (s.inner == 1)
              std::fill_n(first + 1, s.size - 1, *first);
            else
              for (Index i = 1; i < s.size; ++i) std::copy_n(first, s.inner, first + i * s.inner);
          }
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

}  // namespace detail

/// Sum of all elements, shape (). PyTorch: torch.sum.
template <typename T>
Tensor<T> sum(const Tensor<T>& x) {
  Tensor<T> y = full<T>(Shape{}, detail::sum_of(x.data(), x.numel()));
  if (recording(x)) {
    record(
        y, "SumBackward0",
        [shape = x.shape()](Tensor<T> g, Node<T>* node) { node->accumulate(full<T>(shape, g.item())); }, x);
  }
  return y;
}

/// Sum over dimension dim. PyTorch: torch.sum.
template <typename T>
Tensor<T> sum(const Tensor<T>& x, Index dim, bool keepdim = false) {
  return detail::scaled_sum("SumBackward1", x, detail::wrap_dim("sum", dim, x.dim()), keepdim, T(1));
}

namespace detail {

/// Sums over any dimensions, divided by `divisor`; the gradient is repeated over them.
template <typename T>
Tensor<T> sum_over(const char* name, const Tensor<T>& x, const Reduced& reduced, bool keepdim, T divisor) {
  Tensor<T> y = sum_to(x.detach(), reduced.kept()).view_as(reduced.shape(keepdim));
  if (y.body().storage.get() == x.body().storage.get()) y = copy_of(y);  // only dimensions of size 1
  if (divisor != T(1)) y.array() /= divisor;
  if (recording(x))
    record(
        y, name,
        [shape = x.shape(), kept = reduced.kept(), divisor](const Tensor<T>& g, Node<T>* node) {
          Tensor<T> dx(kept);
          dx.array() = g.array() / divisor;
          node->accumulate(repeat_to(dx, shape));
        },
        x);
  return y;
}

}  // namespace detail

/// Over several dimensions: sum(x, {0, 1}). IndexError for a dimension that there is not, ValueError for one named
/// twice.
template <typename T>
Tensor<T> sum(const Tensor<T>& x, const Dims& dims, bool keepdim = false) {
  return detail::sum_over("SumBackward1", x, detail::Reduced("sum", x.shape(), dims), keepdim, T(1));
}

/// Of a mask: how many elements are true.
template <std::same_as<bool> T>
Indices sum(const Tensor<T>& mask) {
  return sum(Indices(mask));
}
template <std::same_as<bool> T>
Indices sum(const Tensor<T>& mask, Index dim, bool keepdim = false) {
  return sum(Indices(mask), dim, keepdim);
}
template <std::same_as<bool> T>
Indices sum(const Tensor<T>& mask, const Dims& dims, bool keepdim = false) {
  return sum(Indices(mask), dims, keepdim);
}

/// Mean of all elements, shape (). ShapeError when there are none. PyTorch: torch.mean.
template <typename T>
Tensor<T> mean(const Tensor<T>& x) {
  static_assert(std::is_floating_point_v<T>, "mean: integers and masks have none, as in PyTorch; take x.to<float>()");
  detail::expect_elements("mean", x.numel(), x.shape());
  const T n = static_cast<T>(x.numel());
  Tensor<T> y = full<T>(Shape{}, detail::sum_of(x.data(), x.numel()) / n);
  if (recording(x)) {
    record(
        y, "MeanBackward0",
        [shape = x.shape(), n](Tensor<T> g, Node<T>* node) { node->accumulate(full<T>(shape, g.item() / n)); }, x);
  }
  return y;
}

/// Mean over dimension dim. ShapeError when it is empty. PyTorch: torch.mean.
template <typename T>
Tensor<T> mean(const Tensor<T>& x, Index dim, bool keepdim = false) {
  static_assert(std::is_floating_point_v<T>, "mean: integers and masks have none, as in PyTorch; take x.to<float>()");
  const int d = detail::wrap_dim("mean", dim, x.dim());
  const Index n = detail::split_at(x.shape(), d).size;
  detail::expect_elements("mean", n, x.shape());
  return detail::scaled_sum("MeanBackward1", x, d, keepdim, T(1) / static_cast<T>(n));
}

/// Mean over several dimensions: mean(x, {0, 1}).
template <typename T>
Tensor<T> mean(const Tensor<T>& x, const Dims& dims, bool keepdim = false) {
  static_assert(std::is_floating_point_v<T>, "mean: integers and masks have none, as in PyTorch; take x.to<float>()");
  const detail::Reduced reduced("mean", x.shape(), dims);
  detail::expect_elements("mean", reduced.count(), x.shape());
  return detail::sum_over("MeanBackward1", x, reduced, keepdim, static_cast<T>(reduced.count()));
}

template <typename T>
Tensor<detail::SumOf<T>> TensorMethods<T>::sum() const {
  return rowgrad::sum(self());
}
template <typename T>
Tensor<detail::SumOf<T>> TensorMethods<T>::sum(Index dim, bool keepdim) const {
  return rowgrad::sum(self(), dim, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::mean() const {
  return rowgrad::mean(self());
}
template <typename T>
Tensor<T> TensorMethods<T>::mean(Index dim, bool keepdim) const {
  return rowgrad::mean(self(), dim, keepdim);
}
template <typename T>
Tensor<detail::SumOf<T>> TensorMethods<T>::sum(const Dims& dims, bool keepdim) const {
  return rowgrad::sum(self(), dims, keepdim);
}
template <typename T>
Tensor<T> TensorMethods<T>::mean(const Dims& dims, bool keepdim) const {
  return rowgrad::mean(self(), dims, keepdim);
}

}  // namespace rowgrad
