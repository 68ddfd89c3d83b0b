// What: RowGradient, the gradient of some rows of a table, and how looked-up rows become one.
// Why:  ids repeat within a batch; the rows are sorted once and duplicates summed in input order, so the result is the
//       same bits every time and its cost depends on the lookups, not on the table.
// See:  gradient.hpp; machine/radix_sort.hpp; table/lookup.hpp.
#pragma once

#include <rowgrad/core/factory.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>

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
  const Index columns = values.shape().back(), count = rows.numel();
  T* const target = table.data();
  const T* const source = values.data();
  for (Index i = 0; i < count; ++i) add_row(target + rows.data()[i] * columns, source + i * columns, columns);
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
  const T *first_values = a.values.data(), *second_values = b.values.data();
  T* out = sum.values.data();
  for (Index k = 0, i = 0, j = 0; k < distinct; ++k) {
    const bool from_a = i < na && (j == nb || ra[i] <= rb[j]), from_b = j < nb && (i == na || rb[j] <= ra[i]);
    sum.rows.data()[k] = from_a ? ra[i] : rb[j];
    if (from_a && from_b)
      set_sum(out, first_values + i * columns, second_values + j * columns, columns);
    else
      std::copy_n(from_a ? first_values + i * columns : second_values + j * columns, columns, out);
    i += from_a;
    j += from_b;
    out += columns;
  }
  return sum;
}

}  // namespace detail
}  // namespace rowgrad
