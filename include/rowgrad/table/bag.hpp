// What: embedding_bag(), the sum, mean or maximum of looked-up rows, one bag of ids at a time.
// Why:  the rows are added where they lie: neither they nor their gradients are ever copied out one by one.
// See:  bags.hpp (how bags lie, and what a bag becomes); lookup.hpp (the rows themselves); nn/embedding_bag.hpp;
//       PyTorch torch.nn.functional.embedding_bag.
#pragma once

#include <rowgrad/table/bags.hpp>
#include <rowgrad/table/lookup.hpp>

namespace rowgrad {

/// What a bag becomes, where bags end, and how their rows are looked up.
struct EmbeddingBagOptions {
  BagModeOption mode = BagMode::mean;     // or "sum", "mean", "max"
  std::optional<Index> padding_idx = {};  // these ids do not count, as if they were not in the bag
  std::optional<double> max_norm = {};    // the lookup's options: see LookupOptions
  double norm_type = 2;
  bool scale_grad_by_freq = false;   // not for BagMode::max
  bool sparse = false;               // says nothing: gradients are row-sparse always
  bool include_last_offset = false;  // offsets say where the last bag ends; ids after it are in no bag

  LookupOptions lookup() const noexcept { return {padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse}; }
};

namespace detail {

/// What a call was asked for, checked and as bags of a table of so many rows.
template <typename T>
Bags checked_bags(const Indices& ids, const Indices& offsets, const EmbeddingBagOptions& options,
                  const Tensor<T>& per_sample_weights, Index rows) {
  if (per_sample_weights.defined() && (options.mode != BagMode::sum || per_sample_weights.shape() != ids.shape()))
    raise<ShapeError>("embedding_bag: per_sample_weights go with BagMode::sum and have the shape of ids, ", ids.shape(),
                      ", got ", per_sample_weights.shape(), options.mode != BagMode::sum ? " with another mode" : "");
  if (options.scale_grad_by_freq && options.mode == BagMode::max)
    throw ValueError("embedding_bag: scale_grad_by_freq does not go with BagMode::max");
  Bags bags{ids, bag_starts(ids, offsets, options.include_last_offset),
            checked_options("embedding_bag", options.lookup(), rows).padding_idx.value_or(-1), options.mode};
  check_ids("embedding_bag", ids, rows, bags.used());
  return bags;
}

/// The gradient of a table of this shape: each row gets what its bags pass on.
template <typename T>
RowGradient<T> bag_gradient(const Bags& bags, const Indices& picks, const Tensor<T>& per_sample_weights, bool by_freq,
                            Tensor<T> g, const Shape& table) {
  const Index columns = table[1], n = bags.used();
  const Indices bag_of = bags.bag_of();
  const Index* const bag = bag_of.data();
  const auto gather = [&](const auto& gradient) {
    return gather_rows<T>(bags.ids, table, bags.skip, gradient, by_freq);
  };
  if (!picks.defined() && !per_sample_weights.defined()) {  // all rows of a bag get the same gradient
    if (bags.mode == BagMode::mean) {
      Tensor<T> scaled(g.shape());
      for (Index b = 0; b < bags.count(); ++b)
        set_multiple(scaled.data() + b * columns, bag_factor<T>(bags, b), g.data() + b * columns, columns);
      g = scaled;
    }
    const T* const gradient = g.data();
    return gather([=](Index i) { return gradient + bag[i] * columns; });
  }
  Tensor<T> each = zeros<T>(Shape{n, columns});
  if (picks.defined())
    for (Index i = 0; i < picks.numel(); ++i) {
      if (const Index position = picks.data()[i]; position >= 0)
        each.data()[position * columns + i % columns] = g.data()[i];
    }
  else
    for (Index i = 0; i < n; ++i)
      set_multiple(each.data() + i * columns, per_sample_weights.data()[i], g.data() + bag[i] * columns, columns);
  const T* const gradient = each.data();
  return gather([=](Index i) { return gradient + i * columns; });
}

}  // namespace detail

/// Each bag of ids becomes the sum, mean or maximum of its rows of the table: weight (V, D); ids (B, T), result (B, D);
/// or ids (n) with offsets (bags), where each bag begins, result (bags, D). A bag without ids is zeros.
/// per_sample_weights, of the shape of ids and for sums alone, multiply the rows.
/// d row = sum of (weight or 1/size) g over the bags it is in; for the maximum, g where the row has it, the first of
/// equals. O(ids * D), forward and backward; nothing of size V is allocated or visited. Ids and offsets are kept as
/// they are now. IndexError for an id outside the table; ShapeError and ValueError when the rest does not fit.
/// PyTorch: torch.nn.functional.embedding_bag, with sparse gradients always.
template <typename T>
Tensor<T> embedding_bag(const Indices& ids, const Tensor<T>& weight, const Indices& offsets = {},
                        const EmbeddingBagOptions& options = {},
                        const std::type_identity_t<Tensor<T>>& per_sample_weights = {}) {
  check_table("embedding_bag", weight);
  const detail::TensorRows<T> source(weight);
  detail::Bags bags = detail::checked_bags(ids, offsets, options, per_sample_weights, source.rows());
  if (options.max_norm)
    detail::renormalise_rows("embedding_bag", weight, detail::as_span(ids, bags.used()), options.lookup());
  auto [y, picks] = detail::reduce_bags(source, bags, per_sample_weights);
  if (recording(weight, per_sample_weights)) {
    bags.keep_ids();
    record(
        y, "EmbeddingBagBackward0",
        [bags = std::move(bags), picks = picks, by_freq = options.scale_grad_by_freq,
         w = saved_for(per_sample_weights, weight),
         factors = per_sample_weights.defined() ? saved(per_sample_weights) : per_sample_weights](
            Tensor<T> g, Node<T>* nw, Node<T>* nf) {
          if (nf != nullptr)
            nf->accumulate(detail::factor_gradient(detail::TensorRows<T>(w), bags, g, factors.shape()));
          if (nw != nullptr)
            nw->accumulate(detail::bag_gradient(bags, picks, factors, by_freq, std::move(g), w.shape()));
        },
        weight, per_sample_weights);
  }
  return y;
}

/// Bags of a table of another kind, which gets no gradient; per_sample_weights do. See RowSource.
template <RowSource Source, typename T = typename Source::Scalar>
Tensor<T> embedding_bag(const Indices& ids, const Source& source, const Indices& offsets = {},
                        const EmbeddingBagOptions& options = {},
                        const std::type_identity_t<Tensor<T>>& per_sample_weights = {}) {
  detail::check_frozen("embedding_bag", options.lookup());
  detail::Bags bags =
      detail::checked_bags(ids, offsets, options, per_sample_weights, detail::checked_rows("embedding_bag", source));
  Tensor<T> y = detail::reduce_bags(source, bags, per_sample_weights).values;
  if (recording(per_sample_weights)) {
    bags.keep_ids();
    record(
        y, "EmbeddingBagBackward0",
        [bags = std::move(bags), source, shape = per_sample_weights.shape()](Tensor<T> g, Node<T>* node) {
          node->accumulate(detail::factor_gradient(source, bags, g, shape));
        },
        per_sample_weights);
  }
  return y;
}

}  // namespace rowgrad
