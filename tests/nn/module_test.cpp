#include <doctest/doctest.h>

#include <memory>
#include <sstream>

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/activation.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/layer_norm.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

namespace {

// The model of golden/make_nn.py.
template <typename T>
struct Encoder : nn::Module<T> {
  nn::Sequential<T> layers{nn::Linear<T>(4, 5), nn::ReLU<T>(),
                           nn::Sequential<T>(nn::Linear<T>(5, 5, {.bias = false}), nn::Tanh<T>())};
  nn::LayerNorm<T> norm{5};
  nn::Dropout<T> dropout{0.1};

  Tensor<T> forward(const Tensor<T>& x) const { return dropout(norm(layers(x))); }
  void members(nn::Members<T>& m) override { m("layers", layers)("norm", norm)("dropout", dropout); }
  std::string extra_repr() const override { return "width=5"; }
};

template <typename T>
struct SentimentClassifier : nn::Module<T> {
  nn::Embedding<T> embedding{12, 4, {.padding_idx = 0}};
  Encoder<T> encoder;
  nn::Linear<T> output{5, 2};

  Tensor<T> forward(const Indices& text) const { return output(encoder.forward(embedding(text).mean(1))); }
  void members(nn::Members<T>& m) override { m("embedding", embedding)("encoder", encoder)("output", output); }
};

using Model = SentimentClassifier<double>;

Model seeded() {
  rowgrad::manual_seed(7);
  return {};
}

/// One step over a batch; the loss before it.
double train(Model& model, rowgrad::optim::Optimizer<double>& optimizer, Index step = 1) {
  optimizer.zero_grad();
  const auto loss = cross_entropy(model.forward(Indices{{step, 2 * step, 0}, {step + 5, 1, 0}}), Indices{0, 1});
  loss.backward();
  optimizer.step();
  return loss.item();
}

std::vector<std::vector<double>> values(const Model& model) {
  std::vector<std::vector<double>> result;
  for (const auto& p : model.parameters()) result.push_back(p.to_vector());
  return result;
}

template <typename Container>
std::string joined(const Container& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "\n") + word;
  return text;
}

template <typename T>
struct Outer {
  struct Inner : nn::Module<float> {};
};

template <typename T>
std::string local_name() {
  struct Local : nn::Module<T> {};
  return Local().type_name();
}

}  // namespace

TEST_CASE("Module: names, printed tree, order of apply and initial weights are PyTorch's") {
  const golden::Case c = golden::find("nn_model", "start@");
  rowgrad::manual_seed(7);
  SentimentClassifier<float> model;
  CHECK(model.to_string() == c.text("tree"));
  std::ostringstream printed;
  printed << model;
  CHECK(printed.str() == c.text("tree"));

  std::vector<std::string> names, applied;
  for (const auto& named : model.named_parameters()) {
    const std::string& name = named.name;
    CAPTURE(name);
    names.push_back(name);
    CHECK(golden::difference<float>(named.parameter, c.tensor<float>(name), {2e-6, 1e-6}) == "");
  }
  CHECK(joined(names) == c.text("names"));
  model.apply([&](nn::Module<float>& module) { applied.push_back(module.type_name()); });
  CHECK(joined(applied) == c.text("applied"));
}

TEST_CASE("Module: five steps of Adam leave PyTorch's losses and weights") {
  const golden::Case start = golden::find("nn_model", "start@"), trained = golden::find("nn_model", "trained@");
  Model model = seeded();
  for (const auto& [name, p] : model.named_parameters()) p.array() = start.tensor<float>(name).to<double>().array();
  model.eval();
  rowgrad::optim::Adam<double> adam(model.parameters(), {.lr = 0.1, .weight_decay = 0.01});
  Tensor<double> losses(rowgrad::Shape{5});
  for (Index step = 1; step <= 5; ++step) losses.data()[step - 1] = train(model, adam, step);
  // a step magnifies rounding where a gradient is nearly zero: Adam divides by its size
  CHECK(golden::difference(losses, trained.tensor<double>("losses"), {1e-9, 0}) == "");
  CHECK(golden::difference<double>(model.embedding.weight, trained.tensor<double>("embedding.weight"), {1e-8, 1e-9}) ==
        "");
  CHECK(golden::difference<double>(model.output.weight, trained.tensor<double>("output.weight"), {1e-8, 1e-9}) == "");
}

TEST_CASE("Module: parameter_count") {
  const Model model;
  constexpr Index all = 48 + 25 + 25 + 10 + 12;
  CHECK(model.parameter_count() == all);
  CHECK(model.parameter_count(true) == all);
  model.embedding.requires_grad_(false);
  CHECK(model.parameter_count() == all);
  CHECK(model.parameter_count(true) == all - 48);
}

TEST_CASE("Module: train and eval reach every sub-module") {
  Model model = seeded();
  const auto modes = [&] {
    std::string text;
    model.apply([&](nn::Module<double>& module) { text += module.training() ? 't' : 'e'; });
    return text;
  };
  CHECK(modes() == std::string(12, 't'));
  model.eval();
  CHECK(modes() == std::string(12, 'e'));
  CHECK(!model.training());
  model.encoder.train();
  CHECK(modes() == "etttttttttee");
  model.train();
  CHECK(modes() == std::string(12, 't'));
}

TEST_CASE("Module: zero_grad forgets all gradients, also of frozen parameters") {
  Model model = seeded();
  model.forward(Indices{{1, 2}}).sum().backward();
  for (const auto& p : model.parameters()) CHECK(p.grad().defined());
  model.output.requires_grad_(false);
  model.zero_grad();
  for (const auto& p : model.parameters()) CHECK(!p.grad().defined());
  const auto frozen = nn::Embedding<double>::from_pretrained(rowgrad::ones<double>({2, 2}));
  CHECK_NOTHROW(frozen.zero_grad());
}

TEST_CASE("Module: freezing and unfreezing while an optimizer trains") {
  Model model = seeded();
  rowgrad::optim::Adam<double> adam(model.parameters(), {.lr = 0.01});
  train(model, adam);
  model.embedding.requires_grad_(false);
  const auto table = model.embedding.weight.to_vector(), output = model.output.weight.to_vector();
  for (int i = 0; i < 3; ++i) train(model, adam);
  CHECK(model.embedding.weight.to_vector() == table);
  CHECK(model.output.weight.to_vector() != output);
  model.embedding.requires_grad_();
  train(model, adam);
  CHECK(model.embedding.weight.to_vector() != table);

  // a parameter that was frozen from the start
  auto pretrained = nn::Embedding<double>::from_pretrained(rowgrad::ones<double>({3, 2}));
  rowgrad::optim::SGD<double> sgd(pretrained.parameters(), {.lr = 1});
  CHECK_NOTHROW(sgd.zero_grad());
  CHECK_THROWS_WITH_AS(sgd.step(), doctest::Contains("are all parameters frozen?"), rowgrad::GraphError);
  pretrained.requires_grad_();
  pretrained(1).sum().backward();
  sgd.step();
  CHECK(pretrained.weight.to_vector() == std::vector<double>{1, 1, 0, 0, 1, 1});
}

TEST_CASE("Module: a copy is deep and independent") {
  Model model = seeded();
  model.embedding.requires_grad_(false);
  rowgrad::optim::Adam<double> adam(model.parameters(), {.lr = 0.01});
  train(model, adam);
  const auto before = values(model);
  Model copy = model;
  CHECK(values(copy) == before);
  CHECK(!copy.embedding.weight.requires_grad());
  copy.requires_grad_();
  CHECK(!model.embedding.weight.requires_grad());
  rowgrad::optim::Adam<double> other(copy.parameters(), {.lr = 0.01});
  for (int i = 0; i < 3; ++i) train(copy, other);
  CHECK(values(model) == before);
  const auto trained = values(copy);
  for (std::size_t k = 0; k < trained.size(); ++k) CHECK(trained[k] != before[k]);
  train(model, adam);  // and the original goes on
  CHECK(values(copy) == trained);
  CHECK(values(model) != before);
}

TEST_CASE("Module: a moved model keeps the parameters an optimizer trains") {
  auto model = std::make_unique<Model>(seeded());
  rowgrad::optim::Adam<double> adam(model->parameters(), {.lr = 0.01});
  const Model copy = *model;
  std::vector<Model> models;
  models.push_back(std::move(*model));
  model.reset();
  models.emplace_back();  // moves the first one again
  const auto before = values(models[0]);
  CHECK(before == values(copy));
  train(models[0], adam);
  const auto after = values(models[0]);
  for (std::size_t k = 0; k < after.size(); ++k) CHECK(after[k] != before[k]);
}

TEST_CASE("Module: assigning a model restores values in place, and the optimizer goes on") {
  Model model = seeded();
  model.eval();
  rowgrad::optim::SGD<double> sgd(model.parameters(), {.lr = 0.1, .weight_decay = 0.01});
  train(model, sgd);
  const Model best = model;
  const auto kept = values(best);
  const double first = train(model, sgd), second = train(model, sgd);
  CHECK(first != second);
  CHECK(values(model) != kept);
  model = best;
  CHECK(values(model) == kept);
  CHECK(train(model, sgd) == first);
  CHECK(train(model, sgd) == second);
  CHECK(values(best) == kept);
}

TEST_CASE("Module: handles from parameters() are the model's") {
  const Model model;
  const auto named = model.named_parameters();
  CHECK(&named[0].parameter.body() == &model.embedding.weight.body());
  CHECK(&model.parameters().back().body() == &model.output.bias.body());
}

TEST_CASE("Module: type_name is the class's own name") {
  CHECK(Model().type_name() == "SentimentClassifier");
  CHECK(nn::Linear<float>(1, 1).type_name() == "Linear");
  CHECK(Outer<nn::Linear<float>>::Inner().type_name() == "Inner");
  CHECK(local_name<float>() == "Local");
  struct Local : nn::Module<float> {};
  CHECK(Local().to_string() == "Local()");
}
