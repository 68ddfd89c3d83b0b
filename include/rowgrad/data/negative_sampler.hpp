// What: AliasTable, which draws from any discrete distribution in constant time, and NegativeSampler, which draws the
//       words or items that a model learns to tell from the right ones.
// Why:  skip-gram and recommenders compare each positive with a few negatives; how these are drawn decides what is
//       learnt.
// See:  Walker 1977, Vose 1991 (alias tables); Mikolov et al. 2013 (counts to the power of 3/4); samplers.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/random.hpp>
#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad::data {

/// Draws i with a probability in proportion to weights[i]: one integer and one uniform number a draw, whatever n is.
/// ValueError for no weights, one that is negative or not finite, or a sum of zero or beyond double. O(n) to make.
class AliasTable {
 public:
  explicit AliasTable(const std::vector<double>& weights) : keep_(weights.size()), alias_(weights.size()) {
    double sum = 0;
    for (const double weight : weights) {
      if (!rowgrad::detail::is_finite(weight) || weight < 0)
        rowgrad::detail::raise<ValueError>("AliasTable: expected weights >= 0, got ", weight);
      sum += weight;
    }
    if (!(sum > 0) || !rowgrad::detail::is_finite(sum))
      rowgrad::detail::raise<ValueError>("AliasTable: expected weights with a sum above 0, got ", weights.size(),
                                         " with the sum ", sum);
    // Each column is as high as the mean; a low one is filled up from one high one.
    const double n = static_cast<double>(weights.size());
    std::vector<std::size_t> low, high;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      keep_[i] = weights[i] / sum * n;
      alias_[i] = static_cast<Index>(i);
      (keep_[i] < 1 ? low : high).push_back(i);
    }
    while (!low.empty() && !high.empty()) {
      const std::size_t small = low.back(), large = high.back();
      low.pop_back();
      alias_[small] = static_cast<Index>(large);
      keep_[large] -= 1 - keep_[small];
      if (keep_[large] < 1) {
        high.pop_back();
        low.push_back(large);
      }
    }
    // What is left differs from 1 by rounding alone; but what has no weight must never be drawn.
    for (const std::size_t i : high) keep_[i] = 1;
    const auto heaviest = std::max_element(weights.begin(), weights.end()) - weights.begin();
    for (const std::size_t i : low) {
      if (weights[i] > 0)
        keep_[i] = 1;
      else
        alias_[i] = static_cast<Index>(heaviest);
    }
  }

  Index size() const noexcept { return static_cast<Index>(keep_.size()); }
  Index operator()(Generator& generator = default_generator()) const {
    const Index i = generator.below(size());
    return generator.uniform<double>() < keep_[static_cast<std::size_t>(i)] ? i : alias_[static_cast<std::size_t>(i)];
  }

 private:
  std::vector<double> keep_;  // the share of its column that is its own
  std::vector<Index> alias_;  // whose the rest is
};

/// Which items go with which rows (the words of a context, the items a user has seen), to be left out of negatives.
/// IndexError for a negative row. O(n log n) to make, O(log n) to ask.
class Positives {
 public:
  /// Pairs: items[i] goes with rows[i]. ShapeError when they differ in number.
  Positives(const Indices& rows, const Indices& items) {
    if (rows.numel() != items.numel())
      rowgrad::detail::raise<ShapeError>("Positives: each row needs one item, got ", rows.numel(), " and ",
                                         items.numel());
    for (Index i = 0; i < rows.numel(); ++i) {
      const Index row = rows.data()[i];
      if (row < 0) rowgrad::detail::raise<IndexError>("Positives: expected rows >= 0, got ", row);
      if (row >= static_cast<Index>(of_.size())) of_.resize(static_cast<std::size_t>(row) + 1);
      of_[static_cast<std::size_t>(row)].push_back(items.data()[i]);
    }
    for (std::vector<Index>& items_of_row : of_) {
      std::sort(items_of_row.begin(), items_of_row.end());
      items_of_row.erase(std::unique(items_of_row.begin(), items_of_row.end()), items_of_row.end());
    }
  }
  bool contains(Index row, Index item) const {
    if (row < 0 || row >= static_cast<Index>(of_.size())) return false;
    const std::vector<Index>& items = of_[static_cast<std::size_t>(row)];
    return std::binary_search(items.begin(), items.end(), item);
  }

 private:
  std::vector<std::vector<Index>> of_;  // rising
};

/// Draws negatives: all of n items alike, or by how often each was counted, to a power that brings rare ones up.
class NegativeSampler {
 public:
  /// Uniform over 0 .. n - 1. ValueError for n < 1.
  explicit NegativeSampler(Index n) : weights_(), n_(n) {
    if (n < 1) rowgrad::detail::raise<ValueError>("NegativeSampler: expected at least one item, got ", n);
  }
  /// In proportion to counts[i]^power: word2vec's distribution. What was never counted is never drawn, unless power is
  /// 0. ValueError as for AliasTable.
  explicit NegativeSampler(const std::vector<Index>& counts, double power = 0.75)
      : weights_(powers(counts, power)), n_(static_cast<Index>(counts.size())), tables_{AliasTable(weights_)} {}

  Index size() const noexcept { return n_; }

  /// A tensor of draws.
  Indices operator()(const Shape& shape, Generator& generator = default_generator()) const {
    Indices result(shape);
    for (Index i = 0; i < result.numel(); ++i) result.data()[i] = draw(generator);
    return result;
  }

  /// For each positive, of any shape, so many negatives that are not it: the shape is that of positives with `count`
  /// behind. ValueError when there is no other item.
  Indices excluding(const Indices& positives, Index count, Generator& generator = default_generator()) const {
    const Index* const positive = positives.data();
    return allowed(positives.shape(), count, generator,
                   [positive](Index i, Index item) { return item != positive[i]; });
  }
  /// For each row, of any shape, so many negatives that are none of its positives. ValueError when a row has no
  /// negatives.
  Indices excluding(const Indices& rows, const Positives& positives, Index count,
                    Generator& generator = default_generator()) const {
    const Index* const row = rows.data();
    return allowed(rows.shape(), count, generator,
                   [row, &positives](Index i, Index item) { return !positives.contains(row[i], item); });
  }

 private:
  static std::vector<double> powers(const std::vector<Index>& counts, double power) {
    std::vector<double> result;
    for (const Index count : counts) {
      if (count < 0) rowgrad::detail::raise<ValueError>("NegativeSampler: expected counts >= 0, got ", count);
      result.push_back(std::pow(static_cast<double>(count), power));
    }
    return result;
  }
  double weight(Index item) const { return weights_.empty() ? 1 : weights_[static_cast<std::size_t>(item)]; }
  Index draw(Generator& generator) const { return tables_.empty() ? generator.below(n_) : tables_[0](generator); }

  template <typename Allowed>
  Indices allowed(Shape shape, Index count, Generator& generator, const Allowed& is_allowed) const {
    if (count < 0) rowgrad::detail::raise<ValueError>("NegativeSampler: expected a count >= 0, got ", count);
    const Index rows = shape.numel();
    shape.append(count);
    Indices result(shape);
    Index* to = result.data();
    for (Index i = 0; i < rows; ++i)
      for (Index k = 0; k < count; ++k) {
        Index item = draw(generator);
        for (int tries = 1; tries < most_tries && !is_allowed(i, item); ++tries) item = draw(generator);
        if (!is_allowed(i, item)) item = among([&](Index other) { return is_allowed(i, other); }, i, generator);
        *to++ = item;
      }
    return result;
  }
  /// One draw from those that are allowed, which are few: O(n).
  template <typename Allowed>
  Index among(const Allowed& is_allowed, Index position, Generator& generator) const {
    std::vector<Index> items;
    std::vector<double> weights;
    for (Index item = 0; item < n_; ++item)
      if (weight(item) > 0 && is_allowed(item)) {
        items.push_back(item);
        weights.push_back(weight(item));
      }
    if (items.empty())
      rowgrad::detail::raise<ValueError>("NegativeSampler: nothing can be drawn at position ", position, ": all ", n_,
                                         " items are positives there or have no weight");
    return items[static_cast<std::size_t>(AliasTable(weights)(generator))];
  }

  static constexpr int most_tries = 100;
  std::vector<double> weights_;  // none: all alike
  Index n_;
  std::vector<AliasTable> tables_;  // one, or none
};

}  // namespace rowgrad::data
