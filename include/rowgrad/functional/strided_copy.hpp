// What: strided_copy(), the elements of a tensor that strides lead to, and its gradient.
// Why:  tensors have no strides; permuting, flipping, stepping and diagonals differ only in theirs.
// See:  rearrange.hpp, which uses it.
#pragma once

#include <array>

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {
namespace detail {

/// A tensor seen through strides: its element at `at` lies offset + sum(at[d] * strides[d]) elements behind the first.
/// No two of its elements may lie in one place.
struct StridedView {
  Shape shape;
  std::array<Index, Shape::max_rank> strides{};
  Index offset = 0;

  StridedView() = default;
  /// All of a row-major tensor of that shape.
  explicit StridedView(const Shape& all) : shape(all) {
    Index stride = 1;
    for (int d = all.rank() - 1; d >= 0; --d) {
      strides[static_cast<std::size_t>(d)] = stride;
      stride *= all[d];
    }
  }
  Index& stride(int d) noexcept { return strides[static_cast<std::size_t>(d)]; }

  /// Calls row(position in the view, position in the tensor, stride) for each innermost row.
  template <typename Row>
  void for_each_row(const Row& row) const {
    if (shape.numel() == 0) return;
    const int last = shape.rank() - 1;
    std::array<Index, Shape::max_rank> at{};
    Index from = offset;
    for (Index to = 0;; to += shape.back()) {
      row(to, from, last < 0 ? 1 : strides[static_cast<std::size_t>(last)]);
      int d = last - 1;
      for (; d >= 0; --d) {
        Index& i = at[static_cast<std::size_t>(d)];
        const Index step = strides[static_cast<std::size_t>(d)];
        from += step;
        if (++i < shape[d]) break;
        from -= step * i;
        i = 0;
      }
      if (d < 0) return;
    }
  }
};

/// The elements of x that a view shows, in memory of their own. dx = g where they came from, else 0.
template <typename T>
Tensor<T> strided_copy(const char* name, const Tensor<T>& x, const StridedView& view) {
  Tensor<T> y(view.shape);
  const Index n = view.shape.back();
  view.for_each_row([n, from = x.data(), to = y.data()](Index out, Index in, Index stride) {
    if (stride == 1)
      std::copy_n(from + in, n, to + out);
    else
      for (Index i = 0; i < n; ++i) to[out + i] = from[in + i * stride];
  });
  if (recording(x)) {
    record(
        y, name,
        [view, n, before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = before.numel() == g.numel() ? Tensor<T>(before) : zeros<T>(before);
          view.for_each_row([n, from = g.data(), to = dx.data()](Index out, Index in, Index stride) {
            for (Index i = 0; i < n; ++i) to[in + i * stride] = from[out + i];
          });
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

}  // namespace detail

}  // namespace rowgrad
