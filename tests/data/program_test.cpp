#include <doctest/doctest.h>

#include <rowgrad/data/batches.hpp>
#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/extremes.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/clip.hpp>
#include <rowgrad/optim/lr_scheduler.hpp>
#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;
using rowgrad::data::Batches;

TEST_CASE("a whole training program, from its seed to its weights, gives PyTorch's numbers") {
  const golden::Case c = golden::find("data_program", "program@");
  const Indices ids = c.tensor<Index>("ids");
  std::vector<std::vector<Index>> sequences;
  for (Index i = 0; i < ids.size(0); ++i) sequences.push_back(ids[i].to_vector());
  const std::vector<Index> labels = c.tensor<Index>("labels").to_vector();

  rowgrad::manual_seed(11);
  rowgrad::nn::Embedding<float> embedding(30, 8);
  rowgrad::nn::Linear<float> hidden(8, 16), output(16, 3);
  rowgrad::nn::Dropout<float> dropout(0.3);
  const std::vector<Tensor<float>> parameters{embedding.weight, hidden.weight, hidden.bias, output.weight, output.bias};
  rowgrad::optim::Adam<float> adam(parameters, {.lr = 0.02});
  rowgrad::optim::ExponentialLR<float> schedule(adam, 0.8);
  const Batches training(sequences, labels, {.batch_size = 4}),
      evaluation(sequences, labels, {.batch_size = 8, .shuffle = false});
  const auto scores = [&](const Indices& x) { return output(dropout(relu(hidden(embedding(x).mean(1))))); };

  std::vector<float> losses;
  std::vector<Index> right;
  for (int epoch = 0; epoch < 4; ++epoch) {
    dropout.train();
    for (const auto& [x, y, lengths, samples] : training) {
      adam.zero_grad();
      const auto loss = cross_entropy(scores(x), y);
      loss.backward();
      rowgrad::optim::clip_grad_norm_(parameters, 1.0);
      adam.step();
      losses.push_back(loss.item());
    }
    dropout.eval();
    Index count = 0;
    for (const auto& [x, y, lengths, samples] : evaluation)
      count += (argmax(scores(x), 1).array() == y.array()).count();
    right.push_back(count);
    schedule.step();
  }
  const auto expected = c.tensor<float>("losses").to_vector();
  REQUIRE(losses.size() == expected.size());
  for (std::size_t i = 0; i < losses.size(); ++i) CHECK(losses[i] == doctest::Approx(expected[i]).epsilon(1e-4));
  CHECK(right == c.tensor<Index>("right").to_vector());
  const golden::Tolerance tolerance{1e-4, 2e-5};
  CHECK(golden::difference<float>(embedding.weight, c.tensor<float>("embedding"), tolerance) == "");
  CHECK(golden::difference<float>(hidden.weight, c.tensor<float>("hidden"), tolerance) == "");
  CHECK(golden::difference<float>(output.weight, c.tensor<float>("output"), tolerance) == "");
}
