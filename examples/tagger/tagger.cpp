// What: a part-of-speech tagger: a label for each token, by a bidirectional LSTM over packed sentences.
// Why:  sentences differ in length. Padding is neither computed with (packing) nor learnt from (ignore_index) nor
//       counted.
// See:  grammar.hpp (the data); rowgrad/functional/packed_sequence.hpp; PyTorch torch.nn.utils.rnn.
#include <cstdio>

#include "grammar.hpp"

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
namespace data = rowgrad::data;
namespace text = rowgrad::text;
using grammar::Sentence;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

constexpr Index ignored = -100;  // the tag of padding, which cross_entropy leaves out by default

struct Tagger : nn::Module<float, Tagger> {
  nn::Embedding<float> embedding;
  nn::LSTM<float> lstm;
  nn::Linear<float> output;

  Tagger(Index words, Index embedding_dim, Index hidden_dim, Index tag_count)
      : embedding(words, embedding_dim, {.padding_idx = 0}),
        lstm(embedding_dim, hidden_dim, {.batch_first = true, .bidirectional = true}),
        output(2 * hidden_dim, tag_count) {}

  /// ids (B, T), lengths (B) in any order, to logits (B, T, tags).
  Tensor<float> forward(const Indices& ids, const Indices& lengths) const {
    const auto packed = pack_padded_sequence(embedding(ids), lengths, {.batch_first = true, .enforce_sorted = false});
    return output(pad_packed_sequence(lstm(packed).output, {.batch_first = true}).output);
  }

  void members(nn::Members<float>& m) override { m("embedding", embedding)("lstm", lstm)("output", output); }
};

struct Batch {
  Indices ids, tags, lengths;  // (B, T) padded with 0, (B, T) padded with `ignored`, (B)
};

/// What the loader calls for the sentences of a batch.
struct Collate {
  const text::Vocabulary* vocabulary;

  Batch operator()(const std::vector<Sentence>& sentences) const {
    std::vector<std::vector<Index>> ids, tags;
    std::vector<Index> lengths;
    for (const Sentence& sentence : sentences) {
      ids.push_back(vocabulary->encode(sentence.words));
      tags.push_back(sentence.tags);
      lengths.push_back(static_cast<Index>(sentence.words.size()));
    }
    return {text::pad_sequences(ids, {.padding = text::Side::post}),
            text::pad_sequences(tags, {.padding = text::Side::post, .value = ignored}), lengths};
  }
};
using Loader = data::DataLoader<std::vector<Sentence>, Collate>;

/// The share of tokens whose tag is right.
template <typename Predict>
double accuracy(const Loader& loader, const Predict& predict) {
  const rowgrad::no_grad guard;
  Index right = 0, tokens = 0;
  for (const Batch& batch : loader) {
    right += (predict(batch) == batch.tags).sum().item();  // no tag is `ignored`, so padding is never right
    tokens += batch.lengths.sum().item();
  }
  return static_cast<double>(right) / static_cast<double>(tokens);
}

/// The tag that each word has most often: what can be had without the words around it.
Indices usual_tags(const Loader& loader, Index words) {
  const auto tag_count = static_cast<Index>(grammar::tags.size());
  Indices counts = rowgrad::zeros<Index>({words, tag_count});
  for (const Batch& batch : loader)
    for (Index i = 0; i < batch.ids.numel(); ++i)
      if (batch.tags.data()[i] != ignored) ++counts.matrix()(batch.ids.data()[i], batch.tags.data()[i]);
  return argmax(counts, 1);
}

int main() {
  rowgrad::manual_seed(1);
  std::vector<Sentence> training(2000), others(400);
  for (Sentence& sentence : training) sentence = grammar::Writer::write();
  for (Sentence& sentence : others) sentence = grammar::Writer::write();
  std::vector<std::vector<std::string>> texts;
  for (const Sentence& sentence : training) texts.push_back(sentence.words);
  const text::Vocabulary vocabulary(texts, {.specials = {"<pad>", "<unk>"}});
  const Loader loader(training, {.batch_size = 32, .shuffle = true}, {&vocabulary});
  const Loader test_loader(others, {.batch_size = 100}, {&vocabulary});

  const Indices usual = usual_tags(loader, vocabulary.size());
  std::printf("%td words, %td tags\n", vocabulary.size(), static_cast<Index>(grammar::tags.size()));
  std::printf("the usual tag of each word: accuracy %.3f a token\n",
              accuracy(test_loader, [&](const Batch& batch) { return usual[batch.ids]; }));

  Tagger model(vocabulary.size(), 16, 32, static_cast<Index>(grammar::tags.size()));
  optim::Adam<float> adam(model.parameters(), {.lr = 1e-2});
  const auto best_tags = [&](const Batch& batch) { return argmax(model(batch.ids, batch.lengths), 2); };
  for (int epoch = 1; epoch <= 6; ++epoch) {
    double loss_sum = 0;
    for (const Batch& batch : loader) {
      const auto logits = model(batch.ids, batch.lengths);
      const auto loss = cross_entropy(logits.flatten(0, 1), batch.tags.flatten(), {.ignore_index = ignored});
      adam.zero_grad();
      loss.backward();
      adam.step();
      loss_sum += static_cast<double>(loss.item());
    }
    std::printf("epoch %d: loss %.3f, accuracy %.3f a token\n", epoch, loss_sum / static_cast<double>(loader.size()),
                accuracy(test_loader, best_tags));
  }

  // One word, three tags.
  const std::vector<std::string> words{"they", "light", "the", "light", "light"};
  const Batch batch = Collate{&vocabulary}({{words, std::vector<Index>(words.size(), ignored)}});
  const std::vector<Index> tags = best_tags(batch).to_vector();
  for (std::size_t i = 0; i < words.size(); ++i)
    std::printf("%s/%s ", words[i].c_str(), grammar::tags[static_cast<std::size_t>(tags[i])].c_str());
  std::puts("");
}
