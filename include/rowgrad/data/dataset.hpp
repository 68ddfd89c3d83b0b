// What: what a data set is, TensorDataset, Subset and random_split.
// Why:  a data set is anything with a size and samples by number, a std::vector of a struct as well.
// See:  data_loader.hpp; PyTorch torch.utils.data.
#pragma once

#include <cmath>
#include <memory>
#include <tuple>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/factory.hpp>
#include <rowgrad/core/random.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad::data {

/// dataset[i] for i = 0 .. dataset.size() - 1; a std::vector is one. A loader with workers calls it from several
/// threads at once. PyTorch: Dataset.
template <typename D>
concept Dataset = requires(const D& dataset) {
  { dataset.size() } -> std::convertible_to<std::size_t>;
  dataset[decltype(dataset.size())()];
};

/// What dataset[i] gives.
template <typename D>
using SampleOf = std::decay_t<decltype(std::declval<const D&>()[decltype(std::declval<const D&>().size())()])>;

namespace detail {

/// Row i of dimension 0, as a copy.
template <typename T>
Tensor<T> row_of(const Tensor<T>& values, Index i) {
  Shape shape = values.shape();
  shape.erase(0);
  Tensor<T> row(shape);
  std::copy_n(values.data() + i * row.numel(), row.numel(), row.data());
  return row;
}
template <typename T>
Tensor<T> rows_of(const Tensor<T>& values, const std::vector<Index>& samples) {
  Shape shape = values.shape();
  const Index each = shape[0] == 0 ? 0 : shape.numel() / shape[0];
  shape[0] = static_cast<Index>(samples.size());
  Tensor<T> rows(shape);
  T* to = rows.data();
  for (const Index sample : samples) to = std::copy_n(values.data() + sample * each, each, to);
  return rows;
}

}  // namespace detail

/// Samples are rows of one or several tensors: dataset[i] is a tuple of row i of each. Handles: changes of the tensors
/// are seen. ShapeError for none, for tensors without dimensions or with different sizes of dimension 0. PyTorch:
/// TensorDataset.
template <typename... T>
class TensorDataset {
 public:
  explicit TensorDataset(const Tensor<T>&... given) : tensors(given...) {
    static_assert(sizeof...(T) > 0, "a TensorDataset needs at least one tensor");
    Index first = -1;
    const auto check = [&first](const Shape& shape) {
      if (shape.rank() == 0 || (first >= 0 && shape[0] != first))
        rowgrad::detail::raise<ShapeError>("TensorDataset: expected tensors of one size in dimension 0, got ", shape,
                                           first >= 0 ? rowgrad::detail::concat(" after ", first, " rows") : "");
      first = shape[0];
    };
    (check(given.shape()), ...);
    size_ = first;
  }

  Index size() const noexcept { return size_; }
  /// IndexError outside 0 .. size() - 1.
  std::tuple<Tensor<T>...> operator[](Index sample) const {
    if (sample < 0 || sample >= size_)
      rowgrad::detail::raise<IndexError>("TensorDataset: there is no sample ", sample, " among ", size_);
    return std::apply([sample](const auto&... each) { return std::tuple(detail::row_of(each, sample)...); }, tensors);
  }
  /// Several samples, each tensor's rows stacked; they must exist. What a loader uses in place of [].
  std::tuple<Tensor<T>...> batch(const std::vector<Index>& samples) const {
    return std::apply([&samples](const auto&... each) { return std::tuple(detail::rows_of(each, samples)...); },
                      tensors);
  }

  std::tuple<Tensor<T>...> tensors;

 private:
  Index size_ = 0;
};

/// Some samples of a data set, which copies of the subset share. IndexError for a sample that it does not have.
/// PyTorch: Subset.
template <Dataset D>
class Subset {
 public:
  Subset(D dataset, std::vector<Index> samples)
      : Subset(std::make_shared<const D>(std::move(dataset)), std::move(samples)) {}
  Subset(std::shared_ptr<const D> dataset, std::vector<Index> samples)
      : dataset_(std::move(dataset)), indices_(std::move(samples)) {
    const auto size = static_cast<Index>(dataset_->size());
    for (const Index sample : indices_)
      if (sample < 0 || sample >= size)
        rowgrad::detail::raise<IndexError>("Subset: there is no sample ", sample, " among ", size);
  }

  Index size() const noexcept { return static_cast<Index>(indices_.size()); }
  /// IndexError outside 0 .. size() - 1.
  decltype(auto) operator[](Index i) const {
    if (i < 0 || i >= size()) rowgrad::detail::raise<IndexError>("Subset: there is no sample ", i, " among ", size());
    return (*dataset_)[static_cast<decltype(dataset_->size())>(indices_[static_cast<std::size_t>(i)])];
  }
  auto batch(const std::vector<Index>& samples) const requires requires(const D& all) { all.batch(samples); }
  {
    std::vector<Index> theirs;
    theirs.reserve(samples.size());
    for (const Index i : samples) theirs.push_back(indices_[static_cast<std::size_t>(i)]);
    return dataset_->batch(theirs);
  }

  const D& dataset() const noexcept { return *dataset_; }
  /// The samples' positions in the data set.
  const std::vector<Index>& indices() const noexcept { return indices_; }

 private:
  std::shared_ptr<const D> dataset_;
  std::vector<Index> indices_;
};

namespace detail {

/// Samples of each part, from numbers or from shares that sum up to 1.
inline std::vector<Index> lengths_of(Index samples, const std::vector<double>& given) {
  double sum = 0;
  for (const double length : given) sum += length;
  std::vector<Index> lengths;
  Index all = 0;
  if (std::abs(sum - 1) <= 1e-9 * std::max(std::abs(sum), 1.0) && sum <= 1) {
    for (const double share : given) {
      if (!(share >= 0 && share <= 1))
        rowgrad::detail::raise<ValueError>("random_split: expected shares between 0 and 1, got ", share);
      lengths.push_back(static_cast<Index>(std::floor(static_cast<double>(samples) * share)));
      all += lengths.back();
    }
    for (std::size_t i = 0; all < samples; ++all) ++lengths[i++ % lengths.size()];
  } else {
    for (const double length : given) {
      if (!(length >= 0 && length == std::trunc(length) && length < 0x1p53))
        rowgrad::detail::raise<ValueError>(
            "random_split: expected numbers of samples, or shares that sum up to 1, got ", length);
      lengths.push_back(static_cast<Index>(length));
      all += lengths.back();
    }
  }
  if (all != samples)
    rowgrad::detail::raise<ValueError>("random_split: expected lengths that sum up to the ", samples,
                                       " samples of the data set, got ", all);
  return lengths;
}

}  // namespace detail

/// Divides a data set at random: into parts of so many samples, or of such shares (each rounded down; what is left goes
/// to the first parts, one sample each). Draws what torch draws. ValueError for lengths that do not sum up to the size,
/// or shares to 1. PyTorch: random_split.
template <Dataset D, typename N>
std::vector<Subset<D>> random_split(D dataset, const std::vector<N>& lengths,
                                    Generator& generator = default_generator()) {
  const auto shared = std::make_shared<const D>(std::move(dataset));
  const auto samples = static_cast<Index>(shared->size());
  const std::vector<Index> counts = detail::lengths_of(samples, std::vector<double>(lengths.begin(), lengths.end()));
  const std::vector<Index> order = randperm(samples, generator).to_vector();
  std::vector<Subset<D>> parts;
  auto from = order.begin();
  for (const Index count : counts) {
    parts.emplace_back(shared, std::vector<Index>(from, from + count));
    from += count;
  }
  return parts;
}
template <Dataset D, typename N>
std::vector<Subset<D>> random_split(D dataset, std::initializer_list<N> lengths,
                                    Generator& generator = default_generator()) {
  return random_split(std::move(dataset), std::vector<N>(lengths), generator);
}

}  // namespace rowgrad::data
