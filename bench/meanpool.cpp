// One training step of the mean-pooling classifier.
#include "workloads.hpp"

namespace bench {
namespace {

struct MeanPool : nn::Module<float> {
  nn::EmbeddingBag<float> embedding;  // the mean of the rows looked up
  nn::Linear<float> fc, output;

  MeanPool(Index vocabulary, Index dimension) : embedding(vocabulary, dimension), fc(dimension, 256), output(256, 2) {}
  Tensor forward(const Indices& text) const { return output(relu(fc(embedding(text)))); }
  void members(nn::Members<float>& m) override { m("embedding", embedding)("fc", fc)("output", output); }
};

struct Task {
  MeanPool model;
  Indices ids, labels;

  explicit Task(const std::string& name)
      : model((rowgrad::manual_seed(0), size(name, 'V')), size(name, 'D')),
        ids(rowgrad::randint(size(name, 'V'), {size(name, 'B'), size(name, 'T')})),
        labels(rowgrad::randint(2, {size(name, 'B')})) {}

  std::vector<Tensor> head() const {
    std::vector<Tensor> parameters = model.fc.parameters();
    for (const Tensor& parameter : model.output.parameters()) parameters.push_back(parameter);
    return parameters;
  }

  template <typename... Optimizers>
  void step(Optimizers&... optimizers) {
    (optimizers.zero_grad(), ...);
    cross_entropy(model.forward(ids), labels).backward();
    (optimizers.step(), ...);
  }
};

constexpr int warm_up = 2000;  // steps of Adam before the clock starts: history has gathered by then

void meanpool_step_sparse(benchmark::State& state, const std::string& name) {
  Task task(name);
  optim::SparseAdam<float> sparse(task.model.embedding.parameters());
  optim::Adam<float> adam(task.head());
  run(state, [&] { task.step(sparse, adam); });
}

void meanpool_step_adam(benchmark::State& state, const std::string& name) {
  Task task(name);
  optim::Adam<float> adam(task.model.parameters());
  run(
      state, [&] { task.step(adam); }, warm_up);
}

// New ids every step, so that rows come back after a rest.
template <typename... Optimizers>
void run_fresh(benchmark::State& state, const std::string& name, Task& task, Optimizers&... optimizers) {
  const Index rows = size(name, 'V');
  run(
      state,
      [&] {
        for (Index i = 0; i < task.ids.numel(); ++i) task.ids.data()[i] = rowgrad::default_generator().below(rows);
        task.step(optimizers...);
      },
      warm_up);
}

void meanpool_step_adam_fresh(benchmark::State& state, const std::string& name) {
  Task task(name);
  optim::Adam<float> adam(task.model.parameters());
  run_fresh(state, name, task, adam);
}

void meanpool_step_sparse_fresh(benchmark::State& state, const std::string& name) {
  Task task(name);
  optim::SparseAdam<float> sparse(task.model.embedding.parameters());
  optim::Adam<float> adam(task.head());
  run_fresh(state, name, task, sparse, adam);
}

const Registration sparse_large("meanpool_step_sparse/V400k_D100_B64_T50", meanpool_step_sparse);
const Registration sparse_small("meanpool_step_sparse/V10k_D100_B16_T20", meanpool_step_sparse);
const Registration adam_large("meanpool_step_adam/V400k_D100_B64_T50", meanpool_step_adam);
const Registration adam_small("meanpool_step_adam/V10k_D100_B16_T20", meanpool_step_adam);
const Registration growth[] = {
    {"meanpool_step_adam/V10k_D100_B64_T50", meanpool_step_adam},
    {"meanpool_step_adam/V100k_D100_B64_T50", meanpool_step_adam},
    {"meanpool_step_adam/V1M_D100_B64_T50", meanpool_step_adam},
    {"meanpool_step_adam/V10M_D100_B64_T50", meanpool_step_adam},
};
const Registration fresh[] = {
    {"meanpool_step_adam_fresh/V10k_D100_B64_T50", meanpool_step_adam_fresh},
    {"meanpool_step_adam_fresh/V100k_D100_B64_T50", meanpool_step_adam_fresh},
    {"meanpool_step_adam_fresh/V400k_D100_B64_T50", meanpool_step_adam_fresh},
    {"meanpool_step_sparse_fresh/V400k_D100_B64_T50", meanpool_step_sparse_fresh},
    {"meanpool_step_adam_fresh/V1M_D100_B64_T50", meanpool_step_adam_fresh},
    {"meanpool_step_adam_fresh/V10M_D100_B64_T50", meanpool_step_adam_fresh},
};

}  // namespace
}  // namespace bench
