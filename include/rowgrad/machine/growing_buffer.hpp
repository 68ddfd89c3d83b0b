// What: GrowingBuffer, a vector of plain values.
// Why:  optimizers keep several kinds of notes; std::vector would compile some fifty functions for each kind.
// See:  memory.hpp (where the memory comes from); optim/deferred/history.hpp.
#pragma once

#include <cstring>
#include <new>
#include <type_traits>

#include <rowgrad/machine/memory.hpp>

namespace rowgrad::detail {

/// Moves the first `used` bytes of a block to one of `wanted` bytes, and puts that in its place. std::bad_alloc when
/// there is no memory: nothing has changed then.
[[gnu::cold, gnu::noinline]] inline void grow_block(void*& block, std::size_t& capacity, std::size_t used,
                                                    std::size_t wanted) {
  void* const larger = allocate(wanted);
  if (block != nullptr) {
    std::memcpy(larger, block, used);
    deallocate(block, capacity);
  }
  block = larger;
  capacity = wanted;
}

/// Values that may be copied as bytes, one after the other. Only reserve() and resize() can fail.
template <typename T>
class GrowingBuffer {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  GrowingBuffer() = default;
  GrowingBuffer(const GrowingBuffer&) = delete;
  GrowingBuffer& operator=(const GrowingBuffer&) = delete;
  ~GrowingBuffer() {
    if (block_ != nullptr) deallocate(block_, capacity_);
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T* data() const noexcept { return static_cast<T*>(block_); }
  T& operator[](std::size_t i) const noexcept { return data()[i]; }
  T& back() const noexcept { return data()[size_ - 1]; }

  void reserve(std::size_t n) {
    if (n <= capacity_ / sizeof(T)) return;
    if (n > largest_block / sizeof(T)) throw std::bad_alloc();
    grow_block(block_, capacity_, size_ * sizeof(T), n * sizeof(T));
  }
  /// Room for two more, doubling.
  void make_room() {
    if ((size_ + 2) * sizeof(T) > capacity_) [[unlikely]]
      reserve(2 * size_ + 62);
  }
  /// There is room for it: see reserve().
  void push_back(const T& value) noexcept { ::new (static_cast<void*>(data() + size_++)) T(value); }
  /// New values are T().
  void resize(std::size_t n) {
    reserve(n);
    for (std::size_t i = size_; i < n; ++i) ::new (static_cast<void*>(data() + i)) T();
    size_ = n;
  }
  void clear() noexcept { size_ = 0; }

 private:
  void* block_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;  // values, and bytes
};

}  // namespace rowgrad::detail
