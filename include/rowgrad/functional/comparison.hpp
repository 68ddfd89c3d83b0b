// What: == != < <= > >= of tensors and numbers, which make masks; isnan, isinf, isfinite; equal, isclose, allclose.
// Why:  what PyTorch programs say of elements: ids != 0, x > 0.5, predicted == labels. Nothing here has a gradient.
// See:  logic.hpp (any, all, & | ^ ~), mask.hpp (where, masked_fill); promotion.hpp; PyTorch "Comparison Ops".
#pragma once

#include <rowgrad/functional/promotion.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {
namespace detail {

// What each comparison asks of two values of one type. NaN is unequal to everything.
inline constexpr auto is_equal = [](auto a, auto b) { return a == b; };
inline constexpr auto is_unequal = [](auto a, auto b) { return a != b; };
inline constexpr auto is_less = [](auto a, auto b) { return a < b; };
inline constexpr auto is_less_equal = [](auto a, auto b) { return a <= b; };
inline constexpr auto is_greater = [](auto a, auto b) { return a > b; };
inline constexpr auto is_greater_equal = [](auto a, auto b) { return a >= b; };

/// holds(a[i], b[i]), both in the type in which they meet.
template <typename T, typename U, typename Holds>
Mask compare(const char* name, const Tensor<T>& a, const Tensor<U>& b, const Holds& holds) {
  using P = Promoted<T, U>;
  return zip<bool>(name, a, b, [&holds](T u, U v) { return holds(static_cast<P>(u), static_cast<P>(v)); });
}
template <typename T, Number N, typename Holds>
Mask compare(const char* /*name*/, const Tensor<T>& x, N number, const Holds& holds) {
  using P = PromotedNumber<T, N>;
  return map<bool>(x, [&holds, n = static_cast<P>(number)](T v) { return holds(static_cast<P>(v), n); });
}

}  // namespace detail

/// Whether elements are equal, unequal, less, ... : x == y of tensors whose shapes broadcast, x == 0 of a tensor and a
/// number, in either order. Integers and masks are compared as what they are beside (x > lengths in x's type, ids > 0.5
/// in float). ShapeError when shapes do not broadcast. PyTorch: torch.eq, ne, lt, le, gt, ge.
template <typename T, typename U>
Mask operator==(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::compare("eq", a, b, detail::is_equal);
}
template <typename T, typename U>
Mask operator!=(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::compare("ne", a, b, detail::is_unequal);
}
template <typename T, typename U>
Mask operator<(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::compare("lt", a, b, detail::is_less);
}
template <typename T, typename U>
Mask operator<=(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::compare("le", a, b, detail::is_less_equal);
}
template <typename T, typename U>
Mask operator>(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::compare("gt", a, b, detail::is_greater);
}
template <typename T, typename U>
Mask operator>=(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::compare("ge", a, b, detail::is_greater_equal);
}

template <typename T, detail::Number N>
Mask operator==(const Tensor<T>& x, N number) {
  return detail::compare("eq", x, number, detail::is_equal);
}
template <typename T, detail::Number N>
Mask operator!=(const Tensor<T>& x, N number) {
  return detail::compare("ne", x, number, detail::is_unequal);
}
template <typename T, detail::Number N>
Mask operator<(const Tensor<T>& x, N number) {
  return detail::compare("lt", x, number, detail::is_less);
}
template <typename T, detail::Number N>
Mask operator<=(const Tensor<T>& x, N number) {
  return detail::compare("le", x, number, detail::is_less_equal);
}
template <typename T, detail::Number N>
Mask operator>(const Tensor<T>& x, N number) {
  return detail::compare("gt", x, number, detail::is_greater);
}
template <typename T, detail::Number N>
Mask operator>=(const Tensor<T>& x, N number) {
  return detail::compare("ge", x, number, detail::is_greater_equal);
}

template <typename T, detail::Number N>
Mask operator==(N number, const Tensor<T>& x) {
  return x == number;
}
template <typename T, detail::Number N>
Mask operator!=(N number, const Tensor<T>& x) {
  return x != number;
}
template <typename T, detail::Number N>
Mask operator<(N number, const Tensor<T>& x) {
  return x > number;
}
template <typename T, detail::Number N>
Mask operator<=(N number, const Tensor<T>& x) {
  return x >= number;
}
template <typename T, detail::Number N>
Mask operator>(N number, const Tensor<T>& x) {
  return x < number;
}
template <typename T, detail::Number N>
Mask operator>=(N number, const Tensor<T>& x) {
  return x <= number;
}

/// The same by name, of a tensor and a tensor or number: eq(ids, 0) marks padding at whichever end.
template <typename T = Index, typename U>
Mask eq(const Tensor<T>& a, const U& b) {
  return a == b;
}
template <typename T = Index, typename U>
Mask ne(const Tensor<T>& a, const U& b) {
  return a != b;
}
template <typename T = Index, typename U>
Mask lt(const Tensor<T>& a, const U& b) {
  return a < b;
}
template <typename T = Index, typename U>
Mask le(const Tensor<T>& a, const U& b) {
  return a <= b;
}
template <typename T = Index, typename U>
Mask gt(const Tensor<T>& a, const U& b) {
  return a > b;
}
template <typename T = Index, typename U>
Mask ge(const Tensor<T>& a, const U& b) {
  return a >= b;
}

/// Which elements are NaN, infinite, finite; read from their bits, so that -ffast-math changes nothing. Integers are
/// finite. PyTorch: torch.isnan, isinf, isfinite.
template <typename T>
Mask isnan(const Tensor<T>& x) {
  if constexpr (std::is_floating_point_v<T>)
    return detail::map<bool>(x, [](T v) { return detail::is_nan(v); });
  else
    return zeros<bool>(x.shape());
}
template <typename T>
Mask isinf(const Tensor<T>& x) {
  if constexpr (std::is_floating_point_v<T>)
    return detail::map<bool>(x, [](T v) { return !detail::is_finite(v) && !detail::is_nan(v); });
  else
    return zeros<bool>(x.shape());
}
template <typename T>
Mask isfinite(const Tensor<T>& x) {
  if constexpr (std::is_floating_point_v<T>)
    return detail::map<bool>(x, [](T v) { return detail::is_finite(v); });
  else
    return ones<bool>(x.shape());
}

/// Whether shapes and all values are the same; NaN is not the same as NaN. PyTorch: torch.equal.
template <typename T>
bool equal(const Tensor<T>& a, const std::type_identity_t<Tensor<T>>& b) {
  return a.shape() == b.shape() && std::equal(a.data(), a.data() + a.numel(), b.data());
}

/// How far apart two values may be to count as close: atol + rtol |b|.
struct Closeness {
  double rtol = 1e-5;
  double atol = 1e-8;
  bool equal_nan = false;  ///< whether NaN is close to NaN
};

/// Which elements are equal, or finite and |a - b| <= atol + rtol |b|; shapes broadcast. ValueError for a negative
/// tolerance. PyTorch: torch.isclose.
template <typename T>
Mask isclose(const Tensor<T>& a, const std::type_identity_t<Tensor<T>>& b, const Closeness& closeness = {}) {
  if (!(closeness.rtol >= 0) || !(closeness.atol >= 0))
    detail::raise<ValueError>("isclose: expected tolerances of at least 0, got rtol ", closeness.rtol, " and atol ",
                              closeness.atol);
  using P = detail::PromotedNumber<T, double>;  // integers are compared as float, as there
  const P rtol = static_cast<P>(closeness.rtol), atol = static_cast<P>(closeness.atol);
  return detail::zip<bool>("isclose", a, b, [=, equal_nan = closeness.equal_nan](T u, T v) {
    const P left = static_cast<P>(u), right = static_cast<P>(v), apart = std::abs(left - right);
    if (u == v || (equal_nan && detail::is_nan(left) && detail::is_nan(right))) return true;
    return detail::is_finite(apart) && apart <= atol + std::abs(rtol * right);
  });
}
template <typename T>
Mask isclose(const Tensor<T>& a, const std::type_identity_t<Tensor<T>>& b, double rtol, double atol = 1e-8,
             bool equal_nan = false) {
  return isclose(a, b, Closeness{rtol, atol, equal_nan});
}

/// Whether isclose() holds for all elements: allclose(x, y, {.atol = 1e-4}). PyTorch: torch.allclose.
template <typename T>
bool allclose(const Tensor<T>& a, const std::type_identity_t<Tensor<T>>& b, const Closeness& closeness = {}) {
  const Mask close = isclose(a, b, closeness);
  return std::all_of(close.data(), close.data() + close.numel(), [](bool is_close) { return is_close; });
}
template <typename T>
bool allclose(const Tensor<T>& a, const std::type_identity_t<Tensor<T>>& b, double rtol, double atol = 1e-8,
              bool equal_nan = false) {
  return allclose(a, b, Closeness{rtol, atol, equal_nan});
}

template <typename T>
Mask TensorMethods<T>::isnan() const {
  return rowgrad::isnan(self());
}
template <typename T>
Mask TensorMethods<T>::isinf() const {
  return rowgrad::isinf(self());
}
template <typename T>
Mask TensorMethods<T>::isfinite() const {
  return rowgrad::isfinite(self());
}
template <typename T>
bool TensorMethods<T>::equal(const Tensor<T>& other) const {
  return rowgrad::equal(self(), other);
}

}  // namespace rowgrad
