// What: recurrent_layer(), one layer of an LSTM, GRU or RNN over a batch of sequences, one or both directions.
// Why:  one operation instead of a dozen at every step.
// See:  recurrent_direction.hpp (how it is computed); recurrent_cells.hpp (the equations); packed_sequence.hpp (where
// the
//       rows come from); nn/recurrent.hpp.
#pragma once

#include <vector>

#include <rowgrad/functional/recurrent_direction.hpp>

namespace rowgrad {

template <typename T>
struct RecurrentResult {
  Tensor<T> output;        // (rows, directions * state)
  RecurrentState<T> last;  // (directions, B, ...): of each sample's last step
};

namespace detail {

/// Throws unless steps, states and weights fit a layer of this rule.
template <typename Rule, typename T>
void check_recurrent(const Tensor<T>& x, const Indices& first_rows, const RecurrentState<T>& initial,
                     const std::vector<RecurrentWeights<Tensor<T>>>& weights) {
  const auto expect = [](const char* what, const Tensor<T>& tensor, const Shape& expected) {
    if (tensor.defined() && tensor.shape() != expected)
      raise<ShapeError>("recurrent_layer: expected ", what, " ", expected, ", got ", tensor.shape());
  };
  if (x.dim() != 2 || weights.empty() || weights.size() > 2)
    raise<ShapeError>("recurrent_layer: expected rows (rows, input) and the weights of one or two directions, got ",
                      x.shape(), " and ", weights.size());
  const Index* const first = first_rows.data();
  bool steps_fit = first_rows.dim() == 1 && first_rows.numel() > 1 && first[0] == 0;
  for (Index t = 1; steps_fit && t < first_rows.numel(); ++t)
    steps_fit = first[t] > first[t - 1] && (t == 1 || first[t] - first[t - 1] <= first[t - 1] - first[t - 2]);
  if (!steps_fit || first[first_rows.numel() - 1] != x.shape()[0])
    raise<ShapeError>("recurrent_layer: first_rows must begin with 0, end with the number of rows, ", x.shape()[0],
                      ", and no step may have more rows than the one before");
  if (weights[0].weight_hh.dim() != 2 || weights[0].weight_hh.shape()[0] % Rule::gates != 0)
    raise<ShapeError>("recurrent_layer: expected weight_hh (", Rule::gates, " * hidden, state), got ",
                      weights[0].weight_hh.shape());
  const Index rows = weights[0].weight_hh.shape()[0], hidden = rows / Rule::gates;
  const Index state = weights[0].weight_hh.shape()[1];
  for (const RecurrentWeights<Tensor<T>>& w : weights) {
    if (w.bias_ih.defined() != w.bias_hh.defined() ||
        w.weight_hr.defined() != (state != hidden || weights[0].weight_hr.defined()))
      throw ShapeError("recurrent_layer: expected both biases or none, and weight_hr where the state is a projection");
    expect("weight_ih", w.weight_ih, Shape{rows, x.shape()[1]});
    expect("weight_hh", w.weight_hh, Shape{rows, state});
    expect("bias_ih", w.bias_ih, Shape{rows});
    expect("bias_hh", w.bias_hh, Shape{rows});
    expect("weight_hr", w.weight_hr, Shape{state, hidden});
  }
  const Index directions = static_cast<Index>(weights.size());
  expect("initial h", initial.h, Shape{directions, first[1], state});
  expect("initial c", initial.c, Shape{directions, first[1], hidden});
}

}  // namespace detail

inline namespace ROWGRAD_ISA {

/// One layer of the cell that `rule` is (LSTMCellRule, GRUCellRule, RNNCellRule or one of the same form).
/// x (rows, input): the rows of step 0, then those of step 1, ...; first_rows (steps + 1) says where each step begins.
/// Samples are ordered by falling length, so that a step's rows are the first samples: see PackedSequence. initial:
/// h (directions, B, state) and c (directions, B, hidden), or undefined. weights: one entry, or two for both
/// directions, whose outputs stand side by side. ShapeError when anything does not fit. Cost: the products; scratch
/// memory for backward is gates + 3 values per row and hidden unit. Results do not depend on the number of threads.
template <typename Rule, typename T>
RecurrentResult<T> recurrent_layer(const Rule& rule, const Tensor<T>& x, const Indices& first_rows,
                                   const RecurrentState<T>& initial,
                                   const std::vector<RecurrentWeights<Tensor<T>>>& weights) {
  detail::check_recurrent<Rule>(x, first_rows, initial, weights);
  std::vector<Tensor<T>> inputs{x, initial.h, initial.c};
  bool keep = false;
  std::vector<detail::RecurrentDirection<Rule, T>> directions;
  for (const RecurrentWeights<Tensor<T>>& w : weights) {
    inputs.insert(inputs.end(), {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh, w.weight_hr});
    const auto kept = [](const Tensor<T>& p) {
      if (p.defined()) p.settle();  // up to date before several threads read it
      return p.defined() ? saved(p) : p;
    };
    directions.emplace_back(rule,
                            RecurrentWeights<Tensor<T>>{kept(w.weight_ih), kept(w.weight_hh), kept(w.bias_ih),
                                                        kept(w.bias_hh), kept(w.weight_hr)},
                            first_rows, !directions.empty());
  }
  for (const Tensor<T>& input : inputs) keep = keep || recording(input);

  const Index count = static_cast<Index>(directions.size()), batch = first_rows.data()[1];
  const Index hidden = directions[0].hidden_size(), state = directions[0].state_size(), rows = x.shape()[0];
  const auto start = [&](const Tensor<T>& given, Index size) {
    return given.defined() ? detail::copy_of(given) : zeros<T>(Shape{count, batch, size});
  };
  RecurrentResult<T> result{Tensor<T>(Shape{rows, count * state}), {start(initial.h, state), {}}};
  if (Rule::has_cell) result.last.c = start(initial.c, hidden);

  // Each direction has a thread, if its multiplications are worth it. Where there are more, all take part in the
  // products over all rows.
  const bool worthwhile = rows * Rule::gates * hidden * state >= 1'000'000, ahead = detail::threads_here() > count;
  x.settle();  // up to date before several threads read it
  for (auto& direction : directions) {
    direction.prepare(rows, ahead ? rows : detail::ProductKernel<T>::band, keep);
    if (ahead) direction.project_input(x);
  }
  detail::parallel_pieces(count, worthwhile, [&](Index d) {
    directions[static_cast<std::size_t>(d)].run(
        x, result.last.h.data() + d * batch * state,
        Rule::has_cell ? result.last.c.data() + d * batch * hidden : nullptr, !initial.h.defined(),
        detail::strided(result.output.data() + d * state, rows, state, count * state));
  });
  if (!keep) return result;
  record(
      {&result.output, &result.last.h, &result.last.c}, Rule::name,
      [directions = std::move(directions), x = saved(x), count, batch, hidden, state, worthwhile](
          std::span<Tensor<T>> gradients, InputNodes<T> nodes) mutable {
        const auto given = [&](const Tensor<T>& g, Index size) {
          return g.defined() ? detail::copy_of(g) : zeros<T>(Shape{count, batch, size});
        };
        const Tensor<T> d_output = gradients[0];
        Tensor<T> dh = given(gradients[1], state), dc;
        if (Rule::has_cell) dc = given(gradients[2], hidden);
        for (auto& direction : directions) direction.prepare_back();
        detail::parallel_pieces(count, worthwhile, [&](Index d) {
          directions[static_cast<std::size_t>(d)].run_back(
              dh.data() + d * batch * state, dc.defined() ? dc.data() + d * batch * hidden : nullptr,
              d_output.defined() ? d_output.data() + d * state : nullptr, count * state);
        });
        if (nodes[0]) {
          Tensor<T> dx = zeros<T>(x.shape());
          for (const auto& direction : directions) direction.add_input_gradient(dx);
          nodes[0]->accumulate(std::move(dx));
        }
        for (std::size_t d = 0; d < directions.size(); ++d)
          directions[d].add_weight_gradients(x, nodes.part(3 + 5 * d, 5));
        if (nodes[1]) nodes[1]->accumulate(std::move(dh));
        if (nodes[2]) nodes[2]->accumulate(std::move(dc));
      },
      inputs);
  return result;
}

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad
