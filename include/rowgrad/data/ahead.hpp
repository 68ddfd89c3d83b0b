// What: Ahead, which makes the items of a sequence on several threads before they are asked for, in order.
// Why:  batches that take long to prepare are ready when the training loop gets there. What comes out, and in which
//       order, does not depend on the threads.
// See:  data_loader.hpp (who uses it).
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include <rowgrad/machine/background.hpp>
#include <rowgrad/machine/index.hpp>

namespace rowgrad::data::detail {

/// Items first .. count - 1, each made by make(item), at most `most` of them ahead of the one taken last. An exception
/// that make() throws arrives where its item would have. The destructor waits for the items under way, and starts none.
template <typename Item>
class Ahead {
 public:
  template <typename Make>
  Ahead(Index first, Index count, Index threads, Index most, Make make)
      : count_(count), next_(first), slots_(static_cast<std::size_t>(std::max<Index>(most, 1))) {
    taken_.store(static_cast<Ticket>(first));
    threads = std::min(threads, count - first);
    try {
      for (Index i = 0; i < threads; ++i)
        threads_.push_back(std::make_unique<rowgrad::detail::Background>([this, make] { work(make); }));
    } catch (...) {
      stop();
      throw;
    }
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;
  ~Ahead() { stop(); }

  /// The next item in order; waits for it.
  Item take(Index item) {
    Slot& slot = slot_of(item);
    slot.full.wait(false);
    std::optional<Item> made = std::move(slot.item);
    const std::exception_ptr error = std::exchange(slot.error, nullptr);
    slot.item.reset();
    slot.full.store(false);
    taken_.store(static_cast<Ticket>(item + 1));
    taken_.notify_all();
    if (error) std::rethrow_exception(error);
    return std::move(*made);
  }

 private:
  using Ticket = unsigned;  // numbers of items modulo 2^32: what waits must be small

  struct Slot {
    std::atomic<bool> full = false;
    std::optional<Item> item;
    std::exception_ptr error;
  };
  Slot& slot_of(Index item) noexcept { return slots_[static_cast<std::size_t>(item) % slots_.size()]; }

  template <typename Make>
  void work(const Make& make) noexcept {
    for (;;) {
      const Index item = next_.fetch_add(1);
      if (item >= count_) return;
      for (;;) {  // until its slot is free
        const Ticket taken = taken_.load();
        if (stopped_.load()) return;
        if (static_cast<Ticket>(item) - taken < slots_.size()) break;
        taken_.wait(taken);
      }
      Slot& slot = slot_of(item);
      try {
        slot.item.emplace(make(item));
      } catch (...) {
        slot.error = std::current_exception();
      }
      slot.full.store(true);
      slot.full.notify_all();
    }
  }

  void stop() noexcept {
    stopped_.store(true);
    taken_.fetch_add(1);  // so that whoever waits for it sees it
    taken_.notify_all();
    threads_.clear();
  }

  Index count_;
  std::atomic<Index> next_;
  std::vector<Slot> slots_;
  std::atomic<Ticket> taken_ = 0;
  std::atomic<bool> stopped_ = false;
  std::vector<std::unique_ptr<rowgrad::detail::Background>> threads_;
};

}  // namespace rowgrad::data::detail
