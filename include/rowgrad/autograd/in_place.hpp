// What: how operations write to a tensor in place: x += y, x.zero_(), x.index_add_(...).
// Why:  PyTorch's rules, in one place: a leaf under training refuses while recording; the result of an operation takes
//       the recorded result over; what would be a write to a copy is an error, as is, later, reading a value that
//       backward saved and somebody has changed since.
// See:  functional/in_place.hpp, functional/scatter.hpp; docs/decisions.md, "In place".
#pragma once

#include <rowgrad/autograd/copies.hpp>

namespace rowgrad {
namespace detail {

/// ValueError for a tensor that is a copy where PyTorch has a view.
template <typename T>
void expect_no_view(const char* operation, const Tensor<T>& x) {
  if (x.body().storage->stands_for_view)
    raise<ValueError>(
        operation, ": this tensor of shape ", x.shape(),
        " is a copy of what PyTorch would have as a view of another tensor (transposed, expanded, or part "
        "of a dimension that is not the first), so the other would not see the change. Use clone() to "
        "change the copy, or change the other tensor: its rows are views, and index_add_(), "
        "index_copy_(), scatter_() and masked_fill_() reach the rest");
}

/// Gives x, in all its handles, the values and the place in the graph that a recorded result has. GraphError where
/// others would not see that: for a leaf under training, and where x shares its memory.
template <typename T>
void expect_replaceable(const char* operation, const Tensor<T>& x) {
  const TensorBody<T>& body = x.body();
  if (body.graph && x.is_leaf())
    raise<GraphError>(operation, ": a leaf that requires a gradient, of shape ", body.shape,
                      ", must not change in place while operations are recorded (write `no_grad guard;` before, as "
                      "for weights, or use a new tensor: w = w + x)");
  if (!body.storage.unique() || body.storage->borrowed())
    raise<GraphError>(operation, ": this result of shape ", body.shape,
                      " cannot change in place while operations are recorded: another tensor shares its memory (a view "
                      "of it, what it is a view of, or an operation that saved it). Make a new one: h = h + x");
}

/// Notes a write to x's memory, for operations that saved it.
template <typename T>
void note_write(const Tensor<T>& x) noexcept {
  if (x.body().graph && x.is_leaf()) static_cast<WalkNode*>(x.body().graph.get())->note_change();
  const Ref<Storage<T>>& storage = x.body().storage;
  if (storage.unique()) return;
  ++storage->version;
  RowDebt* nobody = nullptr;
  storage->debt.compare_exchange_strong(nobody, &no_debt, std::memory_order_release, std::memory_order_relaxed);
}

/// ShapeError for a result that does not fit the tensor it is to go into.
inline void expect_fits(const char* operation, const Shape& x, const Shape& result) {
  if (x != result)
    raise<ShapeError>(operation, ": the result would have shape ", result, ", which the tensor of shape ", x,
                      " cannot take in place");
}

/// Changes x in place. While recording (x or what `records` stands for), x takes over what result() returns, a new
/// tensor of its shape; else write() writes to its memory.
template <typename T, typename Result, typename Write>
Tensor<T> in_place(const char* operation, const Tensor<T>& x, bool records, const Result& result, const Write& write) {
  expect_no_view(operation, x);
  if (!records) {
    write();
    note_write(x);
    return x;
  }
  expect_replaceable(operation, x);
  const Tensor<T> y = result();
  expect_fits(operation, x.shape(), y.shape());
  TensorBody<T>&body = x.body(), &other = y.body();
  body.storage = other.storage;
  body.data = other.data;
  body.graph = std::move(other.graph);
  body.requires_grad = other.requires_grad;
  return x;
}

/// The same where the new values are worked out apart in either case.
template <typename T, typename Result>
Tensor<T> in_place(const char* operation, const Tensor<T>& x, bool records, const Result& result) {
  return in_place(operation, x, records, result, [&] {
    const Tensor<T> y = result();
    expect_fits(operation, x.shape(), y.shape());
    std::copy_n(y.data(), x.numel(), x.data());
  });
}

}  // namespace detail
}  // namespace rowgrad
