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

TEST_CASE("Module: one that knows its own type can be called, with anything that forward takes") {
  struct Model : nn::Module<double, Model> {
    nn::Embedding<double> embedding{5, 2};
    nn::Linear<double> fc{2, 3};
    Tensor<double> forward(const Indices& ids) const { return fc(embedding(ids)); }
    Tensor<double> forward(const Tensor<double>& x, double factor) { return factor * fc(x); }
    void members(nn::Members<double>& m) override { m("embedding", embedding)("fc", fc); }
  };
  Model model;
  const Model& constant = model;
  const Indices ids{1, 4};
  const auto expected = model.forward(ids).to_vector();
  CHECK(model(ids).to_vector() == expected);
  CHECK(model({1, 4}).to_vector() == expected);
  CHECK(constant(ids).to_vector() == expected);
  CHECK(constant({1, 4}).to_vector() == expected);
  CHECK(model(1).shape() == rowgrad::Shape{3});
  CHECK(model(rowgrad::ones<double>({1, 2}), 2.0).shape() == rowgrad::Shape{1, 3});
  static_assert(!std::is_invocable_v<const Model&, const Tensor<double>&, double>);  // forward is not const there
  static_assert(!std::is_invocable_v<Model&, const Tensor<double>&>);
  CHECK(model.parameters().size() == 3);
  CHECK(model.to_string() == Model(model).to_string());
  const nn::Sequential<double> layers{Model(model), nn::ReLU<double>()};
  CHECK(layers(ids).shape() == rowgrad::Shape{2, 3});
  const nn::Module<double>& base = model;
  CHECK(base.parameters().size() == 3);
}

TEST_CASE("Module: what a model holds but members() does not name is found") {
  struct Model : nn::Module<double, Model> {
    nn::Linear<double> fc{2, 2};
    nn::Dropout<double> dropout{0.5};
    std::vector<nn::Parameter<double>> more;
    nn::Buffer<Index> positions{Indices{0, 1}};
    int named = 3;
    void members(nn::Members<double>& m) override {
      if (named > 0) m("fc", fc);
      if (named > 1) m("dropout", dropout);
      if (named > 2) {
        for (auto& p : more) m("p", p);
        m("positions", positions);
      }
    }
  };
  Model model;
  model.more.emplace_back(rowgrad::ones<double>({3}));
  CHECK_NOTHROW((void)model.parameters());
  model.named = 2;
  CHECK_THROWS_WITH_AS((void)model.parameters(), doctest::Contains("2 parameters or buffers"), rowgrad::ValueError);
  model.named = 1;
  CHECK_THROWS_WITH_AS((void)model.named_parameters(), doctest::Contains("module holds: Dropout. Name each once"),
                       rowgrad::ValueError);
  model.named = 0;
  CHECK_THROWS_WITH_AS((void)model.parameters(), doctest::Contains("Model: members() does not name everything"),
                       rowgrad::ValueError);

  // Whoever lists the members: through a base, inside another model, before any parameters are asked for.
  const auto lists = std::vector<std::function<void(nn::Module<double>&)>>{[](auto& m) { (void)m.parameters(); },
                                                                           [](auto& m) { (void)m.named_parameters(); },
                                                                           [](auto& m) { (void)m.named_buffers(); },
                                                                           [](auto& m) { (void)m.state_dict(); },
                                                                           [](auto& m) { (void)m.parameter_count(); },
                                                                           [](auto& m) { m.zero_grad(); },
                                                                           [](auto& m) { m.requires_grad_(false); },
                                                                           [](auto& m) { m.train(); },
                                                                           [](auto& m) { m.eval(); },
                                                                           [](auto& m) { m.apply([](auto&) {}); }};
  for (const auto& list : lists) {
    Model forgetful;
    forgetful.named = 1;
    nn::Module<double>& base = forgetful;
    CHECK_THROWS_AS(list(base), rowgrad::ValueError);
    CHECK_THROWS_AS(list(base), rowgrad::ValueError);  // a check that failed is made again
    struct Outer : nn::Module<double> {
      Model inner;
      void members(nn::Members<double>& m) override { m("inner", inner); }
    } outer;
    outer.inner.named = 1;
    CHECK_THROWS_AS(list(outer), rowgrad::ValueError);
    outer.inner.named = 3;
    CHECK_NOTHROW(list(outer));
  }
  CHECK_NOTHROW((void)model.to_string());

  struct Plain : nn::Module<double> {  // does not know its type: it is asked for
    nn::Sequential<double> layers{nn::Linear<double>(2, 2), nn::ReLU<double>()};
    bool named = false;
    void members(nn::Members<double>& m) override {
      if (named) m("layers", layers);
    }
  };
  Plain plain;
  CHECK(plain.parameters().empty());
  CHECK_THROWS_WITH_AS(nn::check_members(plain), doctest::Contains("module holds: Sequential"), rowgrad::ValueError);
  plain.named = true;
  CHECK_NOTHROW(nn::check_members(plain));
  nn::check_members(seeded());
  // asking changes nothing
  const auto weight = plain.parameters()[0];
  const auto before = weight.to_vector();
  nn::check_members(plain);
  CHECK(&plain.parameters()[0].body() == &weight.body());
  CHECK(weight.to_vector() == before);
  Plain copy = plain;
  CHECK(copy.parameters()[0].data() != weight.data());
}

TEST_CASE("Module: buffers are named, copied as values, and no parameters") {
  struct Model : nn::Module<float, Model> {
    nn::Buffer<Index> positions{Indices{0, 1, 2}};
    nn::Buffer<float> mean{rowgrad::zeros<float>({2}), false};
    nn::Buffer<std::uint8_t> off;
    nn::Linear<float> fc{2, 2};
    void members(nn::Members<float>& m) override { m("positions", positions)("mean", mean)("off", off)("fc", fc); }
  };
  struct Outer : nn::Module<float, Outer> {
    Model inner;
    void members(nn::Members<float>& m) override { m("inner", inner); }
  };
  Outer model;
  CHECK(model.parameters().size() == 2);
  CHECK(model.named_parameters()[0].name == "inner.fc.weight");
  const auto buffers = model.named_buffers();
  REQUIRE(buffers.size() == 2);
  CHECK(buffers[0].name == "inner.positions");
  CHECK(buffers[0].persistent);
  CHECK(!buffers[1].persistent);
  CHECK(buffers[0].buffer.is<Index>());
  CHECK(!buffers[0].buffer.is<float>());
  CHECK(buffers[0].buffer.shape() == rowgrad::Shape{3});
  CHECK(buffers[1].buffer.scalar_size() == sizeof(float));
  CHECK_THROWS_AS((void)buffers[0].buffer.as<double>(), rowgrad::ValueError);
  const Outer copy = model;
  buffers[0].buffer.as<Index>().data()[1] = 9;  // a handle
  CHECK(model.inner.positions.data()[1] == 9);
  CHECK(copy.inner.positions.data()[1] == 1);
  model = copy;
  CHECK(buffers[0].buffer.as<Index>().to_vector() == std::vector<Index>{0, 1, 2});
}

TEST_CASE("Module: two members under one name are an error") {
  struct Twice : nn::Module<float> {
    nn::Linear<float> a{1, 1}, b{1, 1};
    void members(nn::Members<float>& m) override { m("a", a)("a", b); }
  };
  CHECK_THROWS_WITH_AS(Twice().parameters(), "members: 'a' names two members", rowgrad::ValueError);
}

TEST_CASE("Module: type_name is the class's own name") {
  CHECK(Model().type_name() == "SentimentClassifier");
  CHECK(nn::Linear<float>(1, 1).type_name() == "Linear");
  CHECK(Outer<nn::Linear<float>>::Inner().type_name() == "Inner");
  CHECK(local_name<float>() == "Local");
  struct Local : nn::Module<float> {};
  CHECK(Local().to_string() == "Local()");
}
