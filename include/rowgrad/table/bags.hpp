// What: Bags, where each bag of ids begins and ends, and what the rows of a bag become.
// Why:  forward and backward go by the same bags, and so do tables of every kind.
// See:  bag.hpp (the operation), row_source.hpp (where rows come from).
#pragma once

#include <rowgrad/core/factory.hpp>
#include <rowgrad/table/ids.hpp>
#include <rowgrad/table/row_source.hpp>

namespace rowgrad {

enum class BagMode { sum, mean, max };

/// A BagMode, or its name: "sum", "mean", "max". ValueError for another word.
class BagModeOption {
 public:
  constexpr BagModeOption(BagMode mode) noexcept : mode_(mode) {}  // NOLINT: implicit by design
  BagModeOption(const char* name) : mode_(named(name)) {}          // NOLINT
  BagModeOption(const std::string& name) : mode_(named(name)) {}   // NOLINT
  constexpr operator BagMode() const noexcept { return mode_; }    // NOLINT

 private:
  [[gnu::cold]] static BagMode named(const std::string& name) {
    if (name == "sum") return BagMode::sum;
    if (name == "mean") return BagMode::mean;
    if (name == "max") return BagMode::max;
    detail::raise<ValueError>("embedding_bag: mode is \"sum\", \"mean\" or \"max\", got \"", name, '"');
  }

  BagMode mode_;
};

namespace detail {

/// Where each bag begins among the ids, and the end of the last one: (bags + 1).
inline Indices bag_starts(const Indices& ids, const Indices& offsets, bool include_last) {
  if (ids.dim() != (offsets.defined() ? 1 : 2))
    raise<ShapeError>("embedding_bag: expected ids (B, T), or ids (n) and offsets, got ids ", ids.shape(),
                      offsets.defined() ? concat(" and offsets ", offsets.shape()) : " without offsets");
  if (!offsets.defined()) {
    Indices starts(Shape{ids.shape()[0] + 1});
    for (Index b = 0; b < starts.numel(); ++b) starts.data()[b] = b * ids.shape()[1];
    return starts;
  }
  const Index n = ids.numel(), count = offsets.numel(), bags = include_last ? count - 1 : count;
  if (offsets.dim() != 1 || bags < 0)
    raise<ShapeError>("embedding_bag: expected offsets (bags), or (bags + 1) with include_last_offset, got ",
                      offsets.shape());
  Indices starts(Shape{bags + 1});
  std::copy_n(offsets.data(), count, starts.data());
  if (!include_last) starts.data()[bags] = n;
  for (Index b = 0; b <= bags; ++b) {
    const Index start = starts.data()[b], before = b == 0 ? 0 : starts.data()[b - 1];
    if (start < before || start > n || (b == 0 && start != 0))
      raise<ValueError>("embedding_bag: offsets must begin with 0, never fall and stay within the ", n, " ids, got ",
                        start, " at position ", b);
  }
  return starts;
}

/// How the ids of bags lie: what forward and backward share.
struct Bags {
  Indices ids, starts;
  Index skip;  // id that does not count; -1: none
  BagMode mode;

  Index count() const { return starts.numel() - 1; }
  /// Ids that are in a bag: the first so many.
  Index used() const { return starts.data()[count()]; }
  /// Makes the used ids a copy of their own, for backward: programs fill the same buffer with the next batch.
  void keep_ids() {
    Indices kept(Shape{used()});
    std::copy_n(ids.data(), kept.numel(), kept.data());
    ids = std::move(kept);
  }
  /// Ids of bag b that count.
  Index size(Index b) const {
    const Index first = starts.data()[b], end = starts.data()[b + 1];
    return end - first - (skip < 0 ? 0 : std::count(ids.data() + first, ids.data() + end, skip));
  }
  /// The bag that each of the used ids is in.
  Indices bag_of() const {
    Indices result(Shape{used()});
    for (Index b = 0; b < count(); ++b)
      std::fill(result.data() + starts.data()[b], result.data() + starts.data()[b + 1], b);
    return result;
  }
};

/// What the rows of bag b are multiplied by: 1, or 1/size.
template <typename T>
T bag_factor(const Bags& bags, Index b) {
  if (bags.mode != BagMode::mean) return T(1);
  return T(1) / static_cast<T>(std::max<Index>(bags.size(b), 1));
}

/// Bag b of rows whose ids were checked. `row` has room for one row, where the source has none in memory.
template <typename Source, typename T = typename Source::Scalar>
void reduce_bag(const Source& source, const Bags& bags, Index b, const T* sample_weights, T* out, Index* picks,
                T* room) {
  const Index *id = bags.ids.data(), first = bags.starts.data()[b], end = bags.starts.data()[b + 1], used = bags.used(),
              columns = source.columns();
  bool empty = true;
  fill_row(out, T(0), columns);
  for (Index i = first; i < end; ++i) {
    if constexpr (RowsInMemory<Source>)
      if (i + rows_ahead < used) prefetch_row(source.at(id[i + rows_ahead]), columns);
    if (id[i] == bags.skip) continue;
    if (bags.mode == BagMode::max) {
      const T* row = room;
      if constexpr (RowsInMemory<Source>)
        row = source.at(id[i]);
      else
        source.copy({id + i, 1}, room);
      for (Index c = 0; c < columns; ++c)
        if (empty || row[c] > out[c] || row[c] != row[c]) {  // NaN stays
          out[c] = row[c];
          picks[c] = i;
        }
    } else if constexpr (RowsInMemory<Source>) {
      if (sample_weights != nullptr)
        add_multiple(out, sample_weights[i], source.at(id[i]), columns);
      else
        add_row(out, source.at(id[i]), columns);
    } else {
      source.add(id[i], sample_weights != nullptr ? sample_weights[i] : T(1), out);
    }
    empty = false;
  }
  if (bags.mode == BagMode::mean) set_multiple(out, bag_factor<T>(bags, b), out, columns);
}

/// What bags of rows become: (bags, D); for the maximum also which id each value came from, -1 for none.
template <typename T>
struct ReducedBags {
  Tensor<T> values;
  Indices picks;
};

template <typename Source, typename T = typename Source::Scalar>
ReducedBags<T> reduce_bags(const Source& source, const Bags& bags, const Tensor<T>& per_sample_weights) {
  const Index count = bags.count(), columns = source.columns();
  ReducedBags<T> result{Tensor<T>(Shape{count, columns}), {}};
  if (bags.mode == BagMode::max) {
    result.picks = Indices(result.values.shape());
    std::fill_n(result.picks.data(), result.picks.numel(), Index(-1));
  }
  source.prepare(as_span(bags.ids, bags.used()));
  const T* const factors = per_sample_weights.defined() ? per_sample_weights.data() : nullptr;
  T* const out = result.values.data();
  Index* const picks = result.picks.defined() ? result.picks.data() : nullptr;
  constexpr Index piece = 16;
  parallel_pieces((count + piece - 1) / piece, bags.used() * columns > 100'000, [&](Index p) {
    Buffer<T> room(RowsInMemory<Source> || picks == nullptr ? 0 : static_cast<std::size_t>(columns));
    for (Index b = p * piece; b < std::min(count, (p + 1) * piece); ++b)
      reduce_bag(source, bags, b, factors, out + b * columns, picks != nullptr ? picks + b * columns : nullptr,
                 room.data());
  });
  return result;
}

/// The gradient of per_sample_weights: d w_i = row_i . g of its bag; 0 for padding and for ids in no bag.
template <typename Source, typename T = typename Source::Scalar>
Tensor<T> factor_gradient(const Source& source, const Bags& bags, const Tensor<T>& g, const Shape& shape) {
  const Index n = bags.used(), columns = source.columns();
  Tensor<T> result(shape);
  std::fill(result.data() + n, result.data() + result.numel(), T(0));
  const Indices bag_of = bags.bag_of();
  source.prepare(as_span(bags.ids, n));
  Buffer<T> room(RowsInMemory<Source> ? 0 : static_cast<std::size_t>(columns));
  for (Index i = 0; i < n; ++i) {
    const Index* const id = bags.ids.data() + i;
    const T* row = room.data();
    if (*id == bags.skip) {
      result.data()[i] = 0;
      continue;
    }
    if constexpr (RowsInMemory<Source>)
      row = source.at(*id);
    else
      source.copy({id, 1}, room.data());
    result.data()[i] = row_dot(row, g.data() + bag_of.data()[i] * columns, columns);
  }
  return result;
}

}  // namespace detail
}  // namespace rowgrad
