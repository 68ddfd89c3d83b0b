// What: a loop split over the threads there are.
// Why:  work is split into pieces whose bounds do not depend on the number of threads, so results do not either.
// See:  core/threads.hpp (how many). OpenMP where the compiler has it; otherwise everything runs on the calling thread.
#pragma once

#include <algorithm>
#include <exception>

#include <rowgrad/machine/index.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace rowgrad::detail {

/// Threads that a large operation started by this thread may use.
inline int max_threads() noexcept {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// Threads that may be started here: 1 within a piece of parallel_pieces().
inline int threads_here() noexcept {
#ifdef _OPENMP
  if (omp_in_parallel()) return 1;
#endif
  return max_threads();
}

/// body(piece) for piece = 0 .. pieces-1, in any order, on several threads when `worthwhile`.
/// Pieces must write to memory of their own. The first exception a piece throws is thrown again here.
template <typename Body>
void parallel_pieces(Index pieces, bool worthwhile, const Body& body) {
#ifdef _OPENMP
  const int threads = static_cast<int>(std::min<Index>(max_threads(), pieces));
  if (worthwhile && threads > 1 && !omp_in_parallel()) {
    std::exception_ptr error;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (Index piece = 0; piece < pieces; ++piece) {
      try {
        body(piece);
      } catch (...) {
#pragma omp critical(rowgrad_parallel_error)
        if (!error) error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
    return;
  }
#endif
  (void)worthwhile;
  for (Index piece = 0; piece < pieces; ++piece) body(piece);
}

}  // namespace rowgrad::detail
