#include <doctest/doctest.h>

#include <memory>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/activation.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/optim/sgd.hpp>

namespace nn = rowgrad::nn;
using nn::Linear;
using nn::ReLU;
using nn::Sequential;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;

namespace {

Sequential<double> small() {
  rowgrad::manual_seed(1);
  return Sequential<double>{Linear<double>(3, 4), ReLU<double>(), Linear<double>(4, 2)};
}

/// A step on all weights; the result of the model before it.
std::vector<double> train(Sequential<double>& model, rowgrad::optim::Optimizer<double>& optimizer) {
  optimizer.zero_grad();
  const auto y = model(Tensor<double>{{1, -2, 3}, {0.5, 1, 0}});
  y.sum().backward();
  optimizer.step();
  return y.to_vector();
}

}  // namespace

TEST_CASE("Sequential: layers one after the other, made in that order between braces") {
  rowgrad::manual_seed(1);
  const auto model = small();
  rowgrad::manual_seed(1);
  const Linear<double> first(3, 4), second(4, 2);
  const Tensor<double> x{{1, -2, 3}, {0.5, 1, 0}};
  CHECK(model(x).to_vector() == second(relu(first(x))).to_vector());
  CHECK(model.forward(x).to_vector() == model(x).to_vector());
  CHECK(model.size() == 3);
  CHECK(Sequential<double>()(x).to_vector() == x.to_vector());
}

TEST_CASE("Sequential: names count the layers, also without parameters, and nest") {
  const Sequential<double> model(small(), ReLU<double>(), Linear<double>(2, 1, {.bias = false}));
  std::string names;
  for (const auto& named : model.named_parameters()) names += named.name + " ";
  CHECK(names == "0.0.weight 0.0.bias 0.2.weight 0.2.bias 2.weight ");
  CHECK(model.to_string() ==
        "Sequential(\n"
        "  (0): Sequential(\n"
        "    (0): Linear(in_features=3, out_features=4, bias=True)\n"
        "    (1): ReLU()\n"
        "    (2): Linear(in_features=4, out_features=2, bias=True)\n"
        "  )\n"
        "  (1): ReLU()\n"
        "  (2): Linear(in_features=2, out_features=1, bias=False)\n"
        ")");
  CHECK(Sequential<double>().to_string() == "Sequential()");
  CHECK(model(rowgrad::ones<double>({5, 3})).shape() == Shape{5, 1});
}

TEST_CASE("Sequential: append") {
  Sequential<double> model;
  Linear<double> layer(3, 2);
  model.append(layer).append(ReLU<double>());
  CHECK(model.size() == 2);
  layer.weight.data()[0] = 100;  // the model's is a copy
  CHECK(model.parameters()[0].data()[0] != 100);
  CHECK(model(rowgrad::ones<double>({1, 3})).shape() == Shape{1, 2});
}

TEST_CASE("Sequential: the first layer may take indices") {
  Sequential<double> model(nn::Embedding<double>(5, 3), Linear<double>(3, 2));
  CHECK(model(Indices{0, 4}).shape() == Shape{2, 2});
  CHECK(model(Indices{{0, 4, 1}}).shape() == Shape{1, 3, 2});
  model(Indices{1, 1, 4}).sum().backward();
  CHECK(model.parameters()[0].grad().rows().to_vector() == std::vector<rowgrad::Index>{1, 4});
  const Sequential<double> nested(model, ReLU<double>());
  CHECK(nested(Indices{0, 4}).shape() == Shape{2, 2});
}

TEST_CASE("Sequential: a layer that does not take what it is given") {
  const auto values = rowgrad::ones<double>({2, 3});
  const Sequential<double> embedding(nn::Embedding<double>(5, 3)), linear(Linear<double>(3, 2), Linear<double>(2, 1)),
      middle(Linear<double>(3, 2), nn::Embedding<double>(5, 3)), empty;
  CHECK_THROWS_WITH_AS(embedding(values), doctest::Contains("Embedding does not take values"), ShapeError);
  CHECK_THROWS_WITH_AS(linear(Indices{1}), doctest::Contains("Linear does not take indices"), ShapeError);
  CHECK_THROWS_WITH_AS(middle(values), doctest::Contains("Embedding does not take values"), ShapeError);
  CHECK_THROWS_AS(empty(Indices{1}), ShapeError);
  CHECK_THROWS_AS(linear(rowgrad::ones<double>({2, 4})), ShapeError);
}

TEST_CASE("Sequential: a module of one's own with forward() alone") {
  struct Doubled : nn::Module<double> {
    Tensor<double> forward(const Tensor<double>& x) const { return 2 * x; }
  };
  const Sequential<double> model{Doubled(), nn::ReLU<double>()};
  CHECK(model(Tensor<double>{1, -1}).to_vector() == std::vector<double>{2, 0});
  CHECK_THROWS_WITH_AS(model(Indices{1}), doctest::Contains("Doubled does not take indices"), ShapeError);
}

TEST_CASE("Sequential: copies are deep") {
  auto model = small();
  Sequential<double> copy = model;
  REQUIRE(copy.parameters().size() == 4);
  const auto before = train(copy, *std::make_unique<rowgrad::optim::SGD<double>>(copy.parameters()));
  const Tensor<double> x{{1, -2, 3}, {0.5, 1, 0}};
  CHECK(model(x).to_vector() == before);
  CHECK(copy(x).to_vector() != before);
  for (const auto& p : model.parameters()) CHECK(!p.grad().defined());
}

TEST_CASE("Sequential: a moved model keeps the parameters an optimizer trains") {
  auto model = small();
  rowgrad::optim::SGD<double> sgd(model.parameters(), {.lr = 0.1});
  Sequential<double> moved = std::move(model);
  const auto before = train(moved, sgd);
  CHECK(moved(Tensor<double>{{1, -2, 3}, {0.5, 1, 0}}).to_vector() != before);
  auto assigned = small();
  assigned = std::move(moved);
  const auto later = train(assigned, sgd);
  CHECK(later != before);
  CHECK(assigned(Tensor<double>{{1, -2, 3}, {0.5, 1, 0}}).to_vector() != later);
}

TEST_CASE("Sequential: assigning equal layers restores values in place") {
  auto model = small();
  model.eval();
  const Sequential<double> best = model;
  CHECK(!best.training());
  model.train();
  rowgrad::optim::SGD<double> sgd(model.parameters(), {.lr = 0.1});
  const auto first = train(model, sgd), second = train(model, sgd);
  CHECK(first != second);
  model = best;
  CHECK(!model.training());
  CHECK(train(model, sgd) == first);   // restored
  CHECK(train(model, sgd) == second);  // and trained by the same optimizer
  const auto& self = model;
  model = self;
  CHECK(model.size() == 3);
}

TEST_CASE("Sequential: assigning other layers replaces them") {
  auto model = small();
  const Tensor<double> handle = model.parameters()[0];
  const Sequential<double> other(Linear<double>(3, 4), nn::Tanh<double>(), Linear<double>(4, 2)),
      one(Linear<double>(3, 1));
  model = other;
  CHECK(model.to_string() == other.to_string());
  CHECK(&model.parameters()[0].body() != &handle.body());
  CHECK(model.parameters()[0].to_vector() == other.parameters()[0].to_vector());
  model = one;
  CHECK(model.size() == 1);
  model.parameters()[0].data()[0] = 100;
  CHECK(one.parameters()[0].data()[0] != 100);
}

TEST_CASE("Sequential: train and eval reach the layers") {
  Sequential<float> model(Sequential<float>(nn::Dropout<float>(1)), ReLU<float>());
  const auto x = rowgrad::ones<float>({4});
  CHECK(model(x).to_vector() == std::vector<float>(4, 0));
  model.eval();
  CHECK(model(x).to_vector() == std::vector<float>(4, 1));
  const Sequential<float> copy = model;
  CHECK(copy(x).to_vector() == std::vector<float>(4, 1));
  model.train();
  CHECK(model(x).to_vector() == std::vector<float>(4, 0));
}
