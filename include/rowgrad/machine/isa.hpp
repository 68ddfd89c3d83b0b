// What: ROWGRAD_ISA, the name of an inline namespace for what depends on the instruction set the compiler may use.
// Why:  objects compiled with different -march options may meet in one program. Of two definitions with one name the
//       linker keeps one; a matrix packed for registers of 4 floats, multiplied as if they held 8, gives wrong numbers
//       in silence. With the instruction set in the name each object keeps its own.
// See:  docs/decisions.md, "One program, several instruction sets"; product_kernel.hpp; tests/link.
//
// It goes round every layout that depends on the size of a register, and every function whose local variables or
// lambdas have such a layout. Such a function's own name needs it as well: it and its lambdas may come from two
// objects.
#pragma once

#include <rowgrad/machine/eigen.hpp>  // whose choice of registers this is: see its ConfigureVectorization.h

#if defined(EIGEN_VECTORIZE_AVX512)
#define ROWGRAD_ISA_REGISTERS isa_avx512
#elif defined(EIGEN_VECTORIZE_AVX2)
#define ROWGRAD_ISA_REGISTERS isa_avx2
#elif defined(EIGEN_VECTORIZE_AVX)
#define ROWGRAD_ISA_REGISTERS isa_avx
#elif defined(EIGEN_VECTORIZE_SSE)  // SSE3 to SSE4.2 bring instructions, and neither registers nor rounding
#define ROWGRAD_ISA_REGISTERS isa_sse
#elif defined(EIGEN_VECTORIZE_SVE)
#define ROWGRAD_ISA_REGISTERS ROWGRAD_ISA_JOIN(isa_sve, EIGEN_ARM64_SVE_VL)
#elif defined(EIGEN_VECTORIZE_NEON)
#define ROWGRAD_ISA_REGISTERS isa_neon
#elif defined(EIGEN_VECTORIZE_VSX)
#define ROWGRAD_ISA_REGISTERS isa_vsx
#elif defined(EIGEN_VECTORIZE_ALTIVEC)
#define ROWGRAD_ISA_REGISTERS isa_altivec
#elif defined(EIGEN_VECTORIZE_ZVECTOR) && defined(__ARCH__) && __ARCH__ < 12
#define ROWGRAD_ISA_REGISTERS isa_zvector_double  // floats are widened
#elif defined(EIGEN_VECTORIZE_ZVECTOR)
#define ROWGRAD_ISA_REGISTERS isa_zvector
#elif defined(EIGEN_VECTORIZE_MSA)
#define ROWGRAD_ISA_REGISTERS isa_msa
#else
#define ROWGRAD_ISA_REGISTERS isa_scalar
#endif

#if defined(__FMA__) || defined(__FMA4__) || defined(__ARM_FEATURE_FMA) || defined(EIGEN_VECTORIZE_FMA)
#define ROWGRAD_ISA ROWGRAD_ISA_JOIN(ROWGRAD_ISA_REGISTERS, _fma)
#else
#define ROWGRAD_ISA ROWGRAD_ISA_REGISTERS
#endif

#define ROWGRAD_ISA_JOIN(a, b) ROWGRAD_ISA_JOIN_EXPANDED(a, b)
#define ROWGRAD_ISA_JOIN_EXPANDED(a, b) a##b
