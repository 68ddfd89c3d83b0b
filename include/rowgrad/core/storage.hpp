// What: Storage, which owns the memory that a tensor and its views share, and knows who owes that memory an update.
// Why:  values lie in a block of ours, in a mapped file or in memory that a caller lent; tensors need not know. An
//       optimizer may owe rows of a table their latest steps; whoever reads the memory has them made first, and since
//       all reads pass through here, nobody can see a stale row.
// See:  tensor.hpp (data()), factory.hpp (from_blob); row_debt.hpp; docs/decisions.md, "Storage", "Deferred rows".
#pragma once

#include <cstring>

#include <rowgrad/core/row_debt.hpp>
#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {

/// Where values of type T lie, and what keeps them there: the block behind this header, or an owner.
template <typename T>
class Storage final : public Counted {
 public:
  /// Values behind a header, in one block; made by make_storage().
  explicit Storage(std::size_t block_bytes) noexcept
      : data_(reinterpret_cast<T*>(reinterpret_cast<char*>(this) + header)), block_bytes_(block_bytes) {
    static_assert(sizeof(Storage) <= header && std::is_trivially_copyable_v<T>);
  }
  /// Values elsewhere, for as long as owner lives; made by make_ref().
  Storage(T* values, Ref<Counted> owner, bool borrowed) noexcept
      : data_(values), owner_(owner.leak()), block_bytes_(sizeof(Storage)), borrowed_(borrowed) {}

  T* data() const noexcept { return data_; }

  /// Whether the memory is seen by others than tensors: it was lent, or is a file. Then no operation may take a tensor
  /// that nobody refers to for scratch memory.
  bool borrowed() const noexcept { return borrowed_; }

  void destroy() noexcept override {
    const std::size_t bytes = block_bytes_;
    if (owner_ != nullptr) [[unlikely]]
      give_back(owner_);
    this->~Storage();
    deallocate(this, bytes);
  }

  /// Who owes rows of this memory an update; null for nearly all tensors.
  DebtSlot debt = nullptr;

  static constexpr std::size_t header = alignment;  // bytes in front of the values

 private:
  ~Storage() = default;

  [[gnu::cold, gnu::noinline]] static void give_back(Counted* owner) noexcept {
    if (owner->release()) owner->destroy();
  }

  T* data_;
  Counted* owner_ = nullptr;  // a reference of ours, given back in destroy(), which tensors are freed through
  std::size_t block_bytes_;   // what destroy() gives back
  bool borrowed_ = false;

 public:  // beside borrowed_, so that one store sets all three
  /// Whether this is a copy where PyTorch has a view of another tensor: operations that write in place refuse it.
  bool stands_for_view = false;

  /// How often operations that write in place have changed these values while others shared them.
  std::uint32_t version = 0;
};

/// Pages of zeros from the system.
class ZeroPages final : public Counted {
 public:
  explicit ZeroPages(std::size_t bytes) : block_(system_allocate_zeros(bytes + alignment)) {}
  void destroy() noexcept override { destroy_ref(this); }
  ~ZeroPages() { std::free(block_); }

  void* data() const noexcept {
    const auto address = (reinterpret_cast<std::uintptr_t>(block_) + alignment - 1) / alignment * alignment;
    return reinterpret_cast<void*>(address);
  }

 private:
  void* block_;
};

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_out_of_memory(const Shape& shape, std::size_t value_bytes) {
  std::uint64_t bytes = 0;
  const bool fits = !__builtin_mul_overflow(shape.numel(), value_bytes, &bytes);
  const std::string amount = fits ? concat(bytes) : concat("more than ", ~std::uint64_t{0});
  raise<MemoryError>("Tensor: no memory for shape ", shape, ": it takes ", amount, " bytes (", value_bytes,
                     " for each value)");
}

/// Bytes of a shape's values. ShapeError when its elements, MemoryError when its bytes can't be counted.
template <typename T>
[[gnu::always_inline]] inline std::size_t bytes_of(const Shape& shape, Index numel) {
  const auto size = static_cast<std::uint64_t>(numel);
  if (size > largest_block / sizeof(T)) [[unlikely]]
    throw_out_of_memory(shape, sizeof(T));
  return static_cast<std::size_t>(size) * sizeof(T);
}
template <typename T>
[[gnu::always_inline]] inline std::size_t bytes_of(const Shape& shape) {
  return bytes_of<T>(shape, shape.checked_numel());
}

/// Memory for the values of a shape, uninitialised; numel is its checked_numel(). MemoryError when there is none.
template <typename T>
[[gnu::always_inline]] inline Ref<Storage<T>> make_storage(const Shape& shape, Index numel) {
  const std::size_t bytes = bytes_of<T>(shape, numel) + Storage<T>::header;
  try {
    return Ref<Storage<T>>::adopt(new (allocate(bytes)) Storage<T>(bytes));
  } catch (const std::bad_alloc&) {
    throw_out_of_memory(shape, sizeof(T));
  }
}

/// The same; ShapeError when the shape is too large to count.
template <typename T>
Ref<Storage<T>> make_storage(const Shape& shape) {
  return make_storage<T>(shape, shape.checked_numel());
}

/// The same with zeros; large blocks are zero pages of the system, so rows that nobody touches cost nothing.
template <typename T>
Ref<Storage<T>> make_zero_storage(const Shape& shape) {
  const std::size_t bytes = bytes_of<T>(shape);
  if (bytes + Storage<T>::header <= largest_cached_block) {
    Ref<Storage<T>> storage = make_storage<T>(shape);
    std::memset(static_cast<void*>(storage->data()), 0, bytes);
    return storage;
  }
  try {
    Ref<ZeroPages> pages = make_ref<ZeroPages>(bytes);
    T* const values = static_cast<T*>(pages->data());
    return make_ref<Storage<T>>(values, Ref<Counted>::adopt(pages.leak()), false);
  } catch (const std::bad_alloc&) {
    throw_out_of_memory(shape, sizeof(T));
  }
}

/// Memory that `owner` keeps alive: a mapped file, a caller's array.
template <typename T>
Ref<Storage<T>> borrow_storage(T* values, Ref<Counted> owner) {
  return make_ref<Storage<T>>(values, std::move(owner), true);
}

}  // namespace rowgrad::detail

namespace rowgrad {

/// Gives this thread's cached free memory back to the system. PyTorch: torch.cuda.empty_cache, for the CPU.
inline void empty_cache() noexcept { detail::block_cache.clear(); }

}  // namespace rowgrad
