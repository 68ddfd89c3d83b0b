// What: pad_sequence() and pack_sequence(), a batch out of sequences of different lengths.
// Why:  sequences come one by one, and layers take batches.
// See:  packed_sequence.hpp; text/padding.hpp (lists of ids, as Keras pads them); PyTorch torch.nn.utils.rnn.
#pragma once

#include <string_view>

#include <rowgrad/functional/packed_sequence.hpp>

namespace rowgrad {

struct PadSequenceOptions {
  bool batch_first = false;  // result (B, T, ...) instead of (T, B, ...)
  double padding_value = 0;
  std::string_view padding_side = "right";  // or "left"
};

/// Sequences (L, ...) of different lengths, but equal sizes behind, as one tensor (T, B, ...), T the longest length.
/// d sequence = its part of g. ShapeError for none, for single values, or for sizes that differ; ValueError for another
/// side. PyTorch: torch.nn.utils.rnn.pad_sequence.
template <typename T>
Tensor<T> pad_sequence(const std::vector<Tensor<T>>& sequences, const PadSequenceOptions& options = {}) {
  const bool left = options.padding_side == "left";
  if (!left && options.padding_side != "right")
    detail::raise<ValueError>("pad_sequence: padding_side is \"right\" or \"left\", got \"", options.padding_side, '"');
  if (sequences.empty()) throw ShapeError("pad_sequence: expected at least one sequence");
  Index longest = 0;
  for (const Tensor<T>& one : sequences) {
    const bool fits = one.dim() > 0 && one.dim() == sequences[0].dim() &&
                      detail::with_leading({}, one.shape(), 1) == detail::with_leading({}, sequences[0].shape(), 1);
    if (!fits)
      detail::raise<ShapeError>("pad_sequence: expected sequences (L, ...) with equal sizes behind L, got ",
                                sequences[0].shape(), " and ", one.shape());
    longest = std::max(longest, one.shape()[0]);
  }
  const Index batch = static_cast<Index>(sequences.size());
  const Shape shape = options.batch_first ? detail::with_leading({batch, longest}, sequences[0].shape(), 1)
                                          : detail::with_leading({longest, batch}, sequences[0].shape(), 1);
  Index inner = 1;
  for (int d = 2; d < shape.rank(); ++d) inner *= shape[d];
  Tensor<T> y(shape);
  std::fill_n(y.data(), y.numel(), static_cast<T>(options.padding_value));
  // Where step t of sequence b, which has `length` of them, goes.
  const auto place = [=, batch_first = options.batch_first](Index b, Index t, Index length) {
    const Index step = left ? longest - length + t : t;
    return (batch_first ? b * longest + step : step * batch + b) * inner;
  };
  for (Index b = 0; b < batch; ++b) {
    const Tensor<T>& one = sequences[static_cast<std::size_t>(b)];
    const Index length = one.shape()[0];
    for (Index t = 0; t < length; ++t) std::copy_n(one.data() + t * inner, inner, y.data() + place(b, t, length));
  }
  if constexpr (std::is_floating_point_v<T>) {
    bool wanted = detail::grad_enabled, any = false;
    std::vector<Shape> shapes;
    for (const Tensor<T>& one : sequences) {
      any |= detail::wants_gradient(one);
      shapes.push_back(one.shape());
    }
    if (wanted && any)
      record(
          y, "PadSequenceBackward",
          [shapes, place, inner](Tensor<T> g, InputNodes<T> nodes) {
            for (std::size_t b = 0; b < nodes.size(); ++b) {
              if (nodes[b] == nullptr) continue;
              Tensor<T> dx(shapes[b]);
              const Index length = shapes[b][0];
              for (Index t = 0; t < length; ++t)
                std::copy_n(g.data() + place(static_cast<Index>(b), t, length), inner, dx.data() + t * inner);
              nodes[b]->accumulate(std::move(dx));
            }
          },
          sequences);
  }
  return y;
}
/// pad_sequence({a, b}), which finds out the scalar type.
template <typename T>
Tensor<T> pad_sequence(std::initializer_list<Tensor<T>> sequences, const PadSequenceOptions& options = {}) {
  return pad_sequence(std::vector<Tensor<T>>(sequences), options);
}

/// Sequences (L, ...) as a packed batch; each has at least one step. Unless enforce_sorted is off, lengths must not
/// grow: ValueError. PyTorch: torch.nn.utils.rnn.pack_sequence.
template <typename T>
PackedSequence<T> pack_sequence(const std::vector<Tensor<T>>& sequences, bool enforce_sorted = true) {
  const Tensor<T> padded = pad_sequence(sequences);
  Indices lengths(Shape{static_cast<Index>(sequences.size())});
  for (std::size_t b = 0; b < sequences.size(); ++b) lengths.data()[b] = sequences[b].shape()[0];
  return pack_padded_sequence(padded, lengths, {.enforce_sorted = enforce_sorted});
}
template <typename T>
PackedSequence<T> pack_sequence(std::initializer_list<Tensor<T>> sequences, bool enforce_sorted = true) {
  return pack_sequence(std::vector<Tensor<T>>(sequences), enforce_sorted);
}

}  // namespace rowgrad
