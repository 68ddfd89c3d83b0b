// What: float_by_strtod, std::from_chars for float and double by way of POSIX's strtod_l.
// Why:  for standard libraries whose from_chars reads whole numbers alone; strtod itself depends on the locale.
// See:  float_from_chars.hpp, which decides.
#pragma once

#ifndef _WIN32  // which has no strtod_l

#include <locale.h>
#include <stdlib.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#include <charconv>
#include <cmath>
#include <string>
#include <system_error>
#include <type_traits>

namespace rowgrad::io {

/// The number at `at`, as std::from_chars reads it, except that a copy of it is made, so memory can run out.
template <typename T>
std::from_chars_result float_by_strtod(const char* at, const char* end, T& value) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>);
  const auto is_one_of = [](char c, const char* set) {
    for (; *set != '\0'; ++set)
      if (*set == c) return true;
    return false;
  };
  const auto is_alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const char* last = at;
  while (last != end && (is_alphanumeric(*last) || is_one_of(*last, ".+-"))) ++last;
  // What strtod takes and from_chars does not: "+1", and hexadecimal digits, of which from_chars reads the first zero.
  const char* const digits = at != last && *at == '-' ? at + 1 : at;
  if (digits == last || *digits == '+' || (digits != at && *digits == '-')) return {at, std::errc::invalid_argument};
  if (last - digits > 1 && digits[0] == '0' && is_one_of(digits[1], "xX")) last = digits + 1;

  static const locale_t classic = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string copy(at, last);
  char* stop = nullptr;
  T number;
  if constexpr (std::is_same_v<T, float>)
    number = strtof_l(copy.c_str(), &stop, classic);
  else
    number = strtod_l(copy.c_str(), &stop, classic);
  if (stop == copy.c_str()) return {at, std::errc::invalid_argument};
  const char* const after = at + (stop - copy.c_str());
  // Out of range are infinity that was not spelled out, and zero of which a digit before the exponent is not zero.
  bool out_of_range = false;
  if (std::fpclassify(number) == FP_INFINITE) out_of_range = !is_one_of(*digits, "iI");
  if (number == T(0))
    for (const char* c = digits; c != after && !is_one_of(*c, "eE"); ++c) out_of_range |= is_one_of(*c, "123456789");
  if (out_of_range) return {after, std::errc::result_out_of_range};
  value = number;
  return {after, std::errc()};
}

}  // namespace rowgrad::io

#endif
