// What: the losses of classes: cross_entropy, also with soft labels, nll_loss, multi_margin_loss.
// Why:  each is one node, stable at extreme logits, with PyTorch's options and results.
// See:  softmax.hpp, loss_reduction.hpp; PyTorch torch.nn.functional. Where PyTorch answers NaN to a mean of nothing,
//       we throw.
#pragma once

#include <rowgrad/functional/loss_reduction.hpp>

namespace rowgrad {

template <typename T>
struct CrossEntropyOptions {
  Tensor<T> weight = {};      // (C), a factor for each class; undefined means 1
  Index ignore_index = -100;  // samples with this target count for nothing
  ReductionOption reduction = Reduction::mean;
  double label_smoothing = 0;  // in [0, 1]: this share of the target is spread over all classes
};

template <typename T>
struct NllLossOptions {
  Tensor<T> weight = {};
  Index ignore_index = -100;
  ReductionOption reduction = Reduction::mean;
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

/// log softmax over the classes, outside the graph.
template <typename T>
Tensor<T> log_probabilities(const Tensor<T>& input, double label_smoothing) {
  if (is_nan(label_smoothing) || label_smoothing < 0 || label_smoothing > 1)
    raise<ValueError>("cross_entropy: expected 0 <= label_smoothing <= 1, got ", label_smoothing);
  const no_grad guard;
  return log_softmax(input, input.dim() <= 1 ? 0 : 1);
}

}  // namespace detail

/// -log softmax(input)[target], averaged with the classes' weights. input: logits (C) or (N, C, ...), target: classes
/// () or (N, ...). ShapeError, IndexError for a target that is not a class, ValueError for the mean of no sample.
/// d input = softmax(input) sum(q w) - q w, q the smoothed target. PyTorch: torch.nn.functional.cross_entropy.
template <typename T>
Tensor<T> cross_entropy(const Tensor<T>& input, const Indices& target,
                        const std::type_identity_t<CrossEntropyOptions<T>>& options = {}) {
  const Tensor<T> log_p = detail::log_probabilities(input, options.label_smoothing);
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

/// The same for soft labels, a probability for each class: -sum(q w log softmax(input)) over the classes, q the target,
/// smoothed. Input and target (C) or (N, C, ...); a mean is over samples, whatever their weights. ShapeError for a
/// target of another shape, ValueError for an ignore_index. With p = softmax(input): d input = p sum(q w) - q w,
/// d target = -(1 - smoothing) w log p.
template <typename T, std::derived_from<Tensor<T>> Target>
Tensor<T> cross_entropy(const Tensor<T>& input, const Target& target,
                        const std::type_identity_t<CrossEntropyOptions<T>>& options = {}) {
  if (input.dim() == 0 || target.shape() != input.shape())
    detail::raise<ShapeError>("cross_entropy: input ", input.shape(),
                              " needs a probability for each value, or classes (", "Indices), got targets of shape ",
                              target.shape());
  if (options.ignore_index >= 0)
    detail::raise<ValueError>("cross_entropy: ignore_index is for classes, not for probabilities, got ",
                              options.ignore_index);
  const int d = input.dim() == 1 ? 0 : 1;
  const detail::Split s = detail::split_at(input.shape(), d);
  detail::check_class_weight("cross_entropy", options.weight, s.size);
  const Tensor<T> log_p = detail::log_probabilities(input, options.label_smoothing);
  const T keep = T(1) - static_cast<T>(options.label_smoothing),
          spread = static_cast<T>(options.label_smoothing) / static_cast<T>(s.size);
  const auto factor = [w = options.weight](Index c) { return w.defined() ? w.data()[c] : T(1); };
  Tensor<T> losses = zeros<T>(detail::reduced_shape(input.shape(), d, false));
  T* next = losses.data();
  detail::for_each_line<T>(s, [&](Index at) {
    const auto line = detail::line_at(log_p, at, s);
    const auto q = detail::line_at<T>(target, at, s);
    *next++ = -detail::sum_of_terms<T>(s.size, [&](Index c) { return (q[c] * keep + spread) * factor(c) * line[c]; });
  });
  const T total = static_cast<T>(losses.numel());
  const Reduction reduction = options.reduction;
  Tensor<T> y = detail::reduce_loss("cross_entropy", std::move(losses), reduction, total);
  if (recording(input, target)) {
    record(
        y, "CrossEntropyLossBackward0",
        [=, log_p = log_p.detach(), q = saved<T>(target)](Tensor<T> g, Node<T>* nx, Node<T>* nt) {
          const auto gradient = detail::loss_gradient(g, reduction, total);
          Tensor<T> dx(nx != nullptr ? log_p.shape() : Shape{0}), dt(nt != nullptr ? log_p.shape() : Shape{0});
          Index k = 0;
          detail::for_each_line<T>(s, [&](Index at) {
            const T gk = gradient(k++);
            const auto line = detail::line_at(log_p, at, s), labels = detail::line_at(q, at, s);
            const auto share = [&](Index c) { return (labels[c] * keep + spread) * factor(c); };
            if (nx != nullptr) {
              const T sum = detail::sum_of_terms<T>(s.size, share);
              detail::set_line(detail::line_at(dx, at, s),
                               [&](Index c) { return gk * (std::exp(line[c]) * sum - share(c)); });
            }
            if (nt != nullptr)
              detail::set_line(detail::line_at(dt, at, s), [&](Index c) { return -gk * keep * factor(c) * line[c]; });
          });
          if (nx != nullptr) nx->accumulate(std::move(dx));
          if (nt != nullptr) nt->accumulate(std::move(dt));
        },
        input, static_cast<const Tensor<T>&>(target));
  }
  return y;
}

template <typename T>
struct MultiMarginOptions {
  double p = 1;  // 1 or 2
  double margin = 1;
  Tensor<T> weight = {};                        // (C), a factor for each class
  ReductionOption reduction = Reduction::mean;  // of all samples, whatever their weights
};

/// w_t / C times the sum over the other classes of max(0, margin - x_t + x_c)^p: input (C) or (N, C), targets () or
/// (N). dx_c = g w_t p max(0, .)^(p - 1) / C, and minus the sum of them for the target. ShapeError; IndexError for a
/// target that is not a class; ValueError for another p. PyTorch: torch.nn.functional.multi_margin_loss.
template <typename T>
Tensor<T> multi_margin_loss(const Tensor<T>& input, const Indices& target,
                            const std::type_identity_t<MultiMarginOptions<T>>& options = {}) {
  const char* const operation = "multi_margin_loss";
  if (options.p != 1 && options.p != 2)
    detail::raise<ValueError>(operation, ": expected p = 1 or p = 2, got ", options.p);
  if (input.dim() > 2) detail::raise<ShapeError>(operation, ": expected input (C) or (N, C), got ", input.shape());
  const detail::Split s = detail::class_split(operation, input, target);
  detail::check_class_weight(operation, options.weight, s.size);
  const bool square = options.p == 2;
  const T margin = static_cast<T>(options.margin), classes = static_cast<T>(s.size);
  const auto factor = [w = options.weight, classes](Index c) { return (w.defined() ? w.data()[c] : T(1)) / classes; };
  Tensor<T> losses(target.shape());
  for (Index k = 0; k < target.numel(); ++k) {
    const Index t = target.data()[k];
    detail::check_target(operation, t, k, s.size);
    const T* const x = input.data() + k * s.size;
    losses.data()[k] = factor(t) * detail::sum_of_terms<T>(s.size, [&](Index c) {
                         const T z = margin - x[t] + x[c];
                         return c == t || !(z > T(0)) ? T(0) : square ? z * z : z;
                       });
  }
  const T total = static_cast<T>(losses.numel());
  const Reduction reduction = options.reduction;
  Tensor<T> y = detail::reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(input)) {
    record(
        y, "MultiMarginLossBackward0",
        [=, input = saved(input), target = saved(target)](Tensor<T> g, Node<T>* node) {
          const auto gradient = detail::loss_gradient(g, reduction, total);
          Tensor<T> dx = zeros<T>(input.shape());
          for (Index k = 0; k < target.numel(); ++k) {
            const Index t = target.data()[k];
            const T *const x = input.data() + k * s.size, scale = gradient(k) * factor(t);
            T* const d = dx.data() + k * s.size;
            for (Index c = 0; c < s.size; ++c) {
              const T z = margin - x[t] + x[c];
              if (c == t || !(z > T(0))) continue;
              const T part = square ? T(2) * z * scale : scale;
              d[c] += part;
              d[t] -= part;
            }
          }
          node->accumulate(std::move(dx));
        },
        input);
  }
  return y;
}

}  // namespace rowgrad
