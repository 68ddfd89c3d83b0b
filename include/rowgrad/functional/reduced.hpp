// What: how a reduction over any dimensions sees a tensor: as a matrix, each row of which becomes one value.
// Why:  a function of a row and its gradient are all that an operation has to bring.
// See:  statistics.hpp, extremes.hpp; reduce.hpp for sums, which need no copy.
#pragma once

#include <rowgrad/core/dims.hpp>
#include <rowgrad/functional/rearrange.hpp>

namespace rowgrad::detail {

/// A tensor's shape without the dimensions that are reduced. IndexError for a dimension that there is not, ValueError
/// for one that is named twice.
class Reduced {
 public:
  Reduced(const char* operation, const Shape& shape, const Dims& dims) : shape_(shape), kept_(shape) {
    const int rank = shape.rank();
    unsigned taken = 0;
    for (int i = 0; i < dims.size(); ++i) {
      const int d = wrap_dim(operation, dims[i], rank);
      if ((taken >> d & 1u) != 0) raise<ValueError>(operation, ": dimension ", dims[i], " is named twice");
      taken |= 1u << d;
    }
    if (dims.size() == 0) taken = ~0u;
    const StridedView all(shape);
    for (const bool reduced : {false, true})
      for (int d = 0; d < rank; ++d) {
        if (((taken >> d & 1u) != 0) != reduced) continue;
        moved_.stride(moved_.shape.rank()) = all.strides[static_cast<std::size_t>(d)];
        moved_.shape.append(shape[d]);
        if (!reduced) {
          result_.append(shape[d]);
          continue;
        }
        count_ *= shape[d];
        kept_[d] = 1;
      }
    in_order_ = moved_.strides == all.strides;
  }

  Index count() const noexcept { return count_; }       // how many values become one
  Index rows() const { return result_.numel(); }        // how many times
  const Shape& kept() const noexcept { return kept_; }  // 1 in place of what is reduced
  const Shape& shape(bool keepdim) const noexcept { return keepdim ? kept_ : result_; }

  /// x as a matrix (rows, count): the same values when what is reduced comes last, else copied.
  template <typename T>
  Tensor<T> to_rows(const Tensor<T>& x) const {
    const Shape matrix{rows(), count_};
    if (in_order_) return x.view_as(matrix);
    Tensor<T> y(matrix);
    moved_.for_each_row([n = moved_.shape.back(), from = x.data(), to = y.data()](Index out, Index in, Index stride) {
      for (Index i = 0; i < n; ++i) to[out + i] = from[in + i * stride];
    });
    return y;
  }
  /// The way back.
  template <typename T>
  Tensor<T> from_rows(const Tensor<T>& y) const {
    if (in_order_) return y.view_as(shape_);
    Tensor<T> x(shape_);
    moved_.for_each_row([n = moved_.shape.back(), from = y.data(), to = x.data()](Index in, Index out, Index stride) {
      for (Index i = 0; i < n; ++i) to[out + i * stride] = from[in + i];
    });
    return x;
  }

 private:
  Shape shape_, kept_, result_;
  StridedView moved_;  // what is reduced behind the others
  Index count_ = 1;
  bool in_order_ = false;
};

/// f(row, n) for every row of n values. gradient(g, y, row, n, to) writes what goes to the row whose value was y.
template <typename T, typename F, typename D>
Tensor<T> reduce_rows(const char* name, const Tensor<T>& x, const Reduced& reduced, bool keepdim, const F& f,
                      const D& gradient) {
  const Index rows = reduced.rows(), n = reduced.count();
  Tensor<T> y(reduced.shape(keepdim));
  {
    const Tensor<T> values = reduced.to_rows(x);
    for (Index r = 0; r < rows; ++r) y.data()[r] = f(values.data() + r * n, n);
  }
  if constexpr (std::is_floating_point_v<T>)
    if (recording(x))
      record(
          y, name,
          [x = saved(x), y = saved(y), reduced, gradient, rows, n](const Tensor<T>& g, Node<T>* node) {
            const Tensor<T> values = reduced.to_rows(x);
            const Tensor<T> dx(values.shape());
            for (Index r = 0; r < rows; ++r)
              gradient(g.data()[r], y.data()[r], values.data() + r * n, n, dx.data() + r * n);
            node->accumulate(reduced.from_rows(dx));
          },
          x);
  return y;
}

}  // namespace rowgrad::detail
