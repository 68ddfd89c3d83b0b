// What: Eigen/Core, without the warnings that GCC 12 gives for its own AVX-512 intrinsics.
// Why:  they start from a register that is deliberately left uninitialised, and -Wall reports that wherever Eigen's
//       SIMD code is inlined, also from a system header. What decides is the setting where the intrinsics are defined.
// See:  GCC bug 105593; maps.hpp, isa.hpp.
#pragma once

#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#include <Eigen/Core>
