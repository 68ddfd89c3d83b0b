// One training step of a bag of rows and its optimizer, which FBGEMM makes in one: see peers/fbgemm.py.
#include "workloads.hpp"

namespace bench {
namespace {

template <typename Optimizer>
void bag_step(benchmark::State& state, const std::string& name) {
  rowgrad::manual_seed(0);
  const Index rows = size(name, 'V'), columns = size(name, 'D'), bags = size(name, 'B');
  const nn::EmbeddingBag<float> bag(rows, columns, {.mode = rowgrad::BagMode::sum});
  Optimizer optimizer(bag.parameters(), {.lr = 1e-3});
  const Indices ids = rowgrad::randint(rows, {bags, size(name, 'T')});
  const Tensor gradient = rowgrad::randn({bags, columns});
  run(state, [&] {
    optimizer.zero_grad();
    bag(ids).backward(gradient);
    optimizer.step();
  });
}

const Registration sgd("bag_step_sgd/V400k_D100_B1024_T50", bag_step<optim::SGD<float>>);
const Registration adagrad("bag_step_adagrad/V400k_D100_B1024_T50", bag_step<optim::Adagrad<float>>);
const Registration rowwise("bag_step_rowwise_adagrad/V400k_D100_B1024_T50", bag_step<optim::RowwiseAdagrad<float>>);

}  // namespace
}  // namespace bench
