// rowgrad_bench: the standard workloads. Threads come from ROWGRAD_NUM_THREADS (1 unless set).
#include "workloads.hpp"

int main(int argc, char** argv) {
  const char* threads = std::getenv("ROWGRAD_NUM_THREADS");
  rowgrad::set_num_threads(threads == nullptr ? 1 : std::atoi(threads));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
