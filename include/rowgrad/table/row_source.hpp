// What: RowSource, what lookups and bags ask of a table, and TensorRows, a float or double tensor as one.
// Why:  rows need not lie in memory as they are read: a quantised, mapped or remote table decodes or fetches them. One
//       that satisfies the concept serves embedding() and embedding_bag() without a change to the library.
// See:  lookup.hpp, bag.hpp; docs/decisions.md, "Rows can come from elsewhere".
#pragma once

#include <concepts>
#include <span>

#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>
#include <rowgrad/machine/rows.hpp>

namespace rowgrad {

/// A table of rows() rows of columns() numbers of type Scalar that can be read by row. Frozen: it gets no gradient.
///
///     source.prepare(ids)             makes these rows ready; called once before they are read, by one thread
///     source.copy(ids, out)           row ids[i] to out + i * columns()
///     source.add(row, factor, out)    out += factor * row
///
/// ids are in range and may repeat. copy and add are called from several threads at once, each with memory of its own.
/// An operation whose backward reads rows keeps a copy of the source, so a source that owns much should be a handle.
template <typename S>
concept RowSource = requires(const S& source, std::span<const Index> ids, Index row, typename S::Scalar* out,
                             typename S::Scalar factor) {
  requires std::floating_point<typename S::Scalar>;
  requires std::copy_constructible<S>;
  { source.rows() } -> std::convertible_to<Index>;
  { source.columns() } -> std::convertible_to<Index>;
  source.prepare(ids);
  source.copy(ids, out);
  source.add(row, factor, out);
};

namespace detail {

/// A source whose rows lie in memory, each at at(row), so that they can be used where they are.
template <typename S>
concept RowsInMemory = RowSource<S> && requires(const S& source, Index row) {
  { source.at(row) } -> std::same_as<const typename S::Scalar*>;
};

/// The rows of a tensor (V, D), which must outlive this. Only the rows prepared are brought up to date.
template <typename T>
class TensorRows {
 public:
  using Scalar = T;

  explicit TensorRows(const Tensor<T>& table)
      : table_(&table), values_(table.body().data), rows_(table.shape()[0]), columns_(table.shape()[1]) {}

  Index rows() const noexcept { return rows_; }
  Index columns() const noexcept { return columns_; }
  void prepare(std::span<const Index> ids) const { (void)table_->data_for_rows(ids); }
  void copy(std::span<const Index> ids, T* out) const {
    copy_rows(values_, columns_, ids.data(), static_cast<Index>(ids.size()), out);
  }
  void add(Index row, T factor, T* out) const { add_multiple(out, factor, at(row), columns_); }
  const T* at(Index row) const noexcept { return values_ + row * columns_; }

 private:
  const Tensor<T>* table_;
  const T* values_;
  Index rows_, columns_;
};

/// Its rows. ValueError for a source that has fewer than none.
template <typename Source>
Index checked_rows(const char* operation, const Source& source) {
  const Index rows = source.rows(), columns = source.columns();
  if (rows < 0 || columns < 0) [[unlikely]]
    raise<ValueError>(operation, ": the source of rows says that it has ", rows, " rows and ", columns, " columns");
  return rows;
}

inline std::span<const Index> as_span(const Indices& ids, Index count) {
  return {ids.data(), static_cast<std::size_t>(count)};
}
inline std::span<const Index> as_span(const Indices& ids) { return as_span(ids, ids.numel()); }

}  // namespace detail
}  // namespace rowgrad
