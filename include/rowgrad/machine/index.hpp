// What: Index, the type of sizes, positions and ids.
// Why:  every room counts with it, also those that know no tensor.
// See:  core/shape.hpp.
#pragma once

#include <cstdint>

namespace rowgrad {

/// Sizes, positions and table indices. Signed, as in Eigen and PyTorch (int64).
using Index = std::int64_t;

}  // namespace rowgrad
