// What: softmax and log_softmax along one dimension.
// Why:  the largest value is taken out first, so that extreme logits stay finite.
// See:  loss.hpp (cross_entropy); PyTorch torch.softmax, torch.log_softmax.
#pragma once

#include <cmath>

#include <rowgrad/functional/reduce.hpp>

namespace rowgrad {
namespace detail {

/// Calls body(offset of its first value) for every line along the split dimension.
template <typename T, typename Body>
void for_each_line(const Split& s, const Body& body) {
  if (s.size == 0 || s.inner == 0) return;  // there may be any number of lines without a value
  for (Index o = 0; o < s.outer; ++o)
    for (Index i = 0; i < s.inner; ++i) body(o * s.size * s.inner + i);
}

/// A line in memory: n values, `step` apart.
template <typename T>
struct Line {
  T* first;
  Index n, step;

  T& operator[](Index i) const noexcept { return first[i * step]; }
};

template <typename T>
Line<T> line_at(const Tensor<T>& x, Index offset, const Split& s) {
  return {x.data() + offset, s.size, s.inner};
}

/// out[i] = f(i) along a line.
template <typename T, typename F>
void set_line(const Line<T>& out, const F& f) {
  for (Index i = 0; i < out.n; ++i) out[i] = f(i);
}

/// The largest value of a line, which is not empty.
template <typename T>
T line_max(const Line<T>& line) {
  T largest = line[0];
  for (Index i = 1; i < line.n; ++i) largest = std::max(largest, line[i]);
  return largest;
}

/// The sum of a line, and that of the products of two.
template <typename T>
T line_sum(const Line<T>& line) {
  return sum_of_terms<T>(line.n, [&line](Index i) { return line[i]; });
}
template <typename T>
T line_dot(const Line<T>& a, const Line<T>& b) {
  return sum_of_terms<T>(a.n, [&a, &b](Index i) { return a[i] * b[i]; });
}

}  // namespace detail

/// e^x / sum(e^x) along dim; dx = y (g - sum(g y)). PyTorch: torch.softmax.
template <typename T>
Tensor<T> softmax(const Tensor<T>& x, Index dim) {
  const detail::Split s = detail::split_at(x.shape(), detail::wrap_dim("softmax", dim, x.dim()));
  Tensor<T> y(x.shape());
  if (s.size > 0) {
    detail::for_each_line<T>(s, [&](Index at) {
      const auto in = detail::line_at(x, at, s), out = detail::line_at(y, at, s);
      const T largest = detail::line_max(in);
      detail::set_line(out, [&](Index i) { return std::exp(in[i] - largest); });
      const T sum = detail::line_sum(out);
      detail::set_line(out, [&](Index i) { return out[i] / sum; });
    });
  }
  if (recording(x)) {
    record(
        y, "SoftmaxBackward0",
        [y = saved(y), s](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(y.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const auto out = detail::line_at(y, at, s), gradient = detail::line_at(g, at, s);
            const T dot = detail::line_dot(gradient, out);
            detail::set_line(detail::line_at(dx, at, s), [&](Index i) { return out[i] * (gradient[i] - dot); });
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
      const auto in = detail::line_at(x, at, s), out = detail::line_at(y, at, s);
      const T largest = detail::line_max(in);
      detail::set_line(out, [&](Index i) { return in[i] - largest; });
      // Taken off on its own: added to the largest, its digits would be lost.
      const T log_sum = std::log(detail::sum_of_terms<T>(s.size, [&out](Index i) { return std::exp(out[i]); }));
      detail::set_line(out, [&](Index i) { return out[i] - log_sum; });
    });
  }
  if (recording(x)) {
    record(
        y, "LogSoftmaxBackward0",
        [y = saved(y), s](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(y.shape());
          detail::for_each_line<T>(s, [&](Index at) {
            const auto gradient = detail::line_at(g, at, s), out = detail::line_at(y, at, s);
            const T sum = detail::line_sum(gradient);
            detail::set_line(detail::line_at(dx, at, s), [&](Index i) { return gradient[i] - std::exp(out[i]) * sum; });
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

template <typename T>
Tensor<T> TensorMethods<T>::softmax(Index dim) const {
  return rowgrad::softmax(self(), dim);
}
template <typename T>
Tensor<T> TensorMethods<T>::log_softmax(Index dim) const {
  return rowgrad::log_softmax(self(), dim);
}

}  // namespace rowgrad
