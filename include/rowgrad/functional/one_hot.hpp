// What: one_hot(), the dense cousin of a lookup.
// Why:  for comparison and for small classes; a table lookup does the same without the zeros.
// See:  table/lookup.hpp; PyTorch torch.nn.functional.one_hot.
#pragma once

#include <algorithm>
#include <limits>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/table/ids.hpp>

namespace rowgrad {

/// 1 at each index, 0 elsewhere: result (ids..., num_classes); num_classes -1 means the largest index plus one.
/// IndexError for an index outside the classes, ValueError for any other negative number of them. PyTorch:
/// torch.nn.functional.one_hot.
inline Indices one_hot(const Indices& ids, Index num_classes = -1) {
  if (num_classes < -1)
    detail::raise<ValueError>("one_hot: expected num_classes >= 0, or -1 to work it out, got ", num_classes);
  const Index count = ids.numel(), most = std::numeric_limits<Index>::max();
  const Index* const values = ids.data();
  if (num_classes == -1) {
    if (count == 0) throw ValueError("one_hot: num_classes must be given when there are no indices");
    const Index largest = *std::max_element(values, values + count);
    num_classes = largest < 0 ? 0 : largest == most ? most : largest + 1;
  }
  const Index* const wrong =
      std::find_if(values, values + count, [=](Index id) { return id < 0 || id >= num_classes; });
  if (wrong != values + count)
    detail::raise<IndexError>("one_hot: index ", *wrong, " at position (",
                              detail::position_text(ids.shape(), wrong - values), ") of shape ", ids.shape(),
                              *wrong < 0       ? " is negative (indices count from 0)"
                              : *wrong == most ? " needs more classes than can be counted"
                                               : detail::concat(" is outside the ", num_classes, " classes"));
  Shape shape = ids.shape();
  shape.append(num_classes);
  Indices result = zeros<Index>(shape);
  for (Index i = 0; i < count; ++i) result.data()[i * num_classes + values[i]] = 1;
  return result;
}

}  // namespace rowgrad
