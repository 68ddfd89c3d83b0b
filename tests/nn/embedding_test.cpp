#include <doctest/doctest.h>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::nn::Embedding;

namespace {

template <typename T>
golden::Case initial(const std::string& name) {
  for (const golden::Case& c : golden::read("nn_init"))
    if (c.name == name && c.dtype == (std::is_same_v<T, float> ? "float32" : "float64")) return c;
  throw std::runtime_error("no case " + name);
}

template <typename T>
void check_initial(const std::string& name, Index rows, Index columns, rowgrad::nn::EmbeddingOptions options = {}) {
  CAPTURE(name);
  rowgrad::manual_seed(1);
  const Embedding<T> embedding(rows, columns, options);
  CHECK(embedding.weight.requires_grad());
  CHECK(golden::difference<T>(embedding.weight, initial<T>(name).template tensor<T>("weight"),
                              {std::is_same_v<T, float> ? 2e-6 : 1e-14, std::is_same_v<T, float> ? 1e-6 : 1e-15}) ==
        "");
}

Tensor<double> table() { return {{0, 1}, {10, 11}, {20, 21}, {30, 31}}; }

}  // namespace

TEST_CASE_TEMPLATE("Embedding: PyTorch's weights after the same manual_seed", T, float, double) {
  check_initial<T>("embedding@small", 3, 4);
  check_initial<T>("embedding@block", 4, 4);
  check_initial<T>("embedding@odd", 5, 7);
  check_initial<T>("embedding@padding", 5, 4, {.padding_idx = 2});
  check_initial<T>("embedding@padding", 5, 4, {.padding_idx = -3});
}

TEST_CASE("Embedding: indices of any shape") {
  const auto embedding = Embedding<double>::from_pretrained(table());
  CHECK(embedding(3).shape() == Shape{2});
  CHECK(embedding(3).to_vector() == std::vector<double>{30, 31});
  CHECK(embedding({1, 1, 2}).shape() == Shape{3, 2});
  CHECK(embedding({1, 1, 2}).to_vector() == std::vector<double>{10, 11, 10, 11, 20, 21});
  const auto cube = embedding(Indices{{0, 1, 2}, {3, 2, 2}});
  CHECK(cube.shape() == Shape{2, 3, 2});
  CHECK(cube.to_vector() == std::vector<double>{0, 1, 10, 11, 20, 21, 30, 31, 20, 21, 20, 21});
  CHECK(embedding(Indices{{{0}}, {{1}}}).shape() == Shape{2, 1, 1, 2});
  CHECK(embedding(std::vector<int>{2}).to_vector() == std::vector<double>{20, 21});
  CHECK(embedding(Indices(Shape{0})).shape() == Shape{0, 2});
  CHECK(embedding(Indices(Shape{2, 0})).shape() == Shape{2, 0, 2});
  CHECK(embedding.num_embeddings() == 4);
  CHECK(embedding.embedding_dim() == 2);
}

TEST_CASE("Embedding: the gradient is that of the rows looked up") {
  const Embedding<double> embedding(6, 2);
  embedding(Indices{{4, 1}, {4, 4}}).backward(Tensor<double>{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}});
  const auto& gradient = embedding.weight.grad();
  REQUIRE(gradient.is_row_sparse());
  CHECK(gradient.rows().to_vector() == std::vector<Index>{1, 4});
  CHECK(gradient.values().to_vector() == std::vector<double>{3, 4, 13, 16});
}

TEST_CASE("Embedding: from_pretrained shares the values, and is frozen unless asked") {
  const auto values = table();
  const auto frozen = Embedding<double>::from_pretrained(values);
  auto trained = Embedding<double>::from_pretrained(values, {.freeze = false});
  CHECK(!frozen.weight.requires_grad());
  CHECK(!frozen(1).requires_grad());
  CHECK(trained.weight.requires_grad());
  CHECK(!values.requires_grad());
  rowgrad::optim::SGD<double> sgd(trained.parameters(), {.lr = 1});
  trained({1, 1}).sum().backward();
  sgd.step();
  CHECK(values.to_vector() == std::vector<double>{0, 1, 8, 9, 20, 21, 30, 31});
  CHECK(frozen(1).to_vector() == std::vector<double>{8, 9});
  const auto copy = trained;  // a copy is deep
  copy.weight.data()[0] = 100;
  CHECK(values.data()[0] == 0);
}

TEST_CASE("Embedding: padding_idx") {
  const Embedding<float> first(5, 3, {.padding_idx = 0}), last(5, 3, {.padding_idx = -1}), none(5, 3);
  CHECK(first.padding_idx() == 0);
  CHECK(last.padding_idx() == 4);
  CHECK(!none.padding_idx());
  CHECK(first(0).to_vector() == std::vector<float>(3, 0));
  CHECK(last(4).to_vector() == std::vector<float>(3, 0));
  CHECK(none(0).to_vector() != std::vector<float>(3, 0));
  last({4, 1, 4}).sum().backward();
  CHECK(last.weight.grad().rows().to_vector() == std::vector<Index>{1});
  CHECK(Embedding<float>(5, 3, {.padding_idx = -5}).padding_idx() == 0);

  // from_pretrained keeps the row's values, as PyTorch does, and gives it no gradient
  const auto given = Embedding<double>::from_pretrained(table(), {.freeze = false, .padding_idx = -2});
  CHECK(given(2).to_vector() == std::vector<double>{20, 21});
  given({2, 3}).sum().backward();
  CHECK(given.weight.grad().rows().to_vector() == std::vector<Index>{3});
}

TEST_CASE("Embedding: the padding row stays zero under every optimizer, with weight decay and momentum") {
  const auto train = [](auto make) {
    Embedding<double> embedding(6, 2, {.padding_idx = 1});
    auto optimizer = make(embedding.parameters());
    const Tensor<double> before = embedding.weight.clone();
    for (Index step = 0; step < 20; ++step) {
      optimizer.zero_grad();
      const auto y = embedding({1, step % 6, 1});
      (y * y + y).sum().backward();
      optimizer.step();
    }
    for (Index row = 0; row < 6; ++row) {
      CHECK((embedding.weight.matrix().row(row) == before.matrix().row(row)) == (row == 1));
      CHECK((embedding(row).to_vector() == std::vector<double>(2, 0)) == (row == 1));
    }
  };
  namespace optim = rowgrad::optim;
  using Parameters = std::vector<Tensor<double>>;
  train([](Parameters p) { return optim::SGD<double>(p, {.lr = 0.1, .momentum = 0.9, .weight_decay = 0.1}); });
  train([](Parameters p) { return optim::Adam<double>(p, {.lr = 0.1, .weight_decay = 0.1}); });
  train([](Parameters p) { return optim::AdamW<double>(p, {.lr = 0.1, .weight_decay = 0.1}); });
  train([](Parameters p) { return optim::SparseAdam<double>(p, {.lr = 0.1}); });
  train([](Parameters p) { return optim::RMSprop<double>(p, {.lr = 0.1, .weight_decay = 0.1, .momentum = 0.5}); });
}

TEST_CASE("Embedding: a padding row of other values decays like any weight, as in PyTorch") {
  auto embedding = Embedding<double>::from_pretrained(table(), {.freeze = false, .padding_idx = 3});
  rowgrad::optim::SGD<double> sgd(embedding.parameters(), {.lr = 0.1, .weight_decay = 0.5});
  for (int i = 0; i < 2; ++i) {
    sgd.zero_grad();
    embedding({0, 3}).sum().backward();
    sgd.step();
  }
  CHECK(embedding(3).to_vector()[0] == doctest::Approx(30 * 0.95 * 0.95).epsilon(1e-14));
}

TEST_CASE("Embedding: errors") {
  CHECK_THROWS_AS(Embedding<float>(-1, 3), ShapeError);
  CHECK_THROWS_AS(Embedding<float>(3, -1), ShapeError);
  CHECK_THROWS_WITH_AS(Embedding<float>(3, 2, {.padding_idx = 3}),
                       doctest::Contains("padding_idx 3 is outside a table of 3 rows"), IndexError);
  CHECK_THROWS_AS(Embedding<float>(3, 2, {.padding_idx = -4}), IndexError);
  CHECK_THROWS_AS(Embedding<float>(0, 2, {.padding_idx = 0}), IndexError);
  CHECK_THROWS_AS(Embedding<double>::from_pretrained(table(), {.padding_idx = 4}), IndexError);
  CHECK_THROWS_AS(Embedding<double>::from_pretrained({1, 2}), ShapeError);
  CHECK_THROWS_AS(Embedding<double>::from_pretrained(Tensor<double>()), ShapeError);
  const Embedding<float> embedding(3, 2), empty(0, 2);
  CHECK_THROWS_WITH_AS(embedding(Indices{{0, 1}, {2, 3}}), doctest::Contains("index 3 at position (1, 1)"), IndexError);
  CHECK_THROWS_AS(embedding(-1), IndexError);
  CHECK_THROWS_AS(empty(0), IndexError);
  CHECK(empty(Indices(Shape{0})).shape() == Shape{0, 2});
}

TEST_CASE("Embedding: max_norm and scale_grad_by_freq") {
  auto layer = Embedding<double>::from_pretrained(table().clone(), {.freeze = false, .max_norm = 10});
  CHECK(layer({0, 1}).to_vector()[0] == 0);
  CHECK(layer(0).to_vector() == std::vector<double>{0, 1});
  CHECK(std::hypot(layer.weight.data()[2], layer.weight.data()[3]) == doctest::Approx(10));
  CHECK(layer.weight.data()[4] == 20);  // not looked up
  const auto scaled =
      Embedding<double>::from_pretrained(table().clone(), {.freeze = false, .scale_grad_by_freq = true});
  scaled({1, 1, 1, 2}).sum().backward();
  CHECK(scaled.weight.grad().values().to_vector() == std::vector<double>{1, 1, 1, 1});
}

TEST_CASE("Embedding: sizes that no table can have") {
  constexpr Index huge = Index(1) << 32, most = Index(1) << 62;
  CHECK_THROWS_AS(Embedding<float>(huge, huge), rowgrad::Error);
  CHECK_THROWS_AS(Embedding<float>(most, 4), rowgrad::Error);
  CHECK_THROWS_AS(Embedding<float>(most, 1), rowgrad::Error);
  Embedding<float> layer(3, 2), narrow(3, 0);
  CHECK_THROWS_AS(layer.add_rows(most), rowgrad::Error);
  CHECK(layer.num_embeddings() == 3);
  narrow.add_rows(most);
  CHECK_THROWS_AS(narrow.add_rows(most), ShapeError);
}

TEST_CASE("Embedding: printing") {
  CHECK(Embedding<float>(5, 3, {.padding_idx = 1, .max_norm = 1, .norm_type = 3, .scale_grad_by_freq = true})
            .to_string() == "Embedding(5, 3, padding_idx=1, max_norm=1.0, norm_type=3.0, scale_grad_by_freq=True)");
  CHECK(Embedding<float>(20, 4).to_string() == "Embedding(20, 4)");
  CHECK(Embedding<float>(20, 4, {.padding_idx = -1}).to_string() == "Embedding(20, 4, padding_idx=19)");
}
