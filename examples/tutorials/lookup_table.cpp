// What: a lookup table of 10 words, cell by cell: ids, the table, one row, a batch of rows.
// Why:  a well-known notebook on nn.Embedding, with what it prints.
// See:  train_embedding.cpp, where such a table learns; ../first_steps.cpp.
#include <iostream>
#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

constexpr Index vocabulary_size = 10, embedding_dim = 4, batch_size = 5, sequence_length = 3;

/// The cells after the draws.
void look_up(const Indices& sequence, const nn::Embedding<float>& embedding) {
  std::cout << sequence << "\n\n" << embedding.weight << "\n\n";
  const rowgrad::inference_mode guard;  // nothing is recorded: no grad_fn
  std::cout << embedding(0) << "\n\n" << embedding(sequence) << '\n';
}

int main() {
  // The notebook's draws. It sets no seed; with one, PyTorch draws these same numbers.
  rowgrad::manual_seed(0);
  const Indices drawn = rowgrad::randint(0, vocabulary_size, {batch_size, sequence_length});
  std::cout << "Drawn after manual_seed(0)\n\n";
  look_up(drawn, nn::Embedding<float>(vocabulary_size, embedding_dim));

  // The numbers that the notebook drew, so that the lookups are the ones that it shows.
  const Indices sequence{{0, 6, 7}, {3, 2, 2}, {2, 5, 2}, {0, 8, 3}, {4, 6, 3}};
  const Tensor<double> weight{{1.4610, -0.8082, -0.7816, -0.3135}, {0.1052, -0.0626, -0.7115, -1.1456},
                              {-0.3115, 1.5333, 0.6740, -1.8035},  {-0.1831, -2.3549, 1.2970, -0.4006},
                              {1.8532, 0.2546, 0.4889, 0.4106},    {1.0876, 1.1219, -0.5330, 0.1026},
                              {-0.4453, -0.8550, -0.0360, 2.3146}, {0.7443, -0.3514, 0.6963, -0.9283},
                              {-1.3944, 0.0908, 0.6961, 1.0211},   {-0.2815, 2.1397, -2.8740, -0.4085}};
  std::cout << "\nThe notebook's own numbers\n\n";
  look_up(sequence, nn::Embedding<float>::from_pretrained(weight.to<float>(), {.freeze = false}));
}
