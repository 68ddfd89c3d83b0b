// What: softmax and log_softmax along one dimension.
// Why:  the largest value is taken out first, so that extreme logits stay finite.
// See:  loss.hpp (cross_entropy); PyTorch torch.softmax, torch.log_softmax.
#pragma once

#include <rowgrad/functional/reduce.hpp>

namespace rowgrad {
namespace detail {

/// Calls line(map into each of the tensors) for every line along the split dimension.
template <typename T, typename Line>
void for_each_line(const Split& s, const Line& line) {
  if (s.size == 0) return;  // there may be any number of such lines
  for (Index o = 0; o < s.outer; ++o)
    for (Index i = 0; i < s.inner; ++i) line(o * s.size * s.inner + i);
}

template <typename T>
using LineMap = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>, 0, Eigen::InnerStride<>>;

template <typename T>
LineMap<T> line_at(const Tensor<T>& x, Index offset, const Split& s) {
  return LineMap<T>(x.data() + offset, s.size, Eigen::InnerStride<>(s.inner));
}

/// The sum of a line, and that of the products of two.
template <typename T>
T line_sum(const Tensor<T>& x, Index offset, const Split& s) {
  return sum_of_terms<T>(s.size, [first = x.data() + offset, step = s.inner](Index i) { return first[i * step]; });
}
template <typename T>
T line_dot(const Tensor<T>& x, const Tensor<T>& y, Index offset, const Split& s) {
  return sum_of_terms<T>(s.size, [a = x.data() + offset, b = y.data() + offset, step = s.inner](Index i) {
    return a[i * step] * b[i * step];
  });
}

}  // namespace detail

/// e^x / sum(e^x) along dim; dx = y (g - sum(g y)). PyTorch: torch.softmax.
template <typename T>
Tensor<T> softmax(const Tensor<T>& x, Index dim) {
  const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("softmax", dim, x.dim()));
  Tensor<T> y(x.shape());
  if (s.size > 0) {
    detail::for_each_line<T>(s, [&](Index at) {
      const auto in = detail::line_at(x, at, s);
      auto out = detail::line_at(y, at, s);
      out = (in - in.maxCoeff()).exp();
      out /= detail::line_sum(y, at, s);
    });
  }
  if (recording(x)) {
    record(
        y, "SoftmaxBackward0",
        [y = y.detach(), s](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(y.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const auto out = detail::line_at(y, at, s), gradient = detail::line_at(g, at, s);
            detail::line_at(dx, at, s) = out * (gradient - detail::line_dot(g, y, at, s));
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

/// x - log(sum(e^x)) along dim; dx = g - e^y sum(g). PyTorch: torch.log_softmax.
template <typename T>
Tensor<T> log_softmax(const Tensor<T>& x, Index dim) {
  const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("log_softmax", dim, x.dim()));
  Tensor<T> y(x.shape());
  if (s.size > 0) {
    detail::for_each_line<T>(s, [&](Index at) {
      const auto in = detail::line_at(x, at, s);
      auto out = detail::line_at(y, at, s);
      out = in - in.maxCoeff();
      // Taken off on its own: added to the largest, its digits would be lost.
      out -= std::log(detail::sum_of_blocks<T>(s.size, detail::sequential_sum_block, [&out](Index first, Index count) {
        return out.segment(first, count).exp().sum();
      }));
    });
  }
  if (recording(x)) {
    record(
        y, "LogSoftmaxBackward0",
        [y = y.detach(), s](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(y.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const auto gradient = detail::line_at(g, at, s);
            detail::line_at(dx, at, s) = gradient - detail::line_at(y, at, s).exp() * detail::line_sum(g, at, s);
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

}  // namespace rowgrad
