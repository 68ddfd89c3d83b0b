// What: DeferredState, what a table is owed at the moment its optimizer's state is saved.
// Why:  bringing rows up to date in two parts rounds differently than in one; a run that is saved and resumed must have
//       the bits of one that never was, so rows that are behind are saved as they are, too.
// See:  deferred_rows.hpp (who keeps it), ../rule_optimizer.hpp (hold); docs/deferred_rows.md.
#pragma once

#include <cstdint>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad::optim {

/// Undefined for a parameter without rows that rest.
template <typename T>
struct DeferredState {
  Tensor<std::int16_t> stamps;    // one per row: 0 while no step has touched its state, else 1 + steps since `first`
  Index first = 0;                // step that all rows were up to date with
  std::vector<double> lrs;        // learning rates of the steps after it; none when nothing is owed
  Indices rows;                   // those that are behind, in order
  std::vector<Tensor<T>> values;  // theirs as they are: weights, then each state array; (rows, columns)

  bool defined() const noexcept { return stamps.defined(); }
};

}  // namespace rowgrad::optim
