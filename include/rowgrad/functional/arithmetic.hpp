// What: + - * / % of what differs in type: float with integers or masks, integers with fractions; remainders; add, sub,
//       mul, div, neg by name.
// Why:  x * lengths, ids / 2 and ids * 0.5 give what they give in PyTorch, not what C++'s conversions would make of
//       them.
// See:  elementwise.hpp, for one type; promotion.hpp, for the rule; PyTorch "Type promotion".
#pragma once

#include <string_view>

#include <rowgrad/functional/pointwise.hpp>
#include <rowgrad/functional/rounding.hpp>

namespace rowgrad {
namespace detail {

/// The type of a quotient: integers and masks divide as float.
template <typename P>
using Quotient = std::conditional_t<std::is_floating_point_v<P>, P, float>;

/// Whether a tensor of T and a number meet in another type than T.
template <typename T, typename N>
concept promotes = Number<N> && !std::same_as<PromotedNumber<T, N>, T>;

/// A number in the type in which it meets tensors of T; a tensor as it is.
template <typename T, Number N>
PromotedNumber<T, N> met(N number) {
  return static_cast<PromotedNumber<T, N>>(number);
}
template <typename T, typename U>
Tensor<U> met(const Tensor<U>& x) {
  return x;
}

}  // namespace detail

/// Sums, differences and products of tensors of two types. A gradient is of its operand's type. PyTorch: the same.
template <typename T, typename U>
requires(!std::same_as<T, U>) Tensor<detail::Promoted<T, U>>
operator+(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Promoted<T, U>;
  return detail::promoted<P>(a) + detail::promoted<P>(b);
}
template <typename T, typename U>
requires(!std::same_as<T, U>) Tensor<detail::Promoted<T, U>>
operator-(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Promoted<T, U>;
  return detail::promoted<P>(a) - detail::promoted<P>(b);
}
template <typename T, typename U>
requires(!std::same_as<T, U>) Tensor<detail::Promoted<T, U>>
operator*(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Promoted<T, U>;
  return detail::promoted<P>(a) * detail::promoted<P>(b);
}
/// Quotients; of integers, float: Indices{1} / 2 is 0.5. See floor_divide() for whole ones.
template <typename T, typename U>
requires(!std::same_as<T, U> || std::integral<T>) Tensor<detail::Quotient<detail::Promoted<T, U>>>
operator/(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Quotient<detail::Promoted<T, U>>;
  return detail::promoted<P>(a) / detail::promoted<P>(b);
}

/// The same with numbers: integers and a fraction meet in float, masks and an integer in integers.
template <typename T, typename N>
requires detail::promotes<T, N> Tensor<detail::PromotedNumber<T, N>>
operator+(const Tensor<T>& x, N number) {
  return detail::promoted<detail::PromotedNumber<T, N>>(x) + detail::met<T>(number);
}
template <typename N, typename T>
requires detail::promotes<T, N> Tensor<detail::PromotedNumber<T, N>>
operator+(N number, const Tensor<T>& x) {
  return detail::met<T>(number) + detail::promoted<detail::PromotedNumber<T, N>>(x);
}
template <typename T, typename N>
requires detail::promotes<T, N> Tensor<detail::PromotedNumber<T, N>>
operator-(const Tensor<T>& x, N number) {
  return detail::promoted<detail::PromotedNumber<T, N>>(x) - detail::met<T>(number);
}
template <typename N, typename T>
requires detail::promotes<T, N> Tensor<detail::PromotedNumber<T, N>>
operator-(N number, const Tensor<T>& x) {
  return detail::met<T>(number) - detail::promoted<detail::PromotedNumber<T, N>>(x);
}
template <typename T, typename N>
requires detail::promotes<T, N> Tensor<detail::PromotedNumber<T, N>>
operator*(const Tensor<T>& x, N number) {
  return detail::promoted<detail::PromotedNumber<T, N>>(x) * detail::met<T>(number);
}
template <typename N, typename T>
requires detail::promotes<T, N> Tensor<detail::PromotedNumber<T, N>>
operator*(N number, const Tensor<T>& x) {
  return detail::met<T>(number) * detail::promoted<detail::PromotedNumber<T, N>>(x);
}
template <std::integral T, detail::Number N>
Tensor<float> operator/(const Tensor<T>& x, N number) {
  return x.template to<float>() / static_cast<float>(number);
}
template <detail::Number N, std::integral T>
Tensor<float> operator/(N number, const Tensor<T>& x) {
  return static_cast<float>(number) / x.template to<float>();
}

/// Integers to the power of a number: integers for an integer, else float. ValueError for a negative integer, whose
/// powers would be fractions. PyTorch: torch.pow.
template <std::integral T, detail::Number N>
Tensor<detail::PromotedNumber<T, N>> pow(const Tensor<T>& x, N exponent) {
  using P = detail::PromotedNumber<T, N>;
  if constexpr (std::is_floating_point_v<P>) {
    return pow(x.template to<P>(), static_cast<P>(exponent));
  } else {
    if (exponent < N(0))
      detail::raise<ValueError>("pow: expected an exponent of at least 0 for integers, got ", exponent,
                                " (x.to<float>() has fractions)");
    return detail::map<P>(x, [n = static_cast<P>(exponent)](T v) { return detail::power_of<P>(v, n); });
  }
}

namespace detail {

/// a / b rounded down, as Python does it: exact where the quotient itself would be rounded up.
template <typename T>
T floor_quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (b == T(0)) return a / detail::met<T>(b);
    const T rest = std::fmod(a, b);
    T quotient = (a - rest) / b;
    if (rest != T(0) && (b < T(0)) != (rest < T(0))) quotient -= T(1);
    if (quotient == T(0)) return std::copysign(T(0), a / b);
    const T whole = std::floor(quotient);
    return quotient - whole > T(0.5) ? whole + T(1) : whole;
  } else {
    if (b == -1) return static_cast<T>(0 - static_cast<std::uint64_t>(a));  // the smallest number has no opposite
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
  }
}

/// a - b trunc(a / b), with a's sign; and the same with b's sign.
template <typename T>
T rest_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(a, b);
  else
    return b == -1 ? 0 : a % b;
}
template <typename T>
T python_rest_of(T a, T b) {
  const T rest = rest_of(a, b);
  return rest != T(0) && (b < T(0)) != (rest < T(0)) ? rest + b : rest;
}

/// ValueError for an integer that nothing can be divided by.
template <typename T>
void expect_divisors(const char* operation, const Tensor<T>& x) {
  if constexpr (std::is_integral_v<T>)
    if (std::find(x.data(), x.data() + x.numel(), T(0)) != x.data() + x.numel())
      raise<ValueError>(operation, ": expected integers that are not 0 as divisors, got a 0");
}

/// The same as a tensor.
template <typename T, Number N>
Tensor<PromotedNumber<T, N>> as_operand(N number) {
  return full<PromotedNumber<T, N>>(Shape{}, met<T>(number));
}
template <typename T, typename U>
Tensor<U> as_operand(const Tensor<U>& x) {
  return x;
}

/// a and b in the type in which they meet, through one of the functions below.
template <typename T, typename U, typename F>
auto meet(const Tensor<T>& a, const Tensor<U>& b, const F& f) {
  using P = Promoted<T, U>;
  static_assert(!std::is_same_v<P, bool>, "masks have no remainders and quotients");
  return f(promoted<P>(a), promoted<P>(b));
}

inline constexpr auto remainders = []<typename T>(const Tensor<T>& a, const Tensor<T>& b) {
  expect_divisors("remainder", b);
  return pointwise(
      "remainder", "RemainderBackward1", [](T u, T v) { return python_rest_of(u, v); },
      [](T g, T u, T v) {
        return std::array<T, 2>{g, -g * floor_quotient(u, v)};
      },
      a, b);
};
inline constexpr auto truncated_remainders = []<typename T>(const Tensor<T>& a, const Tensor<T>& b) {
  expect_divisors("fmod", b);
  return pointwise(
      "fmod", "FmodBackward1", [](T u, T v) { return rest_of(u, v); },
      [](T g, T u, T v) {
        return std::array<T, 2>{g, -g * static_cast<T>(std::trunc(u / v))};
      },
      a, b);
};
inline constexpr auto floor_quotients = []<typename T>(const Tensor<T>& a, const Tensor<T>& b) {
  expect_divisors("div", b);
  return pointwise(
      "div", "DivBackward1", [](T u, T v) { return floor_quotient(u, v); }, [](T, T, T) { return std::array<T, 2>{}; },
      a, b);
};
inline constexpr auto truncated_quotients = []<typename T>(const Tensor<T>& a, const Tensor<T>& b) {
  expect_divisors("div", b);
  return pointwise(
      "div", "DivBackward1",
      [](T u, T v) {
        if constexpr (std::is_integral_v<T>)
          return v == -1 ? static_cast<T>(0 - static_cast<std::uint64_t>(u)) : u / v;
        else
          return std::trunc(u / v);
      },
      [](T, T, T) { return std::array<T, 2>{}; }, a, b);
};

}  // namespace detail

/// What is left of a after division by b, a tensor or a number. remainder() and % have b's sign, as in Python; fmod()
/// has a's. da = g, db = -g floor(a / b), with trunc for fmod. Of integers, ValueError where b is 0. PyTorch:
/// torch.remainder, fmod.
template <typename T, typename U>
auto remainder(const Tensor<T>& a, const U& b) {
  return detail::meet(a, detail::as_operand<T>(b), detail::remainders);
}
template <typename T, typename U>
auto fmod(const Tensor<T>& a, const U& b) {
  return detail::meet(a, detail::as_operand<T>(b), detail::truncated_remainders);
}
template <typename T, typename U>
auto operator%(const Tensor<T>& a, const U& b) {
  return remainder(a, b);
}
template <detail::Number N, typename T>
auto operator%(N number, const Tensor<T>& x) {
  return remainder(detail::as_operand<T>(number), x);
}

/// a / b rounded down; integers stay integers. The gradient is 0. Of integers, ValueError where b is 0. PyTorch:
/// torch.floor_divide.
template <typename T, typename U>
auto floor_divide(const Tensor<T>& a, const U& b) {
  return detail::meet(a, detail::as_operand<T>(b), detail::floor_quotients);
}

/// By what the second term of add() and sub() is multiplied: add(x, y, {.alpha = 0.1}).
struct Scaled {
  double alpha = 1;
};

/// How div() rounds: "floor" or "trunc". Rounded quotients of integers are integers, and the gradient is 0.
struct Division {
  std::string_view rounding_mode;
};

/// The operators by name; the second operand is a tensor or a number. PyTorch: torch.add, sub, mul, div, neg.
template <typename T, typename U>
auto add(const Tensor<T>& a, const U& b) {
  return a + detail::met<T>(b);
}
template <typename T, typename U>
auto sub(const Tensor<T>& a, const U& b) {
  return a - detail::met<T>(b);
}
template <typename T, typename U>
auto mul(const Tensor<T>& a, const U& b) {
  return a * detail::met<T>(b);
}
template <typename T, typename U>
auto div(const Tensor<T>& a, const U& b) {
  return a / detail::met<T>(b);
}
template <typename T>
Tensor<T> neg(const Tensor<T>& x) {
  return -x;
}

/// a + alpha b, a - alpha b. ValueError for a fraction where a and b are integers.
template <typename T, typename U>
auto add(const Tensor<T>& a, const U& b, const Scaled& scaled) {
  const auto second = detail::as_operand<T>(b);
  using P = decltype(a + second);
  using Scalar = typename P::Scalar;
  const auto alpha = static_cast<Scalar>(scaled.alpha);
  if (std::is_integral_v<Scalar> && static_cast<double>(alpha) != scaled.alpha)
    detail::raise<ValueError>("add: expected a whole alpha for integers, got ", scaled.alpha);
  return a + detail::promoted<Scalar>(second) * alpha;
}
template <typename T, typename U>
auto sub(const Tensor<T>& a, const U& b, const Scaled& scaled) {
  return add(a, b, Scaled{-scaled.alpha});
}

/// a / b, rounded. ValueError for another mode than "floor" and "trunc".
template <typename T, typename U>
auto div(const Tensor<T>& a, const U& b, const Division& division) {
  const bool down = division.rounding_mode == "floor";
  if (!down && division.rounding_mode != "trunc")
    detail::raise<ValueError>("div: rounding_mode is \"floor\" or \"trunc\", got \"", division.rounding_mode, '"');
  return down ? floor_divide(a, b) : detail::meet(a, detail::as_operand<T>(b), detail::truncated_quotients);
}

template <typename T>
template <typename U>
auto TensorMethods<T>::add(const U& other) const {
  return self() + rowgrad::detail::met<T>(other);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::add(const U& other, const Scaled& scaled) const {
  return rowgrad::add(self(), other, scaled);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::sub(const U& other) const {
  return self() - rowgrad::detail::met<T>(other);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::sub(const U& other, const Scaled& scaled) const {
  return rowgrad::sub(self(), other, scaled);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::mul(const U& other) const {
  return self() * rowgrad::detail::met<T>(other);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::div(const U& other) const {
  return self() / rowgrad::detail::met<T>(other);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::div(const U& other, const Division& division) const {
  return rowgrad::div(self(), other, division);
}
template <typename T>
template <typename U>
auto TensorMethods<T>::pow(const U& exponent) const {
  return rowgrad::pow(self(), rowgrad::detail::met<T>(exponent));
}
template <typename T>
template <typename U>
auto TensorMethods<T>::remainder(const U& other) const {
  return rowgrad::remainder(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::neg() const {
  return -self();
}

}  // namespace rowgrad
