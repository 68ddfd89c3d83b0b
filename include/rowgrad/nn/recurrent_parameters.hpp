// What: options, states and weights of LSTM, GRU and RNN.
// Why:  apart from what the layers do with them, they can be read at a glance.
// See:  recurrent.hpp; PyTorch torch.nn.LSTM, GRU, RNN.
#pragma once

#include <rowgrad/functional/recurrent.hpp>
#include <rowgrad/nn/init.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

enum class Nonlinearity { tanh, relu };

struct RNNOptions {
  Index num_layers = 1;
  Nonlinearity nonlinearity = Nonlinearity::tanh;
  bool bias = true;
  bool batch_first = false;  // inputs and outputs (B, T, ...) instead of (T, B, ...); states stay (layers, B, ...)
  double dropout = 0;        // on the outputs of every layer but the last
  bool bidirectional = false;
};

struct GRUOptions {
  Index num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
};

struct LSTMOptions {
  Index num_layers = 1;
  bool bias = true;
  bool batch_first = false;
  double dropout = 0;
  bool bidirectional = false;
  Index proj_size = 0;  // size of h after a projection; 0: none
};

/// Hidden and cell state of an LSTM, {h, c}. Either may be left undefined: zeros.
template <typename T>
using LSTMState = RecurrentState<T>;

/// auto [output, state] = lstm(x);   auto [output, h_n] = gru(x);
template <typename Sequence, typename State>
struct RecurrentOutput {
  Sequence output;
  State state;
};

/// Weights of one direction of one layer.
template <typename T>
struct RecurrentParameters : RecurrentWeights<Parameter<T>> {
  /// Uniform on +-1/sqrt(hidden), in PyTorch's order.
  RecurrentParameters(Index gates, Index input, Index hidden, Index projection, bool bias) {
    const T bound = static_cast<T>(1 / std::sqrt(static_cast<double>(hidden)));
    const auto make = [bound](const Shape& shape) {
      const Tensor<T> values(shape);
      init::uniform_(values, -bound, bound);
      return Parameter<T>(values);
    };
    const Index rows = rowgrad::detail::checked_product("RecurrentParameters", gates, hidden);
    this->weight_ih = make({rows, input});
    this->weight_hh = make({rows, projection > 0 ? projection : hidden});
    if (bias) this->bias_ih = make({rows});
    if (bias) this->bias_hh = make({rows});
    if (projection > 0) this->weight_hr = make({projection, hidden});
  }

  void members(Members<T>& m, const std::string& suffix) {
    m("weight_ih" + suffix, this->weight_ih)("weight_hh" + suffix, this->weight_hh);
    m("bias_ih" + suffix, this->bias_ih)("bias_hh" + suffix, this->bias_hh)("weight_hr" + suffix, this->weight_hr);
  }
  RecurrentWeights<Tensor<T>> weights() const {
    return {this->weight_ih, this->weight_hh, this->bias_ih, this->bias_hh, this->weight_hr};
  }
};

}  // namespace rowgrad::nn
