// What: GloVe vectors seed an embedding layer, and an LSTM runs over it: from texts to a trained classifier.
// Why:  the steps of a well-known tutorial on pretrained word vectors, with the vector and the shapes that it prints.
// See:  word_embeddings.cpp; ../sentiment_classifier for a whole application; rowgrad/vectors/text_vectors.hpp.
#include <cstdio>
#include <iostream>
#include <rowgrad/rowgrad.hpp>
#include <rowgrad/vectors.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Indices;

const std::string data = ROWGRAD_EXAMPLES_DATA_DIR;

void look_up_sentences() {
  // Words become integers, numbered from 1 by falling frequency, ties as they come. 0 stands for padding.
  const std::vector<std::string> text{"The cat sat on mat", "we can play with model"};
  rowgrad::text::Tokenizer tokenizer;
  tokenizer.fit_on_texts(text);
  for (const auto& [word, index] : tokenizer.word_index()) std::cout << word << ' ' << index << ", ";
  const Indices tokens = tokenizer.texts_to_sequences(text);  // equally long, else: pad_sequences(...)
  std::cout << "\ntokens " << tokens << "\n\n";

  // One row for each word, and row 0; words that are not in the file keep zeros. The rows come straight from the file:
  // no dictionary of all its words is built.
  const auto glove = rowgrad::vectors::load_text_vectors<float>(data + "/glove.tutorial.100d.txt", tokenizer,
                                                                {.padding_index = 0, .missing_deviation = 0});
  std::cout << glove.found << " of " << tokenizer.size() - 1 << " words are in the file\n";
  const auto embedding = nn::Embedding<float>::from_pretrained(glove, {.freeze = false});
  std::cout << embedding(Indices{1}).detach() << "\n\n";

  // Frozen, the table gets no gradient, and what is looked up in it belongs to no graph.
  embedding.weight.requires_grad_(false);
  const auto embedding_vec = embedding(tokens);
  std::cout << embedding << '\n'
            << embedding_vec.shape() << ", requires_grad " << std::boolalpha << embedding_vec.requires_grad() << '\n';

  const nn::LSTM<float> lstm(100, 128, {.batch_first = true, .bidirectional = true});
  const auto [output, state] = lstm(embedding_vec);
  std::cout << lstm << "\noutput " << output.shape() << ", h_n " << state.h.shape() << ", c_n " << state.c.shape()
            << "\n\n";
}

/// The training that the tutorial leaves to its readers, on the reviews that come with the examples.
void train_on_reviews() {
  rowgrad::manual_seed(1);
  const auto reviews = rowgrad::data::load_labelled_text(data + "/reviews.tsv");
  rowgrad::text::Tokenizer words;
  words.fit_on_texts(reviews.texts);
  const auto table = nn::Embedding<float>::from_pretrained(
      rowgrad::vectors::load_text_vectors<float>(data + "/glove.reviews.100d.txt", words, {.padding_index = 0}),
      {.freeze = false});
  nn::LSTM<float> encoder(100, 64, {.batch_first = true});
  nn::Linear<float> dense(64, 2);
  std::vector<rowgrad::Tensor<float>> parameters{table.weight, dense.weight, dense.bias};
  for (const auto& parameter : encoder.parameters()) parameters.push_back(parameter);
  optim::Adam<float> adam(parameters, {.lr = 2e-3});

  const rowgrad::data::Batches batches(words.texts_to_sequences(reviews.texts), reviews.labels, {.bucket = true});
  for (int epoch = 1; epoch <= 5; ++epoch) {
    double loss_sum = 0, right = 0;
    for (const auto& [ids, labels, lengths, samples] : batches) {
      adam.zero_grad();
      const auto last = encoder(table(ids), lengths).state.h;  // (1, B, 64): after the last word of each review
      const auto scores = dense(last[0]);
      const auto loss = cross_entropy(scores, labels);
      loss.backward();
      adam.step();
      loss_sum += static_cast<double>(loss.item()) * static_cast<double>(samples.size());
      right += static_cast<double>((argmax(scores, 1) == labels).sum().item());
    }
    const auto count = static_cast<double>(batches.samples());
    std::printf("epoch %d: loss %.4f, accuracy %.4f\n", epoch, loss_sum / count, right / count);
  }
}

int main() {
  look_up_sentences();
  train_on_reviews();
}
