#include <doctest/doctest.h>

#include <rowgrad/text/word_counts.hpp>

using rowgrad::Index;
using rowgrad::text::WordIndex;
using rowgrad::text::detail::WordCounter;

TEST_CASE("WordIndex: positions in the order added, each word once, however many") {
  WordIndex index;
  CHECK(index.size() == 0);
  CHECK_FALSE(index.contains(""));
  constexpr Index n = 5000;
  for (Index i = 0; i < n; ++i) {
    const std::string word = std::to_string(i);
    CHECK_FALSE(index.contains(word));
    CHECK(index.add(word) == std::pair(i, true));
    CHECK(index.add(word) == std::pair(i, false));
  }
  CHECK(index.size() == n);
  for (Index i = 0; i < n; ++i) {
    CHECK(index.find(std::to_string(i)) == i);
    CHECK(index.words()[static_cast<std::size_t>(i)] == std::to_string(i));
    CHECK_FALSE(index.find(std::to_string(i) + "x"));
  }
  CHECK(index.add("").second);  // the empty word is a word
  CHECK(index.find("") == n);
}

TEST_CASE("WordIndex: copies are independent") {
  WordIndex first;
  first.add("a");
  WordIndex second = first;
  second.add("b");
  CHECK_FALSE(first.contains("b"));
  CHECK(second.find("a") == 0);
  first = {};
  CHECK_FALSE(first.contains("a"));
  CHECK(first.add("b") == std::pair(Index{0}, true));
}

TEST_CASE("WordCounter: by falling frequency, ties in the order first seen") {
  WordCounter counter;
  for (const char* word : {"c", "a", "b", "a", "b", "d"}) counter.add(word);
  CHECK(counter.by_frequency() == std::vector<Index>{1, 2, 0, 3});
  CHECK(counter.count("a") == 2);
  CHECK(counter.count("e") == 0);
}
