// What: unique, unique_consecutive, bincount, searchsorted, bucketize, isin.
// Why:  which ids there are and how often, in which interval numbers fall. Nothing here has a gradient.
// See:  sort.hpp; table/ids.hpp, for lookups; PyTorch "Other Operations".
#pragma once

#include <rowgrad/functional/promotion.hpp>
#include <rowgrad/functional/sort.hpp>

namespace rowgrad {

/// What unique() works out besides the values.
struct UniqueOptions {
  bool sorted = true;  ///< the values are in order whatever stands here
  bool return_inverse = false;
  bool return_counts = false;
};

/// The different values of a tensor, for each of its elements which of them it is, and for each of them how often it
/// is there; undefined what was not asked for.
template <typename T>
struct UniqueResult {
  Tensor<T> values;
  Indices inverse, counts;
};

namespace detail {

/// Runs of equal values, in the order given by `order`, or as they stand where there is none.
template <typename T>
UniqueResult<T> runs(const Tensor<T>& x, const Indices& order, const UniqueOptions& options) {
  const Index n = x.numel();
  const T* const values = x.data();
  const auto at = [&order](Index i) { return order.defined() ? order.data()[i] : i; };
  std::vector<T> found;
  std::vector<Index> counts;
  UniqueResult<T> result;
  if (options.return_inverse) result.inverse = Indices(x.shape());
  for (Index i = 0; i < n; ++i) {
    if (i == 0 || !(values[at(i)] == values[at(i - 1)])) {  // NaN is a value of its own each time
      found.push_back(values[at(i)]);
      counts.push_back(0);
    }
    ++counts.back();
    if (options.return_inverse) result.inverse.data()[at(i)] = static_cast<Index>(counts.size()) - 1;
  }
  result.values = Tensor<T>(Shape{static_cast<Index>(found.size())});
  std::copy(found.begin(), found.end(), result.values.data());
  if (options.return_counts) result.counts = Indices(counts);
  return result;
}

}  // namespace detail

/// The different values of x in order, shape (count): unique(ids). With options, also which of them each element is, in
/// x's shape, and how often each is there: const auto [values, inverse, counts] = unique(ids, {.return_inverse = true,
/// .return_counts = true}). NaN is a value of its own each time. O(n log n). (x.unique() is another thing: whether this
/// is the only handle to x.) PyTorch: torch.unique, without dim.
template <typename T>
UniqueResult<T> unique(const Tensor<T>& x, const UniqueOptions& options) {
  return detail::runs(x, argsort(x.view_as({x.numel()})), options);
}
template <typename T>
Tensor<T> unique(const Tensor<T>& x) {
  return unique(x, UniqueOptions()).values;
}

/// The same of runs: only neighbours that are equal count as one, and the values stay in their order. O(n). PyTorch:
/// torch.unique_consecutive.
template <typename T>
UniqueResult<T> unique_consecutive(const Tensor<T>& x, const UniqueOptions& options) {
  return detail::runs(x, {}, options);
}
template <typename T>
Tensor<T> unique_consecutive(const Tensor<T>& x) {
  return unique_consecutive(x, UniqueOptions()).values;
}

namespace detail {

/// to[ids[i]] += by(i); as many values as the largest id asks for, and at least minlength.
template <typename T, typename By>
Tensor<T> counted(const Indices& ids, Index minlength, const By& by) {
  if (ids.dim() != 1) raise<ShapeError>("bincount: expected ids of shape (n), got ", ids.shape());
  if (minlength < 0) raise<ValueError>("bincount: expected a minlength of at least 0, got ", minlength);
  Index size = minlength;
  for (Index i = 0; i < ids.numel(); ++i) {
    const Index id = ids.data()[i];
    if (id < 0) raise<ValueError>("bincount: expected ids of at least 0, got ", id, " at position ", i);
    if (id >= size) size = checked_sum("bincount", id, 1);
  }
  Tensor<T> result = zeros<T>(Shape{size});
  for (Index i = 0; i < ids.numel(); ++i) result.data()[ids.data()[i]] += by(i);
  return result;
}

}  // namespace detail

/// How often each id from 0 to the largest is there, at least minlength numbers: ids (n). ValueError for a negative id.
/// PyTorch: torch.bincount.
template <std::same_as<Index> I = Index>
Indices bincount(const Tensor<I>& ids, Index minlength = 0) {
  return detail::counted<Index>(ids, minlength, [](Index) { return Index{1}; });
}
/// The sum of the weights of each id instead: weights (n). ShapeError when there is another number of them.
template <std::floating_point T>
Tensor<T> bincount(const Indices& ids, const Tensor<T>& weights, Index minlength = 0) {
  if (weights.shape() != ids.shape())
    detail::raise<ShapeError>("bincount: expected a weight for each of the ids ", ids.shape(), ", got ",
                              weights.shape());
  return detail::counted<T>(ids, minlength, [w = weights.data()](Index i) { return w[i]; });
}

/// Where each value would have to be put into a sequence for it to stay in order: before its equals, or behind them if
/// `right`. sequence (n) for any values, or (..., n) for values (..., m). NaN belongs at the end. ShapeError when the
/// leading sizes differ. O(m log n). PyTorch: torch.searchsorted.
template <typename T>
Indices searchsorted(const Tensor<T>& sequence, const Tensor<T>& values, bool right = false) {
  bool fits = sequence.dim() == 1 || (sequence.dim() > 1 && sequence.dim() == values.dim());
  for (int d = 0; fits && sequence.dim() > 1 && d + 1 < values.dim(); ++d)
    fits = sequence.shape()[d] == values.shape()[d];
  if (!fits)
    detail::raise<ShapeError>("searchsorted: expected a sequence (n), or (..., n) for values (..., m), got ",
                              sequence.shape(), " and ", values.shape());
  const Index n = sequence.shape().back(), m = sequence.dim() == 1 ? values.numel() : values.shape().back();
  Indices result(values.shape());
  for (Index i = 0; i < values.numel(); ++i) {
    const T* const first = sequence.data() + (sequence.dim() == 1 ? 0 : i / m * n);
    const T value = values.data()[i];
    const T* const found =
        std::partition_point(first, first + n, [=](T v) { return right ? !(v > value) : !(v >= value); });
    result.data()[i] = found - first;
  }
  return result;
}
template <typename T>
Indices searchsorted(const Tensor<T>& sequence, std::type_identity_t<T> value, bool right = false) {
  return searchsorted(sequence, full<T>(Shape{}, value), right);
}

/// The number of the interval that each value falls into: boundaries (n) in order, result of x's shape, 0 to n. A value
/// on a boundary belongs below it, or above if `right`. PyTorch: torch.bucketize.
template <typename T>
Indices bucketize(const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& boundaries, bool right = false) {
  if (boundaries.dim() != 1)
    detail::raise<ShapeError>("bucketize: expected boundaries of shape (n), got ", boundaries.shape());
  return searchsorted(boundaries, x, right);
}

/// Which elements of x are among the values of another tensor. O((n + m) log m). PyTorch: torch.isin.
template <typename T>
Mask isin(const Tensor<T>& x, const std::type_identity_t<Tensor<T>>& values) {
  std::vector<T> sorted(values.data(), values.data() + values.numel());
  sorted.erase(std::remove_if(sorted.begin(), sorted.end(), [](T v) { return detail::is_nan_value(v); }),
               sorted.end());  // NaN is nobody's
  std::sort(sorted.begin(), sorted.end());
  return detail::map<bool>(
      x, [&](T v) { return !detail::is_nan_value(v) && std::binary_search(sorted.begin(), sorted.end(), v); });
}

template <typename T>
Tensor<Index> TensorMethods<T>::bincount(Index minlength) const {
  return rowgrad::bincount(self(), minlength);
}

}  // namespace rowgrad
