// What: a row looked up by its word, a table whose rows are kept within a norm, and the skip-gram model with negative
//       sampling, trained on a small text until related words are near.
// Why:  the programs of a well-known introduction to nn.Embedding. Neither runs as printed there; what was mended is
// said
//       where it was.
// See:  rowgrad/table/renormalise.hpp, rowgrad/data/negative_sampler.hpp; Mikolov et al. 2013.
#include <cstdio>
#include <iostream>
#include <rowgrad/rowgrad.hpp>
#include <rowgrad/vectors.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;
using rowgrad::text::text_to_word_sequence;
using rowgrad::text::Vocabulary;

void look_up_a_word() {
  const auto word_conversion = Vocabulary::from_words({"hey", "there"});
  const nn::Embedding<float> embeddings(2, 3);
  const Indices lookup{word_conversion["hey"]};
  std::cout << embeddings(lookup) << "\n\n";
}

/// max_norm scales the rows that are looked up, in place. The product with the whole table therefore takes a clone of
/// it: backward needs the values as they were. Mended: the table has 4 rows instead of 2, since row 3 is looked up;
/// each of them meets each row looked up, which needs unsqueeze(0) and unsqueeze(1); and three variables have one name
/// each.
void keep_within_a_norm() {
  const Index n = 4, d = 4, m = 6;
  const nn::Embedding<float> embedding(n, d, {.max_norm = true});  // true is 1
  const auto weight = rowgrad::randn({m, d}).requires_grad_();
  const Indices index{1, 3};
  const auto norms = [&] { return embedding.weight.detach().norm(2, 1); };
  std::cout << embedding << "\nnorms of the rows " << norms() << '\n';

  const auto x = matmul(embedding.weight.clone(), weight.t());  // (n, m)
  const auto y = matmul(embedding(index), weight.t());          // (2, m)
  const auto output = x.unsqueeze(0) + y.unsqueeze(1);          // (2, n, m)
  const auto loss_factor = output.sigmoid().prod();
  loss_factor.backward();
  std::cout << "after the lookup  " << norms() << "\noutput " << output.shape() << ", " << loss_factor
            << "\ngradient of the table\n"
            << embedding.weight.grad().to_dense() << "\nof the weight\n"
            << weight.grad().dense() << "\n\n";
}

/// A vector for each word as the centre of a window, and one for it as a neighbour. Mended: F was imported by another
/// name, and without squeeze() a batch of one pair works, too.
struct SkipGram : nn::Module<float, SkipGram> {
  nn::Embedding<float> u_embeddings, v_embeddings;

  SkipGram(Index embed_size, Index embed_dimension)
      : u_embeddings(embed_size, embed_dimension, {.sparse = true}),
        v_embeddings(embed_size, embed_dimension, {.sparse = true}) {
    const float range = 0.75F / static_cast<float>(embed_dimension);
    const rowgrad::no_grad guard;
    u_embeddings.weight.uniform_(-range, range);
    v_embeddings.weight.zero_();
  }

  /// pos_u, pos_v (B): centres and their neighbours. neg_v (B, K): words drawn at random.
  Tensor<float> forward(const Indices& pos_u, const Indices& pos_v, const Indices& neg_v) const {
    const auto embed_u = u_embeddings(pos_u), embed_v = v_embeddings(pos_v);
    const auto score = logsigmoid((embed_u * embed_v).sum(1));
    const auto negative_score = logsigmoid(-bmm(v_embeddings(neg_v), embed_u.unsqueeze(2)));
    return -(score.sum() + negative_score.sum());
  }

  void members(nn::Members<float>& m) override { m("u_embeddings", u_embeddings)("v_embeddings", v_embeddings); }
};

const std::vector<std::string> text{
    "the cat sleeps in the sun",      "the dog sleeps in the sun",       "a cat chases a small mouse",
    "a dog chases a small mouse",     "my cat drinks cold milk",         "my dog drinks cold milk",
    "the king rules his country",     "the queen rules her country",     "the king wears a golden crown",
    "the queen wears a golden crown", "everybody obeys the old king",    "everybody obeys the old queen",
    "we bake bread in an oven",       "we bake cake in an oven",         "children eat bread with butter",
    "children eat cake with butter",  "fresh bread smells wonderful",    "fresh cake smells wonderful",
    "the train leaves from here",     "the bus leaves from here",        "people ride this train to work",
    "people ride this bus to work",   "every train stops near the park", "every bus stops near the park"};

void train_skip_gram() {
  std::vector<std::vector<std::string>> sentences;
  for (const std::string& sentence : text) sentences.push_back(text_to_word_sequence(sentence));
  const auto words = Vocabulary(sentences, {.unknown = std::nullopt});
  std::vector<Index> counts, centres, neighbours;
  for (const std::string& word : words.words()) counts.push_back(words.frequency(word));
  for (const auto& sentence : sentences) {
    const std::vector<Index> ids = words.encode(sentence);
    for (std::size_t i = 0; i < ids.size(); ++i)
      for (std::size_t j = i > 2 ? i - 2 : 0; j < std::min(i + 3, ids.size()); ++j)
        if (i != j) {
          centres.push_back(ids[i]);
          neighbours.push_back(ids[j]);
        }
  }
  const Indices pos_u(centres), pos_v(neighbours);
  const rowgrad::data::NegativeSampler noise(counts);  // in proportion to counts to the power of 3/4

  SkipGram model(words.size(), 16);
  optim::SparseAdam<float> optimizer(model.parameters(), {.lr = 0.02});
  std::printf("%td pairs of %td words\n", pos_u.numel(), words.size());
  for (int epoch = 1; epoch <= 120; ++epoch) {
    optimizer.zero_grad();
    const auto loss = model(pos_u, pos_v, noise({pos_u.numel(), 5}));
    loss.backward();
    optimizer.step();
    if (epoch == 1 || epoch % 40 == 0)
      std::printf("epoch %3d: loss %.2f a pair\n", epoch,
                  static_cast<double>(loss.item()) / static_cast<double>(pos_u.numel()));
  }
  for (const char* word : {"cat", "king", "bread", "train"}) {
    const auto near = rowgrad::vectors::nearest(model.u_embeddings.weight, words[word], 1);
    std::printf("nearest to %s: %s, cosine %.2f\n", word, words.word(near[0].row).c_str(), near[0].similarity);
  }
}

int main() {
  rowgrad::manual_seed(2);
  look_up_a_word();
  keep_within_a_norm();
  train_skip_gram();
}
