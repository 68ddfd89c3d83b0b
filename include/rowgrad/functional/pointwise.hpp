// What: maximum, minimum, clamp, powers of tensors, atan2, addcmul, addcdiv, lerp; pointwise(), which makes them.
// Why:  functions of two or three tensors that broadcast: a formula and its derivatives, value by value.
// See:  elementwise.hpp for + - * /; arithmetic.hpp for remainders; elementary.hpp for functions of one tensor.
#pragma once

#include <limits>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/promotion.hpp>

namespace rowgrad {
namespace detail {

/// Calls f(i, value of each operand at i) for every element of `shape`, to which all operands are repeated.
template <typename T, std::size_t n, typename F>
void for_each_place(const std::array<Tensor<T>, n>& operands, const Shape& shape, const F& f) {
  std::array<Tensor<T>, n> repeated;
  std::array<const T*, n> from;
  for (std::size_t k = 0; k < n; ++k) {
    repeated[k] = repeat_to(operands[k], shape);
    from[k] = repeated[k].data();
  }
  const Index size = shape.numel();
  for (Index i = 0; i < size; ++i) {
    if constexpr (n == 2)
      f(i, from[0][i], from[1][i]);
    else
      f(i, from[0][i], from[1][i], from[2][i]);
  }
}

/// f(a[i], b[i]) or f(a[i], b[i], c[i]) for every element of the broadcast shape. gradient(g, a[i], b[i], ...) is an
/// array of what goes to each operand.
template <typename T, typename F, typename D, typename... More>
Tensor<T> pointwise(const char* operation, const char* name, const F& f, const D& gradient, const Tensor<T>& first,
                    const More&... more) {
  constexpr std::size_t n = 1 + sizeof...(More);
  Shape shape = first.shape();
  ((shape = broadcast_shape(operation, shape, more.shape())), ...);
  Tensor<T> y(shape);
  for_each_place(std::array<Tensor<T>, n>{first, more...}, shape,
                 [&f, to = y.data()](Index i, auto... values) { to[i] = f(values...); });
  if constexpr (std::is_floating_point_v<T>)
    if (recording(first, more...))
      record(
          y, name,
          [kept = std::array<Tensor<T>, n>{saved(first), saved(more)...}, gradient](const Tensor<T>& g,
                                                                                    const InputNodes<T>& nodes) {
            std::array<Tensor<T>, n> passed;
            std::array<T*, n> to{};
            for (std::size_t k = 0; k < n; ++k)
              if (nodes[k] != nullptr) {
                passed[k] = Tensor<T>(g.shape());
                to[k] = passed[k].data();
              }
            for_each_place(kept, g.shape(), [&, from = g.data()](Index i, auto... values) {
              const std::array<T, n> each = gradient(from[i], values...);
              for (std::size_t k = 0; k < n; ++k)
                if (to[k] != nullptr) to[k][i] = each[k];
            });
            for (std::size_t k = 0; k < n; ++k)
              if (nodes[k] != nullptr) nodes[k]->accumulate(sum_to(std::move(passed[k]), kept[k].shape()));
          },
          std::vector<Tensor<T>>{first, more...});
  return y;
}

template <typename T>
T larger(T a, T b) {
  return a > b || is_nan_value(a) ? a : b;
}
template <typename T>
T smaller(T a, T b) {
  return a < b || is_nan_value(a) ? a : b;
}

/// a to the power of b; for integers exact, and 0 for a fraction.
template <typename T>
T power_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::pow(a, b);
  } else {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
    std::uint64_t result = 1;  // unsigned, so that what does not fit wraps, as there
    for (auto base = static_cast<std::uint64_t>(a); b > 0; b /= 2, base *= base)
      if (b % 2 != 0) result *= base;
    return static_cast<T>(result);
  }
}

}  // namespace detail

/// The larger of each two elements, NaN where one is NaN; shapes broadcast. The gradient goes to the larger; equals
/// share it. PyTorch: torch.maximum, torch.max(x, y).
template <typename T>
Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::pointwise(
      "maximum", "MaximumBackward0", [](T u, T v) { return detail::larger(u, v); },
      [](T g, T u, T v) {
        return std::array<T, 2>{u == v ? g / 2 : u < v ? T(0) : g, u == v ? g / 2 : u > v ? T(0) : g};
      },
      a, b);
}
/// The smaller of each two elements, in the same way. PyTorch: torch.minimum, torch.min(x, y).
template <typename T>
Tensor<T> minimum(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::pointwise(
      "minimum", "MinimumBackward0", [](T u, T v) { return detail::smaller(u, v); },
      [](T g, T u, T v) {
        return std::array<T, 2>{u == v ? g / 2 : u > v ? T(0) : g, u == v ? g / 2 : u < v ? T(0) : g};
      },
      a, b);
}
template <typename T>
Tensor<T> max(const Tensor<T>& a, const Tensor<T>& b) {
  return maximum(a, b);
}
template <typename T>
Tensor<T> min(const Tensor<T>& a, const Tensor<T>& b) {
  return minimum(a, b);
}

/// The interval of clamp(): x.clamp({.min = 0}) has no upper end.
template <typename T>
struct Bounds {
  T min = std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
};

/// x, but no less than min and no more than max; all max where min > max. The gradient passes where x lies within,
/// the ends included. NaN stays, and a bound that is NaN makes everything NaN. PyTorch: torch.clamp.
template <typename T>
Tensor<T> clamp(const Tensor<T>& x, const Bounds<std::type_identity_t<T>>& bounds) {
  const T low = bounds.min, high = bounds.max;
  const bool nan = detail::is_nan_value(low) || detail::is_nan_value(high);
  return detail::unary(
      "ClampBackward1", x, detail::Save::input,
      [=](const auto& u) {
        return u.unaryExpr([=](T v) {
          if (nan) return static_cast<T>(low + high);
          const T raised = v < low ? low : v;
          return raised > high ? high : raised;
        });
      },
      [=](const auto& g, const auto& u) {
        return g.binaryExpr(u, [=](T gradient, T v) { return v >= low && v <= high ? gradient : T(0); });
      });
}
template <typename T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<T> min, std::type_identity_t<T> max) {
  return clamp(x, Bounds<T>{min, max});
}
template <typename T>
Tensor<T> clamp_min(const Tensor<T>& x, std::type_identity_t<T> min) {
  return clamp(x, Bounds<T>{.min = min});
}
template <typename T>
Tensor<T> clamp_max(const Tensor<T>& x, std::type_identity_t<T> max) {
  return clamp(x, Bounds<T>{.max = max});
}

/// The same with tensors that broadcast as bounds. The gradient goes to x where it lies within, to the bound that
/// replaced it elsewhere. PyTorch: torch.clamp.
template <typename T>
Tensor<T> clamp(const Tensor<T>& x, const Tensor<T>& min, const Tensor<T>& max) {
  return detail::pointwise(
      "clamp", "ClampBackward0",
      [](T v, T low, T high) { return detail::is_nan_value(v) ? v : detail::smaller(detail::larger(low, v), high); },
      [](T g, T v, T low, T high) {
        return std::array<T, 3>{v >= low && v <= high ? g : T(0), low < high && v < low ? g : T(0),
                                v > high || high < low ? g : T(0)};
      },
      x, min, max);
}
template <typename T>
Tensor<T> clamp_min(const Tensor<T>& x, const Tensor<T>& min) {
  return detail::pointwise(
      "clamp_min", "ClampMinBackward1", [](T v, T low) { return detail::larger(v, low); },
      [](T g, T v, T low) {
        return std::array<T, 2>{v >= low ? g : T(0), v < low ? g : T(0)};
      },
      x, min);
}
template <typename T>
Tensor<T> clamp_max(const Tensor<T>& x, const Tensor<T>& max) {
  return detail::pointwise(
      "clamp_max", "ClampMaxBackward1", [](T v, T high) { return detail::smaller(v, high); },
      [](T g, T v, T high) {
        return std::array<T, 2>{v <= high ? g : T(0), v > high ? g : T(0)};
      },
      x, max);
}

/// Elements to the power of elements; shapes broadcast. da = g b a^(b - 1), 0 where b = 0; db = g y log a, 0 where a =
/// 0 and b >= 0. Integers stay integers. PyTorch: torch.pow.
template <typename A, typename B>
Tensor<detail::Promoted<A, B>> pow(const Tensor<A>& a, const Tensor<B>& b) {
  using T = detail::Promoted<A, B>;
  if constexpr (std::is_floating_point_v<T>)
    return detail::pointwise(
        "pow", "PowBackward1", [](T u, T v) { return std::pow(u, v); },
        [](T g, T u, T v) {
          return std::array<T, 2>{v == T(0) ? T(0) : g * (v * std::pow(u, v - T(1))),
                                  u == T(0) && v >= T(0) ? T(0) : g * (std::pow(u, v) * std::log(u))};
        },
        detail::promoted<T>(a), detail::promoted<T>(b));
  else
    return detail::zip<T>("pow", a, b, [](A u, B v) { return detail::power_of<T>(u, v); });
}
/// A number to the power of elements; dx = g y log(base), 0 where base = 0 and x >= 0.
template <detail::Number N, typename T>
Tensor<detail::PromotedNumber<T, N>> pow(N base, const Tensor<T>& x) {
  using P = detail::PromotedNumber<T, N>;
  const P b = static_cast<P>(base);
  if constexpr (std::is_floating_point_v<P>) {
    return detail::unary(
        "PowBackward2", detail::promoted<P>(x), detail::Save::input,
        [b](const auto& u) { return u.unaryExpr([b](P v) { return std::pow(b, v); }); },
        [b](const auto& g, const auto& u) {
          return g.binaryExpr(u, [b, log_b = std::log(b)](P gradient, P v) {
            return b == P(0) && v >= P(0) ? P(0) : gradient * (std::pow(b, v) * log_b);
          });
        });
  } else {
    return detail::map<P>(x, [b](T v) { return detail::power_of<P>(b, v); });
  }
}

/// The angle of the point (b, a), from -pi to pi; da = g b / (a^2 + b^2), db = -g a / (a^2 + b^2), 0 at the origin.
/// PyTorch: torch.atan2.
template <typename T>
Tensor<T> atan2(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::pointwise(
      "atan2", "Atan2Backward0", [](T u, T v) { return std::atan2(u, v); },
      [](T g, T u, T v) {
        const T inverse = u == T(0) && v == T(0) ? T(0) : T(1) / (u * u + v * v);
        return std::array<T, 2>{g * (v * inverse), g * (-u * inverse)};
      },
      a, b);
}

/// log(e^a + e^b) without overflow; da = g / (1 + e^(b - a)), and db likewise. PyTorch: torch.logaddexp.
template <typename T>
Tensor<T> logaddexp(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::pointwise(
      "logaddexp", "LogaddexpBackward0",
      [](T u, T v) {
        if (u == v && !detail::is_finite(u)) return u;
        return detail::larger(u, v) + std::log1p(std::exp(-std::abs(u - v)));
      },
      [](T g, T u, T v) {
        return std::array<T, 2>{g / (T(1) + std::exp(v - u)), g / (T(1) + std::exp(u - v))};
      },
      a, b);
}

/// x + value a b, element by element. PyTorch: torch.addcmul.
template <typename T>
Tensor<T> addcmul(const Tensor<T>& x, const Tensor<T>& a, const Tensor<T>& b, std::type_identity_t<T> value = T(1)) {
  return detail::pointwise(
      "addcmul", "AddcmulBackward0", [value](T s, T u, T v) { return static_cast<T>(s + value * u * v); },
      [value](T g, T, T u, T v) {
        return std::array<T, 3>{g, static_cast<T>(g * (v * value)), static_cast<T>(g * (u * value))};
      },
      x, a, b);
}

/// x + value a / b, element by element. PyTorch: torch.addcdiv.
template <typename T>
Tensor<T> addcdiv(const Tensor<T>& x, const Tensor<T>& a, const Tensor<T>& b, std::type_identity_t<T> value = T(1)) {
  return detail::pointwise(
      "addcdiv", "AddcdivBackward0", [value](T s, T u, T v) { return s + value * u / v; },
      [value](T g, T, T u, T v) {
        return std::array<T, 3>{g, g * (value / v), -g * value * u / (v * v)};
      },
      x, a, b);
}

/// a + weight (b - a): a where the weight is 0, b where it is 1. dweight = g (b - a). PyTorch: torch.lerp.
template <typename T>
Tensor<T> lerp(const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& weight) {
  return detail::pointwise(
      "lerp", "LerpBackward1",
      [](T u, T v, T w) { return std::abs(w) < T(0.5) ? u + w * (v - u) : v - (v - u) * (T(1) - w); },
      [](T g, T u, T v, T w) {
        return std::array<T, 3>{g * (T(1) - w), g * w, g * (v - u)};
      },
      a, b, weight);
}
template <typename T>
Tensor<T> lerp(const Tensor<T>& a, const Tensor<T>& b, std::type_identity_t<T> weight) {
  return lerp(a, b, full<T>(Shape{}, weight));
}

template <typename T>
Tensor<T> TensorMethods<T>::maximum(const Tensor<T>& other) const {
  return rowgrad::maximum(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::minimum(const Tensor<T>& other) const {
  return rowgrad::minimum(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp(T min, T max) const {
  return rowgrad::clamp(self(), min, max);
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp(const Bounds<T>& bounds) const {
  return rowgrad::clamp(self(), bounds);
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp_min(T min) const {
  return rowgrad::clamp_min(self(), min);
}
template <typename T>
Tensor<T> TensorMethods<T>::clamp_max(T max) const {
  return rowgrad::clamp_max(self(), max);
}
template <typename T>
Tensor<T> TensorMethods<T>::lerp(const Tensor<T>& end, T weight) const {
  return rowgrad::lerp(self(), end, weight);
}

}  // namespace rowgrad
