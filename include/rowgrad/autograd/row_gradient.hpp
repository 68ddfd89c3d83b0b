// What: RowGradient, the gradient of some rows of a table, and how looked-up rows become one.
// Why:  ids repeat within a batch; the rows are sorted once and duplicates summed in input order, so the result is the
//       same bits every time and its cost depends on the lookups, not on the table.
// See:  gradient.hpp; machine/radix_sort.hpp; table/lookup.hpp.
#pragma once

#include <rowgrad/core/factory.hpp>

namespace rowgrad {

/// Gradient of a table of the given shape: row rows[i] has gradient values.row(i), all other rows have none.
template <typename T>
struct RowGradient {
  Indices rows;      // (n), sorted, each once
  Tensor<T> values;  // (n, D)
  Shape shape;       // (V, D)
};

namespace detail {

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
