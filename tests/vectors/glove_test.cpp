#include <doctest/doctest.h>

#include <rowgrad/text/vocabulary.hpp>
#include <rowgrad/vectors/glove.hpp>

#include <support/temporary_file.hpp>

TEST_CASE("load_glove: load_text_vectors by another name, in the room's namespace and in rowgrad") {
  const TemporaryFile file("cat 1 2\nowl 3 4\n");
  const auto words = rowgrad::text::Vocabulary::from_words({"<pad>", "owl", "cat"});
  const rowgrad::vectors::GloveOptions options{.padding_index = 0};
  const auto vectors = rowgrad::vectors::load_glove<double>(file.path(), words, options);
  CHECK(vectors.weight.to_vector() == std::vector<double>{0, 0, 3, 4, 1, 2});
  CHECK(vectors.found == 2);
  CHECK(rowgrad::load_glove(file.path(), words, {.padding_index = 0}).weight.to_vector() ==
        rowgrad::vectors::load_text_vectors(file.path(), words, options).weight.to_vector());
  CHECK_THROWS_WITH_AS(rowgrad::load_glove(file.path(), words, {.padding_index = 3}), doctest::Contains("load_glove: "),
                       rowgrad::IndexError);
}
