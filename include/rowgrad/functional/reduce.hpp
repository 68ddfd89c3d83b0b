// What: sum, mean, max, prod over all elements or one dimension; argmax.
// Why:  a tensor is seen as (outer, size, inner) around the reduced dimension, so rows stay contiguous.
// See:  softmax.hpp; machine/sums.hpp, how many values are added; PyTorch "Reduction Ops".
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/machine/sums.hpp>

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

/// Of a mask: how many elements are true.
template <std::same_as<bool> T>
Indices sum(const Tensor<T>& mask) {
  return sum(Indices(mask));
}
template <std::same_as<bool> T>
Indices sum(const Tensor<T>& mask, Index dim, bool keepdim = false) {
  return sum(Indices(mask), dim, keepdim);
}

/// Mean of all elements, shape (). ShapeError when there are none. PyTorch: torch.mean.
template <typename T>
Tensor<T> mean(const Tensor<T>& x) {
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
  const int d = detail::wrap_dim("mean", dim, x.dim());
  const Index n = detail::split_at(x.shape(), d).size;
  detail::expect_elements("mean", n, x.shape());
  return detail::scaled_sum("MeanBackward1", x, d, keepdim, T(1) / static_cast<T>(n));
}

/// Position of the largest element along dim, the first of equals; NaN counts as largest. PyTorch: torch.argmax.
template <typename T>
Indices argmax(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("argmax", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  detail::expect_elements("argmax", s.size, x.shape());
  Indices result(detail::reduced_shape(x.shape(), d, keepdim));
  const T* values = x.data();
  for (Index o = 0; o < s.outer && s.inner > 0; ++o) {
    for (Index i = 0; i < s.inner; ++i) {
      const T* first = values + o * s.size * s.inner + i;
      Index best = 0;
      for (Index k = 1; k < s.size; ++k) {
        const T value = first[k * s.inner], largest = first[best * s.inner];
        if (value > largest || (value != value && largest == largest)) best = k;
      }
      result.data()[o * s.inner + i] = best;
    }
  }
  return result;
}

/// Values and positions of a maximum along a dimension. PyTorch: torch.return_types.max.
template <typename T>
struct MaxResult {
  Tensor<T> values;
  Indices indices;
};

/// Largest element along dim and where it stood; its gradient goes there. PyTorch: torch.max(x, dim).
template <typename T>
MaxResult<T> max(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("max", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  MaxResult<T> result{{}, argmax(x, dim, keepdim)};
  result.values = Tensor<T>(result.indices.shape());
  const auto position = [s](const Index* picks, Index k) {
    return (k / s.inner * s.size + picks[k]) * s.inner + k % s.inner;
  };
  for (Index k = 0; k < result.values.numel(); ++k)
    result.values.data()[k] = x.data()[position(result.indices.data(), k)];
  if (recording(x)) {
    record(
        result.values, "MaxBackward0",
        [indices = saved(result.indices), shape = x.shape(), position](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = zeros<T>(shape);
          for (Index k = 0; k < g.numel(); ++k) dx.data()[position(indices.data(), k)] = g.data()[k];
          node->accumulate(std::move(dx));
        },
        x);
  }
  return result;
}

/// Largest of all elements, shape (); equals, or NaNs, share the gradient. ShapeError when there are none. PyTorch:
/// torch.max(x).
template <typename T>
Tensor<T> max(const Tensor<T>& x) {
  detail::expect_elements("max", x.numel(), x.shape());
  Tensor<T> y = full<T>(Shape{}, x.array().template maxCoeff<Eigen::PropagateNaN>());
  if (recording(x)) {
    record(
        y, "MaxBackward1",
        [x = saved(x), largest = y.item()](Tensor<T> g, Node<T>* node) {
          const auto is_largest = [largest](T v) { return v == largest || (v != v && largest != largest); };
          const T share = g.item() / static_cast<T>(std::count_if(x.data(), x.data() + x.numel(), is_largest));
          Tensor<T> dx(x.shape());
          std::transform(x.data(), x.data() + x.numel(), dx.data(), [&](T v) { return is_largest(v) ? share : T(0); });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// Product along dim. PyTorch: torch.prod(x, dim).
template <typename T>
Tensor<T> prod(const Tensor<T>& x, Index dim, bool keepdim = false) {
  const int d = detail::wrap_dim("prod", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  Tensor<T> y = full<T>(detail::reduced_shape(x.shape(), d, keepdim), T(1));
  for (Index k = 0; k < y.numel(); ++k)
    for (Index i = 0; i < s.size; ++i) y.data()[k] *= x.data()[(k / s.inner * s.size + i) * s.inner + k % s.inner];
  if (recording(x)) {
    record(
        y, "ProdBackward1",
        [x = saved(x), s](Tensor<T> g, Node<T>* node) {
          // dx_i = g * product of the others: what stands before i times what stands after, so zeros need no division.
          Tensor<T> dx(x.shape());
          for (Index k = 0; k < g.numel(); ++k) {
            const Index first = k / s.inner * s.size * s.inner + k % s.inner;
            T before = g.data()[k], after = T(1);
            for (Index i = 0; i < s.size; ++i) {
              dx.data()[first + i * s.inner] = before;
              before *= x.data()[first + i * s.inner];
            }
            for (Index i = s.size - 1; i >= 0; --i) {
              dx.data()[first + i * s.inner] *= after;
              after *= x.data()[first + i * s.inner];
            }
          }
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
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

}  // namespace rowgrad
