// What: intrusive reference counts (Counted, Ref) and the block cache that tensors and graph nodes come from.
// Why:  a training step asks for the same few block sizes again and again; reusing them makes a small step cost
//       nanoseconds an operation and keeps a large step from faulting fresh pages in.
// See:  storage.hpp; docs/decisions.md, "Block cache".
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include <rowgrad/machine/system_memory.hpp>

namespace rowgrad::detail {

// Under AddressSanitizer every block goes straight back to the system, so that a use after free is seen.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool cache_blocks = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool cache_blocks = false;
#else
inline constexpr bool cache_blocks = true;
#endif
#else
inline constexpr bool cache_blocks = true;
#endif

inline constexpr std::size_t largest_cached_block = std::size_t{64} << 20;  // bytes; larger ones go to the system
inline constexpr std::size_t largest_cache = std::size_t{256} << 20;        // bytes held by one thread

/// Free blocks of one thread, one list a size class: multiples of 64 bytes up to 1 KiB, then 8 classes an octave.
class BlockCache {
 public:
  static constexpr std::size_t fine_classes = 16;  // 64 .. 1024 bytes
  static constexpr std::size_t classes = fine_classes + std::size_t{8} * 17;

  /// Whether a block is of one of the fine classes: what a small step is made of, so it goes inline.
  [[gnu::always_inline]] static bool is_small(std::size_t bytes) noexcept { return cache_blocks && bytes - 1 < 1024; }
  [[gnu::always_inline]] static std::size_t small_class_of(std::size_t bytes) noexcept {
    return ((bytes - 1) / 64) % fine_classes;
  }

  static std::size_t class_of(std::size_t bytes) noexcept {
    if (bytes <= 1024) return bytes == 0 ? 0 : (bytes - 1) / 64;
    const auto octave = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // 2^octave <= bytes-1
    return fine_classes + (octave - 10) * 8 + (((bytes - 1) >> (octave - 3)) & 7);
  }

  [[gnu::always_inline]] static std::size_t bytes_of(std::size_t size_class) noexcept {
    if (size_class < fine_classes) return (size_class + 1) * 64;
    const std::size_t octave = (size_class - fine_classes) / 8 + 10, step = (size_class - fine_classes) % 8;
    return (std::size_t{9} + step) << (octave - 3);
  }

  [[gnu::always_inline]] void* take(std::size_t size_class) noexcept {
    Block* block = free_[size_class];
    if (block == nullptr) [[unlikely]]
      return nullptr;
    free_[size_class] = block->next;
    held_ -= bytes_of(size_class);
    return block;
  }

  /// False when the block is not wanted: the caller gives it back to the system.
  [[gnu::always_inline]] bool give(void* pointer, std::size_t size_class) noexcept {
    if (closed || (held_ + bytes_of(size_class) > largest_cache && !make_room(size_class))) [[unlikely]]
      return false;
    free_[size_class] = new (pointer) Block{free_[size_class]};
    held_ += bytes_of(size_class);
    return true;
  }

  void clear() noexcept {
    for (std::size_t c = 0; c < classes; ++c) free_blocks(c, classes);
  }

  std::size_t held() const noexcept { return held_; }  // bytes

  bool closed = true;  // before the first block and after the thread's end, blocks go straight to the system

 private:
  struct Block {
    Block* next;
  };

  // Frees blocks of class c until one of class `wanted` has room; all of them when there is no such class.
  void free_blocks(std::size_t c, std::size_t wanted) noexcept {
    while (free_[c] != nullptr && (wanted == classes || held_ + bytes_of(wanted) > largest_cache)) {
      held_ -= bytes_of(c);
      system_free(std::exchange(free_[c], free_[c]->next));
    }
  }

  // The cache is full: blocks of other sizes, which an earlier part of the program may have left, make room for this
  // one. The classes take turns, so that sizes nobody asks for any more are gone sooner or later. It costs what handing
  // the new block to the system would: one block freed, perhaps one allocated anew.
  [[gnu::cold, gnu::noinline]] bool make_room(std::size_t wanted) noexcept {
    if (wanted == refused_ && refusals_ > 0) {  // a moment ago there was nothing of another size
      --refusals_;
      return false;
    }
    for (std::size_t visited = 0; visited < classes && held_ + bytes_of(wanted) > largest_cache; ++visited) {
      turn_ = (turn_ == 0 ? classes : turn_) - 1;
      if (turn_ != wanted) free_blocks(turn_, wanted);
    }
    if (held_ + bytes_of(wanted) <= largest_cache) return true;
    refused_ = wanted;
    refusals_ = 64;
    return false;
  }

  Block* free_[classes] = {};
  std::size_t held_ = 0, turn_ = 0, refused_ = classes;
  int refusals_ = 0;
};

// Trivially destructible, so that it stays usable while static variables are destroyed; the guard empties it.
inline constinit thread_local BlockCache block_cache;

struct BlockCacheGuard {
  BlockCacheGuard() { block_cache.closed = false; }
  ~BlockCacheGuard() {
    block_cache.clear();
    block_cache.closed = true;
  }
};

inline void open_block_cache() {
  static thread_local BlockCacheGuard guard;
  (void)guard;
}

[[gnu::cold, gnu::noinline]] inline void* allocate_anew(std::size_t size_class) {
  open_block_cache();
  return system_allocate(BlockCache::bytes_of(size_class));
}

[[gnu::noinline]] inline void* allocate_large(std::size_t bytes) {
  if (!cache_blocks || bytes > largest_cached_block) return system_allocate(bytes);
  const std::size_t size_class = BlockCache::class_of(bytes);
  void* block = block_cache.take(size_class);
  return block != nullptr ? block : allocate_anew(size_class);
}

[[gnu::noinline]] inline void deallocate_large(void* block, std::size_t bytes) noexcept {
  if (!cache_blocks || bytes > largest_cached_block || !block_cache.give(block, BlockCache::class_of(bytes)))
    system_free(block);
}

/// Uninitialised memory, aligned to 64 bytes. Constant time when a block of that size class was freed before.
[[gnu::always_inline]] inline void* allocate(std::size_t bytes) {
  if (!BlockCache::is_small(bytes)) return allocate_large(bytes);
  const std::size_t size_class = BlockCache::small_class_of(bytes);
  void* block = block_cache.take(size_class);
  return block != nullptr ? block : allocate_anew(size_class);
}

/// Takes back what allocate(bytes) gave, from any thread.
[[gnu::always_inline]] inline void deallocate(void* block, std::size_t bytes) noexcept {
  if (!BlockCache::is_small(bytes)) return deallocate_large(block, bytes);
  if (!block_cache.give(block, BlockCache::small_class_of(bytes))) [[unlikely]]
    system_free(block);
}

/// Uninitialised scratch memory for n values, given back at the end of its scope. std::bad_alloc when there is none.
template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t n) : data_(static_cast<T*>(allocate(bytes_of(n)))), size_(n) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { deallocate(data_, size_ * sizeof(T)); }

  T* data() const noexcept { return data_; }
  T* begin() const noexcept { return data_; }
  T* end() const noexcept { return data_ + size_; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  static_assert(std::is_trivially_destructible_v<T>);
  static std::size_t bytes_of(std::size_t n) {
    if (n > largest_block / sizeof(T)) [[unlikely]]
      throw std::bad_alloc();
    return n * sizeof(T);
  }

  T* data_;
  std::size_t size_;
};

/// Base of what Ref points to: a reference count, thread-safe, starting at one.
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }

  /// True when this was the last reference. The only owner needs no locked instruction: nobody else can add one.
  [[gnu::always_inline]] bool release() noexcept {
    return references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  bool is_only_reference() const noexcept { return references_.load(std::memory_order_acquire) == 1; }

  /// Ends the object's life once its last reference has gone.
  virtual void destroy() noexcept = 0;

 protected:
  ~Counted() = default;

 private:
  std::atomic<std::uint32_t> references_{1};
};

/// Owning pointer to a Counted object; copying adds a reference.
template <typename T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}  // NOLINT: null is a Ref
  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->retain();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { reset(); }

  /// Takes over a reference that the caller owns.
  static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  /// Adds a reference to an object that somebody else owns.
  static Ref share(T* object) noexcept {
    if (object != nullptr) object->retain();
    return adopt(object);
  }
  T* leak() noexcept { return std::exchange(object_, nullptr); }

  void reset() noexcept {
    if (T* object = leak(); object != nullptr && object->release()) object->destroy();
  }

  bool unique() const noexcept { return object_ != nullptr && object_->is_only_reference(); }
  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

/// A new object of a Counted type, in memory from the block cache.
template <typename T, typename... Arguments>
Ref<T> make_ref(Arguments&&... arguments) {
  static_assert(alignof(T) <= alignment);
  void* block = allocate(sizeof(T));
  try {
    return Ref<T>::adopt(new (block) T(std::forward<Arguments>(arguments)...));
  } catch (...) {
    deallocate(block, sizeof(T));
    throw;
  }
}

/// What a type's destroy() calls: destructor, then the block back to the cache.
template <typename T>
void destroy_ref(T* object) noexcept {
  object->~T();
  deallocate(object, sizeof(T));
}

}  // namespace rowgrad::detail
