// What: conv1d(), filters moved along a sequence.
// Why:  the windows of a sample become the columns of a matrix (im2col), so that one product applies all filters.
// See:  nn/conv1d.hpp; machine/product.hpp; Kim 2014, Convolutional Neural Networks for Sentence Classification.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/functional/windows.hpp>
#include <rowgrad/machine/product.hpp>
#include <rowgrad/machine/sums.hpp>

namespace rowgrad {

/// Zeros put before and after every sequence: their number, or "same", as many as keep the length (one more at the end
/// where they cannot be as many on both sides), or "valid", none. ValueError for another word.
class ConvPadding {
 public:
  template <std::integral I>
  constexpr ConvPadding(I count) noexcept : count_(static_cast<Index>(count)) {}           // NOLINT
  ConvPadding(const char* name) : ConvPadding(std::string(name)) {}                        // NOLINT
  ConvPadding(const std::string& name) : same_(name == "same"), valid_(name == "valid") {  // NOLINT
    if (!same_ && !valid_)
      detail::raise<ValueError>("conv1d: padding is a number, \"same\" or \"valid\", got \"", name, '"');
  }

  bool same() const noexcept { return same_; }
  bool valid() const noexcept { return valid_; }
  /// Before and after, unless it is "same".
  Index count() const noexcept { return count_; }

 private:
  Index count_ = 0;
  bool same_ = false, valid_ = false;
};

struct Conv1dOptions {
  Index stride = 1;         ///< steps between neighbouring windows
  ConvPadding padding = 0;  ///< zeros put before and after every sequence, or "same", or "valid"
  Index dilation = 1;       ///< steps between the values of a window
  Index groups = 1;         ///< channels are split into as many convolutions side by side
};

namespace detail {

/// Sizes of a convolution; in and out count the channels of a group. One sample at a time is unfolded: more of them
/// would make the product hardly faster, and its result would have to be taken apart.
struct Conv1dPlan {
  Index batch, groups, in, out, length, kernel, steps, stride, padding, dilation;

  /// Positions t in [first, last) of the result see channel[t * stride + shift] through value k of the filter, the
  /// others see padding.
  struct Line {
    Index shift, first, last;
  };
  Line line(Index k) const noexcept {
    const Index shift = k * dilation - padding;
    const Index first = shift < 0 ? std::min(steps, (stride - 1 - shift) / stride) : 0;
    const Index last = shift < length ? std::min(steps, (length - 1 - shift) / stride + 1) : 0;
    return {shift, first, std::max(first, last)};
  }

  /// The windows of one sample and group, (in, length), as columns: (in * kernel, steps).
  template <typename T>
  void unfold(const T* channels, T* windows) const {
    for (Index row = 0; row < in * kernel; ++row, windows += steps) {
      const Line l = line(row % kernel);
      const T* source = channels + row / kernel * length + l.shift;
      std::fill_n(windows, l.first, T(0));
      if (stride == 1)
        std::copy(source + l.first, source + l.last, windows + l.first);
      else
        for (Index t = l.first; t < l.last; ++t) windows[t] = source[t * stride];
      std::fill(windows + l.last, windows + steps, T(0));
    }
  }

  /// The reverse: adds every column to the values that it was made of.
  template <typename T>
  void fold(const T* windows, T* channels) const {
    for (Index row = 0; row < in * kernel; ++row, windows += steps) {
      const Line l = line(row % kernel);
      T* target = channels + row / kernel * length + l.shift;
      if (stride == 1)
        ArrayMap<T>(target + l.first, l.last - l.first) += ArrayMap<const T>(windows + l.first, l.last - l.first);
      else
        for (Index t = l.first; t < l.last; ++t) target[t * stride] += windows[t];
    }
  }

  bool parallel() const noexcept {
    double products = 1;
    for (const Index size : {batch, groups, in, out, kernel, steps}) products *= static_cast<double>(size);
    return products >= static_cast<double>(parallel_product_size);
  }

  /// Sample n and group g within the input and the result, and the filters of group g.
  template <typename T>
  T* input(T* x, Index n, Index g) const {
    return x + (n * groups + g) * in * length;
  }
  template <typename T>
  MatrixMap<T> output(T* y, Index n, Index g) const {
    return MatrixMap<T>(y + (n * groups + g) * out * steps, out, steps);
  }
  template <typename T>
  MatrixMap<T> filters(T* weight, Index g) const {
    return MatrixMap<T>(weight + g * out * in * kernel, out, in * kernel);
  }
};

inline Conv1dPlan conv1d_plan(const Shape& x, const Shape& weight, const Conv1dOptions& options) {
  expect_at_least("conv1d", "stride", options.stride, 1);
  expect_at_least("conv1d", "padding", options.padding.count(), 0);
  if (options.padding.same() && options.stride != 1)
    raise<ValueError>("conv1d: padding \"same\" goes with stride 1, got ", options.stride);
  expect_at_least("conv1d", "dilation", options.dilation, 1);
  expect_at_least("conv1d", "groups", options.groups, 1);
  const Index groups = options.groups;
  // Fewer filters than groups: none at all, for any number of groups.
  if (weight.rank() != 3 || weight[0] < groups || weight[0] % groups != 0 || weight[2] < 1)
    raise<ShapeError>("conv1d: expected a weight (out, in / groups, kernel) with out a multiple of groups = ", groups,
                      ", at least that, got ", weight);
  const Index channels = saturated_product(weight[1], groups);
  if ((x.rank() != 2 && x.rank() != 3) || x[x.rank() - 2] != channels)
    raise<ShapeError>("conv1d: a weight ", weight, " with groups = ", groups, " needs an input (N, ", channels,
                      ", L) or (", channels, ", L), got ", x,
                      " (after embedding(), transpose(1, 2) puts channels before time)");
  const Index reach = window_reach(weight[2], options.dilation);
  const Index before = options.padding.same() ? (reach - 1) / 2 : options.padding.count();
  const Index padded = options.padding.same() ? padded_length("conv1d", saturated_sum(x.back(), reach - 1), 0)
                                              : padded_length("conv1d", x.back(), before);
  if (padded < reach)
    raise<ShapeError>("conv1d: a filter that reaches over ", reach, " steps is longer than the input, which has ",
                      padded, " with its padding (pad texts to at least as many tokens, or pass padding)");
  const Index stride = std::min(options.stride, padded);  // a longer one makes no difference
  return {x.rank() == 2 ? 1 : x[0],      groups, weight[1], weight[0] / groups, x.back(), weight[2],
          (padded - reach) / stride + 1, stride, before,    options.dilation};
}

}  // namespace detail

/// y[n, o, t] = bias[o] + sum over c, k of weight[o, c, k] x[n, c, t stride + k dilation - padding], x being 0 outside.
/// x (N, in, L) or (in, L), weight (out, in / groups, K), bias (out) or undefined; result (N, out, L') or (out, L'),
/// L' = (L + 2 padding - dilation (K - 1) - 1) / stride + 1, rounded down.
/// With U the windows of a sample as columns, y = W U + b: dW = sum of g U^T over the samples, dU = W^T g, from which
/// dx is added up, db = g summed over samples and time.
/// ShapeError when channels differ or the filter is longer than the padded input; ValueError for an option out of
/// range. PyTorch: torch.nn.functional.conv1d.
template <typename T>
Tensor<T> conv1d(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {},
                 const Conv1dOptions& options = {}) {
  const detail::Conv1dPlan plan = detail::conv1d_plan(x.shape(), weight.shape(), options);
  const Index out = weight.shape()[0], steps = plan.steps;
  if (bias.defined() && bias.shape() != Shape{out})
    detail::raise<ShapeError>("conv1d: expected bias ", Shape{out}, ", got ", bias.shape());
  const Shape windows{detail::saturated_product(plan.in, plan.kernel), steps};
  Shape shape = x.shape();
  shape[shape.rank() - 2] = out;
  shape[shape.rank() - 1] = steps;
  Tensor<T> y(shape);
  T *from = x.data(), *filters = weight.data(), *to = y.data();
  const T* shift = bias.defined() ? bias.data() : nullptr;
  detail::parallel_pieces(plan.batch, plan.parallel(), [&](Index n) {
    const Tensor<T> unfolded(windows);
    for (Index o = 0; shift != nullptr && o < out; ++o) std::fill_n(to + (n * out + o) * steps, steps, shift[o]);
    for (Index g = 0; g < plan.groups; ++g) {
      plan.unfold(plan.input(from, n, g), unfolded.data());
      detail::product(plan.output(to, n, g), plan.filters(filters, g), unfolded.matrix(),
                      shift != nullptr ? detail::Write::add : detail::Write::assign);
    }
  });
  if (recording(x, weight, bias)) {
    record(
        y, "ConvolutionBackward0",
        [x = saved(x), w = saved(weight), plan, windows](Tensor<T> g, Node<T>* nx, Node<T>* nw, Node<T>* nb) {
          T* gradient = g.data();
          if (nx != nullptr) {
            Tensor<T> dx = zeros<T>(x.shape());
            T *weights = w.data(), *target = dx.data();
            detail::parallel_pieces(plan.batch, plan.parallel(), [&](Index n) {
              const Tensor<T> unfolded(windows);
              for (Index k = 0; k < plan.groups; ++k) {
                detail::product(unfolded.matrix(), plan.filters(weights, k).transpose(), plan.output(gradient, n, k));
                plan.fold(unfolded.data(), plan.input(target, n, k));
              }
            });
            nx->accumulate(std::move(dx));
          }
          if (nw != nullptr) {
            Tensor<T> dw = zeros<T>(w.shape());
            const Tensor<T> unfolded(windows);
            const auto add_samples = [&](T* sums, Index n, Index last) {
              for (; n < last; ++n)
                for (Index k = 0; k < plan.groups; ++k) {
                  plan.unfold(plan.input(x.data(), n, k), unfolded.data());
                  detail::product(plan.filters(sums, k), plan.output(gradient, n, k), unfolded.matrix().transpose(),
                                  detail::Write::add);
                }
            };
            detail::add_in_blocks(dw.data(), plan.batch, dw.numel(), add_samples, detail::product_block(plan.batch));
            nw->accumulate(std::move(dw));
          }
          if (nb != nullptr) {
            const Index rows = w.shape()[0];
            Tensor<T> db(Shape{rows}), sums(Shape{plan.batch, rows});  // sums over the steps of each sample
            for (Index i = 0; i < plan.batch * rows; ++i)
              sums.data()[i] = detail::sum_of(gradient + i * plan.steps, plan.steps);
            detail::column_sums(sums.data(), plan.batch, rows, rows, db.data());
            nb->accumulate(std::move(db));
          }
        },
        x, weight, bias);
  }
  return y;
}

}  // namespace rowgrad
