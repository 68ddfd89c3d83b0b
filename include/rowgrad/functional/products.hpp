// What: products under their other names: mm, mv, dot, inner, outer, addmm, addmv, baddbmm; and as methods.
// Why:  people choose the name that says which shapes they have; each is matmul() with a check of its own.
// See:  matmul.hpp; einsum.hpp; PyTorch "BLAS and LAPACK Operations".
#pragma once

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/matmul.hpp>

namespace rowgrad {
namespace detail {

/// ShapeError unless the two have these ranks and the inner sizes fit.
inline void expect_factors(const char* operation, const char* expected, const Shape& a, const Shape& b, int rank_a,
                           int rank_b, Index inner_b) {
  if (a.rank() != rank_a || b.rank() != rank_b || a.back() != inner_b)
    raise<ShapeError>(operation, ": expected ", expected, ", got ", a, " and ", b);
}

}  // namespace detail

/// a b for matrices (n, k) and (k, m). ShapeError for anything else. PyTorch: torch.mm.
template <typename T>
Tensor<T> mm(const Tensor<T>& a, const Tensor<T>& b) {
  detail::expect_factors("mm", "(n, k) and (k, m)", a.shape(), b.shape(), 2, 2, b.dim() == 2 ? b.shape()[0] : 0);
  return detail::mm(a, b);
}
/// a v for a matrix (n, k) and a vector (k). PyTorch: torch.mv.
template <typename T>
Tensor<T> mv(const Tensor<T>& a, const Tensor<T>& v) {
  detail::expect_factors("mv", "(n, k) and (k)", a.shape(), v.shape(), 2, 1, v.shape().back());
  return matmul(a, v);
}
/// The sum of products of two vectors of one length, shape (). PyTorch: torch.dot.
template <typename T>
Tensor<T> dot(const Tensor<T>& a, const Tensor<T>& b) {
  detail::expect_factors("dot", "two vectors of one length", a.shape(), b.shape(), 1, 1, b.shape().back());
  return matmul(a, b);
}
/// a_i b_j for vectors (n) and (m): result (n, m). da = g b, db = g^T a. PyTorch: torch.outer.
template <typename T>
Tensor<T> outer(const Tensor<T>& a, const Tensor<T>& b) {
  detail::expect_factors("outer", "two vectors", a.shape(), b.shape(), 1, 1, a.shape().back());
  return unsqueeze(a, 1) * b;
}
/// Sums of products over the last dimensions: (..., k) and (+++, k) give (..., +++); with a number, the product.
/// ShapeError when the last sizes differ. PyTorch: torch.inner.
template <typename T>
Tensor<T> inner(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.dim() == 0 || b.dim() == 0) return a * b;
  const Index k = a.shape().back();
  if (k != b.shape().back())
    detail::raise<ShapeError>("inner: expected last dimensions of one size, got ", a.shape(), " and ", b.shape());
  Shape shape = a.shape();
  shape.erase(shape.rank() - 1);
  for (int d = 0; d + 1 < b.dim(); ++d) shape.append(b.shape()[d]);
  const Tensor<T> left = reshape(a, Shape{detail::split_at(a.shape(), a.dim() - 1).outer, k});
  const Tensor<T> right = reshape(b, Shape{detail::split_at(b.shape(), b.dim() - 1).outer, k});
  return reshape(linear(left, right), shape);
}

/// beta input + alpha p, where input broadcasts to p's shape; beta 0 leaves out the input, whatever it holds.
struct AddProductOptions {
  double beta = 1, alpha = 1;
};

namespace detail {

template <typename T>
Tensor<T> add_product(const char* operation, const Tensor<T>& input, const Tensor<T>& product,
                      const AddProductOptions& options) {
  if (broadcast_shape(operation, input.shape(), product.shape()) != product.shape())
    raise<ShapeError>(operation, ": expected an input that broadcasts to the product's shape ", product.shape(),
                      ", got ", input.shape());
  const T beta = static_cast<T>(options.beta), alpha = static_cast<T>(options.alpha);
  const Tensor<T> scaled = alpha == T(1) ? product : product * alpha;
  return beta == T(0) ? scaled : beta == T(1) ? input + scaled : input * beta + scaled;
}

}  // namespace detail

/// beta input + alpha (a b): addmm for matrices (n, k) and (k, m), addmv for a matrix and a vector, baddbmm for batches
/// (B, n, k) and (B, k, m); input broadcasts. PyTorch: torch.addmm, addmv, baddbmm.
template <typename T>
Tensor<T> addmm(const Tensor<T>& input, const Tensor<T>& a, const Tensor<T>& b, const AddProductOptions& options = {}) {
  return detail::add_product("addmm", input, mm(a, b), options);
}
template <typename T>
Tensor<T> addmv(const Tensor<T>& input, const Tensor<T>& a, const Tensor<T>& v, const AddProductOptions& options = {}) {
  return detail::add_product("addmv", input, mv(a, v), options);
}
template <typename T>
Tensor<T> baddbmm(const Tensor<T>& input, const Tensor<T>& a, const Tensor<T>& b,
                  const AddProductOptions& options = {}) {
  return detail::add_product("baddbmm", input, bmm(a, b), options);
}

template <typename T>
Tensor<T> TensorMethods<T>::matmul(const Tensor<T>& other) const {
  return rowgrad::matmul(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::mm(const Tensor<T>& other) const {
  return rowgrad::mm(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::mv(const Tensor<T>& other) const {
  return rowgrad::mv(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::dot(const Tensor<T>& other) const {
  return rowgrad::dot(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::bmm(const Tensor<T>& other) const {
  return rowgrad::bmm(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::outer(const Tensor<T>& other) const {
  return rowgrad::outer(self(), other);
}
template <typename T>
Tensor<T> TensorMethods<T>::inner(const Tensor<T>& other) const {
  return rowgrad::inner(self(), other);
}

}  // namespace rowgrad
