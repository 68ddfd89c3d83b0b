// What: times of opening, reading and writing a safetensors file, beside what the machine can do at best.
// Why:  a saved table should cost what its bytes cost: nothing to open, a copy to read, the disk to write.
// See:  ../weights.sh, which runs it beside dd and Python's safetensors; docs/benchmarks.md, "Weights".
//
//   weights make FILE MEGABYTES      writes a table "table" (V, 128) of floats
//   weights open FILE                opens it and looks up 100 rows: milliseconds, and growth of resident memory
//   weights map FILE                 opens it, with the table a view of it: seconds
//   weights copy FILE                maps it and copies its bytes to memory of the program's own: seconds
//   weights read FILE                opens it and reads the table: seconds
//   weights write FROM FILE          reads a table, then saves it, flushed: seconds of saving
#include <rowgrad/io.hpp>
#include <rowgrad/rowgrad.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Resident memory in MB: of the program's own ("RssAnon:"), or the page cache's, shared with it ("RssFile:").
double resident(const std::string& kind) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (double kilobytes = 0; word == kind && status >> kilobytes) return kilobytes / 1e3;
  return 0;
}

int run(int argc, char** argv) {
  const std::string command = argc > 2 ? argv[1] : "", path = argc > 2 ? argv[2] : "";
  if (command == "make" && argc == 4) {
    const rowgrad::Index rows = std::stol(argv[3]) * 1'000'000 / 512;
    rowgrad::io::save_safetensors(path, {{"table", rowgrad::randn<float>({rows, 128})}});
  } else if (command == "open") {
    const double own = resident("RssAnon:"), shared = resident("RssFile:");
    const auto start = Clock::now();
    const auto file = rowgrad::io::open_safetensors(path);
    const rowgrad::Tensor<float> table = file.view<float>("table");
    rowgrad::Indices ids(rowgrad::Shape{100});
    const rowgrad::Index rows = table.shape()[0];
    for (rowgrad::Index i = 0; i < 100; ++i) ids.data()[i] = i * 7919 * 104729 % rows;
    const rowgrad::no_grad guard;
    const double sum = rowgrad::embedding(ids, table).sum().item();
    const double time = 1e3 * seconds_since(start);
    std::printf("%.3f ms, %.2f MB of memory, %.2f MB of the page cache mapped (sum %.3f)\n", time,
                resident("RssAnon:") - own, resident("RssFile:") - shared, sum);
  } else if (command == "copy") {
    const auto start = Clock::now();
    const rowgrad::io::MappedFile file("copy", path, rowgrad::io::Access::private_copy);
    const std::unique_ptr<char[]> copy(new char[file.size()]);
    std::memcpy(copy.get(), file.data(), file.size());
    const double time = seconds_since(start);
    std::printf("%.6f\n", copy[file.size() / 2] == 1 ? time + 1e-9 : time);  // so that the copy is made
  } else if (command == "map") {
    const auto start = Clock::now();
    const rowgrad::Tensor<float> table = rowgrad::io::open_safetensors(path).view<float>("table");
    const double time = seconds_since(start);
    std::printf("%.6f\n", table.data()[table.numel() / 2] == 1 ? time + 1e-9 : time);
  } else if (command == "read") {
    const auto start = Clock::now();
    const rowgrad::Tensor<float> table = rowgrad::io::open_safetensors(path).read<float>("table");
    const double time = seconds_since(start);
    std::printf("%.6f\n", table.data()[table.numel() / 2] == 1 ? time + 1e-9 : time);
  } else if (command == "write" && argc == 4) {
    const rowgrad::Tensor<float> table = rowgrad::io::open_safetensors(path).read<float>("table");
    const auto start = Clock::now();
    rowgrad::io::save_safetensors(argv[3], {{"table", table}});
    std::printf("%.6f\n", seconds_since(start));
  } else {
    std::fprintf(stderr, "usage: weights make|open|copy|read|write FILE ...; see weights.cpp\n");
    return 2;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const rowgrad::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
