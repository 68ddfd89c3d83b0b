// What: what masks are for: where(), masked_fill(); and padding_mask(), which says what is padding.
// Why:  texts of a batch differ in length, and what fills them up must not count.
// See:  comparison.hpp, logic.hpp for masks; data/batches.hpp (lengths); pooling.hpp; attention.hpp.
#pragma once

#include <rowgrad/functional/comparison.hpp>

namespace rowgrad {

/// A mask for masked_fill() and key_padding_mask, where true marks what does not count: true from position lengths[b]
/// on. lengths (B), result (B, size). A length may be anything.
///
///     // The maximum over time of a padded batch, ids (B, T), lengths (B): after relu() nothing is below 0.
///     const auto mask = padding_mask(lengths, ids.size(1));
///     const auto h = relu(conv(embedding(ids).transpose(1, 2)));                        // (B, C, T), "same" padding
///     const auto features = adaptive_max_pool1d(masked_fill(h, mask.unsqueeze(1), 0), 1).squeeze(-1);  // (B, C)
inline Mask padding_mask(const Indices& lengths, Index size) {
  if (lengths.dim() != 1) detail::raise<ShapeError>("padding_mask: expected lengths (B), got shape ", lengths.shape());
  Mask mask(Shape{lengths.numel(), size});
  const Index* length = lengths.data();
  bool* out = mask.data();
  for (Index i = 0; i < lengths.numel(); ++i)
    for (Index t = 0; t < size; ++t) *out++ = t >= length[i];
  return mask;
}

namespace detail {

/// a where the mask is true, else b, over `shape`, which all three broadcast to.
template <typename T>
Tensor<T> chosen(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b, const Shape& shape) {
  const Mask repeated = repeat_to(mask, shape);
  Tensor<T> y(shape);
  const BroadcastPlan plan(shape, a.shape(), b.shape());
  const bool* const masked = repeated.data();
  const T *const first_a = a.data(), *const first_b = b.data();
  T* const to = y.data();
  const Index a_step = plan.a_varies() ? 1 : 0, b_step = plan.b_varies() ? 1 : 0;
  plan.for_each_row([&](Index at, Index from_a, Index from_b) {
    for (Index i = 0; i < plan.size(); ++i)
      to[at + i] = masked[at + i] ? first_a[from_a + i * a_step] : first_b[from_b + i * b_step];
  });
  return y;
}

/// `value` where the mask is true, else x, over `shape`, which both broadcast to.
template <typename T>
Tensor<T> filled(const Tensor<T>& x, const Mask& mask, T value, const Shape& shape) {
  Tensor<T> y(shape);
  const BroadcastPlan plan(shape, x.shape(), mask.shape());
  const T* from = x.data();
  const bool* masked = mask.data();
  T* to = y.data();
  const Index step = plan.a_varies() ? 1 : 0, mask_step = plan.b_varies() ? 1 : 0;
  plan.for_each_row([&](Index at, Index a, Index b) {
    for (Index i = 0; i < plan.size(); ++i) to[at + i] = masked[b + i * mask_step] ? value : from[a + i * step];
  });
  return y;
}

}  // namespace detail

/// `value` where the mask is true, else x; mask and x broadcast. dx = g where the mask is false, else 0. ShapeError
/// when the shapes do not broadcast. PyTorch: torch.masked_fill.
template <typename T>
Tensor<T> masked_fill(const Tensor<T>& x, const Mask& mask, std::type_identity_t<T> value) {
  const Shape shape = detail::broadcast_shape("masked_fill", x.shape(), mask.shape());
  Tensor<T> y = detail::filled<T>(x, mask, value, shape);
  if (recording(x)) {
    record(
        y, "MaskedFillBackward0",
        [mask = saved(mask), before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = detail::filled<T>(g, mask, T(0), g.shape());
          g = {};
          node->accumulate(detail::sum_to(std::move(dx), before));
        },
        x);
  }
  return y;
}

/// a where the mask is true, else b; all three broadcast, and either may be a number. da = g where the mask is true,
/// db = g where it is false: what was not chosen has no part in the gradient, not even as NaN. ShapeError when shapes
/// do not broadcast. PyTorch: torch.where.
template <typename A, typename B>
Tensor<detail::Promoted<A, B>> where(const Mask& mask, const Tensor<A>& a, const Tensor<B>& b) {
  using T = detail::Promoted<A, B>;
  if constexpr (!std::is_same_v<A, B>) {
    return where(mask, detail::promoted<T>(a), detail::promoted<T>(b));
  } else {
    const Shape shape =
        detail::broadcast_shape("where", detail::broadcast_shape("where", a.shape(), b.shape()), mask.shape());
    Tensor<T> y = detail::chosen(mask, a, b, shape);
    if (recording(a, b)) {
      record(
          y, "WhereBackward0",
          [mask = saved(mask), sa = a.shape(), sb = b.shape()](const Tensor<T>& g, Node<T>* na, Node<T>* nb) {
            const Tensor<T> zero = zeros<T>(Shape{});
            if (na != nullptr) na->accumulate(detail::sum_to(detail::chosen(mask, g, zero, g.shape()), sa));
            if (nb != nullptr) nb->accumulate(detail::sum_to(detail::chosen(mask, zero, g, g.shape()), sb));
          },
          a, b);
    }
    return y;
  }
}
template <typename T, detail::Number N>
Tensor<detail::PromotedNumber<T, N>> where(const Mask& mask, const Tensor<T>& a, N b) {
  using P = detail::PromotedNumber<T, N>;
  return where(mask, detail::promoted<P>(a), full<P>(Shape{}, static_cast<P>(b)));
}
template <detail::Number N, typename T>
Tensor<detail::PromotedNumber<T, N>> where(const Mask& mask, N a, const Tensor<T>& b) {
  using P = detail::PromotedNumber<T, N>;
  return where(mask, full<P>(Shape{}, static_cast<P>(a)), detail::promoted<P>(b));
}
/// Of two numbers: float when one is a fraction, else integers.
template <detail::Number A, detail::Number B>
Tensor<detail::PromotedNumber<detail::PromotedNumber<bool, A>, B>> where(const Mask& mask, A a, B b) {
  using P = detail::PromotedNumber<detail::PromotedNumber<bool, A>, B>;
  return where(mask, full<P>(Shape{}, static_cast<P>(a)), full<P>(Shape{}, static_cast<P>(b)));
}

template <typename T>
Tensor<T> TensorMethods<T>::masked_fill(const Mask& mask, T value) const {
  return rowgrad::masked_fill(self(), mask, value);
}

}  // namespace rowgrad
