// What: normalize() and cosine_similarity() along one dimension.
// Why:  both divide by a norm kept away from zero, so that zero vectors have a value and a gradient.
// See:  vectors/nearest.hpp for searching a table; PyTorch torch.nn.functional.
#pragma once

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/softmax.hpp>

namespace rowgrad {

/// x / max(|x|, eps) along dim, |.| the Euclidean norm. With n = max(|x|, eps):
/// dx = (g - y (g.y)) / n where |x| > eps, else g / n. PyTorch: normalize (p = 2).
template <typename T>
Tensor<T> normalize(const Tensor<T>& x, Index dim = 1, std::type_identity_t<T> eps = T(1e-12)) {
  const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("normalize", dim, x.dim()));
  Tensor<T> y(x.shape());
  detail::for_each_line<T>(s, [&](Index at) {
    const auto in = detail::line_at(x, at, s);
    detail::line_at(y, at, s) = in / std::max(in.matrix().norm(), eps);
  });
  if (recording(x)) {
    record(
        y, "NormalizeBackward0",
        [x = saved(x), y = y.detach(), s, eps](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(x.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const auto out = detail::line_at(y, at, s), gradient = detail::line_at(g, at, s);
            const T norm = detail::line_at(x, at, s).matrix().norm();
            auto target = detail::line_at(dx, at, s);
            if (norm > eps)
              target = (gradient - out * (gradient * out).sum()) / norm;
            else
              target = gradient / eps;
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// a.b / (max(|a|, eps) max(|b|, eps)) along dim; a and b broadcast. A zero vector has similarity 0.
/// PyTorch: torch.nn.functional.cosine_similarity.
template <typename T>
Tensor<T> cosine_similarity(const Tensor<T>& a, const Tensor<T>& b, Index dim = 1,
                            std::type_identity_t<T> eps = T(1e-8)) {
  return sum(normalize(a, dim, eps) * normalize(b, dim, eps), dim);
}

}  // namespace rowgrad
