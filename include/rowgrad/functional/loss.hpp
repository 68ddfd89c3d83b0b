// What: the losses: cross_entropy, nll_loss, binary_cross_entropy (with and without logits), mse_loss.
// Why:  each is one node, stable at extreme logits, with PyTorch's options and results.
// See:  softmax.hpp; PyTorch torch.nn.functional. Where PyTorch answers NaN to a mean of nothing, we throw.
#pragma once

#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/functional/softmax.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {

/// What becomes of the losses of the samples.
enum class Reduction { mean, sum, none };

template <typename T>
struct CrossEntropyOptions {
  Tensor<T> weight = {};      // (C), a factor for each class; undefined means 1
  Index ignore_index = -100;  // samples with this target count for nothing
  Reduction reduction = Reduction::mean;
  double label_smoothing = 0;  // in [0, 1]: this share of the target is spread over all classes
};

template <typename T>
struct NllLossOptions {
  Tensor<T> weight = {};
  Index ignore_index = -100;
  Reduction reduction = Reduction::mean;
};

namespace detail {

/// The classes of every sample: shape (C) for one sample, else (N, C, ...), as in PyTorch.
template <typename T>
Split class_split(const char* operation, const Tensor<T>& input, const Indices& target) {
  const int d = input.dim() == 1 ? 0 : 1;
  if (input.dim() == 0) raise<ShapeError>(operation, ": expected input (C) or (N, C, ...), got a single value");
  Shape expected = input.shape();
  expected.erase(d);
  if (target.shape() != expected)
    raise<ShapeError>(operation, ": input ", input.shape(), " needs targets of shape ", expected, ", got ",
                      target.shape());
  return split_at(input.shape(), d);
}

template <typename T>
void check_class_weight(const char* operation, const Tensor<T>& weight, Index classes) {
  if (weight.defined() && weight.shape() != Shape{classes})
    raise<ShapeError>(operation, ": expected one weight per class, shape ", Shape{classes}, ", got ", weight.shape());
}

inline void check_target(const char* operation, Index target, Index sample, Index classes) {
  if (target < 0 || target >= classes)
    raise<IndexError>(operation, ": target ", target, " of sample ", sample, " is not a class: expected 0 to ",
                      classes - 1);
}

/// Reduces the losses of samples; `total` is what a mean divides by.
template <typename T>
Tensor<T> reduce_loss(const char* operation, Tensor<T> losses, Reduction reduction, T total) {
  if (reduction == Reduction::none) return losses;
  if (reduction == Reduction::mean && total == T(0))
    raise<ValueError>(operation, ": the mean of no sample is undefined (an empty batch, or every target ignored)");
  const T sum = sum_of(losses.data(), losses.numel());
  return full<T>(Shape{}, reduction == Reduction::mean ? sum / total : sum);
}

/// The gradient of each sample's loss: g over the total for a mean, g for a sum, its own for none.
template <typename T>
auto loss_gradient(const Tensor<T>& g, Reduction reduction, T total) {
  return [values = g.data(), reduction, total](Index k) {
    return reduction == Reduction::none ? values[k] : reduction == Reduction::mean ? *values / total : *values;
  };
}

/// Both class losses: -sum_c q_c w_c log p_c with q the smoothed target. log_p is input, or its log_softmax.
/// to_input(g of a line, log p of that line) turns d/d log p into d/d input.
template <typename T, typename ToInput>
Tensor<T> class_loss(const char* operation, const char* name, const Tensor<T>& input, const Tensor<T>& log_p,
                     const Indices& target, const CrossEntropyOptions<T>& options, const ToInput& to_input) {
  const Split s = class_split(operation, input, target);
  check_class_weight(operation, options.weight, s.size);
  const T smoothing = static_cast<T>(options.label_smoothing), spread = smoothing / static_cast<T>(s.size);
  const T* weight = options.weight.defined() ? options.weight.data() : nullptr;
  const Index* classes = target.data();
  Tensor<T> losses(target.shape());
  Index counted = 0;
  RunningSum<T> weights_counted;
  for (Index k = 0; k < target.numel(); ++k) {
    T& loss = losses.data()[k] = T(0);
    if (classes[k] == options.ignore_index) continue;
    check_target(operation, classes[k], k, s.size);
    const auto line = line_at(log_p, k / s.inner * s.size * s.inner + k % s.inner, s);
    const T w = weight != nullptr ? weight[classes[k]] : T(1);
    if (weight != nullptr)
      weights_counted.add(w);
    else
      ++counted;
    loss = -(T(1) - smoothing) * w * line[classes[k]];
    if (spread != T(0))
      loss -=
          spread * sum_of_terms<T>(s.size, [&](Index c) { return weight != nullptr ? line[c] * weight[c] : line[c]; });
  }
  const T total = weight != nullptr ? weights_counted.total() : static_cast<T>(counted);
  const Reduction reduction = options.reduction;
  Tensor<T> y = reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(input)) {
    record(
        y, name,
        [=, log_p = log_p.detach(), target = saved(target), weights = options.weight, ignore = options.ignore_index](
            Tensor<T> g, Node<T>* node) {
          Tensor<T> dx = zeros<T>(log_p.shape());
          const auto gradient = loss_gradient(g, reduction, total);
          for (Index k = 0; k < target.numel(); ++k) {
            const Index c = target.data()[k];
            if (c == ignore) continue;
            const Index at = k / s.inner * s.size * s.inner + k % s.inner;
            const auto line = line_at(dx, at, s);  // first d/d log p = -q w g
            const T gk = gradient(k);
            if (spread != T(0)) {
              const T share = -spread * gk;
              const T* const factors = weights.defined() ? weights.data() : nullptr;
              set_line(line, [&](Index i) { return factors != nullptr ? share * factors[i] : share; });
            }
            line[c] -= (T(1) - smoothing) * (weights.defined() ? weights.data()[c] : T(1)) * gk;
            to_input(line, line_at(log_p, at, s));
          }
          node->accumulate(std::move(dx));
        },
        input);
  }
  return y;
}

}  // namespace detail

/// -log softmax(input)[target], averaged with the classes' weights. input: logits (C) or (N, C, ...), target: classes
/// () or (N, ...). ShapeError, IndexError for a target that is not a class, ValueError for the mean of no sample.
/// d input = softmax(input) sum(q w) - q w, q the smoothed target. PyTorch: torch.nn.functional.cross_entropy.
template <typename T>
Tensor<T> cross_entropy(const Tensor<T>& input, const Indices& target,
                        const std::type_identity_t<CrossEntropyOptions<T>>& options = {}) {
  if (detail::is_nan(options.label_smoothing) || options.label_smoothing < 0 || options.label_smoothing > 1)
    detail::raise<ValueError>("cross_entropy: expected 0 <= label_smoothing <= 1, got ", options.label_smoothing);
  Tensor<T> log_p;
  {
    const no_grad guard;
    log_p = log_softmax(input, input.dim() <= 1 ? 0 : 1);
  }
  return detail::class_loss("cross_entropy", "NllLossBackward0", input, log_p, target, options,
                            [](const detail::Line<T>& line, const detail::Line<T>& log_probabilities) {
                              const T sum = detail::line_sum(line);
                              detail::set_line(line,
                                               [&](Index i) { return line[i] - std::exp(log_probabilities[i]) * sum; });
                            });
}

/// -input[target] for log probabilities, averaged with the classes' weights. PyTorch: torch.nn.functional.nll_loss.
template <typename T>
Tensor<T> nll_loss(const Tensor<T>& input, const Indices& target,
                   const std::type_identity_t<NllLossOptions<T>>& options = {}) {
  return detail::class_loss<T>("nll_loss", "NllLossBackward0", input, input, target,
                               {options.weight, options.ignore_index, options.reduction, 0},
                               [](const auto&, const auto&) {});
}

namespace detail {

/// A loss between tensors of one shape: f(x, y) and its derivative in x and y, element by element.
template <typename T, typename F, typename Dx, typename Dy>
Tensor<T> pair_loss(const char* operation, const char* name, const Tensor<T>& input, const Tensor<T>& target,
                    Reduction reduction, const F& f, const Dx& dx, const Dy& dy) {
  if (input.shape() != target.shape())
    raise<ShapeError>(operation, ": input ", input.shape(), " and target ", target.shape(),
                      " must have the same shape");
  Tensor<T> losses(input.shape());
  const Index n = input.numel();
  for (Index i = 0; i < n; ++i) losses.data()[i] = f(input.data()[i], target.data()[i], i);
  const T total = static_cast<T>(n);
  Tensor<T> y = reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(input, target)) {
    record(
        y, name,
        [=, x = saved(input), t = saved(target)](Tensor<T> g, Node<T>* nx, Node<T>* nt) {
          const auto gradient = loss_gradient(g, reduction, total);
          const auto pass_on = [&](Node<T>* node, const auto& derivative) {
            if (node == nullptr) return;
            Tensor<T> result(x.shape());
            for (Index i = 0; i < x.numel(); ++i)
              result.data()[i] = gradient(i) * derivative(x.data()[i], t.data()[i], i);
            node->accumulate(std::move(result));
          };
          pass_on(nx, dx);
          pass_on(nt, dy);
        },
        input, target);
  }
  return y;
}

}  // namespace detail

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

/// -(t log x + (1 - t) log(1 - x)) for probabilities x, logs kept above -100 as in PyTorch. ValueError for an input
/// (forgot the sigmoid?) or target outside [0, 1]. dx = g (x - t) / max(x (1 - x), 1e-12), dt = g (log(1 - x) - log x),
/// which is infinite at 0 and 1. PyTorch: binary_cross_entropy.
template <typename T>
Tensor<T> binary_cross_entropy(const Tensor<T>& input, const Tensor<T>& target, LossOptions options = {}) {
  const auto above_minus_100 = [](T log) { return std::max(log, T(-100)); };
  return detail::pair_loss(
      "binary_cross_entropy", "BinaryCrossEntropyBackward0", input, target, options.reduction,
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
  Tensor<T> pos_weight = {};  // factor of the positive part, broadcast to the input: one value, or one per column
  Reduction reduction = Reduction::mean;
};

/// The same for logits x, without computing the probability: (1 - t) x + (1 + (p - 1) t) log(1 + e^-x), p the
/// pos_weight. dx = g ((1 - t) - (1 + (p - 1) t) sigmoid(-x)), dt = g (p log(1 + e^-x) - log(1 + e^x)). PyTorch:
/// binary_cross_entropy_with_logits.
template <typename T>
Tensor<T> binary_cross_entropy_with_logits(const Tensor<T>& input, const Tensor<T>& target,
                                           const std::type_identity_t<BceWithLogitsOptions<T>>& options = {}) {
  const Tensor<T>& pos_weight = options.pos_weight;
  const bool weighted = pos_weight.defined();
  Tensor<T> factors;  // repeated along the input
  if (weighted) {
    if (detail::broadcast_shape("binary_cross_entropy_with_logits", input.shape(), pos_weight.shape()) != input.shape())
      detail::raise<ShapeError>("binary_cross_entropy_with_logits: pos_weight ", pos_weight.shape(),
                                " must be one value or one per column of input ", input.shape());
    const bool along_columns = pos_weight.numel() == 1 || Shape{pos_weight.numel()} == pos_weight.shape();
    factors = along_columns ? pos_weight.detach() : detail::repeat_to(pos_weight, input.shape());
  }
  // How much the positive part of element i with target t counts.
  const auto p = [factors](Index i) { return factors.data()[i % factors.numel()]; };
  const auto positive = [weighted, p](T t, Index i) { return weighted ? T(1) + (p(i) - T(1)) * t : T(1); };
  const auto softplus = [](T x) {  // log(1 + e^x)
    return std::log1p(std::exp(-std::abs(x))) + std::max(x, T(0));
  };
  return detail::pair_loss(
      "binary_cross_entropy_with_logits", "BinaryCrossEntropyWithLogitsBackward0", input, target, options.reduction,
      [positive, softplus](T x, T t, Index i) { return (T(1) - t) * x + positive(t, i) * softplus(-x); },
      [positive](T x, T t, Index i) {
        const T e = std::exp(-std::abs(x)), sigmoid_minus = (x >= T(0) ? e : T(1)) / (T(1) + e);
        return (T(1) - t) - positive(t, i) * sigmoid_minus;
      },
      [weighted, p, softplus](T x, T, Index i) { return weighted ? p(i) * softplus(-x) - softplus(x) : -x; });
}

/// (x - t)^2; dx = 2 g (x - t). PyTorch: torch.nn.functional.mse_loss, without broadcasting.
template <typename T>
Tensor<T> mse_loss(const Tensor<T>& input, const Tensor<T>& target, LossOptions options = {}) {
  return detail::pair_loss(
      "mse_loss", "MseLossBackward0", input, target, options.reduction,
      [](T x, T t, Index) { return (x - t) * (x - t); }, [](T x, T t, Index) { return T(2) * (x - t); },
      [](T x, T t, Index) { return T(2) * (t - x); });
}

}  // namespace rowgrad
