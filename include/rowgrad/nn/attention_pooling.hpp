// What: AttentionPooling, a weighted mean over time whose weights are learned.
// Why:  the words that matter for a text count more in its vector, and the weights show which they were.
// See:  Yang et al. 2016, Hierarchical Attention Networks for Document Classification, equations 5 to 7; Bahdanau, Cho
//       and Bengio 2015. Not in PyTorch.
#pragma once

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/attention.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/nn/linear.hpp>

namespace rowgrad::nn {

struct AttentionPoolingOptions {
  std::optional<Index> attention_size = std::nullopt;  // A; default: the size of the input
  bool batch_first = false;
};

/// u_t = tanh(W h_t + b), a = softmax of u_t . c over time, result sum of a_t h_t. W and b are those of a
/// Linear(H, A), c (A) starts as the weight of a Linear(A, 1), drawn in this order. ValueError for sizes below 1.
template <typename T>
class AttentionPooling : public Module<T> {
 public:
  Parameter<T> context;  // (A)
  Linear<T> projection;  // (A, H) and (A)

  explicit AttentionPooling(Index input_size, const AttentionPoolingOptions& options = {})
      : projection(checked(input_size, options), options.attention_size.value_or(input_size)),
        batch_first_(options.batch_first) {
    const Tensor<T> row(Shape{1, projection.out_features()});
    init::kaiming_uniform_(row, std::sqrt(5.0));
    context = Parameter<T>(row.reshape({-1}));
  }

  /// h (T, B, H), or (B, T, H) with batch_first; the steps of sample b from lengths[b] on, if given, have weight 0.
  /// Output (B, H), weights (B, T). ShapeError when shapes do not fit, ValueError when a sample has no step.
  AttentionResult<T> forward(const Tensor<T>& h, const Indices& lengths = {}) const {
    const Index size = projection.in_features(), width = context.numel();
    if (h.dim() != 3 || h.shape().back() != size)
      rowgrad::detail::raise<ShapeError>("AttentionPooling: expected an input ", batch_first_ ? "(B, T, " : "(T, B, ",
                                         size, "), got ", h.shape());
    const Tensor<T> values = batch_first_ ? h : transpose(h, 0, 1);
    const Index batch = values.shape()[0], time = values.shape()[1];
    const Shape full{batch, 1, time};
    AttentionOptions<T> options{.scale = 1};
    if (lengths.defined()) {
      if (lengths.shape() != Shape{batch})
        rowgrad::detail::raise<ShapeError>("AttentionPooling: expected lengths ", Shape{batch}, ", got ",
                                           lengths.shape());
      for (Index b = 0; b < batch; ++b)
        if (lengths.data()[b] < 1 || lengths.data()[b] > time)
          rowgrad::detail::raise<ValueError>("AttentionPooling: expected lengths from 1 to ", time, ", got ",
                                             lengths.data()[b], " for sample ", b);
      options.attn_mask =
          masked_fill(zeros<T>(full), padding_mask(lengths, time).view_as(full), -std::numeric_limits<T>::infinity());
    }
    // Attention with one query, the same for all samples.
    const Tensor<T> query = expand(context.reshape({1, 1, width}), Shape{batch, 1, width});
    const AttentionResult<T> result = attention(query, tanh(projection(values)), values, options, "AttentionPooling");
    return {reshape(result.output, Shape{batch, size}), reshape(result.weights, Shape{batch, time})};
  }
  AttentionResult<T> operator()(const Tensor<T>& h, const Indices& lengths = {}) const { return forward(h, lengths); }

  void members(Members<T>& m) override { m("context", context)("projection", projection); }
  std::string extra_repr() const override {
    return detail::concat(projection.in_features(), batch_first_ ? ", batch_first=True" : "");
  }

 private:
  static Index checked(Index input_size, const AttentionPoolingOptions& options) {
    detail::expect_at_least("AttentionPooling", "input_size", input_size, 1);
    detail::expect_at_least("AttentionPooling", "attention_size", options.attention_size.value_or(input_size), 1);
    return input_size;
  }

  bool batch_first_;
};

}  // namespace rowgrad::nn
