// What: word embeddings from a table of random numbers to a trained LSTM: shapes, a classifier, GloVe with a fallback,
//       similarity, analogies, and how dimension, pretrained vectors and freezing bear on accuracy.
// Why:  a well-known tutorial on word embeddings and its exercises, with what it prints.
// See:  sentiment_lstm.hpp (its LSTM), pretrained_lstm.cpp; ../sentiment_classifier for a whole application.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <rowgrad/vectors.hpp>

#include "sentiment_lstm.hpp"

namespace optim = rowgrad::optim;
namespace vectors = rowgrad::vectors;
using rowgrad::text::Tokenizer;
using rowgrad::text::Vocabulary;

const std::string data = ROWGRAD_EXAMPLES_DATA_DIR;

void basic_example() {
  const nn::Embedding<float> embedding(10'000, 100);
  const Indices word_idx{250}, sentence{250, 56, 789, 3254};
  std::cout << "Shape of embedding for a single word: " << embedding(word_idx).shape()
            << "\nShape of embeddings for a sentence: " << embedding(sentence).shape() << "\n\n";
}

struct SentimentClassifier : nn::Module<float, SentimentClassifier> {
  nn::Embedding<float> embedding;
  nn::Linear<float> fc, output;

  SentimentClassifier(Index vocab_size, Index embedding_dim, Index hidden_dim, Index output_dim)
      : embedding(vocab_size, embedding_dim), fc(embedding_dim, hidden_dim), output(hidden_dim, output_dim) {}

  /// text (B, T) to logits (B, output_dim): the mean of a sentence's rows, and two layers.
  Tensor<float> forward(const Indices& text) const { return output(relu(fc(embedding(text).mean(1)))); }

  void members(nn::Members<float>& m) override { m("embedding", embedding)("fc", fc)("output", output); }
};

void classifier_shapes() {
  const SentimentClassifier model(10'000, 100, 256, 2);
  const Indices text_batch = rowgrad::randint(0, 10'000, {16, 20});
  std::cout << "Model input shape: " << text_batch.shape() << "\nModel output shape: " << model(text_batch).shape()
            << "\n\n";
}

/// The words' vectors; words that the file lacks start from random numbers. Without the file, all do.
nn::Embedding<float> load_glove_embeddings(const std::string& path, const Vocabulary& words, Index embedding_dim) {
  if (!std::filesystem::exists(path)) {
    std::cout << "This is a demonstration: there is no " << std::filesystem::path(path).filename().string() << '\n';
    return nn::Embedding<float>(words.size(), embedding_dim);
  }
  const auto glove = vectors::load_text_vectors<float>(path, words, {.dimension = embedding_dim});
  std::cout << glove.found << " of " << words.size() << " words found\n";
  return nn::Embedding<float>::from_pretrained(glove, {.freeze = false});
}

float similarity(const nn::Embedding<float>& embedding, const Vocabulary& words, const char* one, const char* other) {
  const rowgrad::no_grad guard;
  return cosine_similarity(embedding(words[one]), embedding(words[other]), 0).item();
}

void glove_and_similarity() {
  const auto words = Vocabulary::from_words({"hello", "world", "python", "pytorch", "nlp"});
  const auto demonstration = load_glove_embeddings(data + "/glove.6B.100d.txt", words, 100);
  std::cout << "Created embedding layer with shape: " << demonstration.weight.shape() << '\n';
  std::printf("Similarity between 'python' and 'pytorch': %.4f\n",
              similarity(demonstration, words, "python", "pytorch"));

  // With vectors that mean something.
  const auto others = Vocabulary::from_words({"film", "book", "soup", "salad"});
  const auto pretrained = load_glove_embeddings(data + "/glove.reviews.100d.txt", others, 100);
  for (const char* other : {"book", "soup"})
    std::printf("Similarity between 'film' and '%s': %.4f\n", other, similarity(pretrained, others, "film", other));
  std::printf("Similarity between 'salad' and 'soup': %.4f\n\n", similarity(pretrained, others, "salad", "soup"));
}

/// One epoch over batches (text, labels); the mean loss.
template <typename Model, typename Loader>
double train_model(Model& model, const Loader& loader, optim::Adam<float>& optimizer,
                   const nn::CrossEntropyLoss<float>& criterion) {
  model.train();
  double epoch_loss = 0;
  for (const auto& batch : loader) {
    optimizer.zero_grad();
    const auto loss = criterion(model(batch.ids), batch.labels);
    loss.backward();
    optimizer.step();
    epoch_loss += static_cast<double>(loss.item());
  }
  return epoch_loss / static_cast<double>(loader.size());
}

template <typename Model, typename Loader>
double accuracy(Model& model, const Loader& loader) {
  const rowgrad::no_grad guard;
  model.eval();
  Index right = 0;
  for (const auto& batch : loader) right += (argmax(model(batch.ids), 1) == batch.labels).sum().item();
  return static_cast<double>(right) / static_cast<double>(loader.samples());
}

void lstm() {
  const Index vocab_size = 25'000, pad_idx = 1;
  SentimentLSTM model(vocab_size, 300, 256, 2, 2, true, 0.5, pad_idx);
  const Indices batch = rowgrad::randint(0, vocab_size, {8, 50});
  std::cout << model << "\nInput shape: " << batch.shape() << "\nOutput shape: " << model(batch).shape() << "\n\n";
}

/// The reviews that come with the examples, a fifth of them set aside.
struct Reviews {
  Tokenizer words;
  rowgrad::data::Batches training, validation;

  static Reviews load() {
    const auto reviews = rowgrad::data::load_labelled_text(data + "/reviews.tsv");
    Tokenizer words;
    words.fit_on_texts(reviews.texts);
    const auto sequences = words.texts_to_sequences(reviews.texts);
    const auto [train, held_out] = rowgrad::data::train_validation_split(reviews.labels, 0.2);
    const auto batches = [&](const std::vector<Index>& samples) {
      std::vector<std::vector<Index>> texts;
      std::vector<Index> labels;
      for (const Index sample : samples) {
        texts.push_back(sequences[static_cast<std::size_t>(sample)]);
        labels.push_back(reviews.labels[static_cast<std::size_t>(sample)]);
      }
      return rowgrad::data::Batches(texts, labels, {.bucket = true});
    };
    return {words, batches(train), batches(held_out)};
  }
};

template <typename Model>
void train_and_report(const char* title, Model& model, const Reviews& reviews, int epochs) {
  optim::Adam<float> optimizer(model.parameters(), {.lr = 2e-3});
  const nn::CrossEntropyLoss<float> criterion;
  double loss = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) loss = train_model(model, reviews.training, optimizer, criterion);
  std::printf("%-28s loss %.2f, accuracy %.2f in training, accuracy %.2f on others\n", title, loss,
              accuracy(model, reviews.training), accuracy(model, reviews.validation));
}

void compare_dimensions_and_freezing(const Reviews& reviews) {
  for (const Index embedding_dim : {50, 100, 300}) {
    SentimentClassifier model(reviews.words.size(), embedding_dim, 64, 2);
    train_and_report(("random, " + std::to_string(embedding_dim) + " dimensions").c_str(), model, reviews, 10);
  }
  const auto glove =
      vectors::load_text_vectors<float>(data + "/glove.reviews.100d.txt", reviews.words, {.padding_index = 0});
  for (const bool fixed : {true, false}) {
    SentimentClassifier model(reviews.words.size(), 100, 64, 2);
    model.embedding = nn::Embedding<float>::from_pretrained(glove.weight.clone(), {.freeze = fixed, .padding_idx = 0});
    train_and_report(fixed ? "GloVe, fixed" : "GloVe, trainable", model, reviews, 10);
  }
  SentimentLSTM model(reviews.words.size(), 100, 32, 2, 1, true, 0, 0);
  model.embedding = nn::Embedding<float>::from_pretrained(glove, {.freeze = false, .padding_idx = 0});
  train_and_report("GloVe, trainable, LSTM", model, reviews, 6);
  std::puts("");
}

void analogies() {
  const auto reviews = rowgrad::data::load_labelled_text(data + "/reviews.tsv");
  Tokenizer words;
  words.fit_on_texts(reviews.texts);
  const auto glove =
      vectors::load_text_vectors<float>(data + "/glove.reviews.100d.txt", words, {.missing_deviation = 0});
  // a - b + c: the nearest word that is none of the three. Words that the file lacks are zeros, near to nothing.
  const auto solve = [&](const char* a, const char* b, const char* c) {
    const Index ia = *words.find(a), ib = *words.find(b), ic = *words.find(c);
    for (const auto& [row, cosine] :
         vectors::nearest(glove.weight, glove.weight[ia] - glove.weight[ib] + glove.weight[ic], 4))
      if (row != ia && row != ib && row != ic) {
        std::printf("%s - %s + %s = %s\n", a, b, c, words.sequences_to_texts({{row}})[0].c_str());
        return;
      }
  };
  solve("father", "he", "she");
  solve("actor", "he", "she");
  solve("best", "good", "bad");
  solve("was", "is", "are");
  solve("films", "film", "book");
}

int main() {
  rowgrad::manual_seed(1);
  basic_example();
  classifier_shapes();
  glove_and_similarity();
  lstm();
  compare_dimensions_and_freezing(Reviews::load());
  analogies();
}
