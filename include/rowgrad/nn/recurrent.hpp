// What: LSTM, GRU and RNN over sequences: layers, directions, lengths.
// Why:  they hold the weights under PyTorch's names; functional/recurrent.hpp computes a layer.
// See:  recurrent_parameters.hpp (options, weights); recurrent_cell.hpp (single steps);
//       functional/packed_sequence.hpp; PyTorch torch.nn.LSTM, GRU, RNN.
#pragma once

#include <rowgrad/functional/dropout.hpp>
#include <rowgrad/functional/packed_sequence.hpp>
#include <rowgrad/functional/recurrent.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/nn/recurrent_parameters.hpp>

namespace rowgrad::nn {

/// What LSTM, GRU and RNN share. State is Tensor<T>, (layers * directions, B, hidden), or LSTMState<T>.
///
/// Inputs: (T, B, input), (B, T, input) with batch_first, or (T, input) for one sequence; then outputs and states have
/// no batch dimension either. Outputs: (..., directions * hidden). With lengths (B), in any order, only the steps that
/// exist are computed; outputs past a length are zero, the last state is that of each sample's last step, and the
/// backward direction starts there; lengths written in place need their type: gru(x, Indices{3, 1}). ShapeError, also
/// for an empty batch, and ValueError for lengths outside [1, T].
/// Cost: the matrix products. Results do not depend on the number of threads.
template <typename T, typename Rule, typename State>
class Recurrent : public Module<T> {
 public:
  std::vector<RecurrentParameters<T>> cells;  // layer by layer, forward before backward direction

  RecurrentOutput<Tensor<T>, State> forward(const Tensor<T>& x, const State& initial = {}) const {
    check_input(x);
    if (x.dim() == 2) {
      const auto with_batch = [](const Tensor<T>& s) {
        if (s.dim() == 2) return unsqueeze(s, 1);
        rowgrad::detail::raise<ShapeError>(
            Rule::name, ": expected initial states (layers * directions, size) for a single sequence, got ", s.shape());
      };
      auto [output, last] = forward(unsqueeze(x, batch_dim()), each(initial, with_batch));
      return {squeeze(output, batch_dim()), each(last, [](const Tensor<T>& s) { return squeeze(s, 1); })};
    }
    const Tensor<T> steps_first = options_.batch_first ? transpose(x, 0, 1) : x;
    const Index steps = steps_first.shape()[0], batch = steps_first.shape()[1];
    check_state(initial, batch);
    Indices first(Shape{steps + 1});
    for (Index t = 0; t <= steps; ++t) first.data()[t] = t * batch;
    auto [output, last] = run(reshape(steps_first, Shape{steps * batch, input_size_}), first, initial);
    output = reshape(output, Shape{steps, batch, output.shape()[1]});
    return {options_.batch_first ? transpose(output, 0, 1) : output, last};
  }

  RecurrentOutput<Tensor<T>, State> forward(const Tensor<T>& x, const Indices& lengths,
                                            const State& initial = {}) const {
    check_input(x);
    if (x.dim() != 3) rowgrad::detail::raise<ShapeError>(Rule::name, ": lengths need a batch, got input ", x.shape());
    auto [output, last] = forward(
        pack_padded_sequence(x, lengths, {.batch_first = options_.batch_first, .enforce_sorted = false}), initial);
    const Index steps = x.shape()[options_.batch_first ? 1 : 0];
    return {pad_packed_sequence(output, {.batch_first = options_.batch_first, .total_length = steps}).output, last};
  }

  /// States are in the order of the batch before it was packed.
  RecurrentOutput<PackedSequence<T>, State> forward(const PackedSequence<T>& x, const State& initial = {}) const {
    check_weights();
    const Indices first = first_rows(x, Rule::name);
    if (x.data.dim() != 2 || x.data.shape()[1] != input_size_)
      rowgrad::detail::raise<ShapeError>(Rule::name, ": expected packed data (rows, ", input_size_, "), got ",
                                         x.data.shape());
    const Index batch = x.batch_sizes.data()[0];
    check_state(initial, batch);
    auto [output, last] =
        run(x.data, first, each(initial, [&](const Tensor<T>& s) { return reordered(s, x.sorted_indices); }));
    return {{output, x.batch_sizes, x.sorted_indices, x.unsorted_indices},
            each(last, [&](const Tensor<T>& s) { return reordered(s, x.unsorted_indices); })};
  }

  RecurrentOutput<Tensor<T>, State> operator()(const Tensor<T>& x, const State& initial = {}) const {
    return forward(x, initial);
  }
  RecurrentOutput<Tensor<T>, State> operator()(const Tensor<T>& x, const Indices& lengths,
                                               const State& initial = {}) const {
    return forward(x, lengths, initial);
  }
  RecurrentOutput<PackedSequence<T>, State> operator()(const PackedSequence<T>& x, const State& initial = {}) const {
    return forward(x, initial);
  }

  Index input_size() const noexcept { return input_size_; }
  Index hidden_size() const noexcept { return hidden_size_; }
  Index num_layers() const noexcept { return options_.num_layers; }
  bool bidirectional() const noexcept { return options_.bidirectional; }

  void members(Members<T>& m) override {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t layer = i / directions();
      cells[i].members(m, "_l" + std::to_string(layer) + (i % directions() == 1 ? "_reverse" : ""));
    }
  }
  std::string type_name() const override { return Rule::name; }
  std::string extra_repr() const override {
    std::string text = std::to_string(input_size_) + ", " + std::to_string(hidden_size_);
    if (options_.proj_size != 0) text += ", proj_size=" + std::to_string(options_.proj_size);
    if (options_.num_layers != 1) text += ", num_layers=" + std::to_string(options_.num_layers);
    if (!options_.bias) text += ", bias=False";
    if (options_.batch_first) text += ", batch_first=True";
    if (options_.dropout != 0) text += ", dropout=" + detail::python_float(options_.dropout);
    if (options_.bidirectional) text += ", bidirectional=True";
    return text;
  }

 protected:
  Recurrent(const Rule& rule, Index input_size, Index hidden_size, const LSTMOptions& options)
      : rule_(rule), input_size_(input_size), hidden_size_(hidden_size), options_(options) {
    if (input_size < 1 || hidden_size < 1 || options.num_layers < 1)
      rowgrad::detail::raise<ValueError>(Rule::name,
                                         ": expected input_size >= 1, hidden_size >= 1 and num_layers >= 1, got ",
                                         input_size, ", ", hidden_size, " and ", options.num_layers);
    detail::expect_probability(Rule::name, "dropout", options.dropout);
    if (options.proj_size < 0 || options.proj_size >= hidden_size)
      rowgrad::detail::raise<ValueError>(Rule::name, ": proj_size must be at least 0 and below hidden_size ",
                                         hidden_size, ", got ", options.proj_size);
    RecurrentParameters<T>::expect_memory(Rule::name, Rule::gates, input_size, hidden_size, options);
    for (Index layer = 0; layer < options.num_layers; ++layer)
      for (std::size_t d = 0; d < directions(); ++d) {
        const Index input = layer == 0 ? input_size : static_cast<Index>(directions()) * state_size();
        cells.emplace_back(Rule::gates, input, hidden_size, options.proj_size, options.bias);
      }
  }

 private:
  template <typename... Pieces>
  static std::string concat(const Pieces&... pieces) {
    return rowgrad::detail::concat(pieces...);
  }
  std::size_t directions() const noexcept { return options_.bidirectional ? 2 : 1; }
  Index state_size() const noexcept { return options_.proj_size > 0 ? options_.proj_size : hidden_size_; }
  Index batch_dim() const noexcept { return options_.batch_first ? 0 : 1; }

  // State is h alone or h and c: f of each that is defined.
  template <typename F>
  static State each(const State& state, const F& f) {
    const auto apply = [&f](const Tensor<T>& s) { return s.defined() ? f(s) : s; };
    if constexpr (Rule::has_cell)
      return {apply(state.h), apply(state.c)};
    else
      return apply(state);
  }
  static RecurrentState<T> both(const State& state) {
    if constexpr (Rule::has_cell)
      return {state.h, state.c};
    else
      return {state, {}};
  }

  void check_weights() const {
    if (cells.empty())
      rowgrad::detail::raise<ValueError>(Rule::name, ": the layer has no weights (was it moved from?)");
  }
  void check_input(const Tensor<T>& x) const {
    check_weights();
    if ((x.dim() != 2 && x.dim() != 3) || x.shape().back() != input_size_)
      rowgrad::detail::raise<ShapeError>(Rule::name, ": expected input ", options_.batch_first ? "(B, T, " : "(T, B, ",
                                         input_size_, ") or (T, ", input_size_, "), got ", x.shape());
    if (x.numel() == 0)
      rowgrad::detail::raise<ShapeError>(Rule::name, ": the batch or the sequence is empty, got input ", x.shape());
  }
  void check_state(const State& initial, Index batch) const {
    const auto check = [&](const char* which, const Tensor<T>& s, Index size) {
      const Shape expected{options_.num_layers * static_cast<Index>(directions()), batch, size};
      if (s.defined() && s.shape() != expected)
        rowgrad::detail::raise<ShapeError>(Rule::name, ": expected initial ", which,
                                           " (layers * directions, B, size) = ", expected, ", got ", s.shape());
    };
    const RecurrentState<T> state = both(initial);
    check("h", state.h, state_size());
    check("c", state.c, hidden_size_);
  }

  /// (layers, B, size) with its samples in another order.
  static Tensor<T> reordered(const Tensor<T>& state, const Indices& order) {
    return order.defined() ? apply_permutation(state, order) : state;
  }

  /// All layers over packed rows; states in their order.
  RecurrentOutput<Tensor<T>, State> run(Tensor<T> x, const Indices& first_rows, const State& initial) const {
    std::vector<Tensor<T>> h, c;
    for (std::size_t i = 0; i < cells.size(); i += directions()) {
      if (i > 0) x = dropout(x, options_.dropout, this->training());
      const auto from = static_cast<Index>(i), to = static_cast<Index>(i + directions());
      const State state = each(initial, [&](const Tensor<T>& s) { return slice(s, 0, from, to); });
      std::vector<RecurrentWeights<Tensor<T>>> weights;
      for (std::size_t d = 0; d < directions(); ++d) weights.push_back(cells[i + d].weights());
      auto result = recurrent_layer(rule_, x, first_rows, both(state), weights);
      x = result.output;
      h.push_back(result.last.h);
      c.push_back(result.last.c);
    }
    const auto joined = [](const std::vector<Tensor<T>>& parts) {
      return parts.size() == 1 ? parts[0] : cat(parts, 0);
    };
    if constexpr (Rule::has_cell)
      return {x, {joined(h), joined(c)}};
    else
      return {x, joined(h)};
  }

  Rule rule_;
  Index input_size_, hidden_size_;
  LSTMOptions options_;
};

/// Long short-term memory. weight_ih_l0 (4 hidden, input), ..., gates in the order i, f, g, o. PyTorch: torch.nn.LSTM.
///
///     nn::LSTM<float> lstm(300, 256, {.num_layers = 2, .bidirectional = true});
///     auto [output, state] = lstm(x);               // x (T, B, 300), output (T, B, 512), state.h (4, B, 256)
///     auto [packed, last] = lstm(x, lengths);       // only the steps that exist
template <typename T>
class LSTM : public Recurrent<T, LSTMCellRule, LSTMState<T>> {
 public:
  LSTM(Index input_size, Index hidden_size, LSTMOptions options = {})
      : Recurrent<T, LSTMCellRule, LSTMState<T>>({}, input_size, hidden_size, options) {}
};

/// Gated recurrent unit. weight_ih_l0 (3 hidden, input), ..., gates in the order r, z, n. PyTorch: torch.nn.GRU.
template <typename T>
class GRU : public Recurrent<T, GRUCellRule, Tensor<T>> {
 public:
  GRU(Index input_size, Index hidden_size, GRUOptions options = {})
      : Recurrent<T, GRUCellRule, Tensor<T>>({}, input_size, hidden_size,
                                             {.num_layers = options.num_layers,
                                              .bias = options.bias,
                                              .batch_first = options.batch_first,
                                              .dropout = options.dropout,
                                              .bidirectional = options.bidirectional}) {}
};

/// Elman's network, h = tanh or relu of W_ih x + W_hh h'. PyTorch: torch.nn.RNN.
template <typename T>
class RNN : public Recurrent<T, RNNCellRule, Tensor<T>> {
 public:
  RNN(Index input_size, Index hidden_size, RNNOptions options = {})
      : Recurrent<T, RNNCellRule, Tensor<T>>({options.nonlinearity == Nonlinearity::relu}, input_size, hidden_size,
                                             {.num_layers = options.num_layers,
                                              .bias = options.bias,
                                              .batch_first = options.batch_first,
                                              .dropout = options.dropout,
                                              .bidirectional = options.bidirectional}) {}
};

}  // namespace rowgrad::nn
