// What: AveragedTable, a running average of a parameter's values that costs only the rows that changed.
// Why:  while a row stands still at w, k updates of its average are one: a' = w + (1 - f)(a - w). So the average of a
// row
//       is brought up to date before the row changes, and when somebody reads the average.
// See:  ../averaged_model.hpp; core/row_debt.hpp (RowFollower), docs/deferred_rows.md, "Averages".
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <rowgrad/core/row_debt.hpp>
#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/lanes.hpp>
#include <rowgrad/machine/threads.hpp>

namespace rowgrad::optim::detail {

/// a = decay a + (1 - decay) w, or with a decay below 0 the mean of all w so far.
struct Averaging {
  double decay = -1;
  bool float_shares = false;  // of a mean: 1 / n as float, which get_swa_multi_avg_fn() of PyTorch 2.13 works out
};

inline namespace ROWGRAD_ISA {

/// average += share (w - average), from the nearer end, as torch.lerp does.
template <typename T>
void blend(Index n, T* average, const T* w, T share) noexcept {
  const T rest = T(1) - share;
  rowgrad::detail::for_each_lane<T>(
      n, [&](auto lane, Index i) __attribute__((always_inline)) {
        using L = decltype(lane);
        const L a = L::load(average + i), end = L::load(w + i), way = end - a;
        (share < T(0.5) ? a + share * way : end - way * rest).store(average + i);
      });
}

}  // namespace ROWGRAD_ISA

/// The average's own tensor is brought up to date for whoever reads it, as tables are that an optimizer trains.
template <typename T>
class AveragedTable {
 public:
  /// The two have one shape.
  AveragedTable(const Tensor<T>& source, const Tensor<T>& average, const Averaging& averaging)
      : source_(source), average_(average), storage_(source.body().storage), averaging_(averaging) {
    is_table_ = source.dim() == 2 && source.size(0) > 1;
    if (!is_table_) return;
    stamps_.resize(static_cast<std::size_t>(source.size(0)));
    on_source_.attach(*this, source_.body().storage->debt, source_);
    on_average_.attach(*this, average_.body().storage->debt, average_);
  }
  AveragedTable(const AveragedTable&) = delete;
  AveragedTable& operator=(const AveragedTable&) = delete;
  ~AveragedTable() {
    if (!is_table_) return;
    on_source_.detach(storage_->debt);
    on_average_.detach(average_.body().storage->debt);
  }

  const Tensor<T>& average() const noexcept { return average_; }

  /// Takes the values of this parameter, the source or another of its shape, into the average. O(1) for the source, if
  /// its rows stand still but for those that steps look up; else O(n). ShapeError for another shape.
  void update(const Tensor<T>& values) {
    if (values.shape() != average_.shape())
      rowgrad::detail::raise<ShapeError>("AveragedModel: a parameter has shape ", values.shape(), ", its average ",
                                         average_.shape(), " (after add_rows(), make a new AveragedModel)");
    if (!is_table_ || values.body().storage.get() != storage_.get() || values.body().data != source_.body().data)
      return blend_all(values.data());
    rowgrad::detail::DebtSlot& slot = storage_->debt;
    const rowgrad::detail::DebtLock turn(slot);
    rowgrad::detail::RowDebt* const debt = rowgrad::detail::debt_behind_followers(slot).load(std::memory_order_relaxed);
    if (updates_ == 0 || (debt != nullptr && debt != &rowgrad::detail::no_debt)) {
      if (debt != nullptr) debt->settle_all();  // rows at rest move: there is no short cut
      blend_all(source_.body().data);
    } else {
      const Turn own(busy_);
      count();
      pending_ = true;
    }
  }

  Index updates() const noexcept { return updates_; }
  /// The average is replaced by one of so many values.
  void restart(Index updates) noexcept {
    const Turn own(busy_);
    updates_ = updates;
    all_current();
  }

 private:
  /// One at a time works on the average: it is reached from the source, and by its own readers.
  class Turn {
   public:
    explicit Turn(std::atomic_flag& flag) noexcept : flag_(flag) {
      while (flag_.test_and_set(std::memory_order_acquire)) flag_.wait(true, std::memory_order_relaxed);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      flag_.clear(std::memory_order_release);
      flag_.notify_one();
    }

   private:
    std::atomic_flag& flag_;
  };

  /// Stands in the slot of a storage, the source's or the average's.
  class Face final : public rowgrad::detail::RowFollower {
   public:
    void attach(AveragedTable& table, rowgrad::detail::DebtSlot& slot, const Tensor<T>& tensor) noexcept {
      table_ = &table;
      tensor_ = &tensor;
      const rowgrad::detail::DebtLock turn(slot);
      beneath.store(slot.load(std::memory_order_relaxed), std::memory_order_relaxed);
      slot.store(this, std::memory_order_release);
    }
    void detach(rowgrad::detail::DebtSlot& slot) noexcept {
      const rowgrad::detail::DebtLock turn(slot);
      follow_all();
      rowgrad::detail::DebtSlot* place = &slot;
      for (auto* at = rowgrad::detail::first_follower(slot); at != nullptr && at != this; at = at->next())
        place = &at->beneath;
      if (place->load(std::memory_order_relaxed) == this)
        place->store(beneath.load(std::memory_order_relaxed), std::memory_order_release);
    }
    bool counts_rows_of(const void* values, const Shape& shape) const noexcept override {
      return values == tensor_->body().data && shape == tensor_->body().shape;
    }
    void follow(std::span<const Index> rows) noexcept override { table_->follow(rows); }
    void follow_all() noexcept override { table_->follow_all(); }

   private:
    AveragedTable* table_ = nullptr;
    const Tensor<T>* tensor_ = nullptr;
  };

  Index columns() const noexcept { return average_.body().shape[1]; }
  /// Whether the source's values still are where they were when this was made.
  bool is_there() const noexcept { return source_.body().storage.get() == storage_.get(); }

  void follow(std::span<const Index> rows) noexcept {
    const Turn own(busy_);
    if (!pending_ || !is_there()) return;
    for (const Index row : rows) follow_row(row);
  }
  void follow_all() noexcept {
    const Turn own(busy_);
    if (pending_ && is_there()) each_row([this](Index row) { follow_row(row); });
    pending_ = false;
  }
  void follow_row(Index row) noexcept {
    std::uint32_t& stamp = stamps_[static_cast<std::size_t>(row)];
    const auto missed = static_cast<Index>(static_cast<std::uint32_t>(updates_) - stamp);
    if (missed == 0) return;
    stamp = static_cast<std::uint32_t>(updates_);
    blend(columns(), average_.body().data + row * columns(), source_.body().data + row * columns(), share(missed));
  }

  /// The n-th value's share in the mean of n.
  static double float_share(Index n) noexcept { return static_cast<double>(1.0f / static_cast<float>(n)); }
  /// Counts one more update.
  void count() {
    if (averaging_.float_shares)  // also those of an earlier run
      for (Index n = static_cast<Index>(left_.size()); n <= updates_ + 1; ++n)
        left_.push_back(n <= 1 ? 1 : left_.back() * (1 - float_share(n)));
    ++updates_;
  }
  /// What the last `missed` of the updates leave of the way to a value that stood still.
  T share(Index missed) const noexcept {
    const double k = static_cast<double>(missed), decay = averaging_.decay;
    if (decay >= 0) return static_cast<T>(missed == 1 ? 1 - decay : 1 - std::pow(decay, k));
    if (!averaging_.float_shares) return static_cast<T>(k / static_cast<double>(updates_));
    if (missed == 1) return static_cast<T>(float_share(updates_));
    const auto n = static_cast<std::size_t>(updates_);
    return static_cast<T>(1 - left_[n] / left_[n - static_cast<std::size_t>(missed)]);
  }

  /// One update with values for all of it.
  void blend_all(const T* values) {
    if (is_table_) follow_all();
    const Turn own(busy_);
    T* const average = average_.body().data;
    const Index n = average_.numel();
    count();
    if (updates_ == 1)
      std::copy_n(values, n, average);
    else
      blend(n, average, values, share(1));
    all_current();
  }
  void all_current() noexcept {
    std::fill(stamps_.begin(), stamps_.end(), static_cast<std::uint32_t>(updates_));
    pending_ = false;
  }
  template <typename F>
  void each_row(const F& f) noexcept {
    constexpr Index piece = 256;
    const auto rows = static_cast<Index>(stamps_.size());
    rowgrad::detail::parallel_pieces((rows + piece - 1) / piece, rows * columns() > 50'000, [&](Index p) {
      for (Index row = p * piece; row < std::min(rows, (p + 1) * piece); ++row) f(row);
    });
  }

  Tensor<T> source_, average_;
  rowgrad::detail::Ref<rowgrad::detail::Storage<T>> storage_;  // of the source, when this was made
  Averaging averaging_;
  std::vector<double> left_;  // with float_shares: what all updates up to the n-th leave of a value, for n = 0, 1, ...
  bool is_table_ = false;
  bool pending_ = false;               // whether any row's average may be behind
  Index updates_ = 0;                  // that were made
  std::vector<std::uint32_t> stamps_;  // for each row, how many its average is up to date with, modulo 2^32
  std::atomic_flag busy_;
  Face on_source_, on_average_;
};

}  // namespace rowgrad::optim::detail
