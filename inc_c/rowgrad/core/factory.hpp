// What: functions that make tensors: zeros, ones, full, arange, random ones, from Eigen.
// Why:  the names and the random streams are PyTorch's.
// See:  random.hpp for the generator.
#pragma once

#include <rowgrad/core/random.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad {

/// Uninitialised values. PyTorch: torch.empty.
template <typename T = float>
Tensor<T> empty(const Shape& shape) {
  return Tensor<T>(shape);
}

/// Large tensors take zero pages from the system, so untouched rows cost no memory. PyTorch: torch.zeros.
template <typename T = float>
Tensor<T> zeros(const Shape& shape) {
  return Tensor<T>(shape, detail::make_zero_storage<T>(shape.numel()));
}

/// PyTorch: torch.full.
template <typename T = float>
Tensor<T> full(const Shape& shape, std::type_identity_t<T> value) {
  Tensor<T> result(shape);
  result.array().setConstant(value);
  return result;
}

/// PyTorch: torch.ones.
template <typename T = float>
Tensor<T> ones(const Shape& shape) {
  return full<T>(shape, T(1));
}

/// Normal(0, 1). PyTorch: torch.randn.
template <typename T = float>
Tensor<T> randn(const Shape& shape, Generator& generator = default_generator()) {
  Tensor<T> result(shape);
  generator.normal(result.data(), result.numel());
  return result;
}

/// Uniform on [0, 1). PyTorch: torch.rand.
template <typename T = float>
Tensor<T> rand(const Shape& shape, Generator& generator = default_generator()) {
  Tensor<T> result(shape);
  T* values = result.data();
  for (Index i = 0; i < result.numel(); ++i) values[i] = generator.uniform<T>();
  return result;
}

/// Uniform integers on [low, high). ValueError when that is empty. PyTorch: torch.randint.
inline Indices randint(Index low, Index high, const Shape& shape, Generator& generator = default_generator()) {
  if (low >= high)
    throw ValueError("randint: expected low < high, got low " + std::to_string(low) + " and high " +
                     std::to_string(high));
  Indices result(shape);
  Index* values = result.data();
  for (Index i = 0; i < result.numel(); ++i) values[i] = low + generator.below(high - low);
  return result;
}

/// Uniform integers on [0, high).
inline Indices randint(Index high, const Shape& shape, Generator& generator = default_generator()) {
  return randint(0, high, shape, generator);
}

/// A random order of 0 .. n-1. PyTorch: torch.randperm.
inline Indices randperm(Index n, Generator& generator = default_generator()) {
  Indices result(Shape{n});
  Index* values = result.data();
  for (Index i = 0; i < n; ++i) values[i] = i;
  for (Index i = 0; i < n - 1; ++i) std::swap(values[i], values[i + generator.below(n - i)]);
  return result;
}

/// start, start + step, ... below end. ValueError for a step of zero or of the wrong sign. PyTorch: torch.arange.
template <typename T = Index>
Tensor<T> arange(std::type_identity_t<T> start, std::type_identity_t<T> end, std::type_identity_t<T> step = 1) {
  if (step == 0 || (step > 0 ? end < start : end > start))
    throw ValueError("arange: start, end and step do not agree: the step must lead from start to end");
  const auto n = static_cast<Index>(std::ceil(static_cast<double>(end - start) / static_cast<double>(step)));
  Tensor<T> result(Shape{n});
  for (Index i = 0; i < n; ++i) result.data()[i] = start + static_cast<T>(i) * step;
  return result;
}

/// 0, 1, ... below end.
template <typename T = Index>
Tensor<T> arange(std::type_identity_t<T> end) {
  return arange<T>(T(0), end);
}

/// A copy of an Eigen matrix or array, shape (rows, cols); of an Eigen vector, shape (n).
template <typename Derived>
Tensor<typename Derived::Scalar> from_eigen(const Eigen::DenseBase<Derived>& source) {
  using T = typename Derived::Scalar;
  Tensor<T> result(Derived::IsVectorAtCompileTime ? Shape{source.size()} : Shape{source.rows(), source.cols()});
  MatrixMap<T>(result.data(), source.rows(), source.cols()) = source.derived().matrix();
  return result;
}

}  // namespace rowgrad
