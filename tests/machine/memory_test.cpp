#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <rowgrad/core/storage.hpp>
#include <rowgrad/machine/memory.hpp>

namespace detail = rowgrad::detail;
using detail::BlockCache;
using detail::Ref;

namespace {
struct Thing final : detail::Counted {
  explicit Thing(int& count, int v = 0) : alive(&count), value(v) {
    if (v < 0) throw std::invalid_argument("negative");
    ++*alive;
  }
  ~Thing() { --*alive; }
  void destroy() noexcept override { detail::destroy_ref(this); }
  int* alive;
  int value;
};
}  // namespace

TEST_CASE("BlockCache: every size has a class whose blocks are large enough, and not much larger") {
  std::size_t last = 0;
  for (std::size_t bytes = 0; bytes <= detail::largest_cached_block; bytes += bytes < 5000 ? 1 : bytes / 7) {
    const std::size_t size_class = BlockCache::class_of(bytes), block = BlockCache::bytes_of(size_class);
    const bool fits = size_class < BlockCache::classes && block >= bytes && block <= bytes + bytes / 8 + 64 &&
                      block % detail::alignment == 0 && size_class >= last;
    if (!fits) FAIL_CHECK(bytes << " bytes go to class " << size_class << " of " << block << " bytes");
    last = size_class;
  }
  for (const std::size_t edge : {1024u, 1152u, 2048u, 1u << 20, 1u << 26}) {
    CHECK(BlockCache::bytes_of(BlockCache::class_of(edge)) == edge);  // sizes of classes waste nothing
    if (edge < detail::largest_cached_block) CHECK(BlockCache::class_of(edge + 1) == BlockCache::class_of(edge) + 1);
  }
  CHECK(BlockCache::class_of(detail::largest_cached_block) == BlockCache::classes - 1 - 8);
}

TEST_CASE("allocate: aligned, distinct, writable, and reused once given back") {
  for (const std::size_t bytes : {0u, 1u, 64u, 65u, 1024u, 1025u, 100'000u, (64u << 20) + 1}) {
    CAPTURE(bytes);
    void* a = detail::allocate(bytes);
    void* b = detail::allocate(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(a) % detail::alignment == 0);
    CHECK(a != b);
    std::memset(a, 1, bytes);
    std::memset(b, 2, bytes);
    if (bytes > 0) CHECK(static_cast<char*>(a)[bytes - 1] == 1);
    detail::deallocate(a, bytes);
    if (detail::cache_blocks && bytes <= detail::largest_cached_block) {
      void* again = detail::allocate(bytes);
      CHECK(again == a);
      detail::deallocate(again, bytes);
    }
    detail::deallocate(b, bytes);
  }
  rowgrad::empty_cache();
  rowgrad::empty_cache();
}

TEST_CASE("the cache holds no more than its limit") {
  std::vector<void*> blocks;
  const std::size_t bytes = 32u << 20;
  for (int i = 0; i < 10; ++i) blocks.push_back(detail::allocate(bytes));
  for (void* block : blocks) detail::deallocate(block, bytes);  // 320 MB; what is beyond the limit goes to the system
  if (detail::cache_blocks) {
    std::set<void*> reused;
    for (int i = 0; i < 8; ++i) reused.insert(detail::block_cache.take(BlockCache::class_of(bytes)));
    CHECK(reused.count(nullptr) == 0);
    CHECK(reused.size() == 8);
    CHECK(detail::block_cache.take(BlockCache::class_of(bytes)) == nullptr);
    for (void* block : reused) detail::system_free(block);
  }
  rowgrad::empty_cache();
}

TEST_CASE("a full cache gives up the sizes of an earlier phase for those of the present one") {
  if (!detail::cache_blocks) return;
  detail::deallocate(detail::allocate(1), 1);  // opens the cache
  rowgrad::empty_cache();
  const std::size_t old_bytes = 32u << 20, bytes = 20u << 20;
  std::vector<void*> blocks;
  for (int i = 0; i < 8; ++i) blocks.push_back(detail::allocate(old_bytes));
  for (void* block : blocks) detail::deallocate(block, old_bytes);  // 256 MB: full
  CHECK(detail::block_cache.held() == detail::largest_cache);
  for (int step = 0; step < 3; ++step) {
    blocks.clear();
    for (int i = 0; i < 10; ++i) blocks.push_back(detail::allocate(bytes));
    for (void* block : blocks) detail::deallocate(block, bytes);
    CHECK(detail::block_cache.held() <= detail::largest_cache);
  }
  std::set<void*> reused;
  for (int i = 0; i < 10; ++i) reused.insert(detail::block_cache.take(BlockCache::class_of(bytes)));
  CHECK(reused.count(nullptr) == 0);  // all ten found their place
  CHECK(reused.size() == 10);
  for (void* block : reused) detail::system_free(block);
  rowgrad::empty_cache();
  CHECK(detail::block_cache.held() == 0);
}

TEST_CASE("a cache full of one size takes no more of it, and another size finds its place again later") {
  if (!detail::cache_blocks) return;
  detail::deallocate(detail::allocate(1), 1);
  rowgrad::empty_cache();
  const std::size_t bytes = 64u << 20;
  std::vector<void*> blocks;
  for (int i = 0; i < 6; ++i) blocks.push_back(detail::allocate(bytes));
  for (void* block : blocks) detail::deallocate(block, bytes);  // the last two are refused
  CHECK(detail::block_cache.held() == detail::largest_cache);
  for (int i = 0; i < 200; ++i) {
    void* const one = detail::allocate(100);
    void* const other = detail::allocate(100);
    detail::deallocate(one, 100);
    detail::deallocate(other, 100);
  }
  CHECK(detail::block_cache.held() < detail::largest_cache);  // a large block made room
  rowgrad::empty_cache();
}

TEST_CASE("Buffer and allocate: more bytes than an address space has are bad_alloc, also where the product wraps") {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  CHECK_THROWS_AS(detail::Buffer<double>(most / 8 + 2), std::bad_alloc);
  CHECK_THROWS_AS(detail::Buffer<double>(most / 16 + 2), std::bad_alloc);
  CHECK_THROWS_AS(detail::allocate(most), std::bad_alloc);
  CHECK_THROWS_AS(detail::allocate(most - 62), std::bad_alloc);
}

TEST_CASE("blocks may be given back on another thread, also while that thread ends") {
  std::vector<void*> blocks(100);
  std::thread([&] {
    for (void*& block : blocks) block = detail::allocate(500);
  }).join();
  std::thread([&] {
    for (void* block : blocks) detail::deallocate(block, 500);
  }).join();
  struct Late {  // given back after the cache has closed
    void* block = nullptr;
    ~Late() { detail::deallocate(block, 500); }
  };
  std::thread([] {
    static thread_local Late late;
    late.block = detail::allocate(500);
  }).join();
}

TEST_CASE("Buffer: scratch memory for a scope") {
  const detail::Buffer<int> buffer(1000);
  CHECK(buffer.size() == 1000);
  CHECK(buffer.end() - buffer.begin() == 1000);
  for (int& value : buffer) value = 7;
  CHECK(buffer[999] == 7);
  CHECK(buffer.data() == &buffer[0]);
}

TEST_CASE("Ref: copies share, the last one ends the object") {
  int alive = 0;
  {
    Ref<Thing> a = detail::make_ref<Thing>(alive, 5);
    CHECK(alive == 1);
    CHECK(a.unique());
    Ref<Thing> b = a;
    CHECK(!a.unique());
    CHECK(b->value == 5);
    CHECK(b.get() == &*a);
    a.reset();
    CHECK(!a);
    CHECK(alive == 1);
    CHECK(b.unique());
    Ref<Thing> c = std::move(b);
    CHECK(!b);  // NOLINT: moved from, and null
    CHECK(c);
    const Ref<Thing>& same = c;
    c = same;  // to itself
    CHECK(alive == 1);
    c = nullptr;
    CHECK(alive == 0);
    c = detail::make_ref<Thing>(alive);
    c = detail::make_ref<Thing>(alive);
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("Ref: leak and adopt, share") {
  int alive = 0;
  Ref<Thing> a = detail::make_ref<Thing>(alive);
  Thing* raw = a.leak();
  CHECK(!a);
  CHECK(alive == 1);
  {
    const Ref<Thing> b = Ref<Thing>::adopt(raw);
    const Ref<Thing> c = Ref<Thing>::share(raw);
    CHECK(!b.unique());
    CHECK(!Ref<Thing>::share(nullptr));
  }
  CHECK(alive == 0);
}

TEST_CASE("make_ref: a constructor that throws leaks nothing") {
  int alive = 0;
  CHECK_THROWS_AS(detail::make_ref<Thing>(alive, -1), std::invalid_argument);
  CHECK(alive == 0);
  const Ref<Thing> next = detail::make_ref<Thing>(alive);
  CHECK(alive == 1);
}

TEST_CASE("Ref: counted right by several threads") {
  int alive = 0;
  Ref<Thing> shared = detail::make_ref<Thing>(alive);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([copy = shared] {
      for (int i = 0; i < 20'000; ++i) {
        const Ref<Thing> a = copy, b = a;  // NOLINT: copies are the point
      }
    });
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  CHECK(shared.unique());
  shared.reset();
  CHECK(alive == 0);
}
