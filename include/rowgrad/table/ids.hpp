// What: checks of the ids that a lookup is given.
// Why:  a wrong id is the commonest mistake with a table; the message says where it stands and what probably happened.
// See:  lookup.hpp, bag.hpp, functional/one_hot.hpp.
#pragma once

#include <optional>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad::detail {

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

}  // namespace rowgrad::detail
