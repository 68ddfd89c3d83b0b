#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/autograd/gradcheck.hpp>
#include <rowgrad/core/threads.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/table/bag.hpp>

#include <support/golden.hpp>

using rowgrad::BagMode;
using rowgrad::embedding_bag;
using rowgrad::EmbeddingBagOptions;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {
template <typename T>
golden::Table<T> bags() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  for (const auto& [name, mode] :
       {std::pair{"sum", BagMode::sum}, std::pair{"mean", BagMode::mean}, std::pair{"max", BagMode::max}}) {
    const std::string op = std::string("bag_") + name;
    const EmbeddingBagOptions options{.mode = mode}, padded{.mode = mode, .padding_idx = 1};
    const EmbeddingBagOptions last{.mode = mode, .include_last_offset = true};
    table[op] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, options); };
    table[op + "_offsets"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], x.indices("offsets"), options); };
    table[op + "_offsets_last"] = [=](In x) {
      return embedding_bag(x.indices("ids"), x[0], x.indices("offsets"), last);
    };
    table[op + "_pad_1"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, padded); };
  }
  const EmbeddingBagOptions sum{.mode = BagMode::sum}, padded{.mode = BagMode::sum, .padding_idx = 1};
  table["bag_sum_weights"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, sum, x[1]); };
  table["bag_sum_weights_pad_1"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, padded, x[1]); };
  table["bag_sum_weights_offsets"] = [=](In x) {
    return embedding_bag(x.indices("ids"), x[0], x.indices("offsets"), sum, x[1]);
  };
  return table;
}
}  // namespace

TEST_CASE("embedding_bag: PyTorch's results and gradients") {
  golden::check<double>("table_bag", bags<double>());
  golden::Table<float> table = bags<float>();
  golden::check<float>("table_bag", table);
}

TEST_CASE("embedding_bag: gradients by differences, of rows and of weights") {
  rowgrad::Generator generator(3);
  const Tensor<double> table = rowgrad::randn<double>({6, 4}, generator),
                       factors = rowgrad::randn<double>({3, 3}, generator);
  table.requires_grad_();
  factors.requires_grad_();
  const Indices ids{{0, 5, 5}, {2, 3, 2}, {4, 1, 0}};
  for (const BagMode mode : {BagMode::sum, BagMode::mean, BagMode::max}) {
    const auto result = rowgrad::gradcheck(
        [&](const auto& x) { return embedding_bag(ids, x[0], {}, {.mode = mode, .padding_idx = 3}); },
        std::vector<Tensor<double>>{table});
    CHECK_MESSAGE(result.ok, result.message);
  }
  const auto result = rowgrad::gradcheck(
      [&](const auto& x) { return embedding_bag(ids, x[0], {}, {.mode = BagMode::sum, .padding_idx = 3}, x[1]); },
      std::vector<Tensor<double>>{table, factors});
  CHECK_MESSAGE(result.ok, result.message);
}

TEST_CASE("embedding_bag: what embedding and mean give, to the last bit of the gradient's rows") {
  rowgrad::Generator generator(4);
  const Tensor<float> a = rowgrad::randn<float>({50, 20}, generator), b = a.clone();
  a.requires_grad_();
  b.requires_grad_();
  const Indices ids = rowgrad::randint(50, {8, 16}, generator);
  const Tensor<float> weights = rowgrad::randn<float>({8, 20}, generator);
  embedding_bag(ids, a).backward(weights);
  embedding(ids, b).mean(1).backward(weights);
  CHECK(a.grad().is_row_sparse());
  CHECK(a.grad().rows().to_vector() == b.grad().rows().to_vector());
  CHECK(golden::difference(a.grad().values(), b.grad().values(), {1e-6, 1e-7}) == "");
}

TEST_CASE("embedding_bag: the same bits at any number of threads") {
  rowgrad::Generator generator(5);
  const Tensor<float> table = rowgrad::randn<float>({300, 33}, generator);
  const Indices ids = rowgrad::randint(300, {200, 40}, generator);
  const int before = rowgrad::get_num_threads();
  rowgrad::set_num_threads(1);
  const auto one = embedding_bag(ids, table).to_vector();
  rowgrad::set_num_threads(3);
  CHECK(embedding_bag(ids, table).to_vector() == one);
  rowgrad::set_num_threads(before);
}

TEST_CASE("embedding_bag: NaN stays the maximum, as in max()") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor<float> table{{1, nan}, {3, 2}};
  const auto y = embedding_bag(Indices{{0, 1}}, table, {}, {.mode = BagMode::max});
  CHECK(y.data()[0] == 3);
  CHECK(std::isnan(y.data()[1]));
}

TEST_CASE("embedding_bag: errors and empty bags") {
  const Tensor<float> table{{0, 1}, {2, 3}, {4, 5}};
  const Indices flat{0, 1, 2}, square{{0, 1, 2}};
  CHECK(embedding_bag(Indices(Shape{2, 0}), table).to_vector() == std::vector<float>(4, 0));
  CHECK(embedding_bag(Indices(Shape{0}), table, Indices(Shape{0})).shape() == Shape{0, 2});
  CHECK_THROWS_AS(embedding_bag(flat, table), ShapeError);
  CHECK_THROWS_AS(embedding_bag(square, table, Indices{0}), ShapeError);
  CHECK_THROWS_AS(embedding_bag(flat, table, Indices(Shape{0}), {.include_last_offset = true}), ShapeError);
  CHECK_THROWS_WITH_AS(embedding_bag(flat, table, Indices{0, 4}),
                       "embedding_bag: offsets must begin with 0, never fall and stay within the 3 ids, got 4 at "
                       "position 1",
                       ValueError);
  CHECK_THROWS_AS(embedding_bag(flat, table, Indices{1}), ValueError);
  CHECK_THROWS_AS(embedding_bag(flat, table, Indices{0, 2, 1}), ValueError);
  CHECK_THROWS_AS(embedding_bag(Indices{{3}}, table), IndexError);
  CHECK_THROWS_AS(embedding_bag(square, table, {}, {.padding_idx = 3}), IndexError);
  CHECK_THROWS_AS(embedding_bag(square, table, {}, {}, rowgrad::ones({1, 3})), ShapeError);  // the mode is mean
  CHECK_THROWS_AS(embedding_bag(square, table, {}, {.mode = BagMode::sum}, rowgrad::ones({3})), ShapeError);
}
