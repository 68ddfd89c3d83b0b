// What: values of any type of weight files as values of any other.
// Why:  thirteen types make 169 conversions; by way of three types that hold all values exactly there are thirteen ways
//       in and few more out, compiled once.
// See:  dtype.hpp; tensor_file.hpp (reading), saved_tensor.hpp (writing).
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include <rowgrad/io/dtype.hpp>

namespace rowgrad::io::detail {

/// Whether values of one type become values of another: anything floating-point numbers, whole numbers whole ones.
constexpr bool converts(DType from, DType to) noexcept { return !is_whole(to) || is_whole(from); }

/// A type's values as doubles; whole numbers as 64-bit ones, those of U64 by their bits. Bytes in the machine's order.
inline void widen(const char* bytes, DType type, Index count, double* real, std::int64_t* whole) {
  const auto each = [&](auto raw, auto* out, const auto& value_of) {
    for (Index i = 0; i < count; ++i, bytes += sizeof raw) {
      std::memcpy(&raw, bytes, sizeof raw);
      out[i] = value_of(raw);
    }
  };
  const auto plain = [](auto raw) { return raw; };
  switch (type) {  // NOLINTBEGIN(bugprone-branch-clone): each calls with another type
    case DType::f64:
      return each(double(), real, plain);
    case DType::f32:
      return each(float(), real, plain);
    case DType::f16:
      return each(std::uint16_t(), real, Half::to_double);
    case DType::bf16:
      return each(std::uint16_t(), real, BFloat16::to_double);
    case DType::i64:
    case DType::u64:
      return each(std::int64_t(), whole, plain);
    case DType::i32:
      return each(std::int32_t(), whole, plain);
    case DType::i16:
      return each(std::int16_t(), whole, plain);
    case DType::i8:
      return each(std::int8_t(), whole, plain);
    case DType::u8:
      return each(std::uint8_t(), whole, plain);
    case DType::boolean:
      return each(std::uint8_t(), whole, [](std::uint8_t byte) { return byte != 0 ? 1 : 0; });
    case DType::u32:
      return each(std::uint32_t(), whole, plain);
    case DType::u16:
      return each(std::uint16_t(), whole, plain);
  }  // NOLINTEND(bugprone-branch-clone)
}

/// The way back, rounded to nearest. How many were converted before one that the type cannot hold.
template <typename Wide>
Index narrow(const Wide* values, Index count, DType type, char* bytes) {
  const auto each = [&](auto raw, const auto& stored_of) {
    using Raw = decltype(raw);
    for (Index i = 0; i < count; ++i, bytes += sizeof raw) {
      raw = static_cast<Raw>(stored_of(values[i]));
      std::memcpy(bytes, &raw, sizeof raw);
    }
    return count;
  };
  const auto whole = [&](auto raw) {
    using Raw = decltype(raw);
    Index fit = 0;
    if constexpr (std::is_integral_v<Wide>)
      while (fit < count && std::in_range<Raw>(values[fit])) ++fit;
    count = fit;
    return each(raw, [](Wide value) { return value; });
  };
  switch (type) {  // NOLINTBEGIN(bugprone-branch-clone): each calls with another type
    case DType::f64:
      return each(double(), [](Wide value) { return static_cast<double>(value); });
    case DType::f32:
      return each(float(), [](Wide value) { return static_cast<float>(value); });
    case DType::f16:
      return each(std::uint16_t(), [](Wide value) { return Half::from_double(static_cast<double>(value)); });
    case DType::bf16:
      return each(std::uint16_t(), [](Wide value) { return BFloat16::from_double(static_cast<double>(value)); });
    case DType::boolean:
      return each(std::uint8_t(), [](Wide value) { return value != 0 ? 1 : 0; });
    default:
      break;
  }
  if constexpr (std::is_integral_v<Wide>) switch (type) {
      case DType::i64:
        return whole(std::int64_t());
      case DType::i32:
        return whole(std::int32_t());
      case DType::i16:
        return whole(std::int16_t());
      case DType::i8:
        return whole(std::int8_t());
      case DType::u8:
        return whole(std::uint8_t());
      case DType::u64:
        return whole(std::uint64_t());
      case DType::u32:
        return whole(std::uint32_t());
      case DType::u16:
        return whole(std::uint16_t());
      default:
        break;
    }  // NOLINTEND(bugprone-branch-clone)
  return 0;
}

/// Values of a type become values of another, both in the machine's byte order. Returns how many were converted before
/// one that the type cannot hold (a whole number beyond its range), count when all were. Ask converts() first.
inline Index convert_values(const char* from, DType type, Index count, char* to, DType wanted) {
  if (type == wanted && type != DType::boolean) {
    if (count > 0) std::memcpy(to, from, static_cast<std::size_t>(count) * size_of(type));
    return count;
  }
  constexpr Index piece = 512;
  double real[piece];
  std::int64_t whole[piece];
  for (Index done = 0; done < count; done += piece) {
    const Index size = std::min(piece, count - done);
    const char* const in = from + static_cast<std::size_t>(done) * size_of(type);
    char* const out = to + static_cast<std::size_t>(done) * size_of(wanted);
    widen(in, type, size, real, whole);
    const Index fit = !is_whole(type)      ? narrow(real, size, wanted, out)
                      : type == DType::u64 ? narrow(reinterpret_cast<const std::uint64_t*>(whole), size, wanted, out)
                                           : narrow(whole, size, wanted, out);
    if (fit < size) return done + fit;
  }
  return count;
}

/// Turns the bytes of each value round, where the machine's order is not that of files.
inline void to_file_order([[maybe_unused]] char* bytes, [[maybe_unused]] Index count, [[maybe_unused]] DType type) {
  if constexpr (std::endian::native != std::endian::little)
    for (const char* const end = bytes + static_cast<std::size_t>(count) * size_of(type); bytes < end;
         bytes += size_of(type))
      std::reverse(bytes, bytes + size_of(type));
}

/// count values of a file become scalars of T, as convert_values() does it.
inline Index convert_from_file(const char* bytes, DType type, Index count, char* to, DType wanted) {
  if constexpr (std::endian::native == std::endian::little) return convert_values(bytes, type, count, to, wanted);
  char value[8];
  for (Index i = 0; i < count; ++i) {
    std::memcpy(value, bytes + static_cast<std::size_t>(i) * size_of(type), size_of(type));
    to_file_order(value, 1, type);
    if (convert_values(value, type, 1, to + static_cast<std::size_t>(i) * size_of(wanted), wanted) == 0) return i;
  }
  return count;
}
template <typename T>
Index convert(const char* bytes, DType type, Index count, T* out) {
  return convert_from_file(bytes, type, count, reinterpret_cast<char*>(out), dtype_of<T>());
}

}  // namespace rowgrad::io::detail
