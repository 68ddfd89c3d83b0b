#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <rowgrad/rowgrad.hpp>

#include <support/sanitizer.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

TEST_CASE("Tensor: undefined until it is given something") {
  Tensor<float> x;
  CHECK(!x.defined());
  x = Tensor<float>(Shape{2});
  CHECK(x.defined());
  x = {};
  CHECK(!x.defined());
}

TEST_CASE("Tensor: from nested braces") {
  const Tensor<float> vector{1, 2, 3};
  CHECK(vector.shape() == Shape{3});
  const Tensor<double> matrix{{1, 2.5}, {-3, 4}};
  CHECK(matrix.shape() == Shape{2, 2});
  CHECK(matrix.to_vector() == std::vector<double>{1, 2.5, -3, 4});
  const Tensor<float> cube{{{1, 2, 3}, {4, 5, 6}}};
  CHECK(cube.shape() == Shape{1, 2, 3});
  CHECK(Tensor<float>{{1}, {2}}.shape() == Shape{2, 1});
  CHECK(Tensor<float>{{1}}.shape() == Shape{1, 1});
  CHECK(Tensor<float>{1}.shape() == Shape{1});
  CHECK(Tensor<float>{{{{5}}}}.shape() == Shape{1, 1, 1, 1});
  CHECK(Indices{{1, 2, 3}, {4, 5, 6}}.to_vector() == std::vector<Index>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("Tensor: lists of different lengths or depths are a ShapeError") {
  using T = Tensor<float>;
  const char* message = "Tensor: nested lists must all have the same length at each depth";
  CHECK_THROWS_WITH_AS((T{{1, 2}, {3}}), message, ShapeError);
  CHECK_THROWS_AS((T{{1}, {2, 3}}), ShapeError);
  CHECK_THROWS_AS((T{{1, 2}, 3}), ShapeError);
  CHECK_THROWS_AS((T{1, {2, 3}}), ShapeError);
  CHECK_THROWS_AS((T{{{1}, {2}}, {{3}, {4, 5}}}), ShapeError);
  CHECK_THROWS_AS((Indices{{{1}}, {{2}, {3}}}), ShapeError);
  CHECK_THROWS_AS((T{{{{{{{{{1}}}}}}}}}), ShapeError);  // nine deep
}

TEST_CASE("Indices: from a number, braces, vectors of any integers") {
  const auto shape_of = [](const Indices& ids) { return ids.shape(); };
  CHECK(shape_of(3) == Shape{});
  CHECK(shape_of({3}) == Shape{1});
  CHECK(shape_of({1, 2, 3}) == Shape{3});
  CHECK(shape_of({{1, 2}, {3, 4}, {5, 6}}) == Shape{3, 2});
  CHECK(shape_of(std::vector<int>{1, 2}) == Shape{2});
  CHECK(shape_of(std::vector<Index>{}) == Shape{0});
  CHECK(Indices(std::vector<unsigned char>{255, 0}).to_vector() == std::vector<Index>{255, 0});
  CHECK(Indices(std::size_t{7}).item() == 7);
  CHECK(Indices(-1).item() == -1);
  const short small = 5;
  CHECK(Indices(small).item() == 5);
  CHECK(Indices{small, 6}.to_vector() == std::vector<Index>{5, 6});
}

TEST_CASE("Tensor: copies of a handle share values, also through const; clone does not") {
  const Tensor<float> a{1, 2, 3};
  const Tensor<float> b = a, c = a.clone();
  b.data()[0] = 10;
  CHECK(a.data()[0] == 10);
  CHECK(b.data() == a.data());
  CHECK(c.to_vector() == std::vector<float>{1, 2, 3});
  Tensor<float> d = a;
  d = Tensor<float>{7};  // the handle changes, the values it referred to do not
  CHECK(a.data()[0] == 10);
  CHECK(a.detach().data() == a.data());
}

TEST_CASE("Tensor: unique() knows other handles and views") {
  Tensor<float> a{{1, 2}, {3, 4}};
  CHECK(a.unique());
  {
    const Tensor<float> b = a;
    CHECK(!a.unique());
  }
  CHECK(a.unique());
  {
    const Tensor<float> view = a[0];
    CHECK(!a.unique());
    CHECK(!view.unique());
  }
  CHECK(a.unique());
}

TEST_CASE("Tensor: dim, size, numel") {
  const Tensor<float> x(Shape{2, 3, 4});
  CHECK(x.dim() == 3);
  CHECK(x.numel() == 24);
  CHECK(x.size(0) == 2);
  CHECK(x.size(-1) == 4);
  CHECK_THROWS_AS(x.size(3), rowgrad::IndexError);
  CHECK_THROWS_AS(x.size(-4), rowgrad::IndexError);
  CHECK_THROWS_AS(Tensor<float>(Shape{}).size(0), rowgrad::IndexError);
}

TEST_CASE("item: the value of one element, of any rank") {
  CHECK(Tensor<float>{2.5f}.item() == 2.5f);
  CHECK(Tensor<double>{{{4}}}.item() == 4);
  CHECK(Indices(9).item() == 9);
  CHECK_THROWS_WITH_AS((Tensor<float>{1, 2}.item()), "item: expected one value, got shape (2,)", ShapeError);
  CHECK_THROWS_AS(Tensor<float>(Shape{0}).item(), ShapeError);
}

TEST_CASE("data: aligned, row-major") {
  const Tensor<float> x{{1, 2, 3}, {4, 5, 6}};
  CHECK(x.data()[0] == 1);
  CHECK(x.data()[3] == 4);
  CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(Tensor<double>(Shape{1000, 1000}).data()) % 64 == 0);
}

TEST_CASE("matrix: leading dimensions are folded into rows, also of empty tensors") {
  const auto folded = [](const Shape& shape) {
    const auto m = rowgrad::zeros(shape).matrix();
    return std::pair<Index, Index>(m.rows(), m.cols());
  };
  CHECK(folded({2, 3}) == std::pair<Index, Index>(2, 3));
  CHECK(folded({2, 3, 4}) == std::pair<Index, Index>(6, 4));
  CHECK(folded({5}) == std::pair<Index, Index>(1, 5));
  CHECK(folded({}) == std::pair<Index, Index>(1, 1));
  CHECK(folded({0, 3}) == std::pair<Index, Index>(0, 3));
  CHECK(folded({3, 0}) == std::pair<Index, Index>(3, 0));
  CHECK(folded({0}) == std::pair<Index, Index>(1, 0));
}

TEST_CASE("to: another scalar type, values of its own") {
  const Tensor<float> x{{1.5f, -2.75f}};
  const Tensor<double> d = x.to<double>();
  CHECK(d.shape() == Shape{1, 2});
  CHECK(d.to_vector() == std::vector<double>{1.5, -2.75});
  CHECK(x.to<Index>().to_vector() == std::vector<Index>{1, -2});
  CHECK(Indices{1, 2}.to<float>().to_vector() == std::vector<float>{1, 2});
  CHECK(d.to<float>().to_vector() == x.to_vector());
  const Tensor<float> same = x.to<float>();
  same.data()[0] = 9;
  CHECK(x.data()[0] == 1.5f);
}

TEST_CASE("clone: of an empty tensor, of a view, outside the graph once detached") {
  CHECK(rowgrad::zeros({0, 3}).clone().shape() == Shape{0, 3});
  const Tensor<float> x = Tensor<float>{{1, 2}, {3, 4}}.requires_grad_();
  CHECK(x[1].clone().to_vector() == std::vector<float>{3, 4});
  CHECK(!x.detach().clone().requires_grad());
}

TEST_CASE("Tensor: a shape too large to count is a ShapeError, one too large for memory a MemoryError") {
  constexpr Index large = Index{1} << 40, half = Index{1} << 32;
  const auto refuse = [](const Shape& shape) {
    CAPTURE(shape);
    CHECK_THROWS_AS(Tensor<float>{shape}, ShapeError);
    CHECK_THROWS_AS(rowgrad::zeros(shape), ShapeError);
    CHECK_THROWS_AS(rowgrad::empty<double>(shape), ShapeError);
    CHECK_THROWS_AS(rowgrad::full<Index>(shape, 3), ShapeError);
    CHECK_THROWS_AS(rowgrad::randn(shape), ShapeError);
    CHECK_THROWS_AS(rowgrad::rand(shape), ShapeError);
    CHECK_THROWS_AS(rowgrad::randint(2, shape), ShapeError);
    CHECK_THROWS_AS(rowgrad::zeros({0}).view_as(shape), ShapeError);
    CHECK_THROWS_AS(rowgrad::zeros({0}).reshape(shape), ShapeError);
  };
  refuse({large, large});
  refuse({half, half});
  refuse({half, half, 0});
  refuse({0, large, large});
  CHECK_THROWS_WITH_AS(Tensor<float>(Shape{Index{1} << 61}),
                       "Tensor: no memory for shape (2305843009213693952,): it takes 9223372036854775808 bytes (4 for "
                       "each value)",
                       rowgrad::MemoryError);
  CHECK_THROWS_AS(rowgrad::zeros<double>({(Index{1} << 62) + 1}), rowgrad::MemoryError);
  CHECK_THROWS_AS(rowgrad::empty<double>({std::numeric_limits<Index>::max()}), rowgrad::MemoryError);
  CHECK_THROWS_AS(rowgrad::arange(std::numeric_limits<Index>::max()), rowgrad::MemoryError);
  CHECK_THROWS_AS(rowgrad::randperm(std::numeric_limits<Index>::max()), rowgrad::MemoryError);
  if (!support::under_sanitizer) {  // which ends the program instead
    CHECK_THROWS_WITH_AS(rowgrad::zeros({large, 1 << 15}),
                         "Tensor: no memory for shape (1099511627776, 32768): it takes 144115188075855872 bytes (4 for "
                         "each value)",
                         rowgrad::MemoryError);
    CHECK_THROWS_AS(rowgrad::empty({large, 1 << 15}), rowgrad::MemoryError);
  }
  try {
    rowgrad::zeros<double>({Index{1} << 61});
  } catch (const std::exception& error) {
    CHECK(std::string(error.what()).find("2305843009213693952") != std::string::npos);
  }
}

TEST_CASE("operations: sizes that they would add or multiply beyond what can be counted are ShapeErrors") {
  constexpr Index large = Index{1} << 62, half = Index{1} << 32;
  const Tensor<float> empty = rowgrad::zeros({0}), thin = rowgrad::zeros({large, 0});
  CHECK_THROWS_AS(empty.reshape({half, half}), ShapeError);
  CHECK_THROWS_AS(empty.reshape({half, half, -1}), ShapeError);
  CHECK_THROWS_AS(rowgrad::ones({6}).reshape({-1, large, 4, 6}), ShapeError);
  CHECK_THROWS_AS(rowgrad::one_hot(Indices{large, 0}), ShapeError);
  CHECK_THROWS_AS(rowgrad::cat<float>({thin, thin}), ShapeError);
  CHECK_THROWS_AS(rowgrad::cat<float>({thin, thin, thin, thin}), ShapeError);
  CHECK_THROWS_AS(rowgrad::matmul(rowgrad::zeros({half, 0}), rowgrad::zeros({0, half})), ShapeError);
  CHECK_THROWS_AS(rowgrad::zeros({half, 1, 0}) + rowgrad::zeros({half, 0}), ShapeError);
  CHECK_THROWS_AS(rowgrad::nn::Embedding<float>(half, half), ShapeError);
  CHECK_THROWS_AS(rowgrad::nn::Linear<float>(half, half), ShapeError);
  CHECK_THROWS_AS(rowgrad::nn::LSTM<float>(3, large), ShapeError);
  CHECK_THROWS_AS(rowgrad::nn::LSTMCell<float>(3, large), ShapeError);
  rowgrad::nn::Embedding<float> table(3, 4);
  CHECK_THROWS_AS(table.add_rows(large), ShapeError);
  CHECK(table.weight.shape() == Shape{3, 4});
}

TEST_CASE("Tensor: from vectors, and from vectors of vectors") {
  using Rows = std::vector<std::vector<int>>;
  const Tensor<float> x(std::vector<float>{1, 2.5f});
  CHECK(x.shape() == Shape{2});
  CHECK(x.to_vector() == std::vector<float>{1, 2.5f});
  CHECK(Tensor<double>(std::vector<int>{3, 4}).to_vector() == std::vector<double>{3, 4});
  CHECK(Tensor<float>(std::vector<std::vector<double>>{{1}, {2}, {0.5}}).shape() == Shape{3, 1});
  const Indices ids = Rows{{0, 6, 7}, {3, 2, 2}};
  CHECK(ids.shape() == Shape{2, 3});
  CHECK(ids.to_vector() == std::vector<Index>{0, 6, 7, 3, 2, 2});
  CHECK(Indices(std::vector<std::vector<std::vector<Index>>>{{{1, 2}}, {{3, 4}}}).shape() == Shape{2, 1, 2});
  CHECK(Indices(std::vector<bool>{true, false}).to_vector() == std::vector<Index>{1, 0});
  CHECK(Indices(std::vector<unsigned char>{200}).to_vector() == std::vector<Index>{200});
  CHECK(Indices(std::vector<int>{}).shape() == Shape{0});
  CHECK(Indices(Rows{}).shape() == Shape{0, 0});
  CHECK(Indices(Rows{{}, {}}).shape() == Shape{2, 0});
  CHECK(rowgrad::embedding(Rows{{0, 1}, {1, 0}}, rowgrad::ones({2, 3})).shape() == Shape{2, 2, 3});
  CHECK_THROWS_WITH_AS(Indices(Rows{{0, 6, 7}, {3, 2}}),
                       "Tensor: expected vectors of one length, 3 at depth 1, got 2 (sequences of words are made "
                       "equally long by pad_sequences)",
                       ShapeError);
  CHECK_THROWS_AS(Indices(Rows{{}, {3}}), ShapeError);
  CHECK_THROWS_AS(Indices(Rows{{3}, {}}), ShapeError);
  static_assert(!std::is_convertible_v<std::vector<float>, Tensor<float>>);
  static_assert(!std::is_constructible_v<Indices, std::vector<float>>);
}

TEST_CASE("empty tensors go through every operation, forward and backward") {
  using namespace rowgrad;
  const Tensor<double> weight = ones<double>({3, 3}).requires_grad_(), bias = ones<double>({3}).requires_grad_();
  const Tensor<double> x = zeros<double>({0, 3}).requires_grad_();
  const auto check = [&](const Tensor<double>& y, const Shape& shape) {
    CHECK(y.shape() == shape);
    y.sum().backward();
    CHECK(x.grad().to_dense().shape() == Shape{0, 3});
    x.grad().reset();
  };
  check(x + 1, {0, 3});
  check(x + x, {0, 3});
  check(x * bias, {0, 3});
  check(x / bias, {0, 3});
  check(bias - x, {0, 3});
  check(pow(x, 2), {0, 3});
  check(rowgrad::exp(x), {0, 3});
  check(gelu(x), {0, 3});
  check(x.relu(), {0, 3});
  check(x.sum(0), {3});
  check(x.sum(1), {0});
  check(x.mean(1), {0});
  check(prod(x, 1), {0});
  check(rowgrad::max(x, 1).values, {0});
  check(x.reshape({3, 0}), {3, 0});
  check(x.t(), {3, 0});
  check(x.unsqueeze(1), {0, 1, 3});
  check(rowgrad::slice(x, 1, 0, 2), {0, 2});
  check(rowgrad::slice(x, 0, 0, 2), {0, 3});
  check(select(x, 1, 2), {0});
  check(cat<double>({x, weight}), {3, 3});
  check(cat<double>({x, x}, 1), {0, 6});
  check(stack<double>({x, x}), {2, 0, 3});
  check(matmul(x, weight), {0, 3});
  check(matmul(weight, x.t()), {3, 0});
  check(linear(x, weight, bias), {0, 3});
  check(softmax(x, 1), {0, 3});
  check(log_softmax(x, 0), {0, 3});
  check(normalize(x), {0, 3});
  check(cosine_similarity(x, x), {0});
  check(layer_norm(x, {3}, bias, bias), {0, 3});
  check(dropout(x), {0, 3});
  check(embedding(Indices(Shape{2, 0}), x), {2, 0, 3});
  check(mse_loss(x, x, {Reduction::sum}), {});
  check(cross_entropy(x, Indices(Shape{0}), {.reduction = Reduction::sum}), {});
  CHECK_THROWS_AS(x.mean(), ShapeError);
  CHECK(weight.grad().dense().to_vector() == std::vector<double>(9, 1));  // from cat alone
}

TEST_CASE("Indices: unsigned numbers that no index can hold are refused") {
  using Words = std::vector<std::uint64_t>;
  CHECK_THROWS_WITH_AS(rowgrad::Indices(Words{1, ~std::uint64_t{0}}),
                       doctest::Contains("got 18446744073709551615 at position 1"), rowgrad::ValueError);
  CHECK_THROWS_AS(rowgrad::Indices(std::vector<Words>{{1}, {std::uint64_t{1} << 63}}), rowgrad::ValueError);
  CHECK(rowgrad::Indices(Words{(~std::uint64_t{0}) >> 1}).item() == std::numeric_limits<Index>::max());
}
