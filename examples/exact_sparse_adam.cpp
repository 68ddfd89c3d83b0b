// What: dense Adam against deferred rows: the same model, trained twice.
// Why:  optim::Adam leaves the weights that dense Adam leaves, at the cost of the rows looked up; this shows both.
// See:  docs/deferred_rows.md for how; first_steps.cpp for a first program.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

namespace {

constexpr Index words = 100'000, dimension = 50, classes = 2, batch_size = 32, sentence_length = 20, steps = 300;

/// The mean of a sentence's rows decides between two classes.
struct MeanPool : nn::Module<float, MeanPool> {
  nn::Embedding<float> embedding{words, dimension};
  nn::Linear<float> output{dimension, classes};

  Tensor<float> forward(const Indices& sentences) const { return output(embedding(sentences).mean(1)); }
  void members(nn::Members<float>& m) override { m("embedding", embedding)("output", output); }
};

struct Result {
  Tensor<float> table;
  double milliseconds;  // per step
  float loss;           // of the last step
};

/// Sentences of words that are as frequent as in a text: word i has a probability proportional to 1 / (i + 1).
Indices draw_sentences(const std::vector<double>& sums, rowgrad::Generator& random) {
  Indices sentences(rowgrad::Shape{batch_size, sentence_length});
  for (Index& word : sentences.array())
    word = std::lower_bound(sums.begin(), sums.end() - 1, random.uniform<double>() * sums.back()) - sums.begin();
  return sentences;
}

Result train(bool dense_gradient) {
  rowgrad::manual_seed(1);
  MeanPool model;
  optim::Adam<float> adam(model.parameters(), {.lr = 1e-2});
  rowgrad::Generator random(2);
  std::vector<double> sums;
  for (Index i = 0; i < words; ++i) sums.push_back((i > 0 ? sums.back() : 0) + 1 / static_cast<double>(i + 1));

  using Clock = std::chrono::steady_clock;
  Clock::duration time{};
  float last_loss = 0;
  for (Index step = 0; step < steps; ++step) {
    const Indices sentences = draw_sentences(sums, random);
    Indices labels(rowgrad::Shape{batch_size});  // whether most words are odd: something to learn
    for (Index i = 0; i < batch_size; ++i) {
      const Index* first = sentences.data() + i * sentence_length;
      labels.data()[i] =
          std::count_if(first, first + sentence_length, [](Index w) { return w % 2 == 1; }) * 2 > sentence_length;
    }

    const auto start = Clock::now();
    adam.zero_grad();
    // A library without row-sparse gradients does this: the gradient is as large as the table.
    if (dense_gradient) model.embedding.weight.grad().add(rowgrad::zeros<float>({words, dimension}));
    const auto loss = cross_entropy(model(sentences), labels);
    loss.backward();
    adam.step();
    time += Clock::now() - start;
    last_loss = loss.item();
  }
  const auto start = Clock::now();
  model.embedding.weight.settle();  // brings every row up to date, as reading the table would
  time += Clock::now() - start;
  return {model.embedding.weight, std::chrono::duration<double, std::milli>(time).count() / steps, last_loss};
}

}  // namespace

int main() {
  std::printf("A table of %lld words x %lld numbers, %lld steps of Adam on %lld words each, trained twice.\n\n",
              static_cast<long long>(words), static_cast<long long>(dimension), static_cast<long long>(steps),
              static_cast<long long>(batch_size * sentence_length));
  const Result dense = train(true), deferred = train(false);
  std::printf("                   loss of the last step     time per step\n");
  const auto print = [](const char* name, const Result& result) {
    std::printf("%-18s %21.5f   %12.3f ms\n", name, static_cast<double>(result.loss), result.milliseconds);
  };
  print("dense gradients", dense);
  print("deferred rows", deferred);

  const double largest = dense.table.array().abs().maxCoeff(),
               difference = (dense.table.array() - deferred.table.array()).abs().maxCoeff();
  std::printf("\nThe weights differ by at most %.1e; the largest of them is %.1f.\n", difference, largest);
  std::printf("A step is %.0f times as fast.\n", dense.milliseconds / deferred.milliseconds);
  return difference <= 1e-5 * largest ? 0 : 1;
}
