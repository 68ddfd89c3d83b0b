// What: pad_sequences, which makes lists of indices equally long.
// Why:  a table is looked up with a rectangle of indices; sentences differ in length. Keras's rules.
// See:  tf.keras.utils.pad_sequences; data/batches.hpp, which pads each batch to its own longest sentence.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad::text {

/// Which end of a sequence: its beginning (pre) or its end (post).
enum class Side { pre, post };

/// Keras's arguments and defaults.
struct PaddingOptions {
  std::optional<Index> maxlen = std::nullopt;  ///< columns of the result; default: the longest sequence
  Side padding = Side::pre;                    ///< where shorter sequences are filled up
  Side truncating = Side::pre;                 ///< where longer sequences lose values
  Index value = 0;                             ///< what they are filled up with
};

/// Writes one sequence to a row of the given width: what pad_sequences does for each of them.
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

/// Sequences as the rows of one tensor, shape (number of sequences, maxlen). An empty sequence becomes a row of
/// padding; an empty list gives shape (0, maxlen), or (0, 0) without maxlen. ValueError for a maxlen that is negative
/// or larger than any memory. O(size of the result).
inline Indices pad_sequences(const std::vector<std::vector<Index>>& sequences, const PaddingOptions& options = {}) {
  if (options.maxlen && *options.maxlen < 0)
    rowgrad::detail::raise<ValueError>("pad_sequences: maxlen must not be negative, got ", *options.maxlen);
  Index width = options.maxlen.value_or(0);
  if (!options.maxlen)
    for (const std::vector<Index>& sequence : sequences) width = std::max(width, static_cast<Index>(sequence.size()));
  const auto rows = static_cast<Index>(sequences.size());
  constexpr Index most = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(Index));
  if (rows > 0 && width > most / rows)
    rowgrad::detail::raise<ValueError>("pad_sequences: ", rows, " rows of ", width,
                                       " indices exceed any memory (is maxlen ", "the length you meant?)");
  Indices result(Shape{rows, width});
  Index* row = result.data();
  for (const std::vector<Index>& sequence : sequences) {
    pad_row(sequence, row, width, options.padding, options.truncating, options.value);
    row += width;
  }
  return result;
}

}  // namespace rowgrad::text

namespace rowgrad {  // the names that programs had before the room had a namespace
using text::pad_sequences;
using text::PaddingOptions;
using text::Side;
}  // namespace rowgrad
