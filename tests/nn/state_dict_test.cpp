// What a model's state is called, how it is loaded, and what is said about one that does not fit.
#include <doctest/doctest.h>

#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/io/safetensors.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/layer_norm.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <rowgrad/table/lookup.hpp>
#include <support/temporary_file.hpp>

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::StateDict;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

using Names = std::vector<std::string>;

template <typename T>
struct Classifier : nn::Module<T, Classifier<T>> {
  nn::Embedding<T> embedding{6, 3};
  nn::LSTM<T> lstm{3, 2, {.bidirectional = true}};
  nn::Linear<T> fc{4, 2};
  nn::Parameter<T> scale{rowgrad::ones<T>({2})};
  nn::Buffer<Index> positions{rowgrad::arange(5)};
  nn::Buffer<std::uint8_t> codes{Tensor<std::uint8_t>(Shape{2})};
  nn::Buffer<T> scratch{rowgrad::zeros<T>({3}), false};

  Classifier() { std::fill_n(codes.data(), 2, std::uint8_t(7)); }
  Tensor<T> forward(const Indices& text) const { return fc(lstm(embedding(text)).output.mean(1)); }
  // Out of PyTorch's order on purpose: a module's own tensors come before those of its sub-modules.
  void members(nn::Members<T>& m) override {
    m("embedding", embedding)("lstm", lstm)("codes", codes)("fc", fc)("scale", scale)("positions", positions);
    m("scratch", scratch);
  }
};

/// Two names for one table, by sharing the tensor or its memory.
struct Tied : nn::Module<float> {
  nn::Parameter<float> in{rowgrad::randn({4, 2})};
  nn::Parameter<float> out{in.detach()};
  void members(nn::Members<float>& m) override { m("in", in)("out", out); }
};

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const ValueError& error) {
    return error.what();
  }
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <typename T>
std::vector<std::vector<T>> weights(const nn::Module<T>& model) {
  std::vector<std::vector<T>> result;
  for (const auto& p : model.parameters()) result.push_back(p.to_vector());
  return result;
}

/// The entries of a state whose names f keeps, under the names it gives them.
template <typename F>
StateDict renamed(const StateDict& state, const F& f) {
  StateDict result;
  for (const auto& [name, tensor] : state)
    if (const std::string other = f(name); !other.empty()) result.append(other, tensor);
  return result;
}

}  // namespace

TEST_CASE("state_dict: PyTorch's names and order, buffers that are saved, handles") {
  const Classifier<float> model;
  const StateDict state = model.state_dict();
  CHECK(state.names() == Names{"scale", "codes", "positions", "embedding.weight", "lstm.weight_ih_l0",
                               "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0", "lstm.weight_ih_l0_reverse",
                               "lstm.weight_hh_l0_reverse", "lstm.bias_ih_l0_reverse", "lstm.bias_hh_l0_reverse",
                               "fc.weight", "fc.bias"});
  CHECK(state["fc.weight"].data() == model.fc.weight.data());
  CHECK(state.as<Index>("positions").data()[4] == 4);
  CHECK(state["codes"].is<std::uint8_t>());
  CHECK(nn::Linear<float>(2, 3, {.bias = false}).state_dict().names() == Names{"weight"});

  const StateDict copy = state.clone();
  CHECK(copy.names() == state.names());
  CHECK(copy["fc.weight"].data() != state["fc.weight"].data());
  CHECK(copy.as<float>("fc.weight").to_vector() == model.fc.weight.to_vector());
}

TEST_CASE("state_dict: a model that does not name what it holds is refused, as one that uses a name twice") {
  struct Forgetful : nn::Module<float, Forgetful> {
    nn::Linear<float> named{2, 2}, forgotten{2, 2};
    void members(nn::Members<float>& m) override { m("named", named); }
  };
  CHECK_THROWS_WITH_AS((void)Forgetful().state_dict(), doctest::Contains("does not name everything"), ValueError);
  struct Twice : nn::Module<float> {
    nn::Linear<float> a{2, 2}, b{2, 2};
    void members(nn::Members<float>& m) override { m("a", a)("a", b); }
  };
  CHECK_THROWS_WITH_AS((void)Twice().state_dict(), doctest::Contains("'a' names two members"), ValueError);
}

TEST_CASE("load_state_dict: copies in place, converts scalars, leaves the state alone") {
  const Classifier<double> source;
  Classifier<double> same;
  const auto* const place = same.fc.weight.data();
  const auto result = same.load_state_dict(source.state_dict());
  CHECK(result.missing_keys.empty());
  CHECK(result.unexpected_keys.empty());
  CHECK(weights(same) == weights(source));
  CHECK(same.fc.weight.data() == place);
  CHECK(same.fc.weight.data() != source.fc.weight.data());
  CHECK(same.fc.weight.requires_grad());

  Classifier<float> narrow;
  narrow.load_state_dict(source.state_dict());
  CHECK(narrow.fc.bias.data()[1] == static_cast<float>(source.fc.bias.data()[1]));
  CHECK(narrow.positions.to_vector() == source.positions.to_vector());
  same.load_state_dict(same.state_dict());
  CHECK(weights(same) == weights(source));
}

TEST_CASE("load_state_dict: everything that is wrong is in one message, and nothing is changed") {
  const Classifier<float> source;
  StateDict state = renamed(source.state_dict(), [](const std::string& name) {
    return name == "fc.bias" || name == "positions" || name == "fc.weight" || name == "scale" ? "" : name;
  });
  state.append("fc.weight", rowgrad::zeros<float>({3, 4})).append("head.bias", rowgrad::zeros<float>({2}));
  state.append("other", rowgrad::arange(3)).append("positions", rowgrad::zeros<float>({5}));
  Classifier<float> model;
  const auto before = weights(model);
  const std::string error = error_of([&] { model.load_state_dict(state); });
  for (const char* part :
       {"Classifier::load_state_dict", "missing: 'scale', (2,)", "missing: 'fc.bias', (2,)",
        "unexpected: 'head.bias', (2,)", "unexpected: 'other', (3,)", "'fc.weight' has shape (3, 4) in the state",
        "expected (2, 4)", "'positions' holds float32 in the state, expected int64", "Nothing was changed"})
    CHECK_MESSAGE(has(error, part), part, " is not in ", error);
  CHECK(weights(model) == before);

  // Shapes and types are errors also when names may differ.
  const std::string loose = error_of([&] { model.load_state_dict(state, {.strict = false}); });
  CHECK(has(loose, "'fc.weight' has shape"));
  CHECK(!has(loose, "missing"));
  CHECK(weights(model) == before);
}

TEST_CASE("load_state_dict: not strict, it returns what it skipped") {
  const Classifier<float> source;
  StateDict state = renamed(source.state_dict(), [](const std::string& name) {
    return name.starts_with("lstm") || name == "codes" ? "" : name;
  });
  state.append("b", rowgrad::zeros<float>({2})).append("a", rowgrad::zeros<float>({1}));
  Classifier<float> model;
  const auto lstm = model.lstm.state_dict().clone();
  const auto skipped = model.load_state_dict(state, {.strict = false});
  CHECK(skipped.unexpected_keys == Names{"b", "a"});
  CHECK(skipped.missing_keys.size() == 9);
  CHECK(skipped.missing_keys[0] == "codes");
  CHECK(model.fc.weight.to_vector() == source.fc.weight.to_vector());
  for (const auto& [name, tensor] : lstm)
    CHECK(model.lstm.state_dict().as<float>(name).to_vector() == tensor.as<float>().to_vector());
}

TEST_CASE("load_state_dict: names are changed on the way") {
  const Classifier<float> source;
  const StateDict wrapped = renamed(source.state_dict(), [](const std::string& name) { return "module." + name; });
  Classifier<float> model;
  CHECK(has(error_of([&] { model.load_state_dict(wrapped); }), "nn::strip_prefix(\"module.\")"));
  model.load_state_dict(wrapped, {.rename = nn::strip_prefix("module.")});
  CHECK(weights(model) == weights(source));
  CHECK(has(error_of([&] { model.fc.load_state_dict(source.state_dict()); }), "strip_prefix(\"fc.\")"));
  CHECK(has(error_of([&] { model.load_state_dict(source.fc.state_dict()); }), "sub-module 'fc'"));

  nn::LayerNorm<float> norm(3);
  StateDict old;
  old.append("bert.LayerNorm.gamma", rowgrad::full<float>({3}, 2))
      .append("bert.LayerNorm.beta", rowgrad::ones<float>({3}));
  old.append("bert.ids", rowgrad::arange(2));
  const auto rename = nn::replace_in_names({{"bert.LayerNorm.", ""}, {"gamma", "weight"}, {"beta", "bias"}});
  CHECK(has(error_of([&] { norm.load_state_dict(old, {.rename = rename}); }), "unexpected: 'bert.ids'"));
  norm.load_state_dict(old,
                       {.rename = [&](const std::string& name) { return name == "bert.ids" ? "" : rename(name); }});
  CHECK(norm.weight.to_vector() == std::vector<float>{2, 2, 2});
  CHECK(norm.bias.to_vector() == std::vector<float>{1, 1, 1});
  CHECK(nn::replace_in_names({{"a", "aa"}})("banana") == "baanaanaa");
  const std::string twice =
      error_of([&] { norm.load_state_dict(old, {.rename = [](const std::string&) { return "weight"; }}); });
  CHECK(has(twice, "'bert.LayerNorm.gamma' and 'bert.LayerNorm.beta' are both renamed to 'weight'"));
}

TEST_CASE("load_state_dict: whole numbers that do not fit, before anything is changed") {
  Classifier<float> model;
  const auto before = weights(model);
  StateDict state = renamed(Classifier<float>().state_dict(),
                            [](const std::string& name) { return name == "codes" ? std::string() : name; });
  state.append("codes", Indices{3, 300});
  CHECK(has(error_of([&] { model.load_state_dict(state); }), "'codes'"));
  CHECK(weights(model) == before);
  CHECK(model.codes.to_vector() == std::vector<std::uint8_t>{7, 7});
}

TEST_CASE("load_state_dict: tensors with two names") {
  Tied model;
  const auto state = model.state_dict();
  CHECK(state.names() == Names{"in", "out"});
  for (const bool assign : {false, true})
    for (const char* name : {"in", "out"}) {  // one of them is enough
      StateDict one;
      const auto values = rowgrad::randn({4, 2});
      one.append(name, values);
      const auto skipped = model.load_state_dict(one, {.assign = assign});
      CHECK(skipped.missing_keys.empty());
      CHECK(model.in.to_vector() == values.to_vector());
      CHECK(model.in.data() == model.out.data());
      CHECK(&model.in.body().storage->debt == &model.out.body().storage->debt);  // a debt on one is one on the other
    }
  StateDict both;
  both.append("in", rowgrad::ones({4, 2})).append("out", rowgrad::ones({4, 2}));
  model.load_state_dict(both, {.assign = true});
  CHECK(model.in.body().storage.get() == model.out.body().storage.get());
  CHECK(model.out.to_vector() == std::vector<float>(8, 1));
  StateDict different;
  different.append("in", rowgrad::ones({4, 2})).append("out", rowgrad::zeros({4, 2}));
  CHECK(has(error_of([&] { model.load_state_dict(different); }), "'in' and 'out' are one tensor in the model"));
  CHECK(model.in.to_vector() == std::vector<float>(8, 1));
  CHECK(has(error_of([&] { model.load_state_dict(StateDict()); }), "missing: 'in'"));
}

TEST_CASE("load_state_dict: from a file, whole or as views of it") {
  rowgrad::manual_seed(3);
  const Classifier<float> source;
  const TemporaryFile path({}, ".safetensors");
  rowgrad::io::save_safetensors(path.path(), source.state_dict(), {{"made by", "a test"}});
  const auto file = rowgrad::io::open_safetensors(path.path());
  CHECK(file.names() == source.state_dict().names());
  Classifier<float> model;
  model.load_state_dict(file);
  CHECK(weights(model) == weights(source));

  Classifier<float> mapped;
  const Tensor<float> handle = mapped.embedding.weight;
  mapped.load_state_dict(file, {.assign = true});
  CHECK(weights(mapped) == weights(source));
  CHECK(handle.data() == mapped.embedding.weight.data());
  CHECK(handle.body().storage->borrowed());
  // It can be trained, and the file stays as it is.
  rowgrad::optim::Adam<float> adam(mapped.parameters(), {.lr = 0.1});
  mapped.forward(Indices{{1, 2}}).sum().backward();
  adam.step();
  CHECK(weights(mapped) != weights(source));
  Classifier<float> again;
  again.load_state_dict(rowgrad::io::open_safetensors(path.path()));
  CHECK(weights(again) == weights(source));

  Classifier<double> wide;  // converted, hence no view
  wide.load_state_dict(rowgrad::io::open_safetensors(path.path()), {.assign = true});
  CHECK(wide.fc.bias.data()[0] == static_cast<double>(source.fc.bias.data()[0]));
  CHECK(has(error_of([&] { model.fc.load_state_dict(file); }), "strip_prefix(\"fc.\")"));
}

TEST_CASE("load_state_dict: BOOL and 16-bit floats of a file") {
  struct Mixed : nn::Module<float> {
    nn::Parameter<float> w{rowgrad::zeros({2})};
    nn::Buffer<bool> mask{Tensor<bool>(Shape{2})};
    nn::Buffer<Index> wide{rowgrad::arange(2)};
    void members(nn::Members<float>& m) override { m("w", w)("mask", mask)("wide", wide); }
  };
  Tensor<bool> mask(Shape{2});
  mask.data()[0] = true;
  mask.data()[1] = false;
  const TemporaryFile path;
  rowgrad::io::save_safetensors(path.path(), {{"w", Tensor<float>{1.5f, -2}, rowgrad::io::DType::bf16},
                                              {"mask", mask},
                                              {"wide", Indices{-3, 4}, rowgrad::io::DType::i8}});
  Mixed model;
  model.load_state_dict(rowgrad::io::open_safetensors(path.path()));
  CHECK(model.w.to_vector() == std::vector<float>{1.5f, -2});
  CHECK(model.mask.data()[0]);
  CHECK(!model.mask.data()[1]);
  CHECK(model.wide.to_vector() == std::vector<Index>{-3, 4});
}

// What dense Adam makes of it: rows are brought up to date, then overwritten, and go on moving from there.
TEST_CASE("load_state_dict: rows that are owed updates") {
  for (const bool assign : {false, true}) {
    nn::Embedding<double> sparse(7, 3), dense(7, 3);
    dense.weight.array() = sparse.weight.array();
    const nn::Embedding<double> other(7, 3);
    rowgrad::optim::Adam<double> of_sparse(sparse.parameters(), {.lr = 0.1}), of_dense(dense.parameters(), {.lr = 0.1});
    for (Index step = 0; step < 12; ++step) {
      const Indices ids{step % 3, (2 * step) % 5};
      of_sparse.zero_grad();
      of_dense.zero_grad();
      sparse(ids).sum().backward();
      Tensor<double> chosen = rowgrad::zeros<double>({2, 7});
      for (Index i = 0; i < 2; ++i) chosen.data()[i * 7 + ids.data()[i]] = 1;
      matmul(chosen, dense.weight).sum().backward();
      of_sparse.step();
      of_dense.step();
      if (step != 6) continue;
      sparse.load_state_dict(other.state_dict().clone(), {.assign = assign});
      dense.load_state_dict(other.state_dict());
    }
    const auto a = sparse.weight.to_vector(), b = dense.weight.to_vector();
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-9));
  }
}

TEST_CASE("load_state_dict: memory taken over leaves views of the old one and its optimizer in order") {
  nn::Embedding<float> model(5, 2);
  const Tensor<float> view = model.weight.detach();
  {
    rowgrad::optim::Adam<float> adam(model.parameters());
    for (const Index row : {0, 1, 2}) {
      adam.zero_grad();
      model(row).sum().backward();
      adam.step();
    }
    model.load_state_dict(nn::Embedding<float>(5, 2).state_dict(), {.assign = true});
    adam.zero_grad();
    model(3).sum().backward();
    adam.step();
    CHECK(view.body().storage->debt == nullptr);
    CHECK(model.weight.body().storage->debt != nullptr);
  }
  CHECK(view.to_vector().size() == 10);
  CHECK(model.weight.body().storage->debt == nullptr);
}
