// What: max_pool1d(), avg_pool1d(), adaptive_max_pool1d() and adaptive_avg_pool1d(): the largest value, or the mean, of
//       each window of a sequence.
// Why:  adaptive_max_pool1d(x, 1), the maximum over time, turns texts of any length into vectors of one length.
// See:  conv1d.hpp; mask.hpp for padded batches; reduce.hpp (max) for whole dimensions.
#pragma once

#include <optional>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/functional/windows.hpp>

namespace rowgrad {
namespace detail {

struct PoolWindow {
  Index first, end, step;  // positions first, first + step, ... below end; at least one
};

/// The largest value of each window along the last dimension; its gradient goes where it stood, the first of equals.
template <typename T, typename Window>
Tensor<T> max_of_windows(const char* name, const Tensor<T>& x, Index steps, const Window& window) {
  const Index length = x.shape().back(), lines = split_at(x.shape(), x.dim() - 1).outer;
  Shape shape = x.shape();
  shape[shape.rank() - 1] = steps;
  Tensor<T> y(shape);
  Indices picks(shape);
  const T* values = x.data();
  for (Index i = 0; i < lines * steps; ++i) {
    const PoolWindow w = window(i % steps);
    const T* line = values + i / steps * length;
    Index best = w.first;
    T largest = line[best];
    for (Index k = w.first + w.step; k < w.end; k += w.step) {
      const T value = line[k];
      if (value > largest || value != value) {  // NaN stays
        largest = value;
        best = k;
      }
    }
    y.data()[i] = largest;
    picks.data()[i] = i / steps * length + best;
  }
  if (recording(x)) {
    record(
        y, name,
        [picks, before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = zeros<T>(before);
          for (Index i = 0; i < g.numel(); ++i) dx.data()[picks.data()[i]] += g.data()[i];
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// The mean of each window along the last dimension: their sum over window.step values, which may be more than there
/// are. dx = g / step for each window that a value is in.
template <typename T, typename Window>
Tensor<T> mean_of_windows(const char* name, const Tensor<T>& x, Index steps, const Window& window) {
  const Index length = x.shape().back(), lines = split_at(x.shape(), x.dim() - 1).outer;
  Shape shape = x.shape();
  shape[shape.rank() - 1] = steps;
  Tensor<T> y(shape);
  const T* values = x.data();
  for (Index i = 0; i < lines * steps; ++i) {
    const PoolWindow w = window(i % steps);
    y.data()[i] = w.first < w.end
                      ? sum_of(values + i / steps * length + w.first, w.end - w.first) / static_cast<T>(w.step)
                      : T(0);
  }
  if (recording(x)) {
    record(
        y, name,
        [=, before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = zeros<T>(before);
          for (Index i = 0; i < g.numel(); ++i) {
            const PoolWindow w = window(i % steps);
            const T share = g.data()[i] / static_cast<T>(w.step);
            T* const line = dx.data() + i / steps * length;
            for (Index k = w.first; k < w.end; ++k) line[k] += share;
          }
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// How many windows fit. ShapeError for none, ValueError for options out of range.
inline Index pooled_steps(const char* operation, Index length, Index kernel_size, Index& stride, Index padding,
                          Index& dilation, bool ceil_mode) {
  if (kernel_size < 1 || stride < 1 || dilation < 1 || padding < 0 || padding > kernel_size / 2)
    raise<ValueError>(operation,
                      ": expected kernel_size, stride and dilation of at least 1 and a padding of at most half of "
                      "kernel_size, got ",
                      kernel_size, ", ", stride, ", ", dilation, " and ", padding);
  const Index padded = padded_length(operation, length, padding);
  const Index reach = window_reach(kernel_size, dilation);
  stride = std::min(stride, longest_sequence);  // longer ones make no difference
  dilation = std::min(dilation, padded);
  const Index beyond = ceil_mode ? stride - 1 : 0;
  if (reach > longest_sequence || padded - reach + beyond < 0)
    raise<ShapeError>(operation, ": a window of ", reach, " steps is longer than the input, which has ", padded,
                      " with its padding");
  const Index steps = (padded - reach + beyond) / stride + 1;
  return (steps - 1) * stride >= length + padding ? steps - 1 : steps;
}

template <typename T>
void expect_sequences(const char* operation, const Tensor<T>& x) {
  if ((x.dim() != 2 && x.dim() != 3) || x.shape().back() == 0)
    raise<ShapeError>(operation, ": expected an input (N, C, L) or (C, L) with L > 0, got ", x.shape());
}

}  // namespace detail

/// Cuts the L steps into output_size windows, floor(i L / size) to ceil((i + 1) L / size), and takes the largest value
/// of each: x (N, C, L) or (C, L), result (N, C, output_size) or (C, output_size). Size 1 is the maximum over time. NaN
/// counts as largest. ShapeError for L = 0, ValueError for output_size < 1. PyTorch: adaptive_max_pool1d.
template <typename T>
Tensor<T> adaptive_max_pool1d(const Tensor<T>& x, Index output_size) {
  detail::expect_sequences("adaptive_max_pool1d", x);
  detail::expect_at_least("adaptive_max_pool1d", "output_size", output_size, 1);
  return detail::max_of_windows(
      "AdaptiveMaxPool1DBackward0", x, output_size,
      [length = x.shape().back(), output_size](Index i) -> detail::PoolWindow {
        return {i * length / output_size, ((i + 1) * length + output_size - 1) / output_size, 1};
      });
}

struct MaxPool1dOptions {
  std::optional<Index> stride = std::nullopt;  ///< steps between neighbouring windows; default: kernel_size
  Index padding = 0;                           ///< steps before and after every sequence that never are the largest
  Index dilation = 1;                          ///< steps between the values of a window
  bool ceil_mode = false;                      ///< whether a window may reach past the end
};

/// The largest of every kernel_size values: x (N, C, L) or (C, L), result (N, C, L') or (C, L') with
/// L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1, rounded down, or up in ceil_mode; a window has
/// to start before the padding at the end. NaN counts as largest. ShapeError when no window fits, ValueError for
/// options out of range, more padding than half a window, or a window of padding alone. PyTorch: max_pool1d.
template <typename T>
Tensor<T> max_pool1d(const Tensor<T>& x, Index kernel_size, const MaxPool1dOptions& options = {}) {
  detail::expect_sequences("max_pool1d", x);
  const Index length = x.shape().back(), padding = options.padding;
  Index stride = options.stride.value_or(kernel_size), dilation = options.dilation;
  const Index steps =
      detail::pooled_steps("max_pool1d", length, kernel_size, stride, padding, dilation, options.ceil_mode);
  const Index reach = detail::window_reach(kernel_size, options.dilation);
  return detail::max_of_windows("MaxPool1DBackward0", x, steps, [=](Index i) -> detail::PoolWindow {
    const Index start = i * stride - padding;
    const Index first = start < 0 ? start + (dilation - 1 - start) / dilation * dilation : start;
    const Index end = std::min(length, start + reach);
    if (first >= end) detail::raise<ValueError>("max_pool1d: window ", i, " sees nothing but padding");
    return {first, end, dilation};
  });
}

/// The same windows as adaptive_max_pool1d's, and the mean of each. PyTorch: adaptive_avg_pool1d.
template <typename T>
Tensor<T> adaptive_avg_pool1d(const Tensor<T>& x, Index output_size) {
  detail::expect_sequences("adaptive_avg_pool1d", x);
  detail::expect_at_least("adaptive_avg_pool1d", "output_size", output_size, 1);
  return detail::mean_of_windows("AdaptiveAvgPool1DBackward", x, output_size,
                                 [length = x.shape().back(), output_size](Index i) -> detail::PoolWindow {
                                   const Index first = i * length / output_size,
                                               end = ((i + 1) * length + output_size - 1) / output_size;
                                   return {first, end, end - first};
                                 });
}

struct AvgPool1dOptions {
  std::optional<Index> stride = std::nullopt;  ///< steps between neighbouring windows; default: kernel_size
  Index padding = 0;                           ///< zeros before and after every sequence
  bool ceil_mode = false;                      ///< whether a window may reach past the end
  bool count_include_pad = true;               ///< whether the zeros count in the mean
};

/// The mean of every kernel_size values; shapes and errors are max_pool1d's with dilation 1. What a window in ceil_mode
/// has beyond the padding does not count. PyTorch: avg_pool1d.
template <typename T>
Tensor<T> avg_pool1d(const Tensor<T>& x, Index kernel_size, const AvgPool1dOptions& options = {}) {
  detail::expect_sequences("avg_pool1d", x);
  const Index length = x.shape().back(), padding = options.padding;
  Index stride = options.stride.value_or(kernel_size), dilation = 1;
  const Index steps =
      detail::pooled_steps("avg_pool1d", length, kernel_size, stride, padding, dilation, options.ceil_mode);
  return detail::mean_of_windows(
      "AvgPool1DBackward", x, steps, [=, include = options.count_include_pad](Index i) -> detail::PoolWindow {
        const Index start = i * stride - padding, end = std::min(start + kernel_size, length + padding);
        const Index first = std::max(start, Index{0}), last = std::min(end, length);
        return {first, last, include ? end - start : last - first};
      });
}

}  // namespace rowgrad
