// What: Batches, which serves labelled sequences of indices in padded batches, in a new order each epoch.
// Why:  a batch padded to its own longest sequence, with sequences of like length together, wastes few columns.
// See:  torch.utils.data.DataLoader; text/padding.hpp; splits.hpp.
#pragma once

#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/machine/radix_sort.hpp>
#include <rowgrad/text/padding.hpp>

namespace rowgrad {

/// B samples; T is the longest of them after truncation, at least 1.
struct Batch {
  Indices ids;                 ///< (B, T), padded
  Indices labels;              ///< (B)
  Indices lengths;             ///< (B): the ids of each row that are no padding
  std::vector<Index> samples;  ///< positions in the data set
};

struct BatchOptions {
  Index batch_size = 32;
  bool shuffle = true;  ///< a new order each epoch
  bool bucket = false;  ///< samples of like length share a batch
  Index padding_value = 0;
  Side padding = Side::post;                   ///< where shorter sequences are filled up
  std::optional<Index> maxlen = std::nullopt;  ///< longer sequences are cut to it; default: none are
  bool drop_last = false;                      ///< leave out the samples that do not fill a batch
  Side truncating = Side::post;                ///< where longer sequences lose ids
};

/// The batches of a data set: `for (auto& [ids, labels, lengths, samples] : batches)` runs through one epoch. Each
/// begin() starts a new epoch, with a new order if shuffled. A batch is made anew: a graph may keep its tensors.
/// An empty sequence becomes a row of padding with length 0; what to make of it is up to the model.
class Batches {
 public:
  static constexpr Index pool = 50;  ///< batches whose samples are sorted by length together when bucketing

  /// Keeps the sequences (move them in to spare a copy) and refers to the generator, which must live as long.
  /// ShapeError when sequences and labels differ in number; ValueError for batch_size or maxlen < 1.
  Batches(std::vector<std::vector<Index>> sequences, std::vector<Index> labels, const BatchOptions& options = {},
          Generator& generator = default_generator())
      : sequences_(std::move(sequences)), labels_(std::move(labels)), options_(options), generator_(&generator) {
    if (sequences_.size() != labels_.size())
      throw ShapeError("Batches: each sequence needs one label, got " + std::to_string(sequences_.size()) +
                       " sequences and " + std::to_string(labels_.size()) + " labels");
    if (options_.batch_size < 1)
      throw ValueError("Batches: batch_size must be at least 1, got " + std::to_string(options_.batch_size));
    if (options_.maxlen && *options_.maxlen < 1)
      throw ValueError("Batches: maxlen must be at least 1, got " + std::to_string(*options_.maxlen));
  }

  /// Batches of an epoch.
  Index size() const noexcept {
    const Index full = samples() / options_.batch_size;
    return full + (options_.drop_last || samples() % options_.batch_size == 0 ? 0 : 1);
  }
  /// Samples in the data set.
  Index samples() const noexcept { return static_cast<Index>(labels_.size()); }

  /// One epoch. Refers to the Batches it came from.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = Batch*;
    using reference = Batch&;

    Batch& operator*() noexcept { return batch_; }
    Batch* operator->() noexcept { return &batch_; }
    Iterator& operator++() {
      ++next_;
      load();
      return *this;
    }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept { return it.next_ >= it.size_; }

   private:
    friend class Batches;
    Iterator(const Batches& batches, std::vector<Index> order, std::vector<Index> starts)
        : batches_(&batches), order_(std::move(order)), starts_(std::move(starts)), size_(starts_.size()) {
      load();
    }
    void load() {
      if (next_ >= size_) return;
      const Index begin = starts_[next_];
      const Index end = std::min(begin + batches_->options_.batch_size, static_cast<Index>(order_.size()));
      batch_ = batches_->make({order_.begin() + begin, order_.begin() + end});
    }

    const Batches* batches_;
    std::vector<Index> order_, starts_;  // samples; where in order_ each batch starts
    std::size_t size_, next_ = 0;
    Batch batch_;
  };

  /// Starts an epoch: draws its order from the generator and makes its first batch. O(n log n) when bucketing.
  Iterator begin() const {
    std::vector<Index> order = (options_.shuffle ? randperm(samples(), *generator_) : arange(samples())).to_vector();
    // Before sorting, lest the longest samples are always the ones left out.
    if (options_.drop_last) order.resize(static_cast<std::size_t>(size() * options_.batch_size));
    if (options_.bucket) sort_pools(order);
    std::vector<Index> starts(static_cast<std::size_t>(size()));
    for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<Index>(i) * options_.batch_size;
    if (options_.shuffle && options_.bucket) {
      const std::vector<Index> sorted = starts;
      const Indices turns = randperm(size(), *generator_);
      for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = sorted[static_cast<std::size_t>(turns.data()[i])];
    }
    return Iterator(*this, std::move(order), std::move(starts));
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  const std::vector<Index>& sequence(Index sample) const { return sequences_[static_cast<std::size_t>(sample)]; }

  // Sorting all samples would fix which of them meet in a batch; within pools the shuffle still decides.
  void sort_pools(std::vector<Index>& order) const {
    const auto n = static_cast<Index>(order.size());
    // Pools end where a batch ends. Written as a quotient, since batch_size may be huge.
    const Index step = options_.batch_size > n / pool ? std::max(n, Index{1}) : pool * options_.batch_size;
    for (Index begin = 0; begin < n; begin += step) {
      Index* samples = order.data() + begin;
      std::vector<Index> lengths;
      for (Index i = 0; i < std::min(step, n - begin); ++i)
        lengths.push_back(static_cast<Index>(sequence(samples[i]).size()));
      detail::sort_by_key(samples, lengths);
    }
  }

  Batch make(std::vector<Index> samples) const {
    const auto count = static_cast<Index>(samples.size());
    const Index most = options_.maxlen.value_or(std::numeric_limits<Index>::max());
    Batch batch{Indices(), Indices(Shape{count}), Indices(Shape{count}), {}};
    Index width = 1;
    for (Index i = 0; i < count; ++i) {
      const Index sample = samples[static_cast<std::size_t>(i)];
      const Index length = std::min(static_cast<Index>(sequence(sample).size()), most);
      batch.labels.data()[i] = labels_[static_cast<std::size_t>(sample)];
      batch.lengths.data()[i] = length;
      width = std::max(width, length);
    }
    batch.ids = Indices(Shape{count, width});
    Index* row = batch.ids.data();
    for (const Index sample : samples) {
      detail::pad_row(sequence(sample), row, width, options_.padding, options_.truncating, options_.padding_value);
      row += width;
    }
    batch.samples = std::move(samples);
    return batch;
  }

  std::vector<std::vector<Index>> sequences_;
  std::vector<Index> labels_;
  BatchOptions options_;
  Generator* generator_;
};

}  // namespace rowgrad
