// What: embedding(), the table lookup.
// Why:  forward copies the rows asked for; backward yields the gradient of just those rows.
// See:  gather_rows.hpp, ids.hpp; nn/embedding.hpp.
#pragma once

#include <rowgrad/table/gather_rows.hpp>
#include <rowgrad/table/ids.hpp>

namespace rowgrad {

/// Rows of a table: weight (V, D), ids of any shape; result (ids..., D). The gradient of row padding_idx stays zero
/// (negative: counted from the end). O(ids * D), forward and backward; nothing of size V is allocated or visited.
/// IndexError for an id outside the table. PyTorch: torch.nn.functional.embedding, with sparse gradients always.
template <typename T>
Tensor<T> embedding(const Indices& ids, const Tensor<T>& weight, std::optional<Index> padding_idx = {}) {
  if (weight.dim() != 2)
    throw ShapeError("embedding: expected a table of shape (V, D), got " + to_string(weight.shape()));
  const Index rows = weight.shape()[0], columns = weight.shape()[1], n = ids.numel();
  detail::check_ids("embedding", ids, rows);
  const Index skip = detail::checked_padding("embedding", padding_idx, rows);
  Shape shape = ids.shape();
  shape.append(columns);
  Tensor<T> y(shape);
  const Index* id = ids.data();
  const T* table = weight.data_for_rows({id, static_cast<std::size_t>(n)});
  T* out = y.data();
  constexpr Index piece = 512, ahead = 8;
  detail::parallel_pieces((n + piece - 1) / piece, n * columns > 100'000, [=](Index p) {
    const Index end = std::min(n, (p + 1) * piece);
    for (Index i = p * piece; i < end; ++i) {
      if (i + ahead < end) {  // the rows lie anywhere in memory: ask for one early
        const char* next = reinterpret_cast<const char*>(table + id[i + ahead] * columns);
        for (std::size_t byte = 0; byte < static_cast<std::size_t>(columns) * sizeof(T); byte += 64)
          __builtin_prefetch(next + byte);
      }
      std::copy_n(table + id[i] * columns, columns, out + i * columns);
    }
  });
  if (recording(weight)) {
    record(
        y, "EmbeddingBackward0",
        [ids, skip, table_shape = weight.shape()](Tensor<T> g, Node<T>* node) {
          const T* gradient = g.data();
          const Index width = table_shape[1];
          node->accumulate(detail::gather_rows<T>(ids, table_shape, skip,
                                                  [=](Index position) { return gradient + position * width; }));
        },
        weight);
  }
  return y;
}

}  // namespace rowgrad
