// Deferred Adam against dense Adam in double, written out element by element: betas on both sides of beta1 =
// sqrt(beta2), where the terms of a rest fade, stand or grow, with eps and gradients of many sizes.
#include "../training.hpp"

#include <cmath>

#include <rowgrad/optim/adam.hpp>

using namespace rowgrad::optim;
using rowgrad::Index;
using rowgrad::Tensor;
using training::leaf;

namespace {

struct Setting {
  double beta1, beta2, eps, decay;
  bool amsgrad, decoupled;
};

/// One element under dense Adam or AdamW.
class Element {
 public:
  double w, moved = 0;

  explicit Element(double start) : w(start) {}
  void step(const Setting& o, double lr, double g, double t) {
    if (o.decoupled) w *= 1 - lr * o.decay;
    m_ += (1 - o.beta1) * (g - m_);
    v_ = o.beta2 * v_ + (1 - o.beta2) * g * g;
    largest_ = o.amsgrad ? std::max(largest_, v_) : v_;
    const double change =
        lr / (1 - std::pow(o.beta1, t)) * m_ / (std::sqrt(largest_) / std::sqrt(1 - std::pow(o.beta2, t)) + o.eps);
    w -= change;
    moved += std::abs(change);
  }

 private:
  double m_ = 0, v_ = 0, largest_ = 0;
};

/// Row 1 has gradients in steps 1 to 3 and then rests, row 2 has one in step `late`; row 0 is looked up in every step.
template <template <typename> class Optimizer, typename Options>
void expect_dense(const Options& options, const Setting& o, double scale, Index steps) {
  CAPTURE(o.beta1);
  CAPTURE(o.beta2);
  CAPTURE(o.eps);
  CAPTURE(o.amsgrad);
  CAPTURE(o.decoupled);
  CAPTURE(scale);
  constexpr Index late = 60;
  const Tensor<double> table = leaf(rowgrad::full<double>({3, 3}, 0.5));
  Optimizer<double> optimizer({table}, options);
  const double sizes[] = {1, -0.01, 3};
  std::vector<Element> early(3, Element(0.5)), rare(3, Element(0.5));
  for (Index t = 1; t <= steps; ++t) {
    const double lr = options.lr * (1 + 0.5 * std::sin(0.1 * static_cast<double>(t)));
    optimizer.lr() = lr;
    table.grad().reset();
    const rowgrad::Indices ids = t <= 3      ? rowgrad::Indices{0, 1}
                                 : t == late ? rowgrad::Indices{0, 2}
                                             : rowgrad::Indices{0, 0};
    Tensor<double> gradient = rowgrad::zeros<double>({2, 3});
    for (Index c = 0; c < 3; ++c) {
      gradient.data()[c] = scale * sizes[c];
      if (t <= 3 || t == late) gradient.data()[3 + c] = scale * sizes[c] * static_cast<double>(4 - t % 4);
      early[static_cast<std::size_t>(c)].step(o, lr, t <= 3 ? gradient.data()[3 + c] : 0, static_cast<double>(t));
      if (t >= late)
        rare[static_cast<std::size_t>(c)].step(o, lr, t == late ? gradient.data()[3 + c] : 0, static_cast<double>(t));
      else if (o.decoupled)
        rare[static_cast<std::size_t>(c)].w *= 1 - lr * o.decay;
    }
    embedding(ids, table).backward(gradient);
    optimizer.step();
  }
  for (Index c = 0; c < 3; ++c) {
    CAPTURE(c);
    const Element &a = early[static_cast<std::size_t>(c)], &b = rare[static_cast<std::size_t>(c)];
    CHECK(std::abs(table.data()[3 + c] - a.w) <= 1e-11 * (1 + a.moved));
    if (o.eps == 0 && o.decoupled) continue;  // 0/0 before its first gradient, as in PyTorch
    CHECK(std::abs(table.data()[6 + c] - b.w) <= 1e-11 * (1 + b.moved));
  }
}

}  // namespace

TEST_CASE("deferred Adam: betas on both sides of beta1 = sqrt(beta2), eps and gradients of many sizes") {
  const std::pair<double, double> pairs[] = {{0.9, 0.999}, {0.95, 0.9}, {0.9, 0.81}, {0.9, 0.8},    {0.95, 0.9026},
                                             {0.99, 0.98}, {0.5, 0.2},  {0.3, 0.9},  {0.999, 0.99}, {0.9, 0.85}};
  for (const auto& [beta1, beta2] : pairs)
    for (double eps : {0.0, 1e-12, 1e-8, 1e-3})
      for (double scale : {1e-6, 1.0, 1e3, 1e6}) {
        // Without eps, and g^2 fading faster than g, a row at rest moves further and further.
        const double q = beta1 / std::sqrt(beta2);
        const Index steps = eps == 0 && q > 1 ? std::min<Index>(700, static_cast<Index>(20 / std::log(q))) : 700;
        if (steps < 65) continue;
        for (bool amsgrad : {false, true}) {
          expect_dense<Adam>(AdamOptions{.lr = 0.01, .betas = {beta1, beta2}, .eps = eps, .amsgrad = amsgrad},
                             {beta1, beta2, eps, 0, amsgrad, false}, scale, steps);
          expect_dense<AdamW>(
              AdamWOptions{.lr = 0.01, .betas = {beta1, beta2}, .eps = eps, .weight_decay = 0.1, .amsgrad = amsgrad},
              {beta1, beta2, eps, 0.1, amsgrad, true}, scale, steps);
        }
      }
}

TEST_CASE("deferred Adam: a thousand missed steps with beta1 above sqrt(beta2)") {
  for (double scale : {1.0, 1000.0})
    for (double eps : {1e-8, 1e-12}) {
      const AdamOptions options{.lr = 0.01, .betas = {0.95, 0.9}, .eps = eps};
      expect_dense<Adam>(options, {0.95, 0.9, eps, 0, false, false}, scale, 1003);
      expect_dense<Adam>(options, {0.95, 0.9, eps, 0, false, false}, scale, 6000);
    }
}
