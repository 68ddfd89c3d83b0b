// What: TensorMethods, the operations that people chain: x.exp().sum(1).
// Why:  one list of names, as in PyTorch; Tensor itself stays the handle, and the operations stay free functions.
// See:  tensor.hpp; functional/, where each is defined beside the function of its name.
#pragma once

#include <initializer_list>

#include <rowgrad/core/shape.hpp>

namespace rowgrad {

template <typename T>
class Tensor;

/// Base of Tensor. Each of these calls the free function of its name in functional/ with this tensor as first argument;
/// shapes, gradients and errors are described there. A program includes that header, or rowgrad.hpp.
template <typename T>
class TensorMethods {
 public:
  // Shape: functional/shape.hpp.
  Tensor<T> operator[](Index i) const;
  Tensor<T> reshape(const Shape& shape) const;
  Tensor<T> reshape(std::initializer_list<Index> sizes) const;
  Tensor<T> view(const Shape& shape) const;
  Tensor<T> view(std::initializer_list<Index> sizes) const;
  Tensor<T> flatten(Index start_dim = 0, Index end_dim = -1) const;
  Tensor<T> squeeze() const;
  Tensor<T> squeeze(Index dim) const;
  Tensor<T> unsqueeze(Index dim) const;
  Tensor<T> transpose(Index dim0, Index dim1) const;
  Tensor<T> t() const;

  // Sums: functional/reduce.hpp.
  Tensor<T> sum() const;
  Tensor<T> sum(Index dim, bool keepdim = false) const;
  Tensor<T> mean() const;
  Tensor<T> mean(Index dim, bool keepdim = false) const;

  // Element by element: functional/elementary.hpp.
  Tensor<T> exp() const;
  Tensor<T> log() const;
  Tensor<T> sqrt() const;
  // functional/activation.hpp.
  Tensor<T> relu() const;
  Tensor<T> sigmoid() const;
  Tensor<T> tanh() const;

 protected:
  const Tensor<T>& self() const noexcept { return static_cast<const Tensor<T>&>(*this); }
};

}  // namespace rowgrad
