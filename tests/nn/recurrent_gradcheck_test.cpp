// LSTM, GRU and RNN with every option against central differences, over the input, the initial states and all weights.
#include <rowgrad/autograd/gradcheck.hpp>

#include "recurrent_cases.hpp"

using rowgrad::Tensor;

namespace {

const std::vector<std::string> options = {
    "T=3 B=2 I=3 H=2",
    "T=3 B=2 I=3 H=2 states=h,c",
    "T=3 B=2 I=3 H=2 states=h,c bias=0",
    "T=3 B=2 I=3 H=2 states=h,c num_layers=2",
    "T=2 B=2 I=2 H=2 states=h,c num_layers=3",
    "T=3 B=2 I=3 H=2 states=h,c bidirectional=1",
    "T=3 B=2 I=2 H=2 states=h,c num_layers=2 bidirectional=1",
    "T=3 B=2 I=3 H=2 states=h,c batch_first=1",
    "T=3 B=2 I=3 H=2 batch_first=1 num_layers=2 bidirectional=1 bias=0",
    "T=3 B=1 I=3 H=2 states=h,c unbatched=1",
    "T=3 B=1 I=3 H=2 states=h,c unbatched=1 batch_first=1 bidirectional=1",
    "T=1 B=2 I=3 H=2 states=h,c bidirectional=1",
    "T=2 B=1 I=1 H=1 states=h,c",
    "T=2 B=3 I=2 H=9 states=h,c",
    "T=3 B=2 I=3 H=2 states=h,c num_layers=3 dropout=1",
    "T=3 B=2 I=3 H=3 states=h,c num_layers=2 dropout=0.4",
    "T=3 B=2 I=3 H=2 states=h,c num_layers=2 dropout=0.4 train=0",
    "T=4 B=3 I=3 H=2 states=h,c lengths=2,4,1",
    "T=4 B=3 I=3 H=2 states=h,c lengths=2,4,1 bidirectional=1",
    "T=4 B=3 I=2 H=2 states=h,c lengths=1,3,3 bidirectional=1 num_layers=2",
    "T=3 B=3 I=2 H=2 lengths=1,3,2 bidirectional=1 num_layers=2 dropout=0.4 batch_first=1 bias=0",
    "T=5 B=3 I=2 H=2 states=h,c lengths=1,4,2 batch_first=1 bidirectional=1",
    "T=4 B=3 I=3 H=2 states=h,c lengths=4,2,1 packed=1",
    "T=4 B=3 I=3 H=2 states=h,c lengths=2,4,1 packed=1 enforce_sorted=0 bidirectional=1",
    "T=4 B=3 I=2 H=2 lengths=2,3,1 packed=1 enforce_sorted=0 bidirectional=1 num_layers=2 batch_first=1",
};

const std::vector<std::string> projections = {
    "T=3 B=2 I=3 H=3 states=h,c proj_size=2",
    "T=3 B=2 I=3 H=3 states=h,c proj_size=1 bias=0 bidirectional=1",
    "T=3 B=2 I=2 H=3 states=h,c proj_size=2 num_layers=2 bidirectional=1",
    "T=4 B=3 I=2 H=3 states=h,c proj_size=2 lengths=2,4,1 bidirectional=1",
    "T=3 B=3 I=2 H=2 proj_size=1 lengths=1,3,3 num_layers=2 dropout=0.4 batch_first=1",
    "T=4 B=3 I=2 H=3 states=h,c proj_size=2 lengths=2,4,1 packed=1 enforce_sorted=0",
    "T=3 B=1 I=2 H=3 states=h,c proj_size=2 unbatched=1",
};

const std::vector<std::string> steps = {
    "T=1 B=2 I=3 H=2",
    "T=1 B=2 I=3 H=2 states=h,c",
    "T=1 B=2 I=3 H=2 states=h,c bias=0",
    "T=1 B=2 I=3 H=2 states=h",
    "T=1 B=2 I=3 H=2 states=h,c unbatched=1",
    "T=3 B=2 I=3 H=2 states=h,c",
};

void expect_gradients(const std::string& line) {
  CAPTURE(line);
  const recurrent::Setup<double> setup(line);
  std::vector<Tensor<double>> leaves;
  for (const auto& leaf : setup.leaves()) leaves.push_back(leaf.value);
  // All results in one vector, so that every one of them has weights of its own in the check.
  const auto f = [&](const std::vector<Tensor<double>>&) {
    rowgrad::manual_seed(4);  // dropout draws the same each time
    std::vector<Tensor<double>> flat;
    for (const auto& result : setup.forward()) flat.push_back(result.value.flatten());
    return rowgrad::cat(flat);
  };
  const auto all = rowgrad::gradcheck(f, leaves);
  CHECK_MESSAGE(all.ok, all.message);

  // Each one alone: the others are constants. Its gradient has to keep its bits.
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    CAPTURE(k);
    const std::vector<double> with_others = recurrent::gradient(leaves[k]).to_vector();
    for (std::size_t i = 0; i < leaves.size(); ++i) leaves[i].requires_grad_(i == k);
    const auto alone = rowgrad::gradcheck(f, {leaves[k]});
    CHECK_MESSAGE(alone.ok, alone.message);
    CHECK(recurrent::gradient(leaves[k]).to_vector() == with_others);
    for (const Tensor<double>& leaf : leaves) leaf.requires_grad_();
  }
}

}  // namespace

TEST_CASE("LSTM: gradients agree with differences, for every option and every input") {
  for (const std::string& line : options) expect_gradients("layer=lstm " + line);
  for (const std::string& line : projections) expect_gradients("layer=lstm " + line);
  for (const char* states : {"h", "c"}) expect_gradients("layer=lstm T=3 B=2 I=3 H=2 states=" + std::string(states));
}

TEST_CASE("GRU: gradients agree with differences, for every option and every input") {
  for (const std::string& line : options) expect_gradients("layer=gru " + line);
}

TEST_CASE("RNN: gradients agree with differences, for every option and every input") {
  for (const std::string& line : options) expect_gradients("layer=rnn " + line);
  for (const std::string& line : options) expect_gradients("layer=rnn nonlinearity=relu " + line);
}

TEST_CASE("LSTMCell, GRUCell, RNNCell: gradients agree with differences, for every option and every input") {
  for (const char* cell : {"lstm_cell", "gru_cell", "rnn_cell", "rnn_cell nonlinearity=relu"})
    for (const std::string& line : steps) expect_gradients("layer=" + std::string(cell) + " " + line);
}
