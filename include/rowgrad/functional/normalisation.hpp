// What: batch_norm(), group_norm(), rms_norm().
// Why:  each is one node: normalised values and 1/deviation are all that backward needs.
// See:  layer_norm.hpp; nn/normalisation.hpp; Ioffe and Szegedy 2015; Wu and He 2018; Zhang and Sennrich 2019.
#pragma once

#include <optional>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/check.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/machine/sums.hpp>

namespace rowgrad {

template <typename T>
struct BatchNormOptions {
  Tensor<T> weight = {}, bias = {};  // (C), or undefined
  bool training = false;             // whether this batch's mean and variance are used, and the running ones moved
  double momentum = 0.1;             // the share of this batch in the running ones
  double eps = 1e-5;
};

namespace detail {

/// Values that are normalised together: `count` of them in `runs` pieces of `length`, `step` apart, from `first` on;
/// the channel of piece r is channel(r), that of all of them for a batch norm.
struct NormSet {
  Index runs, length, step;

  Index count() const noexcept { return runs * length; }
};

/// The sum of term(position) over a set that begins at `first`.
template <typename T, typename Term>
T set_sum(const NormSet& set, Index first, const Term& term) {
  RunningSum<T> sum;
  for (Index r = 0; r < set.runs; ++r)
    for (Index i = 0; i < set.length; ++i) sum.add(term(first + r * set.step + i));
  return sum.total();
}

/// h = (x - mean) r for each set, and then y = h weight[c] + bias[c], c = channel(position).
/// With u = g weight: dx = r (u - mean(u) - h mean(u h)) where the mean and r come from x, else r u;
/// dweight = sum(g h), dbias = sum(g).
template <typename T, typename Channel>
Tensor<T> normalised(const char* name, const Tensor<T>& x, const NormSet& set, Index sets, Index between,
                     const Tensor<T>& mean, const Tensor<T>& inverse, bool from_x, const Tensor<T>& weight,
                     const Tensor<T>& bias, const Channel& channel) {
  Tensor<T> y(x.shape()), h(x.shape());
  const auto for_each = [set, sets, between](const auto& body) {
    for (Index k = 0; k < sets; ++k)
      for (Index r = 0; r < set.runs; ++r)
        for (Index i = 0; i < set.length; ++i) body(k, k * between + r * set.step + i);
  };
  const T* const in = x.data();
  for_each([&](Index k, Index at) {
    const T hat = (in[at] - mean.data()[k]) * inverse.data()[k];
    h.data()[at] = hat;
    const T scaled = weight.defined() ? hat * weight.data()[channel(at)] : hat;
    y.data()[at] = bias.defined() ? scaled + bias.data()[channel(at)] : scaled;
  });
  if (recording(x, weight, bias)) {
    record(
        y, name,
        [=, weight = weight.defined() ? saved_for(x, weight) : weight, shape = x.shape()](Tensor<T> g, Node<T>* nx,
                                                                                          Node<T>* nw, Node<T>* nb) {
          const T *const gradient = g.data(), *const hats = h.data();
          if (nx != nullptr) {
            Tensor<T> u(shape), dx(shape);
            for_each([&](Index, Index at) {
              u.data()[at] = weight.defined() ? gradient[at] * weight.data()[channel(at)] : gradient[at];
            });
            const T* const us = u.data();
            const T n = static_cast<T>(set.count());
            Tensor<T> means = zeros<T>(Shape{sets}), dots = zeros<T>(Shape{sets});
            for (Index k = 0; from_x && k < sets; ++k) {
              means.data()[k] = set_sum<T>(set, k * between, [us](Index at) { return us[at]; }) / n;
              dots.data()[k] = set_sum<T>(set, k * between, [us, hats](Index at) { return us[at] * hats[at]; }) / n;
            }
            for_each([&](Index k, Index at) {
              dx.data()[at] = inverse.data()[k] * (us[at] - means.data()[k] - hats[at] * dots.data()[k]);
            });
            nx->accumulate(std::move(dx));
          }
          const auto per_channel = [&](Node<T>* node, Index channels, const auto& term) {
            if (node == nullptr) return;
            std::vector<RunningSum<T>> sums(static_cast<std::size_t>(channels));
            Tensor<T> result(Shape{channels});
            for (Index at = 0; at < g.numel(); ++at) sums[static_cast<std::size_t>(channel(at))].add(term(at));
            for (Index c = 0; c < channels; ++c) result.data()[c] = sums[static_cast<std::size_t>(c)].total();
            node->accumulate(std::move(result));
          };
          const Index channels = shape[1];
          per_channel(nw, channels, [=](Index at) { return gradient[at] * hats[at]; });
          per_channel(nb, channels, [=](Index at) { return gradient[at]; });
        },
        x, weight, bias);
  }
  return y;
}

/// Mean and 1 / sqrt(variance + eps) of each set, and the variance.
template <typename T>
void moments(const Tensor<T>& x, const NormSet& set, Index sets, Index between, double eps, Tensor<T>& mean,
             Tensor<T>& inverse, Tensor<T>& variance) {
  const T *const in = x.data(), n = static_cast<T>(set.count());
  for (Index k = 0; k < sets; ++k) {
    const T m = set_sum<T>(set, k * between, [in](Index at) { return in[at]; }) / n;
    const T squares = set_sum<T>(set, k * between, [in, m](Index at) { return (in[at] - m) * (in[at] - m); });
    mean.data()[k] = m;
    variance.data()[k] = squares / n;
    inverse.data()[k] = T(1) / std::sqrt(squares / n + static_cast<T>(eps));
  }
}

template <typename T>
void expect_channels(const char* operation, const char* what, const Tensor<T>& p, Index channels, const Shape& input) {
  if (p.defined() && p.shape() != Shape{channels})
    raise<ShapeError>(operation, ": input ", input, " needs ", what, " of shape ", Shape{channels}, ", got ",
                      p.shape());
}

}  // namespace detail

/// (x - mean) / sqrt(variance + eps) weight + bias, each channel, dimension 1, for itself: x (N, C) or (N, C, ...).
/// In training the mean and the variance are this batch's, and the running ones, where defined, move towards them in
/// place by momentum (the variance with N - 1 in the divisor); else they are the running ones, or this batch's where
/// those are undefined. ShapeError; ValueError in training for a single value per channel. PyTorch:
/// torch.nn.functional.batch_norm.
template <typename T>
Tensor<T> batch_norm(const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& running_mean,
                     const std::type_identity_t<Tensor<T>>& running_var,
                     const std::type_identity_t<BatchNormOptions<T>>& options = {}) {
  const char* const operation = "batch_norm";
  detail::expect_eps(operation, options.eps, std::numeric_limits<T>::max());
  if (x.dim() < 2) detail::raise<ShapeError>(operation, ": expected an input (N, C) or (N, C, ...), got ", x.shape());
  const detail::Split s = detail::split_at(x.shape(), 1);
  const Index channels = s.size, count = s.outer * s.inner;
  detail::expect_channels<T>(operation, "running_mean", running_mean, channels, x.shape());
  detail::expect_channels<T>(operation, "running_var", running_var, channels, x.shape());
  detail::expect_channels<T>(operation, "weight", options.weight, channels, x.shape());
  detail::expect_channels<T>(operation, "bias", options.bias, channels, x.shape());
  if (running_mean.defined() != running_var.defined())
    detail::raise<ValueError>(operation, ": expected both running_mean and running_var, or neither");
  const bool from_x = options.training || !running_mean.defined();
  if (from_x && count == 1)
    detail::raise<ValueError>(operation, ": expected more than one value per channel when training, got input ",
                              x.shape());
  const detail::NormSet set{s.outer, s.inner, channels * s.inner};
  Tensor<T> mean(Shape{channels}), inverse(Shape{channels}), variance(Shape{channels});
  if (from_x) {
    detail::moments(x, set, channels, s.inner, options.eps, mean, inverse, variance);
    if (options.training && running_mean.defined() && count > 0) {
      const T share = static_cast<T>(options.momentum), keep = static_cast<T>(1 - options.momentum);
      const T unbiased = static_cast<T>(count) / static_cast<T>(count - 1);
      running_mean.array() = keep * running_mean.array() + share * mean.array();
      running_var.array() = keep * running_var.array() + share * (variance.array() * unbiased);
    }
  } else {
    mean.array() = running_mean.array();
    for (Index c = 0; c < channels; ++c)
      inverse.data()[c] = T(1) / std::sqrt(running_var.data()[c] + static_cast<T>(options.eps));
  }
  return detail::normalised("NativeBatchNormBackward0", x, set, channels, s.inner, mean, inverse, from_x,
                            options.weight, options.bias,
                            [inner = s.inner, channels](Index at) { return at / inner % channels; });
}

/// The same over groups of channels, each sample for itself: x (N, C, ...), num_groups dividing C; weight and bias (C)
/// or undefined. ShapeError; ValueError for num_groups below 1. PyTorch: torch.nn.functional.group_norm.
template <typename T>
Tensor<T> group_norm(const Tensor<T>& x, Index num_groups, const std::type_identity_t<Tensor<T>>& weight = {},
                     const std::type_identity_t<Tensor<T>>& bias = {}, double eps = 1e-5) {
  detail::expect_eps("group_norm", eps, std::numeric_limits<T>::max());
  detail::expect_at_least("group_norm", "num_groups", num_groups, 1);
  if (x.dim() < 2 || x.shape()[1] % num_groups != 0)
    detail::raise<ShapeError>("group_norm: expected an input (N, C, ...) whose channels divide by ", num_groups,
                              " groups, got ", x.shape());
  const detail::Split s = detail::split_at(x.shape(), 1);
  const Index channels = s.size, sets = s.outer * num_groups, size = channels / num_groups * s.inner;
  detail::expect_channels<T>("group_norm", "weight", weight, channels, x.shape());
  detail::expect_channels<T>("group_norm", "bias", bias, channels, x.shape());
  if (s.outer * size == 1)
    detail::raise<ValueError>("group_norm: expected more than one value per channel, got input ", x.shape());
  const detail::NormSet set{1, size, size};
  Tensor<T> mean(Shape{sets}), inverse(Shape{sets}), variance(Shape{sets});
  detail::moments(x, set, sets, size, eps, mean, inverse, variance);
  return detail::normalised("NativeGroupNormBackward0", x, set, sets, size, mean, inverse, true, weight, bias,
                            [inner = s.inner, channels](Index at) { return at / inner % channels; });
}

/// x r weight over the last values, n = the elements of normalized_shape, r = 1 / sqrt(mean(x^2) + eps); weight has
/// that shape or is undefined. Without eps it is the type's precision. With u = g weight and h = x r: dx = r (u - h
/// mean(u h)), dweight = sum(g h). PyTorch: torch.nn.functional.rms_norm.
template <typename T>
Tensor<T> rms_norm(const Tensor<T>& x, const Shape& normalized_shape,
                   const std::type_identity_t<Tensor<T>>& weight = {}, std::optional<double> eps = {}) {
  if (eps) detail::expect_eps("rms_norm", *eps, std::numeric_limits<T>::max());
  const int offset = x.dim() - normalized_shape.rank();
  bool fits = normalized_shape.rank() > 0 && offset >= 0;
  for (int d = 0; fits && d < normalized_shape.rank(); ++d) fits = x.shape()[d + offset] == normalized_shape[d];
  if (!fits || (weight.defined() && weight.shape() != normalized_shape))
    detail::raise<ShapeError>("rms_norm: expected an input ending in ", normalized_shape,
                              " and a weight of that shape, got input ", x.shape());
  const Index n = normalized_shape.numel(), rows = n == 0 ? 0 : x.numel() / n;
  const T tiny = eps ? static_cast<T>(*eps) : std::numeric_limits<T>::epsilon();
  Tensor<T> y(x.shape()), h(x.shape()), r(Shape{rows});
  for (Index i = 0; i < rows; ++i) {
    const T* const in = x.data() + i * n;
    const T squares = detail::sum_of_terms<T>(n, [in](Index k) { return in[k] * in[k]; });
    const T inverse = r.data()[i] = T(1) / std::sqrt(squares / static_cast<T>(n) + tiny);
    for (Index k = 0; k < n; ++k) {
      const T hat = h.data()[i * n + k] = in[k] * inverse;
      y.data()[i * n + k] = weight.defined() ? hat * weight.data()[k] : hat;
    }
  }
  if (recording(x, weight)) {
    record(
        y, "FusedRmsNormBackward0",
        [=, weight = weight.defined() ? saved_for(x, weight) : weight, shape = x.shape()](Tensor<T> g, Node<T>* nx,
                                                                                          Node<T>* nw) {
          if (nx != nullptr) {
            Tensor<T> dx(shape);
            for (Index i = 0; i < rows; ++i) {
              const T *const gradient = g.data() + i * n, *const hats = h.data() + i * n;
              const auto u = [&](Index k) { return weight.defined() ? gradient[k] * weight.data()[k] : gradient[k]; };
              const T dot = detail::sum_of_terms<T>(n, [&](Index k) { return u(k) * hats[k]; }) / static_cast<T>(n);
              for (Index k = 0; k < n; ++k) dx.data()[i * n + k] = r.data()[i] * (u(k) - hats[k] * dot);
            }
            nx->accumulate(std::move(dx));
          }
          if (nw == nullptr) return;
          Tensor<T> products(shape), dw(normalized_shape);
          products.array() = g.array() * h.array();
          detail::column_sums(products.data(), rows, n, n, dw.data());
          nw->accumulate(std::move(dw));
        },
        x, weight);
  }
  return y;
}

}  // namespace rowgrad
