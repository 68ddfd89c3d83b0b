// What: one direction of a recurrent layer: its forward and backward over all steps.
// Why:  one product projects the inputs of many steps, one per step carries the state on, and the weights' gradients
//       are one product over all steps. Little else shows in a profile.
// See:  recurrent.hpp, which runs one or two of them; recurrent_cells.hpp (the equations).
#pragma once

#include <optional>
#include <utility>

#include <rowgrad/autograd/record.hpp>
#include <rowgrad/functional/recurrent_cells.hpp>
#include <rowgrad/machine/isa.hpp>
#include <rowgrad/machine/packed_matrix.hpp>
#include <rowgrad/machine/product.hpp>
#include <rowgrad/machine/sums.hpp>

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

/// One direction of a layer: its sizes, its weights, and what its forward keeps for its backward.
template <typename Rule, typename T>
class RecurrentDirection {
 public:
  RecurrentDirection(const Rule& rule, RecurrentWeights<Tensor<T>> weights, Indices first_rows, bool reverse)
      : rule_(rule), weights_(std::move(weights)), first_rows_(std::move(first_rows)), reverse_(reverse) {}

  Index input_size() const noexcept { return weights_.weight_ih.shape()[1]; }
  Index state_size() const noexcept { return weights_.weight_hh.shape()[1]; }
  Index hidden_size() const noexcept { return weights_.weight_ih.shape()[0] / Rule::gates; }

  /// Room for run(). keep: what backward needs is kept; else gates have room for about `piece` rows at a time.
  void prepare(Index rows, Index piece, bool keep) {
    const Index width = Rule::gates * hidden_size();
    piece_ = piece;
    gates_ = Tensor<T>(Shape{keep ? rows : std::min(rows, piece + largest_step() + row_cycle - 1), width});
    bias_ = zeros<T>(Shape{width});
    if (weights_.bias_ih.defined()) {
      bias_.array() = weights_.bias_ih.array();
      bias_.array().head(summed_width()) += weights_.bias_hh.array().head(summed_width());
    }
    const auto kept = [&](bool wanted, Index columns) {
      return wanted ? Tensor<T>(Shape{rows, columns}) : Tensor<T>();
    };
    state_before_ = kept(keep, state_size());
    cell_before_ = kept(keep && Rule::has_cell, hidden_size());
    apart_ = kept(Rule::gates > Rule::summed, hidden_size());
    unprojected_ = kept(weights_.weight_hr.defined(), hidden_size());
    keep_ = keep;
  }

  /// gates = x W_ih^T + b_ih + b_hh for rows from .. to - 1; where a gate takes its two parts apart, b_hh stays with
  /// the other.
  void project_input(const Tensor<T>& x, const PackedMatrix<T>& weight, Index from, Index to) {
    from_ = from;
    to_ = to;
    weight.multiply(strided(gate_row(from), to - from, gates_.shape()[1], gates_.shape()[1]),
                    strided(x.data() + from * input_size(), to - from, input_size(), input_size()), bias_.data());
  }
  void project_input(const Tensor<T>& x) {
    project_input(x, {whole(weights_.weight_ih), PackedMatrix<T>::Order::transposed}, 0, x.shape()[0]);
  }

  /// Runs over the steps, projecting their inputs, unless that was done, a few steps ahead: gates are then still in
  /// cache. h (B, state) and c (B, hidden) hold the initial state and then the last one; a sample that
  /// has ended, or has not begun, keeps its own. from_zero: the initial h is zeros. output: this direction's columns.
  void run(const Tensor<T>& x, T* h, T* c, bool from_zero, StridedMatrix<T> output) {
    const Index hidden = hidden_size(), state = state_size();
    const auto transposed = PackedMatrix<T>::Order::transposed;
    std::optional<PackedMatrix<T>> input;
    if (to_ == 0) input.emplace(whole(weights_.weight_ih), transposed);
    const PackedMatrix<T> summed(summed_rows(weights_.weight_hh), transposed),
        apart(other_rows(weights_.weight_hh), transposed), projection(whole(weights_.weight_hr), transposed);
    bool zero = from_zero;  // nothing to multiply then
    for_each_step(reverse_, [&](Index first, Index rows) {
      if (first < from_ || first + rows > to_) {
        const auto [from, to] = piece_at(first, rows);
        project_input(x, *input, from, to);
      }
      if (state_before_.defined()) std::copy_n(h, rows * state, state_before_.data() + first * state);
      if (cell_before_.defined()) std::copy_n(c, rows * hidden, cell_before_.data() + first * hidden);
      const StridedMatrix<T> before = strided(h, rows, state, state);
      if (!zero) summed.multiply_add(strided(gate_row(first), rows, summed_width(), gates_.shape()[1]), before);
      if (apart_.defined()) {
        for (Index b = 0; b < rows; ++b) {
          T* const part = row(apart_, first + b);
          if (weights_.bias_hh.defined())
            std::copy_n(weights_.bias_hh.data() + summed_width(), hidden, part);
          else
            std::fill_n(part, hidden, T(0));
        }
        if (!zero) apart.multiply_add(strided(row(apart_, first), rows, hidden, hidden), before);
      }
      T* const result = unprojected_.defined() ? row(unprojected_, first) : h;
      for (Index b = 0; b < rows; ++b)
        rule_.forward(gate_row(first + b), row(apart_, first + b), cell_of(c, b * hidden), result + b * hidden, hidden);
      if (unprojected_.defined()) {
        std::fill_n(h, rows * state, T(0));
        projection.multiply_add(strided(h, rows, state, state), strided(result, rows, hidden, hidden));
      }
      for (Index b = 0; b < rows; ++b) std::copy_n(h + b * state, state, &output(first + b, 0));
      zero = false;
    });
  }

  /// Room for run_back(). Blocks that another thread frees would not come back to the one that takes them.
  void prepare_back() {
    dgates_ = Tensor<T>(gates_.shape());
    if (apart_.defined()) dapart_ = Tensor<T>(apart_.shape());
    if (unprojected_.defined()) dstate_ = Tensor<T>(state_before_.shape());
  }

  /// Runs back over the steps. dh and dc hold the gradients of the last state and then of the initial one; d_output,
  /// which may be null, those of this direction's columns, `stride` apart.
  void run_back(T* dh, T* dc, const T* d_output, Index stride) {
    const Index hidden = hidden_size(), state = state_size();
    const auto as_is = PackedMatrix<T>::Order::as_is;
    const PackedMatrix<T> summed(summed_rows(weights_.weight_hh), as_is), apart(other_rows(weights_.weight_hh), as_is),
        projection(whole(weights_.weight_hr), as_is);
    const Buffer<T> dresult(unprojected_.defined() ? static_cast<std::size_t>(largest_step() * hidden) : 0);
    for_each_step(!reverse_, [&](Index first, Index rows) {
      if (d_output != nullptr)
        for (Index b = 0; b < rows; ++b)
          ArrayMap<T>(dh + b * state, state) += ArrayMap<const T>(d_output + (first + b) * stride, state);
      T* dh_result = dh;
      if (unprojected_.defined()) {  // from the state to the values it is a projection of
        dh_result = dresult.data();
        std::copy_n(dh, rows * state, row(dstate_, first));
        std::fill_n(dh_result, rows * hidden, T(0));
        projection.multiply_add(strided(dh_result, rows, hidden, hidden), strided(dh, rows, state, state));
        std::fill_n(dh, rows * state, T(0));
      }
      for (Index b = 0; b < rows; ++b)
        rule_.backward(row(gates_, first + b), row(apart_, first + b), row(cell_before_, first + b),
                       row(state_before_, first + b), dh_result + b * hidden, cell_of(dc, b * hidden),
                       row(dgates_, first + b), row(dapart_, first + b), hidden);
      const StridedMatrix<T> before = strided(dh, rows, state, state);
      summed.multiply_add(before, strided(row(dgates_, first), rows, summed_width(), dgates_.shape()[1]));
      if (apart_.defined()) apart.multiply_add(before, strided(row(dapart_, first), rows, hidden, hidden));
    });
  }

  /// dx += dgates W_ih.
  void add_input_gradient(const Tensor<T>& dx) const {
    PackedMatrix<T>(whole(weights_.weight_ih), PackedMatrix<T>::Order::as_is).multiply_add(whole(dx), whole(dgates_));
  }

  /// Accumulates into the nodes of weight_ih, weight_hh, bias_ih, bias_hh, weight_hr; frees what backward made.
  void add_weight_gradients(const Tensor<T>& x, InputNodes<T> nodes) {
    const Index hidden = hidden_size();
    if (nodes[0]) {
      Tensor<T> gradient(weights_.weight_ih.shape());
      product(whole(gradient), whole(dgates_).transpose(), whole(x));
      nodes[0]->accumulate(std::move(gradient));
    }
    if (nodes[1]) {
      Tensor<T> gradient(weights_.weight_hh.shape());
      product(summed_rows(gradient), summed_columns(dgates_).transpose(), whole(state_before_));
      if (apart_.defined()) product(other_rows(gradient), whole(dapart_).transpose(), whole(state_before_));
      nodes[1]->accumulate(std::move(gradient));
    }
    if (nodes[2]) nodes[2]->accumulate(column_sums(dgates_));
    if (nodes[3]) {
      Tensor<T> gradient = column_sums(dgates_);
      if (apart_.defined()) gradient.array().tail(hidden) = column_sums(dapart_).array();
      nodes[3]->accumulate(std::move(gradient));
    }
    if (nodes[4]) {
      Tensor<T> gradient(weights_.weight_hr.shape());
      product(whole(gradient), whole(dstate_).transpose(), whole(unprojected_));
      nodes[4]->accumulate(std::move(gradient));
    }
    dgates_ = dapart_ = dstate_ = {};
  }

 private:
  // So many rows, however wide, take a multiple of 64 bytes.
  static constexpr Index row_cycle = 64 / static_cast<Index>(sizeof(T));

  Index summed_width() const noexcept { return Rule::summed * hidden_size(); }
  static T* row(const Tensor<T>& x, Index i) { return x.defined() ? x.data() + i * x.shape()[1] : nullptr; }
  // Rows lie where they would if all were kept, but for multiples of 64 bytes: which numbers of a row Eigen takes
  // singly and which by the register depends on the address, and these may differ in their last bits (where products
  // and sums are fused, and with Eigen 5).
  T* gate_row(Index i) const { return row(gates_, keep_ ? i : i - from_ / row_cycle * row_cycle); }
  static T* cell_of(T* c, Index offset) { return Rule::has_cell ? c + offset : nullptr; }
  static StridedMatrix<T> whole(const Tensor<T>& x) {
    if (!x.defined()) return strided<T>(nullptr, 0, 0, 0);
    return strided(x.data(), x.shape()[0], x.shape()[1], x.shape()[1]);
  }
  // Of a matrix whose rows, or columns, are gates: those that are summed, and those whose parts come apart.
  StridedMatrix<T> summed_rows(const Tensor<T>& w) const {
    return strided(w.data(), summed_width(), w.shape()[1], w.shape()[1]);
  }
  StridedMatrix<T> other_rows(const Tensor<T>& w) const {
    return strided(w.data() + summed_width() * w.shape()[1], w.shape()[0] - summed_width(), w.shape()[1], w.shape()[1]);
  }
  StridedMatrix<T> summed_columns(const Tensor<T>& x) const {
    return strided(x.data(), x.shape()[0], summed_width(), x.shape()[1]);
  }
  static Tensor<T> column_sums(const Tensor<T>& x) {
    Tensor<T> sums(Shape{x.shape()[1]});
    detail::column_sums(x.data(), x.shape()[0], x.shape()[1], x.shape()[1], sums.data());
    return sums;
  }

  Index steps() const { return first_rows_.numel() - 1; }
  Index largest_step() const { return first_rows_.data()[1]; }
  /// The rows of whole steps, about piece_ of them, of which the first to be run has these rows.
  std::pair<Index, Index> piece_at(Index first, Index rows) const {
    const Index *const begin = first_rows_.data(), *const end = begin + first_rows_.numel(), last = end[-1];
    if (reverse_) return {std::upper_bound(begin, end, std::max<Index>(first + rows - piece_, 0))[-1], first + rows};
    return {first, *std::lower_bound(begin, end, std::min(first + piece_, last))};
  }
  template <typename Body>
  void for_each_step(bool backwards, const Body& body) const {
    const Index* const first = first_rows_.data();
    for (Index i = 0; i < steps(); ++i) {
      const Index t = backwards ? steps() - 1 - i : i;
      body(first[t], first[t + 1] - first[t]);
    }
  }

  Rule rule_;
  RecurrentWeights<Tensor<T>> weights_;
  Indices first_rows_;  // (steps + 1): rows of step t are first_rows[t] .. first_rows[t+1]-1
  bool reverse_;
  bool keep_ = true;
  Index piece_ = 0;                       // rows whose inputs are projected at a time
  Index from_ = 0, to_ = 0;               // those that are
  Tensor<T> bias_;                        // of the input's projection
  Tensor<T> gates_, apart_;               // activations (rows, gates * hidden); h W_hh^T of gates that take it apart
  Tensor<T> state_before_, cell_before_;  // the state each row came upon
  Tensor<T> unprojected_;                 // hidden values before weight_hr
  Tensor<T> dgates_, dapart_, dstate_;    // while backward runs
};

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail
