// What: append_rows, which makes a table longer in place.
// Why:  a vocabulary grows while the model is in use; every handle to the table must see the new rows.
// See:  nn/embedding.hpp (add_rows), optim/optimizer.hpp (add_rows: the optimizer's side).
#pragma once

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {

/// Appends rows (n, D) to a leaf (V, D). All handles to it see shape (V + n, D); a gradient gathered before stays, the
/// new rows have none. Views made before keep the old memory, with every update that was owed. Graphs recorded before
/// can no longer be walked: backward() through them is a GraphError. O((V + n) D); nothing changes if memory runs out.
/// ShapeError when the rows do not fit the table.
template <typename T>
void append_rows(const Tensor<T>& table, const Tensor<T>& rows) {
  detail::TensorBody<T>& body = table.body();
  Shape shape = body.shape;
  if (shape.rank() != 2 || rows.dim() != 2 || rows.shape()[1] != shape[1])
    detail::raise<ShapeError>("append_rows: expected a table (V, D) and rows (n, D), got ", shape, " and ",
                              rows.shape());
  shape[0] = detail::checked_sum("add_rows", shape[0], rows.shape()[0]);
  const Tensor<T> grown(shape);
  std::copy_n(table.data(), table.numel(), grown.data());  // data() has the updates owed made first
  std::copy_n(rows.data(), rows.numel(), grown.data() + table.numel());
  if (body.graph) {
    auto leaf = make_leaf<T>(shape);
    if (const Gradient<T>& gradient = table.grad(); gradient.is_row_sparse()) {
      leaf->accumulate(RowGradient<T>{gradient.rows(), gradient.values(), shape});
    } else if (gradient.defined()) {
      Tensor<T> longer = zeros<T>(shape);
      std::copy_n(gradient.dense().data(), table.numel(), longer.data());
      leaf->accumulate(std::move(longer));
    }
    replace_leaf(table, std::move(leaf));
  }
  body.storage->debt = nullptr;  // nothing is owed any more, and no optimizer knows this memory from now on
  body.storage = grown.body().storage;
  body.data = body.storage->data();
  body.shape = shape;
  body.numel = grown.numel();
}

}  // namespace rowgrad
