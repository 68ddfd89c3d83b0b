// What LSTM, GRU and RNN refuse, and what they say then.
#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/recurrent_cell.hpp>
#include <support/sanitizer.hpp>

using doctest::Contains;
using rowgrad::Indices;
using rowgrad::pack_padded_sequence;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using rowgrad::nn::GRU;
using rowgrad::nn::LSTM;
using rowgrad::nn::RNN;

namespace {

Tensor<float> make(const Shape& shape) { return rowgrad::ones<float>(shape); }

}  // namespace

TEST_CASE("recurrent layers: options outside their range") {
  CHECK_THROWS_WITH_AS(LSTM<float>(3, 0), Contains("LSTM: expected"), ValueError);
  CHECK_THROWS_WITH_AS(GRU<float>(3, -2), Contains("GRU: expected"), ValueError);
  CHECK_THROWS_WITH_AS(RNN<float>(-1, 2), Contains("RNN: expected"), ValueError);
  CHECK_THROWS_AS(LSTM<float>(0, 2), ValueError);  // as in PyTorch
  CHECK_THROWS_WITH_AS(LSTM<float>(3, 2, {.num_layers = 0}), Contains("num_layers"), ValueError);
  CHECK_THROWS_AS(GRU<float>(3, 2, {.num_layers = -1}), ValueError);
  for (const double dropout : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_WITH_AS(LSTM<float>(3, 2, {.dropout = dropout}), Contains("0 <= dropout <= 1"), ValueError);
    CHECK_THROWS_AS(GRU<float>(3, 2, {.dropout = dropout}), ValueError);
    CHECK_THROWS_AS(RNN<float>(3, 2, {.dropout = dropout}), ValueError);
  }
  CHECK_THROWS_WITH_AS(LSTM<float>(3, 2, {.proj_size = 2}),
                       Contains("LSTM: proj_size must be at least 0 and below hidden_size 2, got 2"), ValueError);
  CHECK_THROWS_AS(LSTM<float>(3, 2, {.proj_size = 3}), ValueError);
  CHECK_THROWS_AS(LSTM<float>(3, 2, {.proj_size = -1}), ValueError);
}

TEST_CASE("recurrent layers: inputs of another shape") {
  const LSTM<float> lstm(3, 2);
  const GRU<float> gru(3, 2, {.batch_first = true});
  CHECK_THROWS_WITH_AS(lstm(make({4, 2, 5})), Contains("LSTM: expected input (T, B, 3) or (T, 3), got (4, 2, 5)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(gru(make({4, 2, 5})), Contains("GRU: expected input (B, T, 3)"), ShapeError);
  CHECK_THROWS_AS(lstm(make({4, 2})), ShapeError);
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{1, 4, 2, 3}}) {
    CHECK_THROWS_AS(lstm(make(shape)), ShapeError);
    CHECK_THROWS_AS(gru(make(shape)), ShapeError);
  }
  CHECK_THROWS_WITH_AS(lstm(make({0, 2, 3})), Contains("empty"), ShapeError);  // no step
  CHECK_THROWS_WITH_AS(lstm(make({4, 0, 3})), Contains("empty"), ShapeError);  // no sample
  CHECK_THROWS_AS(lstm(make({0, 3})), ShapeError);
  CHECK_THROWS_AS(gru(make({2, 0, 3})), ShapeError);
  CHECK_THROWS_AS(gru(make({0, 4, 3})), ShapeError);
}

TEST_CASE("recurrent layers: initial states that do not fit") {
  const LSTM<float> lstm(3, 2, {.num_layers = 2, .bidirectional = true});
  const auto x = make({5, 4, 3}), h = make({4, 4, 2});
  CHECK_NOTHROW(lstm(x, {h, h}));
  CHECK_THROWS_WITH_AS(lstm(x, {make({2, 4, 2}), h}), Contains("LSTM: expected initial h"), ShapeError);
  CHECK_THROWS_WITH_AS(lstm(x, {h, make({4, 3, 2})}), Contains("(4, 4, 2), got (4, 3, 2)"), ShapeError);
  CHECK_THROWS_WITH_AS(lstm(x, {h, make({4, 4, 3})}), Contains("initial c"), ShapeError);
  CHECK_THROWS_AS(lstm(x, {make({4, 1, 2}), h}), ShapeError);
  CHECK_THROWS_AS(lstm(x, {make({4, 2}), h}), ShapeError);
  CHECK_THROWS_AS(lstm(x, {make({4, 4, 2, 1}), h}), ShapeError);
  CHECK_THROWS_AS(lstm(x, {make({}), h}), ShapeError);

  const LSTM<float> projected(3, 4, {.proj_size = 2});
  CHECK_NOTHROW(projected(x, {make({1, 4, 2}), make({1, 4, 4})}));
  CHECK_THROWS_AS(projected(x, {make({1, 4, 4}), make({1, 4, 4})}), ShapeError);
  CHECK_THROWS_AS(projected(x, {make({1, 4, 2}), make({1, 4, 2})}), ShapeError);

  const GRU<float> gru(3, 2, {.batch_first = true});  // states stay (layers, B, hidden)
  CHECK_NOTHROW(gru(x, make({1, 5, 2})));
  CHECK_THROWS_WITH_AS(gru(x, make({5, 1, 2})), Contains("GRU: expected initial h"), ShapeError);

  const auto sequence = make({5, 3});
  CHECK_NOTHROW(gru(sequence, make({1, 2})));
  CHECK_THROWS_AS(gru(sequence, make({1, 1, 2})), ShapeError);  // one sequence, one state, as in PyTorch
  CHECK_THROWS_AS(gru(sequence, make({2, 2})), ShapeError);
  CHECK_THROWS_AS(gru(sequence, make({2})), ShapeError);

  const auto packed = pack_padded_sequence(x, {5, 3, 3, 1});
  CHECK_NOTHROW(lstm(packed, {h, h}));
  CHECK_THROWS_AS(lstm(packed, {h, make({4, 5, 2})}), ShapeError);
  CHECK_THROWS_AS(RNN<float>(3, 2)(packed, make({1, 4, 3})), ShapeError);
  CHECK_THROWS_AS(RNN<float>(3, 2)(x, Indices{1, 2, 3, 4}, make({1, 3, 2})), ShapeError);
}

TEST_CASE("recurrent layers: lengths that do not fit") {
  const auto x = make({5, 4, 3});
  const LSTM<float> lstm(3, 2), batch_first(3, 2, {.batch_first = true});
  CHECK_NOTHROW(lstm(x, Indices{5, 1, 3, 3}));
  CHECK_THROWS_WITH_AS(lstm(x, Indices{5, 1, 3}), Contains("expected lengths (4,)"), ShapeError);
  CHECK_THROWS_AS(lstm(x, Indices{5, 1, 3, 3, 2}), ShapeError);
  CHECK_THROWS_AS(batch_first(x, Indices{4, 1, 3, 3}), ShapeError);
  CHECK_THROWS_AS(lstm(x, Indices{{5, 1, 3, 3}}), ShapeError);
  CHECK_THROWS_AS(lstm(x, Indices(5)), ShapeError);
  CHECK_THROWS_WITH_AS(lstm(x, Indices{5, 0, 3, 3}), Contains("length 0 of sample 1"), ValueError);
  CHECK_THROWS_WITH_AS(lstm(x, Indices{5, 1, -3, 3}), Contains("length -3 of sample 2"), ValueError);
  CHECK_THROWS_WITH_AS(lstm(x, Indices{5, 1, 3, 6}), Contains("length 6 of sample 3 is outside [1, 5]"), ValueError);
  CHECK_THROWS_AS(batch_first(x, Indices{4, 1, 3, 5, 1}), ValueError);
  CHECK_THROWS_WITH_AS(lstm(make({5, 3}), Indices{5}), Contains("lengths need a batch"), ShapeError);
  CHECK_THROWS_AS(lstm(make({5, 4, 2}), Indices{5, 1, 3, 3}), ShapeError);
  CHECK_THROWS_AS(lstm(make({5, 0, 3}), Indices(Shape{0})), ShapeError);
  CHECK_THROWS_AS(lstm(make({0, 2, 3}), Indices{1, 1}), ShapeError);
}

TEST_CASE("recurrent layers: packed sequences that do not fit") {
  const auto packed = pack_padded_sequence(make({4, 3, 5}), {4, 2, 1});
  const GRU<float> gru(3, 2);
  CHECK_THROWS_WITH_AS(gru(packed), Contains("GRU: expected packed data (rows, 3), got (7, 5)"), ShapeError);
  CHECK_THROWS_AS(gru(pack_padded_sequence(make({4, 3}), {4, 2, 1})), ShapeError);
  CHECK_THROWS_AS(gru(pack_padded_sequence(make({4, 3, 1, 3}), {4, 2, 1})), ShapeError);
  const auto sequence = [](const Tensor<float>& data, const Indices& sizes) {
    return rowgrad::PackedSequence<float>{data, sizes, {}, {}};
  };
  CHECK_NOTHROW(gru(sequence(make({7, 3}), {3, 2, 2})));
  CHECK_THROWS_WITH_AS(gru(sequence(make({7, 3}), {3, 2, 1})), Contains("GRU"), ShapeError);
  CHECK_THROWS_AS(gru(sequence(make({7, 3}), {2, 3, 2})), ShapeError);
  CHECK_THROWS_AS(gru(sequence(make({0, 3}), Indices(Shape{0}))), ShapeError);
  CHECK_THROWS_AS(gru(rowgrad::PackedSequence<float>{}), ShapeError);
}

TEST_CASE("recurrent layers: more weights than there is memory for are refused before any is drawn") {
  constexpr rowgrad::Index huge = rowgrad::Index{1} << 62, many = rowgrad::Index{1} << 53;
  // A sanitizer ends the program where memory runs out.
  const auto refused = [](const auto& make, const char* what) {
    if (!support::under_sanitizer) CHECK_THROWS_WITH_AS(make(), Contains(what), rowgrad::MemoryError);
  };
  const char* const memory = "9007199254740992 layers with input_size 3 and hidden_size 2 do not fit into memory";
  refused([] { LSTM<float>(3, 2, {.num_layers = many}); }, memory);
  refused([] { GRU<double>(3, 2, {.num_layers = many, .bias = false}); }, memory);
  refused([] { RNN<float>(3, 2, {.num_layers = many, .bidirectional = true}); }, memory);
  for (const rowgrad::Index size : {huge, std::numeric_limits<rowgrad::Index>::max()}) {
    CHECK_THROWS_WITH_AS(LSTM<float>(3, 2, {.num_layers = size}), Contains("LSTM: the weights of "), ShapeError);
    CHECK_THROWS_WITH_AS(GRU<float>(3, size), Contains("GRU: the weights of 1 layer with input_size 3"), ShapeError);
    CHECK_THROWS_WITH_AS(RNN<float>(size, 2), Contains("RNN: the weights of"), ShapeError);
    CHECK_THROWS_AS(LSTM<float>(3, size, {.bidirectional = true, .proj_size = size - 1}), ShapeError);
    CHECK_THROWS_WITH_AS(rowgrad::nn::LSTMCell<float>(3, size), Contains("LSTMCell: the weights of"), ShapeError);
    CHECK_THROWS_WITH_AS(rowgrad::nn::RNNCell<float>(size, 3), Contains("RNNCell: the weights of"), ShapeError);
  }
}
