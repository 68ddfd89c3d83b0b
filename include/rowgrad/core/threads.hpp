// What: the number of threads that large operations use.
// Why:  a program decides how much of the machine it takes; results do not depend on it.
// See:  machine/threads.hpp (how loops are split); PyTorch torch.set_num_threads.
//
// fork(): the child of a process that has already used several threads does not inherit them, but GNU's OpenMP believes
// it does, and waits for them forever in the child's first large operation. Let the child call set_num_threads(1)
// before anything else (all then runs on its own thread), or exec a program; or fork before the first large operation.
// The same holds for Python's multiprocessing where it forks.
#pragma once

#include <rowgrad/core/error.hpp>
#include <rowgrad/machine/threads.hpp>

namespace rowgrad {

/// Threads that large operations started by this thread may use. PyTorch: torch.get_num_threads.
inline int get_num_threads() noexcept { return detail::max_threads(); }

/// Sets that number; results do not depend on it. ValueError below 1. PyTorch: torch.set_num_threads.
inline void set_num_threads(int threads) {
  if (threads < 1) detail::raise<ValueError>("set_num_threads: expected at least 1 thread, got ", threads);
#ifdef _OPENMP
  omp_set_num_threads(threads);
#endif
}

}  // namespace rowgrad
