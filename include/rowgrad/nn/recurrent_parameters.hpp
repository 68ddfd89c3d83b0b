// What: options, states and weights of LSTM, GRU and RNN.
// Why:  apart from what the layers do with them, they can be read at a glance.
// See:  recurrent.hpp; PyTorch torch.nn.LSTM, GRU, RNN.
#pragma once

#include <rowgrad/core/check.hpp>
#include <rowgrad/functional/recurrent.hpp>
#include <rowgrad/machine/system_memory.hpp>
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
  /// Uniform on +-1/sqrt(hidden), in PyTorch's order. The sizes are those that expect_memory() was asked about.
  RecurrentParameters(Index gates, Index input, Index hidden, Index projection, bool bias) {
    const T bound = static_cast<T>(1 / std::sqrt(static_cast<double>(hidden)));
    const auto make = [bound](const Shape& shape) {
      const Tensor<T> values(shape);
      init::uniform_(values, -bound, bound);
      return Parameter<T>(values);
    };
    const Index rows = gates * hidden;
    this->weight_ih = make({rows, input});
    this->weight_hh = make({rows, projection > 0 ? projection : hidden});
    if (bias) this->bias_ih = make({rows});
    if (bias) this->bias_hh = make({rows});
    if (projection > 0) this->weight_hr = make({projection, hidden});
  }

  /// Throws unless there is memory for all weights of a layer of this name: drawn one by one, they would fill it before
  /// the last of many layers is reached. ShapeError when they can't be counted, MemoryError when they don't fit.
  [[gnu::cold]] static void expect_memory(const std::string& layer, Index gates, Index input, Index hidden,
                                          const LSTMOptions& options) {
    using rowgrad::detail::saturated_product, rowgrad::detail::saturated_sum;
    const Index directions = options.bidirectional ? 2 : 1, projection = options.proj_size;
    const Index state = projection > 0 ? projection : hidden, rows = saturated_product(gates, hidden);
    const auto weights = [&](Index columns) {  // of one direction whose input has so many
      const Index hidden_weights = saturated_product(rows, saturated_sum(state, options.bias ? 2 : 0));
      return saturated_sum(saturated_sum(saturated_product(rows, columns), hidden_weights),
                           saturated_product(projection, hidden));
    };
    const Index further = saturated_product(options.num_layers - 1, weights(saturated_product(directions, state)));
    const Index count = saturated_product(directions, saturated_sum(weights(input), further));
    // What tensors take besides their values.
    constexpr std::size_t each = sizeof(rowgrad::detail::TensorBody<T>) + rowgrad::detail::Storage<T>::header;
    const Index parts = saturated_product(directions, options.num_layers);
    const Index overhead = saturated_product(parts, sizeof(RecurrentParameters) + 2 * each);
    const Index bytes = saturated_sum(saturated_product(count, sizeof(T)), overhead);
    const auto message = [&](const char* what) {
      return rowgrad::detail::concat(layer, ": the weights of ", options.num_layers,
                                     options.num_layers == 1 ? " layer with" : " layers with", " input_size ", input,
                                     " and hidden_size ", hidden, what);
    };
    constexpr Index most = std::numeric_limits<Index>::max();
    if (count == most) throw ShapeError(message(" are more than can be counted (is one of these sizes right?)"));
    try {
      rowgrad::detail::system_free(rowgrad::detail::system_allocate(static_cast<std::size_t>(bytes)));
    } catch (const std::bad_alloc&) {
      throw MemoryError(message(" do not fit into memory") +
                        rowgrad::detail::concat(": they take at least ", bytes, " bytes"));
    }
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
