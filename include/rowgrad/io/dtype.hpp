// What: DType, the types of values in weight files, and how numbers lie in them.
// Why:  files hold thirteen types; readers and writers of all formats name them alike.
// See:  convert.hpp; safetensors.hpp, npy.hpp, pt.hpp.
#pragma once

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include <rowgrad/io/half.hpp>
#include <rowgrad/machine/index.hpp>

namespace rowgrad::io {

/// Names are those of safetensors.
enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean, u64, u32, u16 };

/// Bytes of one value.
constexpr std::size_t size_of(DType type) noexcept {
  switch (type) {
    case DType::f64:
    case DType::i64:
    case DType::u64:
      return 8;
    case DType::f32:
    case DType::i32:
    case DType::u32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
    case DType::u16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      break;
  }
  return 1;
}

constexpr bool is_whole(DType type) noexcept {
  return type != DType::f64 && type != DType::f32 && type != DType::f16 && type != DType::bf16;
}

/// "F32", as in safetensors.
constexpr const char* name_of(DType type) noexcept {
  constexpr const char* names[] = {"F64", "F32", "F16",  "BF16", "I64", "I32", "I16",
                                   "I8",  "U8",  "BOOL", "U64",  "U32", "U16"};
  return names[static_cast<int>(type)];
}

/// The type whose values are those of scalar T.
template <typename T>
constexpr DType dtype_of() noexcept {
  if constexpr (std::is_same_v<T, double>)
    return DType::f64;
  else if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else if constexpr (std::is_same_v<T, bool>)
    return DType::boolean;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::u8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::i8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return DType::i16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::i32;
  else {
    static_assert(std::is_integral_v<T> && sizeof(T) == 8 && std::is_signed_v<T>, "no type of a file has such values");
    return DType::i64;
  }
}

namespace detail {

/// The value at a place of any alignment, in the byte order of files: the least byte first.
template <typename Raw>
Raw load(const char* bytes) noexcept {
  Raw value;
  if constexpr (std::endian::native == std::endian::little || sizeof(Raw) == 1) {
    std::memcpy(&value, bytes, sizeof value);
  } else {
    char reversed[sizeof(Raw)];
    for (std::size_t i = 0; i < sizeof(Raw); ++i) reversed[i] = bytes[sizeof(Raw) - 1 - i];
    std::memcpy(&value, reversed, sizeof value);
  }
  return value;
}

template <typename Raw>
void store(Raw value, char* bytes) noexcept {
  char raw[sizeof(Raw)];
  std::memcpy(raw, &value, sizeof value);
  for (std::size_t i = 0; i < sizeof(Raw); ++i)
    bytes[i] = raw[std::endian::native == std::endian::little ? i : sizeof(Raw) - 1 - i];
}

}  // namespace detail
}  // namespace rowgrad::io
