// A run that does nothing but save, for scripts/kill_saves.sh to kill.
//     kill_saves save FILE [KEEP]     goes on from FILE and saves as fast as it can, forever
//     kill_saves check FILE [KEEP]    prints how many saves FILE has seen; fails if it is damaged or not all of one
//     save
// Every number in a file is that of its save: a mixture of two saves would show.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/train.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;

int main(int argc, char** argv) try {
  if (argc < 3) return 2;
  nn::Embedding<float> first(3000, 32), last(500, 7);
  Index count = 0;
  rowgrad::train::Checkpoint checkpoint(argv[2]);
  checkpoint.add("first", first).add("count", count).add("last", last);
  if (argc > 3) checkpoint.keep_last(std::atoi(argv[3]));
  const bool resumed = checkpoint.resume();
  for (const auto& weight : {first.weight, last.weight})
    if (resumed && (weight.array() != static_cast<float>(count)).any()) {
      std::fprintf(stderr, "%s holds two saves at once\n", argv[2]);
      return 1;
    }
  if (std::string_view(argv[1]) == "check") {
    std::printf("%lld\n", static_cast<long long>(count));
    return 0;
  }
  for (;;) {
    ++count;
    first.weight.array().setConstant(static_cast<float>(count));
    last.weight.array().setConstant(static_cast<float>(count));
    checkpoint.save();
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
