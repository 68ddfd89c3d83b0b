#include <rowgrad/nn/embedding_bag.hpp>
#include <rowgrad/optim/sgd.hpp>

#include "layers.hpp"

using rowgrad::BagMode;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::nn::EmbeddingBag;

TEST_CASE("EmbeddingBag: starts from Embedding's weights and prints like PyTorch's") {
  rowgrad::manual_seed(1);
  const EmbeddingBag<float> bag(10, 3);
  rowgrad::manual_seed(1);
  const rowgrad::nn::Embedding<float> embedding(10, 3);
  CHECK(bag.weight.to_vector() == embedding.weight.to_vector());
  CHECK(bag.to_string() == "EmbeddingBag(10, 3, mode='mean')");
  CHECK(EmbeddingBag<float>(10, 3, {.mode = BagMode::sum, .padding_idx = 2, .include_last_offset = true}).to_string() ==
        "EmbeddingBag(10, 3, mode='sum', padding_idx=2)");
  CHECK(bag.named_parameters().size() == 1);
  CHECK(bag.named_parameters()[0].name == "weight");
}

TEST_CASE("EmbeddingBag: a given table, bags by offsets, training of the rows looked up") {
  const Tensor<float> table{{0, 0}, {1, 2}, {3, 4}};
  auto bag = EmbeddingBag<float>::from_pretrained(table.clone(), {.freeze = false, .padding_idx = 0});
  CHECK(bag({{1, 2}, {0, 2}}).to_vector() == std::vector<float>{2, 3, 3, 4});
  CHECK(bag(Indices{1, 2, 2}, Indices{0, 1}).to_vector() == std::vector<float>{1, 2, 3, 4});
  CHECK(!EmbeddingBag<float>::from_pretrained(table).weight.requires_grad());
  rowgrad::optim::SGD<float> sgd(bag.parameters(), {.lr = 1});
  bag({{0, 2}}).backward(Tensor<float>{{1, 1}});
  sgd.step();
  CHECK(bag.weight.to_vector() == std::vector<float>{0, 0, 1, 2, 2, 3});
}

TEST_CASE("EmbeddingBag: is no Embedding, and has the same options") {
  static_assert(!std::is_convertible_v<EmbeddingBag<float>, rowgrad::nn::Embedding<float>>);
  const EmbeddingBag<float> bag(5, 3, {.padding_idx = -1, .max_norm = 1, .norm_type = 3, .scale_grad_by_freq = true});
  CHECK(bag.to_string() ==
        "EmbeddingBag(5, 3, max_norm=1.0, norm_type=3.0, scale_grad_by_freq=True, mode='mean', padding_idx=4)");
  CHECK(bag.padding_idx() == 4);
  const auto given = EmbeddingBag<float>::from_pretrained(
      rowgrad::ones<float>({3, 2}), {.mode = BagMode::max, .max_norm = 1, .include_last_offset = true});
  const auto most = given(Indices{0, 1, 2}, Indices{0, 2}).to_vector();
  CHECK(most == std::vector<float>(2, given.weight.data()[0]));
  CHECK(given.weight.data()[0] == doctest::Approx(1 / std::sqrt(2.0)));
  CHECK(given.weight.data()[5] == 1);  // not looked up
  EmbeddingBag<float> grown(2, 3);
  grown.add_rows(2);
  CHECK(grown.num_embeddings() == 4);
  CHECK_THROWS_AS(EmbeddingBag<float>(3, 2, {.mode = BagMode::max, .scale_grad_by_freq = true}), rowgrad::ValueError);
  CHECK_THROWS_AS(EmbeddingBag<float>(3, 2, {.padding_idx = 3}), rowgrad::IndexError);
  CHECK_THROWS_AS(EmbeddingBag<float>::from_pretrained({1, 2}), rowgrad::ShapeError);
}

TEST_CASE("EmbeddingBag: a copy has a table of its own") {
  EmbeddingBag<float> bag(4, 2), copy = bag;
  copy.weight.array() = 0;
  CHECK(bag.weight.to_vector() != copy.weight.to_vector());
}
