// What: RowGradient, the gradient of some rows of a table, and how looked-up rows become one.
// Why:  ids repeat within a batch; the rows are sorted once and duplicates summed in input order, so the result is the
//       same bits every time and its cost depends on the lookups, not on the table.
// See:  gradient.hpp; core/order.hpp; functional/lookup.hpp.
#pragma once

#include <rowgrad/core/factory.hpp>
#include <rowgrad/core/order.hpp>
#include <rowgrad/core/parallel.hpp>

namespace rowgrad {

/// Gradient of a table of the given shape: row rows[i] has gradient values.row(i), all other rows have none.
template <typename T>
struct RowGradient {
  Indices rows;      // (n), sorted, each once
  Tensor<T> values;  // (n, D)
  Shape shape;       // (V, D)
};

namespace detail {

/// The gradient of a table (V, D) whose rows ids[0], ids[1], ... were looked up and got the gradients
/// gradient(0), gradient(1), ... (each a pointer to D values). Row `skip` gets none (-1: no such row).
/// Duplicates are summed in input order. O(n D), independent of V.
template <typename T, typename GradientRow>
RowGradient<T> gather_rows(const Indices& ids, const Shape& table, Index skip, const GradientRow& gradient) {
  const Index columns = table[1], count = ids.numel();
  Buffer<Lookup> lookups(static_cast<std::size_t>(count));
  std::size_t n = 0;
  for (Index i = 0; i < count; ++i)
    if (const Index row = ids.data()[i]; row != skip) lookups[n++] = {row, i};
  sort_lookups(lookups, n, table[0]);

  // Where each distinct row's lookups begin; the rows themselves may then be summed by several threads.
  Buffer<std::size_t> starts(n + 1);
  Index distinct = 0;
  for (std::size_t i = 0; i < n; ++i)
    if (i == 0 || lookups[i].row != lookups[i - 1].row) starts[static_cast<std::size_t>(distinct++)] = i;
  starts[static_cast<std::size_t>(distinct)] = n;
  RowGradient<T> result{Indices(Shape{distinct}), Tensor<T>(Shape{distinct, columns}), table};
  Index* const rows = result.rows.data();
  T* const values = result.values.data();
  constexpr Index piece = 256;
  parallel_pieces((distinct + piece - 1) / piece, static_cast<Index>(n) * columns > 100'000, [&](Index p) {
    for (Index k = p * piece; k < std::min(distinct, (p + 1) * piece); ++k) {
      std::size_t i = starts[static_cast<std::size_t>(k)];
      const std::size_t end = starts[static_cast<std::size_t>(k) + 1];
      rows[k] = lookups[i].row;
      std::copy_n(gradient(lookups[i].position), columns, values + k * columns);
      while (++i < end)
        ArrayMap<T>(values + k * columns, columns) += ArrayMap<const T>(gradient(lookups[i].position), columns);
    }
  });
  return result;
}

/// table.row(rows[i]) += values.row(i).
template <typename T>
void scatter_add(const Indices& rows, const Tensor<T>& values, const Tensor<T>& table) {
  auto target = table.matrix();
  const auto source = values.matrix();
  for (Index i = 0; i < rows.numel(); ++i) target.row(rows.data()[i]) += source.row(i);
}

/// a + b, rows sorted and each once.
template <typename T>
RowGradient<T> merge_rows(const RowGradient<T>& a, const RowGradient<T>& b) {
  const Index na = a.rows.numel(), nb = b.rows.numel(), columns = a.shape[1];
  const Index *ra = a.rows.data(), *rb = b.rows.data();
  Index distinct = 0;
  for (Index i = 0, j = 0; i < na || j < nb; ++distinct) {
    const Index row = j == nb || (i < na && ra[i] <= rb[j]) ? ra[i] : rb[j];
    i += i < na && ra[i] == row;
    j += j < nb && rb[j] == row;
  }
  RowGradient<T> sum{Indices(Shape{distinct}), Tensor<T>(Shape{distinct, columns}), a.shape};
  auto values = sum.values.matrix();
  const auto va = a.values.matrix(), vb = b.values.matrix();
  for (Index k = 0, i = 0, j = 0; k < distinct; ++k) {
    const bool from_a = i < na && (j == nb || ra[i] <= rb[j]), from_b = j < nb && (i == na || rb[j] <= ra[i]);
    sum.rows.data()[k] = from_a ? ra[i] : rb[j];
    if (from_a && from_b)
      values.row(k) = va.row(i++) + vb.row(j++);
    else if (from_a)
      values.row(k) = va.row(i++);
    else
      values.row(k) = vb.row(j++);
  }
  return sum;
}

}  // namespace detail
}  // namespace rowgrad
