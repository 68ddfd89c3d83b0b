// What: the check of the ids that a lookup is given.
// Why:  a wrong id is the commonest mistake with a table; the message says where it stands and what probably happened.
// See:  lookup.hpp, bag.hpp; functional/one_hot.hpp, which has classes instead of rows.
#pragma once

#include <rowgrad/table/lookup_options.hpp>

namespace rowgrad::detail {

/// Where element i of a tensor stands: "1, 0, 2".
[[gnu::cold]] inline std::string position_text(const Shape& shape, Index i) {
  std::string position;
  for (int d = shape.rank() - 1; d >= 0; --d) {
    position = concat(i % shape[d], position.empty() ? "" : ", ", position);
    i /= shape[d];
  }
  return position;
}

/// IndexError for the first of ids[0], ..., ids[count - 1] outside [0, rows): its value, its position, and what
/// probably went wrong.
inline void check_ids(const char* operation, const Indices& ids, Index rows, Index count) {
  const Index* values = ids.data();
  bool inside = true;
  for (Index i = 0; i < count; ++i) inside &= static_cast<std::uint64_t>(values[i]) < static_cast<std::uint64_t>(rows);
  if (inside) return;
  Index i = 0;
  while (values[i] >= 0 && values[i] < rows) ++i;
  const char* const cause = rows == 0       ? "the table is empty"
                            : values[i] < 0 ? "indices count from 0; was an unknown word left at -1?"
                            : values[i] == rows
                                ? "one past the end: is the table's size the number of words plus the reserved index 0?"
                                : "was the vocabulary built from other data, or after the table?";
  raise<IndexError>(operation, ": index ", values[i], " at position (", position_text(ids.shape(), i), ") of shape ",
                    ids.shape(), " is outside a table of ", rows, " rows (", cause, ")");
}

inline void check_ids(const char* operation, const Indices& ids, Index rows) {
  check_ids(operation, ids, rows, ids.numel());
}

}  // namespace rowgrad::detail
