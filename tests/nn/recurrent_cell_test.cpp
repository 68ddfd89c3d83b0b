#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/matmul.hpp>

#include "recurrent_cases.hpp"

using recurrent::formula;
using rowgrad::Index;
using rowgrad::linear;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::slice;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::nn::GRU;
using rowgrad::nn::GRUCell;
using rowgrad::nn::LSTM;
using rowgrad::nn::LSTMCell;
using rowgrad::nn::LSTMState;
using rowgrad::nn::RNN;
using rowgrad::nn::RNNCell;

namespace {

using Value = Tensor<double>;

// The equations in PyTorch's documentation, from operations that have tests of their own.
LSTMState<double> step(const LSTMCell<double>& cell, const Value& x, const LSTMState<double>& s) {
  const auto p = cell.parameters();
  const Index n = s.c.shape()[1];
  const Value gates = linear(x, p[0], p[2]) + linear(s.h, p[1], p[3]);
  const auto gate = [&](Index k) { return slice(gates, 1, k * n, (k + 1) * n); };
  const Value c = sigmoid(gate(1)) * s.c + sigmoid(gate(0)) * tanh(gate(2));
  return {sigmoid(gate(3)) * tanh(c), c};
}
Value step(const GRUCell<double>& cell, const Value& x, const Value& h) {
  const auto p = cell.parameters();
  const Index n = h.shape()[1];
  const Value from_x = linear(x, p[0], p[2]), from_h = linear(h, p[1], p[3]);
  const auto gate = [&](const Value& from, Index k) { return slice(from, 1, k * n, (k + 1) * n); };
  const Value r = sigmoid(gate(from_x, 0) + gate(from_h, 0)), z = sigmoid(gate(from_x, 1) + gate(from_h, 1));
  return (1.0 - z) * tanh(gate(from_x, 2) + r * gate(from_h, 2)) + z * h;
}
Value step(const RNNCell<double>& cell, const Value& x, const Value& h) {
  const auto p = cell.parameters();
  return tanh(linear(x, p[0], p[2]) + linear(h, p[1], p[3]));
}

recurrent::NamedList<double> parts(const LSTMState<double>& s) { return {{"h", s.h}, {"c", s.c}}; }
recurrent::NamedList<double> parts(const Value& h) { return {{"h", h}}; }

/// Result and gradients of a cell against step(), at a size.
template <typename Cell, typename State>
void expect_equations(const Cell& cell, const Value& x, const State& state) {
  std::vector<Value> gradients[2], results[2];
  for (const int way : {0, 1}) {
    const State next = way == 0 ? cell(x, state) : step(cell, x, state);
    Value loss = rowgrad::zeros<double>({});
    Index seed = 5;
    for (const auto& part : parts(next)) {
      results[way].push_back(part.value);
      loss = loss + (part.value * formula<double>(part.value.shape(), seed++)).sum();
    }
    loss.backward();
    std::vector<Value> leaves = cell.parameters();
    leaves.push_back(x);
    for (const auto& part : parts(state)) leaves.push_back(part.value);
    for (const Value& leaf : leaves) {
      gradients[way].push_back(recurrent::gradient(leaf));
      leaf.grad().reset();
    }
  }
  for (std::size_t i = 0; i < results[0].size(); ++i)
    CHECK(golden::difference(results[0][i], results[1][i], {1e-12, 1e-12}) == "");
  for (std::size_t i = 0; i < gradients[0].size(); ++i) {
    CAPTURE(i);
    CHECK(golden::difference(gradients[0][i], gradients[1][i], {1e-11, 1e-11}) == "");
  }
}

Value leaf(const Shape& shape, Index step) { return formula<double>(shape, step).requires_grad_(); }

}  // namespace

TEST_CASE("LSTMCell, GRUCell, RNNCell: PyTorch's results and gradients, for every option") {
  recurrent::expect_golden<double>("nn_recurrent_cell", "_cell");
  recurrent::expect_golden<float>("nn_recurrent_cell", "_cell");
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: agree with their equations at many sizes") {
  for (const Index batch : {1, 2, 3, 5, 8, 13, 200})
    for (const Index input : {1, 3, 17})
      for (const Index hidden : {1, 2, 4, 7, 8, 19, 50}) {
        if (batch > 13 && hidden % 2 == 1) continue;
        CAPTURE(batch);
        CAPTURE(input);
        CAPTURE(hidden);
        const Value x = leaf({batch, input}, 1), h = leaf({batch, hidden}, 2), c = leaf({batch, hidden}, 3);
        rowgrad::manual_seed(9);
        expect_equations(LSTMCell<double>(input, hidden), x, LSTMState<double>{h, c});
        expect_equations(GRUCell<double>(input, hidden), x, h);
        expect_equations(RNNCell<double>(input, hidden), x, h);
      }
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: a loop of steps is what the layer gives") {
  const Value x = formula<double>({5, 3, 4});
  const auto take_over = [](const auto& cell, const auto& layer) {
    for (std::size_t i = 0; i < 4; ++i) cell.parameters()[i].array() = layer.parameters()[i].array();
  };
  const LSTM<double> lstm(4, 6);
  const LSTMCell<double> lstm_cell(4, 6);
  take_over(lstm_cell, lstm);
  LSTMState<double> state;
  const auto all = lstm(x);
  for (Index t = 0; t < 5; ++t) {
    state = lstm_cell(x[t], state);
    CHECK(golden::difference(state.h, all.output[t]) == "");
  }
  CHECK(golden::difference(state.c, all.state.c[0]) == "");

  const GRU<double> gru(4, 6);
  const GRUCell<double> gru_cell(4, 6);
  const RNN<double> rnn(4, 6, {.nonlinearity = rowgrad::nn::Nonlinearity::relu});
  const RNNCell<double> rnn_cell(4, 6, {.nonlinearity = rowgrad::nn::Nonlinearity::relu});
  take_over(gru_cell, gru);
  take_over(rnn_cell, rnn);
  Value h, r;
  for (Index t = 0; t < 5; ++t) {
    h = gru_cell(x[t], h);
    r = rnn_cell(x[t], r);
    CHECK(golden::difference(h, gru(x).output[t]) == "");
    CHECK(golden::difference(r, rnn(x).output[t]) == "");
  }
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: a single sample is a batch of one without its dimension") {
  const LSTMCell<double> lstm(3, 2);
  const GRUCell<double> gru(3, 2);
  const Value x = formula<double>({1, 3}), h = formula<double>({1, 2}, 2), c = formula<double>({1, 2}, 3);
  const auto batch = lstm(x, {h, c}), single = lstm(x[0], {h[0], c[0]});
  CHECK(single.h.shape() == Shape{2});
  CHECK(single.c.shape() == Shape{2});
  CHECK(single.h.to_vector() == batch.h.to_vector());
  CHECK(single.c.to_vector() == batch.c.to_vector());
  CHECK(gru(x[0], h[0]).to_vector() == gru(x, h).to_vector());
  CHECK(gru(x[0]).shape() == Shape{2});
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: missing states are zeros") {
  const Value x = formula<double>({2, 3}), h = formula<double>({2, 4}, 2), zero = rowgrad::zeros<double>({2, 4});
  const LSTMCell<double> lstm(3, 4);
  CHECK(lstm(x).h.to_vector() == lstm(x, {zero, zero}).h.to_vector());
  CHECK(lstm(x, {h, {}}).c.to_vector() == lstm(x, {h, zero}).c.to_vector());
  CHECK(lstm(x, {{}, h}).c.to_vector() == lstm(x, {zero, h}).c.to_vector());
  const RNNCell<double> rnn(3, 4);
  CHECK(rnn(x).to_vector() == rnn(x, zero).to_vector());
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: printed form, sizes and parameters") {
  const LSTMCell<float> lstm(3, 2);
  CHECK(lstm.to_string() == "LSTMCell(3, 2)");
  CHECK(lstm.input_size() == 3);
  CHECK(lstm.hidden_size() == 2);
  CHECK(lstm.parameter_count() == 8 * (3 + 2 + 2));
  CHECK(GRUCell<float>(3, 2, {.bias = false}).to_string() == "GRUCell(3, 2, bias=False)");
  CHECK(GRUCell<float>(3, 2, {.bias = false}).parameters().size() == 2);
  const auto relu = rowgrad::nn::Nonlinearity::relu;
  CHECK(RNNCell<float>(3, 2, {.nonlinearity = relu}).to_string() == "RNNCell(3, 2, nonlinearity=relu)");
  CHECK(RNNCell<float>(3, 2, {.bias = false, .nonlinearity = relu}).to_string() ==
        "RNNCell(3, 2, bias=False, nonlinearity=relu)");
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: nothing is recorded under no_grad, and the values are the same") {
  const GRUCell<double> gru(3, 2);
  const Value x = formula<double>({2, 3});
  const auto recorded = gru(x);
  CHECK(recorded.requires_grad());
  const rowgrad::no_grad guard;
  CHECK(!gru(x).requires_grad());
  CHECK(gru(x).to_vector() == recorded.to_vector());
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: errors") {
  const LSTMCell<float> lstm(3, 2);
  const GRUCell<float> gru(3, 2);
  const auto make = [](const Shape& shape) { return rowgrad::ones<float>(shape); };
  CHECK_THROWS_WITH_AS(lstm(make({2, 4})), doctest::Contains("LSTMCell: expected input (B, 3) or (3,), got (2, 4)"),
                       ShapeError);
  CHECK_THROWS_AS(gru(make({4})), ShapeError);
  CHECK_THROWS_AS(gru(make({2, 2, 3})), ShapeError);
  CHECK_THROWS_AS(gru(make({})), ShapeError);
  CHECK_THROWS_AS(gru(make({0, 3})), ShapeError);
  CHECK_THROWS_WITH_AS(gru(make({2, 3}), make({3, 2})), doctest::Contains("expected h (2, 2), got (3, 2)"), ShapeError);
  CHECK_THROWS_AS(gru(make({2, 3}), make({1, 2})), ShapeError);
  CHECK_THROWS_AS(gru(make({2, 3}), make({2})), ShapeError);
  CHECK_THROWS_AS(gru(make({2, 3}), make({2, 3})), ShapeError);
  CHECK_THROWS_AS(gru(make({3}), make({1, 2})), ShapeError);
  CHECK_THROWS_WITH_AS(lstm(make({2, 3}), {make({2, 2}), make({2, 3})}), doctest::Contains("expected c (2, 2)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(LSTMCell<float>(3, 0), doctest::Contains("LSTMCell: expected"), ValueError);
  CHECK_THROWS_AS(LSTMCell<float>(-1, 2), ValueError);
  CHECK_THROWS_AS(GRUCell<float>(3, -1), ValueError);
  CHECK_THROWS_AS(RNNCell<float>(3, 0), ValueError);
}
