// What: gather_rows(), which turns the gradients of looked-up rows into a row-sparse gradient of the table.
// Why:  ids repeat within a batch; the rows are sorted once and duplicates summed in input order, so the result is the
//       same bits every time and its cost depends on the lookups, not on the table.
// See:  autograd/row_gradient.hpp; machine/radix_sort.hpp; lookup.hpp, bag.hpp.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/machine/radix_sort.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>
#include <rowgrad/machine/threads.hpp>

namespace rowgrad::detail {

/// The gradient of a table (V, D) whose rows ids[0], ids[1], ... were looked up and got the gradients
/// gradient(0), gradient(1), ... (each a pointer to D values). Row `skip` gets none (-1: no such row). Duplicates are
/// summed in input order, by_freq divides each by their number. O(n D), independent of V.
template <typename T, typename GradientRow>
RowGradient<T> gather_rows(const Indices& ids, const Shape& table, Index skip, const GradientRow& gradient,
                           bool by_freq = false) {
  const Index columns = table[1], count = ids.numel();
  Buffer<KeyedItem> lookups(static_cast<std::size_t>(count));
  std::size_t n = 0;
  for (Index i = 0; i < count; ++i)
    if (const Index row = ids.data()[i]; row != skip) lookups[n++] = {row, i};
  sort_items(lookups, n, table[0]);

  // Where each distinct row's lookups begin; the rows themselves may then be summed by several threads.
  Buffer<std::size_t> starts(n + 1);
  Index distinct = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (i == 0 || lookups[i].key != lookups[i - 1].key) starts[static_cast<std::size_t>(distinct++)] = i;
  starts[static_cast<std::size_t>(distinct)] = n;
  RowGradient<T> result{Indices(Shape{distinct}), Tensor<T>(Shape{distinct, columns}), table};
  Index* const rows = result.rows.data();
  T* const values = result.values.data();
  constexpr Index piece = 256;
  parallel_pieces((distinct + piece - 1) / piece, static_cast<Index>(n) * columns > 100'000, [&](Index p) {
    for (Index k = p * piece; k < std::min(distinct, (p + 1) * piece); ++k) {
      std::size_t i = starts[static_cast<std::size_t>(k)];
      const std::size_t end = starts[static_cast<std::size_t>(k) + 1];
      rows[k] = lookups[i].key;
      T* const sum = values + k * columns;
      const T count_of_row = static_cast<T>(end - i);
      std::copy_n(gradient(lookups[i].item), columns, sum);
      while (++i < end) add_row(sum, gradient(lookups[i].item), columns);
      if (by_freq) set_multiple(sum, T(1) / count_of_row, sum, columns);
    }
  });
  return result;
}

}  // namespace rowgrad::detail
