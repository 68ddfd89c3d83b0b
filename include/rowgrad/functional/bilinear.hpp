// What: bilinear(), a^T W b for each output.
// Why:  two vectors are judged together: one product with all the weights, then a dot product a sample.
// See:  nn/bilinear.hpp; matmul.hpp.
#pragma once

#include <rowgrad/functional/matmul.hpp>

namespace rowgrad {

/// y[..., o] = sum over i, j of a[..., i] weight[o, i, j] b[..., j] + bias[o]: a (..., in1), b (..., in2) with the same
/// leading dimensions, weight (out, in1, in2), bias (out) or undefined. With t = W b: da = sum of g t over the outputs,
/// dW = g a b^T, db likewise. ShapeError. PyTorch: torch.nn.functional.bilinear.
template <typename T>
Tensor<T> bilinear(const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& weight, const Tensor<T>& bias = {}) {
  bool fits = weight.dim() == 3 && a.dim() >= 1 && a.dim() == b.dim() && a.shape().back() == weight.shape()[1] &&
              b.shape().back() == weight.shape()[2];
  for (int d = 0; fits && d + 1 < a.dim(); ++d) fits = a.shape()[d] == b.shape()[d];
  if (!fits)
    detail::raise<ShapeError>("bilinear: expected inputs (..., in1) and (..., in2) and weight (out, in1, in2), got ",
                              a.shape(), ", ", b.shape(), " and ", weight.shape());
  const Index out = weight.shape()[0], in1 = weight.shape()[1], in2 = weight.shape()[2];
  if (bias.defined() && bias.shape() != Shape{out})
    detail::raise<ShapeError>("bilinear: expected bias ", Shape{out}, ", got ", bias.shape());
  const Index rows = detail::split_at(a.shape(), a.dim() - 1).outer;
  const auto weighted = [=](const Tensor<T>& w, const Tensor<T>& v) {  // W b, (rows, out * in1)
    Tensor<T> t(Shape{rows, out * in1});
    detail::product(t.matrix(), MatrixMap<T>(v.data(), rows, in2), MatrixMap<T>(w.data(), out * in1, in2).transpose());
    return t;
  };
  const Tensor<T> t = weighted(weight, b);
  Shape shape = a.shape();
  shape[shape.rank() - 1] = out;
  Tensor<T> y(shape);
  for (Index k = 0; k < rows * out; ++k) {
    const T *const u = a.data() + k / out * in1, *const v = t.data() + k * in1;
    const T sum = detail::sum_of_terms<T>(in1, [=](Index i) { return u[i] * v[i]; });
    y.data()[k] = bias.defined() ? sum + bias.data()[k % out] : sum;
  }
  if (recording(a, b, weight, bias)) {
    record(
        y, "BilinearBackward",
        [=, a = saved(a), b = saved(b), w = saved(weight)](Tensor<T> g, Node<T>* na, Node<T>* nb, Node<T>* nw,
                                                           Node<T>* nbias) {
          if (na != nullptr) {
            const Tensor<T> products = weighted(w, b);
            Tensor<T> da = zeros<T>(a.shape());
            for (Index k = 0; k < rows * out; ++k)
              detail::add_multiple(da.data() + k / out * in1, g.data()[k], products.data() + k * in1, in1);
            na->accumulate(std::move(da));
          }
          if (nb != nullptr || nw != nullptr) {
            Tensor<T> dt(Shape{rows, out * in1});
            for (Index k = 0; k < rows * out; ++k)
              detail::set_multiple(dt.data() + k * in1, g.data()[k], a.data() + k / out * in1, in1);
            if (nb != nullptr) {
              Tensor<T> db(b.shape());
              detail::product(MatrixMap<T>(db.data(), rows, in2), dt.matrix(), MatrixMap<T>(w.data(), out * in1, in2));
              nb->accumulate(std::move(db));
            }
            if (nw != nullptr) {
              Tensor<T> dw(w.shape());
              detail::product(MatrixMap<T>(dw.data(), out * in1, in2), dt.matrix().transpose(),
                              MatrixMap<T>(b.data(), rows, in2));
              nw->accumulate(std::move(dw));
            }
          }
          if (nbias != nullptr) {
            Tensor<T> sums(Shape{out});
            detail::column_sums(g.data(), rows, out, out, sums.data());
            nbias->accumulate(std::move(sums));
          }
        },
        a, b, weight, bias);
  }
  return y;
}

}  // namespace rowgrad
