// What: dropout(), dropout1d(), dropout2d().
// Why:  values are zeroed at random while training and scaled up so that their expectation stays.
// See:  nn/dropout.hpp; Srivastava et al. 2014.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/check.hpp>

namespace rowgrad {

namespace detail {

/// 0 with probability p, else 1 / (1 - p), for each value.
template <typename T>
Tensor<T> dropout_mask(const Shape& shape, double p, Generator& generator) {
  Tensor<T> mask(shape);
  const double keep = 1 - p;
  const T scale = T(1) / static_cast<T>(keep);
  T* values = mask.data();
  if (p == 1)
    std::fill_n(values, mask.numel(), T(0));
  else
    for (Index i = 0; i < mask.numel(); ++i) values[i] = generator.uniform<double>() < keep ? scale : T(0);
  return mask;
}

}  // namespace detail

/// Each value becomes 0 with probability p, else x / (1 - p); without training, x itself. ValueError for p outside
/// [0, 1]. A value is kept where the generator's next uniform double is below 1 - p, so the same seed leaves PyTorch's
/// values; p = 0 and p = 1 draw nothing. (On Intel processors PyTorch may draw from MKL's generator instead.)
/// PyTorch: torch.nn.functional.dropout.
template <typename T>
Tensor<T> dropout(const Tensor<T>& x, double p = 0.5, bool training = true,
                  Generator& generator = default_generator()) {
  detail::expect_probability("dropout", "p", p);
  if (!training || p == 0) return (void)x.body(), x;  // an undefined tensor is refused
  const Tensor<T> mask = detail::dropout_mask<T>(x.shape(), p, generator);
  Tensor<T> y(x.shape());
  y.array() = x.array() * mask.array();
  if (recording(x)) {
    record(
        y, "DropoutBackward0",
        [mask](Tensor<T> g, Node<T>* node) {  // dx = g mask
          Tensor<T> dx(g.shape());
          dx.array() = g.array() * mask.array();
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

namespace detail {

/// Dropout of whole channels: all values of one, which are `inner` in a row, are kept or not.
template <typename T>
Tensor<T> channel_dropout(const char* operation, const Tensor<T>& x, Index inner, double p, bool training,
                          Generator& generator) {
  expect_probability(operation, "p", p);
  if (!training || p == 0 || x.numel() == 0) return x;
  const Tensor<T> mask = dropout_mask<T>(Shape{x.numel() / inner}, p, generator);
  const auto times_mask = [mask, inner](const Tensor<T>& from) {
    Tensor<T> to(from.shape());
    for (Index c = 0; c < mask.numel(); ++c)
      ArrayMap<T>(to.data() + c * inner, inner) = ArrayMap<const T>(from.data() + c * inner, inner) * mask.data()[c];
    return to;
  };
  Tensor<T> y = times_mask(x);
  if (recording(x))
    record(
        y, "FeatureDropoutBackward0", [times_mask](Tensor<T> g, Node<T>* node) { node->accumulate(times_mask(g)); }, x);
  return y;
}

}  // namespace detail

/// Each channel, a line along the last dimension, becomes 0 with probability p, else x / (1 - p): x (N, C, L) or (C,
/// L). Of texts (N, T, D) it drops words. ShapeError for another rank, ValueError for p outside [0, 1]. PyTorch:
/// dropout1d.
template <typename T>
Tensor<T> dropout1d(const Tensor<T>& x, double p = 0.5, bool training = true,
                    Generator& generator = default_generator()) {
  if (x.dim() != 2 && x.dim() != 3)
    detail::raise<ShapeError>("dropout1d: expected an input (N, C, L) or (C, L), got ", x.shape());
  return detail::channel_dropout("dropout1d", x, x.shape().back(), p, training, generator);
}

/// The same for channels (H, W) of x (N, C, H, W); of x (N, C, L) it is dropout1d, as in PyTorch. PyTorch: dropout2d.
template <typename T>
Tensor<T> dropout2d(const Tensor<T>& x, double p = 0.5, bool training = true,
                    Generator& generator = default_generator()) {
  if (x.dim() != 3 && x.dim() != 4)
    detail::raise<ShapeError>("dropout2d: expected an input (N, C, H, W) or (N, C, L), got ", x.shape());
  const Index inner = x.dim() == 3 ? x.shape()[2] : x.shape()[2] * x.shape()[3];
  return detail::channel_dropout("dropout2d", x, inner, p, training, generator);
}

}  // namespace rowgrad
