// What: + - * / and pow of two tensors, or of a tensor and a number.
// Why:  shapes broadcast as in PyTorch; gradients are summed back over what was repeated.
// See:  broadcast.hpp; activation.hpp for functions of one tensor.
#pragma once

#include <rowgrad/functional/broadcast.hpp>

namespace rowgrad {
namespace detail {

/// f(a, b) element by element over the broadcast shape; f takes and returns Eigen array expressions.
template <typename T, typename F>
Tensor<T> binary(const char* name, const Tensor<T>& a, const Tensor<T>& b, const F& f) {
  Tensor<T> result(broadcast_shape(name, a.shape(), b.shape()));
  if (a.shape() == b.shape()) {
    result.array() = f(a.array(), b.array());
    return result;
  }
  const BroadcastPlan plan(result.shape(), a.shape(), b.shape());
  const Index n = plan.size();
  const T *pa = a.data(), *pb = b.data();
  T* out = result.data();
  using Constant = Eigen::Array<T, Eigen::Dynamic, 1>;
  plan.for_each_row([&](Index offset, Index ia, Index ib) {
    ArrayMap<T> row(out + offset, n);
    const ArrayMap<const T> ra(pa + ia, plan.a_varies() ? n : 1), rb(pb + ib, plan.b_varies() ? n : 1);
    if (plan.a_varies() && plan.b_varies())
      row = f(ra, rb);
    else if (plan.a_varies())
      row = f(ra, Constant::Constant(n, pb[ib]));
    else if (plan.b_varies())
      row = f(Constant::Constant(n, pa[ia]), rb);
    else
      row = f(Constant::Constant(n, pa[ia]), Constant::Constant(n, pb[ib]));
  });
  return result;
}

/// What the backward of a function of one tensor needs.
enum class Save { input, output };

/// Records y as a function of x, element by element; `backward(gradient, saved)` is an Eigen array expression.
template <typename T, typename Backward>
void record_unary(const char* name, const Tensor<T>& x, Tensor<T>& y, Save save, const Backward& backward) {
  record(
      y, name,
      [kept = save == Save::input ? saved(x) : saved(y), backward](Tensor<T> gradient, Node<T>* node) {
        Tensor<T> result(kept.shape());
        result.array() = backward(gradient.array(), kept.array());
        node->accumulate(std::move(result));
      },
      x);
}

/// f(x) element by element, with its gradient; f is an Eigen array expression, too.
template <typename T, typename F, typename Backward>
Tensor<T> unary(const char* name, const Tensor<T>& x, Save save, const F& f, const Backward& backward) {
  Tensor<T> y(x.shape());
  y.array() = f(x.array());
  if (recording(x)) record_unary(name, x, y, save, backward);
  return y;
}

/// scale * x + shift, for operations with numbers. A shift of -0 changes nothing, not even the sign of a zero.
template <typename T>
Tensor<T> affine(const char* name, const Tensor<T>& x, T scale, T shift) {
  Tensor<T> y(x.shape());
  y.array() = x.array() * scale + shift;
  if (recording(x)) {
    record(
        y, name,
        [scale](Tensor<T> gradient, Node<T>* node) {
          if (scale != T(1)) {
            Tensor<T> scaled(gradient.shape());
            scaled.array() = gradient.array() * scale;
            gradient = std::move(scaled);
          }
          node->accumulate(std::move(gradient));
        },
        x);
  }
  return y;
}

}  // namespace detail

/// a + b. PyTorch: torch.add.
template <typename T>
Tensor<T> operator+(const Tensor<T>& a, const Tensor<T>& b) {
  Tensor<T> y = detail::binary("add", a, b, [](const auto& u, const auto& v) { return u + v; });
  if (recording(a, b)) {
    record(
        y, "AddBackward0",
        [sa = a.shape(), sb = b.shape()](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          if (na != nullptr) na->accumulate(detail::sum_to(g, sa));             // da = g
          if (nb != nullptr) nb->accumulate(detail::sum_to(std::move(g), sb));  // db = g
        },
        a, b);
  }
  return y;
}

/// a - b. PyTorch: torch.sub.
template <typename T>
Tensor<T> operator-(const Tensor<T>& a, const Tensor<T>& b) {
  Tensor<T> y = detail::binary("sub", a, b, [](const auto& u, const auto& v) { return u - v; });
  if (recording(a, b)) {
    record(
        y, "SubBackward0",
        [sa = a.shape(), sb = b.shape()](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          if (nb != nullptr) {  // db = -g
            Tensor<T> db(g.shape());
            db.array() = -g.array();
            nb->accumulate(detail::sum_to(std::move(db), sb));
          }
          if (na != nullptr) na->accumulate(detail::sum_to(std::move(g), sa));  // da = g
        },
        a, b);
  }
  return y;
}

/// a * b, element by element. PyTorch: torch.mul.
template <typename T>
Tensor<T> operator*(const Tensor<T>& a, const Tensor<T>& b) {
  const auto times = [](const auto& u, const auto& v) { return u * v; };
  Tensor<T> y = detail::binary("mul", a, b, times);
  if (recording(a, b)) {
    record(
        y, "MulBackward0",
        [a = saved_for(b, a), b = saved_for(a, b), times](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          if (na != nullptr) na->accumulate(detail::sum_to(detail::binary("mul", g, b, times), a.shape()));  // da = g b
          if (nb != nullptr) nb->accumulate(detail::sum_to(detail::binary("mul", g, a, times), b.shape()));  // db = g a
        },
        a, b);
  }
  return y;
}

/// a / b, element by element. Of integers, see arithmetic.hpp. PyTorch: torch.div.
template <std::floating_point T>
Tensor<T> operator/(const Tensor<T>& a, const Tensor<T>& b) {
  const auto over = [](const auto& u, const auto& v) { return u / v; };
  Tensor<T> y = detail::binary("div", a, b, over);
  if (recording(a, b)) {
    record(
        y, "DivBackward0",
        [sa = a.shape(), b = saved(b), y = saved(y), over](Tensor<T> g, Node<T>* na, Node<T>* nb) {
          if (nb != nullptr) {  // db = -g (y / b)
            Tensor<T> db = detail::binary("div", y, b, over);
            db.array() *= -g.array();
            nb->accumulate(detail::sum_to(std::move(db), b.shape()));
          }
          if (na != nullptr) na->accumulate(detail::sum_to(detail::binary("div", g, b, over), sa));  // da = g / b
        },
        a, b);
  }
  return y;
}

template <typename T>
Tensor<T> operator+(const Tensor<T>& x, std::type_identity_t<T> number) {
  return detail::affine("AddBackward0", x, T(1), number);
}
template <typename T>
Tensor<T> operator+(std::type_identity_t<T> number, const Tensor<T>& x) {
  return detail::affine("AddBackward0", x, T(1), number);
}
template <typename T>
Tensor<T> operator-(const Tensor<T>& x, std::type_identity_t<T> number) {
  return detail::affine("SubBackward0", x, T(1), -number);
}
template <typename T>
Tensor<T> operator-(std::type_identity_t<T> number, const Tensor<T>& x) {
  return detail::affine("RsubBackward1", x, T(-1), number);
}
template <typename T>
Tensor<T> operator-(const Tensor<T>& x) {
  return detail::affine("NegBackward0", x, T(-1), T(-0.0));
}
template <typename T>
Tensor<T> operator*(const Tensor<T>& x, std::type_identity_t<T> number) {
  return detail::affine("MulBackward0", x, number, T(-0.0));
}
template <typename T>
Tensor<T> operator*(std::type_identity_t<T> number, const Tensor<T>& x) {
  return detail::affine("MulBackward0", x, number, T(-0.0));
}
/// x / number; dividing, not multiplying by the inverse, so that bits are PyTorch's.
template <std::floating_point T>
Tensor<T> operator/(const Tensor<T>& x, std::type_identity_t<T> number) {
  return detail::unary(
      "DivBackward0", x, detail::Save::output, [number](const auto& u) { return u / number; },
      [number](const auto& g, const auto&) { return g / number; });
}
/// number / x.
template <std::floating_point T>
Tensor<T> operator/(std::type_identity_t<T> number, const Tensor<T>& x) {
  return detail::unary(
      "DivBackward0", x, detail::Save::input, [number](const auto& u) { return number * u.inverse(); },
      [number](const auto& g, const auto& u) { return -number * g / u.square(); });
}

namespace detail {

/// to = u^exponent. The exponents that PyTorch treats apart are exact here, too, and keep the signs of zeros.
template <typename T, typename Values>
void power(ArrayMap<T> to, const Values& u, T exponent) {
  if (exponent == T(0))
    to.setOnes();
  else if (exponent == T(1))
    to = u;
  else if (exponent == T(2))
    to = u * u;
  else if (exponent == T(3))
    to = u * u * u;
  else if (exponent == T(-1))
    to = u.unaryExpr([](T v) { return T(1) / v; });
  else if (exponent == T(-2))
    to = u.unaryExpr([](T v) { return T(1) / (v * v); });
  else if (exponent == T(0.5))
    to = u.unaryExpr([](T v) { return std::sqrt(v); });
  else if (exponent == T(-0.5))
    to = u.unaryExpr([](T v) { return T(1) / std::sqrt(v); });
  else
    to = u.unaryExpr([exponent](T v) { return std::pow(v, exponent); });
}

}  // namespace detail

/// x to the power of a number; dx = g n x^(n - 1), and 0 for n = 0. PyTorch: torch.pow.
template <std::floating_point T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<T> exponent) {
  Tensor<T> y(x.shape());
  detail::power<T>(y.array(), x.array(), exponent);
  if (recording(x)) {
    record(
        y, "PowBackward0",
        [x = saved(x), exponent](Tensor<T> g, Node<T>* node) {
          Tensor<T> dx(x.shape());
          if (exponent == T(0)) {
            dx.array().setZero();
          } else {
            detail::power<T>(dx.array(), x.array(), exponent - T(1));
            dx.array() = g.array() * (exponent * dx.array());
          }
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

// A gradient times a number, as a tensor: w -= lr * w.grad(). Dense, of the table's size for a table; optim::SGD costs
// the rows alone.
template <typename T>
Tensor<T> operator*(std::type_identity_t<T> number, const Gradient<T>& gradient) {
  return number * gradient.to_dense();
}
template <typename T>
Tensor<T> operator*(const Gradient<T>& gradient, std::type_identity_t<T> number) {
  return gradient.to_dense() * number;
}

}  // namespace rowgrad
