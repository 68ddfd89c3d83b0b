// A program whose pieces were compiled for several instruction sets: each must compute what a program does that was
// compiled for one. PIECES lists them. With --write the numbers go into a file, otherwise they are compared with it.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#define PIECE(name) std::vector<double> name();
PIECES
#undef PIECE

namespace {
bool same(const char* piece, const std::vector<double>& values, const std::vector<double>& expected) {
  if (values.size() != expected.size()) {
    std::printf("%s: %zu numbers instead of %zu\n", piece, values.size(), expected.size());
    return false;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i] - expected[i]) <= 1e-4 * (1 + std::abs(expected[i]))) continue;
    std::printf("%s: number %zu is %.9g instead of %.9g\n", piece, i, values[i], expected[i]);
    return false;
  }
  return true;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--write") == 0) {
    std::ofstream file(argv[2]);
    file.precision(17);
#define PIECE(name) \
  for (const double value : name()) file << value << '\n';
    PIECES
#undef PIECE
    return file.flush() ? 0 : 1;
  }
  std::ifstream file(argc == 2 ? argv[1] : "");
  const std::vector<double> expected{std::istream_iterator<double>(file), {}};
  bool good = !expected.empty();
  if (!good) std::puts("usage: isa_main [--write] FILE");
#define PIECE(name) good = same(#name, name(), expected) && good;
  PIECES
#undef PIECE
  return good ? 0 : 1;
}
