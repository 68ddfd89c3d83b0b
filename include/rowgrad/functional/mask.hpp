// What: masked_fill(), and the masks that say what is padding: padding_mask(), eq().
// Why:  texts of a batch differ in length, and what fills them up must not count.
// See:  data/batches.hpp (lengths); pooling.hpp; attention.hpp.
#pragma once

#include <rowgrad/functional/broadcast.hpp>

namespace rowgrad {

/// A mask is an Indices of 0 and 1; 1 marks what does not count, as in PyTorch's masked_fill and key_padding_mask.
/// This one is 1 from position lengths[b] on: lengths (B), result (B, size). A length may be anything.
///
///     // The maximum over time of a padded batch, ids (B, T), lengths (B): after relu() nothing is below 0.
///     const auto mask = padding_mask(lengths, ids.size(1));
///     const auto h = relu(conv(embedding(ids).transpose(1, 2)));                        // (B, C, T), "same" padding
///     const auto features = adaptive_max_pool1d(masked_fill(h, mask.unsqueeze(1), 0), 1).squeeze(-1);  // (B, C)
inline Indices padding_mask(const Indices& lengths, Index size) {
  if (lengths.dim() != 1) detail::raise<ShapeError>("padding_mask: expected lengths (B), got shape ", lengths.shape());
  Indices mask(Shape{lengths.numel(), size});
  const Index* length = lengths.data();
  Index* out = mask.data();
  for (Index i = 0; i < lengths.numel(); ++i)
    for (Index t = 0; t < size; ++t) *out++ = t >= length[i] ? 1 : 0;
  return mask;
}

/// 1 where an id is `value`, else 0: eq(ids, 0) marks padding at whichever end. PyTorch: torch.eq.
inline Indices eq(const Indices& ids, Index value) {
  Indices mask(ids.shape());
  std::transform(ids.data(), ids.data() + ids.numel(), mask.data(), [value](Index id) { return id == value ? 1 : 0; });
  return mask;
}

namespace detail {

/// One byte an element: is it masked? A copy that backward keeps is then an eighth of the mask.
inline Ref<Storage<bool>> packed_mask(const Indices& mask) {
  auto packed = make_storage<bool>(mask.shape());
  std::transform(mask.data(), mask.data() + mask.numel(), packed->data(), [](Index masked) { return masked != 0; });
  return packed;
}

/// `value` where the mask, of shape `mask_shape`, is not 0, else x.
template <typename T, typename Masked>
Tensor<T> filled(const Tensor<T>& x, const Masked* mask, const Shape& mask_shape, T value, const Shape& shape) {
  Tensor<T> y(shape);
  const BroadcastPlan plan(shape, x.shape(), mask_shape);
  const T* from = x.data();
  T* to = y.data();
  const Index step = plan.a_varies() ? 1 : 0, mask_step = plan.b_varies() ? 1 : 0;
  plan.for_each_row([&](Index at, Index a, Index b) {
    for (Index i = 0; i < plan.size(); ++i) to[at + i] = mask[b + i * mask_step] != 0 ? value : from[a + i * step];
  });
  return y;
}

}  // namespace detail

/// `value` where the mask is 1, else x; mask and x broadcast. dx = g where the mask is 0, else 0. ShapeError when the
/// shapes do not broadcast. PyTorch: torch.masked_fill.
template <typename T>
Tensor<T> masked_fill(const Tensor<T>& x, const Indices& mask, std::type_identity_t<T> value) {
  const Shape shape = detail::broadcast_shape("masked_fill", x.shape(), mask.shape());
  Tensor<T> y = detail::filled<T>(x, mask.data(), mask.shape(), value, shape);
  if (recording(x)) {
    record(
        y, "MaskedFillBackward0",
        [mask = detail::packed_mask(mask), mask_shape = mask.shape(), before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = detail::filled<T>(g, mask->data(), mask_shape, T(0), g.shape());
          g = {};
          node->accumulate(detail::sum_to(std::move(dx), before));
        },
        x);
  }
  return y;
}

}  // namespace rowgrad
