// What: makes and runs recurrent layers as one line of text says: "layer=lstm T=4 B=3 I=3 H=2 num_layers=2
// lengths=4,1,2". Why:  the golden cases, the gradchecks and the tests of threads and graphs all need the same layers
// with every option. See:  golden/make_recurrent.py, which writes such lines and fills inputs and weights in the same
// way.
#pragma once

#include <doctest/doctest.h>

#include <golden.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/recurrent_cell.hpp>

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

template <typename Layer>
void set_weights(const Layer& layer) {
  using T = typename Layer::Scalar;
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

/// visit(layer), whichever layer or cell the run names, with the weights that its constructor drew.
template <typename T, typename Visit>
void with_layer(const Run& run, const Visit& visit) {
  const Index in = run.number("I"), hidden = run.number("H");
  const std::string kind = run.text("layer");
  if (kind == "lstm") return visit(nn::LSTM<T>(in, hidden, options<nn::LSTMOptions>(run)));
  if (kind == "gru") return visit(nn::GRU<T>(in, hidden, options<nn::GRUOptions>(run)));
  if (kind == "rnn") return visit(nn::RNN<T>(in, hidden, options<nn::RNNOptions>(run)));
  if (kind == "lstm_cell") return visit(nn::LSTMCell<T>(in, hidden, options<nn::CellOptions>(run)));
  if (kind == "gru_cell") return visit(nn::GRUCell<T>(in, hidden, options<nn::CellOptions>(run)));
  if (kind == "rnn_cell") return visit(nn::RNNCell<T>(in, hidden, options<nn::RNNCellOptions>(run)));
  throw std::runtime_error("with_layer: no layer " + kind);
}

template <typename T>
struct Named {
  std::string name;
  Tensor<T> value;
};
template <typename T>
using NamedList = std::vector<Named<T>>;

/// LSTM's two states and the one of the others under one roof.
template <typename Layer>
struct StateOf {
  using type = Tensor<typename Layer::Scalar>;
};
template <typename T>
struct StateOf<nn::LSTM<T>> {
  using type = nn::LSTMState<T>;
};
template <typename T>
struct StateOf<nn::LSTMCell<T>> {
  using type = nn::LSTMState<T>;
};
template <typename T>
void append(NamedList<T>& list, const nn::LSTMState<T>& state) {
  list.push_back({"h_n", state.h});
  list.push_back({"c_n", state.c});
}
template <typename T>
void append(NamedList<T>& list, const Tensor<T>& state) {
  list.push_back({"h_n", state});
}

/// A layer with weights, input and initial states after formula(); all of them require a gradient.
template <typename Layer>
struct Setup {
  using T = typename Layer::Scalar;
  using State = typename StateOf<Layer>::type;

  Run run;
  Layer layer;
  Tensor<T> x;
  State state;

  Setup(const Run& r, Layer made) : run(r), layer(std::move(made)) {
    set_weights(layer);
    layer.train(run.flag("train", true));
    const Index steps = run.number("T"), batch = run.number("B"), in = run.number("I"), hidden = run.number("H");
    const bool unbatched = run.flag("unbatched");
    x = formula<T>(unbatched                 ? Shape{steps, in}
                   : run.flag("batch_first") ? Shape{batch, steps, in}
                                             : Shape{steps, batch, in})
            .requires_grad_();
    const bool cell = run.text("layer").ends_with("_cell");
    const Index states = run.number("num_layers", 1) * (run.flag("bidirectional") ? 2 : 1);
    const auto make = [&](const char* key, Index size, Index step) {
      if (!run.lists("states", key)) return Tensor<T>();
      Shape shape{size};
      if (!unbatched) shape.insert(0, batch);
      if (!cell) shape.insert(0, states);
      return Tensor<T>(formula<T>(shape, step).requires_grad_());
    };
    const Tensor<T> h = make("h", run.number("proj_size") > 0 ? run.number("proj_size") : hidden, 2);
    if constexpr (std::is_same_v<State, Tensor<T>>)
      state = h;
    else
      state = {h, make("c", hidden, 3)};
  }

  /// What can have a gradient: x, h0, c0 where given, and the parameters.
  NamedList<T> leaves() const {
    NamedList<T> list{{"x", x}}, states;
    append(states, state);
    for (const Named<T>& s : states)
      if (s.value.defined()) list.push_back({s.name.substr(0, 1) + "0", s.value});
    for (const auto& named : layer.named_parameters()) list.push_back({named.name, named.parameter});
    return list;
  }

  /// output, h_n and, of an LSTM, c_n. Of packed sequences, output is the data.
  NamedList<T> forward() const {
    if constexpr (requires { layer(x).output; })
      return forward_layer();
    else
      return forward_cell();
  }

 private:
  NamedList<T> forward_layer() const {
    NamedList<T> results;
    const auto add = [&](const Tensor<T>& output, const State& final) {
      results.push_back({"output", output});
      append(results, final);
    };
    const bool states = run.has("states");
    if (run.flag("packed")) {
      const auto packed = rowgrad::pack_padded_sequence(
          x, run.indices("lengths"),
          {.batch_first = run.flag("batch_first"), .enforce_sorted = run.flag("enforce_sorted", true)});
      const auto [output, final] = states ? layer(packed, state) : layer(packed);
      add(output.data, final);
    } else if (run.has("lengths")) {
      const Indices lengths = run.indices("lengths");
      const auto [output, final] = states ? layer(x, lengths, state) : layer(x, lengths);
      add(output, final);
    } else {
      const auto [output, final] = states ? layer(x, state) : layer(x);
      add(output, final);
    }
    return results;
  }

  // A cell runs over x[0], x[1], ... and output has the h of every step.
  NamedList<T> forward_cell() const {
    NamedList<T> results(1);
    std::vector<Tensor<T>> outputs;
    State s = state;
    for (Index step = 0; step < x.shape()[0]; ++step) {
      s = step == 0 && !run.has("states") ? layer(x[step]) : layer(x[step], s);
      if constexpr (std::is_same_v<State, Tensor<T>>)
        outputs.push_back(s);
      else
        outputs.push_back(s.h);
    }
    results[0] = {"output", rowgrad::stack<T>(outputs)};
    append(results, s);
    return results;
  }
};

/// visit(setup) for the layer of a run.
template <typename T, typename Visit>
void with_setup(const Run& run, const Visit& visit) {
  with_layer<T>(run, [&](auto layer) { visit(Setup<decltype(layer)>(run, std::move(layer))); });
}

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

/// Results and, as "dx", "dh0", "dweight_ih_l0", ..., all gradients after one backward from loss().
template <typename T>
NamedList<T> perform(const Run& run) {
  NamedList<T> all;
  with_setup<T>(run, [&](const auto& setup) {
    all = setup.forward();
    loss(run, all).backward();
    for (const Named<T>& leaf : setup.leaves()) all.push_back({"d" + leaf.name, gradient(leaf.value)});
  });
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
      with_layer<T>(run, [&](const auto& layer) { CHECK(layer.to_string() == c.text("printed")); });
    } catch (const std::runtime_error& error) {
      FAIL_CHECK(error.what());
    }
  }
  CHECK(cases > 0);
}

}  // namespace recurrent
