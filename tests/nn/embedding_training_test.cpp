// Embedding and EmbeddingBag under training, for options in all combinations, against PyTorch.
#include <rowgrad/functional/elementary.hpp>
#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/embedding_bag.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

/// golden_file.py's.
template <typename T>
Tensor<T> formula(const Shape& shape, Index step = 1) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / T(512);
  return x;
}

Indices ids(Index step) { return Indices{{step % 3, 0, 1}, {step % (step < 6 ? 4 : 7), step * step % 4, 1}}; }

template <typename T, typename Layer>
void train(const golden::Case& c, const std::string& name, Layer& layer) {
  std::unique_ptr<optim::Optimizer<T>> optimizer;
  const auto parameters = layer.parameters();
  if (name == "sgd")
    optimizer = std::make_unique<optim::SGD<T>>(parameters, optim::SGDOptions{.lr = 0.2, .momentum = 0.9});
  if (name == "adam") optimizer = std::make_unique<optim::Adam<T>>(parameters, optim::AdamOptions{.lr = 0.1});
  if (name == "adagrad") optimizer = std::make_unique<optim::Adagrad<T>>(parameters, optim::AdagradOptions{.lr = 0.3});
  if (name == "rmsprop") optimizer = std::make_unique<optim::RMSprop<T>>(parameters, optim::RMSpropOptions{.lr = 0.05});
  const Tensor<T> expected = c.tensor<T>("losses");
  Tensor<T> losses(expected.shape());
  for (Index step = 0; step < losses.numel(); ++step) {
    optimizer->zero_grad();
    const Tensor<T> y = layer(ids(step));
    const Tensor<T> loss = (y * y).mean() + y.sum() / T(7);
    loss.backward();
    CHECK(layer.weight.grad().is_row_sparse());
    losses.data()[step] = loss.item();
    optimizer->step();
  }
  const golden::Tolerance close =
      std::is_same_v<T, float> ? golden::Tolerance{1e-5, 2e-6} : golden::Tolerance{1e-11, 1e-12};
  CHECK(golden::difference(losses, expected, close) == "");
  CHECK(golden::difference<T>(layer.weight, c.tensor<T>("weight"), close) == "");
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char one : text)
    if (one == ',')
      parts.emplace_back();
    else
      parts.back() += one;
  return parts;
}

template <typename T>
void check_training() {
  int count = 0;
  for (const golden::Case& c : golden::read("nn_embedding_training")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    ++count;
    const auto words = split(c.name.substr(c.op().size() + 1));  // padding, max_norm, norm_type, freq, optimizer, mode
    std::optional<Index> padding;
    std::optional<double> max_norm;
    if (words[0] != "None") padding = std::stoi(words[0]);
    if (words[1] != "None") max_norm = std::stod(words[1]);
    const double p = std::stod(words[2]);
    const Tensor<T> table = formula<T>({7, 3});
    if (c.op() == "embedding") {
      nn::Embedding<T> layer(7, 3,
                             {.padding_idx = padding,
                              .max_norm = max_norm,
                              .norm_type = p,
                              .scale_grad_by_freq = words[3] == "1",
                              .sparse = true,
                              ._weight = table});
      train<T>(c, words[4], layer);
    } else {
      nn::EmbeddingBag<T> layer(
          7, 3, {.mode = words[5], .padding_idx = padding, .max_norm = max_norm, .norm_type = p, ._weight = table});
      train<T>(c, words[4], layer);
    }
  }
  CHECK(count == (std::is_same_v<T, float> ? 36 : 132));
}

}  // namespace

TEST_CASE("Embedding, EmbeddingBag: PyTorch's losses and weights for options in all combinations, with deferred rows") {
  check_training<double>();
  check_training<float>();
}

TEST_CASE("Embedding, EmbeddingBag: a _weight is shared and left as it is, also in the padding row") {
  const Tensor<float> table = formula<float>({5, 2});
  const auto before = table.to_vector();
  const nn::Embedding<float> embedding(5, 2, {.padding_idx = -2, ._weight = table});
  const nn::EmbeddingBag<float> bag(5, 2, {.mode = "max", .padding_idx = 1, ._weight = table});
  CHECK(embedding.weight.data() == table.data());
  CHECK(bag.weight.data() == table.data());
  CHECK(embedding.weight.requires_grad());
  CHECK(bag.weight.requires_grad());
  CHECK(table.to_vector() == before);
  CHECK_THROWS_WITH_AS(nn::Embedding<float>(5, 3, {._weight = table}),
                       "Embedding: expected _weight of shape (5, 3), (num_embeddings, embedding_dim), got (5, 2)",
                       ShapeError);
  CHECK_THROWS_AS(nn::EmbeddingBag<float>(4, 2, {._weight = table}), ShapeError);
  CHECK_THROWS_AS(nn::Embedding<double>(5, 2, {._weight = table}), ValueError);
  CHECK_THROWS_WITH_AS(nn::EmbeddingBag<float>(4, 2, {.mode = "average"}),
                       doctest::Contains("mode is \"sum\", \"mean\" or \"max\", got \"average\""), ValueError);
}

TEST_CASE(
    "Embedding: max_norm = true is 1, ids may be vectors of vectors, options are printed as PyTorch prints them") {
  const nn::Embedding<float> embedding(5, 3, {.padding_idx = 0, .max_norm = true, .norm_type = 1, .sparse = true});
  CHECK(embedding.to_string() == "Embedding(5, 3, padding_idx=0, max_norm=1.0, norm_type=1.0, sparse=True)");
  const auto rows = embedding(std::vector<std::vector<int>>{{1, 2}, {3, 4}});
  CHECK(rows.shape() == Shape{2, 2, 3});
  for (Index row = 0; row < 4; ++row) CHECK(rows.matrix().row(row).cwiseAbs().sum() < 1.0001f);
  CHECK_THROWS_AS(embedding(std::vector<std::vector<int>>{{1, 2}, {3}}), ShapeError);
  const auto bag = nn::EmbeddingBag<float>::from_pretrained(
      formula<float>({5, 2}), {.freeze = false, .mode = "sum", .padding_idx = -1, .max_norm = true, .sparse = true});
  CHECK(bag.to_string() == "EmbeddingBag(5, 2, max_norm=1.0, mode='sum', padding_idx=4)");
}

// PyTorch: "one of the variables needed for gradient computation has been modified by an inplace operation".
TEST_CASE("max_norm: backward through an operation that needs the table as it was is refused") {
  nn::Embedding<double> embedding(5, 3, {.max_norm = 1});
  const Tensor<double> leaf = formula<double>({2, 3}).requires_grad_(), constant = formula<double>({2, 3}, 2);
  const auto walk = [&](const auto& product) {
    const Tensor<double> before = product();
    (before.sum() + embedding({1, 2}).sum()).backward();
  };
  CHECK_THROWS_WITH_AS(walk([&] { return linear<double>(leaf, embedding.weight); }),
                       doctest::Contains("AddmmBackward0 needs was changed in place"), GraphError);
  CHECK_THROWS_WITH_AS(walk([&] { return pow(embedding.weight, 3); }), doctest::Contains("weight.clone()"), GraphError);
  CHECK_THROWS_AS(walk([&] { return embedding.weight * embedding.weight; }), GraphError);
  // fine in PyTorch, too: nobody needs the values of the table
  CHECK_NOTHROW(walk([&] { return linear<double>(leaf, embedding.weight.clone()); }));
  CHECK_NOTHROW(walk([&] { return linear<double>(constant, embedding.weight); }));
  CHECK_NOTHROW(walk([&] { return exp(embedding.weight); }));
  CHECK_NOTHROW(walk([&] { return embedding({1, 3}) * embedding({2, 2}); }));
  const auto lookup_first = [&] {
    const auto rows = embedding({1, 2});
    (rows.sum() + linear<double>(leaf, embedding.weight).sum()).backward();
  };
  CHECK_NOTHROW(lookup_first());
  embedding.requires_grad_(false);  // nor may others' gradients need a frozen table
  CHECK_THROWS_AS(walk([&] { return linear<double>(leaf, embedding.weight); }), GraphError);
  embedding.requires_grad_();
  // and what is wrong once is wrong once: the next step is a new graph
  embedding.zero_grad();
  (linear<double>(leaf, embedding.weight)).sum().backward();
  nn::EmbeddingBag<double> bag(5, 3, {.mode = "sum", .max_norm = 1});
  const Tensor<double> factors = formula<double>({1, 2}).requires_grad_();
  const auto bags = [&](const Tensor<double>& f) {
    const auto first = bag({{1, 2}}, {}, f);
    (first.sum() + bag({{1, 3}}, {}, f).sum()).backward();
  };
  CHECK_NOTHROW(bags({}));
  CHECK_NOTHROW(bags(factors.detach()));
  CHECK_THROWS_AS(bags(factors), GraphError);  // their gradient needs the rows
}
