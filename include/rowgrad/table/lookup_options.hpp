// What: LookupOptions, which lookups and bags share, and the checks of what they are given.
// Why:  an option means the same wherever a table is read, so it is declared, checked and explained once.
// See:  lookup.hpp, bag.hpp; ids.hpp (checks of ids); renormalise.hpp (max_norm); nn/embedding.hpp.
#pragma once

#include <cmath>
#include <optional>

#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {

/// How rows are looked up. PyTorch: the keyword arguments of torch.nn.functional.embedding.
struct LookupOptions {
  std::optional<Index> padding_idx = {};  // a row that gets no gradient; negative: counted from the end
  std::optional<double> max_norm = {};    // rows of a larger norm are scaled down, in place, before they are read
  double norm_type = 2;                   // p of that norm
  bool scale_grad_by_freq = false;        // a row's gradient is divided by how often the row was looked up
  bool sparse = false;                    // says nothing: gradients are row-sparse always
};

/// ShapeError for anything but a table (V, D).
template <typename T>
void check_table(const char* operation, const Tensor<T>& table) {
  if (!table.defined() || table.dim() != 2)
    detail::raise<ShapeError>(
        operation, ": expected a table of shape (V, D), got ",
        table.defined() ? to_string(table.shape()) : "an undefined tensor (was the layer it belongs to moved from?)");
}

/// The options as they are for a table of so many rows, padding_idx counted from the front. IndexError for a
/// padding_idx outside the table, ValueError for a max_norm below 0 or a norm_type that is not a number.
inline LookupOptions checked_options(const char* operation, LookupOptions options, Index rows) {
  if (options.padding_idx) {
    Index& row = *options.padding_idx;
    if (row < -rows || row >= rows)
      detail::raise<IndexError>(operation, ": padding_idx ", row, " is outside a table of ", rows, " rows");
    if (row < 0) row += rows;
  }
  if (options.max_norm && (detail::is_nan(*options.max_norm) || *options.max_norm < 0))
    detail::raise<ValueError>(operation, ": expected max_norm >= 0, got ", *options.max_norm);
  if (detail::is_nan(options.norm_type)) detail::raise<ValueError>(operation, ": norm_type is not a number");
  return options;
}

}  // namespace rowgrad
