// What: embedding(), the table lookup.
// Why:  forward copies the rows asked for; backward yields the gradient of just those rows.
// See:  lookup_options.hpp, row_source.hpp (tables of other kinds), gather_rows.hpp; nn/embedding.hpp.
#pragma once

#include <rowgrad/table/gather_rows.hpp>
#include <rowgrad/table/ids.hpp>
#include <rowgrad/table/renormalise.hpp>
#include <rowgrad/table/row_source.hpp>

namespace rowgrad {

namespace detail {

/// The rows of a source at ids that were checked: (ids..., D).
template <typename Source>
Tensor<typename Source::Scalar> look_up(const Source& source, const Indices& ids) {
  using T = typename Source::Scalar;
  const Index columns = source.columns(), n = ids.numel();
  Shape shape = ids.shape();
  shape.append(columns);
  Tensor<T> y(shape);
  const std::span<const Index> all = as_span(ids);
  source.prepare(all);
  T* const out = y.data();
  if constexpr (RowsInMemory<Source>) {
    source.copy(all, out);  // on the threads there are
  } else {
    constexpr Index piece = 512;
    parallel_pieces((n + piece - 1) / piece, n * columns > 100'000, [&](Index p) {
      const Index first = p * piece, count = std::min(piece, n - first);
      source.copy(all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), out + first * columns);
    });
  }
  return y;
}

/// A table that can only be read takes no option that writes to it.
inline void check_frozen(const char* operation, const LookupOptions& options) {
  if (options.max_norm) raise<ValueError>(operation, ": max_norm changes the table, and this one can only be read");
}

}  // namespace detail

/// Rows of a table: weight (V, D), ids of any shape; result (ids..., D). The gradient of row padding_idx stays zero.
/// With max_norm, the rows looked up are scaled down first, in the table itself: not for several threads at once. A
/// graph recorded before in which the table takes part otherwise (a product with it) needs the values as they were, so
/// that its backward() is a GraphError, as in PyTorch: use weight.clone() there.
/// O(ids * D), forward and backward; nothing of size V is allocated or visited. The ids are kept as they are now.
/// IndexError for an id or a padding_idx outside the table, ShapeError for a table that is not one, ValueError for a
/// max_norm below 0. PyTorch: torch.nn.functional.embedding, with sparse gradients always.
template <typename T>
Tensor<T> embedding(const Indices& ids, const Tensor<T>& weight, const LookupOptions& options = {}) {
  check_table("embedding", weight);
  const detail::TensorRows<T> source(weight);
  detail::check_ids("embedding", ids, source.rows());
  const Index skip = checked_options("embedding", options, source.rows()).padding_idx.value_or(-1);
  if (options.max_norm) detail::renormalise_rows("embedding", weight, detail::as_span(ids), options);
  Tensor<T> y = detail::look_up(source, ids);
  if (recording(weight)) {
    record(
        y, "EmbeddingBackward0",
        [ids = saved(ids), skip, by_freq = options.scale_grad_by_freq, table = weight.shape()](Tensor<T> g,
                                                                                               Node<T>* node) {
          const T* const gradient = g.data();
          const Index columns = table[1];
          node->accumulate(detail::gather_rows<T>(
              ids, table, skip, [=](Index i) { return gradient + i * columns; }, by_freq));
        },
        weight);
  }
  return y;
}

/// The same with padding_idx alone: embedding(ids, table, 0).
template <typename T, std::convertible_to<std::optional<Index>> PaddingIdx>
Tensor<T> embedding(const Indices& ids, const Tensor<T>& weight, PaddingIdx padding_idx) {
  return embedding(ids, weight, LookupOptions{.padding_idx = padding_idx});
}

/// Rows of a table of another kind, which gets no gradient; see RowSource. ValueError for max_norm.
template <RowSource Source>
Tensor<typename Source::Scalar> embedding(const Indices& ids, const Source& source, const LookupOptions& options = {}) {
  const Index rows = detail::checked_rows("embedding", source);
  detail::check_ids("embedding", ids, rows);
  (void)checked_options("embedding", options, rows);
  detail::check_frozen("embedding", options);
  return detail::look_up(source, ids);
}

}  // namespace rowgrad
