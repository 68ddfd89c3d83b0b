// What: PackedSequence, a batch of sequences of different lengths without its padding; pack_padded_sequence() and back.
// Why:  recurrent layers compute the steps that exist and no others; a packed batch is what they run on.
// See:  nn/recurrent.hpp, which also takes lengths directly; PyTorch torch.nn.utils.rnn.
#pragma once

#include <algorithm>
#include <vector>

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {

/// Sequences ordered by falling length, all first steps, then all second steps, and so on.
/// PyTorch: torch.nn.utils.rnn.PackedSequence.
template <typename T>
struct PackedSequence {
  Tensor<T> data;            // (sum of lengths, ...)
  Indices batch_sizes;       // (longest length): how many sequences have that step
  Indices sorted_indices;    // (B): which sample of the batch stands where; undefined when it was sorted already
  Indices unsorted_indices;  // (B): the way back
};

struct PackOptions {
  bool batch_first = false;    // input (B, T, ...) instead of (T, B, ...)
  bool enforce_sorted = true;  // the batch is ordered by falling length; else it is sorted here
};

struct PadOptions {
  bool batch_first = false;
  double padding_value = 0;
  Index total_length = 0;  // T of the result; 0: the longest length
};

template <typename T>
struct PaddedSequence {
  Tensor<T> output;  // (T, B, ...), or (B, T, ...)
  Indices lengths;   // (B)
};

namespace detail {

/// Row i of the result is row index[i] of x, or `fill` where index[i] is negative; leading dimensions of x count as
/// rows down to `inner` values each. No row may be asked for twice. dx: the rows back in their places, the rest zero.
template <typename T>
Tensor<T> take_rows(const Tensor<T>& x, const Indices& index, const Shape& shape, T fill = T(0)) {
  const Index n = index.numel(), inner = n == 0 ? 0 : shape.numel() / n;
  Tensor<T> y(shape);
  for (Index i = 0; i < n; ++i) {
    const Index row = index.data()[i];
    if (row < 0)
      std::fill_n(y.data() + i * inner, inner, fill);
    else
      std::copy_n(x.data() + row * inner, inner, y.data() + i * inner);
  }
  if (recording(x))
    record(
        y, "TakeRowsBackward",
        [index, inner, before = x.shape()](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = zeros<T>(before);
          for (Index i = 0; i < index.numel(); ++i)
            if (const Index row = index.data()[i]; row >= 0)
              std::copy_n(g.data() + i * inner, inner, dx.data() + row * inner);
          node->accumulate(std::move(dx));
        },
        x);
  return y;
}

/// The sizes behind the first `dims` of a shape, after other leading ones.
inline Shape with_leading(std::initializer_list<Index> leading, const Shape& shape, int dims) {
  Shape result(leading);
  for (int d = dims; d < shape.rank(); ++d) result.append(shape[d]);
  return result;
}

/// How the sequences of a batch lie in packed data.
struct PackedLayout {
  Indices batch_sizes, sorted, unsorted;  // as in PackedSequence, always defined
  Indices first_rows;                     // (steps + 1): where each step begins in the packed rows
  Indices position;                       // (rows): packed row -> row of the padded batch

  /// lengths (B); the padded batch has `steps` steps and is (B, T) or (T, B). ValueError for lengths outside [1,
  /// steps].
  PackedLayout(const char* operation, const Indices& lengths, Index steps, Index batch, bool batch_first) {
    if (lengths.dim() != 1 || lengths.numel() != batch)
      raise<ShapeError>(operation, ": expected lengths ", Shape{batch}, ", one for each sample, got shape ",
                        lengths.shape());
    const Index* const length = lengths.data();
    for (Index b = 0; b < batch; ++b)
      if (length[b] < 1 || length[b] > steps)
        raise<ValueError>(operation, ": length ", length[b], " of sample ", b, " is outside [1, ", steps, "]",
                          length[b] < 1 ? " (leave empty sequences out, or give them a padding token)"
                                        : " (the batch has only that many steps)");
    if (batch == 0) raise<ValueError>(operation, ": the batch is empty");
    sorted = Indices(Shape{batch});
    unsorted = Indices(Shape{batch});
    for (Index b = 0; b < batch; ++b) sorted.data()[b] = b;
    std::stable_sort(sorted.data(), sorted.data() + batch, [&](Index a, Index b) { return length[a] > length[b]; });
    Index rows = 0;
    for (Index b = 0; b < batch; ++b) {
      unsorted.data()[sorted.data()[b]] = b;
      rows += length[b];
    }
    const Index longest = length[sorted.data()[0]];
    batch_sizes = Indices(Shape{longest});
    first_rows = Indices(Shape{longest + 1});
    position = Indices(Shape{rows});
    Index row = 0, active = batch;
    for (Index t = 0; t < longest; ++t) {
      while (length[sorted.data()[active - 1]] <= t) --active;
      batch_sizes.data()[t] = active;
      first_rows.data()[t] = row;
      for (Index i = 0; i < active; ++i) {
        const Index b = sorted.data()[i];
        position.data()[row++] = batch_first ? b * steps + t : t * batch + b;
      }
    }
    first_rows.data()[longest] = row;
  }
};

}  // namespace detail

/// Where each step begins in the packed rows, (steps + 1). ShapeError, in the name of `operation`, for a sequence whose
/// parts do not fit each other.
template <typename T>
Indices first_rows(const PackedSequence<T>& sequence, const char* operation = "first_rows") {
  const auto fail = [&](const std::string& what) {
    detail::raise<ShapeError>(operation, ": not a packed sequence: ", what, " (see pack_padded_sequence)");
  };
  if (!sequence.data.defined() || sequence.data.dim() < 1 || !sequence.batch_sizes.defined() ||
      sequence.batch_sizes.numel() == 0)
    fail("it has no data or no batch_sizes");
  const Index steps = sequence.batch_sizes.numel();
  const Index* const size = sequence.batch_sizes.data();
  Indices first(Shape{steps + 1});
  first.data()[0] = 0;
  for (Index t = 0; t < steps; ++t) {
    if (size[t] < 1 || (t > 0 && size[t] > size[t - 1])) fail("batch_sizes must be positive and never grow");
    first.data()[t + 1] = first.data()[t] + size[t];
  }
  if (first.data()[steps] != sequence.data.shape()[0])
    fail(
        detail::concat("batch_sizes add up to ", first.data()[steps], " rows, data has shape ", sequence.data.shape()));
  const Indices &sorted = sequence.sorted_indices, &unsorted = sequence.unsorted_indices;
  bool permutations = sorted.defined() == unsorted.defined();
  if (permutations && sorted.defined()) {
    permutations = sorted.numel() == size[0] && unsorted.numel() == size[0];
    for (Index b = 0; permutations && b < size[0]; ++b) {
      const Index sample = sorted.data()[b];
      permutations = sample >= 0 && sample < size[0] && unsorted.data()[sample] == b;
    }
  }
  if (!permutations) fail("sorted_indices and unsorted_indices do not undo each other");
  return first;
}

/// x with index permutation[i] of dimension dim at place i; dx: back in their places. ShapeError for a permutation of
/// another length, IndexError for one that repeats or exceeds. PyTorch: torch.nn.modules.rnn.apply_permutation.
template <typename T>
Tensor<T> apply_permutation(const Tensor<T>& x, const Indices& permutation, Index dim = 1) {
  const int d = detail::wrap_dim("apply_permutation", dim, x.dim());
  const detail::Split s = detail::split_at(x.shape(), d);
  if (permutation.shape() != Shape{s.size})
    detail::raise<ShapeError>("apply_permutation: dimension ", d, " of ", x.shape(), " needs a permutation of shape ",
                              Shape{s.size}, ", got ", permutation.shape());
  std::vector<bool> seen(static_cast<std::size_t>(s.size));
  for (Index i = 0; i < s.size; ++i) {
    const Index from = permutation.data()[i];
    if (from < 0 || from >= s.size || seen[static_cast<std::size_t>(from)])
      detail::raise<IndexError>("apply_permutation: index ", from, " at position ", i, " of ", s.size,
                                " is out of range or was there before");
    seen[static_cast<std::size_t>(from)] = true;
  }
  Indices rows(Shape{s.outer, s.size});
  for (Index i = 0; i < rows.numel(); ++i) rows.data()[i] = i / s.size * s.size + permutation.data()[i % s.size];
  return detail::take_rows(x, rows, x.shape());
}

/// A padded batch (T, B, ...) without its padding. lengths (B). ValueError for a length outside [1, T], or for lengths
/// that do not fall although enforce_sorted says so. PyTorch: torch.nn.utils.rnn.pack_padded_sequence.
template <typename T>
PackedSequence<T> pack_padded_sequence(const Tensor<T>& input, const Indices& lengths, PackOptions options = {}) {
  if (input.dim() < 2)
    detail::raise<ShapeError>("pack_padded_sequence: expected (T, B, ...) or, with batch_first, (B, T, ...), got ",
                              input.shape());
  const Index batch = input.shape()[options.batch_first ? 0 : 1], steps = input.shape()[options.batch_first ? 1 : 0];
  const detail::PackedLayout layout("pack_padded_sequence", lengths, steps, batch, options.batch_first);
  if (options.enforce_sorted)
    for (Index b = 1; b < batch; ++b)
      if (lengths.data()[b] > lengths.data()[b - 1])
        detail::raise<ValueError>("pack_padded_sequence: lengths must fall, but sample ", b, " has ", lengths.data()[b],
                                  " after ", lengths.data()[b - 1],
                                  " (pass enforce_sorted = false to have the batch sorted)");
  const Index rows = layout.position.numel();
  Tensor<T> data = detail::take_rows(input, layout.position, detail::with_leading({rows}, input.shape(), 2));
  if (options.enforce_sorted) return {std::move(data), layout.batch_sizes, {}, {}};
  return {std::move(data), layout.batch_sizes, layout.sorted, layout.unsorted};
}

/// The padded batch again, in the order it had before packing. ValueError for a total_length below the longest.
/// PyTorch: torch.nn.utils.rnn.pad_packed_sequence.
template <typename T>
PaddedSequence<T> pad_packed_sequence(const PackedSequence<T>& sequence, PadOptions options = {}) {
  (void)first_rows(sequence, "pad_packed_sequence");
  const Index longest = sequence.batch_sizes.numel(), batch = sequence.batch_sizes.data()[0];
  const Index steps = options.total_length == 0 ? longest : options.total_length;
  if (steps < longest)
    detail::raise<ValueError>("pad_packed_sequence: total_length ", steps, " is below the longest length, ", longest);
  PaddedSequence<T> result{{}, Indices(Shape{batch})};
  Indices index(options.batch_first ? Shape{batch, steps} : Shape{steps, batch});
  std::fill_n(index.data(), index.numel(), Index(-1));
  Index row = 0;
  for (Index t = 0; t < longest; ++t)
    for (Index i = 0; i < sequence.batch_sizes.data()[t]; ++i, ++row) {
      const Index b = sequence.sorted_indices.defined() ? sequence.sorted_indices.data()[i] : i;
      index.data()[options.batch_first ? b * steps + t : t * batch + b] = row;
      result.lengths.data()[b] = t + 1;
    }
  const Shape shape = detail::with_leading({index.shape()[0], index.shape()[1]}, sequence.data.shape(), 1);
  result.output = detail::take_rows(sequence.data, index, shape, static_cast<T>(options.padding_value));
  return result;
}

}  // namespace rowgrad
