// What: pad(), which makes the last dimensions of a tensor longer, or shorter.
// Why:  sequences are brought to a length, or continued at their ends.
// See:  conv1d.hpp (which pads by itself); PyTorch torch.nn.functional.pad.
#pragma once

#include <string_view>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/check.hpp>

namespace rowgrad {
namespace detail {

/// For each position of the result, which is made longer in its last dimensions, the one it comes from, or -1.
inline Indices pad_sources(const Shape& before, const std::vector<Index>& amounts, std::string_view mode) {
  const int dims = static_cast<int>(amounts.size() / 2), rank = before.rank();
  Indices sources(Shape{1});
  sources.data()[0] = 0;
  for (int d = 0; d < rank; ++d) {  // the outermost first: positions so far, times this dimension's
    const Index size = before[d];
    const auto at = 2 * static_cast<std::size_t>(rank - 1 - d);
    const Index left = d >= rank - dims ? amounts[at] : 0, right = d >= rank - dims ? amounts[at + 1] : 0;
    if (mode == "reflect" && (left >= size || right >= size))
      raise<ShapeError>("pad: \"reflect\" needs less padding than the size ", size, ", got ", left, " and ", right);
    if (mode == "circular" && (left > size || right > size))
      raise<ShapeError>("pad: \"circular\" needs no more padding than the size ", size, ", got ", left, " and ", right);
    if (mode == "replicate" && size == 0 && (left > 0 || right > 0))
      raise<ShapeError>("pad: \"replicate\" needs a value to repeat, got shape ", before);
    const Index length = size + left + right;
    Indices next(Shape{sources.numel(), length});
    for (Index i = 0; i < sources.numel(); ++i)
      for (Index k = 0; k < length; ++k) {
        Index from = k - left;
        if (from < 0 || from >= size) {
          if (mode == "constant") from = -1;
          if (mode == "reflect") from = from < 0 ? -from : 2 * (size - 1) - from;
          if (mode == "replicate") from = from < 0 ? 0 : size - 1;
          if (mode == "circular") from = from < 0 ? from + size : from - size;
        }
        const Index base = sources.data()[i];
        next.data()[i * length + k] = base < 0 || from < 0 ? -1 : base * size + from;
      }
    sources = next.view_as(Shape{next.numel()});
  }
  return sources;
}

}  // namespace detail

/// x with values put before and after the last dimensions: {left, right} of the last one, {left, right, top, bottom} of
/// the last two, and so on; negative numbers take values away. mode "constant" puts `value` there; "reflect" mirrors
/// the values around the first and last, "replicate" repeats these two, "circular" goes on at the other end: for the
/// last one to three dimensions of inputs that have one or two more. dx = g summed over where a value went. ShapeError
/// and ValueError when the numbers do not fit. PyTorch: torch.nn.functional.pad.
template <typename T>
Tensor<T> pad(const Tensor<T>& x, const std::vector<Index>& amounts, std::string_view mode = "constant",
              std::type_identity_t<T> value = T(0)) {
  if (mode != "constant" && mode != "reflect" && mode != "replicate" && mode != "circular")
    detail::raise<ValueError>("pad: mode is \"constant\", \"reflect\", \"replicate\" or \"circular\", got \"", mode,
                              '"');
  const int dims = static_cast<int>(amounts.size() / 2);
  if (amounts.size() % 2 != 0 || dims > x.dim())
    detail::raise<ShapeError>("pad: expected two numbers for each of at most ", x.dim(), " dimensions, got ",
                              amounts.size());
  if (mode != "constant" && (dims < 1 || dims > 3 || (x.dim() != dims + 1 && x.dim() != dims + 2)))
    detail::raise<ShapeError>("pad: \"", mode,
                              "\" pads the last one to three dimensions of inputs that have one or two "
                              "more, got ",
                              amounts.size(), " numbers for shape ", x.shape());
  Shape shape = x.shape();
  for (int d = 0; d < dims; ++d) {
    const auto at = 2 * static_cast<std::size_t>(d);
    Index& size = shape[shape.rank() - 1 - d];
    if (__builtin_add_overflow(size, amounts[at], &size) || __builtin_add_overflow(size, amounts[at + 1], &size))
      detail::raise<ShapeError>("pad: a padding of ", amounts[at], " and ", amounts[at + 1],
                                " is more than can be counted");
  }
  for (int d = 0; d < shape.rank(); ++d)
    if (shape[d] < 0)
      detail::raise<ShapeError>("pad: the numbers take away more than dimension ", d, " of shape ", x.shape(), " has");
  Tensor<T> y(shape);
  const Indices sources = detail::pad_sources(x.shape(), amounts, mode);
  const Index* const from = sources.data();
  for (Index i = 0; i < y.numel(); ++i) y.data()[i] = from[i] < 0 ? value : x.data()[from[i]];
  if constexpr (std::is_floating_point_v<T>) {
    if (recording(x)) {
      record(
          y, "PadBackward",
          [sources, before = x.shape()](Tensor<T> g, Node<T>* node) {
            Tensor<T> dx = zeros<T>(before);
            for (Index i = 0; i < g.numel(); ++i)
              if (const Index source = sources.data()[i]; source >= 0) dx.data()[source] += g.data()[i];
            node->accumulate(std::move(dx));
          },
          x);
    }
  }
  return y;
}

}  // namespace rowgrad
