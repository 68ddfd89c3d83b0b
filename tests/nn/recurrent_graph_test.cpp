// LSTM, GRU and RNN in graphs: which results are used, which weights are trained, how often backward() runs.
#include <rowgrad/table/lookup.hpp>

#include <support/sanitizer.hpp>

#include "recurrent_cases.hpp"

using recurrent::formula;
using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;
using rowgrad::nn::GRU;
using rowgrad::nn::LSTM;
using rowgrad::nn::LSTMState;
using rowgrad::nn::RNN;

namespace {

// Every kind of layer.
const std::vector<std::string> runs = {
    "layer=lstm T=4 B=3 I=3 H=5 states=h,c num_layers=2 bidirectional=1",
    "layer=lstm T=4 B=3 I=3 H=5 states=h,c bidirectional=1 lengths=2,4,1",
    "layer=lstm T=4 B=3 I=3 H=5 states=h,c proj_size=2",
    "layer=gru T=4 B=3 I=3 H=5 states=h num_layers=2 bidirectional=1",
    "layer=gru T=4 B=3 I=3 H=5 states=h lengths=2,4,1 packed=1 enforce_sorted=0",
    "layer=rnn T=4 B=3 I=3 H=5 states=h bidirectional=1 lengths=2,4,1",
    "layer=rnn T=4 B=3 I=3 H=5 states=h nonlinearity=relu",
};

}  // namespace

TEST_CASE("recurrent layers: no_grad gives the same values and records nothing") {
  std::vector<std::string> lines = runs;
  // Long enough for the inputs to be projected in several pieces.
  lines.push_back("layer=lstm T=70 B=5 I=3 H=5 bidirectional=1 lengths=70,3,41,70,66");
  lines.push_back("layer=gru T=3 B=150 I=3 H=5 bidirectional=1 num_layers=2");
  for (const std::string& line : lines) {
    CAPTURE(line);
    const recurrent::Setup<float> setup(line);
    const auto recorded = setup.forward();
    for (const auto& result : recorded) CHECK(result.value.requires_grad());
    const rowgrad::no_grad guard;
    const auto plain = setup.forward();
    for (const auto& result : plain) CHECK(!result.value.requires_grad());
    CHECK(recurrent::same(recorded, plain));
  }
}

TEST_CASE("recurrent layers: constants and frozen weights get no gradient, the others keep theirs") {
  for (const std::string& line : runs) {
    CAPTURE(line);
    const recurrent::Setup<double> setup(line);
    recurrent::loss(setup.run, setup.forward()).backward();
    const auto all = recurrent::gradients(setup);
    const auto leaves = setup.leaves();
    for (const std::size_t keep : {std::size_t{2}, std::size_t{3}}) {  // every second, every third leaf is trained
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        leaves[i].value.grad().reset();
        leaves[i].value.requires_grad_(i % keep == 1);
      }
      recurrent::loss(setup.run, setup.forward()).backward();
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        CAPTURE(leaves[i].name);
        CHECK(leaves[i].value.grad().defined() == (i % keep == 1));
        if (i % keep == 1) CHECK(golden::difference(leaves[i].value.grad().dense(), all[i].value, {0, 0}) == "");
      }
    }
    for (const auto& leaf : leaves) leaf.value.requires_grad_(false);
    for (const auto& result : setup.forward()) CHECK(!result.value.requires_grad());
  }
}

TEST_CASE("recurrent layers: backward twice with retain_graph adds the gradients up, without it is an error") {
  for (const std::string& line : runs) {
    CAPTURE(line);
    const recurrent::Setup<double> setup(line);
    const auto results = setup.forward();
    const Tensor<double> loss = recurrent::loss(setup.run, results);
    loss.backward(true);
    const auto once = recurrent::gradients(setup);
    loss.backward();
    const auto twice = recurrent::gradients(setup);
    for (std::size_t i = 0; i < once.size(); ++i) {
      CAPTURE(once[i].name);
      CHECK(golden::difference(twice[i].value, once[i].value * 2.0, {0, 0}) == "");
    }
    CHECK_THROWS_AS(loss.backward(), GraphError);
    for (const auto& result : results)
      CHECK_THROWS_AS(result.value.backward(formula<double>(result.value.shape())), GraphError);
    CHECK(recurrent::same(recurrent::gradients(setup), twice));
  }
}

TEST_CASE("recurrent layers: results used one after the other add up to all of them at once") {
  for (const std::string& line : runs) {
    CAPTURE(line);
    const recurrent::Setup<double> setup(line);
    const auto results = setup.forward();
    recurrent::loss(setup.run, results).backward(true);
    const auto together = recurrent::gradients(setup);
    for (const auto& leaf : setup.leaves()) leaf.value.grad().reset();
    for (std::size_t i = 0; i < results.size(); ++i)
      results[i].value.backward(formula<double>(results[i].value.shape(), 5 + static_cast<Index>(i)),
                                i + 1 < results.size());
    const auto apart = recurrent::gradients(setup);
    for (std::size_t i = 0; i < apart.size(); ++i) {
      CAPTURE(apart[i].name);
      CHECK(golden::difference(apart[i].value, together[i].value, {1e-12, 1e-12}) == "");
    }
  }
}

TEST_CASE("recurrent layers: results that are let go change nothing for those that are kept") {
  for (const std::string& line : runs) {
    CAPTURE(line);
    const recurrent::Setup<double> setup(line);
    const auto results = setup.forward();
    const auto seed = formula<double>(results[1].value.shape(), 6);
    results[1].value.backward(seed);
    const auto held = recurrent::gradients(setup);
    for (const auto& leaf : setup.leaves()) leaf.value.grad().reset();
    const Tensor<double> h_n = setup.forward()[1].value;
    h_n.backward(seed);
    CHECK(recurrent::same(recurrent::gradients(setup), held));
  }
}

TEST_CASE("recurrent layers: slices of results pass their gradients on, also row-sparse ones") {
  const LSTM<double> lstm(3, 4);
  const Tensor<double> x = formula<double>({5, 3}).requires_grad_();  // one sequence: results have rank 2
  const auto seeded = [&](bool slices) {
    x.grad().reset();
    lstm.zero_grad();
    const auto [output, state] = lstm(x);
    if (slices) {
      (output[4].sum() + output[1].sum() + state.h[0].sum() + state.c[0].sum()).backward();
    } else {
      Tensor<double> seed = rowgrad::zeros<double>({5, 4});
      seed.matrix().row(1).setOnes();
      seed.matrix().row(4).setOnes();
      ((output * seed).sum() + state.h.sum() + state.c.sum()).backward();
    }
    std::vector<Tensor<double>> result{recurrent::gradient(x)};
    for (const auto& p : lstm.parameters()) result.push_back(recurrent::gradient(p));
    return result;
  };
  const auto slices = seeded(true), whole = seeded(false);
  for (std::size_t i = 0; i < slices.size(); ++i) CHECK(golden::difference(slices[i], whole[i], {1e-13, 1e-13}) == "");
}

TEST_CASE("recurrent layers: states handed from one call to the next carry gradients back") {
  const GRU<double> gru(3, 4, {.num_layers = 2});
  const LSTM<double> lstm(3, 4, {.num_layers = 2});
  const Tensor<double> x = formula<double>({6, 2, 3});
  const auto seed = formula<double>({3, 2, 4}, 7);
  const auto expect = [&](const auto& layer) {
    layer.zero_grad();
    (layer(x).output * rowgrad::cat<double>({seed, seed})).sum().backward();
    std::vector<Tensor<double>> whole;
    for (const auto& p : layer.parameters()) whole.push_back(recurrent::gradient(p));
    layer.zero_grad();
    const auto [first, state] = layer(slice(x, 0, 0, 3));
    const auto [second, last] = layer(slice(x, 0, 3, 6), state);
    ((first * seed).sum() + (second * seed).sum()).backward();
    for (std::size_t i = 0; i < whole.size(); ++i)
      CHECK(golden::difference(recurrent::gradient(layer.parameters()[i]), whole[i], {1e-11, 1e-12}) == "");
  };
  expect(gru);
  expect(lstm);
}

TEST_CASE("recurrent layers: a chain of any length is walked and destroyed") {
  const int steps = support::under_sanitizer ? 10'000 : 50'000;  // slow under a sanitizer
  const rowgrad::nn::LSTMCell<float> cell(1, 1);
  const Tensor<float> x = rowgrad::ones<float>({1, 1});
  {
    LSTMState<float> state;
    for (int step = 0; step < steps; ++step) state = cell(x, state);
    state.h.sum().backward();
    CHECK(recurrent::gradient(cell.parameters()[0]).array().isFinite().all());
  }
  LSTMState<float> state;
  for (int step = 0; step < steps; ++step) state = cell(x, state);  // and let go without a walk
}

TEST_CASE("recurrent layers: one layer called twice gathers both gradients; its own output may go in again") {
  const RNN<double> rnn(3, 3);
  const Tensor<double> x = formula<double>({4, 2, 3}).requires_grad_();
  const auto twice = rnn(rnn(x).output);
  twice.output.backward(formula<double>({4, 2, 3}, 5));
  const RNN<double> lower = rnn, upper = rnn;
  const Tensor<double> y = formula<double>({4, 2, 3}).requires_grad_();
  upper(lower(y).output).output.backward(formula<double>({4, 2, 3}, 5));
  CHECK(golden::difference(recurrent::gradient(x), recurrent::gradient(y)) == "");
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(golden::difference(recurrent::gradient(rnn.parameters()[i]),
                             recurrent::gradient(lower.parameters()[i]) + recurrent::gradient(upper.parameters()[i]),
                             {1e-12, 1e-13}) == "");
}

TEST_CASE("recurrent layers: over looked up rows of a table, whose gradient stays row-sparse") {
  const Tensor<float> table = formula<float>({50, 3}).requires_grad_();
  const GRU<float> gru(3, 4);
  const Indices ids{{7, 2}, {7, 9}, {30, 0}};
  const auto output = gru(embedding(ids, table), Indices{3, 2}).output;
  output.sum().backward();
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{0, 2, 7, 9, 30});
  for (const float value : table.grad().values()[0].to_vector()) CHECK(value == 0);  // row 0 stood past a length
}
