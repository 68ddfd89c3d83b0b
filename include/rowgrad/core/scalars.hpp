// What: the scalar types that tensors are saved with, by their type at run time, and conversion between them.
// Why:  what holds tensors of any type (AnyTensor) has to get back to the type before it can copy values.
// See:  any_tensor.hpp, state_dict.hpp.
#pragma once

#include <cstdint>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <rowgrad/machine/index.hpp>

namespace rowgrad::detail {

/// Calls f(U()) for the scalar U whose typeid this is: float, double, Index, std::int32_t, int16_t, int8_t, uint8_t or
/// bool. False, without a call, for any other type.
template <typename F>
bool with_scalar(const std::type_info& type, const F& f) {
  const auto is_one = [&](auto value) {
    if (type != typeid(value)) return false;
    f(value);
    return true;
  };
  return is_one(float()) || is_one(double()) || is_one(Index()) || is_one(std::int32_t()) || is_one(std::int16_t()) ||
         is_one(std::int8_t()) || is_one(std::uint8_t()) || is_one(bool());
}

/// PyTorch's name of a scalar type: "float32".
template <typename U>
constexpr const char* scalar_name() noexcept {
  if constexpr (std::is_same_v<U, bool>)
    return "bool";
  else if constexpr (std::is_floating_point_v<U>)
    return sizeof(U) == 4 ? "float32" : "float64";
  else if constexpr (std::is_unsigned_v<U>)
    return sizeof(U) == 1 ? "uint8" : sizeof(U) == 2 ? "uint16" : sizeof(U) == 4 ? "uint32" : "uint64";
  else
    return sizeof(U) == 1 ? "int8" : sizeof(U) == 2 ? "int16" : sizeof(U) == 4 ? "int32" : "int64";
}
inline const char* scalar_name(const std::type_info& type) {
  const char* name = type.name();
  with_scalar(type, [&name](auto scalar) { name = scalar_name<decltype(scalar)>(); });
  return name;
}

/// Whether values of From may become To's: all but floating-point numbers as whole ones.
template <typename From, typename To>
constexpr bool scalar_converts = std::is_floating_point_v<To> || !std::is_floating_point_v<From>;

/// One value as To. False for a whole number that To cannot hold; a bool takes what is not 0 as true.
template <typename To, typename From>
requires scalar_converts<From, To>
bool convert_scalar(From value, To& out) noexcept {
  if constexpr (std::is_same_v<To, bool>) {
    out = value != From(0);
  } else {
    if constexpr (std::is_integral_v<To>) {
      using Wide = std::conditional_t<std::is_same_v<From, bool>, std::uint8_t, From>;
      if (!std::in_range<To>(static_cast<Wide>(value))) return false;
    }
    out = static_cast<To>(value);
  }
  return true;
}

}  // namespace rowgrad::detail
