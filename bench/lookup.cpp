// Embedding and EmbeddingBag forward without a graph.
#include "workloads.hpp"

namespace bench {
namespace {

void lookup_fwd(benchmark::State& state, const std::string& name) {
  rowgrad::manual_seed(0);
  const nn::Embedding<float> embedding(size(name, 'V'), size(name, 'D'));
  const Indices ids = rowgrad::randint(size(name, 'V'), {size(name, 'B'), size(name, 'T')});
  const rowgrad::no_grad guard;
  run(state, [&] { benchmark::DoNotOptimize(embedding(ids).data()); });
}

void bag_mean_fwd(benchmark::State& state, const std::string& name) {
  rowgrad::manual_seed(0);
  const nn::EmbeddingBag<float> bag(size(name, 'V'), size(name, 'D'));
  const Indices ids = rowgrad::randint(size(name, 'V'), {size(name, 'B'), size(name, 'T')});
  const rowgrad::no_grad guard;
  run(state, [&] { benchmark::DoNotOptimize(bag(ids).data()); });
}

const Registration lookup("lookup_fwd/V400k_D100_B64_T50", lookup_fwd);
const Registration bag("bag_mean_fwd/V400k_D100_B64_T50", bag_mean_fwd);

}  // namespace
}  // namespace bench
