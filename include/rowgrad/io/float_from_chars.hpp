// What: float_from_chars, std::from_chars for float and double.
// Why:  libc++ has it since version 20 only; with an older one, or where ROWGRAD_NO_FLOAT_FROM_CHARS is defined,
//       float_by_strtod does the same, several times slower.
// See:  vectors/vector_file.hpp.
#pragma once

#include <charconv>
#include <version>

#if !defined(ROWGRAD_NO_FLOAT_FROM_CHARS) && defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 200000
#define ROWGRAD_NO_FLOAT_FROM_CHARS
#endif

#ifdef ROWGRAD_NO_FLOAT_FROM_CHARS
#ifdef _WIN32
#error "rowgrad needs a standard library whose std::from_chars reads float and double: libstdc++ 11 or libc++ 20"
#endif
#include <rowgrad/io/float_by_strtod.hpp>
#endif

namespace rowgrad::io {

/// The number at `at`, as std::from_chars reads it: no leading space or plus, no locale.
template <typename T>
std::from_chars_result float_from_chars(const char* at, const char* end, T& value) {
#ifdef ROWGRAD_NO_FLOAT_FROM_CHARS
  return float_by_strtod(at, end, value);
#else
  return std::from_chars(at, end, value);
#endif
}

}  // namespace rowgrad::io
