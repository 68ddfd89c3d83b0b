// What: the losses of yes and no: binary_cross_entropy (with and without logits), multilabel_soft_margin_loss,
//       soft_margin_loss.
// Why:  each is one node, stable at extreme logits, with PyTorch's options and results.
// See:  loss_reduction.hpp; PyTorch torch.nn.functional.
#pragma once

#include <rowgrad/functional/loss_reduction.hpp>

namespace rowgrad {

template <typename T>
struct BceOptions {
  Tensor<T> weight = {};                        // a factor for each element, broadcast to the input
  ReductionOption reduction = Reduction::mean;  // of all elements, whatever their weights
};

/// -(t log x + (1 - t) log(1 - x)) for probabilities x, logs kept above -100 as in PyTorch. ValueError for an input
/// (forgot the sigmoid?) or target outside [0, 1]. dx = g (x - t) / max(x (1 - x), 1e-12), dt = g (log(1 - x) - log x),
/// which is infinite at 0 and 1. PyTorch: binary_cross_entropy.
template <typename T>
Tensor<T> binary_cross_entropy(const Tensor<T>& input, const Tensor<T>& target,
                               const std::type_identity_t<BceOptions<T>>& options = {}) {
  const auto above_minus_100 = [](T log) { return std::max(log, T(-100)); };
  return detail::pair_loss(
      "binary_cross_entropy", "BinaryCrossEntropyBackward0", input, target, options.reduction,
      detail::loss_weight("binary_cross_entropy", "weight", options.weight, input.shape()),
      static_cast<T>(input.numel()),
      [above_minus_100](T x, T t, Index i) {
        if (detail::is_nan(x) || x < T(0) || x > T(1))
          detail::raise<ValueError>("binary_cross_entropy: input ", x, " at position ", i,
                                    " is not a probability (apply sigmoid, or use "
                                    "binary_cross_entropy_with_logits)");
        if (detail::is_nan(t) || t < T(0) || t > T(1))
          detail::raise<ValueError>("binary_cross_entropy: target ", t, " at position ", i, " is not a probability");
        const T one = t == T(0) ? T(-0.0) : t * above_minus_100(std::log(x));  // hard labels need one logarithm
        const T zero = t == T(1) ? T(-0.0) : (T(1) - t) * above_minus_100(std::log1p(-x));
        return -(one + zero);
      },
      [](T x, T t, Index) { return (x - t) / std::max(x * (T(1) - x), T(1e-12f)); },  // PyTorch's constant is a float
      [](T x, T, Index) { return std::log1p(-x) - std::log(x); });
}

template <typename T>
struct BceWithLogitsOptions {
  Tensor<T> weight = {};      // a factor for each element, broadcast to the input
  Tensor<T> pos_weight = {};  // factor of the positive part, broadcast to the input: one value, or one per column
  ReductionOption reduction = Reduction::mean;  // of all samples, whatever their weights
};

/// The same for logits x, without computing the probability: (1 - t) x + (1 + (p - 1) t) log(1 + e^-x), p the
/// pos_weight. dx = g ((1 - t) - (1 + (p - 1) t) sigmoid(-x)), dt = g (p log(1 + e^-x) - log(1 + e^x)). PyTorch:
/// binary_cross_entropy_with_logits.
template <typename T>
Tensor<T> binary_cross_entropy_with_logits(const Tensor<T>& input, const Tensor<T>& target,
                                           const std::type_identity_t<BceWithLogitsOptions<T>>& options = {}) {
  const Tensor<T>& pos_weight = options.pos_weight;
  const bool weighted = pos_weight.defined();
  const Tensor<T> factors =
      detail::loss_weight("binary_cross_entropy_with_logits", "pos_weight", pos_weight, input.shape());
  // How much the positive part of element i with target t counts.
  const auto p = [factors](Index i) { return factors.data()[i % factors.numel()]; };
  const auto positive = [weighted, p](T t, Index i) { return weighted ? T(1) + (p(i) - T(1)) * t : T(1); };
  const auto softplus = [](T x) {  // log(1 + e^x)
    return std::log1p(std::exp(-std::abs(x))) + std::max(x, T(0));
  };
  return detail::pair_loss(
      "binary_cross_entropy_with_logits", "BinaryCrossEntropyWithLogitsBackward0", input, target, options.reduction,
      detail::loss_weight("binary_cross_entropy_with_logits", "weight", options.weight, input.shape()),
      static_cast<T>(input.numel()),
      [positive, softplus](T x, T t, Index i) { return (T(1) - t) * x + positive(t, i) * softplus(-x); },
      [positive](T x, T t, Index i) {
        const T e = std::exp(-std::abs(x)), sigmoid_minus = (x >= T(0) ? e : T(1)) / (T(1) + e);
        return (T(1) - t) - positive(t, i) * sigmoid_minus;
      },
      [weighted, p, softplus](T x, T, Index i) { return weighted ? p(i) * softplus(-x) - softplus(x) : -x; });
}

/// log(1 + e^(-t x)) for signs t, 1 or -1, of the input's shape. dx = -g t sigmoid(-t x); the target is a constant.
/// Finite for any finite x, where PyTorch's overflows. PyTorch: torch.nn.functional.soft_margin_loss.
template <typename T, LossTarget<T> Target = Indices>
Tensor<T> soft_margin_loss(const Tensor<T>& input, const Target& target, const LossOptions& options = {}) {
  return detail::pair_loss<T>(
      "soft_margin_loss", "SoftMarginLossBackward0", input, detail::target_values<T>(target).detach(),
      options.reduction, {}, static_cast<T>(input.numel()),
      [](T x, T t, Index) { return std::log1p(std::exp(-std::abs(t * x))) + std::max(-t * x, T(0)); },
      [](T x, T t, Index) { return -t / (T(1) + std::exp(t * x)); }, [](T, T, Index) { return T(0); });
}

/// The mean over the last dimension, the classes, of -(t log sigmoid(x) + (1 - t) log sigmoid(-x)), for inputs
/// (..., C) and targets of 0 and 1, each class times its weight (C). dx = g w (sigmoid(x) - t) / C, dt = -g w x / C.
/// PyTorch: torch.nn.functional.multilabel_soft_margin_loss.
template <typename T, LossTarget<T> Target = Indices>
Tensor<T> multilabel_soft_margin_loss(const Tensor<T>& input, const Target& labels,
                                      const std::type_identity_t<BceOptions<T>>& options = {}) {
  const char* const operation = "multilabel_soft_margin_loss";
  const Tensor<T> target = detail::target_values<T>(labels);
  if (input.dim() == 0 || input.shape() != target.shape())
    detail::raise<ShapeError>(operation, ": expected input and target (..., C) of one shape, got ", input.shape(),
                              " and ", target.shape());
  const Tensor<T> weight = detail::loss_weight(operation, "weight", options.weight, input.shape());
  const detail::Split s = detail::split_at(input.shape(), input.dim() - 1);
  const Reduction reduction = options.reduction;
  Tensor<T> losses(detail::reduced_shape(input.shape(), input.dim() - 1, false));
  const T classes = static_cast<T>(s.size), total = static_cast<T>(losses.numel());
  for (Index k = 0; k < losses.numel(); ++k)
    losses.data()[k] =
        detail::sum_of_terms<T>(s.size,
                                [&](Index c) {
                                  const Index i = k * s.size + c;
                                  const T x = input.data()[i], t = target.data()[i];
                                  const T loss = std::log1p(std::exp(-std::abs(x))) + std::max(x, T(0)) - t * x;
                                  return weight.defined() ? loss * weight.data()[i % weight.numel()] : loss;
                                }) /
        classes;
  Tensor<T> y = detail::reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(input, target)) {
    record(
        y, "MultilabelSoftMarginLossBackward",
        [=, x = saved(input), t = saved(target), size = s.size](Tensor<T> g, Node<T>* nx, Node<T>* nt) {
          const auto gradient = detail::loss_gradient(g, reduction, total);
          const auto pass_on = [&](Node<T>* node, const auto& derivative) {
            if (node == nullptr) return;
            Tensor<T> result(x.shape());
            for (Index i = 0; i < x.numel(); ++i) {
              const T w = weight.defined() ? weight.data()[i % weight.numel()] : T(1);
              result.data()[i] = gradient(i / size) * w * derivative(x.data()[i], t.data()[i]) / classes;
            }
            node->accumulate(std::move(result));
          };
          pass_on(nx, [](T v, T label) { return T(1) / (T(1) + std::exp(-v)) - label; });
          pass_on(nt, [](T v, T) { return -v; });
        },
        input, target);
  }
  return y;
}

}  // namespace rowgrad
