// What: MultiheadAttention, attention in several projections of the input side by side.
// Why:  it holds the projections; functional/attention.hpp does the work.
// See:  functional/attention.hpp; Vaswani et al. 2017; PyTorch torch.nn.MultiheadAttention.
#pragma once

#include <rowgrad/functional/attention.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/linear.hpp>

namespace rowgrad::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;  // probability with which a weight becomes 0 while training
  bool bias = true;
  std::optional<Index> kdim = std::nullopt, vdim = std::nullopt;  // of keys and values; default: embed_dim
  bool batch_first = false;
};

/// What a query does not see, in either of PyTorch's forms: a Mask (or Indices of 0 and 1), true for what is left out,
/// or a tensor that is added to the scores, -infinity for what is left out. Converts from both.
template <typename T>
struct AttentionMask {
  Tensor<T> added;  // undefined: nothing is left out

  AttentionMask() = default;
  AttentionMask(const Tensor<T>& scores) : added(scores) {}                  // NOLINT: implicit by design
  AttentionMask(const Indices& left_out) : AttentionMask(Mask(left_out)) {}  // NOLINT: implicit by design
  AttentionMask(const Mask& left_out) {                                      // NOLINT: implicit by design
    if (left_out.defined())
      added = masked_fill(zeros<T>(left_out.shape()), left_out, -std::numeric_limits<T>::infinity());
  }
};

/// The arguments of MultiheadAttention's forward after query, key and value, in PyTorch's order.
template <typename T>
struct MultiheadAttentionArguments {
  AttentionMask<T> key_padding_mask = {};  // (N, S), for example padding_mask(lengths, S); without a batch (S)
  bool need_weights = true;
  AttentionMask<T> attn_mask = {};   // (L, S) for all, or (N * num_heads, L, S)
  bool average_attn_weights = true;  // over the heads
  bool is_causal = false;            // query i sees keys 0 to i; PyTorch wants the mask as well
};

/// Linear under the name that PyTorch prints for the output of MultiheadAttention.
template <typename T>
class NonDynamicallyQuantizableLinear : public Linear<T> {
 public:
  using Linear<T>::Linear;
};

/// Projects queries, keys and values, cuts each into num_heads pieces, lets every head attend, and projects the heads'
/// results side by side. Weights start as PyTorch's: Xavier uniform within, as Linear's without, biases 0.
/// ValueError when embed_dim does not divide by num_heads, or for sizes below 1. PyTorch: torch.nn.MultiheadAttention,
/// without add_bias_kv and add_zero_attn.
template <typename T>
class MultiheadAttention : public Module<T> {
 public:
  Parameter<T> in_proj_weight;                               // (3 embed_dim, embed_dim), or undefined and instead
  Parameter<T> q_proj_weight, k_proj_weight, v_proj_weight;  // (embed_dim, embed_dim), (.., kdim), (.., vdim)
  Parameter<T> in_proj_bias;                                 // (3 embed_dim), or undefined
  NonDynamicallyQuantizableLinear<T> out_proj;

  MultiheadAttention(Index embed_dim, Index num_heads, const MultiheadAttentionOptions& options = {})
      : out_proj(checked(embed_dim, num_heads, options), embed_dim, {.bias = options.bias}),
        num_heads_(num_heads),
        options_(options) {
    const Index kdim = options.kdim.value_or(embed_dim), vdim = options.vdim.value_or(embed_dim);
    const auto draw = [](Parameter<T>& parameter, Index rows, Index columns) {
      parameter = Parameter<T>(empty<T>(Shape{rows, columns}));
      init::xavier_uniform_(parameter);
    };
    if (kdim == embed_dim && vdim == embed_dim) {
      draw(in_proj_weight, 3 * embed_dim, embed_dim);
    } else {
      draw(q_proj_weight, embed_dim, embed_dim);
      draw(k_proj_weight, embed_dim, kdim);
      draw(v_proj_weight, embed_dim, vdim);
    }
    if (!options.bias) return;
    in_proj_bias = Parameter<T>(zeros<T>(Shape{3 * embed_dim}));
    init::constant_(out_proj.bias, 0);
  }

  /// query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim); with batch_first N comes first; without a batch
  /// there is no N. Output like query, weights (N, L, S), or (N, num_heads, L, S) when they are not averaged. Padding
  /// has weight 0. ShapeError when shapes do not fit, ValueError when a mask leaves a query no key (PyTorch: NaN).
  AttentionResult<T> forward(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value,
                             const MultiheadAttentionArguments<T>& arguments = {}) const {
    const bool batched = query.dim() == 3, batch_first = batched && options_.batch_first;
    check(query, key, value);
    const int time = batch_first ? 1 : 0;
    const Index batch = batched ? query.shape()[1 - time] : 1, queries = query.shape()[time], keys = key.shape()[time];
    const Index embed = embed_dim(), width = embed / num_heads_;

    // (L, N, embed) or (N, L, embed) to (N, heads, L, width), and back.
    const auto heads = [&](const Tensor<T>& x, Index part, Index length) {
      const Tensor<T> projected = project(x, part);
      if (batch_first) return transpose(reshape(projected, Shape{batch, length, num_heads_, width}), 1, 2);
      const Tensor<T> split = transpose(reshape(projected, Shape{length, batch * num_heads_, width}), 0, 1);
      return reshape(split, Shape{batch, num_heads_, length, width});
    };
    const auto joined = [&](const Tensor<T>& x) {
      if (batch_first) return reshape(transpose(x, 1, 2), query.shape());
      return reshape(transpose(reshape(x, Shape{batch * num_heads_, queries, width}), 0, 1), query.shape());
    };

    const Shape full{batch, num_heads_, queries, keys};
    AttentionOptions<T> options{.attn_mask = joined_mask(arguments, full),
                                .dropout_p = this->training() ? options_.dropout : 0,
                                .is_causal = arguments.is_causal};
    AttentionResult<T> result =
        attention(heads(query, 0, queries), heads(key, 1, keys), heads(value, 2, keys), options, "MultiheadAttention");
    result.output = out_proj(joined(result.output));
    if (!arguments.need_weights) return {result.output, {}};
    if (arguments.average_attn_weights) result.weights = mean(result.weights, 1);
    if (!batched) result.weights = squeeze(result.weights, 0);
    return result;
  }
  AttentionResult<T> operator()(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value,
                                const MultiheadAttentionArguments<T>& arguments = {}) const {
    return forward(query, key, value, arguments);
  }

  Index embed_dim() const noexcept { return out_proj.out_features(); }
  Index num_heads() const noexcept { return num_heads_; }

  void members(Members<T>& m) override {
    m("in_proj_weight", in_proj_weight)("q_proj_weight", q_proj_weight)("k_proj_weight", k_proj_weight);
    m("v_proj_weight", v_proj_weight)("in_proj_bias", in_proj_bias)("out_proj", out_proj);
  }

 private:
  static Index checked(Index embed_dim, Index num_heads, const MultiheadAttentionOptions& options) {
    if (embed_dim < 1 || num_heads < 1 || embed_dim % num_heads != 0)
      detail::raise<ValueError>("MultiheadAttention: embed_dim must be a multiple of num_heads, both at least 1, got ",
                                embed_dim, " and ", num_heads);
    detail::expect_at_least("MultiheadAttention", "kdim", options.kdim.value_or(1), 1);
    detail::expect_at_least("MultiheadAttention", "vdim", options.vdim.value_or(1), 1);
    detail::expect_probability("MultiheadAttention", "dropout", options.dropout);
    return embed_dim;
  }

  void check(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value) const {
    if (!out_proj.weight.defined())
      rowgrad::detail::raise<ValueError>("MultiheadAttention: the layer has no weights (was it moved from?)");
    const Index embed = embed_dim(), kdim = options_.kdim.value_or(embed), vdim = options_.vdim.value_or(embed);
    const int rank = query.dim();
    bool fits = (rank == 2 || rank == 3) && key.dim() == rank && value.dim() == rank && query.shape().back() == embed &&
                key.shape().back() == kdim && value.shape().back() == vdim;
    for (int d = 0; fits && d < rank - 1; ++d) {
      const bool time = rank == 2 || d == (options_.batch_first ? 1 : 0);
      fits = key.shape()[d] == value.shape()[d] && (time || key.shape()[d] == query.shape()[d]);
    }
    if (fits) return;
    using detail::concat;
    const auto expected = [&](const char* length, Index size) {
      return options_.batch_first ? concat("(N, ", length, ", ", size, ")") : concat("(", length, ", N, ", size, ")");
    };
    rowgrad::detail::raise<ShapeError>("MultiheadAttention: expected query ", expected("L", embed), ", key ",
                                       expected("S", kdim), " and value ", expected("S", vdim),
                                       ", all with N or all without, got ", query.shape(), ", ", key.shape(), " and ",
                                       value.shape());
  }

  /// x through the weight and bias of queries (0), keys (1) or values (2).
  Tensor<T> project(const Tensor<T>& x, Index part) const {
    const Index embed = embed_dim();
    const auto third = [part](const Tensor<T>& whole, const Shape& shape) {
      return reshape(slice(reshape(whole, Shape{3, shape.numel()}), 0, part, part + 1), shape);
    };
    const Parameter<T>& own = part == 0 ? q_proj_weight : part == 1 ? k_proj_weight : v_proj_weight;
    const Tensor<T> weight = in_proj_weight.defined() ? third(in_proj_weight, Shape{embed, embed}) : Tensor<T>(own);
    return linear<T>(x, weight, in_proj_bias.defined() ? third(in_proj_bias, Shape{embed}) : Tensor<T>());
  }

  /// Both masks as one that broadcasts to (N, heads, L, S), or undefined.
  static Tensor<T> joined_mask(const MultiheadAttentionArguments<T>& arguments, const Shape& full) {
    Tensor<T> padding = arguments.key_padding_mask.added, pairs = arguments.attn_mask.added;
    const auto wrong = [](const char* name, const Tensor<T>& mask, const Shape& expected, const std::string& or_else) {
      return ShapeError(detail::concat("MultiheadAttention: expected ", name, " of shape ", expected, or_else, ", got ",
                                       mask.shape()));
    };
    if (padding.defined()) {
      const Shape expected{full[0], full[3]};
      if (padding.shape() != expected && !(full[0] == 1 && padding.shape() == Shape{full[3]}))
        throw wrong("key_padding_mask", padding, expected, "");
      padding = reshape(padding, Shape{full[0], 1, 1, full[3]});
    }
    if (pairs.defined() && pairs.shape() != Shape{full[2], full[3]}) {
      const Shape each{full[0] * full[1], full[2], full[3]};
      if (pairs.shape() != each)
        throw wrong("attn_mask", pairs, Shape{full[2], full[3]}, " or " + rowgrad::to_string(each));
      pairs = reshape(pairs, full);
    }
    return !padding.defined() ? pairs : !pairs.defined() ? padding : padding + pairs;
  }

  Index num_heads_;
  MultiheadAttentionOptions options_;
};

}  // namespace rowgrad::nn
