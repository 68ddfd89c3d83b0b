// Fuzz target: Keras's tokenizer, pad_sequences and Vocabulary on any bytes, with properties that must hold.
#include <algorithm>
#include <string>
#include <vector>

#include <rowgrad/text/padding.hpp>
#include <rowgrad/text/tokenizer.hpp>
#include <rowgrad/text/vocabulary.hpp>

#include "bytes.hpp"
#include "check.hpp"

namespace {
using rowgrad::Index;
namespace text = rowgrad::text;

void tokenize(Bytes& bytes, const std::vector<std::string>& texts) {
  text::TokenizerOptions options;
  if (bytes.flag()) options.num_words = bytes.number(-1, 9);
  if (bytes.flag()) options.oov_token = bytes.text(4);
  if (bytes.flag()) options.split = bytes.text(2);
  if (bytes.flag()) options.filters = bytes.text(6);
  options.lower = bytes.flag();

  text::Tokenizer tokenizer(options);
  tokenizer.fit_on_texts(texts);
  const auto sequences = tokenizer.texts_to_sequences(texts);
  EXPECT(sequences.size() == texts.size());
  const auto words = static_cast<Index>(tokenizer.word_index().size());
  for (const auto& sequence : sequences)
    for (const Index index : sequence) EXPECT(index >= 1 && index <= words + 1);
  EXPECT(tokenizer.texts_to_sequences(texts) == sequences);
  EXPECT(tokenizer.sequences_to_texts(sequences).size() == texts.size());
  for (const auto& [word, index] : tokenizer.word_index()) EXPECT(!word.empty() || word == options.oov_token);

  text::PaddingOptions padding;
  if (bytes.flag()) padding.maxlen = bytes.number(-1, 12);
  padding.padding = bytes.flag() ? text::Side::pre : text::Side::post;
  padding.truncating = bytes.flag() ? text::Side::pre : text::Side::post;
  padding.value = bytes.number(-3, 0);
  const rowgrad::Indices padded = pad_sequences(sequences, padding);
  EXPECT(padded.shape()[0] == static_cast<Index>(sequences.size()));
  const Index width = padded.shape()[1];
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const Index* row = padded.data() + static_cast<Index>(i) * width;
    const auto kept = std::min<Index>(width, static_cast<Index>(sequences[i].size()));
    EXPECT(std::count(row, row + width, padding.value) == width - kept);
    const Index* begin = padding.padding == text::Side::pre ? row + (width - kept) : row;
    const auto first = padding.truncating == text::Side::pre ? sequences[i].end() - kept : sequences[i].begin();
    EXPECT(std::equal(begin, begin + kept, first));
  }
}

void build_vocabulary(Bytes& bytes, const std::vector<std::string>& texts) {
  std::vector<std::vector<std::string>> tokens;
  for (const std::string& one : texts) tokens.push_back(text::text_to_word_sequence(one));
  text::VocabularyOptions options;
  options.min_frequency = bytes.number(0, 3);
  if (bytes.flag()) options.max_size = bytes.number(-1, 9);
  if (bytes.flag()) options.unknown = std::nullopt;
  if (bytes.flag()) options.specials.push_back(bytes.text(3));

  const text::Vocabulary vocabulary(tokens, options);
  EXPECT(!options.max_size || vocabulary.size() <= *options.max_size);
  for (Index i = 0; i < vocabulary.size(); ++i) EXPECT(vocabulary.find(vocabulary.word(i)) == i);
  for (const auto& list : tokens) {
    try {
      const auto ids = vocabulary.encode(list);
      EXPECT(ids.size() == list.size());
      for (const Index id : ids) EXPECT(id >= 0 && id < vocabulary.size());
    } catch (const rowgrad::Error&) {
      EXPECT(!options.unknown);
    }
  }
  const auto copy = text::Vocabulary::from_words(vocabulary.words(), vocabulary.unknown());
  EXPECT(copy.words() == vocabulary.words() && copy.unknown_index() == vocabulary.unknown_index());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const bool tokens = bytes.flag();
  Bytes options(data, std::min<std::size_t>(size, 24));
  std::vector<std::string> texts;
  while (!bytes.empty() && texts.size() < 8) texts.push_back(bytes.text(60));
  try {
    if (tokens)
      tokenize(options, texts);
    else
      build_vocabulary(options, texts);
  } catch (const rowgrad::Error&) {
  }
  return 0;
}
