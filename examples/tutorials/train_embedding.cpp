// What: twenty words, a table of 4 numbers a word, and a classifier of ten sentences that trains it.
// Why:  the steps of a well-known article on nn.Embedding, with its figures. It takes it that the rows which did not
//       change were not looked up. All twenty are, a hundred times each: here every row says why it moved or did not.
// See:  lookup_table.cpp; rowgrad/optim/row_report.hpp.
#include <cstdio>
#include <iostream>
#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;
using rowgrad::text::Vocabulary;

const std::vector<std::string> dataset{
    "I am happy", "Feeling very joyful", "Life is good", "Today is great",   "So very excited",
    "I am sad",   "Feeling very angry",  "This is bad",  "News is terrible", "Feeling very upset"};
constexpr int positive = 5;  // so many sentences, the first ones, have the target 1

/// (10, 3): the sentences as ids.
Indices encode(const Vocabulary& vocabulary) {
  std::vector<std::vector<Index>> ids;
  for (const std::string& sentence : dataset)
    ids.push_back(vocabulary.encode(rowgrad::text::text_to_word_sequence(sentence, "", false)));
  return ids;
}

void one_hot_and_dense(const Vocabulary& vocabulary) {
  const Indices ids(std::vector<Index>{vocabulary["happy"], vocabulary["joyful"], vocabulary["sad"]});
  const auto one_hot = rowgrad::one_hot(ids, vocabulary.size()).to<float>();
  std::cout << "one-hot, happy joyful sad\n" << one_hot.to<Index>() << "\n\n";

  // Of two different one-hot vectors the cosine is 0, whatever the words mean; of dense ones it can be anything.
  rowgrad::manual_seed(1);
  const nn::Embedding<float> embedding(vocabulary.size(), 4);
  const auto dense = embedding(ids).detach();
  const auto happy_and = [](const Tensor<float>& rows) {
    return cosine_similarity(rows[0].unsqueeze(0), rows.slice(0, 1, 3));
  };
  std::cout << "cosine of happy with joyful, sad: one-hot " << happy_and(one_hot) << ", dense, untrained "
            << happy_and(dense) << '\n';
  // A lookup is the product with a one-hot matrix, without the matrix.
  std::cout << "one-hot times the table is the lookup: " << matmul(one_hot, embedding.weight).detach().equal(dense)
            << "\n\n";

  std::cout << embedding.weight << "\n\n" << embedding.weight[1] << "\n\n" << embedding.weight[{1, 2, 3, 4}] << "\n\n";
}

struct TrainEmbedding : nn::Module<float, TrainEmbedding> {
  nn::Embedding<float> embedding;
  nn::Linear<float> linear, linear_1;
  nn::Sigmoid<float> sigmoid;
  mutable bool shut = false;  // whether the ReLU of the last forward's output gave 0, and nothing gets a gradient

  TrainEmbedding(Index embedding_dim, Index hidden_dim, Index vocab_size)
      : embedding(vocab_size, embedding_dim), linear(embedding_dim * 3, hidden_dim), linear_1(hidden_dim, 1) {}

  Tensor<float> forward(const Indices& ids) const {
    const auto hidden = relu(linear(embedding(ids).flatten()));
    const auto score = relu(linear_1(hidden));
    shut = score.item() == 0;
    return sigmoid(score);
  }

  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("linear", linear)("linear_1", linear_1)("sigmoid", sigmoid);
  }
};

/// The article's loop, which stops to look after the first sentence of the last epoch.
void train(const Vocabulary& vocabulary, TrainEmbedding& model) {
  const Indices sentences = encode(vocabulary);
  const auto before = model.embedding.weight.detach().clone();
  std::cout << before << "\n\n";
  const nn::BCELoss<float> loss_fn;
  optim::Adam<float> adam(model.parameters(), {.lr = 1e-4});
  adam.watch_rows();
  std::vector<Index> shut(vocabulary.words().size());  // lookups of each word in which the ReLU of the output was shut
  Index step = 0;
  for (int epoch = 0; epoch < 100; ++epoch)
    for (Index i = 0; i < (epoch < 99 ? 10 : 1); ++i, ++step) {
      const auto output = model(sentences[i]);
      const auto loss = loss_fn(output, rowgrad::full({1}, i < positive ? 1.F : 0.F));
      adam.zero_grad();
      loss.backward();
      adam.step();
      for (const Index word : sentences[i].to_vector()) shut[static_cast<std::size_t>(word)] += model.shut;
    }
  const auto after = model.embedding.weight.detach();
  std::cout << "After " << step << " steps\n" << after << "\n\nDifference\n" << before - after << "\n\n";

  std::puts("Why each row moved, or did not");
  for (Index row = 0; row < vocabulary.size(); ++row) {
    const optim::RowReport report = adam.row_report(model.embedding.weight, row);
    std::printf("%2td %-8s ", row, vocabulary.word(row).c_str());
    if (report.lookups == 0) {
      std::puts("not looked up");
    } else if (report.last_gradient_step == 0) {
      std::printf("looked up %td times, gradient always zero: it died %td times at the output's ReLU\n", report.lookups,
                  shut[static_cast<std::size_t>(row)]);
    } else {
      std::printf("looked up %td times, gradient not zero %td times, last in step %td", report.lookups,
                  report.lookups - report.zero_gradients, report.last_gradient_step);
      const Index rest = step - report.last_gradient_step;
      if (report.cause == optim::RowReport::Cause::momentum)
        std::printf("; by momentum alone for %td steps since%s", rest, rest > 10 ? ", although it was looked up" : "");
      std::puts("");
    }
  }
  std::puts("");
}

int main() {
  // The article's order of words, which is that of a Python set: another one in each run.
  const auto vocabulary = Vocabulary::from_words({"sad", "good",  "bad",  "Life",  "angry",   "joyful",   "This",
                                                  "So",  "News",  "am",   "Today", "great",   "terrible", "excited",
                                                  "I",   "happy", "very", "is",    "Feeling", "upset"});
  std::cout << std::boolalpha << vocabulary.size() << " words; the sentences encoded\n" << encode(vocabulary) << "\n\n";
  one_hot_and_dense(vocabulary);

  std::puts("The article's code, as it stands\n");
  rowgrad::manual_seed(851);
  TrainEmbedding model(4, 8, vocabulary.size());
  train(vocabulary, model);

  // The article shows another run: its model is the third after the seed, and its words have another order. It does not
  // say which, but with this one all its figures come out.
  std::puts("The run that the article shows\n");
  rowgrad::manual_seed(851);
  for (int i = 0; i < 2; ++i) TrainEmbedding(4, 8, vocabulary.size());
  TrainEmbedding third(4, 8, vocabulary.size());
  train(Vocabulary::from_words({"terrible", "Today", "am",    "Feeling", "I",      "upset", "News",
                                "excited",  "happy", "very",  "So",      "joyful", "This",  "is",
                                "bad",      "Life",  "great", "angry",   "good",   "sad"}),
        third);
}
