// What: memory from the operating system: aligned blocks, and zeros that take up memory only once they are touched.
// Why:  the one place that knows how systems differ (alignment, large pages), so that no other header asks.
// See:  memory.hpp (the block cache in front of it); docs/decisions.md, "Zeros from the system", "Pages of 2 MiB".
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace rowgrad::detail {

inline constexpr std::size_t alignment = 64;  // bytes; a cache line and the widest SIMD register
/// No block is larger: pointers into it could not be subtracted. The rest is for headers and alignment.
inline constexpr std::size_t largest_block =
    static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - 4096;

/// Asks the system for pages of 2 MiB in a fresh block. The rows of a table lie anywhere: with pages of 4 KiB, finding
/// where a row is takes about as long as reading it. Where there are no such pages, nothing happens.
inline void prefer_large_pages([[maybe_unused]] void* block, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = (address + page - 1) / page * page, last = (address + bytes) / page * page;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
}

/// While it lives, a fresh block is filled with pages of the usual size; afterwards the system may join them. For
/// blocks that are written whole at once: where memory is in pieces, Linux stops a program for seconds to make room for
/// large pages, which is more than a gigabyte takes to be read.
class UsualPages {
 public:
  UsualPages([[maybe_unused]] void* block, std::size_t bytes) noexcept : block_(block), bytes_(bytes) {
#if defined(__linux__) && defined(MADV_NOHUGEPAGE)
    constexpr std::uintptr_t page = 4096;
    const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(block) + page - 1) / page * page;
    const std::uintptr_t last = (reinterpret_cast<std::uintptr_t>(block) + bytes) / page * page;
    if (first >= last) return;
    madvise(reinterpret_cast<void*>(first), last - first, MADV_NOHUGEPAGE);
#ifdef MADV_POPULATE_WRITE  // all pages in one go cost less than a fault for each of them
    madvise(reinterpret_cast<void*>(first), last - first, MADV_POPULATE_WRITE);
#endif
#endif
  }
  UsualPages(const UsualPages&) = delete;
  UsualPages& operator=(const UsualPages&) = delete;
  ~UsualPages() { prefer_large_pages(block_, bytes_); }

 private:
  void* block_;
  std::size_t bytes_;
};

/// Uninitialised memory, aligned to 64 bytes, to be given to system_free(). std::bad_alloc when there is none.
inline void* system_allocate(std::size_t bytes) {
  if (bytes > largest_block) throw std::bad_alloc();
  void* const block = ::operator new (bytes, std::align_val_t{alignment});
  prefer_large_pages(block, bytes);
  return block;
}

inline void system_free(void* block) noexcept { ::operator delete (block, std::align_val_t{alignment}); }

/// Zeros in pages that the system hands out when they are first written, not aligned; to be given to std::free().
inline void* system_allocate_zeros(std::size_t bytes) {
  void* const block = bytes > largest_block ? nullptr : std::calloc(bytes, 1);
  if (block == nullptr) throw std::bad_alloc();
  prefer_large_pages(block, bytes);
  return block;
}

}  // namespace rowgrad::detail
