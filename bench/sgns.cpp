// One training step of skip-gram with negative sampling over two tables.
#include "workloads.hpp"

namespace bench {
namespace {

struct SkipGram : nn::Module<float> {
  nn::Embedding<float> centres, contexts;

  SkipGram(Index vocabulary, Index dimension) : centres(vocabulary, dimension), contexts(vocabulary, dimension) {}
  // context: the true one first, then the negatives; sign: +1 for the true one, -1 for the others
  Tensor forward(const Indices& centre, const Indices& context, const Tensor& sign) const {
    const Tensor scores = bmm(contexts(context), centres(centre).unsqueeze(2)).squeeze(2);
    return -logsigmoid(sign * scores).sum(1).mean();
  }
  void members(nn::Members<float>& m) override { m("centres", centres)("contexts", contexts); }
};

template <typename Optimizer>
void sgns_step(benchmark::State& state, const std::string& name) {
  rowgrad::manual_seed(0);
  const Index rows = size(name, 'V'), pairs = size(name, 'B'), negatives = size(name, 'N');
  SkipGram model(rows, size(name, 'D'));
  Optimizer optimizer(model.parameters(), {.lr = 1e-3});
  const Indices centre = rowgrad::randint(rows, {pairs}), context = rowgrad::randint(rows, {pairs, 1 + negatives});
  Tensor sign = rowgrad::full<float>({1 + negatives}, -1);
  sign.data()[0] = 1;
  run(state, [&] {
    optimizer.zero_grad();
    model.forward(centre, context, sign).backward();
    optimizer.step();
  });
}

const Registration adam("sgns_step_adam/V100k_D100_B1024_N5", sgns_step<optim::Adam<float>>);
const Registration sparse_adam("sgns_step_sparse/V100k_D100_B1024_N5", sgns_step<optim::SparseAdam<float>>);
const Registration sgd("sgns_step_sgd/V100k_D100_B1024_N5", sgns_step<optim::SGD<float>>);

}  // namespace
}  // namespace bench
