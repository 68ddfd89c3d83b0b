// What: LookupOptions, which lookups and bags share, and the checks of what they are given.
// Why:  an option means the same wherever a table is read, so it is declared, checked and explained once.
// See:  lookup.hpp, bag.hpp; ids.hpp (checks of ids); renormalise.hpp (max_norm); nn/embedding.hpp.
#pragma once

#include <cmath>
#include <optional>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad {

/// How rows are looked up. PyTorch: the keyword arguments of torch.nn.functional.embedding.
struct LookupOptions {
  std::optional<Index> padding_idx = {};  // a row that gets no gradient; negative: counted from the end
  std::optional<double> max_norm = {};    // rows of a larger norm are scaled down, in place, before they are read
  double norm_type = 2;                   // p of that norm
  bool scale_grad_by_freq = false;        // a row's gradient is divided by how often the row was looked up
};

namespace detail {

/// ShapeError for anything but a table (V, D).
template <typename T>
void check_table(const char* operation, const Tensor<T>& table) {
  if (table.dim() != 2) throw ShapeError(concat(operation, ": expected a table of shape (V, D), got ", table.shape()));
}

/// padding_idx counted from the front, -1 for none. IndexError outside the table.
inline Index checked_padding(const char* operation, std::optional<Index> padding_idx, Index rows) {
  if (!padding_idx) return -1;
  if (*padding_idx < -rows || *padding_idx >= rows)
    throw IndexError(concat(operation, ": padding_idx ", *padding_idx, " is outside a table of ", rows, " rows"));
  return *padding_idx < 0 ? *padding_idx + rows : *padding_idx;
}

/// ValueError for a norm that no row can be scaled to.
inline void check_norm(const char* operation, const LookupOptions& options) {
  if (!options.max_norm) return;
  if (!(*options.max_norm >= 0))
    throw ValueError(concat(operation, ": expected max_norm >= 0, got ", *options.max_norm));
  if (std::isnan(options.norm_type)) throw ValueError(concat(operation, ": norm_type is not a number"));
}

}  // namespace detail
}  // namespace rowgrad
