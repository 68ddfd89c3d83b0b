#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

#include <rowgrad/core/random.hpp>
#include <rowgrad/machine/radix_sort.hpp>

using rowgrad::Index;

namespace {

// Items 0 .. n-1 in the order of their keys.
std::vector<Index> order_of(const std::vector<Index>& keys) {
  std::vector<Index> items;
  for (std::size_t i = 0; i < keys.size(); ++i) items.push_back(static_cast<Index>(i));
  rowgrad::detail::sort_by_key(items.data(), keys);
  return items;
}

std::vector<Index> expected_order(const std::vector<Index>& keys) {
  std::vector<Index> items;
  for (std::size_t i = 0; i < keys.size(); ++i) items.push_back(static_cast<Index>(i));
  std::stable_sort(items.begin(), items.end(), [&](Index a, Index b) {
    return keys[static_cast<std::size_t>(a)] < keys[static_cast<std::size_t>(b)];
  });
  return items;
}

}  // namespace

TEST_CASE("sort_by_key: nothing, one item, all keys equal") {
  CHECK(order_of({}).empty());
  CHECK(order_of({-7}) == std::vector<Index>{0});
  const std::vector<Index> equal(100, 5);
  CHECK(order_of(equal) == expected_order(equal));
}

TEST_CASE("sort_by_key: any keys, below and above the sizes where the sort changes its way") {
  constexpr Index least = std::numeric_limits<Index>::min(), most = std::numeric_limits<Index>::max();
  rowgrad::Generator generator(1);
  for (const std::size_t n : {2u, 63u, 64u, 1023u, 1024u, 5000u})
    for (const Index range : {Index{3}, Index{1000}, Index{1} << 40}) {
      std::vector<Index> keys;
      for (std::size_t i = 0; i < n; ++i) keys.push_back(generator.below(range) - range / 2);
      CHECK(order_of(keys) == expected_order(keys));
      keys[n / 2] = least;
      CHECK(order_of(keys) == expected_order(keys));
      keys[n - 1] = most;
      CHECK(order_of(keys) == expected_order(keys));
    }
}

TEST_CASE("sort_items: by key, equal keys in their order, below and above the size where radix sort begins") {
  using rowgrad::detail::KeyedItem;
  for (const Index bound : {Index{1}, Index{2}, Index{2048}, Index{2049}, Index{5'000'000}, Index{1} << 40}) {
    for (const std::size_t n : {0u, 1u, 2u, 63u, 64u, 65u, 1000u}) {
      CAPTURE(bound);
      CAPTURE(n);
      rowgrad::Generator generator(n);
      std::vector<KeyedItem> expected;
      rowgrad::detail::Buffer<KeyedItem> items(n);
      for (std::size_t i = 0; i < n; ++i) {
        const Index key = i % 3 == 0 ? bound - 1 : generator.below(bound);
        expected.push_back({key, static_cast<Index>(i)});
        items[i] = expected.back();
      }
      std::stable_sort(expected.begin(), expected.end(), [](KeyedItem a, KeyedItem b) { return a.key < b.key; });
      rowgrad::detail::sort_items(items, n, bound);
      bool same = true;
      for (std::size_t i = 0; i < n; ++i)
        same = same && items[i].key == expected[i].key && items[i].item == expected[i].item;
      CHECK(same);
    }
  }
}
