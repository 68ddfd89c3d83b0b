// What: LSTMCell, GRUCell and RNNCell, one step of a recurrent layer.
// Why:  for loops written by hand, where the next input depends on the last output.
// See:  recurrent.hpp for whole sequences; PyTorch torch.nn.LSTMCell, GRUCell, RNNCell.
#pragma once

#include <rowgrad/nn/recurrent.hpp>

namespace rowgrad::nn {

struct CellOptions {
  bool bias = true;
};

struct RNNCellOptions {
  bool bias = true;
  Nonlinearity nonlinearity = Nonlinearity::tanh;
};

/// What the cells share: x (B, input) or (input), states (B, hidden) or (hidden).
template <typename T, typename Rule>
class RecurrentCell : public Module<T> {
 public:
  RecurrentParameters<T> cell;

  Index input_size() const noexcept { return cell.weight_ih.size_or_zero(1); }
  Index hidden_size() const noexcept { return cell.weight_hh.size_or_zero(1); }

  void members(Members<T>& m) override { cell.members(m, ""); }
  std::string type_name() const override { return std::string(Rule::name) + "Cell"; }
  std::string extra_repr() const override {
    std::string text = std::to_string(input_size()) + ", " + std::to_string(hidden_size());
    if (!cell.bias_ih.defined()) text += ", bias=False";
    if constexpr (requires { rule_.relu; })
      if (rule_.relu) text += ", nonlinearity=relu";
    return text;
  }

 protected:
  RecurrentCell(const Rule& rule, Index input_size, Index hidden_size, bool bias)
      : cell(checked(input_size, hidden_size, bias)), rule_(rule) {}

  /// One step; h and c undefined: zeros.
  RecurrentState<T> step(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& c) const {
    if (input_size() == 0)
      rowgrad::detail::raise<ValueError>(type_name(), ": the cell has no weights (was it moved from?)");
    const bool single = x.dim() == 1;
    if ((x.dim() != 2 && !single) || x.shape().back() != input_size() || x.numel() == 0)
      rowgrad::detail::raise<ShapeError>(type_name(), ": expected input (B, ", input_size(), ") or (", input_size(),
                                         ",), got ", x.shape());
    const Index batch = single ? 1 : x.shape()[0];
    const Shape one = single ? Shape{hidden_size()} : Shape{batch, hidden_size()}, all{1, batch, hidden_size()};
    const auto start = [&](const char* which, const Tensor<T>& s) {
      if (!s.defined()) return s;
      if (s.shape() != one)
        rowgrad::detail::raise<ShapeError>(type_name(), ": expected ", which, " ", one, ", got ", s.shape());
      return reshape(s, all);
    };
    Indices first(Shape{2});
    first.data()[0] = 0;
    first.data()[1] = batch;
    auto result = recurrent_layer(rule_, reshape(x, Shape{batch, input_size()}), first, {start("h", h), start("c", c)},
                                  {cell.weights()});
    const auto shaped = [&](const Tensor<T>& s) { return s.defined() ? reshape(s, one) : s; };
    return {shaped(result.last.h), shaped(result.last.c)};
  }

 private:
  static RecurrentParameters<T> checked(Index input_size, Index hidden_size, bool bias) {
    const std::string name = std::string(Rule::name) + "Cell";
    if (input_size < 1 || hidden_size < 1)
      rowgrad::detail::raise<ValueError>(name, ": expected input_size >= 1 and hidden_size >= 1, got ", input_size,
                                         " and ", hidden_size);
    RecurrentParameters<T>::expect_memory(name, Rule::gates, input_size, hidden_size, {.bias = bias});
    return RecurrentParameters<T>(Rule::gates, input_size, hidden_size, 0, bias);
  }

  Rule rule_;
};

/// One LSTM step: auto [h, c] = cell(x, {h, c}). PyTorch: torch.nn.LSTMCell.
template <typename T>
class LSTMCell : public RecurrentCell<T, LSTMCellRule> {
 public:
  LSTMCell(Index input_size, Index hidden_size, CellOptions options = {})
      : RecurrentCell<T, LSTMCellRule>({}, input_size, hidden_size, options.bias) {}

  LSTMState<T> forward(const Tensor<T>& x, const LSTMState<T>& state = {}) const {
    auto next = this->step(x, state.h, state.c);
    return {next.h, next.c};
  }
  LSTMState<T> operator()(const Tensor<T>& x, const LSTMState<T>& state = {}) const { return forward(x, state); }
};

/// One GRU step: h = cell(x, h). PyTorch: torch.nn.GRUCell.
template <typename T>
class GRUCell : public RecurrentCell<T, GRUCellRule> {
 public:
  GRUCell(Index input_size, Index hidden_size, CellOptions options = {})
      : RecurrentCell<T, GRUCellRule>({}, input_size, hidden_size, options.bias) {}

  Tensor<T> forward(const Tensor<T>& x, const Tensor<T>& h = {}) const { return this->step(x, h, {}).h; }
  Tensor<T> operator()(const Tensor<T>& x, const Tensor<T>& h = {}) const { return forward(x, h); }
};

/// One RNN step: h = cell(x, h). PyTorch: torch.nn.RNNCell.
template <typename T>
class RNNCell : public RecurrentCell<T, RNNCellRule> {
 public:
  RNNCell(Index input_size, Index hidden_size, RNNCellOptions options = {})
      : RecurrentCell<T, RNNCellRule>({options.nonlinearity == Nonlinearity::relu}, input_size, hidden_size,
                                      options.bias) {}

  Tensor<T> forward(const Tensor<T>& x, const Tensor<T>& h = {}) const { return this->step(x, h, {}).h; }
  Tensor<T> operator()(const Tensor<T>& x, const Tensor<T>& h = {}) const { return forward(x, h); }
};

}  // namespace rowgrad::nn
