// A program whose files were compiled for several instruction sets. Each must compute what a program does that was
// compiled for one: the linker keeps one of several definitions with the same name, whoever needs which. MULTIPLIES and
// PIECE are the functions of two files. With --write their numbers go into a file, otherwise they are compared with it.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

std::vector<double> MULTIPLIES();
std::vector<double> PIECE();

namespace {
bool same(const std::vector<double>& values, const std::vector<double>& expected) {
  if (values.size() != expected.size()) {
    std::printf("%zu numbers instead of %zu\n", values.size(), expected.size());
    return false;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i] - expected[i]) <= 1e-4 * (1 + std::abs(expected[i]))) continue;
    std::printf("number %zu is %.9g instead of %.9g\n", i, values[i], expected[i]);
    return false;
  }
  return true;
}
}  // namespace

int main(int argc, char** argv) {
  std::vector<double> values = MULTIPLIES();
  const std::vector<double> more = PIECE();
  values.insert(values.end(), more.begin(), more.end());
  if (argc == 3 && std::strcmp(argv[1], "--write") == 0) {
    std::ofstream file(argv[2]);
    file.precision(17);
    for (const double value : values) file << value << '\n';
    return file.flush() ? 0 : 1;
  }
  std::ifstream file(argc == 2 ? argv[1] : "");
  const std::vector<double> expected{std::istream_iterator<double>(file), {}};
  if (expected.empty()) std::puts("usage: isa_main [--write] FILE");
  return !expected.empty() && same(values, expected) ? 0 : 1;
}
