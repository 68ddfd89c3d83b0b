#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include <rowgrad/core/threads.hpp>
#include <rowgrad/machine/threads.hpp>

#ifdef __linux__
#include <sys/wait.h>
#include <unistd.h>
#endif

using rowgrad::Index;
using rowgrad::detail::parallel_pieces;

namespace {
// Sets the number of threads for a test.
struct Threads {
  explicit Threads(int n) : before(rowgrad::get_num_threads()) { rowgrad::set_num_threads(n); }
  ~Threads() { rowgrad::set_num_threads(before); }
  int before;
};
}  // namespace

TEST_CASE("set_num_threads: is what get_num_threads says where there is OpenMP, and at least 1") {
  const Threads three(3);
#ifdef _OPENMP
  CHECK(rowgrad::get_num_threads() == 3);
#else
  CHECK(rowgrad::get_num_threads() == 1);
#endif
  CHECK_THROWS_WITH_AS(rowgrad::set_num_threads(0), "set_num_threads: expected at least 1 thread, got 0",
                       rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::set_num_threads(-2), rowgrad::ValueError);
}

TEST_CASE("parallel_pieces: every piece once, at any number of threads and pieces") {
  for (const int threads : {1, 2, 3, 8}) {
    const Threads guard(threads);
    for (const Index pieces : {0, 1, 2, 3, 7, 100}) {
      for (const bool worthwhile : {false, true}) {
        std::vector<int> runs(static_cast<std::size_t>(pieces));
        parallel_pieces(pieces, worthwhile, [&](Index piece) { ++runs[static_cast<std::size_t>(piece)]; });
        CHECK(runs == std::vector<int>(static_cast<std::size_t>(pieces), 1));
      }
    }
  }
}

TEST_CASE("parallel_pieces: what a piece throws is thrown to the caller, after all pieces") {
  const Threads two(2);
  std::atomic<int> runs{0};
  CHECK_THROWS_WITH_AS(parallel_pieces(10, true,
                                       [&](Index piece) {
                                         ++runs;
                                         if (piece == 3 || piece == 8) throw std::runtime_error("piece");
                                       }),
                       "piece", std::runtime_error);
  CHECK(runs >= 4);
  runs = 0;
  parallel_pieces(10, true, [&](Index) { ++runs; });
  CHECK(runs == 10);
}

#ifdef __linux__
TEST_CASE("after fork(), a child that sets the number of threads to 1 can go on") {
  const Threads two(2);
  std::atomic<int> runs{0};
  const auto run = [&] { parallel_pieces(10, true, [&](Index) { ++runs; }); };
  run();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(20);  // should it hang
    rowgrad::set_num_threads(1);
    run();
    ::_exit(runs == 20 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  run();
  CHECK(runs == 20);
}
#endif

TEST_CASE("parallel_pieces: within a piece everything runs on its thread") {
  const Threads three(3);
  std::vector<int> sums(6);
  parallel_pieces(6, true, [&](Index outer) {
    parallel_pieces(50, true, [&](Index inner) { sums[static_cast<std::size_t>(outer)] += static_cast<int>(inner); });
  });
  CHECK(sums == std::vector<int>(6, 1225));
}
