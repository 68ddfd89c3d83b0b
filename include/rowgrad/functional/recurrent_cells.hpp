// What: weights and states of recurrent layers; the equations of the LSTM, GRU and RNN cells, forward and backward, for
//       one sample and one step.
// Why:  everything that differs between recurrent layers is here; recurrent.hpp runs any of them over a sequence.
// See:  recurrent.hpp; Hochreiter and Schmidhuber 1997; Cho et al. 2014; PyTorch torch.nn.LSTM, GRU, RNN.
#pragma once

#include <rowgrad/core/tensor.hpp>

namespace rowgrad {

/// Weights of one direction of one layer, gates one below the other, as tensors or as a layer's parameters. Biases
/// (both or neither) and the projection may be undefined.
template <typename Weight>
struct RecurrentWeights {
  Weight weight_ih, weight_hh;  // (gates * hidden, input), (gates * hidden, state)
  Weight bias_ih, bias_hh;      // (gates * hidden)
  Weight weight_hr;             // (state, hidden): the state is a projection of the hidden values
};

/// Hidden and cell state. Either may be left undefined: zeros; only an LSTM has c.
template <typename T>
struct RecurrentState {
  Tensor<T> h, c;
};

// A cell names how many gates it has and how many of them, counted from the first, take x W_ih^T + h W_hh^T as a sum.
// The others get the two parts apart: x W_ih^T among the gates, h W_hh^T in `apart`. All arrays are rows of `size`
// neighbouring values per gate; s'(x) below is the derivative written with the function's value.

/// i, f, o = sigmoid, g = tanh of their sums; c = f c' + i g; h = o tanh(c).
struct LSTMCellRule {
  static constexpr const char* name = "LSTM";
  static constexpr Index gates = 4, summed = 4;  // PyTorch's order: i, f, g, o
  static constexpr bool has_cell = true;

  /// Gates: sums before, activations after. c: the cell state before and after. h: after.
  template <typename T>
  void forward(T* gate, const T*, T* c, T* h, Index size) const {
    ArrayMap<T> input_forget(gate, 2 * size), g(gate + 2 * size, size), o(gate + 3 * size, size), cell(c, size);
    input_forget = input_forget.logistic();
    g = g.tanh();
    o = o.logistic();
    cell = input_forget.tail(size) * cell + input_forget.head(size) * g;
    ArrayMap<T>(h, size) = o * cell.tanh();
  }

  /// dh, dc: gradients of this step's states before, what goes straight to the step before afterwards.
  template <typename T>
  void backward(const T* gate, const T*, const T* c_before, const T*, T* dh, T* dc, T* dgate, T*, Index size) const {
    using In = ArrayMap<const T>;
    const In i(gate, size), f(gate + size, size), g(gate + 2 * size, size), o(gate + 3 * size, size), c(c_before, size);
    ArrayMap<T> di(dgate, size), df(dgate + size, size), dg(dgate + 2 * size, size), d_o(dgate + 3 * size, size);
    ArrayMap<T> hidden(dh, size), cell(dc, size);
    dg = (f * c + i * g).tanh();  // tanh(c), for a moment
    d_o = hidden * dg * o * (T(1) - o);
    cell += hidden * o * (T(1) - dg.square());
    df = cell * c * f * (T(1) - f);
    di = cell * g * i * (T(1) - i);
    dg = cell * i * (T(1) - g.square());
    cell *= f;
    hidden.setZero();
  }
};

/// r, z = sigmoid of their sums; n = tanh(x part + r (h part)); h = (1 - z) n + z h'.
struct GRUCellRule {
  static constexpr const char* name = "GRU";
  static constexpr Index gates = 3, summed = 2;  // PyTorch's order: r, z, n
  static constexpr bool has_cell = false;

  template <typename T>
  void forward(T* gate, const T* apart, T*, T* h, Index size) const {
    ArrayMap<T> reset_update(gate, 2 * size), n(gate + 2 * size, size), hidden(h, size);
    reset_update = reset_update.logistic();
    n = (n + reset_update.head(size) * ArrayMap<const T>(apart, size)).tanh();
    hidden = (hidden - n) * reset_update.tail(size) + n;
  }

  template <typename T>
  void backward(const T* gate, const T* apart, const T*, const T* h_before, T* dh, T*, T* dgate, T* dapart,
                Index size) const {
    using In = ArrayMap<const T>;
    const In r(gate, size), z(gate + size, size), n(gate + 2 * size, size), h(h_before, size), part(apart, size);
    ArrayMap<T> dr(dgate, size), dz(dgate + size, size), dn(dgate + 2 * size, size), dp(dapart, size), hidden(dh, size);
    dn = hidden * (T(1) - z) * (T(1) - n.square());
    dz = hidden * (h - n) * z * (T(1) - z);
    dp = dn * r;
    dr = dn * part * r * (T(1) - r);
    hidden *= z;
  }
};

/// h = tanh or relu of the sum.
struct RNNCellRule {
  static constexpr const char* name = "RNN";
  static constexpr Index gates = 1, summed = 1;
  static constexpr bool has_cell = false;
  bool relu = false;

  template <typename T>
  void forward(T* gate, const T*, T*, T* h, Index size) const {
    ArrayMap<T> a(gate, size);
    if (relu)
      std::transform(gate, gate + size, gate, [](T v) { return v < T(0) ? T(0) : v; });  // NaN stays NaN
    else
      a = a.tanh();
    std::copy_n(gate, size, h);
  }

  template <typename T>
  void backward(const T* gate, const T*, const T*, const T*, T* dh, T*, T* dgate, T*, Index size) const {
    const ArrayMap<const T> a(gate, size);
    ArrayMap<T> da(dgate, size), hidden(dh, size);
    if (relu)
      da = (a <= T(0)).select(T(0), hidden);
    else
      da = hidden * (T(1) - a.square());
    hidden.setZero();
  }
};

}  // namespace rowgrad
