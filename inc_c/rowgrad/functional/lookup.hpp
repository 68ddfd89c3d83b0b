// What: embedding(), the table lookup, and one_hot(), its dense cousin.
// Why:  forward copies the rows asked for; backward yields the gradient of just those rows.
// See:  autograd/row_gradient.hpp; nn/embedding.hpp.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/parallel.hpp>

namespace rowgrad {
namespace detail {

/// IndexError for the first id outside [0, rows): its value, its position, and what probably went wrong.
inline void check_ids(const char* operation, const Indices& ids, Index rows) {
  const Index* values = ids.data();
  const Index n = ids.numel();
  bool inside = true;
  for (Index i = 0; i < n; ++i) inside &= static_cast<std::uint64_t>(values[i]) < static_cast<std::uint64_t>(rows);
  if (inside) return;
  Index i = 0;
  while (values[i] >= 0 && values[i] < rows) ++i;
  std::string position;
  Index rest = i;
  for (int d = ids.dim() - 1; d >= 0; --d) {
    position = std::to_string(rest % ids.shape()[d]) + (position.empty() ? "" : ", ") + position;
    rest /= ids.shape()[d];
  }
  std::string message = std::string(operation) + ": index " + std::to_string(values[i]) + " at position (" + position +
                        ") of shape " + to_string(ids.shape()) + " is outside a table of " + std::to_string(rows) +
                        " rows";
  if (rows == 0)
    message += " (the table is empty)";
  else if (values[i] < 0)
    message += " (indices count from 0; was an unknown word left at -1?)";
  else if (values[i] == rows)
    message += " (one past the end: is the table's size the number of words plus the reserved index 0?)";
  else
    message += " (was the vocabulary built from other data, or after the table?)";
  throw IndexError(message);
}

/// padding_idx counted from the front, -1 for none. IndexError outside the table.
inline Index checked_padding(const char* operation, std::optional<Index> padding_idx, Index rows) {
  if (!padding_idx) return -1;
  if (*padding_idx < -rows || *padding_idx >= rows)
    throw IndexError(std::string(operation) + ": padding_idx " + std::to_string(*padding_idx) +
                     " is outside a table of " + std::to_string(rows) + " rows");
  return *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
}

}  // namespace detail

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
  if (detail::recording(weight)) {
    detail::record(
        y, "EmbeddingBackward0",
        [ids, skip, table_shape = weight.shape()](Tensor<T> g, detail::Node<T>* node) {
          const T* gradient = g.data();
          const Index width = table_shape[1];
          node->accumulate(detail::gather_rows<T>(ids, table_shape, skip,
                                                  [=](Index position) { return gradient + position * width; }));
        },
        weight);
  }
  return y;
}

/// 1 at each index, 0 elsewhere: result (ids..., num_classes); num_classes -1 means the largest index plus one.
/// IndexError for an index outside the classes. PyTorch: torch.nn.functional.one_hot.
inline Indices one_hot(const Indices& ids, Index num_classes = -1) {
  if (num_classes < 0) {
    if (ids.numel() == 0) throw ValueError("one_hot: num_classes must be given when there are no indices");
    num_classes = 0;
    for (Index i = 0; i < ids.numel(); ++i) num_classes = std::max(num_classes, ids.data()[i] + 1);
  }
  detail::check_ids("one_hot", ids, num_classes);
  Shape shape = ids.shape();
  shape.append(num_classes);
  Indices result = zeros<Index>(shape);
  for (Index i = 0; i < ids.numel(); ++i) result.data()[i * num_classes + ids.data()[i]] = 1;
  return result;
}

}  // namespace rowgrad
