// What: a training run with everything in it that a checkpoint can hold, to be stopped and resumed at any step.
// Why:  the tests of checkpoints compare its bits with those of a run that was never stopped.
// See:  checkpoint_test.cpp, resume_test.cpp; scripts/kill_saves.sh, whose program trains it, too.
#pragma once

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/optim/adadelta.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/adamax.hpp>
#include <rowgrad/optim/nadam.hpp>
#include <rowgrad/optim/radam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/rowwise_adagrad.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <rowgrad/train.hpp>

namespace run {

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

struct Classifier : nn::Module<float, Classifier> {
  nn::Embedding<float> embedding{40, 5, {.padding_idx = 0}};
  nn::LSTM<float> lstm{5, 4, {.num_layers = 2, .dropout = 0.3, .bidirectional = true}};
  nn::Dropout<float> dropout{0.4};
  nn::Linear<float> fc{8, 2};
  nn::Buffer<Index> seen{rowgrad::Tensor<Index>{0}};

  Tensor<float> forward(const Indices& text) const { return fc(dropout(lstm(embedding(text)).output.mean(1))); }
  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("lstm", lstm)("dropout", dropout)("fc", fc)("seen", seen);
  }
};

inline rowgrad::data::Batches batches(rowgrad::Generator* generator = nullptr) {
  std::vector<std::vector<Index>> texts;
  std::vector<Index> labels;
  for (Index i = 0; i < 23; ++i) {
    texts.emplace_back();
    for (Index k = 0; k < 2 + i % 4; ++k) texts.back().push_back(1 + (i * 7 + k * k * 5) % 39);
    labels.push_back(i % 3 == 0);
  }
  const rowgrad::data::BatchOptions options{.batch_size = 4};
  return generator == nullptr ? rowgrad::data::Batches(texts, labels, options)
                              : rowgrad::data::Batches(texts, labels, options, *generator);
}

/// The table has one optimizer, the rest another, of the same kind or SGD where it takes row-sparse gradients alone.
template <typename Optimizer>
struct Run {
  Classifier model;
  Optimizer optimizer;
  optim::SGD<float> rest;
  optim::StepLR<float> schedule{optimizer, 2, 0.5};
  optim::ReduceLROnPlateau<float> plateau{rest, {.factor = 0.5, .patience = 0}};
  rowgrad::Generator order{5};
  rowgrad::data::Batches data;
  Index epoch = 0;
  int step = 0;
  std::vector<double> losses;
  rowgrad::train::Checkpoint checkpoint;

  Run(const std::string& path, std::uint64_t seed, const typename Optimizer::Options& options, bool own_order)
      : model((rowgrad::manual_seed(seed), Classifier())),
        optimizer(first(), options),
        rest(others(), {.lr = 0.1, .momentum = 0.9}),
        data(batches(own_order ? &order : nullptr)),
        checkpoint(path) {
    checkpoint.add("model", model).add("optimizer", optimizer).add("rest", rest).add("schedule", schedule);
    checkpoint.add("plateau", plateau).add("order", order).add("data", data);
    checkpoint.add("epoch", epoch).add("step", step).add("losses", losses);
  }

  /// Trains to the end, or to a step; saves after step save_at.
  void train(int stop_at, int save_at) {
    while (epoch < 3) {
      for (auto& [ids, labels, lengths, samples] : data) {
        optimizer.zero_grad();
        rest.zero_grad();
        const auto loss = cross_entropy(model(ids), labels);
        loss.backward();
        optimizer.step();
        rest.step();
        model.seen.data()[0] += ids.shape()[0];
        losses.push_back(loss.item());
        ++step;
        if (step == save_at) checkpoint.save();
        if (step == stop_at) return;
      }
      schedule.step();
      plateau.step(losses.back());
      ++epoch;
    }
  }

  /// All bits that the run has come to.
  std::string bits() {
    std::string text;
    const auto add = [&text](const void* values, std::size_t size) {
      text.append(static_cast<const char*>(values), size);
    };
    for (const auto& [name, tensor] : model.state_dict())
      add(tensor.data(), static_cast<std::size_t>(tensor.shape().numel()) * tensor.scalar_size());
    for (const auto& entry : optimizer.state_dict().parameters)
      for (const auto& slot : entry.slots) add(slot.data(), static_cast<std::size_t>(slot.numel()) * sizeof(float));
    for (const auto& entry : rest.state_dict().parameters)
      for (const auto& slot : entry.slots) add(slot.data(), static_cast<std::size_t>(slot.numel()) * sizeof(float));
    const double rates[] = {optimizer.lr(), rest.lr()};
    add(rates, sizeof rates);
    add(losses.data(), losses.size() * sizeof(double));
    const auto generator = rowgrad::default_generator().get_state(), its_order = order.get_state();
    add(generator.data(), generator.size());
    add(its_order.data(), its_order.size());
    return text;
  }

 private:
  static constexpr bool rows_only = std::is_same_v<Optimizer, optim::SparseAdam<float>>;
  std::vector<Tensor<float>> first() const {
    auto all = model.parameters();
    if (rows_only) return {model.embedding.weight};
    all.resize(all.size() - 1);
    return all;
  }
  std::vector<Tensor<float>> others() const {
    const auto all = model.parameters();
    if (rows_only) return {all.begin() + 1, all.end()};
    return {all.back()};
  }
};

}  // namespace run
