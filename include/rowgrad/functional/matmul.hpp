// What: matmul, bmm and linear: everything that ends in a matrix product.
// Why:  leading dimensions are folded, so that one product does the work of many.
// See:  machine/product.hpp.
#pragma once

#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/machine/product.hpp>

namespace rowgrad {
namespace detail {

/// A tensor as a factor: leading dimensions folded into rows, as in matrix().
template <typename T>
Operand<T> factor(const Tensor<T>& x) {
  T* const values = x.data();
  const Shape& shape = x.shape();
  Index rows = 1;
  for (int d = 0; d + 1 < shape.rank(); ++d) rows *= shape[d];
  return {values, rows, shape.back(), shape.back(), 1};
}

}  // namespace detail

/// x W^T + b over the last dimension: x (..., in), weight (out, in), bias (out) or undefined; result (..., out).
/// dx = g W, dW = g^T x, db = g summed over the leading dimensions. PyTorch: torch.nn.functional.linear.
template <typename T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {}) {
  if (weight.dim() != 2 || x.dim() < 1 || x.shape().back() != weight.shape()[1])
    detail::raise<ShapeError>("linear: expected input (..., in) and weight (out, in), got ", x.shape(), " and ",
                              weight.shape());
  const Index out = weight.shape()[0];
  if (bias.defined() && bias.shape() != Shape{out})
    detail::raise<ShapeError>("linear: expected bias ", Shape{out}, ", got ", bias.shape());
  Shape shape = x.shape();
  shape[shape.rank() - 1] = out;
  Tensor<T> y(shape);
  detail::multiply(detail::factor(y), detail::Operand<T>::repeated(bias.defined() ? bias.data() : nullptr),
                   detail::factor(x), detail::factor(weight).transposed());
  if (recording(x, weight, bias)) {
    record(
        y, "AddmmBackward0",
        [x = saved_for(weight, x), w = saved_for(x, weight)](Tensor<T> g, Node<T>* nx, Node<T>* nw, Node<T>* nb) {
          const detail::Operand<T> gradient = detail::factor(g), nothing{};
          if (nx != nullptr) {
            Tensor<T> dx(x.shape());
            detail::multiply(detail::factor(dx), nothing, gradient, detail::factor(w));
            nx->accumulate(std::move(dx));
          }
          if (nw != nullptr) {
            Tensor<T> dw(w.shape());
            detail::multiply(detail::factor(dw), nothing, gradient.transposed(), detail::factor(x));
            nw->accumulate(std::move(dw));
          }
          if (nb != nullptr) {
            Tensor<T> db(Shape{gradient.columns});
            detail::column_sums(gradient.values, gradient.rows, gradient.columns, gradient.columns, db.data());
            nb->accumulate(std::move(db));
          }
        },
        x, weight, bias);
  }
  return y;
}

namespace detail {

/// The k-th of the row-major matrices that begin at `first`.
template <typename T>
MatrixMap<T> matrix_at(T* first, Index k, Index rows, Index columns) {
  return MatrixMap<T>(first + k * rows * columns, rows, columns);
}

/// The k-th matrix of a (B, n, m) tensor.
template <typename T>
MatrixMap<T> batch_matrix(const Tensor<T>& x, Index k) {
  return matrix_at(x.data(), k, x.shape()[1], x.shape()[2]);
}

}  // namespace detail

/// a_k b_k for every k: a (B, n, k), b (B, k, m), result (B, n, m). da = g b^T, db = a^T g. PyTorch: torch.bmm.
template <typename T>
Tensor<T> bmm(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.dim() != 3 || b.dim() != 3 || a.shape()[0] != b.shape()[0] || a.shape()[2] != b.shape()[1])
    detail::raise<ShapeError>("bmm: expected (B, n, k) and (B, k, m), got ", a.shape(), " and ", b.shape());
  const Index batch = a.shape()[0];
  Tensor<T> y(Shape{batch, a.shape()[1], b.shape()[2]});
  // A tensor without elements may be a batch of any size.
  for (Index k = 0; k < batch && y.numel() > 0; ++k)
    detail::product(detail::batch_matrix(y, k), detail::batch_matrix(a, k), detail::batch_matrix(b, k));
  if (recording(a, b)) {
    record(
        y, "BmmBackward0",
        [a = saved_for(b, a), b = saved_for(a, b), batch](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          using detail::batch_matrix;
          if (na != nullptr) {
            Tensor<T> da(a.shape());
            for (Index k = 0; k < batch && da.numel() > 0; ++k)
              detail::product(batch_matrix(da, k), batch_matrix(g, k), batch_matrix(b, k).transpose());
            na->accumulate(std::move(da));
          }
          if (nb != nullptr) {
            Tensor<T> db(b.shape());
            for (Index k = 0; k < batch && db.numel() > 0; ++k)
              detail::product(batch_matrix(db, k), batch_matrix(a, k).transpose(), batch_matrix(g, k));
            nb->accumulate(std::move(db));
          }
        },
        a, b);
  }
  return y;
}

namespace detail {

/// a b for a (n, k) and b (k, m).
template <typename T>
Tensor<T> mm(const Tensor<T>& a, const Tensor<T>& b) {
  Tensor<T> y(Shape{a.shape()[0], b.shape()[1]});
  product(y.matrix(), a.matrix(), b.matrix());
  if (recording(a, b)) {
    record(
        y, "MmBackward0",
        [a = saved_for(b, a), b = saved_for(a, b)](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          if (na != nullptr) {
            Tensor<T> da(a.shape());
            product(da.matrix(), g.matrix(), b.matrix().transpose());
            na->accumulate(std::move(da));
          }
          if (nb != nullptr) {
            Tensor<T> db(b.shape());
            product(db.matrix(), a.matrix().transpose(), g.matrix());
            nb->accumulate(std::move(db));
          }
        },
        a, b);
  }
  return y;
}

}  // namespace detail

/// Matrix product with PyTorch's rules: vectors count as a row on the left and a column on the right, and lose that
/// dimension again; leading dimensions are batches and broadcast. ShapeError when the inner sizes differ.
/// PyTorch: torch.matmul.
template <typename T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b) {
  const auto fail = [&] {
    detail::raise<ShapeError>("matmul: shapes ", a.shape(), " and ", b.shape(),
                              " do not fit: the last size of the left must be the second to last (for a vector: "
                              "the only) one of the right");
  };
  if (a.dim() == 0 || b.dim() == 0) fail();
  if (a.dim() == 1) return squeeze(matmul(unsqueeze(a, 0), b), b.dim() == 1 ? 0 : -2);
  if (b.dim() == 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  if (a.shape().back() != b.size(-2)) fail();
  if (b.dim() == 2) {  // fold the batches of the left into rows
    Shape shape = a.shape();
    shape[shape.rank() - 1] = b.shape()[1];
    const Index k = a.shape().back(), rows = detail::split_at(a.shape(), a.dim() - 1).outer;
    return reshape(detail::mm(reshape(a, Shape{rows, k}), b), shape);
  }
  Shape batch_a = a.shape(), batch_b = b.shape();
  const auto drop_matrix = [](Shape& shape) {
    shape.erase(shape.rank() - 1);
    shape.erase(shape.rank() - 1);
  };
  drop_matrix(batch_a);
  drop_matrix(batch_b);
  const Shape batch = detail::broadcast_shape("matmul", batch_a, batch_b);
  const auto with_matrix = [&batch](Index rows, Index columns) {
    Shape shape = batch;
    shape.append(rows);
    shape.append(columns);
    return shape;
  };
  const auto batched = [&](const Tensor<T>& x) {
    const Index rows = x.size(-2), columns = x.size(-1);
    return reshape(expand(x, with_matrix(rows, columns)), Shape{batch.numel(), rows, columns});
  };
  return reshape(bmm(batched(a), batched(b)), with_matrix(a.size(-2), b.size(-1)));
}

}  // namespace rowgrad
