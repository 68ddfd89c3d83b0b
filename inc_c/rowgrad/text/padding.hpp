// What: pad_sequences, which makes lists of indices equally long.
// Why:  a table is looked up with a rectangle of indices; sentences differ in length. Keras's rules.
// See:  tf.keras.utils.pad_sequences; data/batches.hpp, which pads each batch to its own longest sentence.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad {

/// Which end of a sequence: its beginning (pre) or its end (post).
enum class Side { pre, post };

/// Keras's arguments and defaults.
struct PaddingOptions {
  std::optional<Index> maxlen = std::nullopt;  ///< columns of the result; default: the longest sequence
  Side padding = Side::pre;                    ///< where shorter sequences are filled up
  Side truncating = Side::pre;                 ///< where longer sequences lose values
  Index value = 0;                             ///< what they are filled up with
};

namespace detail {

/// Writes one sequence to a row of the given width.
inline void pad_row(const std::vector<Index>& sequence, Index* row, Index width, Side padding, Side truncating,
                    Index value) {
  const auto length = static_cast<Index>(sequence.size());
  const Index kept = std::min(length, width);
  const Index* first = sequence.data() + (truncating == Side::pre ? length - kept : 0);
  const Index before = padding == Side::pre ? width - kept : 0;
  std::fill_n(row, before, value);
  std::copy_n(first, kept, row + before);
  std::fill_n(row + before + kept, width - before - kept, value);
}

}  // namespace detail

/// Sequences as rows of one tensor, shape (number of sequences, maxlen). An empty sequence becomes a row of padding; an
/// empty list gives shape (0, maxlen), or (0, 0) without maxlen. ValueError for a negative maxlen. O(size of the
/// result).
inline Indices pad_sequences(const std::vector<std::vector<Index>>& sequences, const PaddingOptions& options = {}) {
  if (options.maxlen && *options.maxlen < 0)
    throw ValueError("pad_sequences: maxlen must not be negative, got " + std::to_string(*options.maxlen));
  Index width = options.maxlen.value_or(0);
  if (!options.maxlen)
    for (const std::vector<Index>& sequence : sequences) width = std::max(width, static_cast<Index>(sequence.size()));
  Indices result(Shape{static_cast<Index>(sequences.size()), width});
  Index* row = result.data();
  for (const std::vector<Index>& sequence : sequences) {
    detail::pad_row(sequence, row, width, options.padding, options.truncating, options.value);
    row += width;
  }
  return result;
}

}  // namespace rowgrad
