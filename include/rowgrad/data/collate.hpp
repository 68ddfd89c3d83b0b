// What: default_collate, which makes one batch of samples: numbers become a tensor, tensors are stacked, tuples become
//       tuples of batches.
// Why:  a loader knows nothing of its samples; this says what a batch of each kind is.
// See:  data_loader.hpp; PyTorch torch.utils.data.default_collate.
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad::data {
namespace detail {

/// The scalars that numbers of type U are kept as: integers are Index, as in PyTorch; float and double stay.
template <typename U>
using Kept = std::conditional_t<std::is_same_v<U, bool>, bool, std::conditional_t<std::is_integral_v<U>, Index, U>>;

template <typename U>
Tensor<Kept<U>> collated(const std::vector<U>& samples) requires std::is_arithmetic_v<U> {
  Tensor<Kept<U>> batch(Shape{static_cast<Index>(samples.size())});
  for (std::size_t i = 0; i < samples.size(); ++i) batch.data()[i] = static_cast<Kept<U>>(samples[i]);
  return batch;
}

template <typename T>
Tensor<T> collated(const std::vector<Tensor<T>>& samples) {
  Shape shape = samples.front().shape();
  for (const Tensor<T>& sample : samples)
    if (sample.shape() != shape)
      rowgrad::detail::raise<ShapeError>("default_collate: expected samples of one shape, got ", shape, " and ",
                                         sample.shape(), "; a collate function can pad them");
  const Index each = shape.numel();
  shape.insert(0, static_cast<Index>(samples.size()));
  Tensor<T> batch(shape);
  T* to = batch.data();
  for (const Tensor<T>& sample : samples) to = std::copy_n(sample.data(), each, to);
  return batch;
}

template <typename U>
Tensor<Kept<U>> collated(const std::vector<std::vector<U>>& samples) requires std::is_arithmetic_v<U> {
  const auto rows = static_cast<Index>(samples.size()), columns = static_cast<Index>(samples.front().size());
  Tensor<Kept<U>> batch(Shape{rows, columns});
  Kept<U>* to = batch.data();
  for (const std::vector<U>& sample : samples) {
    if (static_cast<Index>(sample.size()) != columns)
      rowgrad::detail::raise<ShapeError>("default_collate: expected lists of one length, got ", columns, " and ",
                                         sample.size(), "; a collate function can pad them (pad_sequences)");
    to = std::transform(sample.begin(), sample.end(), to, [](U value) { return static_cast<Kept<U>>(value); });
  }
  return batch;
}

template <typename... U>
auto collated(const std::vector<std::tuple<U...>>& samples);
template <typename A, typename B>
auto collated(const std::vector<std::pair<A, B>>& samples);

/// Anything else stays a list of samples.
template <typename Sample>
std::vector<Sample> collated(const std::vector<Sample>& samples) {
  return samples;
}

/// One member of all samples.
template <std::size_t i, typename Sample>
auto members(const std::vector<Sample>& samples) {
  std::vector<std::tuple_element_t<i, Sample>> result;
  result.reserve(samples.size());
  for (const Sample& sample : samples) result.push_back(std::get<i>(sample));
  return collated(result);
}
template <typename... U>
auto collated(const std::vector<std::tuple<U...>>& samples) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) { return std::tuple(members<i>(samples)...); }
  (std::index_sequence_for<U...>());
}
template <typename A, typename B>
auto collated(const std::vector<std::pair<A, B>>& samples) {
  return std::pair(members<0>(samples), members<1>(samples));
}

}  // namespace detail

/// A batch of samples, of which there is at least one: of integers Indices, of float or double (switches) a tensor of
/// these; tensors of one shape and lists of one length are stacked along a new first dimension; tuples and pairs become
/// tuples and pairs of batches; anything else, strings or a struct, stays a std::vector of samples. ShapeError for
/// tensors or lists of different sizes. PyTorch: default_collate.
template <typename Sample>
auto default_collate(const std::vector<Sample>& samples) {
  return detail::collated(samples);
}

/// The same as an object, which a DataLoader has unless it is given another.
struct DefaultCollate {
  template <typename Sample>
  auto operator()(const std::vector<Sample>& samples) const {
    return default_collate(samples);
  }
};

}  // namespace rowgrad::data
