// What: EmbeddingBag, a lookup table whose rows are summed or averaged at once.
// Why:  a text's mean vector at the cost of reading its rows; table/bag.hpp does the work.
// See:  table/bag.hpp, embedding_table.hpp; embedding.hpp; PyTorch torch.nn.EmbeddingBag.
#pragma once

#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/table/bag.hpp>

namespace rowgrad::nn {

struct BagOptions {
  BagModeOption mode = BagMode::mean;  // or "sum", "mean", "max"; the rest is EmbeddingBagOptions'
  std::optional<Index> padding_idx = {};
  std::optional<double> max_norm = {};
  double norm_type = 2;
  bool scale_grad_by_freq = false;
  bool sparse = false;
  bool include_last_offset = false;
  AnyTensor _weight = {};  // the table to start from, of the layer's shape and type, whose values the layer shares
};

struct BagFromPretrainedOptions {
  bool freeze = true;  // PyTorch's default
  BagModeOption mode = BagMode::mean;
  std::optional<Index> padding_idx = {};  // these and the last are EmbeddingBagOptions'
  std::optional<double> max_norm = {};
  double norm_type = 2;
  bool scale_grad_by_freq = false;
  bool sparse = false;
  bool include_last_offset = false;
};

/// A table that gives one row per bag of ids. PyTorch: torch.nn.EmbeddingBag.
template <typename T>
class EmbeddingBag : public Module<T> {
 public:
  Parameter<T> weight;  // (num_embeddings, embedding_dim)

  /// Starts from the weights that an Embedding starts from. ShapeError for a negative size or a _weight of another
  /// shape, IndexError for a
  /// padding_idx outside the table, ValueError for a negative norm, or scale_grad_by_freq with BagMode::max.
  EmbeddingBag(Index num_embeddings, Index embedding_dim, const BagOptions& options = {});

  /// A layer that starts from a table (V, D), whose values it shares; frozen unless asked. PyTorch: from_pretrained.
  static EmbeddingBag from_pretrained(const Tensor<T>& table, BagFromPretrainedOptions options = {}) {
    return EmbeddingBag({options.mode, options.padding_idx, options.max_norm, options.norm_type,
                         options.scale_grad_by_freq, options.sparse, options.include_last_offset},
                        [&](LookupOptions& lookup) {
                          return embedding_table::given("EmbeddingBag::from_pretrained", table, options.freeze, lookup);
                        });
  }

  /// ids (B, T) to (B, D), or ids (n) with offsets (bags) to (bags, D); see rowgrad::embedding_bag.
  Tensor<T> forward(const Indices& ids, const Indices& offsets = {}, const Tensor<T>& per_sample_weights = {}) const;
  Tensor<T> operator()(const Indices& ids, const Indices& offsets = {},
                       const Tensor<T>& per_sample_weights = {}) const {
    return forward(ids, offsets, per_sample_weights);
  }

  /// 0 for a layer that was moved from.
  Index num_embeddings() const noexcept { return weight.size_or_zero(0); }
  Index embedding_dim() const noexcept { return weight.size_or_zero(1); }
  std::optional<Index> padding_idx() const noexcept { return options_.padding_idx; }
  const EmbeddingBagOptions& options() const noexcept { return options_; }

  /// Appends rows; see Embedding::add_rows.
  void add_rows(Index count, Generator& generator = default_generator()) {
    embedding_table::append_drawn("EmbeddingBag::add_rows", weight, count, generator);
  }

  void members(Members<T>& m) override;
  std::string extra_repr() const override;

 private:
  template <typename MakeTable>
  EmbeddingBag(const EmbeddingBagOptions& options, const MakeTable& make_table) : options_(options) {
    if (options.scale_grad_by_freq && options.mode == BagMode::max)
      throw ValueError("EmbeddingBag: scale_grad_by_freq does not go with BagMode::max");
    LookupOptions lookup = options.lookup();
    weight = make_table(lookup);
    options_.padding_idx = lookup.padding_idx;
  }

  EmbeddingBagOptions options_;  // padding_idx counted from the front
};

template <typename T>
EmbeddingBag<T>::EmbeddingBag(Index num_embeddings, Index embedding_dim, const BagOptions& o)
    : EmbeddingBag(
          {o.mode, o.padding_idx, o.max_norm, o.norm_type, o.scale_grad_by_freq, o.sparse, o.include_last_offset},
          [&](LookupOptions& lookup) {
            return embedding_table::made<T>("EmbeddingBag", num_embeddings, embedding_dim, lookup, o._weight);
          }) {}

template <typename T>
Tensor<T> EmbeddingBag<T>::forward(const Indices& ids, const Indices& offsets,
                                   const Tensor<T>& per_sample_weights) const {
  return embedding_bag<T>(ids, weight, offsets, options_, per_sample_weights);
}

template <typename T>
void EmbeddingBag<T>::members(Members<T>& m) {
  m("weight", weight);
}

template <typename T>
std::string EmbeddingBag<T>::extra_repr() const {
  const char* const modes[] = {"sum", "mean", "max"};
  return detail::concat(num_embeddings(), ", ", embedding_dim(), embedding_table::repr(options_.lookup()), ", mode='",
                        modes[static_cast<std::size_t>(static_cast<BagMode>(options_.mode))], "'",
                        embedding_table::padding_repr(options_.lookup()));
}

}  // namespace rowgrad::nn
