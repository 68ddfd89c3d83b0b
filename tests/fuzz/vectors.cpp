// Fuzz target: files of word vectors, of GloVe's and of word2vec's kind.
#include <string>
#include <vector>

#include <rowgrad/text/vocabulary.hpp>
#include <rowgrad/vectors/text_vectors.hpp>
#include <support/temporary_file.hpp>

#include "bytes.hpp"
#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rowgrad::Index;
  static const auto vocabulary =
      rowgrad::text::Vocabulary::from_words({"<pad>", "the", "of", "New York", "\xc3\xa4", ".", "1"});
  Bytes bytes(data, size);
  rowgrad::vectors::TextVectorOptions options;
  if (bytes.flag()) options.dimension = bytes.number(-1, 4);
  if (bytes.flag()) options.padding_index = bytes.number(-1, 7);
  const bool wide = bytes.flag();
  const TemporaryFile file(bytes.rest());
  rowgrad::Generator generator(1);
  const auto check = [&](const auto& vectors) {
    EXPECT(vectors.weight.shape() == rowgrad::Shape({vocabulary.size(), vectors.dimension()}));
    const Index padding = options.padding_index ? 1 : 0;
    EXPECT(vectors.found + static_cast<Index>(vectors.missing.size()) + padding >= vocabulary.size());
    EXPECT(!options.dimension || vectors.dimension() == *options.dimension);
    for (Index i = 0; i < vectors.weight.numel(); ++i) EXPECT(std::isfinite(vectors.weight.data()[i]));
  };
  try {
    if (wide)
      check(rowgrad::vectors::load_text_vectors<double>(file.path(), vocabulary, options, generator));
    else
      check(rowgrad::vectors::load_text_vectors<float>(file.path(), vocabulary, options, generator));
  } catch (const rowgrad::Error&) {
  }
  return 0;
}
