#include <doctest/doctest.h>

#include <cmath>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/text/tokenizer.hpp>
#include <rowgrad/text/vocabulary.hpp>
#include <rowgrad/vectors/text_vectors.hpp>

#include <support/temporary_file.hpp>

using rowgrad::FileError;
using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::ParseError;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::text::Tokenizer;
using rowgrad::text::Vocabulary;
using rowgrad::vectors::load_text_vectors;
using rowgrad::vectors::PretrainedVectors;
using rowgrad::vectors::TextVectorOptions;

namespace {

const Vocabulary words = Vocabulary::from_words({"cat", "dog", "bird"});

template <typename T = float>
std::vector<T> row(const PretrainedVectors<T>& vectors, Index i) {
  const Index d = vectors.dimension();
  return {vectors.weight.data() + i * d, vectors.weight.data() + (i + 1) * d};
}

// Loads a file of this content, expects a ParseError and gives its line; the message must hold every part.
std::size_t broken(std::string_view content, const std::vector<std::string>& parts,
                   const TextVectorOptions& options = {}) {
  const TemporaryFile file(content);
  try {
    load_text_vectors(file.path(), words, options);
  } catch (const ParseError& error) {
    const std::string what = error.what();
    const std::string place = file.path() + ":" + (error.line() == 0 ? " " : std::to_string(error.line()) + ": ");
    CHECK(what.substr(0, place.size()) == place);
    CHECK(error.file() == file.path());
    for (const std::string& part : parts) {
      INFO(what);
      CHECK(what.find(part) != std::string::npos);
    }
    return error.line();
  }
  FAIL("no ParseError");
  return 0;
}

static_assert(rowgrad::WordTable<Vocabulary> && rowgrad::WordTable<Tokenizer>);
static_assert(!rowgrad::WordTable<std::string> && !rowgrad::WordTable<std::vector<std::string>>);

}  // namespace

TEST_CASE("load_text_vectors: the rows of the vocabulary's words") {
  const TemporaryFile file("the 9 9 9\ndog 1 -2.5 3e-1\nfish 8 8 8\ncat 0.25 0 -0\nbird 7 7 7\n");
  const PretrainedVectors<float> vectors = load_text_vectors(file.path(), words);
  CHECK(vectors.weight.shape() == Shape{3, 3});
  CHECK(vectors.dimension() == 3);
  CHECK(vectors.found == 3);
  CHECK(vectors.missing.empty());
  CHECK(row(vectors, 0) == std::vector<float>{0.25f, 0, 0});
  CHECK(row(vectors, 1) == std::vector<float>{1, -2.5f, 0.3f});
  CHECK(row(vectors, 2) == std::vector<float>{7, 7, 7});
  const Tensor<float>& weight = vectors;
  CHECK(weight.data() == vectors.weight.data());
  CHECK(row<double>(load_text_vectors<double>(file.path(), words), 1) == std::vector<double>{1, -2.5, 0.3});
}

TEST_CASE("load_text_vectors: line ends and what else is accepted") {
  const std::vector<float> cat = {1, 2};
  for (const char* content : {"dog 3 4\ncat 1 2\n", "dog 3 4\ncat 1 2", "dog 3 4\r\ncat 1 2\r\n", "dog 3 4\r\ncat 1 2",
                              "\xef\xbb\xbf"
                              "dog 3 4\ncat 1 2",
                              "dog 3 4 \ncat 1 2 \n", "dog 3 4\ncat 1 2\n\n\r\n \n", "2 2\ndog 3 4\ncat 1 2\n",
                              "2 2\r\ndog 3 4 \r\ncat 1 2 \r\n"}) {
    INFO(content);
    const TemporaryFile file(content);
    const auto vectors = load_text_vectors(file.path(), words);
    CHECK(vectors.weight.shape() == Shape{3, 2});
    CHECK(row(vectors, 0) == cat);
    CHECK(row(vectors, 1) == std::vector<float>{3, 4});
    CHECK(vectors.found == 2);
    CHECK(vectors.missing == std::vector<Index>{2});
  }
}

TEST_CASE("load_text_vectors: of a word that comes twice the first line counts") {
  const TemporaryFile file("cat 1 2\ncat 3 4\ncat x y\n");
  const auto vectors = load_text_vectors(file.path(), words);
  CHECK(row(vectors, 0) == std::vector<float>{1, 2});
  CHECK(vectors.found == 1);
}

TEST_CASE("load_text_vectors: words with spaces, Unicode spaces, digits") {
  const Vocabulary odd = Vocabulary::from_words({". . .", "at name@domain.com", "\xc2\x85",
                                                 "a\xc2\xa0"
                                                 "b",
                                                 "1", "x\ty"});
  const TemporaryFile file(
      ". . . 1 2\n\xc2\x85 3 4\na\xc2\xa0"
      "b 5 6\nat name@domain.com 7 8\n1 9 10\nx\ty 11 12\n");
  const auto vectors = load_text_vectors(file.path(), odd);
  CHECK(vectors.missing.empty());
  CHECK(row(vectors, 0) == std::vector<float>{1, 2});
  CHECK(row(vectors, 1) == std::vector<float>{7, 8});
  CHECK(row(vectors, 2) == std::vector<float>{3, 4});
  CHECK(row(vectors, 3) == std::vector<float>{5, 6});
  CHECK(row(vectors, 4) == std::vector<float>{9, 10});
  CHECK(row(vectors, 5) == std::vector<float>{11, 12});

  const TemporaryFile number_first("1 5 6\ncat 7 8\n");  // the first field is a word even when it reads as a number
  CHECK(row(load_text_vectors(number_first.path(), words), 0) == std::vector<float>{7, 8});
}

TEST_CASE("load_text_vectors: dimension and header") {
  const TemporaryFile file("4 1.5 2\ncat 3 4\n");  // not two whole numbers: no header
  CHECK(load_text_vectors(file.path(), words).dimension() == 2);
  CHECK(load_text_vectors(file.path(), words, {.dimension = 2}).dimension() == 2);
  CHECK(broken("cat 1 2 3\n", {"expected a word and 4 numbers (asked for)", "got 3 numbers after \"cat\"", "truncated"},
               {.dimension = 4}) == 1);
  CHECK(broken("cat 1 2 3\n", {"expected a word and 2 numbers (asked for)", "got 3 numbers after \"cat\""},
               {.dimension = 2}) == 1);
  CHECK(broken("1 3\ncat 1 2 3\n", {"the header says 3", "2 were asked for"}, {.dimension = 2}) == 1);
  CHECK(broken("1 3\ncat 1 2\n", {"3 numbers (as the header says)", "got 2"}) == 2);
  CHECK(broken("3 2\ncat 1 2\ndog 3 4\n", {"promises 3 words", "ends after 2", "truncated"}) == 0);
  CHECK(broken("3 2\n", {"promises 3 words", "ends after 0"}) == 0);
  CHECK(broken("1 100000000000\ncat 1 2\n", {"expected a word and 100000000000 numbers"}) == 2);
  const TemporaryFile more("1 2\ncat 1 2\ndog 3 4\n");  // more words than promised do no harm
  CHECK(load_text_vectors(more.path(), words).found == 2);
  CHECK_THROWS_AS(load_text_vectors(file.path(), words, {.dimension = 0}), ValueError);
}

TEST_CASE("load_text_vectors: broken files") {
  CHECK(broken("", {"the file is empty"}) == 0);
  CHECK(broken("\xef\xbb\xbf", {"the file is empty"}) == 0);
  CHECK(broken("\n\n", {"expected a word and its numbers, single spaces between, got \"\""}) == 1);
  CHECK(broken("cat\n", {"expected a word and its numbers", "\"cat\""}) == 1);
  CHECK(broken("cat\t1\t2\n", {"single spaces between", "\"cat?1?2\""}) == 1);
  CHECK(broken("PK\x03\x04whatever", {"compressed"}) == 1);
  CHECK(broken("dog 1 2 3\ncat 1 2", {"expected a word and 3 numbers (as on line 1)", "got 2", "truncated"}) == 2);
  CHECK(broken("dog 1 2 3\nfish 1 2\ncat 1 2 3\n", {"got 2 numbers after \"fish\""}) == 2);  // not asked for, checked
  CHECK(broken("dog 1 2 3\ncat 1 2 3 4\n", {"expected a word and 3 numbers (as on line 1)", "got 4 numbers"}) == 2);
  CHECK(broken("dog 1 2 3\nfish 1 2 3 4\n", {"got 4 numbers after \"fish\""}) == 2);
  CHECK(broken("dog 1 2 3\ncat  1 2 3\n", {"two spaces in a row after \"cat\""}) == 2);
  CHECK(broken("dog 1 2\n\ncat 1 2\n", {"the line is empty"}) == 2);
}

TEST_CASE("load_text_vectors: broken numbers") {
  CHECK(broken("dog 1 2\ncat 1 x\n", {"number 2 of 2 of \"cat\"", "expected a finite float, got \"x\""}) == 2);
  CHECK(broken("dog 1 2\ncat 1,5 2\n", {"number 1 of 2 of \"cat\"", "got \"1,5\""}) == 2);
  CHECK(broken("dog 1 2\ncat 1. 2.5.3\n", {"number 2 of 2", "got \"2.5.3\""}) == 2);
  CHECK(broken("dog 1 2\ncat  2\n", {"number 1 of 2", "got \"\""}) == 2);
  for (const char* value :
       {"nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e39", "-1e39", "1e400", "+1", "0x1", "--1"})
    CHECK(broken("dog 1 2\ncat " + std::string(value) + " 2\n",
                 {"number 1 of 2", "got \"" + std::string(value) + "\""}) == 2);
  const TemporaryFile unneeded("dog 1 2\nfish nan x\n");  // only needed lines have their numbers read
  CHECK(load_text_vectors(unneeded.path(), words).found == 1);
  const TemporaryFile large("dog 1e39 2\n");
  CHECK(row<double>(load_text_vectors<double>(large.path(), words), 1) == std::vector<double>{1e39, 2});
}

TEST_CASE("load_text_vectors: numbers next to zero are no overflow") {
  const TemporaryFile file("cat 1e-50 -1e-400\ndog 1e-40 0." + std::string(44, '0') + "1\n");
  const auto vectors = load_text_vectors(file.path(), words);
  CHECK(row(vectors, 0) == std::vector<float>{0, 0});
  CHECK(row(vectors, 1)[0] == 1e-40f);
  CHECK(row(vectors, 1)[1] < 1e-44f);
}

TEST_CASE("load_text_vectors: files that cannot be read") {
  CHECK_THROWS_WITH_AS(load_text_vectors("no/such/file.txt", words),
                       doctest::Contains("load_text_vectors: cannot read 'no/such/file.txt': No such file"), FileError);
  CHECK_THROWS_WITH_AS(load_text_vectors(temporary_directory(), words), doctest::Contains("cannot read"), FileError);
}

TEST_CASE("load_text_vectors: rows that are not in the file") {
  const TemporaryFile file("cat 1 2\nbird 3 6\n");
  const Vocabulary some = Vocabulary::from_words({"<pad>", "cat", "x", "bird", "y"});
  Generator generator(3), same(3);
  const auto vectors = load_text_vectors(file.path(), some, {.padding_index = 0}, generator);
  CHECK(vectors.missing == std::vector<Index>{2, 4});
  CHECK(vectors.found == 2);
  CHECK(row(vectors, 0) == std::vector<float>{0, 0});
  const float deviation = std::sqrt((1 + 4 + 9 + 36) / 4.0f - 9);
  std::vector<float> expected(2);
  for (const Index missing : {2, 4}) {
    same.normal(expected.data(), 2, 0.0f, deviation);
    CHECK(row(vectors, missing)[0] == doctest::Approx(expected[0]));
    CHECK(row(vectors, missing)[1] == doctest::Approx(expected[1]));
  }

  // the order of the file does not show
  const TemporaryFile turned("bird 3 6\ncat 1 2\n");
  same.manual_seed(3);
  CHECK(load_text_vectors(turned.path(), some, {.padding_index = 0}, same).weight.to_vector() ==
        vectors.weight.to_vector());

  // without a padding row, row 0 is one of the missing
  CHECK(load_text_vectors(file.path(), some).missing == std::vector<Index>{0, 2, 4});

  // a padding word that the file holds is zeros all the same
  const auto padded = load_text_vectors(file.path(), some, {.padding_index = 1, .missing_deviation = 0.0});
  CHECK(padded.found == 1);
  CHECK(row(padded, 1) == std::vector<float>{0, 0});
  CHECK(padded.missing == std::vector<Index>{0, 2, 4});
  CHECK(row(padded, 2) == std::vector<float>{0, 0});

  CHECK_THROWS_WITH_AS(load_text_vectors(file.path(), some, {.padding_index = 5}),
                       doctest::Contains("padding_index 5 is outside the vocabulary's 5 rows"), IndexError);
  CHECK_THROWS_AS(load_text_vectors(file.path(), some, {.padding_index = -1}), IndexError);
  CHECK_THROWS_AS(load_text_vectors(file.path(), some, {.missing_deviation = -1.0}), ValueError);
  CHECK_THROWS_AS(load_text_vectors(file.path(), some, {.missing_deviation = std::nan("")}), ValueError);
}

TEST_CASE("load_text_vectors: no word found") {
  const TemporaryFile file("fish 100 200\n");
  Generator generator(5), same(5);
  const auto vectors = load_text_vectors(file.path(), words, {}, generator);
  CHECK(vectors.found == 0);
  CHECK(vectors.missing == std::vector<Index>{0, 1, 2});
  std::vector<float> expected(2);
  same.normal(expected.data(), 2);
  CHECK(row(vectors, 0) == expected);

  const auto none = load_text_vectors(file.path(), Vocabulary::from_words({}));
  CHECK(none.weight.shape() == Shape{0, 2});
}

TEST_CASE("load_text_vectors: a Tokenizer's rows") {
  Tokenizer tokenizer({.num_words = 3, .oov_token = "<oov>"});
  tokenizer.fit_on_texts({"cat cat dog"});
  const TemporaryFile file("dog 3 4\ncat 1 2\n");
  const auto vectors = load_text_vectors(file.path(), tokenizer, {.padding_index = 0});
  CHECK(vectors.weight.shape() == Shape{3, 2});
  CHECK(row(vectors, 2) == std::vector<float>{1, 2});
  CHECK(vectors.missing == std::vector<Index>{1});
  CHECK(vectors.found == 1);  // dog has index 3, beyond num_words
}

TEST_CASE("load_text_vectors: an index outside the vocabulary's own size") {
  struct Wrong {
    Index size() const { return 2; }
    std::optional<Index> find(std::string_view) const { return 2; }
  };
  const TemporaryFile file("cat 1 2\n");
  CHECK_THROWS_WITH_AS(load_text_vectors(file.path(), Wrong{}, {.dimension = 2}),
                       doctest::Contains("\"cat\" the index 2, outside its size 2"), IndexError);
}

TEST_CASE("load_text_vectors: lines across and beyond the blocks in which the file is read") {
  std::string content;
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) {
    names.push_back(std::string("w").append(std::to_string(i)));
    content += names.back();
    for (int d = 0; d < 20; ++d) content.append(" ").append(std::to_string(i)).append(".").append(std::to_string(d));
    content += i % 2 == 0 ? "\n" : "\r\n";
  }
  const std::string long_word(300000, 'z');
  names.push_back(long_word);
  content += long_word;
  for (int d = 0; d < 20; ++d) content += " 1";
  const TemporaryFile file(content);
  const auto vectors = load_text_vectors<double>(file.path(), Vocabulary::from_words(names));
  CHECK(vectors.missing.empty());
  bool all_right = true;
  for (int i = 0; i < 3000; ++i)
    for (int d = 0; d < 20; ++d)
      all_right =
          all_right && vectors.weight.data()[i * 20 + d] == std::stod(std::to_string(i) + "." + std::to_string(d));
  CHECK(all_right);
  CHECK(row(vectors, 3000) == std::vector<double>(20, 1.0));
}
