#include <doctest/doctest.h>

#include <rowgrad/text/tokenizer.hpp>

using rowgrad::Index;
using rowgrad::ValueError;
using rowgrad::text::text_to_word_sequence;
using rowgrad::text::Tokenizer;
using rowgrad::text::WordCounts;
using Words = std::vector<std::string>;
using Sequences = std::vector<std::vector<Index>>;

TEST_CASE("text_to_word_sequence: Keras's defaults") {
  CHECK(text_to_word_sequence("The cat, the DOG!") == Words{"the", "cat", "the", "dog"});
  CHECK(text_to_word_sequence("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n").empty());
  CHECK(text_to_word_sequence("don't a\tb\nc  d") == Words{"don't", "a", "b", "c", "d"});
  CHECK(text_to_word_sequence("a\r\nb") == Words{"a\r", "b"});
  CHECK(text_to_word_sequence("").empty());
  CHECK(text_to_word_sequence("   ").empty());
}

TEST_CASE("text_to_word_sequence: arguments") {
  CHECK(text_to_word_sequence("A,b C", "", false) == Words{"A,b", "C"});
  CHECK(text_to_word_sequence("a--b-c", "", true, "--") == Words{"a", "b-c"});
  CHECK(text_to_word_sequence("a.b, c", ".", true, ",") == Words{"a", "b", " c"});
  CHECK(text_to_word_sequence("AbA", "A") == Words{"aba"});  // lower-cased before filters apply
  CHECK(text_to_word_sequence("x1y", "1", true, "--") == Words{"x", "y"});
  CHECK(text_to_word_sequence("x1-y", "1", true, "--") == Words{"x", "-y"});  // filters become split, then it is cut
  CHECK_THROWS_AS(text_to_word_sequence("a", "", true, ""), ValueError);
}

TEST_CASE("text_to_word_sequence: UTF-8 passes unchanged, and may be filtered by character") {
  CHECK(text_to_word_sequence("\xc3\x84pfel Caf\xc3\xa9") == Words{"\xc3\x84pfel", "caf\xc3\xa9"});
  CHECK(text_to_word_sequence("\xc2\xab"
                              "oui\xc2\xbb non\xc2\x85",
                              "\xc2\xab\xc2\xbb") == Words{"oui", "non\xc2\x85"});
  CHECK(text_to_word_sequence("a\xc2") == Words{"a\xc2"});  // cut within a character
}

TEST_CASE("Tokenizer: index by frequency, then first seen; 0 is reserved") {
  Tokenizer tokenizer;
  CHECK(tokenizer.size() == 1);
  CHECK_FALSE(tokenizer.find("the"));
  tokenizer.fit_on_texts({"The cat sat on the mat", "The dog sat"});
  CHECK(tokenizer.word_index() == WordCounts{{"the", 1}, {"sat", 2}, {"cat", 3}, {"on", 4}, {"mat", 5}, {"dog", 6}});
  CHECK(tokenizer.word_counts() == WordCounts{{"the", 3}, {"cat", 1}, {"sat", 2}, {"on", 1}, {"mat", 1}, {"dog", 1}});
  CHECK(tokenizer.document_count() == 2);
  CHECK(tokenizer.size() == 7);
  CHECK(tokenizer.find(std::string_view("dogma").substr(0, 3)) == 6);
  CHECK_FALSE(tokenizer.find("The"));
  CHECK_FALSE(tokenizer.find("bird"));
  CHECK(tokenizer.texts_to_sequences({"the bird sat", "", "Mat!"}) == Sequences{{1, 2}, {}, {5}});
  CHECK(tokenizer.sequences_to_texts({{1, 0, 2, 99, -1}, {}, {6}}) == Words{"the sat", "", "dog"});
}

TEST_CASE("Tokenizer: many words of equal frequency stay in the order first seen") {
  std::string text;
  WordCounts expected;
  for (Index i = 0; i < 100; ++i) {
    const std::string word = std::string("w").append(std::to_string((i * 37) % 100));
    text += (i % 2 == 0 ? word + " " : word + " " + word + " ");
    expected.emplace_back(word, i % 2 == 0 ? 51 + i / 2 : 1 + i / 2);  // odd ones come twice
  }
  std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  Tokenizer tokenizer;
  tokenizer.fit_on_texts({text});
  CHECK(tokenizer.word_index() == expected);
}

TEST_CASE("Tokenizer: num_words keeps the indices below it") {
  Tokenizer tokenizer({.num_words = 3});
  tokenizer.fit_on_texts({"a a a b b c"});
  CHECK(tokenizer.word_index().size() == 3);
  CHECK(tokenizer.texts_to_sequences({"a b c d"}) == Sequences{{1, 2}});
  CHECK(tokenizer.sequences_to_texts({{1, 2, 3}}) == Words{"a b"});
  CHECK(tokenizer.size() == 3);
  CHECK(tokenizer.find("b") == 2);
  CHECK_FALSE(tokenizer.find("c"));

  Tokenizer roomy({.num_words = 100});
  roomy.fit_on_texts({"a b"});
  CHECK(roomy.size() == 3);

  Tokenizer unlimited({.num_words = 0});  // as in Keras
  unlimited.fit_on_texts({"a b"});
  CHECK(unlimited.texts_to_sequences({"a b"}) == Sequences{{1, 2}});
  CHECK(unlimited.size() == 3);

  CHECK_THROWS_AS(Tokenizer({.num_words = -1}), ValueError);
  CHECK_THROWS_AS(Tokenizer({.split = ""}), ValueError);
}

TEST_CASE("Tokenizer: oov_token") {
  Tokenizer tokenizer({.oov_token = "<OOV>"});
  CHECK(tokenizer.size() == 2);
  CHECK(tokenizer.texts_to_sequences({"a"}) == Sequences{{1}});
  tokenizer.fit_on_texts({"b a a"});
  CHECK(tokenizer.word_index() == WordCounts{{"<OOV>", 1}, {"a", 2}, {"b", 3}});
  CHECK(tokenizer.word_counts() == WordCounts{{"b", 1}, {"a", 2}});
  CHECK(tokenizer.texts_to_sequences({"a x b"}) == Sequences{{2, 1, 3}});
  CHECK(tokenizer.sequences_to_texts({{2, 0, 3, 7}}) == Words{"a <OOV> b <OOV>"});
  CHECK(tokenizer.find("<OOV>") == 1);
  CHECK_FALSE(tokenizer.find("x"));
  CHECK(tokenizer.size() == 4);

  Tokenizer limited({.num_words = 3, .oov_token = "?"});
  limited.fit_on_texts({"a a b"});
  CHECK(limited.texts_to_sequences({"a b c"}) == Sequences{{2, 1, 1}});
  CHECK(limited.sequences_to_texts({{2, 3}}) == Words{"a ?"});
  CHECK_FALSE(limited.find("b"));
  CHECK(limited.size() == 3);

  Tokenizer tight({.num_words = 1, .oov_token = "?"});  // the oov index is given even where num_words excludes it
  tight.fit_on_texts({"a"});
  CHECK(tight.texts_to_sequences({"a b"}) == Sequences{{1, 1}});
  CHECK(tight.size() == 2);
  CHECK(tight.find("?") == 1);
}

TEST_CASE("Tokenizer: an oov_token that occurs in the texts has its own rank, as in Keras") {
  Tokenizer tokenizer({.oov_token = "oov"});
  tokenizer.fit_on_texts({"a a oov b"});
  CHECK(tokenizer.word_index() == WordCounts{{"a", 2}, {"oov", 3}, {"b", 4}});
  CHECK(tokenizer.texts_to_sequences({"a x b"}) == Sequences{{2, 3, 4}});
  CHECK(tokenizer.sequences_to_texts({{1, 2, 3, 4}}) == Words{"oov a oov b"});
  CHECK(tokenizer.size() == 5);
}

TEST_CASE("Tokenizer: fitting again accumulates and ranks anew") {
  Tokenizer tokenizer;
  tokenizer.fit_on_texts({"a a b"});
  CHECK(tokenizer.find("a") == 1);
  tokenizer.fit_on_texts({"b b", "c"});
  CHECK(tokenizer.word_index() == WordCounts{{"b", 1}, {"a", 2}, {"c", 3}});
  CHECK(tokenizer.word_counts() == WordCounts{{"a", 2}, {"b", 3}, {"c", 1}});
  CHECK(tokenizer.document_count() == 3);

  const Tokenizer copy = tokenizer;
  tokenizer.fit_on_texts({"c c c c"});
  CHECK(copy.find("c") == 3);
  CHECK(tokenizer.find("c") == 1);
}

// The figures of this test are those of keras_preprocessing's Tokenizer, worked out by its formulas.
TEST_CASE("Tokenizer: matrices of texts") {
  Tokenizer tokenizer;
  tokenizer.fit_on_texts({"The cat sat on the mat", "The dog sat"});  // the 1, sat 2, cat 3, on 4, mat 5, dog 6
  CHECK(tokenizer.index_word(1) == "the");
  CHECK(tokenizer.index_word(6) == "dog");
  CHECK_THROWS_AS(tokenizer.index_word(0), rowgrad::IndexError);
  CHECK_THROWS_AS(tokenizer.index_word(7), rowgrad::IndexError);
  CHECK(tokenizer.word_docs() == WordCounts{{"the", 2}, {"cat", 1}, {"sat", 2}, {"on", 1}, {"mat", 1}, {"dog", 1}});
  const Words texts{"the the cat", ""};
  CHECK(tokenizer.texts_to_matrix(texts).to_vector() == std::vector<float>{0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(tokenizer.texts_to_matrix(texts, "count").to_vector() ==
        std::vector<float>{0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(tokenizer.texts_to_matrix<double>(texts, "freq").to_vector() ==
        std::vector<double>{0, 2.0 / 3, 0, 1.0 / 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto tfidf = tokenizer.texts_to_matrix<double>(texts, "tfidf");
  CHECK(tfidf.data()[1] == doctest::Approx((1 + std::log(2.0)) * std::log(1 + 2.0 / 3)));
  CHECK(tfidf.data()[3] == doctest::Approx(std::log(2.0)));
  CHECK(tfidf.data()[2] == 0);
  CHECK(tokenizer.sequences_to_matrix({{0, 6, 99}}, "count").to_vector() == std::vector<float>{1, 0, 0, 0, 0, 0, 1});
  CHECK_THROWS_AS(tokenizer.sequences_to_matrix({{-1}}), rowgrad::ValueError);
  CHECK_THROWS_AS(tokenizer.sequences_to_matrix({{1}}, "tf"), rowgrad::ValueError);
  CHECK_THROWS_AS(Tokenizer().sequences_to_matrix({{1}}), rowgrad::ValueError);
  Tokenizer few({.num_words = 3});
  CHECK(few.sequences_to_matrix({{1, 2, 3}}).to_vector() == std::vector<float>{0, 1, 1});
  CHECK_THROWS_AS(few.sequences_to_matrix({{1}}, "tfidf"), rowgrad::ValueError);
}

TEST_CASE("Tokenizer: characters as words") {
  Tokenizer tokenizer({.char_level = true});
  tokenizer.fit_on_texts({"A\xC3\xA4 a!", "b"});
  CHECK(tokenizer.word_index() == WordCounts{{"a", 1}, {"\xC3\xA4", 2}, {" ", 3}, {"!", 4}, {"b", 5}});
  CHECK(tokenizer.texts_to_sequences({"ba?\xC3\xA4"}) == Sequences{{5, 1, 2}});
}
