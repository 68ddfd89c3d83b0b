// What: how two shapes run together: a plan of nested loops; sum_to(), its reverse; expand().
// Why:  one mechanism serves every broadcasting operation, forward and backward.
// See:  elementwise.hpp; PyTorch "Broadcasting semantics".
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/machine/sums.hpp>

namespace rowgrad {
namespace detail {

/// Loops over a shape in which neighbouring dimensions that two operands treat alike are merged.
/// A step is the distance between neighbours in an operand: 0 where it is repeated.
class BroadcastPlan {
 public:
  BroadcastPlan(const Shape& result, const Shape& a, const Shape& b) {
    Index a_stride = 1, b_stride = 1;
    for (int d = result.rank() - 1; d >= 0; --d) {
      const int da = d - (result.rank() - a.rank()), db = d - (result.rank() - b.rank());
      const Index a_size = da < 0 ? 1 : a[da], b_size = db < 0 ? 1 : b[db];
      if (result[d] != 1) {
        const Loop loop{result[d], a_size == 1 ? 0 : a_stride, b_size == 1 ? 0 : b_stride};
        Loop* inner = count_ == 0 ? nullptr : &loops_[static_cast<std::size_t>(count_ - 1)];
        if (inner != nullptr && loop.a == inner->a * inner->size && loop.b == inner->b * inner->size)
          inner->size *= loop.size;
        else
          loops_[static_cast<std::size_t>(count_++)] = loop;
      }
      a_stride *= a_size;
      b_stride *= b_size;
    }
    if (count_ == 0) loops_[static_cast<std::size_t>(count_++)] = {result.numel(), 1, 1};
  }

  /// Calls row(offset of the row, in a, in b) for every innermost row, in order.
  template <typename Row>
  void for_each_row(const Row& row) const {
    std::array<Index, Shape::max_rank> at{};
    Index offset = 0, a = 0, b = 0;
    if (size() == 0) return;
    for (int d = 1; d < count_; ++d)
      if (loop(d).size == 0) return;
    while (true) {
      row(offset, a, b);
      offset += size();
      int d = 1;
      for (; d < count_; ++d) {
        Index& i = at[static_cast<std::size_t>(d)];
        a += loop(d).a;
        b += loop(d).b;
        if (++i < loop(d).size) break;
        a -= loop(d).a * i;
        b -= loop(d).b * i;
        i = 0;
      }
      if (d >= count_) return;
    }
  }

  Index size() const noexcept { return loops_[0].size; }       // of the innermost row
  bool a_varies() const noexcept { return loops_[0].a != 0; }  // within it; by one if at all
  bool b_varies() const noexcept { return loops_[0].b != 0; }

 private:
  struct Loop {
    Index size, a, b;
  };
  const Loop& loop(int d) const noexcept { return loops_[static_cast<std::size_t>(d)]; }

  std::array<Loop, Shape::max_rank> loops_{};  // innermost first
  int count_ = 0;
};

/// sum_to() for many repetitions: one run of repeated dimensions after the other, the outermost first, in blocks.
template <typename T>
Tensor<T> sum_to_in_blocks(Tensor<T> gradient, const Shape& shape) {
  Shape left = gradient.shape();
  const int missing = left.rank() - shape.rank();
  const auto repeated = [&](int d) { return left[d] != 1 && (d < missing || shape[d - missing] == 1); };
  for (int d = 0; d < left.rank(); ++d) {
    if (!repeated(d)) continue;
    const Index outer = split_at(left, d).outer;
    Index size = 1;
    for (; d < left.rank() && (left[d] == 1 || repeated(d)); ++d) size *= std::exchange(left[d], 1);
    const Index inner = gradient.numel() / (outer * size);
    Tensor<T> sums(left);
    for (Index o = 0; o < outer; ++o)
      if (inner == 1)
        sums.data()[o] = sum_of(gradient.data() + o * size, size);
      else
        column_sums(gradient.data() + o * size * inner, size, inner, inner, sums.data() + o * inner);
    gradient = std::move(sums);
  }
  return gradient.view_as(shape);
}

/// Sums a gradient over the dimensions along which an operand of `shape` was repeated.
template <typename T>
Tensor<T> sum_to(Tensor<T> gradient, const Shape& shape) {
  if (gradient.shape() == shape) return gradient;
  if (gradient.numel() > sequential_sum_block * shape.numel() && shape.numel() > 0)
    return sum_to_in_blocks(std::move(gradient), shape);
  Tensor<T> result = zeros<T>(shape);
  const BroadcastPlan plan(gradient.shape(), shape, shape);
  const T* source = gradient.data();
  T* target = result.data();
  plan.for_each_row([&](Index offset, Index at, Index) {
    const ArrayMap<const T> row(source + offset, plan.size());
    if (plan.a_varies())
      ArrayMap<T>(target + at, plan.size()) += row;
    else
      target[at] += row.sum();
  });
  return result;
}

/// x repeated to `shape`, which it must broadcast to.
template <typename T>
Tensor<T> repeat_to(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Tensor<T> result(shape);
  const BroadcastPlan plan(shape, x.shape(), x.shape());
  const T* source = x.data();
  T* target = result.data();
  plan.for_each_row([&](Index offset, Index at, Index) {
    if (plan.a_varies())
      std::copy_n(source + at, plan.size(), target + offset);
    else
      std::fill_n(target + offset, plan.size(), source[at]);
  });
  return result;
}

/// The same, with its gradient.
template <typename T>
Tensor<T> repeated(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (broadcast_shape("expand", x.shape(), shape) != shape)
    raise<ShapeError>("expand: shape ", x.shape(), " does not broadcast to ", shape, ": a size is not 1 and differs");
  Tensor<T> y = repeat_to(x, shape);
  if (recording(x)) {
    record(
        y, "ExpandBackward0",
        [before = x.shape()](Tensor<T> g, Node<T>* node) { node->accumulate(sum_to(std::move(g), before)); }, x);
  }
  return y;
}

}  // namespace detail

/// x repeated to `shape`: along new dimensions in front, and along dimensions of size 1. A copy, where PyTorch has a
/// view. dx = g summed over what was repeated. ShapeError when x does not broadcast to `shape`. PyTorch: Tensor.expand.
template <typename T>
Tensor<T> expand(const Tensor<T>& x, const Shape& shape) {
  Tensor<T> y = detail::repeated(x, shape);
  if (&y.body() != &x.body()) detail::stands_for_view(y);
  return y;
}

/// The same; -1 keeps the size that the dimension has.
template <typename T>
Tensor<T> expand(const Tensor<T>& x, std::initializer_list<Index> sizes) {
  const int added = static_cast<int>(sizes.size()) - x.dim();
  Shape shape;
  for (const Index size : sizes) {
    const int d = shape.rank() - added;
    if (size == -1 && d < 0)
      throw ShapeError("expand: -1 keeps a size, and a new dimension in front has none; give a number");
    shape.append(size == -1 && d < x.dim() ? x.shape()[d] : size);
  }
  return expand(x, shape);
}

}  // namespace rowgrad
