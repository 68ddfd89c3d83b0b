// What: renormalise_rows(), which scales rows of a table down to a norm, in place.
// Why:  max_norm keeps the rows that are looked up within a ball; only they are visited, each once.
// See:  lookup_options.hpp; PyTorch torch.embedding_renorm_.
#pragma once

#include <limits>

#include <rowgrad/autograd/in_place.hpp>
#include <rowgrad/machine/radix_sort.hpp>
#include <rowgrad/machine/rows.hpp>
#include <rowgrad/table/lookup_options.hpp>

namespace rowgrad::detail {

/// The p-norm of n values, in double: p = 0 counts values other than 0, p = +-infinity is the largest or smallest size.
template <typename T>
double vector_norm(const T* values, Index n, double p) {
  const auto size = [values](Index i) { return std::abs(static_cast<double>(values[i])); };
  double sum = 0;
  if (std::isinf(p)) {
    sum = p > 0 || n == 0 ? 0 : std::numeric_limits<double>::infinity();
    for (Index i = 0; i < n; ++i) {
      if (std::isnan(size(i))) return size(i);
      sum = p > 0 ? std::max(sum, size(i)) : std::min(sum, size(i));
    }
    return sum;
  }
  if (p == 0) {
    for (Index i = 0; i < n; ++i) sum += values[i] != T(0);
    return sum;
  }
  if (p == 2) {
    for (Index i = 0; i < n; ++i) sum += size(i) * size(i);
    return std::sqrt(sum);
  }
  for (Index i = 0; i < n; ++i) sum += std::pow(size(i), p);
  return std::pow(sum, 1 / p);
}

/// Multiplies each of these rows whose norm exceeds max_norm by max_norm / (norm + 1e-7), outside any graph. Updates
/// owed to the rows are made first. O(n D), independent of V. ids and options were checked; ids may repeat. GraphError
/// for the result of a recorded operation, whose backward may need the values as they were. Graphs recorded before that
/// keep the table's values can no longer be walked.
template <typename T>
void renormalise_rows(const char* operation, const Tensor<T>& table, std::span<const Index> ids,
                      const LookupOptions& options) {
  if (!options.max_norm) return;
  if (!table.is_leaf())
    raise<GraphError>(operation,
                      ": max_norm changes the table in place, but the table is the result of a "
                      "recorded operation (look rows up in a leaf, or detach() it)");
  note_write(table);
  const double max_norm = *options.max_norm, p = options.norm_type;
  T* const values = table.data_for_rows(ids);
  const Index columns = table.shape()[1];
  Buffer<KeyedItem> rows(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) rows[i] = {ids[i], 0};
  sort_items(rows, ids.size(), table.shape()[0]);
  Index distinct = 0;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (i == 0 || rows[i].key != rows[i - 1].key) rows[static_cast<std::size_t>(distinct++)] = rows[i];
  constexpr Index piece = 256;
  parallel_pieces((distinct + piece - 1) / piece, distinct * columns > 50'000, [&](Index part) {
    const Index end = std::min(distinct, (part + 1) * piece);
    const auto row_at = [&](Index k) { return values + rows[static_cast<std::size_t>(k)].key * columns; };
    for (Index k = part * piece; k < end; ++k) {
      if (k + rows_ahead < end) prefetch_row(row_at(k + rows_ahead), columns);
      T* const row = row_at(k);
      const double norm = static_cast<T>(vector_norm(row, columns, p));  // a value of T, as in PyTorch
      if (!(norm > max_norm)) continue;
      const T factor = static_cast<T>(max_norm / (norm + 1e-7));
      for (Index c = 0; c < columns; ++c) row[c] *= factor;
    }
  });
}

}  // namespace rowgrad::detail
