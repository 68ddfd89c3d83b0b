// What: Storage, the memory that a tensor and its views share, and the hook for updates that still wait for a reader.
// Why:  an optimizer may owe rows of a table their latest steps; whoever reads the memory pays that debt first, and
//       since all reads pass through here, nobody can see a stale row.
// See:  tensor.hpp (data(), rows); optim/ (who defers); docs/decisions.md, "Deferred rows".
#pragma once

#include <cstring>
#include <limits>
#include <span>

#include <rowgrad/core/memory.hpp>
#include <rowgrad/core/shape.hpp>

namespace rowgrad::detail {

/// Updates that an optimizer owes to the rows of one table.
class PendingRows {
 public:
  /// Whether the rows that settle() counts are those of a tensor with these values and shape, and not of a view.
  virtual bool counts_rows_of(const void* values, const Shape& shape) const noexcept = 0;
  /// Brings every row up to date.
  virtual void settle_all() = 0;
  /// Brings these rows up to date; each in range, duplicates allowed. Cost of those rows alone.
  virtual void settle(std::span<const Index> rows) = 0;

 protected:
  ~PendingRows() = default;
};

template <typename T>
class Storage final : public Counted {
 public:
  enum class Fill { none, zero };

  explicit Storage(Index size, Fill fill = Fill::none) : bytes_(static_cast<std::size_t>(size) * sizeof(T)) {
    if (size > std::numeric_limits<Index>::max() / 64) throw std::bad_alloc();
    if (fill == Fill::zero && bytes_ > largest_cached_block) {
      // calloc maps zero pages: rows nobody touches cost neither time nor memory.
      base_ = std::calloc(bytes_ + alignment, 1);
      if (base_ == nullptr) throw std::bad_alloc();
      const auto address = reinterpret_cast<std::uintptr_t>(base_);
      data_ = reinterpret_cast<T*>((address + alignment - 1) / alignment * alignment);
    } else {
      data_ = static_cast<T*>(allocate(bytes_));
      if (fill == Fill::zero) std::memset(static_cast<void*>(data_), 0, bytes_);
    }
  }

  ~Storage() {
    if (base_ != nullptr)
      std::free(base_);
    else
      deallocate(data_, bytes_);
  }

  void destroy() noexcept override { destroy_ref(this); }

  T* data() const noexcept { return data_; }

  /// Who owes rows of this memory an update; null for nearly all tensors.
  PendingRows* pending = nullptr;

 private:
  T* data_ = nullptr;
  void* base_ = nullptr;  // what calloc returned, when it was asked
  std::size_t bytes_;
};

}  // namespace rowgrad::detail
