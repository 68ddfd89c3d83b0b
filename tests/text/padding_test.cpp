#include <doctest/doctest.h>

#include <rowgrad/text/padding.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ValueError;
using rowgrad::text::pad_sequences;
using rowgrad::text::Side;
using Values = std::vector<Index>;

namespace {
const std::vector<Values> sequences = {{1, 2, 3}, {4}, {}};
}

TEST_CASE("pad_sequences: before, up to the longest, by default") {
  const Indices padded = pad_sequences(sequences);
  CHECK(padded.shape() == Shape{3, 3});
  CHECK(padded.to_vector() == Values{1, 2, 3, 0, 0, 4, 0, 0, 0});
}

TEST_CASE("pad_sequences: sides and value") {
  CHECK(pad_sequences(sequences, {.padding = Side::post, .value = 9}).to_vector() == Values{1, 2, 3, 4, 9, 9, 9, 9, 9});
  CHECK(pad_sequences(sequences, {.maxlen = 2}).to_vector() == Values{2, 3, 0, 4, 0, 0});
  CHECK(pad_sequences(sequences, {.maxlen = 2, .truncating = Side::post}).to_vector() == Values{1, 2, 0, 4, 0, 0});
  CHECK(pad_sequences(sequences, {.maxlen = 2, .padding = Side::post}).to_vector() == Values{2, 3, 4, 0, 0, 0});
  const Indices wide = pad_sequences({{1}, {2, 3}}, {.maxlen = 4});
  CHECK(wide.shape() == Shape{2, 4});
  CHECK(wide.to_vector() == Values{0, 0, 0, 1, 0, 0, 2, 3});
}

TEST_CASE("pad_sequences: nothing to pad") {
  CHECK(pad_sequences({}).shape() == Shape{0, 0});
  CHECK(pad_sequences({}, {.maxlen = 5}).shape() == Shape{0, 5});
  CHECK(pad_sequences({{}, {}}).shape() == Shape{2, 0});
  CHECK(pad_sequences(sequences, {.maxlen = 0}).shape() == Shape{3, 0});
  CHECK_THROWS_AS(pad_sequences(sequences, {.maxlen = -1}), ValueError);
}

TEST_CASE("pad_sequences: a maxlen that no memory holds, also where the product of sizes would wrap around to 0") {
  const std::vector<Values> four(4, Values{1});
  for (const int bits : {58, 60, 61, 62})
    CHECK_THROWS_WITH_AS(pad_sequences(four, {.maxlen = Index{1} << bits}), doctest::Contains("exceed any memory"),
                         ValueError);
  CHECK_THROWS_AS(pad_sequences(four, {.maxlen = std::numeric_limits<Index>::max()}), ValueError);
}

TEST_CASE("the names that programs had before the room had a namespace") {
  CHECK(rowgrad::pad_sequences({{1}}, rowgrad::PaddingOptions{.maxlen = 1}).to_vector() == Values{1});
}
