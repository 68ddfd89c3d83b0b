// What: what Embedding and EmbeddingBag do alike: draw a table, take over one, make it longer, print its options.
// Why:  both consist of a table and its options, and neither is a kind of the other.
// See:  embedding.hpp, embedding_bag.hpp; table/lookup_options.hpp.
#pragma once

#include <rowgrad/core/any_tensor.hpp>
#include <rowgrad/nn/init.hpp>
#include <rowgrad/nn/parameter.hpp>
#include <rowgrad/table/append_rows.hpp>
#include <rowgrad/table/lookup_options.hpp>

namespace rowgrad::nn::embedding_table {

/// A table drawn from Normal(0, 1), but for the padding row, which is zero; or the one given, as it is. Options are
/// checked in passing.
template <typename T>
[[gnu::cold]] Parameter<T> made(const char* layer, Index num_embeddings, Index embedding_dim, LookupOptions& options,
                                const AnyTensor& given) {
  if (num_embeddings < 0 || embedding_dim < 0)
    detail::raise<ShapeError>(layer, ": expected num_embeddings >= 0 and embedding_dim >= 0, got ", num_embeddings,
                              " and ", embedding_dim);
  options = checked_options(layer, options, num_embeddings);
  const Shape shape{num_embeddings, embedding_dim};
  if (given.defined()) {
    if (given.shape() != shape)
      detail::raise<ShapeError>(layer, ": expected _weight of shape ", shape, ", (num_embeddings, embedding_dim), got ",
                                given.shape());
    return Parameter<T>(given.as<T>());
  }
  Parameter<T> table{Tensor<T>(shape)};
  init::normal_(table);
  if (options.padding_idx) std::fill_n(table.data() + *options.padding_idx * embedding_dim, embedding_dim, T(0));
  return table;
}

/// A parameter that shares the values of a given table (V, D); options are checked in passing.
template <typename T>
Parameter<T> given(const char* layer, const Tensor<T>& table, bool freeze, LookupOptions& options) {
  check_table(layer, table);
  options = checked_options(layer, options, table.shape()[0]);
  return Parameter<T>(table, !freeze);
}

/// Appends rows drawn from Normal(0, 1). ValueError for a negative count, ShapeError for more rows than there can be.
template <typename T>
void append_drawn(const char* layer, const Parameter<T>& table, Index count, Generator& generator) {
  check_table<T>(layer, table);
  if (count < 0) detail::raise<ValueError>(layer, ": expected a count >= 0, got ", count);
  if (count == 0) return;
  Tensor<T> rows(Shape{count, table.shape()[1]});
  init::normal_(rows, T(0), T(1), generator);
  append_rows<T>(table, rows);
}

/// The norm and the scaling as PyTorch prints them.
[[gnu::cold]] inline std::string repr(const LookupOptions& options) {
  using detail::concat, detail::python_float;
  std::string text;
  if (options.max_norm) text += concat(", max_norm=", python_float(*options.max_norm));
  if (options.norm_type != 2) text += concat(", norm_type=", python_float(options.norm_type));
  if (options.scale_grad_by_freq) text += ", scale_grad_by_freq=True";
  return text;
}

/// "padding_idx" as PyTorch prints it.
inline std::string padding_repr(const LookupOptions& options) {
  return options.padding_idx ? detail::concat(", padding_idx=", *options.padding_idx) : "";
}

}  // namespace rowgrad::nn::embedding_table
