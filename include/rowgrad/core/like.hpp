// What: tensors from numbers (tensor), and of the shape of others (zeros_like, ...).
// Why:  torch.tensor(3.14) and torch.zeros_like(x) are what people type.
// See:  factory.hpp; tensor.hpp (Tensor<float>{{1, 2}, {3, 4}}).
#pragma once

#include <rowgrad/core/factory.hpp>

namespace rowgrad {
namespace detail {

/// What PyTorch makes of Python's numbers: float32, int64, bool; and of arrays in double: as they are.
template <typename N>
using ScalarOf =
    std::conditional_t<std::is_same_v<N, bool>, bool, std::conditional_t<std::is_floating_point_v<N>, float, Index>>;
template <typename T, typename N>
using ChosenScalar = std::conditional_t<std::is_void_v<T>, ScalarOf<N>, T>;

}  // namespace detail

/// A tensor of shape () from a number, or of nested braces: tensor(3.14), tensor({1, 2}), tensor<double>({{1, 2}, {3,
/// 4}}). As in PyTorch, fractions become float, whole numbers Indices and truth values a Mask, unless the type is
/// given. ShapeError for lists of different lengths. PyTorch: torch.tensor.
template <typename T = void, typename N>
requires std::is_arithmetic_v<N> Tensor<detail::ChosenScalar<T, N>> tensor(N value) {
  using U = detail::ChosenScalar<T, N>;
  return full<U>(Shape{}, static_cast<U>(value));
}
template <typename T = void, typename N>
requires std::is_arithmetic_v<N> Tensor<detail::ChosenScalar<T, N>> tensor(std::initializer_list<N> values) {
  using U = detail::ChosenScalar<T, N>;
  Tensor<U> result(Shape{static_cast<Index>(values.size())});
  std::transform(values.begin(), values.end(), result.data(), [](N value) { return static_cast<U>(value); });
  return result;
}
template <typename T = void, typename N>
requires std::is_arithmetic_v<N> Tensor<detail::ChosenScalar<T, N>> tensor(
    std::initializer_list<std::initializer_list<N>> rows) {
  using U = detail::ChosenScalar<T, N>;
  Shape shape{static_cast<Index>(rows.size())};
  shape.append(rows.size() == 0 ? 0 : static_cast<Index>(rows.begin()->size()));
  Tensor<U> result(shape);
  U* next = result.data();
  for (const std::initializer_list<N>& row : rows) {
    if (static_cast<Index>(row.size()) != shape[1])
      throw ShapeError("tensor: nested lists must all have the same length at each depth");
    next = std::transform(row.begin(), row.end(), next, [](N value) { return static_cast<U>(value); });
  }
  return result;
}
/// From a vector, or vectors of vectors.
template <typename T = void, typename V>
auto tensor(const std::vector<V>& values) {
  using U = detail::ChosenScalar<T, typename detail::NestedVector<V>::Value>;
  return Tensor<U>(values);
}

/// Tensors of x's shape and type. PyTorch: torch.empty_like, zeros_like, ones_like, full_like, rand_like, randn_like.
template <typename T>
Tensor<T> empty_like(const Tensor<T>& x) {
  return Tensor<T>(x.shape());
}
template <typename T>
Tensor<T> zeros_like(const Tensor<T>& x) {
  return zeros<T>(x.shape());
}
template <typename T>
Tensor<T> ones_like(const Tensor<T>& x) {
  return ones<T>(x.shape());
}
template <typename T>
Tensor<T> full_like(const Tensor<T>& x, std::type_identity_t<T> value) {
  return full<T>(x.shape(), value);
}
template <typename T>
Tensor<T> rand_like(const Tensor<T>& x, Generator& generator = default_generator()) {
  return rand<T>(x.shape(), generator);
}
template <typename T>
Tensor<T> randn_like(const Tensor<T>& x, Generator& generator = default_generator()) {
  return randn<T>(x.shape(), generator);
}

/// 1 on the diagonal, else 0: (n, n) or (n, m). ValueError for a negative size. PyTorch: torch.eye.
template <typename T = float>
Tensor<T> eye(Index n, Index m) {
  if (n < 0 || m < 0) detail::raise<ValueError>("eye: expected sizes of at least 0, got ", n, " and ", m);
  Tensor<T> result = zeros<T>(Shape{n, m});
  for (Index i = 0; i < std::min(n, m); ++i) result.data()[i * m + i] = T(1);
  return result;
}
template <typename T = float>
Tensor<T> eye(Index n) {
  return eye<T>(n, n);
}

/// `steps` values from start to end at equal distances; a single one is start. Counted from the nearer end, so that
/// both ends are exact. ValueError for a negative number of steps. PyTorch: torch.linspace.
template <typename T = float>
Tensor<T> linspace(double start, double end, Index steps) {
  static_assert(std::is_floating_point_v<T>, "linspace makes float or double");
  if (steps < 0) detail::raise<ValueError>("linspace: expected a number of steps of at least 0, got ", steps);
  Tensor<T> result(Shape{steps});
  const T first = static_cast<T>(start), last = static_cast<T>(end);
  const T step = steps > 1 ? (last - first) / static_cast<T>(steps - 1) : T(0);
  for (Index i = 0; i < steps; ++i)
    result.data()[i] = i < steps / 2 || steps == 1 ? std::fma(step, static_cast<T>(i), first)
                                                   : std::fma(-step, static_cast<T>(steps - i - 1), last);
  return result;
}

}  // namespace rowgrad
