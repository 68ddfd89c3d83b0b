// What: the losses between two tensors of one shape: mse_loss, l1_loss, smooth_l1_loss, huber_loss, kl_div,
//       hinge_embedding_loss.
// Why:  each is a formula with its derivatives beside it.
// See:  loss_reduction.hpp (pair_loss); PyTorch torch.nn.functional. PyTorch warns of inputs and targets of different
//       shapes and broadcasts them, which is rarely what was meant: here that is an error.
#pragma once

#include <rowgrad/functional/loss_reduction.hpp>

namespace rowgrad {
namespace detail {

/// The weight of mse_loss and its like: of the input's shape.
template <typename T>
Tensor<T> same_shape_weight(const char* operation, const Tensor<T>& weight, const Shape& shape) {
  if (weight.defined() && weight.shape() != shape)
    raise<ShapeError>(operation, ": expected a weight of the input's shape ", shape, ", got ", weight.shape());
  return weight.defined() ? weight.detach() : weight;
}

/// What the mean of losses divides by that are weighted: the sum of the weights.
template <typename T>
T weighted_total(const Tensor<T>& weight, Index n) {
  return weight.defined() ? sum_of(weight.data(), n) : static_cast<T>(n);
}

template <typename T>
T sign_of(T x) {
  return static_cast<T>(x > T(0)) - static_cast<T>(x < T(0));
}

/// A loss of the difference x - t: f and its derivative.
template <typename T, typename F, typename D>
Tensor<T> difference_loss(const char* operation, const char* name, const Tensor<T>& input, const Tensor<T>& target,
                          Reduction reduction, const Tensor<T>& weight, T total, const F& f, const D& derivative) {
  return pair_loss(
      operation, name, input, target, reduction, weight, total, [f](T x, T t, Index) { return f(x - t); },
      [derivative](T x, T t, Index) { return derivative(x - t); },
      [derivative](T x, T t, Index) { return -derivative(x - t); });
}

}  // namespace detail

/// (x - t)^2; dx = 2 g (x - t). A weighted mean is over the sum of the weights. PyTorch: torch.nn.functional.mse_loss,
/// without broadcasting.
template <typename T>
Tensor<T> mse_loss(const Tensor<T>& input, const Tensor<T>& target,
                   const std::type_identity_t<WeightedLossOptions<T>>& options = {}) {
  const Tensor<T> weight = detail::same_shape_weight("mse_loss", options.weight, input.shape());
  return detail::difference_loss(
      "mse_loss", "MseLossBackward0", input, target, options.reduction, weight,
      detail::weighted_total(weight, input.numel()), [](T d) { return d * d; }, [](T d) { return T(2) * d; });
}

/// |x - t|; dx = g sign(x - t). A weighted mean is over the sum of the weights. PyTorch: torch.nn.functional.l1_loss.
template <typename T>
Tensor<T> l1_loss(const Tensor<T>& input, const Tensor<T>& target,
                  const std::type_identity_t<WeightedLossOptions<T>>& options = {}) {
  const Tensor<T> weight = detail::same_shape_weight("l1_loss", options.weight, input.shape());
  return detail::difference_loss(
      "l1_loss", "L1LossBackward0", input, target, options.reduction, weight,
      detail::weighted_total(weight, input.numel()), [](T d) { return std::abs(d); },
      [](T d) { return detail::sign_of(d); });
}

struct SmoothL1Options {
  ReductionOption reduction = Reduction::mean;
  double beta = 1;  // where the square ends; 0: l1_loss
};

/// d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, for d = x - t; dx = g d / beta or g sign(d). ValueError for a
/// beta below 0. PyTorch: torch.nn.functional.smooth_l1_loss.
template <typename T>
Tensor<T> smooth_l1_loss(const Tensor<T>& input, const Tensor<T>& target, const SmoothL1Options& options = {}) {
  if (!(options.beta >= 0)) detail::raise<ValueError>("smooth_l1_loss: expected beta >= 0, got ", options.beta);
  if (options.beta == 0) return l1_loss(input, target, {options.reduction});
  const T beta = static_cast<T>(options.beta);
  return detail::difference_loss<T>(
      "smooth_l1_loss", "SmoothL1LossBackward0", input, target, options.reduction, {}, static_cast<T>(input.numel()),
      [beta](T d) { return std::abs(d) < beta ? T(0.5) * d * d / beta : std::abs(d) - T(0.5) * beta; },
      [beta](T d) { return std::abs(d) < beta ? d / beta
                           : d != d           ? d
                                              : detail::sign_of(d); });
}

template <typename T>
struct HuberOptions {
  ReductionOption reduction = Reduction::mean;  // of all elements, whatever their weights
  double delta = 1;                             // where the square ends
  Tensor<T> weight = {};                        // a factor for each element, of the input's shape
};

/// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), for d = x - t; dx = g d or g delta sign(d). ValueError for
/// a delta that is not above 0. PyTorch: torch.nn.functional.huber_loss.
template <typename T>
Tensor<T> huber_loss(const Tensor<T>& input, const Tensor<T>& target,
                     const std::type_identity_t<HuberOptions<T>>& options = {}) {
  if (!(options.delta > 0)) detail::raise<ValueError>("huber_loss: expected delta > 0, got ", options.delta);
  const T delta = static_cast<T>(options.delta);
  return detail::difference_loss<T>(
      "huber_loss", "HuberLossBackward0", input, target, options.reduction,
      detail::same_shape_weight("huber_loss", options.weight, input.shape()), static_cast<T>(input.numel()),
      [delta](T d) { return std::abs(d) <= delta ? T(0.5) * d * d : delta * (std::abs(d) - T(0.5) * delta); },
      [delta](T d) { return d < -delta  ? -delta
                            : d > delta ? delta
                                        : d; });
}

struct KlDivOptions {
  ReductionOption reduction =
      Reduction::mean;      // of all elements; "batchmean" divides by the batch, as the formula has it
  bool log_target = false;  // the target is given as logarithms
};

/// t (log t - x), 0 for t = 0, for log probabilities x and probabilities t: the divergence KL(t || e^x), element by
/// element; with log_target e^t (t - x). dx = -g t, dt = g (log t + 1 - x), or dx = -g e^t, dt = g e^t (t - x + 1).
/// Inputs broadcast. PyTorch: torch.nn.functional.kl_div.
template <typename T>
Tensor<T> kl_div(const Tensor<T>& input, const Tensor<T>& target, const KlDivOptions& options = {}) {
  const Shape shape = detail::broadcast_shape("kl_div", input.shape(), target.shape());
  const Tensor<T> x = expand(input, shape), t = expand(target, shape);
  Reduction reduction = options.reduction;
  T total = static_cast<T>(x.numel());
  if (reduction == Reduction::batchmean) {
    reduction = input.dim() == 0 ? Reduction::sum : Reduction::mean;
    if (input.dim() > 0) total = static_cast<T>(input.shape()[0]);
  }
  const auto loss = [&](const auto& f, const auto& dx, const auto& dt) {
    return detail::pair_loss<T>("kl_div", "KlDivBackward", x, t, reduction, {}, total, f, dx, dt);
  };
  if (options.log_target)
    return loss([](T u, T v, Index) { return std::exp(v) * (v - u); }, [](T, T v, Index) { return -std::exp(v); },
                [](T u, T v, Index) { return std::exp(v) * (v - u) + std::exp(v); });
  return loss([](T u, T v, Index) { return (v == T(0) ? T(0) : v * std::log(v)) - v * u; },
              [](T, T v, Index) { return -v; },
              [](T u, T v, Index) { return (v == T(0) ? T(0) : std::log(v)) + v / v - u; });
}

struct HingeEmbeddingOptions {
  double margin = 1;
  ReductionOption reduction = Reduction::mean;
};

/// x where the target is 1, max(0, margin - x) where it is -1; inputs broadcast. dx = g or -g; the target is a
/// constant. PyTorch: torch.nn.functional.hinge_embedding_loss.
template <typename T, LossTarget<T> Target = Indices>
Tensor<T> hinge_embedding_loss(const Tensor<T>& input, const Target& target,
                               const HingeEmbeddingOptions& options = {}) {
  const Tensor<T> signs = detail::target_values<T>(target).detach();
  const Shape shape = detail::broadcast_shape("hinge_embedding_loss", input.shape(), signs.shape());
  const T margin = static_cast<T>(options.margin);
  return detail::pair_loss<T>(
      "hinge_embedding_loss", "HingeEmbeddingLossBackward", expand(input, shape), expand(signs, shape),
      options.reduction, {}, static_cast<T>(shape.numel()),
      [margin](T x, T t, Index) {
        const T below = margin - x < T(0) ? T(0) : margin - x;
        return (t != T(1) ? below : T(0)) + (t != T(-1) ? x : T(0));
      },
      [margin](T x, T t, Index) {
        return (t != T(-1) ? T(1) : T(0)) - (t != T(1) && margin - x >= T(0) ? T(1) : T(0));
      },
      [](T, T, Index) { return T(0); });
}

}  // namespace rowgrad
