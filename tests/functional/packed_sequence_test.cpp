#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include <rowgrad/autograd/gradcheck.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/packed_sequence.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::pack_padded_sequence;
using rowgrad::PackedSequence;
using rowgrad::pad_packed_sequence;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
Tensor<T> formula(const Shape& shape, Index step) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / 512;
  return x;
}

std::map<std::string, std::string> words(const std::string& line) {
  std::map<std::string, std::string> result;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) result[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  return result;
}

Indices numbers(const std::string& list) {
  std::vector<Index> result;
  std::istringstream stream(list);
  for (std::string number; std::getline(stream, number, ',');) result.push_back(std::stoll(number));
  return result;
}

void expect_indices(const Indices& got, const golden::Case& c, const std::string& key) {
  CAPTURE(key);
  CHECK(got.defined() == c.has(key));
  if (got.defined() && c.has(key)) {
    CHECK(got.shape() == c.tensor<Index>(key).shape());
    CHECK(got.to_vector() == c.tensor<Index>(key).to_vector());
  }
}

template <typename T>
int expect_golden() {
  int cases = 0;
  for (const golden::Case& c : golden::read("functional_packed_sequence")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    ++cases;
    auto run = words(c.text("run"));
    const Tensor<T> x = c.tensor<T>("x").requires_grad_();
    const PackedSequence<T> packed = pack_padded_sequence(
        x, numbers(run["lengths"]),
        {.batch_first = run["batch_first"] == "1", .enforce_sorted = run["enforce_sorted"] == "1"});
    CHECK(golden::difference(packed.data, c.tensor<T>("data"), {0, 0}) == "");
    expect_indices(packed.batch_sizes, c, "batch_sizes");
    expect_indices(packed.sorted_indices, c, "sorted_indices");
    expect_indices(packed.unsorted_indices, c, "unsorted_indices");

    const auto [output, lengths] = pad_packed_sequence(packed, {.batch_first = run["pad_batch_first"] == "1",
                                                                .padding_value = std::stod(run["padding_value"]),
                                                                .total_length = std::stoll(run["total_length"])});
    CHECK(golden::difference(output, c.tensor<T>("output"), {0, 0}) == "");
    expect_indices(lengths, c, "lengths");
    output.backward(formula<T>(output.shape(), 5), true);
    packed.data.backward(formula<T>(packed.data.shape(), 6));
    CHECK(golden::difference(x.grad().to_dense(), c.tensor<T>("dx"), {0, 0}) == "");
  }
  return cases;
}

}  // namespace

TEST_CASE("pack_padded_sequence, pad_packed_sequence: PyTorch's results and gradients, for every option") {
  CHECK(expect_golden<double>() == 22);
  CHECK(expect_golden<float>() == 2);
}

TEST_CASE("pack_padded_sequence: the example in PyTorch's documentation") {
  const Tensor<float> batch{{1, 2, 0}, {3, 0, 0}, {4, 5, 6}};
  const auto packed = pack_padded_sequence(batch, {2, 1, 3}, {.batch_first = true, .enforce_sorted = false});
  CHECK(packed.data.to_vector() == std::vector<float>{4, 1, 3, 5, 2, 6});
  CHECK(packed.batch_sizes.to_vector() == std::vector<Index>{3, 2, 1});
  CHECK(packed.sorted_indices.to_vector() == std::vector<Index>{2, 0, 1});
  CHECK(packed.unsorted_indices.to_vector() == std::vector<Index>{1, 2, 0});
  const auto [output, lengths] = pad_packed_sequence(packed, {.batch_first = true});
  CHECK(output.to_vector() == batch.to_vector());
  CHECK(lengths.to_vector() == std::vector<Index>{2, 1, 3});
}

TEST_CASE("pack_padded_sequence: its result is outside any graph when nothing is recorded") {
  const auto x = rowgrad::ones<double>({3, 2, 2});
  CHECK(!pack_padded_sequence(x, {3, 1}).data.requires_grad());
  x.requires_grad_();
  CHECK(pack_padded_sequence(x, {3, 1}).data.requires_grad());
  const rowgrad::no_grad guard;
  CHECK(!pack_padded_sequence(x, {3, 1}).data.requires_grad());
}

TEST_CASE("pack_padded_sequence: the values are a copy") {
  const auto x = rowgrad::ones<double>({2, 2, 1});
  const auto packed = pack_padded_sequence(x, {2, 2});
  x.array() = 5.0;
  CHECK(packed.data.to_vector() == std::vector<double>(4, 1));
}

TEST_CASE("pad_packed_sequence: undoes the packing of random batches") {
  for (const bool batch_first : {false, true}) {
    rowgrad::Generator generator(7);
    for (int round = 0; round < 50; ++round) {
      const Index batch = 1 + generator.below(6), steps = 1 + generator.below(5);
      Indices lengths(Shape{batch});
      for (Index b = 0; b < batch; ++b) lengths.data()[b] = 1 + generator.below(steps);
      const Tensor<double> x =
          rowgrad::randn<double>(batch_first ? Shape{batch, steps, 2} : Shape{steps, batch, 2}, generator);
      for (Index b = 0; b < batch; ++b)  // padding is zero
        for (Index t = lengths.data()[b]; t < steps; ++t)
          for (Index i = 0; i < 2; ++i) x.data()[(batch_first ? b * steps + t : t * batch + b) * 2 + i] = 0;
      const auto packed = pack_padded_sequence(x, lengths, {.batch_first = batch_first, .enforce_sorted = false});
      const auto [output, back] = pad_packed_sequence(packed, {.batch_first = batch_first, .total_length = steps});
      CHECK(output.to_vector() == x.to_vector());
      CHECK(output.shape() == x.shape());
      CHECK(back.to_vector() == lengths.to_vector());
    }
  }
}

TEST_CASE("pack_padded_sequence, pad_packed_sequence: gradients agree with differences") {
  using In = const std::vector<Tensor<double>>&;
  const auto x = formula<double>({4, 3, 2}, 1).requires_grad_();
  const auto there = [](In in) { return pack_padded_sequence(in[0], {1, 3, 2}, {.enforce_sorted = false}).data; };
  const auto back = [](In in) {
    const auto packed = pack_padded_sequence(in[0], {1, 3, 2}, {.batch_first = false, .enforce_sorted = false});
    return pad_packed_sequence(packed, {.batch_first = true, .padding_value = 2, .total_length = 5}).output;
  };
  const auto there_result = rowgrad::gradcheck(there, {x}), back_result = rowgrad::gradcheck(back, {x});
  CHECK_MESSAGE(there_result.ok, there_result.message);
  CHECK_MESSAGE(back_result.ok, back_result.message);
}

TEST_CASE("pad_packed_sequence: other values may stand in for the data, of another width") {
  const auto packed = pack_padded_sequence(formula<float>({3, 2, 2}, 1), {1, 3}, {.enforce_sorted = false});
  const PackedSequence<float> other{rowgrad::ones<float>({4}), packed.batch_sizes, packed.sorted_indices,
                                    packed.unsorted_indices};
  const auto output = pad_packed_sequence(other, {.batch_first = true}).output;
  CHECK(output.shape() == Shape{2, 3});
  CHECK(output.to_vector() == std::vector<float>{1, 0, 0, 1, 1, 1});
}

TEST_CASE("pack_padded_sequence: errors") {
  const auto x = rowgrad::ones<float>({4, 3, 2});
  CHECK_THROWS_WITH_AS(pack_padded_sequence(rowgrad::ones<float>({4}), {4}), doctest::Contains("(T, B, ...)"),
                       ShapeError);
  CHECK_THROWS_AS(pack_padded_sequence(rowgrad::ones<float>({}), Indices{4}), ShapeError);
  CHECK_THROWS_WITH_AS(pack_padded_sequence(x, {4, 2}), doctest::Contains("expected lengths (3,)"), ShapeError);
  CHECK_THROWS_AS(pack_padded_sequence(x, {4, 2, 1, 1}), ShapeError);
  CHECK_THROWS_AS(pack_padded_sequence(x, {4, 2, 2}, {.batch_first = true}), ShapeError);  // four samples then
  CHECK_THROWS_AS(pack_padded_sequence(x, Indices{{4, 2, 1}}), ShapeError);
  CHECK_THROWS_AS(pack_padded_sequence(x, Indices(3)), ShapeError);
  CHECK_THROWS_WITH_AS(pack_padded_sequence(x, {4, 2, 0}), doctest::Contains("length 0 of sample 2 is outside [1, 4]"),
                       ValueError);
  CHECK_THROWS_WITH_AS(pack_padded_sequence(x, {4, 2, -1}), doctest::Contains("length -1 of sample 2"), ValueError);
  CHECK_THROWS_WITH_AS(pack_padded_sequence(x, {5, 2, 1}), doctest::Contains("length 5 of sample 0"), ValueError);
  CHECK_THROWS_WITH_AS(pack_padded_sequence(x, {4, 1, 2}),
                       doctest::Contains("sample 2 has 2 after 1 (pass enforce_sorted = false"), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(x, {4, 1, 5}, {.enforce_sorted = false}), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(x, {0, 0, 0}, {.enforce_sorted = false}), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(rowgrad::ones<float>({0, 2, 2}), {0, 0}), ValueError);
  CHECK_THROWS_AS(pack_padded_sequence(rowgrad::ones<float>({0, 2, 2}), {1, 1}), ValueError);
  CHECK_THROWS_WITH_AS(pack_padded_sequence(rowgrad::ones<float>({3, 0, 2}), Indices(Shape{0})),
                       doctest::Contains("the batch is empty"), ValueError);
}

TEST_CASE("pad_packed_sequence: errors") {
  const auto packed = pack_padded_sequence(rowgrad::ones<float>({4, 3, 2}), {3, 2, 1});
  CHECK_THROWS_WITH_AS(pad_packed_sequence(packed, {.total_length = 2}),
                       doctest::Contains("total_length 2 is below the longest length, 3"), ValueError);
  CHECK_THROWS_AS(pad_packed_sequence(packed, {.total_length = -1}), ValueError);
  CHECK(pad_packed_sequence(packed, {.total_length = 3}).output.shape() == Shape{3, 3, 2});

  // What someone put together and does not fit together.
  const Tensor<float> data = packed.data;
  const auto pad = [](const Tensor<float>& values, const Indices& sizes, const Indices& sorted = {},
                      const Indices& unsorted = {}) {
    return pad_packed_sequence(PackedSequence<float>{values, sizes, sorted, unsorted});
  };
  const Indices order{2, 0, 1}, way_back{1, 2, 0};
  CHECK(pad(data, {3, 2, 1}, order, way_back).output.shape() == Shape{3, 3, 2});
  CHECK_THROWS_WITH_AS(pad({}, {3, 2, 1}), doctest::Contains("it has no data"), ShapeError);
  CHECK_THROWS_AS(pad(data, {}), ShapeError);
  CHECK_THROWS_AS(pad(data, Indices(Shape{0})), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 2}), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2}), ShapeError);
  CHECK_THROWS_AS(pad(rowgrad::ones<float>({}), {1}), ShapeError);
  for (const Indices& sizes : {Indices{2, 3, 1}, Indices{3, 3, 0}, Indices{3, 4, -1}, Indices{-6, -6}})
    CHECK_THROWS_WITH_AS(pad(data, sizes), doctest::Contains("positive and never grow"), ShapeError);
  CHECK_THROWS_WITH_AS(pad(data, {3, 2, 1}, order, order), doctest::Contains("undo each other"), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 1}, order), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 1}, {}, order), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 1}, {0, 1}, {0, 1}), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 1}, {0, 1, 3}, {0, 1, 3}), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 1}, {0, 1, -1}, {0, 1, -1}), ShapeError);
  CHECK_THROWS_AS(pad(data, {3, 2, 1}, {0, 1, 1}, {0, 1, 1}), ShapeError);
}

TEST_CASE("apply_permutation: samples in another order along any dimension, and their gradient back") {
  const Tensor<double> x = Tensor<double>{{1, 2, 3}, {4, 5, 6}}.requires_grad_();
  const Tensor<double> y = rowgrad::apply_permutation(x, {2, 0, 1});
  CHECK(y.to_vector() == std::vector<double>{3, 1, 2, 6, 4, 5});
  y.backward({{10, 20, 30}, {40, 50, 60}});
  CHECK(x.grad().dense().to_vector() == std::vector<double>{20, 30, 10, 50, 60, 40});
  CHECK(rowgrad::apply_permutation(x, {1, 0}, 0).to_vector() == std::vector<double>{4, 5, 6, 1, 2, 3});
  CHECK_THROWS_AS(rowgrad::apply_permutation(x, {0, 1}), rowgrad::ShapeError);
  CHECK_THROWS_AS(rowgrad::apply_permutation(x, {0, 1, 3}), rowgrad::IndexError);
  CHECK_THROWS_AS(rowgrad::apply_permutation(x, {0, 1, 1}), rowgrad::IndexError);
  CHECK_THROWS_AS(rowgrad::apply_permutation(x, {0, 1, 2}, 2), rowgrad::IndexError);
}
