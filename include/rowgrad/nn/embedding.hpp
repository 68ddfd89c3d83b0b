// What: Embedding, the lookup table as a layer.
// Why:  it holds the table and how rows are looked up; table/lookup.hpp does the work.
// See:  table/lookup.hpp, embedding_table.hpp; PyTorch torch.nn.Embedding.
#pragma once

#include <rowgrad/nn/embedding_table.hpp>
#include <rowgrad/nn/module.hpp>
#include <rowgrad/table/lookup.hpp>

namespace rowgrad::nn {

struct EmbeddingOptions {
  std::optional<Index> padding_idx = {};  // a row that stays as it is (zeros at first)
  std::optional<double> max_norm = {};    // these are LookupOptions'; true is 1.0
  double norm_type = 2;
  bool scale_grad_by_freq = false;
  bool sparse = false;     // says nothing: gradients are row-sparse always
  AnyTensor _weight = {};  // the table to start from, of the layer's shape and type, whose values the layer shares

  LookupOptions lookup() const noexcept { return {padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse}; }
};

struct FromPretrainedOptions {
  bool freeze = true;                     // PyTorch's default
  std::optional<Index> padding_idx = {};  // these are LookupOptions'
  std::optional<double> max_norm = {};
  double norm_type = 2;
  bool scale_grad_by_freq = false;
  bool sparse = false;
};

/// A table of num_embeddings rows of embedding_dim numbers, drawn from Normal(0, 1).
/// Gradients are row-sparse: a step costs what the rows looked up cost, whatever the table's size.
/// PyTorch: torch.nn.Embedding.
template <typename T>
class Embedding : public Module<T> {
 public:
  Parameter<T> weight;  // (num_embeddings, embedding_dim)

  /// ShapeError for a negative size or a _weight of another shape, IndexError for a padding_idx outside the table,
  /// ValueError for a negative norm.
  Embedding(Index num_embeddings, Index embedding_dim, const EmbeddingOptions& options = {})
      : options_(options.lookup()) {
    weight = embedding_table::made<T>("Embedding", num_embeddings, embedding_dim, options_, options._weight);
  }

  /// A layer that starts from a table (V, D), whose values it shares; frozen unless asked. PyTorch: from_pretrained.
  static Embedding from_pretrained(const Tensor<T>& table, FromPretrainedOptions options = {}) {
    return Embedding(
        table, options.freeze,
        {options.padding_idx, options.max_norm, options.norm_type, options.scale_grad_by_freq, options.sparse});
  }

  /// Rows of the table: ids of any shape, result (ids..., embedding_dim). IndexError for an id outside the table.
  Tensor<T> forward(const Indices& ids) const { return embedding<T>(ids, weight, options_); }
  Tensor<T> operator()(const Indices& ids) const { return forward(ids); }

  /// 0 for a layer that was moved from.
  Index num_embeddings() const noexcept { return weight.size_or_zero(0); }
  Index embedding_dim() const noexcept { return weight.size_or_zero(1); }
  std::optional<Index> padding_idx() const noexcept { return options_.padding_idx; }
  const LookupOptions& options() const noexcept { return options_; }

  /// Appends rows drawn from Normal(0, 1), in place: handles to the weight see them, existing rows keep their numbers.
  /// Call it between steps, and add_rows() of each optimizer that trains the table. Views made before (slices,
  /// detach()) keep the old memory. Copies the table. ValueError for a negative count.
  void add_rows(Index count, Generator& generator = default_generator()) {
    embedding_table::append_drawn("Embedding::add_rows", weight, count, generator);
  }

  void members(Members<T>& m) override { m("weight", weight); }
  std::string extra_repr() const override {
    return detail::concat(num_embeddings(), ", ", embedding_dim(), embedding_table::padding_repr(options_),
                          embedding_table::repr(options_), options_.sparse ? ", sparse=True" : "");
  }

 private:
  Embedding(const Tensor<T>& table, bool freeze, LookupOptions options)
      : weight(embedding_table::given("Embedding::from_pretrained", table, freeze, options)), options_(options) {}

  LookupOptions options_;  // padding_idx counted from the front
};

}  // namespace rowgrad::nn
