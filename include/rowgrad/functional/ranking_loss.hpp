// What: the losses that compare: margin_ranking_loss, triplet_margin_loss, cosine_embedding_loss.
// Why:  embeddings are trained so that what belongs together is nearer than what does not.
// See:  distance.hpp, loss_reduction.hpp; PyTorch torch.nn.functional.
#pragma once

#include <rowgrad/functional/distance.hpp>
#include <rowgrad/functional/loss_reduction.hpp>

namespace rowgrad {

struct MarginOptions {
  double margin = 0;
  ReductionOption reduction = Reduction::mean;
};

/// max(0, -t (a - b) + margin) for targets t, 1 where a should be the larger and -1 where b should be. The three have
/// as many dimensions and broadcast. da = -g t, db = g t, dt = -g (a - b) where the loss counts. PyTorch:
/// torch.nn.functional.margin_ranking_loss.
template <typename T, LossTarget<T> Target = Indices>
Tensor<T> margin_ranking_loss(const Tensor<T>& input1, const Tensor<T>& input2, const Target& target,
                              const MarginOptions& options = {}) {
  const char* const operation = "margin_ranking_loss";
  const Tensor<T> signs = detail::target_values<T>(target);
  if (input1.dim() != input2.dim() || input1.dim() != signs.dim())
    detail::raise<ShapeError>(operation, ": expected as many dimensions of both inputs and the target, got ",
                              input1.shape(), ", ", input2.shape(), " and ", signs.shape());
  const Shape shape = detail::broadcast_shape(
      operation, detail::broadcast_shape(operation, input1.shape(), input2.shape()), signs.shape());
  const Tensor<T> a = expand(input1, shape), b = expand(input2, shape), t = expand(signs, shape);
  const T margin = static_cast<T>(options.margin), total = static_cast<T>(shape.numel());
  const Reduction reduction = options.reduction;
  Tensor<T> terms(shape), losses(shape);
  for (Index i = 0; i < terms.numel(); ++i) {
    const T v = -t.data()[i] * (a.data()[i] - b.data()[i]) + margin;
    terms.data()[i] = v;
    losses.data()[i] = v < T(0) ? T(0) : v;
  }
  Tensor<T> y = detail::reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(a, b, t)) {
    record(
        y, "MarginRankingLossBackward",
        [=, a = saved(a), b = saved(b), t = saved(t)](Tensor<T> g, Node<T>* na, Node<T>* nb, Node<T>* nt) {
          const auto gradient = detail::loss_gradient(g, reduction, total);
          const auto pass_on = [&](Node<T>* node, const auto& derivative) {
            if (node == nullptr) return;
            Tensor<T> result(terms.shape());
            for (Index i = 0; i < terms.numel(); ++i)
              result.data()[i] = terms.data()[i] >= T(0) ? gradient(i) * derivative(i) : T(0);
            node->accumulate(std::move(result));
          };
          pass_on(na, [&](Index i) { return -t.data()[i]; });
          pass_on(nb, [&](Index i) { return t.data()[i]; });
          pass_on(nt, [&](Index i) { return b.data()[i] - a.data()[i]; });
        },
        a, b, t);
  }
  return y;
}

struct TripletMarginOptions {
  double margin = 1;
  double p = 2;       // of the distance's norm
  double eps = 1e-6;  // added to differences: see pairwise_distance
  bool swap = false;  // the negative's distance is the smaller of those from the anchor and from the positive
  ReductionOption reduction = Reduction::mean;
};

/// max(0, margin + |anchor - positive| - |anchor - negative|) over the last dimension; the three have as many
/// dimensions and broadcast. ShapeError; ValueError for a margin that is not above 0. PyTorch:
/// torch.nn.functional.triplet_margin_loss.
template <typename T>
Tensor<T> triplet_margin_loss(const Tensor<T>& anchor, const Tensor<T>& positive, const Tensor<T>& negative,
                              const TripletMarginOptions& options = {}) {
  const char* const operation = "triplet_margin_loss";
  if (!(options.margin > 0)) detail::raise<ValueError>(operation, ": expected margin > 0, got ", options.margin);
  if (anchor.dim() != positive.dim() || anchor.dim() != negative.dim())
    detail::raise<ShapeError>(operation, ": expected as many dimensions of all three, got ", anchor.shape(), ", ",
                              positive.shape(), " and ", negative.shape());
  const double p = options.p, eps = options.eps;
  Tensor<T> near = pairwise_distance(anchor, positive, p, eps), far = pairwise_distance(anchor, negative, p, eps);
  Tensor<T> other = options.swap ? pairwise_distance(positive, negative, p, eps) : Tensor<T>();
  Shape shape = detail::broadcast_shape(operation, near.shape(), far.shape());
  if (other.defined()) {
    shape = detail::broadcast_shape(operation, shape, other.shape());
    other = expand(other, shape);
  }
  near = expand(near, shape);
  far = expand(far, shape);
  const T margin = static_cast<T>(options.margin), total = static_cast<T>(shape.numel());
  const Reduction reduction = options.reduction;
  const auto smaller = [](T a, T b) { return a < b || a != a ? a : b; };
  Tensor<T> terms(shape), losses(shape);
  for (Index i = 0; i < terms.numel(); ++i) {
    const T away = other.defined() ? smaller(far.data()[i], other.data()[i]) : far.data()[i];
    const T v = margin + near.data()[i] - away;
    terms.data()[i] = v;
    losses.data()[i] = v < T(0) ? T(0) : v;
  }
  Tensor<T> y = detail::reduce_loss(operation, std::move(losses), reduction, total);
  const Tensor<T> swapped = other.defined() ? other : near;  // an input that is there, in any case
  if (recording(near, far, swapped)) {
    record(
        y, "TripletMarginLossBackward",
        [=, swap = options.swap, far = far.detach(), swapped = swapped.detach()](Tensor<T> g, Node<T>* n_near,
                                                                                 Node<T>* n_far, Node<T>* n_swapped) {
          const auto gradient = detail::loss_gradient(g, reduction, total);
          const auto pass_on = [&](Node<T>* node, const auto& derivative) {
            if (node == nullptr) return;
            Tensor<T> result(terms.shape());
            for (Index i = 0; i < terms.numel(); ++i)
              result.data()[i] = terms.data()[i] >= T(0) ? gradient(i) * derivative(i) : T(0);
            node->accumulate(std::move(result));
          };
          const auto share = [](T mine, T others) { return mine < others ? T(-1) : mine == others ? T(-0.5) : T(0); };
          pass_on(n_near, [](Index) { return T(1); });
          pass_on(n_far, [&](Index i) { return swap ? share(far.data()[i], swapped.data()[i]) : T(-1); });
          if (swap) pass_on(n_swapped, [&](Index i) { return share(swapped.data()[i], far.data()[i]); });
        },
        near, far, swapped);
  }
  return y;
}

/// 1 - cos(a, b) where the target is 1, max(0, cos(a, b) - margin) where it is -1, for inputs (N, D) and targets (N),
/// or (D) and (). The squares of the norms have 1e-12 added. With c the cosine, s and u those squares:
/// d c / d a = b / sqrt(s u) - c a / s. PyTorch: torch.nn.functional.cosine_embedding_loss.
template <typename T, LossTarget<T> Target = Indices>
Tensor<T> cosine_embedding_loss(const Tensor<T>& input1, const Tensor<T>& input2, const Target& target,
                                const MarginOptions& options = {}) {
  const char* const operation = "cosine_embedding_loss";
  const Tensor<T> t = detail::target_values<T>(target).detach();
  if (t.dim() > 1 || input1.dim() != t.dim() + 1 || input2.dim() != t.dim() + 1)
    detail::raise<ShapeError>(operation, ": expected inputs (N, D) and target (N), or (D) and (), got ", input1.shape(),
                              ", ", input2.shape(), " and ", t.shape());
  const Shape full = detail::broadcast_shape(operation, input1.shape(), input2.shape());
  const Index n = full.back();
  const Shape rows = detail::reduced_shape(full, full.rank() - 1, false);
  if (detail::broadcast_shape(operation, rows, t.shape()) != rows)
    detail::raise<ShapeError>(operation, ": inputs ", full, " need targets of shape ", rows, ", got ", t.shape());
  const Tensor<T> a = expand(input1, full), b = expand(input2, full), signs = expand(t, rows);
  const T margin = static_cast<T>(options.margin), eps = static_cast<T>(1e-12);
  const Reduction reduction = options.reduction;
  Tensor<T> losses(rows), slopes(rows);
  for (Index k = 0; k < losses.numel(); ++k) {
    const T *const u = a.data() + k * n, *const v = b.data() + k * n, sign = signs.data()[k];
    const T uv = detail::sum_of_terms<T>(n, [=](Index i) { return u[i] * v[i]; }),
            uu = detail::sum_of_terms<T>(n, [=](Index i) { return u[i] * u[i]; }) + eps,
            vv = detail::sum_of_terms<T>(n, [=](Index i) { return v[i] * v[i]; }) + eps;
    const T cosine = uv / std::sqrt(uu * vv), above = cosine - margin;
    losses.data()[k] = sign == T(1) ? T(1) - cosine : sign == T(-1) && !(above < T(0)) ? above : T(0);
    slopes.data()[k] = sign == T(1) ? T(-1) : sign == T(-1) && above >= T(0) ? T(1) : T(0);
  }
  const T total = static_cast<T>(losses.numel());
  Tensor<T> y = detail::reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(a, b)) {
    record(
        y, "CosineEmbeddingLossBackward",
        [=, a = saved(a), b = saved(b)](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          const auto gradient = detail::loss_gradient(g, reduction, total);
          const auto pass_on = [&](Node<T>* node, const Tensor<T>& x, const Tensor<T>& other) {
            if (node == nullptr) return;
            Tensor<T> dx(x.shape());
            for (Index k = 0; k < slopes.numel(); ++k) {
              const T *const u = x.data() + k * n, *const v = other.data() + k * n;
              const T uv = detail::sum_of_terms<T>(n, [=](Index i) { return u[i] * v[i]; }),
                      uu = detail::sum_of_terms<T>(n, [=](Index i) { return u[i] * u[i]; }) + eps,
                      vv = detail::sum_of_terms<T>(n, [=](Index i) { return v[i] * v[i]; }) + eps;
              const T root = std::sqrt(uu * vv), slope = gradient(k) * slopes.data()[k];
              for (Index i = 0; i < n; ++i) dx.data()[k * n + i] = slope * (v[i] / root - uv / root * u[i] / uu);
            }
            node->accumulate(std::move(dx));
          };
          pass_on(na, a, b);
          pass_on(nb, b, a);
        },
        a, b);
  }
  return y;
}

}  // namespace rowgrad
