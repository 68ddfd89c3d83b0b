// What: scaled_dot_product_attention(): values averaged with weights that say how well their keys answer a query.
// Why:  scores, mask and softmax are one node: of all the matrices (queries, keys) the weights alone are kept.
// See:  nn/multihead_attention.hpp, nn/attention_pooling.hpp; Vaswani et al. 2017, Attention Is All You Need.
#pragma once

#include <limits>
#include <optional>

#include <rowgrad/functional/dropout.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/matmul.hpp>

namespace rowgrad {

/// What an attention layer returns: `const auto [output, weights] = attention(...)`.
template <typename T>
struct AttentionResult {
  Tensor<T> output;
  Tensor<T> weights;  ///< undefined when not asked for
};

/// What a query sees, in either of PyTorch's forms: a Mask, true for the keys that it sees, or a tensor that is added
/// to the scores, -infinity for those that it does not see. Converts from both.
template <typename T>
struct ScoreMask {
  Tensor<T> added;  // undefined: everything is seen

  ScoreMask() = default;
  ScoreMask(const Tensor<T>& scores) : added(scores) {}  // NOLINT: implicit by design
  ScoreMask(const Mask& seen) {                          // NOLINT: implicit by design
    if (seen.defined()) added = where(seen, zeros<T>(Shape{}), full<T>(Shape{}, -std::numeric_limits<T>::infinity()));
  }
};

template <typename T>
struct AttentionOptions {
  ScoreMask<T> attn_mask = {};                 ///< what a query sees; it sees all without one
  double dropout_p = 0;                        ///< probability with which a weight becomes 0, in eval mode, too
  bool is_causal = false;                      ///< query i sees the keys 0 to i
  std::optional<double> scale = std::nullopt;  ///< of the scores; default: 1 / sqrt(E)
};

namespace detail {

/// softmax(scale q k^T + mask) over the keys: q (..., L, E), k (..., S, E), result `full`, (..., L, S). The mask is
/// undefined or broadcasts to `full`; under -infinity a weight is 0.
/// With ds = p (g - sum(g p)): dq = scale ds k, dk = scale ds^T q, dmask = ds summed over what was repeated.
/// ValueError when a query sees no key.
template <typename T>
Tensor<T> attention_weights(const char* operation, const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& mask,
                            const Shape& full, T scale, bool causal) {
  const int rank = full.rank();
  const Index batch = split_at(full, rank - 2).outer, queries = full[rank - 2], keys = full[rank - 1];
  const Index width = k.shape().back();
  const Index samples = full.rank() < 3 ? 1 : full[0];
  const bool parallel = batch * queries * keys * width >= parallel_product_size;
  const Tensor<T> repeated = mask.defined() ? repeat_to(mask, full) : mask;
  const T* added = mask.defined() ? repeated.data() : nullptr;
  Tensor<T> p(full);
  // Without queries the batch may be of any size.
  parallel_pieces(queries > 0 ? batch : 0, parallel, [=, to = p.data(), from = q.data(), key = k.data()](Index b) {
    constexpr T infinity = std::numeric_limits<T>::infinity(), tiny = std::numeric_limits<T>::min();
    auto scores = matrix_at(to, b, queries, keys);
    product(scores, matrix_at(from, b, queries, width), matrix_at(key, b, keys, width).transpose());
    for (Index i = 0; i < queries; ++i) {
      T* values = scores.data() + i * keys;
      const Index seen = causal ? std::min(i + 1, keys) : keys;
      ArrayMap<T> row(values, seen);
      if (width > 0) row *= scale;  // else the scores are 0, and the scale is infinite
      if (added != nullptr) row += ArrayMap<const T>(added + (b * queries + i) * keys, seen);
      const T largest = seen == 0 ? -infinity : row.template maxCoeff<Eigen::PropagateNaN>();
      if (largest == -infinity)
        raise<ValueError>(operation, ": every key is masked for query ", i, " of sample ", b / (batch / samples),
                          ", so there is nothing to average (a text of length 0, or 0 and 1 of a mask "
                          "exchanged?)");
      row = (row - largest).exp();
      for (Index j = 0; j < seen; ++j) values[j] = values[j] < tiny ? T(0) : values[j];  // Eigen's exp(-infinity)
      row /= sum_of(values, seen);
      std::fill(values + seen, values + keys, T(0));
    }
  });
  if (recording(q, k, mask)) {
    record(
        p, "AttentionWeightsBackward0",
        [=, q = saved(q), k = saved(k), p = p.detach(), mask_shape = mask.defined() ? mask.shape() : full](
            Tensor<T> g, Node<T>* nq, Node<T>* nk, Node<T>* nm) {
          Tensor<T> ds(p.shape());
          for (Index i = 0; i < batch * queries; ++i) {
            const ArrayMap<const T> weights(p.data() + i * keys, keys), gradient(g.data() + i * keys, keys);
            const T dot = sum_of_blocks<T>(keys, sum_block, [&](Index first, Index count) {
              return (gradient.segment(first, count) * weights.segment(first, count)).sum();
            });
            ArrayMap<T>(ds.data() + i * keys, keys) = weights * (gradient - dot);
          }
          if (nq != nullptr) {
            Tensor<T> dq(q.shape());
            parallel_pieces(dq.numel() > 0 ? batch : 0, parallel,
                            [=, to = dq.data(), from = ds.data(), key = k.data()](Index b) {
                              product(matrix_at(to, b, queries, width), matrix_at(from, b, queries, keys),
                                      matrix_at(key, b, keys, width));
                            });
            dq.array() *= scale;
            nq->accumulate(std::move(dq));
          }
          if (nk != nullptr) {
            Tensor<T> dk(k.shape());
            parallel_pieces(dk.numel() > 0 ? batch : 0, parallel,
                            [=, to = dk.data(), from = ds.data(), query = q.data()](Index b) {
                              product(matrix_at(to, b, keys, width), matrix_at(from, b, queries, keys).transpose(),
                                      matrix_at(query, b, queries, width));
                            });
            dk.array() *= scale;
            nk->accumulate(std::move(dk));
          }
          if (nm != nullptr) nm->accumulate(sum_to(std::move(ds), mask_shape));
        },
        q, k, mask);
  }
  return p;
}

}  // namespace detail

/// scaled_dot_product_attention() with both its results: output (..., L, Ev) and, after dropout, weights (..., L, S).
/// Errors are reported in the name of `operation`.
template <typename T>
AttentionResult<T> attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                             const AttentionOptions<std::type_identity_t<T>>& options = {},
                             const char* operation = "attention") {
  const int rank = q.dim();
  bool fits = rank >= 2 && k.dim() == rank && v.dim() == rank && q.shape().back() == k.shape().back() &&
              k.shape()[rank - 2] == v.shape()[rank - 2];
  for (int d = 0; fits && d < rank - 2; ++d) fits = q.shape()[d] == k.shape()[d] && q.shape()[d] == v.shape()[d];
  if (!fits)
    detail::raise<ShapeError>(operation,
                              ": expected queries (..., L, E), keys (..., S, E) and values (..., S, Ev), got ",
                              q.shape(), ", ", k.shape(), " and ", v.shape());
  Shape full = q.shape(), shape = q.shape();
  full[rank - 1] = k.shape()[rank - 2];
  shape[rank - 1] = v.shape().back();
  const Tensor<T>& mask = options.attn_mask.added;
  if (mask.defined() && detail::broadcast_shape(operation, full, mask.shape()) != full)
    detail::raise<ShapeError>(operation, ": a mask of shape ", mask.shape(), " does not fit scores of shape ", full);
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(q.shape().back())));
  Tensor<T> weights = detail::attention_weights(operation, q, k, mask, full, static_cast<T>(scale), options.is_causal);
  weights = dropout(weights, options.dropout_p);
  if (rank == 3) return {bmm(weights, v), weights};
  const auto folded = [rank](const Tensor<T>& x) {
    return reshape(x, Shape{detail::split_at(x.shape(), rank - 2).outer, x.size(-2), x.size(-1)});
  };
  return {reshape(bmm(folded(weights), folded(v)), shape), weights};
}

/// softmax(scale q k^T + mask) v, the softmax over the keys: q (..., L, E), k (..., S, E), v (..., S, Ev), with the
/// same leading dimensions, result (..., L, Ev); the mask broadcasts to (..., L, S). Beware: a Mask says here
/// which keys are seen, but in MultiheadAttention which are not, as in PyTorch. ValueError for a query
/// that sees no key (PyTorch: 0). With E = 0 all scores are 0, so the mask alone decides. PyTorch:
/// torch.nn.functional.scaled_dot_product_attention.
template <typename T>
Tensor<T> scaled_dot_product_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                       const AttentionOptions<std::type_identity_t<T>>& options = {}) {
  return attention(q, k, v, options, "scaled_dot_product_attention").output;
}

}  // namespace rowgrad
