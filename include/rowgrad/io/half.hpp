// What: the 16-bit floating point formats of weight files, to and from double.
// Why:  files hold them, tensors do not; every conversion rounds once, to nearest with ties to even.
// See:  dtype.hpp; IEEE 754 binary16 (F16); bfloat16 (BF16), the upper half of a float.
#pragma once

#include <bit>
#include <cstdint>

namespace rowgrad::io::detail {

/// A format of one sign bit, exponent bits and fraction bits, 16 in all, with infinities and NaN as in IEEE 754.
template <int exponent_bits>
struct Small {
  static constexpr int fraction_bits = 15 - exponent_bits;
  static constexpr int bias = (1 << (exponent_bits - 1)) - 1;
  static constexpr std::uint32_t largest_exponent = (1u << exponent_bits) - 1;

  static double to_double(std::uint16_t bits) noexcept {
    const std::uint64_t sign = std::uint64_t{bits} >> 15 << 63;
    const std::uint32_t exponent = (bits >> fraction_bits) & largest_exponent;
    const std::uint64_t fraction = bits & ((1u << fraction_bits) - 1);
    if (exponent == largest_exponent)
      return std::bit_cast<double>(sign | 0x7ffULL << 52 | fraction << (52 - fraction_bits));
    if (exponent != 0)
      return std::bit_cast<double>(sign | std::uint64_t{exponent + 1023u - bias} << 52 |
                                   fraction << (52 - fraction_bits));
    // Subnormal: fraction * 2^(1 - bias - fraction_bits), exact in a double.
    const double unit = std::bit_cast<double>(std::uint64_t{1023u + 1 - bias - fraction_bits} << 52);
    const double value = static_cast<double>(fraction) * unit;
    return sign != 0 ? -value : value;
  }

  static std::uint16_t from_double(double value) noexcept {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
    const auto sign = static_cast<std::uint32_t>(bits >> 63 << 15);
    const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
    constexpr std::uint32_t infinity = largest_exponent << fraction_bits;
    if (exponent == 1024) {  // a NaN stays one: its upper fraction bits, and the quiet bit
      const auto payload = static_cast<std::uint32_t>(fraction >> (52 - fraction_bits));
      return static_cast<std::uint16_t>(sign | infinity | (fraction == 0 ? 0u : payload | 1u << (fraction_bits - 1)));
    }
    if (exponent > bias) return static_cast<std::uint16_t>(sign | infinity);
    // The kept bits, with the exponent above them where the value is normal; rounding up may carry into it, rightly.
    const bool normal = exponent >= 1 - bias;
    const int dropped = 52 - fraction_bits + (normal ? 0 : 1 - bias - exponent);
    if (dropped > 53) return static_cast<std::uint16_t>(sign);  // below half of the least subnormal
    const std::uint64_t whole = fraction | std::uint64_t{1} << 52;
    std::uint64_t kept = (normal ? fraction : whole) >> dropped;
    const std::uint64_t rest = whole & ((std::uint64_t{1} << dropped) - 1), half = std::uint64_t{1} << (dropped - 1);
    if (normal) kept |= static_cast<std::uint64_t>(exponent + bias) << fraction_bits;
    if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(kept));
  }
};

using Half = Small<5>;      // F16
using BFloat16 = Small<8>;  // BF16

}  // namespace rowgrad::io::detail
