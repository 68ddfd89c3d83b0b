// What: EmbeddingBag, a lookup table whose rows are summed or averaged at once.
// Why:  a text's mean vector at the cost of reading its rows; table/bag.hpp does the work.
// See:  embedding.hpp; PyTorch torch.nn.EmbeddingBag.
#pragma once

#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/table/bag.hpp>

namespace rowgrad::nn {

/// An Embedding that gives one row a bag of ids. PyTorch: torch.nn.EmbeddingBag.
template <typename T>
class EmbeddingBag : public Embedding<T> {
 public:
  EmbeddingBag(Index num_embeddings, Index embedding_dim, EmbeddingBagOptions options = {})
      : EmbeddingBag(Embedding<T>(num_embeddings, embedding_dim, {.padding_idx = options.padding_idx}), options) {}

  /// A layer that starts from a table (V, D), whose values it shares; frozen unless asked. PyTorch: from_pretrained.
  static EmbeddingBag from_pretrained(const Tensor<T>& table, EmbeddingBagOptions options = {}, bool freeze = true) {
    return EmbeddingBag(Embedding<T>::from_pretrained(table, {.freeze = freeze, .padding_idx = options.padding_idx}),
                        options);
  }

  /// ids (B, T) to (B, D), or ids (n) with offsets (bags) to (bags, D); see rowgrad::embedding_bag.
  Tensor<T> forward(const Indices& ids, const Indices& offsets = {}, const Tensor<T>& per_sample_weights = {}) const {
    return embedding_bag<T>(ids, this->weight, offsets, options_, per_sample_weights);
  }
  Tensor<T> operator()(const Indices& ids, const Indices& offsets = {},
                       const Tensor<T>& per_sample_weights = {}) const {
    return forward(ids, offsets, per_sample_weights);
  }

  std::string extra_repr() const override {
    const char* const modes[] = {"sum", "mean", "max"};
    return std::to_string(this->num_embeddings()) + ", " + std::to_string(this->embedding_dim()) + ", mode='" +
           modes[static_cast<int>(options_.mode)] + "'" +
           (options_.padding_idx ? ", padding_idx=" + std::to_string(*this->padding_idx()) : "");
  }

 private:
  EmbeddingBag(Embedding<T>&& table, EmbeddingBagOptions options) : Embedding<T>(std::move(table)), options_(options) {}

  EmbeddingBagOptions options_;
};

}  // namespace rowgrad::nn
