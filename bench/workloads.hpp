// What: the models that the workloads train, and how a workload is registered under its name.
// Why:  one name means one workload here, in peers/ and in the README; its parameters are read from the name.
// See:  docs/benchmarks.md for the list.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include <rowgrad/rowgrad.hpp>

namespace bench {

using rowgrad::Index;
using rowgrad::Indices;
using Tensor = rowgrad::Tensor<float>;
namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;

/// The number after a letter in a workload's name: size("V400k_D100", 'V') is 400,000.
inline Index size(const std::string& name, char letter) {
  std::size_t at = name.find(std::string("/") + letter);
  if (at == std::string::npos) at = name.find(std::string("_") + letter);
  if (at == std::string::npos) return 0;
  char* end = nullptr;
  const Index number = std::strtoll(name.c_str() + at + 2, &end, 10);
  return *end == 'k' ? number * 1000 : *end == 'M' ? number * 1000000 : number;
}

/// Runs `step` under the benchmark's clock, after a warm-up.
template <typename Step>
void run(benchmark::State& state, const Step& step, int warm_up = 3) {
  for (int i = 0; i < warm_up; ++i) step();
  for (auto _ : state) step();
}

struct Registration {
  Registration(const char* name, void (*body)(benchmark::State&, const std::string&)) {
    benchmark::RegisterBenchmark(name, [body, name](benchmark::State& state) { body(state, name); })
        ->MeasureProcessCPUTime()
        ->UseRealTime();
  }
};

}  // namespace bench
