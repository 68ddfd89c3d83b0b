// What: ~ & | ^ of masks, logical_not and its kin, any, all, nonzero, count_nonzero.
// Why:  what is done with masks besides filling: (ids != 0) & (ids != unknown), (predicted == labels).all().
// See:  comparison.hpp (where masks come from), mask.hpp (where they go), reduce.hpp (sum, which counts).
#pragma once

#include <rowgrad/functional/promotion.hpp>
#include <rowgrad/functional/reduce.hpp>

namespace rowgrad {

/// Not, and, or, exclusive or of masks; of integers, bit by bit. Shapes broadcast. PyTorch: the same operators.
template <std::integral T>
Tensor<T> operator~(const Tensor<T>& x) {
  return detail::map<T>(x,
                        [](T v) { return static_cast<T>(v ^ (std::is_same_v<T, bool> ? T(1) : static_cast<T>(-1))); });
}
template <std::integral T, std::integral U>
Tensor<detail::Promoted<T, U>> operator&(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Promoted<T, U>;
  return detail::zip<P>("and", a, b, [](T u, U v) { return static_cast<P>(static_cast<P>(u) & static_cast<P>(v)); });
}
template <std::integral T, std::integral U>
Tensor<detail::Promoted<T, U>> operator|(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Promoted<T, U>;
  return detail::zip<P>("or", a, b, [](T u, U v) { return static_cast<P>(static_cast<P>(u) | static_cast<P>(v)); });
}
template <std::integral T, std::integral U>
Tensor<detail::Promoted<T, U>> operator^(const Tensor<T>& a, const Tensor<U>& b) {
  using P = detail::Promoted<T, U>;
  return detail::zip<P>("xor", a, b, [](T u, U v) { return static_cast<P>(static_cast<P>(u) ^ static_cast<P>(v)); });
}

/// The same of whether values are not 0; NaN is not 0. PyTorch: torch.logical_not, logical_and, logical_or,
/// logical_xor.
template <typename T>
Mask logical_not(const Tensor<T>& x) {
  return detail::map<bool>(x, [](T v) { return v == T(0); });
}
template <typename T, typename U>
Mask logical_and(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::zip<bool>("logical_and", a, b, [](T u, U v) { return u != T(0) && v != U(0); });
}
template <typename T, typename U>
Mask logical_or(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::zip<bool>("logical_or", a, b, [](T u, U v) { return u != T(0) || v != U(0); });
}
template <typename T, typename U>
Mask logical_xor(const Tensor<T>& a, const Tensor<U>& b) {
  return detail::zip<bool>("logical_xor", a, b, [](T u, U v) { return (u != T(0)) != (v != U(0)); });
}

/// Whether any element is not 0; NaN is not 0. Of no elements, false. Of all, shape (), or over dimensions. PyTorch:
/// torch.any.
template <typename T>
Mask any(const Tensor<T>& x, const Dims& dims = {}, bool keepdim = false) {
  return detail::reduce_rows(
      "", x.template to<bool>(), detail::Reduced("any", x.shape(), dims), keepdim,
      [](const bool* row, Index n) { return std::find(row, row + n, true) != row + n; }, nullptr);
}

/// Whether no element is 0; of no elements, true. PyTorch: torch.all.
template <typename T>
Mask all(const Tensor<T>& x, const Dims& dims = {}, bool keepdim = false) {
  return detail::reduce_rows(
      "", x.template to<bool>(), detail::Reduced("all", x.shape(), dims), keepdim,
      [](const bool* row, Index n) { return std::find(row, row + n, false) == row + n; }, nullptr);
}

/// How many elements are not 0, of all or over dimensions; NaN is not 0. PyTorch: torch.count_nonzero.
template <typename T>
Indices count_nonzero(const Tensor<T>& x, const Dims& dims = {}) {
  return sum(x.template to<bool>(), dims);
}

/// Where the elements that are not 0 stand: row k has the position of the k-th of them, shape (count, rank). PyTorch:
/// torch.nonzero.
template <typename T>
Indices nonzero(const Tensor<T>& x) {
  const int rank = x.dim();
  Indices result(Shape{count_nonzero(x).item(), rank});
  Index* row = result.data();
  for (Index i = 0; i < x.numel(); ++i) {
    if (x.data()[i] == T(0)) continue;
    Index left = i;
    for (int d = rank - 1; d >= 0; --d) {
      row[d] = left % x.shape()[d];
      left /= x.shape()[d];
    }
    row += rank;
  }
  return result;
}

/// The same by dimension: one tensor of positions for each, which x.index() takes. PyTorch: torch.where(mask).
template <std::same_as<bool> B>
std::vector<Indices> where(const Tensor<B>& mask) {
  const Indices positions = nonzero(mask);
  const Index rank = mask.dim(), count = positions.shape()[0];
  std::vector<Indices> columns;
  columns.reserve(static_cast<std::size_t>(rank));
  for (Index d = 0; d < rank; ++d) {
    columns.emplace_back(Shape{count});
    for (Index k = 0; k < count; ++k) columns.back().data()[k] = positions.data()[k * rank + d];
  }
  return columns;
}

template <typename T>
Mask TensorMethods<T>::any(const Dims& dims, bool keepdim) const {
  return rowgrad::any(self(), dims, keepdim);
}
template <typename T>
Mask TensorMethods<T>::all(const Dims& dims, bool keepdim) const {
  return rowgrad::all(self(), dims, keepdim);
}
template <typename T>
Indices TensorMethods<T>::nonzero() const {
  return rowgrad::nonzero(self());
}

}  // namespace rowgrad
