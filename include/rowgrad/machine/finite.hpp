// What: whether numbers are finite, read from their bits.
// Why:  -ffast-math lets the compiler assume that no number is NaN or infinite, and removes every test that asks by
//       comparing. A gradient that is not finite must be refused all the same.
// See:  optim/parameter_state.hpp (gradients), optim/fields.hpp (options).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <rowgrad/machine/index.hpp>
#include <rowgrad/machine/isa.hpp>

namespace rowgrad::detail {

template <typename T>
struct FloatBits {
  using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  static constexpr Word exponent = sizeof(T) == 4 ? Word{0x7f800000u} : static_cast<Word>(0x7ff0000000000000u);
  static constexpr Word without_sign = static_cast<Word>(~Word{0}) >> 1;
};

inline bool is_finite(float x) noexcept {
  return (std::bit_cast<std::uint32_t>(x) & FloatBits<float>::exponent) != FloatBits<float>::exponent;
}
inline bool is_finite(double x) noexcept {
  return (std::bit_cast<std::uint64_t>(x) & FloatBits<double>::exponent) != FloatBits<double>::exponent;
}
template <typename T>
bool is_nan(T x) noexcept {
  using Bits = FloatBits<T>;
  return (std::bit_cast<typename Bits::Word>(x) & Bits::without_sign) > Bits::exponent;
}

inline namespace ROWGRAD_ISA {

/// Whether n neighbouring numbers are finite. One pass, at the speed of memory.
template <typename T>
bool all_finite(const T* values, Index n) noexcept {
  using Word = typename FloatBits<T>::Word;
  constexpr Word without_sign = FloatBits<T>::without_sign;
  // One more in an exponent of ones alone overflows into the sign's place.
  constexpr Word one_more = FloatBits<T>::exponent & (~FloatBits<T>::exponent + 1);
  typedef Word Words [[gnu::vector_size(16)]];  // a register on every machine
  constexpr Index width = static_cast<Index>(16 / sizeof(Word));
  const auto look = [](Words & seen, const T* at) __attribute__((always_inline)) {
    Words bits;
    std::memcpy(&bits, at, sizeof bits);
    seen |= (bits & without_sign) + one_more;
  };
  Index i = 0;
  Words seen{}, seen1{}, seen2{}, seen3{};
  for (; i + 4 * width <= n; i += 4 * width) {
    look(seen, values + i);
    look(seen1, values + i + width);
    look(seen2, values + i + 2 * width);
    look(seen3, values + i + 3 * width);
  }
  seen |= (seen1 | seen2) | seen3;
  for (; i + width <= n; i += width) look(seen, values + i);
  Word found = 0;
  for (Index k = 0; k < width; ++k) found |= seen[k];
  for (; i < n; ++i) {
    Word bits;
    std::memcpy(&bits, values + i, sizeof bits);
    found |= (bits & without_sign) + one_more;
  }
  return found <= without_sign;
}

}  // namespace ROWGRAD_ISA

/// Position of the first of n numbers that `bad` holds for, n when there is none.
template <typename T>
Index find_first(const T* values, Index n, bool (*bad)(T)) {
  Index i = 0;
  while (i < n && !bad(values[i])) ++i;
  return i;
}

}  // namespace rowgrad::detail
