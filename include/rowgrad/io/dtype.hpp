// What: DType, the types of values in weight files, and their conversion to the scalars of tensors.
// Why:  files hold ten types, tensors three scalars and what buffers need; each conversion is written once, here.
// See:  half.hpp; safetensors.hpp, npy.hpp, pt.hpp.
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

/// Calls f(value of the C++ type that holds the bytes of `type`, a function from it to a double or an integer).
template <typename F>
void with_type(DType type, const F& f) {
  const auto plain = [](auto value) { return value; };
  switch (type) {  // NOLINTBEGIN(bugprone-branch-clone): each calls f with another type
    case DType::f64:
      return f(double(), plain);
    case DType::f32:
      return f(float(), plain);
    case DType::f16:
      return f(std::uint16_t(), [](std::uint16_t bits) { return Half::to_double(bits); });
    case DType::bf16:
      return f(std::uint16_t(), [](std::uint16_t bits) { return BFloat16::to_double(bits); });
    case DType::i64:
      return f(std::int64_t(), plain);
    case DType::i32:
      return f(std::int32_t(), plain);
    case DType::i16:
      return f(std::int16_t(), plain);
    case DType::i8:
      return f(std::int8_t(), plain);
    case DType::u8:
      return f(std::uint8_t(), plain);
    case DType::boolean:
      return f(std::uint8_t(), [](std::uint8_t byte) { return std::uint8_t(byte != 0); });
    case DType::u64:
      return f(std::uint64_t(), plain);
    case DType::u32:
      return f(std::uint32_t(), plain);
    case DType::u16:
      return f(std::uint16_t(), plain);
  }  // NOLINTEND(bugprone-branch-clone)
}

/// Whether values of this type can become scalars of T: anything a floating point number, whole numbers whole ones.
template <typename T>
constexpr bool converts_to(DType type) noexcept {
  return std::is_floating_point_v<T> ||
         !(type == DType::f64 || type == DType::f32 || type == DType::f16 || type == DType::bf16);
}

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

/// count values of `type` become scalars of T. Returns how many were converted before one that T cannot hold (a whole
/// number beyond its range), count when all were. Ask converts_to() first.
template <typename T>
Index convert(const char* bytes, DType type, Index count, T* out) {
  if (type == dtype_of<T>() && std::endian::native == std::endian::little && !std::is_same_v<T, bool>) {
    std::memcpy(out, bytes, static_cast<std::size_t>(count) * sizeof(T));
    return count;
  }
  Index done = 0;
  with_type(type, [&](auto raw, const auto& value_of) {
    using Raw = decltype(raw);
    for (; done < count; ++done) {
      const auto value = value_of(load<Raw>(bytes + static_cast<std::size_t>(done) * sizeof(Raw)));
      using Value = std::decay_t<decltype(value)>;
      if constexpr (std::is_same_v<T, bool>) {
        out[done] = value != 0;
      } else {
        if constexpr (std::is_integral_v<T> && std::is_integral_v<Value>) {
          if (!std::in_range<T>(value)) return;
        }
        out[done] = static_cast<T>(value);
      }
    }
  });
  return done;
}

/// The other way. Floating point numbers in types of whole numbers are not converted.
template <typename T>
Index convert_back(const T* values, Index count, DType type, char* bytes) {
  Index done = 0;
  with_type(type, [&](auto raw, const auto&) {
    using Raw = decltype(raw);
    for (; done < count; ++done) {
      const T value = values[done];
      Raw stored = 0;
      if (type == DType::f16 || type == DType::bf16) {
        const double rounded = static_cast<double>(value);
        stored = static_cast<Raw>(type == DType::f16 ? Half::from_double(rounded) : BFloat16::from_double(rounded));
      } else if (type == DType::boolean) {
        stored = value != T(0) ? Raw(1) : Raw(0);
      } else {
        if constexpr (std::is_integral_v<T> && std::is_integral_v<Raw> && !std::is_same_v<T, bool>) {
          if (!std::in_range<Raw>(value)) return;
        }
        stored = static_cast<Raw>(value);
      }
      store(stored, bytes + static_cast<std::size_t>(done) * sizeof(Raw));
    }
  });
  return done;
}

}  // namespace detail
}  // namespace rowgrad::io
