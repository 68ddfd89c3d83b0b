// What: k_folds and train_validation_split, which divide the samples of a data set.
// Why:  stratified, so that each part has its share of every class; the same seed gives the same parts.
// See:  sklearn.model_selection.StratifiedKFold, train_test_split(stratify=labels).
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/factory.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/machine/radix_sort.hpp>

namespace rowgrad::data {

/// Positions in the data set, rising. Each sample is in one of the two.
struct Fold {
  std::vector<Index> train, test;
};

/// Positions in the data set, rising. Each sample is in one of the two.
struct TrainValidation {
  std::vector<Index> train, validation;
};

namespace detail {

/// Positions of the labels: class by class, in random order within a class.
inline std::vector<Index> shuffled_by_class(const std::vector<Index>& labels, Generator& generator) {
  std::vector<Index> order = randperm(static_cast<Index>(labels.size()), generator).to_vector(), keys;
  for (const Index sample : order) keys.push_back(labels[static_cast<std::size_t>(sample)]);
  rowgrad::detail::sort_by_key(order.data(), keys);
  return order;
}

}  // namespace detail

/// Divides the samples into folds; fold i tests on its own part and trains on all others. Stratified and shuffled: the
/// test parts differ by at most one sample in size, and by at most one in the number of any class. ValueError for fewer
/// than two folds or more folds than samples. O(n log n + folds * n).
inline std::vector<Fold> k_folds(const std::vector<Index>& labels, Index folds,
                                 Generator& generator = default_generator()) {
  const auto samples = static_cast<Index>(labels.size());
  if (folds < 2 || folds > samples)
    rowgrad::detail::raise<ValueError>("k_folds: expected between 2 folds and one for each of the ", samples,
                                       " samples, got ", folds);
  // Class follows class; dealing the samples out like cards gives every fold its share of each.
  const std::vector<Index> order = detail::shuffled_by_class(labels, generator);
  std::vector<Index> fold_of(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    fold_of[static_cast<std::size_t>(order[i])] = static_cast<Index>(i) % folds;
  std::vector<Fold> result(static_cast<std::size_t>(folds));
  for (Index sample = 0; sample < samples; ++sample)
    for (Index fold = 0; fold < folds; ++fold) {
      Fold& part = result[static_cast<std::size_t>(fold)];
      (fold == fold_of[static_cast<std::size_t>(sample)] ? part.test : part.train).push_back(sample);
    }
  return result;
}

/// Holds out validation_fraction of the samples (rounded to a whole number, at least one on either side). Stratified
/// and shuffled: each class gives its share, up to one sample. ValueError unless 0 < validation_fraction < 1 and there
/// are at least two samples. O(n log n).
inline TrainValidation train_validation_split(const std::vector<Index>& labels, double validation_fraction,
                                              Generator& generator = default_generator()) {
  const auto samples = static_cast<Index>(labels.size());
  if (rowgrad::detail::is_nan(validation_fraction) || validation_fraction <= 0 || validation_fraction >= 1)
    rowgrad::detail::raise<ValueError>("train_validation_split: validation_fraction must lie between 0 and 1, got ",
                                       validation_fraction);
  if (samples < 2)
    rowgrad::detail::raise<ValueError>("train_validation_split: expected at least 2 samples, got ", samples);
  const double wanted = std::round(validation_fraction * static_cast<double>(samples));
  const Index held_out = std::clamp(static_cast<Index>(wanted), Index{1}, samples - 1);
  // Class follows class, and held_out places spread evenly over them all: each class holds its share.
  const std::vector<Index> order = detail::shuffled_by_class(labels, generator);
  std::vector<Index> is_held_out(labels.size(), 0);
  for (Index i = 0; i < samples; ++i)
    if ((i + 1) * held_out / samples > i * held_out / samples)
      is_held_out[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = 1;
  TrainValidation result;
  for (Index sample = 0; sample < samples; ++sample)
    (is_held_out[static_cast<std::size_t>(sample)] != 0 ? result.validation : result.train).push_back(sample);
  return result;
}

}  // namespace rowgrad::data

namespace rowgrad {  // the names that programs had before the room had a namespace
using data::Fold;
using data::k_folds;
using data::train_validation_split;
using data::TrainValidation;
}  // namespace rowgrad
