// What: makes and runs recurrent layers as one line of text says: "layer=lstm T=4 B=3 I=3 H=2 lengths=4,1,2".
// Why:  the golden cases, the gradchecks and the tests of threads and graphs need the same layers with every option.
// See:  golden/make_recurrent.py, which writes such lines and fills inputs and weights in the same way.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/recurrent_cell.hpp>
#include <support/golden.hpp>

namespace recurrent {

namespace nn = rowgrad::nn;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

/// The words key=value of a line.
class Run {
 public:
  Run(const std::string& line) {  // NOLINT: lines are written where a Run is expected
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  Run(const char* line) : Run(std::string(line)) {}  // NOLINT

  bool has(const std::string& key) const { return values_.count(key) != 0; }
  std::string text(const std::string& key, const std::string& otherwise = "") const {
    return has(key) ? values_.at(key) : otherwise;
  }
  Index number(const std::string& key, Index otherwise = 0) const {
    return has(key) ? std::stoll(values_.at(key)) : otherwise;
  }
  bool flag(const std::string& key, bool otherwise = false) const { return number(key, otherwise) != 0; }
  bool lists(const std::string& key, const std::string& item, const std::string& otherwise = "") const {
    return ("," + text(key, otherwise) + ",").find("," + item + ",") != std::string::npos;
  }
  Indices indices(const std::string& key) const {
    std::istringstream numbers(text(key));
    std::vector<Index> result;
    for (std::string number; std::getline(numbers, number, ',');) result.push_back(std::stoll(number));
    return result;
  }

 private:
  std::map<std::string, std::string> values_;
};

template <typename T>
Tensor<T> formula(const Shape& shape, Index step = 1) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / 512;
  return x;
}

template <typename T>
void set_weights(const nn::Module<T>& layer) {
  Index step = 10;
  for (const Tensor<T>& p : layer.parameters()) p.array() = formula<T>(p.shape(), step++).array() / 2;
}

/// Options of any layer or cell from a run.
template <typename Options>
Options options(const Run& run) {
  Options o;
  o.bias = run.flag("bias", true);
  if constexpr (requires { o.num_layers; }) {
    o.num_layers = run.number("num_layers", 1);
    o.batch_first = run.flag("batch_first");
    o.dropout = std::stod(run.text("dropout", "0"));
    o.bidirectional = run.flag("bidirectional");
  }
  if constexpr (requires { o.proj_size; }) o.proj_size = run.number("proj_size");
  if constexpr (requires { o.nonlinearity; })
    o.nonlinearity = run.text("nonlinearity") == "relu" ? nn::Nonlinearity::relu : nn::Nonlinearity::tanh;
  return o;
}

template <typename T>
struct Named {
  std::string name;
  Tensor<T> value;
};
template <typename T>
using NamedList = std::vector<Named<T>>;

/// A layer or cell with the weights that its constructor drew, and how to call it; one type for all, so that a test is
/// compiled once. States are h and, of an LSTM, c; the list is empty when none are given.
template <typename T>
class Layer {
 public:
  virtual ~Layer() = default;
  virtual nn::Module<T>& module() = 0;
  virtual bool is_cell() const = 0;
  virtual bool has_c() const = 0;
  /// output, h_n and, of an LSTM, c_n. Of packed sequences, output is the data; of a cell, the h of every x[i].
  virtual NamedList<T> call(const Run& run, const Tensor<T>& x, const std::vector<Tensor<T>>& states) const = 0;
};

template <typename Kind>
class LayerOf final : public Layer<typename Kind::Scalar> {
  using T = typename Kind::Scalar;
  static constexpr bool cell = !requires(const Kind& layer, const Tensor<T>& x) { layer(x).output; };
  static constexpr bool lstm = std::is_same_v<Kind, nn::LSTM<T>> || std::is_same_v<Kind, nn::LSTMCell<T>>;
  using State = std::conditional_t<lstm, nn::LSTMState<T>, Tensor<T>>;

 public:
  explicit LayerOf(Kind layer) : layer_(std::move(layer)) {}
  nn::Module<T>& module() override { return layer_; }
  bool is_cell() const override { return cell; }
  bool has_c() const override { return lstm; }

  NamedList<T> call(const Run& run, const Tensor<T>& x, const std::vector<Tensor<T>>& states) const override {
    State state;
    if constexpr (lstm)
      state = states.empty() ? State() : State{states[0], states[1]};
    else
      state = states.empty() ? State() : states[0];
    if constexpr (cell) {
      std::vector<Tensor<T>> outputs;
      for (Index step = 0; step < x.shape()[0]; ++step) {
        state = step == 0 && states.empty() ? layer_(x[step]) : layer_(x[step], state);
        outputs.push_back(list({}, state)[1].value);
      }
      return list(rowgrad::stack<T>(outputs), state);
    } else if (run.flag("packed")) {
      const auto packed = rowgrad::pack_padded_sequence(
          x, run.indices("lengths"),
          {.batch_first = run.flag("batch_first"), .enforce_sorted = run.flag("enforce_sorted", true)});
      const auto [output, last] = states.empty() ? layer_(packed) : layer_(packed, state);
      return list(output.data, last);
    } else if (run.has("lengths")) {
      const Indices lengths = run.indices("lengths");
      const auto [output, last] = states.empty() ? layer_(x, lengths) : layer_(x, lengths, state);
      return list(output, last);
    } else {
      const auto [output, last] = states.empty() ? layer_(x) : layer_(x, state);
      return list(output, last);
    }
  }

 private:
  static NamedList<T> list(const Tensor<T>& output, const State& state) {
    if constexpr (lstm)
      return {{"output", output}, {"h_n", state.h}, {"c_n", state.c}};
    else
      return {{"output", output}, {"h_n", state}};
  }
  Kind layer_;
};

template <typename T>
std::unique_ptr<Layer<T>> make_layer(const Run& run) {
  const Index in = run.number("I"), hidden = run.number("H");
  const std::string kind = run.text("layer");
  const auto made = [](auto layer) -> std::unique_ptr<Layer<T>> {
    return std::make_unique<LayerOf<decltype(layer)>>(std::move(layer));
  };
  if (kind == "lstm") return made(nn::LSTM<T>(in, hidden, options<nn::LSTMOptions>(run)));
  if (kind == "gru") return made(nn::GRU<T>(in, hidden, options<nn::GRUOptions>(run)));
  if (kind == "rnn") return made(nn::RNN<T>(in, hidden, options<nn::RNNOptions>(run)));
  if (kind == "lstm_cell") return made(nn::LSTMCell<T>(in, hidden, options<nn::CellOptions>(run)));
  if (kind == "gru_cell") return made(nn::GRUCell<T>(in, hidden, options<nn::CellOptions>(run)));
  if (kind == "rnn_cell") return made(nn::RNNCell<T>(in, hidden, options<nn::RNNCellOptions>(run)));
  throw std::runtime_error("make_layer: no layer " + kind);
}

/// A layer with weights, input and initial states after formula(); all of them require a gradient.
template <typename T>
class Setup {
 public:
  Run run;
  std::unique_ptr<Layer<T>> layer;
  Tensor<T> x;
  std::vector<Tensor<T>> states;  // h and, of an LSTM, c; undefined, or an empty list, where not given

  explicit Setup(const Run& r) : run(r), layer(make_layer<T>(r)) {
    set_weights(layer->module());
    layer->module().train(run.flag("train", true));
    const Index steps = run.number("T"), batch = run.number("B"), in = run.number("I"), hidden = run.number("H");
    const bool unbatched = run.flag("unbatched");
    x = formula<T>(unbatched                 ? Shape{steps, in}
                   : run.flag("batch_first") ? Shape{batch, steps, in}
                                             : Shape{steps, batch, in})
            .requires_grad_();
    if (!run.has("states")) return;
    const auto add = [&](const char* key, Index size, Index step) {
      Shape shape{size};
      if (!unbatched) shape.insert(0, batch);
      if (!layer->is_cell()) shape.insert(0, run.number("num_layers", 1) * (run.flag("bidirectional") ? 2 : 1));
      states.push_back(run.lists("states", key) ? formula<T>(shape, step).requires_grad_() : Tensor<T>());
    };
    add("h", run.number("proj_size") > 0 ? run.number("proj_size") : hidden, 2);
    if (layer->has_c()) add("c", hidden, 3);
  }

  NamedList<T> forward() const {
    if (run.has("seed")) rowgrad::manual_seed(static_cast<std::uint64_t>(run.number("seed")));
    return layer->call(run, x, states);
  }

  /// What can have a gradient: x, h0, c0 where given, and the parameters.
  NamedList<T> leaves() const {
    NamedList<T> list{{"x", x}};
    for (std::size_t i = 0; i < states.size(); ++i)
      if (states[i].defined()) list.push_back({i == 0 ? "h0" : "c0", states[i]});
    for (const auto& named : layer->module().named_parameters()) list.push_back({named.name, named.parameter});
    return list;
  }
};

/// The sum of result * seed over the results that the run seeds, with another seed for each.
template <typename T>
Tensor<T> loss(const Run& run, const NamedList<T>& results) {
  Tensor<T> sum;
  Index step = 5;
  for (const Named<T>& result : results) {
    const Tensor<T> seed = formula<T>(result.value.shape(), step++);
    if (!run.lists("seeds", result.name, "output,h_n,c_n")) continue;
    const Tensor<T> part = (result.value * seed).sum();
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

/// The gradient as a dense tensor, zeros where none came.
template <typename T>
Tensor<T> gradient(const Tensor<T>& leaf) {
  if (!leaf.requires_grad() || !leaf.grad().defined()) return rowgrad::zeros<T>(leaf.shape());
  return leaf.grad().to_dense().clone();
}

template <typename T>
NamedList<T> gradients(const Setup<T>& setup) {
  NamedList<T> list;
  for (const Named<T>& leaf : setup.leaves()) list.push_back({leaf.name, gradient(leaf.value)});
  return list;
}

/// Results and, as "dx", "dh0", "dweight_ih_l0", ..., all gradients after one backward from loss().
template <typename T>
NamedList<T> perform(const Run& run) {
  const Setup<T> setup(run);
  NamedList<T> all = setup.forward();
  loss(run, all).backward();
  for (const Named<T>& g : gradients(setup)) all.push_back({"d" + g.name, g.value});
  return all;
}

/// Whether two lists hold the same, bit for bit.
template <typename T>
bool same(const NamedList<T>& a, const NamedList<T>& b) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) {
    CAPTURE(a[i].name);
    equal = a[i].name == b[i].name && golden::difference(a[i].value, b[i].value, {0, 0}).empty();
    CHECK(golden::difference(a[i].value, b[i].value, {0, 0}) == "");
  }
  return equal;
}

template <typename T>
constexpr golden::Tolerance tolerance() {
  return std::is_same_v<T, float> ? golden::Tolerance{1e-5, 2e-6} : golden::Tolerance{1e-11, 1e-13};
}

/// Results, gradients and printed form of every case of this scalar type in the file must be PyTorch's.
template <typename T>
void expect_golden(const std::string& file, const std::string& suffix = "") {
  int cases = 0;
  for (const golden::Case& c : golden::read(file)) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    ++cases;
    std::string line = c.text("run");
    line.insert(line.find(' '), suffix);
    const Run run = line;
    try {
      std::size_t compared = 0;
      for (const Named<T>& got : perform<T>(run)) {
        CAPTURE(got.name);
        CHECK(golden::difference(got.value, c.tensor<T>(got.name), tolerance<T>()) == "");
        ++compared;
      }
      CHECK(compared == c.tensors.size());
      CHECK(make_layer<T>(run)->module().to_string() == c.text("printed"));
    } catch (const std::runtime_error& error) {
      FAIL_CHECK(error.what());
    }
  }
  CHECK(cases > 0);
}

}  // namespace recurrent
