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

/// Values behind a header, in one block. Made by make_storage().
template <typename T>
class Storage final : public Counted {
 public:
  T* data() noexcept { return reinterpret_cast<T*>(reinterpret_cast<char*>(this) + header); }

  void destroy() noexcept override {
    void* const block = block_;
    const std::size_t bytes = bytes_;
    const bool from_system = from_system_;
    this->~Storage();
    if (from_system)
      std::free(block);
    else
      deallocate(block, bytes);
  }

  /// Who owes rows of this memory an update; null for nearly all tensors.
  PendingRows* pending = nullptr;

 private:
  static constexpr std::size_t header = alignment;
  enum class Fill { none, zero };

  Storage(void* block, std::size_t bytes, bool from_system) noexcept
      : block_(block), bytes_(bytes), from_system_(from_system) {}
  ~Storage() = default;

  static Ref<Storage> make(Index size, Fill fill) {
    static_assert(sizeof(Storage) <= header && std::is_trivially_copyable_v<T>);
    if (size > std::numeric_limits<Index>::max() / 64) throw std::bad_alloc();
    const std::size_t bytes = header + static_cast<std::size_t>(size) * sizeof(T);
    if (fill == Fill::zero && bytes > largest_cached_block) {
      void* block = system_allocate_zeros(bytes + alignment);  // rows nobody touches cost no time
      const auto address = (reinterpret_cast<std::uintptr_t>(block) + alignment - 1) / alignment * alignment;
      return Ref<Storage>::adopt(new (reinterpret_cast<void*>(address)) Storage(block, bytes, true));
    }
    void* block = allocate(bytes);
    auto storage = Ref<Storage>::adopt(new (block) Storage(block, bytes, false));
    if (fill == Fill::zero) std::memset(static_cast<void*>(storage->data()), 0, bytes - header);
    return storage;
  }

  template <typename U>
  friend Ref<Storage<U>> make_storage(Index size);
  template <typename U>
  friend Ref<Storage<U>> make_zero_storage(Index size);

  void* block_;
  std::size_t bytes_;
  bool from_system_;  // not from the block cache
};

/// Memory for `size` values, uninitialised.
template <typename T>
Ref<Storage<T>> make_storage(Index size) {
  return Storage<T>::make(size, Storage<T>::Fill::none);
}

/// Memory for `size` zeros; large blocks are zero pages of the system.
template <typename T>
Ref<Storage<T>> make_zero_storage(Index size) {
  return Storage<T>::make(size, Storage<T>::Fill::zero);
}

}  // namespace rowgrad::detail
