#include <doctest/doctest.h>

#include <algorithm>

#include <rowgrad/core/factory.hpp>

#include <support/golden.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {
const std::vector<golden::Case>& cases() {
  static const std::vector<golden::Case> all = golden::read("core_random");
  return all;
}
const golden::Case& find(const std::string& op) {
  for (const golden::Case& c : cases())
    if (c.op() == op) return c;
  throw std::runtime_error("no case " + op);
}

// PyTorch's vectorised logarithm, sine and cosine differ from the standard library's in the last bits.
constexpr golden::Tolerance normals_float{2e-6, 1e-6}, normals_double{1e-14, 1e-14};

template <typename T>
Tensor<T> ends(const Tensor<T>& x, Index n = 8) {
  Tensor<T> result(Shape{2 * n});
  std::copy_n(x.data(), n, result.data());
  std::copy_n(x.data() + x.numel() - n, n, result.data() + n);
  return result;
}

template <typename T>
std::string difference(const std::string& op, const std::string& draw, const Tensor<T>& got,
                       golden::Tolerance tolerance = {0, 0}) {
  return golden::difference(got, find(op).tensor<T>(draw), tolerance);
}
}  // namespace

TEST_CASE("randn: PyTorch's stream, below and from 16 values on") {
  for (const Index n : {1, 2, 3, 15, 16, 17, 31, 32, 40}) {
    CAPTURE(n);
    rowgrad::manual_seed(static_cast<std::uint64_t>(n));
    CHECK(difference("randn_float_" + std::to_string(n), "d0", rowgrad::randn({n}), normals_float) == "");
    rowgrad::manual_seed(static_cast<std::uint64_t>(n));
    CHECK(difference("randn_double_" + std::to_string(n), "d0", rowgrad::randn<double>({n}), normals_double) == "");
  }
  rowgrad::manual_seed(7);
  CHECK(difference("randn_float_10000", "d0", ends(rowgrad::randn({100, 100})), normals_float) == "");
  rowgrad::manual_seed(7);
  CHECK(difference("randn_double_10000", "d0", ends(rowgrad::randn<double>({10'000})), normals_double) == "");
}

TEST_CASE("rand: PyTorch's stream, to the bit") {
  rowgrad::manual_seed(3);
  CHECK(difference("rand_float_10", "d0", rowgrad::rand({10})) == "");
  rowgrad::manual_seed(3);
  CHECK(difference("rand_double_10", "d0", rowgrad::rand<double>({10})) == "");
  rowgrad::manual_seed(4);
  CHECK(difference("rand_float_10000", "d0", ends(rowgrad::rand({10'000}))) == "");
  rowgrad::manual_seed(4);
  CHECK(difference("rand_double_10000", "d0", ends(rowgrad::rand<double>({10'000}))) == "");
}

TEST_CASE("randint: PyTorch's integers for every size of range") {
  const std::pair<Index, Index> ranges[] = {{0, 2},
                                            {0, 10},
                                            {-5, 5},
                                            {0, 1000003},
                                            {0, (1 << 28) - 1},
                                            {0, 1 << 28},
                                            {0, Index{1} << 32},
                                            {-(Index{1} << 40), Index{1} << 50}};
  for (const auto& range : ranges) {
    const Index low = range.first, high = range.second;
    CAPTURE(high);
    rowgrad::manual_seed(99);
    const std::string op = "randint_" + std::to_string(low) + "_" + std::to_string(high);
    CHECK(difference(op, "d0", rowgrad::randint(low, high, {12})) == "");
    if (low == 0) {
      rowgrad::manual_seed(99);
      CHECK(difference(op, "d0", rowgrad::randint(high, {12})) == "");
    }
  }
  CHECK_THROWS_WITH_AS(rowgrad::randint(3, 3, {1}), "randint: expected low < high, got low 3 and high 3",
                       rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::randint(0, {1}), rowgrad::ValueError);
}

TEST_CASE("randperm: PyTorch's order") {
  for (const Index n : {0, 1, 2, 10, 50}) {
    CAPTURE(n);
    rowgrad::manual_seed(5);
    CHECK(difference("randperm_" + std::to_string(n), "d0", rowgrad::randperm(n)) == "");
  }
  rowgrad::manual_seed(6);
  const Indices order = rowgrad::randperm(3000);
  CHECK(difference("randperm_3000", "d0", ends(order)) == "");
  std::vector<Index> sorted = order.to_vector();
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == rowgrad::arange(3000).to_vector());
}

TEST_CASE("one stream through all kinds of draws, the kept second normal of a pair included") {
  const std::string op = "mixed";
  rowgrad::manual_seed(1234);
  CHECK(difference(op, "d0", rowgrad::randn({3}), normals_float) == "");
  CHECK(difference(op, "d1", rowgrad::rand({3})) == "");
  CHECK(difference(op, "d2", rowgrad::randn({2, 2}), normals_float) == "");
  CHECK(difference(op, "d3", rowgrad::randn({20}), normals_float) == "");
  CHECK(difference(op, "d4", rowgrad::randn({1}), normals_float) == "");
  CHECK(difference(op, "d5", rowgrad::randint(0, 100, {5})) == "");
  CHECK(difference(op, "d6", rowgrad::randn<double>({2}), normals_double) == "");
  CHECK(difference(op, "d7", rowgrad::randperm(6)) == "");
  CHECK(difference(op, "d8", rowgrad::rand<double>({2})) == "");
  CHECK(difference(op, "d9", rowgrad::randn({1}), normals_float) == "");
}

TEST_CASE("manual_seed: PyTorch's for every size of seed, and it forgets a kept normal") {
  for (const std::uint64_t seed :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 31, (std::uint64_t{1} << 32) - 1,
        std::uint64_t{1} << 32, (std::uint64_t{1} << 32) + 1, std::uint64_t{1} << 63, Generator::default_seed}) {
    CAPTURE(seed);
    rowgrad::manual_seed(seed);
    const std::string op = "seed_" + std::to_string(seed);
    CHECK(difference(op, "d0", rowgrad::rand({4})) == "");
    CHECK(difference(op, "d1", rowgrad::randint(Index{1} << 60, {2})) == "");
  }
  Generator generator(9);
  const auto first = rowgrad::randn({1}, generator).to_vector();
  generator.manual_seed(9);
  CHECK(rowgrad::randn({1}, generator).to_vector() == first);
}

TEST_CASE("Generator: the engine is the standard's mt19937, generators do not know of each other") {
  Generator a(5489), b(5489);
  std::uint32_t last = 0;
  for (int i = 0; i < 10'000; ++i) last = a.random();
  CHECK(last == 4123659995u);  // ISO C++ [rand.predef]
  CHECK(b.random() == 3499211612u);
  CHECK(Generator().random() == Generator(Generator::default_seed).random());
}

TEST_CASE("uniform: within its bounds") {
  Generator generator(1);
  float smallest = 3, largest = 2;
  for (int i = 0; i < 100'000; ++i) {
    const float x = generator.uniform(2.0f, 3.0f);
    smallest = std::min(smallest, x);
    largest = std::max(largest, x);
  }
  CHECK(smallest >= 2);
  CHECK(smallest < 2.001f);
  CHECK(largest < 3);
  CHECK(largest > 2.999f);
}

TEST_CASE("normal: mean and deviation, in small and large draws") {
  Generator a(8), b(8);
  std::vector<double> plain(40), shifted(40);
  for (const Index n : {5, 40}) {
    a.normal(plain.data(), n);
    b.normal(shifted.data(), n, 3.0, 0.5);
    for (Index i = 0; i < n; ++i)
      CHECK(shifted[static_cast<std::size_t>(i)] == doctest::Approx(3 + plain[static_cast<std::size_t>(i)] / 2));
  }
}

TEST_CASE("Generator: the state is PyTorch's byte for byte, and a generator given it goes on where that one stood") {
  const auto hashed = [](const Generator::State& state) {  // FNV-1a
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const std::uint8_t byte : state) hash = (hash ^ byte) * 0x100000001b3u;
    return static_cast<Index>(hash);
  };
  int count = 0;
  for (const golden::Case& c : cases()) {
    if (!c.name.starts_with("state_")) continue;
    CAPTURE(c.name);
    Index words = 0, normals = 0;
    char separator;
    std::istringstream arguments(c.name.substr(6));
    arguments >> words >> separator >> normals;
    const std::uint64_t seed = std::stoull(c.name.substr(c.name.find('@') + 1));
    Generator generator(seed);
    for (Index i = 0; i < words; ++i) generator.random();
    if (normals > 0) rowgrad::randn({normals}, generator);
    const Generator::State state = generator.get_state();
    CHECK(hashed(state) == c.tensor<Index>("d2").item());
    CHECK(generator.initial_seed() == seed);
    Generator other(99);
    rowgrad::randn({1}, other);
    CHECK(other.get_state() != state);
    other.set_state(state);
    CHECK(other.get_state() == state);
    CHECK(other.initial_seed() == seed);
    for (Generator* g : {&generator, &other}) {
      CHECK(golden::difference(rowgrad::randn({3}, *g), c.tensor<float>("d3"), normals_float) == "");
      CHECK(golden::difference(rowgrad::randint(1000, {4}, *g), c.tensor<Index>("d4")) == "");
    }
    CHECK(other.get_state() == generator.get_state());
    ++count;
  }
  CHECK(count == 7);
}

TEST_CASE("Generator: bytes that are no state are a ValueError and change nothing") {
  Generator generator(3);
  generator.random();
  const Generator::State before = generator.get_state();
  const auto refuse = [&](std::size_t at, std::uint8_t value) {
    Generator::State state = before;
    state[at] = value;
    CHECK_THROWS_AS(generator.set_state(state), rowgrad::ValueError);
    CHECK(generator.get_state() == before);
  };
  CHECK_THROWS_AS(generator.set_state(Generator::State{}), rowgrad::ValueError);
  refuse(8, 7);   // words left do not agree with the next one
  refuse(12, 0);  // not seeded
  refuse(17, 9);  // next word beyond the last
  refuse(28, 1);  // a word of more than 32 bits
}

TEST_CASE("shuffle: randperm's order, of any values") {
  Generator a(4), b(4);
  std::vector<std::string> words{"a", "b", "c", "d", "e"}, expected;
  for (const Index i : rowgrad::randperm(5, a).to_vector()) expected.push_back(words[static_cast<std::size_t>(i)]);
  b.shuffle(words.data(), 5);
  CHECK(words == expected);
  b.shuffle(words.data(), 0);
  CHECK(words == expected);
}
