// Fuzz target: files that the sentiment classifier is to read. Whatever was changed in one, it is refused with an Error
// or answers every sentence.
#include <fstream>
#include <string>

#include <support/temporary_file.hpp>
#include "../../examples/sentiment_classifier/model_file.hpp"

#include "bytes.hpp"
#include "check.hpp"
#include "tensors.hpp"

namespace {

/// A small model of each encoder, as a file's bytes and as tensors.
struct Good {
  std::string bytes;
  std::vector<Entry> entries;
  rowgrad::io::Metadata metadata;

  explicit Good(Encoder encoder) {
    const TemporaryFile file;
    const ModelOptions options{.encoder = encoder, .hidden = 2, .layers = 2, .dropout = 0.5};
    const std::vector<std::string> words{"", "good", "bad", "n't"}, classes{"yes", "no"};
    const SentimentClassifier model(nn::Embedding<float>(4, 3), 2, options);
    save_model(file.path(), model, options, words, {0, 1, 2, 3}, classes, {{"training.epochs", "1 of 1"}});
    std::ifstream stream(file.path(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), {});
    const auto saved = rowgrad::io::open_safetensors(file.path());
    entries = entries_of(saved);
    metadata = saved.metadata();
    EXPECT(load_model(file.path()).classes == classes);
  }
};

void answer(const std::string& path) {
  try {
    const TrainedModel model = load_model(path);
    for (const char* const sentence : {"good, isn't it", "unknown", "", "bad\xff\xfe bad GOOD n't!"}) {
      const Answer answer = model(sentence);
      EXPECT(answer.best < model.classes.size());
      EXPECT(answer.probabilities.size() == model.classes.size());
      EXPECT(answer.known <= answer.words);
    }
  } catch (const rowgrad::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Good good[] = {Good(Encoder::mean), Good(Encoder::lstm), Good(Encoder::gru), Good(Encoder::cnn),
                              Good(Encoder::attention)};
  Bytes bytes(data, size);
  const Good& one = good[bytes.number(0, 4)];
  if (bytes.flag()) {  // any bytes of the file
    std::string whole = one.bytes;
    if (bytes.flag()) whole.resize(whole.size() * static_cast<std::size_t>(bytes.byte()) / 256);
    while (!bytes.empty() && !whole.empty()) {
      const auto at = static_cast<std::size_t>(bytes.byte() * 256 + bytes.byte());
      whole[at % whole.size()] = static_cast<char>(bytes.byte());
    }
    const TemporaryFile file(whole);
    answer(file.path());
    return 0;
  }
  std::vector<Entry> entries = one.entries;
  rowgrad::io::Metadata metadata = one.metadata;
  for (int changes = 0; changes < 6 && !bytes.empty(); ++changes) change(entries, metadata, bytes);
  const TemporaryFile file;
  try {
    rowgrad::io::save_safetensors(file.path(), saved(entries), metadata);
  } catch (const rowgrad::Error&) {
    return 0;  // a name that is used twice or is not UTF-8
  }
  answer(file.path());
  return 0;
}
