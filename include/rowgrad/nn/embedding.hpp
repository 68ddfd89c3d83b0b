// What: Embedding, the lookup table as a layer.
// Why:  it holds the table and its padding row; table/lookup.hpp does the work.
// See:  table/lookup.hpp; PyTorch torch.nn.Embedding.
#pragma once

#include <rowgrad/nn/init.hpp>
#include <rowgrad/nn/module.hpp>
#include <rowgrad/table/append_rows.hpp>
#include <rowgrad/table/lookup.hpp>

namespace rowgrad::nn {

struct EmbeddingOptions {
  std::optional<Index> padding_idx = {};  // a row that stays as it is (zeros at first); negative: from the end
};

struct FromPretrainedOptions {
  bool freeze = true;  // PyTorch's default
  std::optional<Index> padding_idx = {};
};

/// A table of num_embeddings rows of embedding_dim numbers, drawn from Normal(0, 1).
/// Gradients are row-sparse: a step costs what the rows looked up cost, whatever the table's size.
/// PyTorch: torch.nn.Embedding.
template <typename T>
class Embedding : public Module<T> {
 public:
  Parameter<T> weight;  // (num_embeddings, embedding_dim)

  /// ShapeError for a negative size, IndexError for a padding_idx outside the table.
  Embedding(Index num_embeddings, Index embedding_dim, EmbeddingOptions options = {})
      : weight(empty<T>(Shape{num_embeddings, embedding_dim})), padding_idx_(inside(options.padding_idx)) {
    init::normal_(weight);
    if (padding_idx_) weight.matrix().row(*padding_idx_).setZero();
  }

  /// A layer that starts from a table (V, D), whose values it shares; frozen unless asked. PyTorch: from_pretrained.
  static Embedding from_pretrained(const Tensor<T>& table, FromPretrainedOptions options = {}) {
    return Embedding(table, options);
  }

  /// Rows of the table: ids of any shape, result (ids..., embedding_dim). IndexError for an id outside the table.
  Tensor<T> forward(const Indices& ids) const { return embedding(ids, weight, padding_idx_); }
  Tensor<T> operator()(const Indices& ids) const { return forward(ids); }

  Index num_embeddings() const noexcept { return weight.shape()[0]; }
  Index embedding_dim() const noexcept { return weight.shape()[1]; }
  std::optional<Index> padding_idx() const noexcept { return padding_idx_; }

  /// Appends rows drawn from Normal(0, 1), in place: handles to the weight see them, existing rows keep their numbers.
  /// Call it between steps, and add_rows() of each optimizer that trains the table. Views made before (slices,
  /// detach()) keep the old memory. Copies the table. ValueError for a negative count.
  void add_rows(Index count, Generator& generator = default_generator()) {
    if (count < 0) throw ValueError("Embedding::add_rows: expected a count >= 0, got " + std::to_string(count));
    if (count == 0) return;
    Tensor<T> rows(Shape{count, embedding_dim()});
    init::normal_(rows, T(0), T(1), generator);
    detail::append_rows<T>(weight, rows);
  }

  void members(Members<T>& m) override { m("weight", weight); }
  std::string extra_repr() const override {
    return std::to_string(num_embeddings()) + ", " + std::to_string(embedding_dim()) +
           (padding_idx_ ? ", padding_idx=" + std::to_string(*padding_idx_) : "");
  }

 private:
  Embedding(const Tensor<T>& table, const FromPretrainedOptions& options) {
    if (!table.defined() || table.dim() != 2)
      throw ShapeError("Embedding::from_pretrained: expected a table of shape (V, D), got " +
                       (table.defined() ? rowgrad::to_string(table.shape()) : "an undefined tensor"));
    weight = Parameter<T>(table, !options.freeze);
    padding_idx_ = inside(options.padding_idx);
  }

  std::optional<Index> inside(std::optional<Index> padding_idx) const {
    const Index row = detail::checked_padding("Embedding", padding_idx, num_embeddings());
    return padding_idx ? std::optional<Index>(row) : std::nullopt;
  }

  std::optional<Index> padding_idx_;
};

}  // namespace rowgrad::nn
