#include <doctest/doctest.h>

#include <rowgrad/text/vocabulary.hpp>

using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::ValueError;
using rowgrad::text::Vocabulary;
using Words = std::vector<std::string>;

namespace {
const std::vector<Words> texts = {{"b", "a", "c"}, {"a", "c", "d"}, {"a"}};
}

TEST_CASE("Vocabulary: specials, then by frequency, then first seen") {
  const Vocabulary vocabulary(texts);
  CHECK(vocabulary.words() == Words{"<pad>", "<unk>", "a", "c", "b", "d"});
  CHECK(vocabulary.size() == 6);
  CHECK(vocabulary.find("c") == 3);
  CHECK(vocabulary.find(std::string_view("bcd").substr(0, 1)) == 4);
  CHECK_FALSE(vocabulary.find("x"));
  CHECK(vocabulary.contains("d"));
  CHECK_FALSE(vocabulary.contains("x"));
  CHECK(vocabulary["a"] == 2);
  CHECK(vocabulary["x"] == 1);
  CHECK(vocabulary.unknown_index() == 1);
  CHECK(vocabulary.word(2) == "a");
  CHECK(vocabulary.frequency("a") == 3);
  CHECK(vocabulary.frequency("d") == 1);
  CHECK(vocabulary.frequency("<pad>") == 0);
  CHECK(vocabulary.frequency("x") == 0);
  CHECK(vocabulary.encode({"d", "x", "a"}) == std::vector<Index>{5, 1, 2});
  CHECK(vocabulary.encode({}).empty());
}

TEST_CASE("Vocabulary: min_frequency and max_size") {
  CHECK(Vocabulary(texts, {.min_frequency = 2}).words() == Words{"<pad>", "<unk>", "a", "c"});
  CHECK(Vocabulary(texts, {.max_size = 3}).words() == Words{"<pad>", "<unk>", "a"});
  CHECK(Vocabulary(texts, {.max_size = 2}).size() == 2);
  CHECK(Vocabulary(texts, {.min_frequency = 2}).frequency("b") == 0);
  CHECK(Vocabulary({}).size() == 2);
  CHECK_THROWS_AS(Vocabulary(texts, {.max_size = 1}), ValueError);
  CHECK_THROWS_AS(Vocabulary(texts, {.min_frequency = 0}), ValueError);
}

TEST_CASE("Vocabulary: specials of one's own") {
  const Vocabulary plain(texts, {.specials = {}, .unknown = std::nullopt});
  CHECK(plain.words() == Words{"a", "c", "b", "d"});
  CHECK_FALSE(plain.unknown_index());
  CHECK_THROWS_WITH_AS(plain["x"],
                       "Vocabulary: \"x\" is not among the 4 words, and there is no unknown word to stand for it",
                       IndexError);
  CHECK_THROWS_AS(plain.encode({"a", "x"}), IndexError);

  const Vocabulary seen(texts, {.specials = {"c"}, .unknown = "a"});  // a special that occurs keeps its place
  CHECK(seen.words() == Words{"c", "a", "b", "d"});
  CHECK(seen.frequency("c") == 2);
  CHECK(seen["x"] == 1);

  CHECK_THROWS_WITH_AS(Vocabulary(texts, {.specials = {"<pad>"}}),
                       doctest::Contains("\"<unk>\" is not in the vocabulary"), ValueError);
  CHECK_THROWS_WITH_AS(Vocabulary(texts, {.specials = {"<unk>", "s", "s"}}), doctest::Contains("\"s\" is given twice"),
                       ValueError);
}

TEST_CASE("Vocabulary: from a list of words") {
  const Vocabulary vocabulary = Vocabulary::from_words({"x", "<unk>", "a"}, "<unk>");
  CHECK(vocabulary.size() == 3);
  CHECK(vocabulary["a"] == 2);
  CHECK(vocabulary["nothing"] == 1);
  CHECK(vocabulary.frequency("x") == 0);
  CHECK(Vocabulary::from_words(Vocabulary(texts).words()).words() == Vocabulary(texts).words());
  CHECK(Vocabulary::from_words({}).size() == 0);
  CHECK_FALSE(Vocabulary::from_words({"x", "<unk>"}, std::nullopt).unknown_index());
  CHECK_THROWS_WITH_AS(Vocabulary::from_words({"x", "y", "x"}), "Vocabulary: \"x\" is given twice, at 0 and at 2",
                       ValueError);
  CHECK_THROWS_AS(Vocabulary::from_words({"x"}, "y"), ValueError);
}

TEST_CASE("Vocabulary: from_words keeps the unknown word") {
  const Vocabulary built(texts), again = Vocabulary::from_words(built.words());
  CHECK(again.unknown_index() == built.unknown_index());
  CHECK(again["nothing"] == built["nothing"]);
  CHECK(again.unknown() == "<unk>");
  CHECK_FALSE(Vocabulary::from_words({"x"}).unknown_index());
  CHECK_FALSE(Vocabulary::from_words({"x"}).unknown());

  const Vocabulary other(texts, {.specials = {"[PAD]", "[UNK]"}, .unknown = "[UNK]"});
  CHECK(Vocabulary::from_words(other.words(), other.unknown())["nothing"] == other["nothing"]);
  const Vocabulary strict(texts, {.unknown = std::nullopt});
  CHECK_THROWS_AS(Vocabulary::from_words(strict.words(), strict.unknown())["nothing"], IndexError);
}

TEST_CASE("Vocabulary: an index that is no word's") {
  const Vocabulary vocabulary = Vocabulary::from_words({"x", "y"});
  CHECK(vocabulary.word(1) == "y");
  CHECK_THROWS_WITH_AS(vocabulary.word(2), doctest::Contains("index 2 is outside the 2 words"), IndexError);
  CHECK_THROWS_AS(vocabulary.word(-1), IndexError);
}
