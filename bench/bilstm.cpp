// A classifier with a bidirectional LSTM: its training step, its inference, and the floor of both: the matrix products
// they cannot do without, by Eigen alone.
#include "workloads.hpp"

namespace bench {
namespace {

constexpr Index padding = 1;

struct BiLstm : nn::Module<float> {
  nn::Embedding<float> embedding;
  nn::Dropout<float> dropout;
  nn::LSTM<float> lstm;
  nn::Linear<float> fc;

  BiLstm(Index vocabulary, Index dimension, Index hidden, Index layers, double p)
      : embedding(vocabulary, dimension, {.padding_idx = padding}),
        dropout(p),
        lstm(dimension, hidden, {.num_layers = layers, .dropout = p, .bidirectional = true}),
        fc(2 * hidden, 2) {}

  Tensor forward(const Indices& text, const Indices& lengths = {}) const {
    const Tensor x = dropout(embedding(text));
    const auto [output, state] = lengths.defined() ? lstm(x, lengths) : lstm(x);
    const Index last = state.h.shape()[0];
    return fc(dropout(rowgrad::cat<float>({select(state.h, 0, last - 2), select(state.h, 0, last - 1)}, 1)));
  }
  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("dropout", dropout)("lstm", lstm)("fc", fc);
  }
};

struct Task {
  BiLstm model;
  Indices text, labels;

  explicit Task(const std::string& name)
      : model((rowgrad::manual_seed(0), size(name, 'V')), size(name, 'D'), size(name, 'H'), size(name, 'L'),
              size(name, 'L') > 1 ? 0.5 : 0.0),
        text(rowgrad::randint(size(name, 'V'), {size(name, 'T'), size(name, 'B')})),
        labels(rowgrad::randint(2, {size(name, 'B')})) {}
};

void bilstm_step_adam(benchmark::State& state, const std::string& name) {
  Task task(name);
  optim::Adam<float> adam(task.model.parameters());
  run(state, [&] {
    adam.zero_grad();
    cross_entropy(task.model.forward(task.text), task.labels).backward();
    adam.step();
  });
}

// The same with lengths from 5 to T, uniform.
void bilstm_step_lengths(benchmark::State& state, const std::string& name) {
  Task task(name);
  const Indices lengths = rowgrad::randint(5, size(name, 'T') + 1, {size(name, 'B')});
  optim::Adam<float> adam(task.model.parameters());
  run(state, [&] {
    adam.zero_grad();
    cross_entropy(task.model.forward(task.text, lengths), task.labels).backward();
    adam.step();
  });
}

void bilstm_infer(benchmark::State& state, const std::string& name) {
  Task task(name);
  task.model.eval();
  const rowgrad::inference_mode guard;
  run(state, [&] { benchmark::DoNotOptimize(task.model.forward(task.text).data()); });
}

// For each layer and direction: the inputs of all steps at once, the state a step (it is zero before the first), and in
// training the gradients of both and of the weights.
void gemm_floor(benchmark::State& state, const std::string& name) {
  using Matrix = rowgrad::Matrix<float>;
  const bool training = name.find("step") != std::string::npos;
  const Index batch = size(name, 'B'), steps = size(name, 'T'), hidden = size(name, 'H'), rows = batch * steps;
  const auto random = [](Index r, Index c) -> Matrix { return Matrix::Random(r, c); };
  const Matrix w_hh = random(4 * hidden, hidden), states = random(rows, hidden), dgates = random(rows, 4 * hidden);
  Matrix gates(rows, 4 * hidden), dw_hh(4 * hidden, hidden), step_gates(batch, 4 * hidden), dh(batch, hidden);
  const auto layer = [&](const Matrix& x, const Matrix& w_ih, Matrix& dx, Matrix& dw_ih) {
    for (int direction = 0; direction < 2; ++direction) {
      gates.noalias() = x * w_ih.transpose();
      for (Index t = 1; t < steps; ++t) step_gates.noalias() = states.middleRows(t * batch, batch) * w_hh.transpose();
      if (!training) continue;
      for (Index t = 1; t < steps; ++t) dh.noalias() = dgates.middleRows(t * batch, batch) * w_hh;
      dw_ih.noalias() = dgates.transpose() * x;
      dw_hh.noalias() = dgates.bottomRows(rows - batch).transpose() * states.topRows(rows - batch);
      dx.noalias() = dgates * w_ih;
    }
  };
  const Index dimension = size(name, 'D');
  const Matrix x0 = random(rows, dimension), w0 = random(4 * hidden, dimension);
  const Matrix x1 = random(rows, 2 * hidden), w1 = random(4 * hidden, 2 * hidden);
  Matrix dx0(rows, dimension), dw0(4 * hidden, dimension), dx1(rows, 2 * hidden), dw1(4 * hidden, 2 * hidden);
  run(
      state,
      [&] {
        layer(x0, w0, dx0, dw0);
        for (Index i = 1; i < size(name, 'L'); ++i) layer(x1, w1, dx1, dw1);
        benchmark::DoNotOptimize(step_gates.data());
        benchmark::DoNotOptimize(dw_hh.data());
      },
      1);
}

const Registration large[] = {
    {"bilstm_step_adam/V25k_D300_H256_L2_B8_T50", bilstm_step_adam},
    {"gemm_floor/bilstm_step_adam/V25k_D300_H256_L2_B8_T50", gemm_floor},
    {"bilstm_step_adam/V25k_D300_H256_L2_B64_T50", bilstm_step_adam},
    {"gemm_floor/bilstm_step_adam/V25k_D300_H256_L2_B64_T50", gemm_floor},
    {"bilstm_step_lengths/V25k_D300_H256_L2_B64_T50", bilstm_step_lengths},
};
const Registration small[] = {
    {"bilstm_step_adam/V5k_D100_H128_L1_B32_T25", bilstm_step_adam},
    {"gemm_floor/bilstm_step_adam/V5k_D100_H128_L1_B32_T25", gemm_floor},
};
const Registration inference[] = {
    {"bilstm_infer/V25k_D300_H256_L2_B8_T50", bilstm_infer},
    {"gemm_floor/bilstm_infer/V25k_D300_H256_L2_B8_T50", gemm_floor},
    {"bilstm_infer/V25k_D300_H256_L2_B64_T50", bilstm_infer},
    {"gemm_floor/bilstm_infer/V25k_D300_H256_L2_B64_T50", gemm_floor},
};

}  // namespace
}  // namespace bench
