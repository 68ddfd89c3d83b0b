// What: embedding_bag(), the sum, mean or maximum of looked-up rows, a bag of ids at a time.
// Why:  the rows are added where they lie: neither they nor their gradients are ever copied out one by one.
// See:  lookup.hpp (the rows themselves); nn/embedding_bag.hpp; PyTorch torch.nn.functional.embedding_bag.
#pragma once

#include <rowgrad/table/lookup.hpp>

namespace rowgrad {

enum class BagMode { sum, mean, max };

struct EmbeddingBagOptions {
  BagMode mode = BagMode::mean;
  std::optional<Index> padding_idx = {};  // these ids do not count, as if they were not in the bag
  bool include_last_offset = false;       // offsets end with the number of ids
};

namespace detail {

/// Where each bag begins among the ids, and the end: (bags + 1).
inline Indices bag_starts(const Indices& ids, const Indices& offsets, bool include_last) {
  if (ids.dim() != (offsets.defined() ? 1 : 2))
    throw ShapeError("embedding_bag: expected ids (B, T), or ids (n) and offsets, got ids " + to_string(ids.shape()) +
                     (offsets.defined() ? " and offsets " + to_string(offsets.shape()) : " without offsets"));
  if (!offsets.defined()) {
    Indices starts(Shape{ids.shape()[0] + 1});
    for (Index b = 0; b < starts.numel(); ++b) starts.data()[b] = b * ids.shape()[1];
    return starts;
  }
  const Index n = ids.numel(), count = offsets.numel(), bags = include_last ? count - 1 : count;
  if (offsets.dim() != 1 || bags < 0)
    throw ShapeError("embedding_bag: expected offsets (bags), or (bags + 1) with include_last_offset, got " +
                     to_string(offsets.shape()));
  Indices starts(Shape{bags + 1});
  std::copy_n(offsets.data(), count, starts.data());
  if (!include_last) starts.data()[bags] = n;
  for (Index b = 0; b <= bags; ++b) {
    const Index start = starts.data()[b], before = b == 0 ? 0 : starts.data()[b - 1];
    if (start < before || start > n || (b == 0 && start != 0))
      throw ValueError("embedding_bag: offsets must begin with 0, never fall and stay within the " + std::to_string(n) +
                       " ids, got " + std::to_string(start) + " at position " + std::to_string(b));
  }
  return starts;
}

/// How a bag's ids lie: what forward and backward share.
struct Bags {
  Indices ids, starts;
  Index skip;  // id that does not count; -1: none
  BagMode mode;

  Index count() const noexcept { return starts.numel() - 1; }
  /// Ids of bag b that count.
  Index size(Index b) const {
    const Index first = starts.data()[b], end = starts.data()[b + 1];
    return end - first - (skip < 0 ? 0 : std::count(ids.data() + first, ids.data() + end, skip));
  }
};

/// What the rows of each position are multiplied by in bag b: 1, or 1/size.
template <typename T>
T bag_factor(const Bags& bags, Index b) {
  if (bags.mode != BagMode::mean) return T(1);
  return T(1) / static_cast<T>(std::max<Index>(bags.size(b), 1));
}

template <typename T>
void reduce_bag(const Bags& bags, Index b, const T* table, Index columns, const T* sample_weights, T* out,
                Index* picks) {
  const Index *id = bags.ids.data(), first = bags.starts.data()[b], end = bags.starts.data()[b + 1];
  constexpr Index ahead = 8;
  bool empty = true;
  ArrayMap<T> sum(out, columns);
  sum.setZero();
  for (Index i = first; i < end; ++i) {
    if (i + ahead < bags.ids.numel()) {
      const char* next = reinterpret_cast<const char*>(table + id[i + ahead] * columns);
      for (std::size_t byte = 0; byte < static_cast<std::size_t>(columns) * sizeof(T); byte += 64)
        __builtin_prefetch(next + byte);
    }
    if (id[i] == bags.skip) continue;
    const ArrayMap<const T> row(table + id[i] * columns, columns);
    if (bags.mode == BagMode::max) {
      for (Index c = 0; c < columns; ++c)
        if (empty || row[c] > out[c] || row[c] != row[c]) {  // NaN stays
          out[c] = row[c];
          picks[c] = i;
        }
    } else if (sample_weights != nullptr) {
      sum += sample_weights[i] * row;
    } else {
      sum += row;
    }
    empty = false;
  }
  if (bags.mode == BagMode::mean) sum *= bag_factor<T>(bags, b);
}

}  // namespace detail

/// Each bag of ids becomes the sum, mean or maximum of its rows of the table: weight (V, D); ids (B, T), result (B, D);
/// or ids (n) with offsets (bags), where each bag begins, result (bags, D). A bag without ids is zeros.
/// per_sample_weights, of the shape of ids and for sums alone, multiply the rows.
/// d row = sum of (weight or 1/size) g over the bags it is in; for the maximum, g where the row has it, the first of
/// equals. O(ids * D), forward and backward; nothing of size V is allocated or visited.
/// IndexError for an id outside the table. PyTorch: torch.nn.functional.embedding_bag, with sparse gradients always.
template <typename T>
Tensor<T> embedding_bag(const Indices& ids, const Tensor<T>& weight, const Indices& offsets = {},
                        const EmbeddingBagOptions& options = {}, const Tensor<T>& per_sample_weights = {}) {
  if (weight.dim() != 2)
    throw ShapeError("embedding_bag: expected a table of shape (V, D), got " + to_string(weight.shape()));
  if (per_sample_weights.defined() && (options.mode != BagMode::sum || per_sample_weights.shape() != ids.shape()))
    throw ShapeError("embedding_bag: per_sample_weights go with sums and have the shape of ids, " +
                     to_string(ids.shape()) + ", got " + to_string(per_sample_weights.shape()));
  const Index rows = weight.shape()[0], columns = weight.shape()[1];
  detail::check_ids("embedding_bag", ids, rows);
  const detail::Bags bags{ids, detail::bag_starts(ids, offsets, options.include_last_offset),
                          detail::checked_padding("embedding_bag", options.padding_idx, rows), options.mode};
  const Index count = bags.count();
  Tensor<T> y(Shape{count, columns});
  Indices picks;
  if (options.mode == BagMode::max) {
    picks = Indices(y.shape());
    std::fill_n(picks.data(), picks.numel(), Index(-1));
  }
  const T* table = weight.data_for_rows({ids.data(), static_cast<std::size_t>(ids.numel())});
  const T* factors = per_sample_weights.defined() ? per_sample_weights.data() : nullptr;
  constexpr Index piece = 16;
  detail::parallel_pieces((count + piece - 1) / piece, ids.numel() * columns > 100'000, [&](Index p) {
    for (Index b = p * piece; b < std::min(count, (p + 1) * piece); ++b)
      detail::reduce_bag(bags, b, table, columns, factors, y.data() + b * columns,
                         picks.defined() ? picks.data() + b * columns : nullptr);
  });
  if (recording(weight, per_sample_weights)) {
    record(
        y, "EmbeddingBagBackward0",
        [bags, picks, w = saved(weight),
         factors = per_sample_weights.defined() ? saved(per_sample_weights) : per_sample_weights](
            Tensor<T> g, Node<T>* nw, Node<T>* nf) {
          const Index width = w.shape()[1], n = bags.ids.numel();
          Indices bag_of(Shape{n});
          for (Index b = 0; b < bags.count(); ++b)
            std::fill(bag_of.data() + bags.starts.data()[b], bag_of.data() + bags.starts.data()[b + 1], b);
          const Index* bag = bag_of.data();
          if (nf != nullptr) {
            Tensor<T> df(factors.shape());
            const T* rows_of = w.data_for_rows({bags.ids.data(), static_cast<std::size_t>(n)});
            for (Index i = 0; i < n; ++i) {
              const Index id = bags.ids.data()[i];
              df.data()[i] = id == bags.skip ? T(0)
                                             : (ArrayMap<const T>(rows_of + id * width, width) *
                                                ArrayMap<const T>(g.data() + bag[i] * width, width))
                                                   .sum();
            }
            nf->accumulate(std::move(df));
          }
          if (nw == nullptr) return;
          if (!picks.defined() && !factors.defined()) {  // all rows of a bag get the same gradient
            if (bags.mode == BagMode::mean) {
              Tensor<T> scaled(g.shape());
              for (Index b = 0; b < bags.count(); ++b)
                ArrayMap<T>(scaled.data() + b * width, width) =
                    ArrayMap<const T>(g.data() + b * width, width) * detail::bag_factor<T>(bags, b);
              g = scaled;
            }
            const T* gradient = g.data();
            nw->accumulate(detail::gather_rows<T>(bags.ids, w.shape(), bags.skip,
                                                  [=](Index i) { return gradient + bag[i] * width; }));
            return;
          }
          Tensor<T> each = zeros<T>(Shape{n, width});
          if (picks.defined())
            for (Index i = 0; i < picks.numel(); ++i) {
              if (const Index position = picks.data()[i]; position >= 0)
                each.data()[position * width + i % width] = g.data()[i];
            }
          else
            for (Index i = 0; i < n; ++i)
              ArrayMap<T>(each.data() + i * width, width) =
                  factors.data()[i] * ArrayMap<const T>(g.data() + bag[i] * width, width);
          const T* gradient = each.data();
          nw->accumulate(
              detail::gather_rows<T>(bags.ids, w.shape(), bags.skip, [=](Index i) { return gradient + i * width; }));
        },
        weight, per_sample_weights);
  }
  return y;
}

}  // namespace rowgrad
