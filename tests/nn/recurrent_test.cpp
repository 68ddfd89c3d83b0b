// LSTM, GRU and RNN as layers: PyTorch's numbers, names and printed form; dropout; copies. Graphs, threads, gradients
// by differences and errors have files of their own.
#include <limits>

#include <rowgrad/functional/dropout.hpp>

#include "recurrent_cases.hpp"

using recurrent::formula;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::nn::GRU;
using rowgrad::nn::LSTM;
using rowgrad::nn::RNN;

namespace {

template <typename T>
void expect_initial() {
  int cases = 0;
  for (const golden::Case& c : golden::read("nn_recurrent_init")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    CAPTURE(c.dtype);
    ++cases;
    rowgrad::manual_seed(1);
    const auto made = recurrent::make_layer<T>(c.text("run"));
    const rowgrad::nn::Module<T>& layer = made->module();
    std::string names;
    for (const auto& named : layer.named_parameters()) {
      const std::string& name = named.name;
      CAPTURE(name);
      names += (names.empty() ? "" : "\n") + name;
      CHECK(named.parameter.requires_grad());
      CHECK(golden::difference(named.parameter, c.tensor<T>(name), {0, 0}) == "");
    }
    CHECK(names == c.text("names"));
    CHECK(layer.to_string() == c.text("printed"));
  }
  CHECK(cases == 18);
}

}  // namespace

TEST_CASE("LSTM: PyTorch's results and gradients, for every option") {
  recurrent::expect_golden<double>("nn_lstm");
  recurrent::expect_golden<float>("nn_lstm");
}

TEST_CASE("GRU: PyTorch's results and gradients, for every option") {
  recurrent::expect_golden<double>("nn_gru");
  recurrent::expect_golden<float>("nn_gru");
}

TEST_CASE("RNN: PyTorch's results and gradients, for every option") {
  recurrent::expect_golden<double>("nn_rnn");
  recurrent::expect_golden<float>("nn_rnn");
}

TEST_CASE("recurrent layers and cells: PyTorch's names and weights after the same manual_seed") {
  expect_initial<float>();
  expect_initial<double>();
}

TEST_CASE("recurrent layers: shapes of results") {
  const auto x = rowgrad::ones<float>({5, 4, 3});  // T 5, B 4; or B 5, T 4
  const LSTM<float> lstm(3, 2, {.num_layers = 2, .bidirectional = true});
  const auto [output, state] = lstm(x);
  CHECK(output.shape() == Shape{5, 4, 4});
  CHECK(state.h.shape() == Shape{4, 4, 2});
  CHECK(state.c.shape() == Shape{4, 4, 2});

  const LSTM<float> projected(3, 5, {.batch_first = true, .proj_size = 2});
  const auto [shorter, both] = projected(x);
  CHECK(shorter.shape() == Shape{5, 4, 2});
  CHECK(both.h.shape() == Shape{1, 5, 2});
  CHECK(both.c.shape() == Shape{1, 5, 5});

  const GRU<float> gru(3, 2, {.batch_first = true});
  const auto [sequence, h_n] = gru(x[0]);  // unbatched
  CHECK(sequence.shape() == Shape{4, 2});
  CHECK(h_n.shape() == Shape{1, 2});

  const RNN<float> rnn(3, 2);
  const auto [packed, last] = rnn(rowgrad::pack_padded_sequence(x, {5, 3, 1, 1}));
  CHECK(packed.data.shape() == Shape{10, 2});
  CHECK(packed.batch_sizes.to_vector() == std::vector<Index>{4, 2, 2, 1, 1});
  CHECK(!packed.sorted_indices.defined());
  CHECK(last.shape() == Shape{1, 4, 2});
  CHECK(rnn(x, Indices{5, 3, 1, 2}).output.shape() == Shape{5, 4, 2});
}

TEST_CASE("recurrent layers: a packed result keeps the order of its input, the final states are in the caller's") {
  const auto x = formula<double>({4, 3, 2});
  const GRU<double> gru(2, 2);
  const auto packed = rowgrad::pack_padded_sequence(x, {1, 4, 2}, {.enforce_sorted = false});
  const auto [output, h_n] = gru(packed);
  CHECK(output.sorted_indices.to_vector() == packed.sorted_indices.to_vector());
  CHECK(output.unsorted_indices.to_vector() == packed.unsorted_indices.to_vector());
  const auto [padded, lengths] = rowgrad::pad_packed_sequence(output);
  CHECK(lengths.to_vector() == std::vector<Index>{1, 4, 2});
  for (Index b = 0; b < 3; ++b) {
    const Tensor<double> final = h_n[0][b], last = padded[lengths.data()[b] - 1][b];
    CHECK(final.to_vector() == last.to_vector());
  }
}

TEST_CASE("recurrent layers: options, sizes and parameters") {
  const LSTM<float> lstm(3, 4, {.num_layers = 2, .bidirectional = true, .proj_size = 2});
  CHECK(lstm.parameters().size() == 20);
  CHECK(lstm.parameter_count() == 2 * (16 * (3 + 2 + 2) + 4 * 2) + 2 * (16 * (4 + 2 + 2) + 4 * 2));
  const GRU<float> gru(3, 2, {.bias = false});
  CHECK(gru.parameters().size() == 2);
  const RNN<float> rnn(3, 2, {.nonlinearity = rowgrad::nn::Nonlinearity::relu});
  CHECK(rnn.to_string() == "RNN(3, 2)");  // as in PyTorch, which does not say
  CHECK(LSTM<float>(4, 3, {.num_layers = 2, .bidirectional = true}).to_string() ==
        "LSTM(4, 3, num_layers=2, bidirectional=True)");
  CHECK(LSTM<float>(4, 3, {.num_layers = 2, .bias = false, .batch_first = true, .dropout = 0.25, .proj_size = 1})
            .to_string() == "LSTM(4, 3, proj_size=1, num_layers=2, bias=False, batch_first=True, dropout=0.25)");
}

TEST_CASE("recurrent layers: a copy has weights of its own") {
  const auto x = formula<float>({3, 2, 2});
  const LSTM<float> lstm(2, 3);
  LSTM<float> copy = lstm;
  const auto before = lstm(x).output.to_vector();
  CHECK(copy(x).output.to_vector() == before);
  copy.parameters()[1].array() += 1.0f;
  CHECK(lstm(x).output.to_vector() == before);
  CHECK(copy(x).output.to_vector() != before);
  copy = lstm;
  CHECK(copy(x).output.to_vector() == before);
  const LSTM<float> moved = std::move(copy);
  CHECK(moved(x).output.to_vector() == before);
}

TEST_CASE("recurrent layers: a change of the weights is seen by the next call") {
  const auto x = formula<double>({3, 2, 2});
  const GRU<double> gru(2, 3);
  const rowgrad::no_grad guard;
  for (const Tensor<double>& p : gru.parameters()) {
    const auto before = gru(x).output.to_vector();
    p.array() += 0.5;
    CHECK(gru(x).output.to_vector() != before);
  }
}

TEST_CASE("recurrent layers: dropout between the layers, while training, and nowhere else") {
  const auto x = formula<double>({6, 4, 3});
  LSTM<double> lstm(3, 5, {.num_layers = 2, .dropout = 0.5});
  rowgrad::manual_seed(3);
  const auto first = lstm(x), second = lstm(x);
  rowgrad::manual_seed(3);
  CHECK(lstm(x).output.to_vector() == first.output.to_vector());
  CHECK(second.output.to_vector() != first.output.to_vector());
  CHECK(first.state.h[0].to_vector() == second.state.h[0].to_vector());   // the first layer itself loses nothing
  for (const double value : first.output.to_vector()) CHECK(value != 0);  // nor does the result
  lstm.eval();
  const auto calm = lstm(x).output.to_vector();
  CHECK(calm == lstm(x).output.to_vector());
  CHECK(calm != first.output.to_vector());

  // A single layer has nothing to drop, as in PyTorch, and draws no numbers.
  const LSTM<double> single(3, 5, {.dropout = 0.5}), stack(3, 5, {.num_layers = 2});
  rowgrad::manual_seed(4);
  const auto expected = rowgrad::rand<double>({3}).to_vector();
  rowgrad::manual_seed(4);
  CHECK(single(x).output.to_vector() == single(x).output.to_vector());
  (void)stack(x);
  (void)lstm(x);  // in eval mode
  CHECK(rowgrad::rand<double>({3}).to_vector() == expected);
}

TEST_CASE("recurrent layers: what they drop is what dropout() drops") {
  const auto x = formula<double>({6, 4, 3});
  const GRU<double> both(3, 5, {.num_layers = 2, .dropout = 0.3});
  GRU<double> lower(3, 5), upper(5, 5);
  const auto all = both.parameters();
  for (std::size_t i = 0; i < 4; ++i) {
    lower.parameters()[i].array() = all[i].array();
    upper.parameters()[i].array() = all[i + 4].array();
  }
  rowgrad::manual_seed(5);
  const auto expected = upper(rowgrad::dropout(lower(x).output, 0.3)).output;
  rowgrad::manual_seed(5);
  CHECK(golden::difference(both(x).output, expected) == "");
}

TEST_CASE("recurrent layers: large inputs saturate and stay finite") {
  for (const char* layer : {"lstm", "gru", "rnn"}) {
    CAPTURE(layer);
    const recurrent::Setup<float> setup("T=3 B=2 I=3 H=5 layer=" + std::string(layer));
    setup.x.array() *= 1e6f;
    const auto results = setup.forward();
    recurrent::loss(setup.run, results).backward();
    for (const auto& result : results) CHECK(result.value.array().isFinite().all());
    for (const auto& g : recurrent::gradients(setup)) CHECK(g.value.array().isFinite().all());
    CHECK(results[0].value.array().abs().maxCoeff() <= 1);
  }
}

TEST_CASE("recurrent layers: a NaN in the input is seen in the result") {
  for (const char* layer : {"lstm", "gru", "rnn", "rnn nonlinearity=relu"}) {
    CAPTURE(layer);
    const recurrent::Setup<float> setup("T=3 B=2 I=3 H=2 layer=" + std::string(layer));
    setup.x.data()[3] = std::numeric_limits<float>::quiet_NaN();  // sample 1, step 0
    const Tensor<float> output = setup.forward()[0].value;
    CHECK(output[0][0].array().isFinite().all());
    CHECK(output[2][0].array().isFinite().all());
    CHECK(output[0][1].array().isNaN().all());
    CHECK(output[2][1].array().isNaN().all());
  }
}
