// What: Gradient, what a parameter gathers during backward: nothing, a dense tensor, or some rows of a table.
// Why:  a lookup's gradient touches only the rows that were looked up; nothing of the table's size may be allocated,
//       cleared or visited for it.
// See:  row_gradient.hpp (how rows are gathered); optim/ (who reads it).
#pragma once

#include <rowgrad/autograd/row_gradient.hpp>
#include <rowgrad/core/printing.hpp>

namespace rowgrad {

namespace detail {

/// A backward function gave a gradient of another shape than its input's. The walk says which operation it was.
class WrongGradient : public ShapeError {
 public:
  using ShapeError::ShapeError;
};

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_wrong_gradient(const Shape& expected, const Shape& got) {
  raise<WrongGradient>("an input of shape ", expected, " was given a gradient of shape ", got,
                       "; a backward function must give each input one of that input's shape");
}

}  // namespace detail

/// Gradient of one tensor. Accumulates: dense and row-sparse contributions may be mixed, the sum is dense then.
/// PyTorch: Tensor.grad, where row-sparse is a coalesced sparse tensor.
template <typename T>
class Gradient {
 public:
  bool defined() const noexcept { return values_.defined(); }
  explicit operator bool() const noexcept { return defined(); }
  bool is_row_sparse() const noexcept { return rows_.defined(); }

  /// The whole gradient. GraphError when it is undefined or row-sparse: see rows(), values(), to_dense().
  const Tensor<T>& dense() const {
    if (!defined() || is_row_sparse())
      detail::raise<GraphError>("grad: expected a dense gradient, but it is ",
                                defined() ? "row-sparse (use rows() and values(), or to_dense())"
                                          : "undefined (has backward() been called?)");
    return values_;
  }

  /// Rows with a gradient, sorted, each once; undefined when dense.
  const Indices& rows() const noexcept { return rows_; }
  /// Row-sparse: shape (rows().numel(), D), the gradient of row rows()[i] in row i. Dense: the whole gradient.
  const Tensor<T>& values() const noexcept { return values_; }
  /// Shape of the tensor this is the gradient of.
  const Shape& shape() const noexcept { return is_row_sparse() ? shape_ : values_.shape(); }

  /// The whole gradient as a dense tensor; allocates one of the table's size when row-sparse.
  Tensor<T> to_dense() const {
    if (!defined() || !is_row_sparse()) return dense();
    Tensor<T> result = zeros<T>(shape_);
    scatter_to(result);
    return result;
  }

  /// Sum of squares of all entries, in double.
  double squared_norm() const { return defined() ? values_.array().template cast<double>().square().sum() : 0.0; }

  /// The Euclidean norm of all entries, shape (). PyTorch: x.grad.norm().
  Tensor<T> norm() const { return full<T>(Shape{}, static_cast<T>(std::sqrt(squared_norm()))); }

  /// Every entry that there is becomes 0. GraphError when it is undefined. PyTorch: x.grad.zero_().
  void zero_() {
    if (!defined()) (void)dense();
    own();
    values_.array().setZero();
  }

  /// Forgets the gradient. PyTorch: zero_grad(set_to_none=True).
  void reset() noexcept {
    values_ = {};
    rows_ = {};
  }

  /// Sets every entry to zero: other than after reset(), an optimizer's step is a step with it. Stays undefined.
  /// PyTorch: zero_grad(set_to_none=False).
  void zero() {
    if (!defined()) return;
    if (!values_.unique()) values_ = Tensor<T>(values_.shape());
    values_.array().setZero();
  }

  /// The whole gradient, which is forgotten here.
  Tensor<T> take() {
    Tensor<T> result = is_row_sparse() ? to_dense() : std::move(values_);
    reset();
    return result;
  }

  /// ShapeError when contributions differ in shape: a backward function gave one of another than its input's.
  void add(Tensor<T> gradient) {
    if (defined()) check_shape(gradient.shape());
    if (is_row_sparse()) {
      own(gradient);
      scatter_to(gradient);
      rows_ = {};
      values_ = std::move(gradient);
    } else if (!defined()) {
      values_ = std::move(gradient);
    } else {
      own(values_);
      detail::add_row(values_.data(), gradient.data(), gradient.numel());
    }
  }

  void add(RowGradient<T> gradient) {
    if (defined()) check_shape(gradient.shape);
    if (!defined()) {
      values_ = std::move(gradient.values);
      rows_ = std::move(gradient.rows);
      shape_ = gradient.shape;
    } else if (is_row_sparse()) {
      RowGradient<T> sum = detail::merge_rows<T>({rows_, values_, shape_}, gradient);
      values_ = std::move(sum.values);
      rows_ = std::move(sum.rows);
    } else {
      own(values_);
      detail::scatter_add(gradient.rows, gradient.values, values_);
    }
  }

  /// Makes the values this gradient's own, so that changing them changes nothing else.
  void own() {
    if (defined()) own(values_);
  }

 private:
  void check_shape(const Shape& other) const {
    if (other != shape()) [[unlikely]]
      detail::throw_wrong_gradient(shape(), other);
  }
  static void own(Tensor<T>& tensor) {
    if (!tensor.unique()) tensor = detail::copy_of(tensor);
  }
  void scatter_to(const Tensor<T>& table) const { detail::scatter_add(rows_, values_, table); }

  Tensor<T> values_;
  Indices rows_;
  Shape shape_;  // of the table, when row-sparse
};

/// As print(x.grad): the whole gradient as a tensor, None when there is none.
template <typename T>
[[gnu::cold]] std::string to_string(const Gradient<T>& gradient) {
  return gradient.defined() ? to_string(gradient.to_dense()) : "None";
}
template <typename T>
std::ostream& operator<<(std::ostream& out, const Gradient<T>& gradient) {
  return out << to_string(gradient);
}

}  // namespace rowgrad
