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
  if (lengths.dim() != 1)
    throw ShapeError("padding_mask: expected lengths (B), got shape " + to_string(lengths.shape()));
  Indices mask(Shape{lengths.numel(), size});
  for (Index i = 0; i < mask.numel(); ++i) mask.data()[i] = i % size >= lengths.data()[i / size] ? 1 : 0;
  return mask;
}

/// 1 where an id is `value`, else 0: eq(ids, 0) marks padding at whichever end. PyTorch: torch.eq.
inline Indices eq(const Indices& ids, Index value) {
  Indices mask(ids.shape());
  for (Index i = 0; i < ids.numel(); ++i) mask.data()[i] = ids.data()[i] == value ? 1 : 0;
  return mask;
}

namespace detail {

template <typename T>
Tensor<T> filled(const Tensor<T>& x, const Indices& mask, T value) {
  Tensor<T> y(x.shape());
  const BroadcastPlan plan(x.shape(), x.shape(), mask.shape());
  const T* from = x.data();
  const Index* masked = mask.data();
  T* to = y.data();
  const Index step = plan.b_varies() ? 1 : 0;
  plan.for_each_row([&](Index at, Index, Index first) {
    for (Index i = 0; i < plan.size(); ++i) to[at + i] = masked[first + i * step] != 0 ? value : from[at + i];
  });
  return y;
}

}  // namespace detail

/// `value` where the mask is 1, else x; the mask broadcasts to x. dx = g where the mask is 0, else 0. ShapeError when
/// the mask does not fit. PyTorch: torch.masked_fill.
template <typename T>
Tensor<T> masked_fill(const Tensor<T>& x, const Indices& mask, std::type_identity_t<T> value) {
  if (!(detail::broadcast_shape("masked_fill", x.shape(), mask.shape()) == x.shape()))
    throw ShapeError("masked_fill: a mask of shape " + to_string(mask.shape()) +
                     " does not fit into a tensor of shape " + to_string(x.shape()));
  Tensor<T> y = detail::filled<T>(x, mask, value);
  if (recording(x)) {
    record(
        y, "MaskedFillBackward0",
        [mask](Tensor<T> g, Node<T>* node) { node->accumulate(detail::filled<T>(g, mask, T(0))); }, x);
  }
  return y;
}

}  // namespace rowgrad
