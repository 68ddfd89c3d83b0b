// What: values put where ids or a mask say: scatter, scatter_add, index_add, index_copy, index_fill, masked_scatter.
// Why:  the reverse of indexing.hpp. Each makes a new tensor, or, with an underscore, changes the one it is given.
// See:  indexing.hpp; autograd/in_place.hpp (what in place means); PyTorch "Indexing, Slicing, Joining".
#pragma once

#include <rowgrad/autograd/in_place.hpp>
#include <rowgrad/functional/indexing.hpp>

namespace rowgrad {
namespace detail {

/// What is written: a tensor's values, or one value.
template <typename T>
struct Source {
  Tensor<T> tensor;  // undefined for a value
  T value{};
};

enum class Put { copy, add };

/// The checked arguments of an operation that writes to positions of dimension d: element by element, as gather()
/// reads, or whole lines, as index_select() reads.
template <typename T>
class Placement {
 public:
  Placement(const char* operation, const Tensor<T>& x, Index dim, const Indices& ids, Source<T> source, bool lines)
      : shape_(with_dimension(x).shape()), lines_(lines), d_(wrap_dim(operation, dim, x.dim())) {
    const Indices index = lines ? ids.view_as(Shape{ids.numel()}) : with_dimension(ids);
    if (source.tensor.defined()) {
      const Tensor<T>& from = source.tensor;
      source_shape_ = with_dimension(from).shape();
      Shape expected = shape_;
      if (lines) expected[d_] = index.numel();
      bool fits = lines ? source_shape_ == expected : source_shape_.rank() == index.dim();
      for (int k = 0; !lines && fits && k < index.dim(); ++k) fits = index.shape()[k] <= source_shape_[k];
      if (!fits && index.numel() > 0)
        raise<ShapeError>(operation, ": expected a source ", lines ? "of shape " : "at least as large as the indices, ",
                          lines ? expected : ids.shape(), ", got ", from.shape());
      from_ = from.body().storage.get() == x.body().storage.get() ? copy_of(from) : from;
    } else {
      source_shape_ = index.shape();
    }
    if (lines ? ids.dim() > 1 : index.numel() > 0 && index.dim() != shape_.rank())
      raise<ShapeError>(operation, ": expected indices of ", lines ? 1 : shape_.rank(), " dimensions, got shape ",
                        ids.shape());
    if (!lines && index.numel() > 0) expect_within(operation, index.shape(), shape_, d_);
    ids_ = checked_positions(operation, index, d_, shape_[d_], false);
    value_ = source.value;
  }

  /// Brings the rows to be written of a table up to date, if they alone are to be; else all. The values.
  T* target(const Tensor<T>& x) const {
    return lines_ && x.dim() == 2 && d_ == 0 ? x.data_for_rows(as_span(ids_)) : x.data();
  }

  void write(T* to, Put put, T alpha = T(1)) const {
    const T* const from = from_.defined() ? from_.data() : nullptr;
    each([=, this](Index at, Index other) {
      const T value = from != nullptr ? from[other] : value_;
      to[at] = put == Put::add ? static_cast<T>(to[at] + alpha * value) : value;
    });
  }

  /// What a write leaves of the gradient of the tensor written to.
  Tensor<T> kept(Tensor<T> g) const {
    if (!g.unique()) g = copy_of(g);
    each([to = g.data()](Index at, Index) { to[at] = T(0); });
    return g;
  }

  /// The gradient of the source, as a tensor of that shape: alpha g where it was written.
  Tensor<T> moved(const Tensor<T>& g, const Shape& shape, T alpha) const {
    Tensor<T> result = zeros<T>(shape);
    each([from = g.data(), to = result.data(), alpha](Index at, Index other) { to[other] = alpha * from[at]; });
    return result;
  }

  void forget_source() noexcept { from_ = {}; }

 private:
  /// Calls body(position in the tensor, in the source) for every element that is written, in the source's order.
  template <typename Body>
  void each(const Body& body) const {
    if (ids_.numel() == 0) return;
    if (!lines_) return for_each_index(ids_, shape_, source_shape_, d_, [&](Index, Index at, Index o) { body(at, o); });
    const Split s = split_at(shape_, d_);
    const Index n = ids_.numel(), *const index = ids_.data();
    for (Index o = 0; o < s.outer; ++o)
      for (Index k = 0; k < n; ++k)
        for (Index i = 0; i < s.inner; ++i) body((o * s.size + index[k]) * s.inner + i, (o * n + k) * s.inner + i);
  }

  Shape shape_, source_shape_;
  bool lines_;
  int d_;
  Indices ids_;
  Tensor<T> from_;
  T value_{};
};

/// A copy of x with a placement's values written to it.
template <typename T>
Tensor<T> placed(const char* name, const Tensor<T>& x, Placement<T> placement, const Source<T>& source, Put put,
                 T alpha = T(1)) {
  Tensor<T> y = copy_of(x);
  placement.write(y.data(), put, alpha);
  if constexpr (std::is_floating_point_v<T>) {
    const Tensor<T>& from = source.tensor;
    if (recording(x, from)) {
      placement.forget_source();
      record(
          y, name,
          [placement, put, alpha, shape = from.defined() ? from.shape() : Shape{}](Tensor<T> g, Node<T>* nx,
                                                                                   Node<T>* ns) {
            if (ns != nullptr) ns->accumulate(placement.moved(g, shape, alpha));
            if (nx != nullptr) nx->accumulate(put == Put::add ? std::move(g) : placement.kept(std::move(g)));
          },
          x, from);
    }
  }
  return y;
}

/// The same in place.
template <typename T>
Tensor<T> place(const char* operation, const char* name, const Tensor<T>& x, const Placement<T>& placement,
                const Source<T>& source, Put put, T alpha = T(1)) {
  return in_place(
      operation, x, recording(x, source.tensor), [&] { return placed(name, x, placement, source, put, alpha); },
      [&] { placement.write(placement.target(x), put, alpha); });
}

/// Flat positions in x's first dimensions, and what goes there, a row each.
template <typename T>
struct PutPlan {
  PutPlan(const char* operation, const Tensor<T>& x, std::initializer_list<Indices> where, const Tensor<T>& source)
      : ids(flat_positions(operation, x, where)) {
    Shape full = ids.shape(), rows{ids.numel()};
    for (int d = static_cast<int>(where.size()); d < x.dim(); ++d) {
      full.append(x.shape()[d]);
      rows.append(x.shape()[d]);
    }
    ids = ids.view_as(Shape{ids.numel()});
    values = reshape(repeated(source, full), rows);
  }

  Indices ids;
  Tensor<T> values;
};

}  // namespace detail

/// A copy of x with y[ids[i][j]][j] = source[i][j] for dim 0, and so on; the last of several for one place stays. ids
/// have x's rank and nowhere more than source has, nor, outside dim, than x. dx = g where nothing was written, dsource
/// = g where it went. IndexError for an index outside the dimension, ShapeError for other shapes. PyTorch:
/// torch.scatter.
template <typename T>
Tensor<T> scatter(const Tensor<T>& x, Index dim, const Indices& ids, const Tensor<T>& source) {
  const detail::Source<T> from{source};
  return detail::placed("ScatterBackward0", x, detail::Placement<T>("scatter", x, dim, ids, from, false), from,
                        detail::Put::copy);
}
/// The same with one value.
template <typename T>
Tensor<T> scatter(const Tensor<T>& x, Index dim, const Indices& ids, std::type_identity_t<T> value) {
  const detail::Source<T> from{{}, value};
  return detail::placed("ScatterBackward1", x, detail::Placement<T>("scatter", x, dim, ids, from, false), from,
                        detail::Put::copy);
}
/// scatter() that adds: x[ids[i][j]][j] + all that go there, in order. dx = g. PyTorch: torch.scatter_add.
template <typename T>
Tensor<T> scatter_add(const Tensor<T>& x, Index dim, const Indices& ids, const Tensor<T>& source) {
  const detail::Source<T> from{source};
  return detail::placed("ScatterAddBackward0", x, detail::Placement<T>("scatter_add", x, dim, ids, from, false), from,
                        detail::Put::add);
}
/// A copy of x with alpha source[k] added to position ids[k] of dim, in order. source has x's shape, with as many
/// positions as there are ids. dx = g, dsource = alpha g at ids. PyTorch: torch.index_add.
template <typename T>
Tensor<T> index_add(const Tensor<T>& x, Index dim, const Indices& ids, const Tensor<T>& source,
                    std::type_identity_t<T> alpha = T(1)) {
  const detail::Source<T> from{source};
  return detail::placed("IndexAddBackward0", x, detail::Placement<T>("index_add", x, dim, ids, from, true), from,
                        detail::Put::add, alpha);
}
/// A copy of x with source[k] at position ids[k] of dim. dx = g elsewhere, dsource = g at ids. PyTorch:
/// torch.index_copy.
template <typename T>
Tensor<T> index_copy(const Tensor<T>& x, Index dim, const Indices& ids, const Tensor<T>& source) {
  const detail::Source<T> from{source};
  return detail::placed("IndexCopyBackward0", x, detail::Placement<T>("index_copy", x, dim, ids, from, true), from,
                        detail::Put::copy);
}
/// A copy of x with `value` at positions ids of dim. dx = g elsewhere. PyTorch: torch.index_fill.
template <typename T>
Tensor<T> index_fill(const Tensor<T>& x, Index dim, const Indices& ids, std::type_identity_t<T> value) {
  const detail::Source<T> from{{}, value};
  return detail::placed("IndexFillBackward0", x, detail::Placement<T>("index_fill", x, dim, ids, from, true), from,
                        detail::Put::copy);
}

/// A copy of x, to the mask's shape if that is larger, with the elements of source, in order, where the mask is true.
/// dx = g elsewhere, dsource = g there. ShapeError for a source of fewer elements. PyTorch: torch.masked_scatter.
template <typename T>
Tensor<T> masked_scatter(const Tensor<T>& x, const Mask& mask, const Tensor<T>& source) {
  const Shape shape = detail::broadcast_shape("masked_scatter", x.shape(), mask.shape());
  const Indices places = detail::true_positions(detail::repeat_to(mask, shape));
  const Index n = places.numel();
  if (source.numel() < n)
    detail::raise<ShapeError>("masked_scatter: expected a source of at least ", n,
                              " elements, as many as the mask has true ones, got shape ", source.shape());
  const Tensor<T> full = detail::repeated(x, shape), values = reshape(source, Shape{source.numel()});
  return reshape(index_copy(reshape(full, Shape{full.numel()}), 0, places, slice(values, 0, 0, n)), shape);
}

/// A copy of x with values, repeated to what x.index(ids) would have as shape, at these places, or added to what is
/// there. ids: one tensor for each of the first dimensions, which broadcast; negative ones count from the end. PyTorch:
/// torch.index_put, x[ids] = values.
template <typename T>
Tensor<T> index_put(const Tensor<T>& x, std::initializer_list<Indices> ids, const Tensor<T>& values,
                    bool accumulate = false) {
  const detail::PutPlan<T> plan("index_put", x, ids, values);
  const Tensor<T> rows = detail::folded(x, static_cast<int>(ids.size()));
  return reshape(accumulate ? index_add(rows, 0, plan.ids, plan.values) : index_copy(rows, 0, plan.ids, plan.values),
                 x.shape());
}

template <typename T>
Tensor<T> TensorMethods<T>::index_put_(std::initializer_list<Indices> ids, const Tensor<T>& values,
                                       bool accumulate) const {
  const Tensor<T>& x = self();
  const auto result = [&] { return rowgrad::index_put(x, ids, values, accumulate); };
  return detail::in_place("index_put_", x, recording(x, values), result, [&] {
    const detail::PutPlan<T> plan("index_put_", x, ids, values);
    const Tensor<T> rows = detail::folded(x, static_cast<int>(ids.size()));
    const detail::Placement<T> placement("index_put_", rows, 0, plan.ids, {plan.values}, true);
    placement.write(placement.target(rows), accumulate ? detail::Put::add : detail::Put::copy);
  });
}
template <typename T>
Tensor<T> TensorMethods<T>::index_put_(std::initializer_list<Indices> ids, T value, bool accumulate) const {
  return index_put_(ids, full<T>(Shape{}, value), accumulate);
}
template <typename T>
Tensor<T> TensorMethods<T>::scatter(Index dim, const Indices& ids, const Tensor<T>& source) const {
  return rowgrad::scatter(self(), dim, ids, source);
}
template <typename T>
Tensor<T> TensorMethods<T>::scatter(Index dim, const Indices& ids, T value) const {
  return rowgrad::scatter(self(), dim, ids, value);
}
template <typename T>
Tensor<T> TensorMethods<T>::scatter_add(Index dim, const Indices& ids, const Tensor<T>& source) const {
  return rowgrad::scatter_add(self(), dim, ids, source);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_add(Index dim, const Indices& ids, const Tensor<T>& source, T alpha) const {
  return rowgrad::index_add(self(), dim, ids, source, alpha);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_copy(Index dim, const Indices& ids, const Tensor<T>& source) const {
  return rowgrad::index_copy(self(), dim, ids, source);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_fill(Index dim, const Indices& ids, T value) const {
  return rowgrad::index_fill(self(), dim, ids, value);
}
template <typename T>
Tensor<T> TensorMethods<T>::masked_scatter(const Mask& mask, const Tensor<T>& source) const {
  return rowgrad::masked_scatter(self(), mask, source);
}

template <typename T>
Tensor<T> TensorMethods<T>::scatter_(Index dim, const Indices& ids, const Tensor<T>& source) const {
  const detail::Source<T> from{source};
  return detail::place("scatter_", "ScatterBackward0", self(),
                       detail::Placement<T>("scatter_", self(), dim, ids, from, false), from, detail::Put::copy);
}
template <typename T>
Tensor<T> TensorMethods<T>::scatter_(Index dim, const Indices& ids, T value) const {
  const detail::Source<T> from{{}, value};
  return detail::place("scatter_", "ScatterBackward1", self(),
                       detail::Placement<T>("scatter_", self(), dim, ids, from, false), from, detail::Put::copy);
}
template <typename T>
Tensor<T> TensorMethods<T>::scatter_add_(Index dim, const Indices& ids, const Tensor<T>& source) const {
  const detail::Source<T> from{source};
  return detail::place("scatter_add_", "ScatterAddBackward0", self(),
                       detail::Placement<T>("scatter_add_", self(), dim, ids, from, false), from, detail::Put::add);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_add_(Index dim, const Indices& ids, const Tensor<T>& source, T alpha) const {
  const detail::Source<T> from{source};
  return detail::place("index_add_", "IndexAddBackward0", self(),
                       detail::Placement<T>("index_add_", self(), dim, ids, from, true), from, detail::Put::add, alpha);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_copy_(Index dim, const Indices& ids, const Tensor<T>& source) const {
  const detail::Source<T> from{source};
  return detail::place("index_copy_", "IndexCopyBackward0", self(),
                       detail::Placement<T>("index_copy_", self(), dim, ids, from, true), from, detail::Put::copy);
}
template <typename T>
Tensor<T> TensorMethods<T>::index_fill_(Index dim, const Indices& ids, T value) const {
  const detail::Source<T> from{{}, value};
  return detail::place("index_fill_", "IndexFillBackward0", self(),
                       detail::Placement<T>("index_fill_", self(), dim, ids, from, true), from, detail::Put::copy);
}
template <typename T>
Tensor<T> TensorMethods<T>::masked_scatter_(const Mask& mask, const Tensor<T>& source) const {
  return detail::in_place("masked_scatter_", self(), recording(self(), source),
                          [&] { return rowgrad::masked_scatter(self(), mask, source); });
}

}  // namespace rowgrad
