// Tied weights: a table and an output layer that are one parameter.
#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/io/safetensors.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <support/golden.hpp>
#include <support/temporary_file.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {

struct LanguageModel : nn::Module<double, LanguageModel> {
  nn::Embedding<double> encoder{7, 3};
  nn::Linear<double> hidden{3, 3};
  std::vector<nn::Linear<double>> unused;  // between the tied ones, elsewhere in memory
  nn::Linear<double> decoder{3, 7, {.bias = false}};

  LanguageModel() { decoder.weight = encoder.weight; }
  Tensor<double> forward(const Indices& text) const { return decoder(hidden(encoder(text)).tanh()); }
  void members(nn::Members<double>& m) override { m("encoder", encoder)("hidden", hidden)("decoder", decoder); }
};

bool tied(const LanguageModel& m) {
  return &m.encoder.weight.body() == &m.decoder.weight.body() && m.parameters().size() == 3;
}
bool apart(const LanguageModel& a, const LanguageModel& b) {
  return a.encoder.weight.data() != b.encoder.weight.data() && a.decoder.weight.data() != b.decoder.weight.data();
}

Tensor<double> formula(const Shape& shape, Index step) {
  Tensor<double> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<double>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / 512;
  return x;
}

Indices ids(Index step) { return Indices{{step % 3, 0, 1}, {step % (step < 6 ? 4 : 7), step * step % 4, 1}}; }

}  // namespace

TEST_CASE("tied weights: PyTorch's names, losses and weights under every optimizer") {
  for (const golden::Case& c : golden::read("nn_tied")) {
    CAPTURE(c.name);
    LanguageModel start;
    Index at = 0;
    for (const Tensor<double>& p : start.parameters()) p.array() = formula(p.shape(), ++at).array();
    LanguageModel model = start;  // the copy is what is trained
    std::string names, state;
    for (const auto& named : model.named_parameters()) names += (names.empty() ? "" : "\n") + named.name;
    for (const auto& named : model.state_dict()) state += (state.empty() ? "" : "\n") + named.name;
    CHECK(names == c.text("parameters"));
    CHECK(state == c.text("state"));
    const auto parameters = model.parameters();
    std::unique_ptr<optim::Optimizer<double>> optimizer;
    if (c.op() == "sgd")
      optimizer = std::make_unique<optim::SGD<double>>(parameters, optim::SGDOptions{.lr = 0.2, .momentum = 0.9});
    if (c.op() == "adam") optimizer = std::make_unique<optim::Adam<double>>(parameters, optim::AdamOptions{.lr = 0.1});
    if (c.op() == "adagrad")
      optimizer = std::make_unique<optim::Adagrad<double>>(parameters, optim::AdagradOptions{.lr = 0.3});
    if (c.op() == "rmsprop")
      optimizer = std::make_unique<optim::RMSprop<double>>(parameters, optim::RMSpropOptions{.lr = 0.05});
    const Tensor<double> expected = c.tensor<double>("losses");
    Tensor<double> losses(expected.shape());
    for (Index step = 0; step < losses.numel(); ++step) {
      optimizer->zero_grad();
      Tensor<double> loss;
      if (step % 3 == 2) {
        const auto y = model.encoder(ids(step));
        loss = (y * y).sum();
      } else {
        loss = cross_entropy(model(ids(step)).reshape({-1, 7}), ids(step + 1).reshape({-1}));
      }
      loss.backward();
      losses.data()[step] = loss.item();
      optimizer->step();
    }
    CHECK(golden::difference(losses, expected, {1e-11, 1e-12}) == "");
    CHECK(golden::difference<double>(model.decoder.weight, c.tensor<double>("weight"), {1e-11, 1e-12}) == "");
    CHECK(golden::difference<double>(model.hidden.weight, c.tensor<double>("hidden"), {1e-11, 1e-12}) == "");
    CHECK(apart(start, model));
  }
}

TEST_CASE("tied weights: copies of a model are tied, and not to the model") {
  const LanguageModel model;
  REQUIRE(tied(model));
  LanguageModel copy = model;
  CHECK(tied(copy));
  CHECK(apart(copy, model));
  CHECK(copy.encoder.weight.to_vector() == model.encoder.weight.to_vector());
  copy.encoder.weight.data()[0] = 5;
  CHECK(copy.decoder.weight.data()[0] == 5);
  CHECK(model.encoder.weight.data()[0] != 5);
  const LanguageModel second(copy);
  CHECK(tied(second));
  CHECK(apart(second, copy));
  const std::vector<LanguageModel> many(4, model), more = many;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(tied(more[i]));
    CHECK(apart(more[i], many[i]));
    CHECK(apart(more[i], more[(i + 1) % 4]));
  }
  LanguageModel moved = std::move(copy);
  CHECK(tied(moved));
  for (int i = 0; i < 3; ++i) {  // the same place on the stack, other values
    moved.encoder.weight.data()[1] = i;
    const LanguageModel best = moved;
    CHECK(tied(best));
    CHECK(best.decoder.weight.data()[1] == i);
  }
}

TEST_CASE("tied weights: assignment of models copies values, and leaves what an optimizer knows") {
  LanguageModel model, best;
  const Tensor<double> handle = model.encoder.weight;
  best.encoder.weight.data()[0] = 7;
  model = best;
  CHECK(tied(model));
  CHECK(apart(model, best));
  CHECK(&handle.body() == &model.decoder.weight.body());
  CHECK(handle.data()[0] == 7);
}

TEST_CASE("tied weights: a layer that is copied alone has values of its own") {
  const LanguageModel model;
  for (int i = 0; i < 3; ++i) {
    const nn::Linear<double> decoder = model.decoder;
    model.encoder.weight.data()[0] = i;
    const nn::Embedding<double> encoder = model.encoder;
    CHECK(encoder.weight.data() != model.encoder.weight.data());
    CHECK(encoder.weight.data()[0] == i);
    CHECK(decoder.weight.data() != encoder.weight.data());
  }
}

TEST_CASE("tied weights: across a Sequential, which holds its layers elsewhere") {
  struct Model : nn::Module<double, Model> {
    nn::Embedding<double> encoder{7, 3};
    nn::Sequential<double> layers;
    Model() {
      nn::Linear<double> decoder(3, 7, {.bias = false});
      decoder.weight = encoder.weight;
      layers.append(nn::Linear<double>(3, 3)).append(std::move(decoder));
    }
    void members(nn::Members<double>& m) override { m("encoder", encoder)("layers", layers); }
  };
  const Model model;
  const Model copy = model, again = copy;
  CHECK(model.parameters().size() == 3);
  CHECK(copy.parameters().size() == 3);
  CHECK(again.parameters().size() == 3);
  CHECK(copy.state_dict().size() == 4);
  CHECK(copy.parameters()[0].data() != model.parameters()[0].data());
  CHECK(again.parameters()[0].data() != copy.parameters()[0].data());
}

TEST_CASE("tied weights: files have both names, and give them back") {
  const TemporaryFile path("", ".safetensors");
  LanguageModel model, other;
  rowgrad::io::save_safetensors(path.path(), model.state_dict());
  other.load_state_dict(rowgrad::io::open_safetensors(path.path()));
  CHECK(tied(other));
  CHECK(other.decoder.weight.to_vector() == model.decoder.weight.to_vector());
  CHECK(model.state_dict().size() == 4);
  CHECK(model.parameter_count() == 21 + 12);
}

TEST_CASE("tied weights: the last assignment counts, and frees the layer from the one before") {
  nn::Embedding<double> a(4, 2), b(4, 2);
  nn::Linear<double> out(2, 4, {.bias = false});
  out.weight = a.weight;
  out.weight = out.weight;
  out.weight = b.weight;
  CHECK(&out.weight.body() == &b.weight.body());
  CHECK(&a.weight.body() != &b.weight.body());
  auto handle = a.weight;
  out.weight = handle;
  CHECK(&out.weight.body() == &a.weight.body());
  const nn::Embedding<double>& constant = b;
  out.weight = constant.weight;  // as classes assign their members: values
  CHECK(&out.weight.body() != &b.weight.body());
  CHECK(out.weight.to_vector() == b.weight.to_vector());
  out.weight.tie_to(constant.weight);
  CHECK(&out.weight.body() == &b.weight.body());
  nn::Parameter<double> off;
  out.weight = off;
  CHECK(!out.weight.defined());
}
