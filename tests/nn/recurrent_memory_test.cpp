#include <doctest/doctest.h>

#include <fstream>

#ifdef __linux__
#include <unistd.h>
#endif

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/optim/adam.hpp>

#include <support/sanitizer.hpp>

using rowgrad::Index;
using rowgrad::Indices;

namespace {
// Memory of this process that is in use, in bytes; 0 where the system does not tell.
double resident_bytes() {
#ifdef __linux__
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
#else
  return 0;
#endif
}
}  // namespace

TEST_CASE("LSTM: memory is flat over 10,000 steps of training on batches of changing sizes") {
  rowgrad::manual_seed(1);
  rowgrad::nn::Embedding<float> embedding(500, 8);
  rowgrad::nn::LSTM<float> lstm(8, 8, {.num_layers = 2, .dropout = 0.5, .bidirectional = true});
  rowgrad::nn::Linear<float> output(16, 2);
  auto parameters = lstm.parameters();
  parameters.insert(parameters.end(), {embedding.weight, output.weight, output.bias});
  // Lazy, because deferred rows note every step, up to a bound: see docs/deferred_rows.md, "Memory and cost".
  rowgrad::optim::Adam<float> adam(parameters, {.lazy = true});
  const auto train = [&](Index steps) {
    for (Index step = 0; step < steps; ++step) {
      const Index batch = 1 + step % 5, longest = 4 + step % 7;
      const Indices words = rowgrad::randint(500, {longest, batch}),
                    lengths = rowgrad::randint(1, longest + 1, {batch});
      adam.zero_grad();
      const auto [steps_out, state] = lstm(embedding(words), lengths);
      cross_entropy(output(rowgrad::cat<float>({state.h[2], state.h[3]}, 1)), rowgrad::randint(2, {batch})).backward();
      adam.step();
    }
  };
  // Under a sanitizer nothing is reused, and freed memory is kept for a while: only that it runs counts there.
  if (support::under_sanitizer) return train(100);
  train(500);
  const double before = resident_bytes();
  train(9'500);
  CHECK(resident_bytes() - before < 0.3e6);
}
