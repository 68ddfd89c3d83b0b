// What: Storage, the memory that a tensor and its views share, and the hook for updates that still wait for a reader.
// Why:  an optimizer may owe rows of a table their latest steps; whoever reads the memory pays that debt first, and
//       since all reads pass through here, nobody can see a stale row.
// See:  tensor.hpp (data(), rows); optim/ (who defers); docs/decisions.md, "Deferred rows".
#pragma once

#include <cstring>
#include <limits>

#include <rowgrad/core/row_debt.hpp>
#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {

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
  RowDebt* debt = nullptr;

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

namespace rowgrad {

/// Gives this thread's cached free memory back to the system. PyTorch: torch.cuda.empty_cache, for the CPU.
inline void empty_cache() noexcept { detail::block_cache.clear(); }

}  // namespace rowgrad
