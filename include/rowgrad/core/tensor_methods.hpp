// What: TensorMethods, the operations that people chain: x.exp().sum(1).
// Why:  one list of names, as in PyTorch; Tensor itself stays the handle, and the operations stay free functions.
// See:  tensor.hpp; functional/, where each is defined beside the function of its name.
#pragma once

#include <concepts>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include <rowgrad/core/dims.hpp>

namespace rowgrad {

class Generator;
class device;
struct dtype;
template <typename T>
class Tensor;
template <typename T>
struct Bounds;
template <typename T>
struct ValuesAndIndices;
struct SortOptions;
struct TopkOptions;
struct Scaled;
struct Division;

namespace detail {
template <typename T>
class RowIterator;
struct RowsEnd;

/// What values of T add up to: of a mask, a count.
template <typename T>
using SumOf = std::conditional_t<std::is_same_v<T, bool>, Index, T>;
}  // namespace detail

/// Tensor's methods of which one is called T, which a template's parameter may not be then.
template <typename Scalar>
class MatrixMethods {
 public:
  // functional/rearrange.hpp.
  Tensor<Scalar> T() const;
  Tensor<Scalar> mT() const;
};

/// Base of Tensor. Each of these calls the free function of its name in functional/ with this tensor as first argument;
/// shapes, gradients and errors are described there. A program includes that header, or rowgrad.hpp.
template <typename T>
class TensorMethods : public MatrixMethods<T> {
 public:
  // Shape: functional/shape.hpp.
  Tensor<T> operator[](Index i) const;
  Tensor<T> reshape(const Shape& shape) const;
  Tensor<T> reshape(std::initializer_list<Index> sizes) const;
  Tensor<T> view(const Shape& shape) const;
  Tensor<T> view(std::initializer_list<Index> sizes) const;
  Tensor<T> flatten(Index start_dim = 0, Index end_dim = -1) const;
  Tensor<T> squeeze() const;
  Tensor<T> squeeze(Index dim) const;
  Tensor<T> unsqueeze(Index dim) const;
  Tensor<T> transpose(Index dim0, Index dim1) const;
  Tensor<T> t() const;
  /// Sizes may be written without braces: x.view(-1, 2).
  template <std::integral... Sizes>
  Tensor<T> view(Sizes... sizes) const {
    return view({static_cast<Index>(sizes)...});
  }
  template <std::integral... Sizes>
  Tensor<T> reshape(Sizes... sizes) const {
    return reshape({static_cast<Index>(sizes)...});
  }

  // functional/rearrange.hpp.
  Tensor<T> permute(std::initializer_list<Index> dims) const;
  Tensor<T> movedim(Index source, Index destination) const;
  Tensor<T> swapaxes(Index dim0, Index dim1) const;
  Tensor<T> flip(std::initializer_list<Index> dims) const;
  Tensor<T> roll(Index shift) const;
  Tensor<T> roll(Index shift, Index dim) const;
  Tensor<T> roll(std::initializer_list<Index> shifts, std::initializer_list<Index> dims) const;
  Tensor<T> repeat(std::initializer_list<Index> repeats) const;
  Tensor<T> repeat_interleave(Index times) const;
  Tensor<T> repeat_interleave(Index times, Index dim) const;
  Tensor<T> repeat_interleave(const Tensor<Index>& counts, Index dim) const;
  Tensor<T> slice(Index dim, Index start, Index end, Index step = 1) const;
  Tensor<T> select(Index dim, Index index) const;
  Tensor<T> narrow(Index dim, Index start, Index length) const;
  Tensor<T> unflatten(Index dim, std::initializer_list<Index> sizes) const;
  Tensor<T> diagonal(Index offset = 0, Index dim1 = 0, Index dim2 = 1) const;
  Tensor<T> expand(const Shape& shape) const;
  Tensor<T> expand(std::initializer_list<Index> sizes) const;
  Tensor<T> broadcast_to(const Shape& shape) const;
  template <typename U>
  Tensor<T> expand_as(const Tensor<U>& other) const;
  template <typename U>
  Tensor<T> view_as(const Tensor<U>& other) const;
  template <typename U>
  Tensor<T> reshape_as(const Tensor<U>& other) const;
  Tensor<T> contiguous() const;
  template <std::integral... Dims>
  Tensor<T> permute(Dims... dims) const {
    return permute({static_cast<Index>(dims)...});
  }
  template <std::integral... Dims>
  Tensor<T> flip(Dims... dims) const {
    return flip({static_cast<Index>(dims)...});
  }
  template <std::integral... Times>
  Tensor<T> repeat(Times... times) const {
    return repeat({static_cast<Index>(times)...});
  }
  template <std::integral... Sizes>
  Tensor<T> expand(Sizes... sizes) const {
    return expand({static_cast<Index>(sizes)...});
  }

  // functional/pieces.hpp.
  std::vector<Tensor<T>> split(Index size, Index dim = 0) const;
  std::vector<Tensor<T>> split(std::initializer_list<Index> sizes, Index dim = 0) const;
  std::vector<Tensor<T>> chunk(Index chunks, Index dim = 0) const;
  std::vector<Tensor<T>> unbind(Index dim = 0) const;
  /// for (const auto& row : x): the tensors x[0], x[1], ...
  detail::RowIterator<T> begin() const;
  detail::RowsEnd end() const;

  // functional/indexing.hpp.
  Tensor<T> operator[](const Tensor<Index>& ids) const;
  Tensor<T> operator[](std::initializer_list<Index> ids) const;
  template <std::same_as<bool> B>
  Tensor<T> operator[](const Tensor<B>& mask) const;
  Tensor<T> index(std::initializer_list<Tensor<Index>> ids) const;
  Tensor<T> index_select(Index dim, const Tensor<Index>& ids) const;
  Tensor<T> masked_select(const Tensor<bool>& mask) const;
  Tensor<T> gather(Index dim, const Tensor<Index>& ids) const;
  Tensor<T> take_along_dim(const Tensor<Index>& ids, Index dim) const;

  // functional/scatter.hpp: out of place, and in place with an underscore.
  Tensor<T> scatter(Index dim, const Tensor<Index>& ids, const Tensor<T>& source) const;
  Tensor<T> scatter(Index dim, const Tensor<Index>& ids, T value) const;
  Tensor<T> scatter_add(Index dim, const Tensor<Index>& ids, const Tensor<T>& source) const;
  Tensor<T> index_add(Index dim, const Tensor<Index>& ids, const Tensor<T>& source, T alpha = T(1)) const;
  Tensor<T> index_copy(Index dim, const Tensor<Index>& ids, const Tensor<T>& source) const;
  Tensor<T> index_fill(Index dim, const Tensor<Index>& ids, T value) const;
  Tensor<T> masked_scatter(const Tensor<bool>& mask, const Tensor<T>& source) const;
  Tensor<T> scatter_(Index dim, const Tensor<Index>& ids, const Tensor<T>& source) const;
  Tensor<T> scatter_(Index dim, const Tensor<Index>& ids, T value) const;
  Tensor<T> scatter_add_(Index dim, const Tensor<Index>& ids, const Tensor<T>& source) const;
  Tensor<T> index_add_(Index dim, const Tensor<Index>& ids, const Tensor<T>& source, T alpha = T(1)) const;
  Tensor<T> index_copy_(Index dim, const Tensor<Index>& ids, const Tensor<T>& source) const;
  Tensor<T> index_fill_(Index dim, const Tensor<Index>& ids, T value) const;
  Tensor<T> index_put_(std::initializer_list<Tensor<Index>> ids, const Tensor<T>& values,
                       bool accumulate = false) const;
  Tensor<T> index_put_(std::initializer_list<Tensor<Index>> ids, T value, bool accumulate = false) const;
  Tensor<T> masked_scatter_(const Tensor<bool>& mask, const Tensor<T>& source) const;

  // Products: functional/products.hpp; triangles: functional/triangle.hpp.
  Tensor<T> matmul(const Tensor<T>& other) const;
  Tensor<T> mm(const Tensor<T>& other) const;
  Tensor<T> mv(const Tensor<T>& other) const;
  Tensor<T> dot(const Tensor<T>& other) const;
  Tensor<T> bmm(const Tensor<T>& other) const;
  Tensor<T> outer(const Tensor<T>& other) const;
  Tensor<T> inner(const Tensor<T>& other) const;
  Tensor<T> triu(Index diagonal = 0) const;
  Tensor<T> tril(Index diagonal = 0) const;
  Tensor<T> diag(Index offset = 0) const;

  // In place: functional/in_place.hpp, which has += -= *= /=, too.
  template <typename U>
  Tensor<T> add_(const Tensor<U>& y, T alpha = T(1)) const;
  template <typename U>
  Tensor<T> sub_(const Tensor<U>& y, T alpha = T(1)) const;
  template <typename U>
  Tensor<T> mul_(const Tensor<U>& y) const;
  template <typename U>
  Tensor<T> div_(const Tensor<U>& y) const;
  Tensor<T> add_(T number) const;
  Tensor<T> sub_(T number) const;
  Tensor<T> mul_(T number) const;
  Tensor<T> div_(T number) const;
  Tensor<T> fill_(T value) const;
  Tensor<T> zero_() const;
  template <typename U>
  Tensor<T> copy_(const Tensor<U>& y) const;
  Tensor<T> uniform_(T low, T high, Generator& generator) const;
  Tensor<T> uniform_(T low = T(0), T high = T(1)) const;
  Tensor<T> normal_(T mean, T std, Generator& generator) const;
  Tensor<T> normal_(T mean = T(0), T std = T(1)) const;
  Tensor<T> bernoulli_(double p, Generator& generator) const;
  Tensor<T> bernoulli_(double p = 0.5) const;
  Tensor<T> exponential_(double rate, Generator& generator) const;
  Tensor<T> exponential_(double rate = 1) const;
  Tensor<T> masked_fill_(const Tensor<bool>& mask, T value) const;
  Tensor<T> exp_() const;
  Tensor<T> log_() const;
  Tensor<T> sqrt_() const;
  Tensor<T> neg_() const;
  Tensor<T> pow_(T exponent) const;
  Tensor<T> relu_() const;
  Tensor<T> sigmoid_() const;
  Tensor<T> tanh_() const;

  // Sums: functional/reduce.hpp.
  Tensor<detail::SumOf<T>> sum() const;
  Tensor<detail::SumOf<T>> sum(Index dim, bool keepdim = false) const;
  Tensor<detail::SumOf<T>> sum(const Dims& dims, bool keepdim = false) const;
  Tensor<T> mean() const;
  Tensor<T> mean(Index dim, bool keepdim = false) const;
  Tensor<T> mean(const Dims& dims, bool keepdim = false) const;
  // functional/extremes.hpp.
  Tensor<T> max() const;
  ValuesAndIndices<T> max(Index dim, bool keepdim = false) const;
  Tensor<T> min() const;
  ValuesAndIndices<T> min(Index dim, bool keepdim = false) const;
  Tensor<T> amax(const Dims& dims = {}, bool keepdim = false) const;
  Tensor<T> amin(const Dims& dims = {}, bool keepdim = false) const;
  Tensor<Index> argmax() const;
  Tensor<Index> argmax(Index dim, bool keepdim = false) const;
  Tensor<Index> argmin() const;
  Tensor<Index> argmin(Index dim, bool keepdim = false) const;
  Tensor<T> prod() const;
  Tensor<T> prod(Index dim, bool keepdim = false) const;
  // functional/statistics.hpp.
  Tensor<T> var(Index dim, const VarianceOptions& options = {}) const;
  Tensor<T> var(std::initializer_list<Index> dims, const VarianceOptions& options = {}) const;
  Tensor<T> var(const VarianceOptions& options = {}) const;
  Tensor<T> std(Index dim, const VarianceOptions& options = {}) const;
  Tensor<T> std(std::initializer_list<Index> dims, const VarianceOptions& options = {}) const;
  Tensor<T> std(const VarianceOptions& options = {}) const;
  Tensor<T> norm(double p = 2) const;
  Tensor<T> norm(double p, const Dims& dims, bool keepdim = false) const;
  Tensor<T> norm(const NormOptions& options) const;
  Tensor<T> logsumexp(const Dims& dims, bool keepdim = false) const;
  // functional/cumulative.hpp.
  Tensor<detail::SumOf<T>> cumsum(Index dim) const;
  Tensor<detail::SumOf<T>> cumprod(Index dim) const;

  // functional/sort.hpp.
  ValuesAndIndices<T> sort(Index dim = -1, bool descending = false) const;
  ValuesAndIndices<T> sort(const SortOptions& options) const;
  Tensor<Index> argsort(Index dim = -1, bool descending = false) const;
  Tensor<Index> argsort(const SortOptions& options) const;
  ValuesAndIndices<T> topk(Index k, Index dim = -1, bool largest = true, bool sorted = true) const;
  ValuesAndIndices<T> topk(Index k, const TopkOptions& options) const;
  ValuesAndIndices<T> kthvalue(Index k, Index dim = -1, bool keepdim = false) const;
  Tensor<T> median() const;
  ValuesAndIndices<T> median(Index dim, bool keepdim = false) const;
  // functional/unique.hpp.
  Tensor<Index> bincount(Index minlength = 0) const;

  // Element by element: functional/elementary.hpp.
  Tensor<T> exp() const;
  Tensor<T> log() const;
  Tensor<T> sqrt() const;
  Tensor<T> abs() const;
  Tensor<T> square() const;
  Tensor<T> reciprocal() const;
  Tensor<T> rsqrt() const;
  Tensor<T> expm1() const;
  Tensor<T> exp2() const;
  Tensor<T> log1p() const;
  Tensor<T> log2() const;
  Tensor<T> log10() const;
  Tensor<T> sin() const;
  Tensor<T> cos() const;
  Tensor<T> tan() const;
  Tensor<T> asin() const;
  Tensor<T> acos() const;
  Tensor<T> atan() const;
  Tensor<T> sinh() const;
  Tensor<T> cosh() const;
  Tensor<T> erf() const;
  // functional/activation.hpp.
  Tensor<T> relu() const;
  Tensor<T> sigmoid() const;
  Tensor<T> tanh() const;

  // functional/rounding.hpp.
  Tensor<T> floor() const;
  Tensor<T> ceil() const;
  Tensor<T> trunc() const;
  Tensor<T> round() const;
  Tensor<T> round(Index decimals) const;
  Tensor<T> sign() const;
  // functional/pointwise.hpp.
  Tensor<T> maximum(const Tensor<T>& other) const;
  Tensor<T> minimum(const Tensor<T>& other) const;
  Tensor<T> clamp(T min, T max) const;
  Tensor<T> clamp(const Bounds<T>& bounds) const;
  Tensor<T> clamp_min(T min) const;
  Tensor<T> clamp_max(T max) const;
  Tensor<T> lerp(const Tensor<T>& end, T weight) const;
  // functional/arithmetic.hpp: with a tensor or a number.
  template <typename U>
  auto add(const U& other) const;
  template <typename U>
  auto add(const U& other, const Scaled& scaled) const;
  template <typename U>
  auto sub(const U& other) const;
  template <typename U>
  auto sub(const U& other, const Scaled& scaled) const;
  template <typename U>
  auto mul(const U& other) const;
  template <typename U>
  auto div(const U& other) const;
  template <typename U>
  auto div(const U& other, const Division& division) const;
  template <typename U>
  auto pow(const U& exponent) const;
  template <typename U>
  auto remainder(const U& other) const;
  Tensor<T> neg() const;

  // functional/pointwise_in_place.hpp.
  Tensor<T> abs_() const;
  Tensor<T> square_() const;
  Tensor<T> reciprocal_() const;
  Tensor<T> rsqrt_() const;
  Tensor<T> floor_() const;
  Tensor<T> ceil_() const;
  Tensor<T> round_() const;
  Tensor<T> trunc_() const;
  Tensor<T> clamp_(T min, T max) const;
  Tensor<T> clamp_(const Bounds<T>& bounds) const;
  Tensor<T> clamp_min_(T min) const;
  Tensor<T> clamp_max_(T max) const;
  Tensor<T> addcmul_(const Tensor<T>& a, const Tensor<T>& b, T value = T(1)) const;
  Tensor<T> addcdiv_(const Tensor<T>& a, const Tensor<T>& b, T value = T(1)) const;
  Tensor<T> lerp_(const Tensor<T>& end, T weight) const;
  // functional/softmax.hpp.
  Tensor<T> softmax(Index dim) const;
  Tensor<T> log_softmax(Index dim) const;

  // Comparisons and masks: functional/comparison.hpp.
  Tensor<bool> isnan() const;
  Tensor<bool> isinf() const;
  Tensor<bool> isfinite() const;
  bool equal(const Tensor<T>& other) const;
  // functional/logic.hpp.
  Tensor<bool> any(const Dims& dims = {}, bool keepdim = false) const;
  Tensor<bool> all(const Dims& dims = {}, bool keepdim = false) const;
  Tensor<Index> nonzero() const;
  // functional/mask.hpp.
  Tensor<T> masked_fill(const Tensor<bool>& mask, T value) const;

  // What it is made of: core/device.hpp.
  rowgrad::dtype dtype() const noexcept;
  rowgrad::device device() const;
  Tensor<T> cpu() const;
  bool is_cuda() const noexcept { return false; }

 protected:
  const Tensor<T>& self() const noexcept { return static_cast<const Tensor<T>&>(*this); }
};

}  // namespace rowgrad
