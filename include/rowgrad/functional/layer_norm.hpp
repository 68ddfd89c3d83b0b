// What: layer_norm().
// Why:  one node instead of the dozen that its formula would make.
// See:  nn/layer_norm.hpp; Ba, Kiros and Hinton 2016.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/check.hpp>
#include <rowgrad/machine/sums.hpp>

namespace rowgrad {

/// Over the last n values, n = the elements of normalized_shape: y = (x - mean) / sqrt(var + eps) * weight + bias.
/// weight and bias have that shape or are undefined. ShapeError when x does not end in it; ValueError for an
/// eps that is not finite, or negative, with which a row of nearly equal values would become NaN.
/// With h = (x - mean) r, r = 1/sqrt(var + eps), u = g weight: dx = r (u - mean(u) - h mean(u h)),
/// dweight = sum(g h), dbias = sum(g). PyTorch: torch.nn.functional.layer_norm.
template <typename T>
Tensor<T> layer_norm(const Tensor<T>& x, const Shape& normalized_shape, const Tensor<T>& weight = {},
                     const Tensor<T>& bias = {}, double eps = 1e-5) {
  detail::expect_eps("layer_norm", eps, std::numeric_limits<T>::max());
  const int offset = x.dim() - normalized_shape.rank();
  bool fits = normalized_shape.rank() > 0 && offset >= 0;
  for (int d = 0; fits && d < normalized_shape.rank(); ++d) fits = x.shape()[d + offset] == normalized_shape[d];
  const auto same = [&](const Tensor<T>& p) { return !p.defined() || p.shape() == normalized_shape; };
  if (!fits || !same(weight) || !same(bias))
    detail::raise<ShapeError>("layer_norm: expected an input ending in ", normalized_shape,
                              " and weight and bias of that shape, got input ", x.shape());
  const Index n = normalized_shape.numel(), rows = n == 0 ? 0 : x.numel() / n;
  Tensor<T> y(x.shape()), h(Shape{rows, n}), r(Shape{rows});
  const MatrixMap<T> in(x.data(), rows, n);
  MatrixMap<T> out(y.data(), rows, n), normal(h.data(), rows, n);
  T* const inverse = r.data();
  const T* const scale = weight.defined() ? weight.data() : nullptr;
  const T* const shift = bias.defined() ? bias.data() : nullptr;
  for (Index i = 0; i < rows; ++i) {
    const T mean = detail::sum_of(&in(i, 0), n) / static_cast<T>(n);
    auto hat = normal.row(i);
    hat.array() = in.row(i).array() - mean;
    const T squares = detail::sum_of_blocks<T>(
        n, detail::sum_block, [&](Index first, Index count) { return hat.segment(first, count).squaredNorm(); });
    inverse[i] = T(1) / std::sqrt(squares / static_cast<T>(n) + static_cast<T>(eps));
    hat *= inverse[i];
    out.row(i) = hat;
    if (scale != nullptr) out.row(i).array() *= ArrayMap<const T>(scale, n).transpose();
    if (shift != nullptr) out.row(i).array() += ArrayMap<const T>(shift, n).transpose();
  }
  if (recording(x, weight, bias)) {
    record(
        y, "NativeLayerNormBackward0",
        [h, r, weight = weight.defined() ? saved(weight) : weight, shape = x.shape(), normalized_shape, rows, n](
            Tensor<T> g, Node<T>* nx, Node<T>* nw, Node<T>* nb) {
          const MatrixMap<T> gradient(g.data(), rows, n), hats(h.data(), rows, n);
          if (nx != nullptr) {
            Tensor<T> dx(shape);
            MatrixMap<T> us(dx.data(), rows, n);
            const T* const factors = r.data();
            const T* const w = weight.defined() ? weight.data() : nullptr;
            for (Index i = 0; i < rows; ++i) {
              const auto hat = hats.row(i).array();
              auto u = us.row(i).array();
              u = gradient.row(i).array();
              if (w != nullptr) u *= ArrayMap<const T>(w, n).transpose();
              const T mean = detail::sum_of(u.data(), n) / static_cast<T>(n);
              const T dot = detail::sum_of_blocks<T>(n, detail::sum_block, [&](Index first, Index count) {
                return (u.segment(first, count) * hat.segment(first, count)).sum();
              });
              const T mean_hat = dot / static_cast<T>(n);
              u = (u - mean - hat * mean_hat) * factors[i];
            }
            nx->accumulate(std::move(dx));
          }
          if (nw != nullptr) {
            Tensor<T> dw = zeros<T>(normalized_shape);
            detail::add_in_blocks(dw.data(), rows, n, [&](T* sums, Index first, Index last) {
              ArrayMap<T>(sums, n) +=
                  (gradient.middleRows(first, last - first).array() * hats.middleRows(first, last - first).array())
                      .colwise()
                      .sum()
                      .transpose();
            });
            nw->accumulate(std::move(dw));
          }
          if (nb != nullptr) {
            Tensor<T> db = zeros<T>(normalized_shape);
            detail::add_in_blocks(db.data(), rows, n, [&](T* sums, Index first, Index last) {
              ArrayMap<T>(sums, n) += gradient.middleRows(first, last - first).array().colwise().sum().transpose();
            });
            nb->accumulate(std::move(db));
          }
        },
        x, weight, bias);
  }
  return y;
}

}  // namespace rowgrad
