// What: DataLoader, which serves a data set of any kind in batches.
// Why:  PyTorch's order for PyTorch's seed, so that whole programs agree; also where threads prepare batches ahead.
// See:  dataset.hpp, samplers.hpp, collate.hpp, ahead.hpp; batches.hpp (sequences that are padded and bucketed);
// PyTorch
//       torch.utils.data.DataLoader.
#pragma once

#include <iterator>
#include <memory>
#include <utility>

#include <rowgrad/core/check.hpp>
#include <rowgrad/data/ahead.hpp>
#include <rowgrad/data/batches.hpp>
#include <rowgrad/data/collate.hpp>
#include <rowgrad/data/dataset.hpp>
#include <rowgrad/data/samplers.hpp>

namespace rowgrad::data {

struct DataLoaderOptions {
  Index batch_size = 1;
  bool shuffle = false;                         ///< a new order each epoch
  bool drop_last = false;                       ///< leave out the samples that do not fill a batch
  Generator* generator = nullptr;               ///< for orders, in place of the default one; must live as long
  std::shared_ptr<const Sampler> sampler = {};  ///< which samples, in which order; in place of shuffle
  Index num_workers = 0;                        ///< threads that prepare batches ahead
  Index prefetch_factor = 2;                    ///< how many batches each of them is ahead at most
};

/// How far a loader has come: what it takes to go on in the middle of an epoch.
struct DataLoaderState {
  bool under_way = false;  ///< whether an epoch has begun and not ended; otherwise the next one starts at its beginning
  Index position = 0;      ///< batches of that epoch that have been served
  Generator order;         ///< the sampler's, as it was before it drew the epoch's order
  std::uint64_t seed = 0;  ///< of the epoch. PyTorch: _base_seed
};

namespace detail {

/// Whether the loader's collate function is given a generator.
template <typename D, typename Collate>
inline constexpr bool draws = std::is_invocable_v<const Collate&, const std::vector<SampleOf<D>>&, Generator&>;

template <typename D, typename Collate>
auto make_batch(const D& dataset, const Collate& collate, const std::vector<Index>& samples,
                [[maybe_unused]] std::uint64_t seed) {
  if constexpr (std::is_same_v<Collate, DefaultCollate> && requires { dataset.batch(samples); }) {
    return dataset.batch(samples);
  } else {
    std::vector<SampleOf<D>> list;
    list.reserve(samples.size());
    for (const Index sample : samples) list.push_back(dataset[static_cast<decltype(dataset.size())>(sample)]);
    if constexpr (draws<D, Collate>) {
      Generator generator(seed);
      return collate(std::as_const(list), generator);
    } else {
      return collate(std::as_const(list));
    }
  }
}

}  // namespace detail

/// The batches of a data set: `for (auto& [x, y] : loader)` runs through one epoch. Each begin() starts a new one. A
/// batch is what the collate function makes of a std::vector of samples, by default default_collate().
///
/// Samples come in the order of PyTorch's with the same seed, and the generators are left as there with num_workers =
/// 0, whatever num_workers is: workers change nothing but the time. The data set and the collate function are then
/// called from several threads at once, and must not draw from a generator that others use. A collate function with a
/// second parameter, Generator&, is given one for each batch, seeded by the epoch and the batch: what it draws is the
/// same with any number of workers. What either throws is thrown where its batch would have come. One loop at a time.
template <Dataset D, typename Collate = DefaultCollate>
class DataLoader {
 public:
  using Sample = SampleOf<D>;
  static constexpr const char* name = "DataLoader";
  using Batch = std::decay_t<decltype(detail::make_batch(std::declval<const D&>(), std::declval<const Collate&>(),
                                                         std::vector<Index>(), 0))>;

  /// Keeps the data set (tensors are handles; move a vector in to spare a copy). ValueError for batch_size or
  /// prefetch_factor < 1, num_workers < 0, shuffle together with a sampler, or shuffle without samples.
  explicit DataLoader(D dataset, const DataLoaderOptions& options = {}, Collate collate = {})
      : dataset_(std::move(dataset)), collate_(std::move(collate)), options_(options) {
    const auto expect = [](const char* field, Index value, Index least) {
      if (value < least)
        rowgrad::detail::raise<ValueError>("DataLoader: expected ", field, " >= ", least, ", got ", value);
    };
    expect("batch_size", options_.batch_size, 1);
    expect("num_workers", options_.num_workers, 0);
    expect("prefetch_factor", options_.prefetch_factor, 1);
    if (options_.sampler && options_.shuffle)
      throw ValueError("DataLoader: shuffle and a sampler exclude each other: the sampler sets the order");
    if (!options_.sampler && options_.shuffle)
      options_.sampler =
          std::make_shared<RandomSampler>(samples(), RandomSamplerOptions{.generator = options_.generator});
  }

  /// Batches in an epoch. PyTorch: len(loader).
  Index size() const noexcept {
    const Index full = taken() / options_.batch_size;
    return full + (options_.drop_last || !ragged() ? 0 : 1);
  }
  /// Samples in the data set.
  Index samples() const noexcept { return static_cast<Index>(dataset_.size()); }
  const D& dataset() const noexcept { return dataset_; }
  const DataLoaderOptions& options() const noexcept { return options_; }

  /// One epoch. Refers to the loader it came from.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    using pointer = Batch*;
    using reference = Batch&;

    Batch& operator*() noexcept { return *batch_; }
    Batch* operator->() noexcept { return &*batch_; }
    Iterator& operator++() {
      ++next_;
      load();
      return *this;
    }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept { return it.next_ >= it.size_; }

   private:
    friend class DataLoader;
    /// What an epoch's batches are made of; workers share it.
    struct Epoch {
      const DataLoader* loader;
      std::vector<Index> order;
      std::uint64_t seed;
      Batch make(Index batch) const {
        const Index begin = batch * loader->options_.batch_size;
        const Index count = std::min(loader->options_.batch_size, static_cast<Index>(order.size()) - begin);
        const auto first = order.begin() + begin;
        return detail::make_batch(loader->dataset_, loader->collate_, {first, first + count},
                                  seed + static_cast<std::uint64_t>(batch));
      }
    };

    Iterator(const DataLoader& loader, std::vector<Index> order, Index number)
        : epoch_(std::make_shared<Epoch>(Epoch{&loader, std::move(order), loader.state_.seed})),
          size_(loader.size()),
          next_(loader.state_.position),
          number_(number) {
      const auto& [workers, factor] = std::pair(loader.options_.num_workers, loader.options_.prefetch_factor);
      if (workers > 0 && next_ < size_)
        ahead_ = std::make_shared<detail::Ahead<Batch>>(
            next_, size_, workers, std::min(rowgrad::detail::saturated_product(workers, factor), size_),
            [epoch = epoch_](Index batch) { return epoch->make(batch); });
      load();
    }
    void load() {
      epoch_->loader->exhaust_at(next_);
      if (next_ < size_)
        batch_.emplace(ahead_ ? ahead_->take(next_) : epoch_->make(next_));
      else
        ahead_.reset();
      epoch_->loader->served(*this);
    }

    std::shared_ptr<const Epoch> epoch_;
    std::shared_ptr<detail::Ahead<Batch>> ahead_;
    Index size_, next_, number_;
    std::optional<Batch> batch_;
  };

  /// Starts an epoch, or goes on with the one that load_state() has set. IndexError when the sampler gives a sample
  /// that the data set does not have.
  Iterator begin() const {
    const bool resumes = std::exchange(resumes_, false);
    if (!resumes) {
      // The seed for workers comes first, as there, whether there are any or not.
      Generator& base = options_.generator != nullptr ? *options_.generator : default_generator();
      const std::uint64_t seed = base.random64() & (~std::uint64_t{0} >> 1);
      state_ = {true, 0, sampler_generator(), seed};
    }
    Generator replayed = state_.order;
    std::vector<Index> order = options_.sampler ? options_.sampler->indices(resumes ? replayed : sampler_generator())
                                                : arange(samples()).to_vector();
    for (const Index sample : order)
      if (sample < 0 || sample >= samples())
        rowgrad::detail::raise<IndexError>("DataLoader: the sampler gave sample ", sample, " of a data set of ",
                                           samples());
    return Iterator(*this, std::move(order), ++epoch_);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// How far the epoch begun last has come. Within the loop's body, the batch at hand counts as served.
  DataLoaderState state() const { return state_; }
  /// The next begin() goes on from there: with the batch after those served, in the same order. The generators that
  /// orders come from are the caller's, and so is saving and restoring them. ValueError for a position outside the
  /// epoch.
  void load_state(const DataLoaderState& state) {
    if (state.position < 0 || state.position > size())
      rowgrad::detail::raise<ValueError>("DataLoader::load_state: position ", state.position, " is outside the ",
                                         size(), " batches of an epoch (is it the state of another data set?)");
    state_ = state;
    resumes_ = state.under_way;
  }

 private:
  Generator& sampler_generator() const {
    Generator* const own = options_.sampler ? options_.sampler->generator() : nullptr;
    return own != nullptr ? *own : default_generator();
  }
  Index taken() const noexcept { return options_.sampler ? options_.sampler->size() : samples(); }
  bool ragged() const noexcept { return taken() % options_.batch_size != 0; }

  // A batch that is not full takes the sampler to its end; after full ones it is asked once more.
  void exhaust_at(Index batch) const {
    const Index last = ragged() && !options_.drop_last ? size() - 1 : size();
    if (batch == last && options_.sampler) options_.sampler->exhaust(sampler_generator());
  }
  // Notes how far the epoch has come.
  void served(const Iterator& it) const noexcept {
    if (it.number_ != epoch_) return;  // another epoch has begun since
    state_.under_way = it.next_ < it.size_;
    state_.position = state_.under_way ? it.next_ + 1 : 0;
  }

  D dataset_;
  Collate collate_;
  DataLoaderOptions options_;
  // Of the epoch begun last; iterating does not change which batches there are, hence mutable.
  mutable DataLoaderState state_;
  mutable bool resumes_ = false;  // the next begin() goes on with state_
  mutable Index epoch_ = 0;       // epochs begun
};

}  // namespace rowgrad::data
