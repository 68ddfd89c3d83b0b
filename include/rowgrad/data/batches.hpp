// What: Batches, which serves labelled sequences of indices in padded batches, in a new order each epoch.
// Why:  PyTorch's order for PyTorch's seed, so that whole programs agree; a batch padded to its own longest sequence,
//       with sequences of similar length together, wastes few columns.
// See:  torch.utils.data.DataLoader, RandomSampler; torchdata's StatefulDataLoader; text/padding.hpp; splits.hpp.
#pragma once

#include <iterator>
#include <limits>
#include <utility>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/factory.hpp>
#include <rowgrad/machine/radix_sort.hpp>
#include <rowgrad/text/padding.hpp>

namespace rowgrad::data {

using text::Side;

/// B samples; T is the longest of them after truncation, at least 1.
struct Batch {
  Indices ids;                 ///< (B, T), padded
  Indices labels;              ///< (B)
  Indices lengths;             ///< (B): how many ids of each row are not padding
  std::vector<Index> samples;  ///< positions in the data set
};

struct BatchOptions {
  Index batch_size = 32;
  bool shuffle = true;  ///< a new order each epoch
  bool bucket = false;  ///< samples of similar length share a batch
  Index padding_value = 0;
  Side padding = Side::post;                   ///< where shorter sequences are filled up
  std::optional<Index> maxlen = std::nullopt;  ///< longer sequences are cut to it; default: none are
  bool drop_last = false;                      ///< leave out the samples that do not fill a batch
  Side truncating = Side::post;                ///< where longer sequences lose ids
};

/// How far the batches have come: what it takes to go on in the middle of an epoch.
struct BatchesState {
  bool under_way = false;  ///< whether an epoch has begun and not ended; otherwise the next one starts at its beginning
  Index position = 0;      ///< batches of that epoch that have been served
  Generator order;         ///< as it was before it drew the epoch's order
};

/// The batches of a data set: `for (auto& [ids, labels, lengths, samples] : batches)` runs through one epoch. Each
/// begin() starts a new epoch, in a new order if shuffled. Every batch is a new one: a graph may keep its tensors.
/// An empty sequence becomes a row of padding with length 0; what to make of it is up to the model.
///
/// The samples come in the order of PyTorch's DataLoader with the same seed and batch_size, shuffle and drop_last (in
/// one process, num_workers=0), and the generators are left as DataLoader leaves them: an epoch draws from the default
/// generator even when it is not shuffled. Bucketing has no counterpart there. One thread at a time.
class Batches {
 public:
  static constexpr const char* name = "Batches";
  static constexpr Index pool = 50;  ///< when bucketing, the samples of so many batches are sorted by length together

  /// Keeps the sequences (move them in to spare a copy); orders come from the default generator. ShapeError when
  /// sequences and labels differ in number; ValueError for batch_size or maxlen < 1.
  Batches(std::vector<std::vector<Index>> sequences, std::vector<Index> labels, const BatchOptions& options = {})
      : sequences_(std::move(sequences)), labels_(std::move(labels)), options_(options) {
    if (sequences_.size() != labels_.size())
      rowgrad::detail::raise<ShapeError>("Batches: each sequence needs one label, got ", sequences_.size(),
                                         " sequences and ", labels_.size(), " labels");
    if (options_.batch_size < 1)
      rowgrad::detail::raise<ValueError>("Batches: batch_size must be at least 1, got ", options_.batch_size);
    if (options_.maxlen && *options_.maxlen < 1)
      rowgrad::detail::raise<ValueError>("Batches: maxlen must be at least 1, got ", *options_.maxlen);
  }

  /// Orders come from this generator, which must live as long. PyTorch: DataLoader(generator=...), which draws from it
  /// in another way than from the default one.
  Batches(std::vector<std::vector<Index>> sequences, std::vector<Index> labels, const BatchOptions& options,
          Generator& generator)
      : Batches(std::move(sequences), std::move(labels), options) {
    generator_ = &generator;
  }

  /// Batches in an epoch.
  Index size() const noexcept {
    const Index full = samples() / options_.batch_size;
    return full + (options_.drop_last || !ragged() ? 0 : 1);
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
    Iterator(const Batches& batches, std::vector<Index> order, std::vector<Index> starts, Index epoch, Index next)
        : batches_(&batches),
          order_(std::move(order)),
          starts_(std::move(starts)),
          size_(static_cast<Index>(starts_.size())),
          next_(next),
          epoch_(epoch) {
      load();
    }
    void load() {
      if (next_ < size_) {
        const Index begin = starts_[static_cast<std::size_t>(next_)];
        const Index count = std::min(batches_->options_.batch_size, static_cast<Index>(order_.size()) - begin);
        batch_ = batches_->make({order_.begin() + begin, order_.begin() + begin + count});
      }
      batches_->served(*this);
    }

    const Batches* batches_;
    std::vector<Index> order_, starts_;  // samples; where in order_ each batch starts
    Index size_, next_, epoch_;
    Batch batch_;
  };

  /// Starts an epoch, or goes on with the one that load_state() has set: draws its order and makes its first batch.
  /// O(n), O(n log n) when bucketing.
  Iterator begin() const {
    const bool resumes = std::exchange(resumes_, false);
    if (!resumes) state_ = {.under_way = true, .position = 0, .order = order_generator()};
    Generator replayed = state_.order;
    // An explicit generator moves on as it draws the order; on resuming it has done so before.
    Generator& generator = resumes || generator_ == nullptr ? replayed : *generator_;

    std::vector<Index> order = (options_.shuffle ? randperm(samples(), generator) : arange(samples())).to_vector();
    // Before sorting, lest the longest samples are always the ones left out.
    if (options_.drop_last) order.resize(static_cast<std::size_t>(size() * options_.batch_size));
    if (options_.bucket) sort_pools(order);
    std::vector<Index> starts(static_cast<std::size_t>(size()));
    for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<Index>(i) * options_.batch_size;
    if (options_.shuffle && options_.bucket) {
      const std::vector<Index> sorted = starts;
      const Indices turns = randperm(size(), generator);
      for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = sorted[static_cast<std::size_t>(turns.data()[i])];
    }
    return Iterator(*this, std::move(order), std::move(starts), ++epoch_, state_.position);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// How far the epoch begun last has come. Within the loop's body, the batch at hand counts as served.
  BatchesState state() const { return state_; }

  /// The next begin() goes on from there: with the batch after those served, in the same order. The generator that
  /// orders come from is the caller's, and so is saving and restoring it. ValueError for a position outside the epoch.
  void load_state(const BatchesState& state) {
    if (state.position < 0 || state.position > size())
      rowgrad::detail::raise<ValueError>("Batches::load_state: position ", state.position, " is outside the ", size(),
                                         " batches of an epoch (is it the state of another data set?)");
    state_ = state;
    resumes_ = state.under_way;
  }

 private:
  const std::vector<Index>& sequence(Index sample) const { return sequences_[static_cast<std::size_t>(sample)]; }
  bool ragged() const noexcept { return samples() % options_.batch_size != 0; }

  // DataLoader draws a seed for workers, which nobody uses here. Then RandomSampler permutes with a generator of its
  // own, seeded by the default one, or with the one it was given.
  Generator order_generator() const {
    if (generator_ != nullptr) {
      generator_->random64();
      return *generator_;
    }
    default_generator().random64();
    if (!options_.shuffle) return Generator();
    return Generator(default_generator().random64() & (~std::uint64_t{0} >> 1));
  }

  // Notes how far the epoch has come. At its end RandomSampler draws one more permutation, of which it takes nothing.
  // It shows in a generator that was given. A batch that is not full takes the sampler to its end; after full ones it
  // is asked once more.
  void served(const Iterator& it) const {
    const bool ended = it.next_ >= it.size_;
    const Index last = ragged() && !options_.drop_last ? it.size_ - 1 : it.size_;
    if (it.next_ == last && options_.shuffle && generator_ != nullptr) (void)randperm(samples(), *generator_);
    if (it.epoch_ != epoch_) return;  // another epoch has begun since
    state_.under_way = !ended;
    state_.position = ended ? 0 : it.next_ + 1;
  }

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
      rowgrad::detail::sort_by_key(samples, lengths);
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
      text::pad_row(sequence(sample), row, width, options_.padding, options_.truncating, options_.padding_value);
      row += width;
    }
    batch.samples = std::move(samples);
    return batch;
  }

  std::vector<std::vector<Index>> sequences_;
  std::vector<Index> labels_;
  BatchOptions options_;
  Generator* generator_ = nullptr;  // none: the default one
  // Of the epoch begun last; iterating does not change which batches there are, hence mutable.
  mutable BatchesState state_;
  mutable bool resumes_ = false;  // the next begin() goes on with state_
  mutable Index epoch_ = 0;       // epochs begun
};

}  // namespace rowgrad::data

namespace rowgrad {  // the names that programs had before the room had a namespace
using data::Batch;
using data::Batches;
using data::BatchOptions;
}  // namespace rowgrad
