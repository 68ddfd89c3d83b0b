// What: normalize() and cosine_similarity() along one dimension.
// Why:  both divide by a norm kept away from zero, so that zero vectors have a value and a gradient.
// See:  vectors/nearest.hpp for searching a table; PyTorch torch.nn.functional.
#pragma once

#include <rowgrad/core/check.hpp>
#include <rowgrad/functional/distance.hpp>
#include <rowgrad/functional/softmax.hpp>

namespace rowgrad {
namespace detail {

template <typename T>
T line_norm(const Tensor<T>& x, Index offset, const Split& s) {
  return s.size == 1 ? std::abs(x.data()[offset]) : std::sqrt(line_dot(line_at(x, offset, s), line_at(x, offset, s)));
}

}  // namespace detail

/// x / max(|x|, eps) along dim, |.| the Euclidean norm. With n = max(|x|, eps):
/// dx = (g - y (g.y)) / n where |x| >= eps, else g / n. ValueError for an eps that is negative or not finite.
/// PyTorch: normalize (p = 2).
template <typename T>
Tensor<T> normalize(const Tensor<T>& x, Index dim = 1, std::type_identity_t<T> eps = T(1e-12)) {
  detail::expect_eps("normalize", eps, std::numeric_limits<T>::max());
  const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("normalize", dim, x.dim()));
  Tensor<T> y(x.shape());
  detail::for_each_line<T>(s, [&](Index at) {
    const auto in = detail::line_at(x, at, s);
    const T norm = std::max(detail::line_norm(x, at, s), eps);
    detail::set_line(detail::line_at(y, at, s), [&](Index i) { return in[i] / norm; });
  });
  if (recording(x)) {
    record(
        y, "NormalizeBackward0",
        [x = saved(x), y = saved(y), s, eps](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(x.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const auto out = detail::line_at(y, at, s), gradient = detail::line_at(g, at, s);
            const T norm = detail::line_norm(x, at, s);
            const auto target = detail::line_at(dx, at, s);
            if (norm < eps) {
              detail::set_line(target, [&](Index i) { return gradient[i] / eps; });
            } else {  // also where the norm is NaN, and then all of the gradient
              const T dot = detail::line_dot(gradient, out);
              detail::set_line(target, [&](Index i) { return (gradient[i] - out[i] * dot) / norm; });
            }
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

struct NormalizeOptions {
  double p = 2;  // of the norm
  Index dim = 1;
  double eps = 1e-12;  // the least that is divided by
};

/// The same with the p-norm n: y = x / max(n, eps); dx = (g - (g.y) dn/dx) / n where n >= eps, else g / eps.
/// PyTorch: normalize.
template <typename T>
Tensor<T> normalize(const Tensor<T>& x, const NormalizeOptions& options) {
  const T eps = static_cast<T>(options.eps);
  const double p = options.p;
  if (p == 2) return normalize(x, options.dim, eps);
  detail::expect_eps("normalize", options.eps, std::numeric_limits<T>::max());
  if (detail::is_nan(p)) detail::raise<ValueError>("normalize: p is not a number");
  const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("normalize", options.dim, x.dim()));
  const Tensor<T> copy(Shape{s.size}), slope(Shape{s.size});  // a line, and the gradient of its norm
  const auto norm_at = [s, p, copy](const Tensor<T>& from, Index at) {
    const auto line = detail::line_at(from, at, s);
    for (Index i = 0; i < s.size; ++i) copy.data()[i] = line[i];
    return detail::p_norm(copy.data(), s.size, p);
  };
  Tensor<T> y(x.shape());
  detail::for_each_line<T>(s, [&](Index at) {
    const T norm = norm_at(x, at), divisor = norm < eps ? eps : norm;
    const auto in = detail::line_at(x, at, s);
    detail::set_line(detail::line_at(y, at, s), [&](Index i) { return in[i] / divisor; });
  });
  if (recording(x)) {
    record(
        y, "NormalizeBackward0",
        [=, x = saved(x), y = y.detach()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(x.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const T norm = norm_at(x, at), divisor = norm < eps ? eps : norm;
            const auto gradient = detail::line_at(g, at, s), out = detail::line_at(y, at, s);
            const T dot = norm < eps ? T(0) : detail::line_dot(gradient, out);
            detail::p_norm_gradient(copy.data(), s.size, p, norm, T(1), slope.data());
            detail::set_line(detail::line_at(dx, at, s), [&](Index i) {
              return (gradient[i] - dot * (norm < eps ? T(0) : slope.data()[i])) / divisor;
            });
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// y = a.b / (max(|a|, eps) max(|b|, eps)) along dim, a dimension of the shape that a and b broadcast to. A zero vector
/// has similarity 0. With n = max(|a|, eps) and m = max(|b|, eps): da = g (b / m - y a / |a|) / n, a / |a| being 0 for
/// a = 0; db likewise. (Below eps, too, the gradient takes the divisor to vary with a, as PyTorch's does.)
/// PyTorch: torch.nn.functional.cosine_similarity.
template <typename T>
Tensor<T> cosine_similarity(const Tensor<T>& a, const Tensor<T>& b, Index dim = 1,
                            std::type_identity_t<T> eps = T(1e-8)) {
  detail::expect_eps("cosine_similarity", eps, std::numeric_limits<T>::max());
  const Shape full = detail::broadcast_shape("cosine_similarity", a.shape(), b.shape());
  const int d = detail::wrap_dim("cosine_similarity", dim, full.rank());
  const detail::Split s = detail::split_at(full, d);
  const Tensor<T> left = detail::repeat_to(a, full), right = detail::repeat_to(b, full);
  Tensor<T> y(detail::reduced_shape(full, d, false));
  T* next = y.data();
  if (s.size == 0) std::fill_n(next, y.numel(), T(0));
  detail::for_each_line<T>(s, [&](Index at) {
    const T n = std::max(detail::line_norm(left, at, s), eps), m = std::max(detail::line_norm(right, at, s), eps);
    const auto u = detail::line_at(left, at, s), v = detail::line_at(right, at, s);
    *next++ = detail::sum_of_terms<T>(s.size, [&](Index i) { return (u[i] / n) * (v[i] / m); });
  });
  if (recording(a, b)) {
    record(
        y, "CosineSimilarityBackward",
        [=, left = saved(left), right = saved(right), y = saved(y), sa = a.shape(), sb = b.shape()](
            Tensor<T> g, Node<T>* na, Node<T>* nb) {
          const auto pass_on = [&](Node<T>* node, const Tensor<T>& x, const Tensor<T>& other, const Shape& shape) {
            if (node == nullptr) return;
            Tensor<T> dx(full);
            Index k = 0;
            detail::for_each_line<T>(s, [&](Index at) {
              const T norm = detail::line_norm(x, at, s), n = std::max(norm, eps);
              const T m = std::max(detail::line_norm(other, at, s), eps);
              const T gradient = g.data()[k], divisor = norm == T(0) ? T(1) : norm;
              const auto in = detail::line_at(x, at, s), against = detail::line_at(other, at, s);
              const T cosine = y.data()[k];
              detail::set_line(detail::line_at(dx, at, s),
                               [&](Index i) { return gradient * (against[i] / m - in[i] / divisor * cosine) / n; });
              ++k;
            });
            node->accumulate(detail::sum_to(std::move(dx), shape));
          };
          pass_on(na, left, right, sa);
          pass_on(nb, right, left, sb);
        },
        a, b);
  }
  return y;
}

}  // namespace rowgrad
