// What: += -= *= /=, add_, fill_, zero_, copy_, uniform_, normal_, x[i] = v and others that change a tensor in place.
// Why:  as PyTorch writes them, with its rules: recorded results take part in the graph, leaves under training refuse,
//       and a write that nobody would see is an error.
// See:  autograd/in_place.hpp (the rules); scatter.hpp (index_add_, scatter_); docs/decisions.md, "In place".
#pragma once

#include <rowgrad/autograd/in_place.hpp>
#include <rowgrad/core/check.hpp>
#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/elementary.hpp>
#include <rowgrad/functional/mask.hpp>

namespace rowgrad {
namespace detail {

/// What may be combined with a tensor of T in place: tensors and numbers that T can hold the result of.
template <typename T, typename U>
concept combines_in_place = std::same_as<T, U> || std::floating_point<T> ||(std::integral<T>&& std::integral<U>);

/// Refuses x[ids] += v and the like: the tensor is a temporary whose memory nobody else sees.
template <typename T>
void expect_seen(const char* operation, const Tensor<T>& x) {
  if (x.unique())
    raise<ValueError>(operation, ": the left side is a new tensor of shape ", x.shape(),
                      " that nothing else refers to, so the change would be lost. For x[ids] there are "
                      "x.index_add_(0, ids, v), x.index_copy_(0, ids, v) and x.index_put_({ids}, v), for x[mask] "
                      "x.masked_fill_(mask, v)");
}

/// x = f(x, y) element by element, y repeated to x's shape; recorded() is the same as a new tensor.
template <typename T, typename F, typename Recorded>
Tensor<T> combine(const char* operation, const Tensor<T>& x, const Tensor<T>& y, const F& f, const Recorded& recorded) {
  if (x.shape() != y.shape()) expect_fits(operation, x.shape(), broadcast_shape(operation, x.shape(), y.shape()));
  return in_place(operation, x, recording(x, y), recorded, [&] {
    // A part of x itself is read before it is written.
    const bool overlaps =
        y.body().storage.get() == x.body().storage.get() && (y.body().data != x.body().data || y.shape() != x.shape());
    const Tensor<T> other = overlaps ? copy_of(y) : y;
    T* const to = x.data();
    const T* const from = other.data();
    const BroadcastPlan plan(x.shape(), x.shape(), y.shape());
    const Index n = plan.size();
    plan.for_each_row([&](Index, Index at, Index b) {
      ArrayMap<T> row(to + at, n);
      if (plan.b_varies())
        row = f(row, ArrayMap<const T>(from + b, n));
      else
        row = f(row, Eigen::Array<T, Eigen::Dynamic, 1>::Constant(n, from[b]));
    });
  });
}

/// x = f(x) element by element; recorded() is the same as a new tensor.
template <typename T, typename F, typename Recorded>
Tensor<T> apply(const char* operation, const Tensor<T>& x, const F& f, const Recorded& recorded) {
  return in_place(operation, x, recording(x), recorded, [&] {
    ArrayMap<T> values = x.array();
    values = f(values);
  });
}

/// Writes new values to x, whatever it was: nothing of a gradient passes.
template <typename T, typename Write>
Tensor<T> overwrite(const char* operation, const Tensor<T>& x, const Write& write) {
  const auto result = [&] {
    Tensor<T> y(x.shape());
    write(y);
    if constexpr (std::is_floating_point_v<T>)
      record(
          y, "FillBackward0",
          [shape = x.shape()](const Tensor<T>&, Node<T>* node) { node->accumulate(zeros<T>(shape)); }, x);
    return y;
  };
  return in_place(operation, x, recording(x), result, [&] { write(x); });
}

template <typename T>
Tensor<T> add_in_place(const Tensor<T>& x, const Tensor<T>& y, T alpha) {
  return combine(
      "add_", x, y, [alpha](const auto& u, const auto& v) { return u + v * alpha; },
      [&] { return alpha == T(1) ? x + y : x + y * alpha; });
}

}  // namespace detail

/// x + alpha y in x's memory; y is repeated to x's shape. While recording, x becomes the recorded result, in all its
/// handles. ShapeError when y does not fit, GraphError for a leaf that requires a gradient or for shared memory while
/// recording, ValueError for a copy that stands for a view. PyTorch: Tensor.add_; those below likewise.
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::add_(const Tensor<U>& y, T alpha) const {
  static_assert(detail::combines_in_place<T, U>, "a fraction cannot be added to integers in place");
  return detail::add_in_place(self(), detail::promoted<T>(y), alpha);
}
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::sub_(const Tensor<U>& y, T alpha) const {
  static_assert(detail::combines_in_place<T, U>, "a fraction cannot be subtracted from integers in place");
  const Tensor<T> other = detail::promoted<T>(y);
  return detail::combine(
      "sub_", self(), other, [alpha](const auto& u, const auto& v) { return u - v * alpha; },
      [&] { return alpha == T(1) ? self() - other : self() - other * alpha; });
}
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::mul_(const Tensor<U>& y) const {
  static_assert(detail::combines_in_place<T, U>, "integers cannot be multiplied by a fraction in place");
  const Tensor<T> other = detail::promoted<T>(y);
  return detail::combine(
      "mul_", self(), other, [](const auto& u, const auto& v) { return u * v; }, [&] { return self() * other; });
}
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::div_(const Tensor<U>& y) const {
  static_assert(std::is_floating_point_v<T>, "a quotient is a fraction, which integers cannot hold");
  const Tensor<T> other = detail::promoted<T>(y);
  return detail::combine(
      "div_", self(), other, [](const auto& u, const auto& v) { return u / v; }, [&] { return self() / other; });
}
template <typename T>
Tensor<T> TensorMethods<T>::add_(T number) const {
  return detail::apply(
      "add_", self(), [number](const auto& u) { return u + number; }, [&] { return self() + number; });
}
template <typename T>
Tensor<T> TensorMethods<T>::sub_(T number) const {
  return detail::apply(
      "sub_", self(), [number](const auto& u) { return u - number; }, [&] { return self() - number; });
}
template <typename T>
Tensor<T> TensorMethods<T>::mul_(T number) const {
  return detail::apply(
      "mul_", self(), [number](const auto& u) { return u * number; }, [&] { return self() * number; });
}
template <typename T>
Tensor<T> TensorMethods<T>::div_(T number) const {
  static_assert(std::is_floating_point_v<T>, "a quotient is a fraction, which integers cannot hold");
  return detail::apply(
      "div_", self(), [number](const auto& u) { return u / number; }, [&] { return self() / number; });
}

/// Every value is `value` from then on. PyTorch: Tensor.fill_.
template <typename T>
Tensor<T> TensorMethods<T>::fill_(T value) const {
  return detail::overwrite("fill_", self(), [value](const Tensor<T>& x) { std::fill_n(x.data(), x.numel(), value); });
}
template <typename T>
Tensor<T> TensorMethods<T>::zero_() const {
  return detail::overwrite("zero_", self(), [](const Tensor<T>& x) { std::fill_n(x.data(), x.numel(), T(0)); });
}

/// The values of y, repeated to this shape and converted to this type; its gradient is y's. PyTorch: Tensor.copy_.
template <typename T>
template <typename U>
Tensor<T> TensorMethods<T>::copy_(const Tensor<U>& y) const {
  const Tensor<T>& x = self();
  const Tensor<T> from = detail::promoted<T>(y);
  if (x.shape() != from.shape())
    detail::expect_fits("copy_", x.shape(), detail::broadcast_shape("copy_", x.shape(), from.shape()));
  const auto result = [&] {
    Tensor<T> copy = detail::copy_of(detail::repeat_to(from, x.shape()));
    if constexpr (std::is_floating_point_v<T>)
      record(
          copy, "CopyBackwards",
          [shape = from.shape()](Tensor<T> g, Node<T>* nx, Node<T>* ny) {
            if (nx != nullptr) nx->accumulate(zeros<T>(g.shape()));
            if (ny != nullptr) ny->accumulate(detail::sum_to(std::move(g), shape));
          },
          x, from);
    return copy;
  };
  return detail::in_place("copy_", x, recording(x, from), result, [&] {
    const Tensor<T> values = detail::repeat_to(from, x.shape());
    if (x.numel() > 0) std::memmove(x.data(), values.data(), static_cast<std::size_t>(x.numel()) * sizeof(T));
  });
}

/// Uniform on [low, high), as torch draws them. ValueError for low above high. PyTorch: Tensor.uniform_.
template <typename T>
Tensor<T> TensorMethods<T>::uniform_(T low, T high, Generator& generator) const {
  if (!(low <= high)) detail::raise<ValueError>("uniform_: expected low <= high, got ", low, " and ", high);
  return detail::overwrite("uniform_", self(), [&](const Tensor<T>& x) {
    T* const values = x.data();
    for (Index i = 0; i < x.numel(); ++i) values[i] = generator.uniform<T>(low, high);
  });
}
/// Normal, as torch draws them. ValueError for a deviation below 0. PyTorch: Tensor.normal_.
template <typename T>
Tensor<T> TensorMethods<T>::normal_(T mean, T std, Generator& generator) const {
  if (!(std >= T(0))) detail::raise<ValueError>("normal_: expected a deviation of at least 0, got ", std);
  return detail::overwrite("normal_", self(),
                           [&](const Tensor<T>& x) { generator.normal(x.data(), x.numel(), mean, std); });
}

/// 1 with probability p, else 0. ValueError for what is no probability. PyTorch: Tensor.bernoulli_.
template <typename T>
Tensor<T> TensorMethods<T>::bernoulli_(double p, Generator& generator) const {
  detail::expect_probability("bernoulli_", "p", p);
  return detail::overwrite("bernoulli_", self(), [&](const Tensor<T>& x) {
    for (Index i = 0; i < x.numel(); ++i) x.data()[i] = generator.uniform<double>() < p ? T(1) : T(0);
  });
}
/// Exponential with this rate. ValueError for a rate that is not above 0. PyTorch: Tensor.exponential_.
template <typename T>
Tensor<T> TensorMethods<T>::exponential_(double rate, Generator& generator) const {
  if (!(rate > 0)) detail::raise<ValueError>("exponential_: expected a rate above 0, got ", rate);
  return detail::overwrite("exponential_", self(), [&](const Tensor<T>& x) {
    for (Index i = 0; i < x.numel(); ++i)
      x.data()[i] = static_cast<T>(-1 / rate * std::log1p(-generator.uniform<double>()));
  });
}
template <typename T>
Tensor<T> TensorMethods<T>::bernoulli_(double p) const {
  return bernoulli_(p, default_generator());
}
template <typename T>
Tensor<T> TensorMethods<T>::exponential_(double rate) const {
  return exponential_(rate, default_generator());
}
template <typename T>
Tensor<T> TensorMethods<T>::uniform_(T low, T high) const {
  return uniform_(low, high, default_generator());
}
template <typename T>
Tensor<T> TensorMethods<T>::normal_(T mean, T std) const {
  return normal_(mean, std, default_generator());
}
template <typename T>
Tensor<T> TensorMethods<T>::masked_fill_(const Mask& mask, T value) const {
  return detail::in_place("masked_fill_", self(), recording(self()),
                          [&] { return rowgrad::masked_fill(self(), mask, value); });
}
template <typename T>
Tensor<T> TensorMethods<T>::exp_() const {
  return detail::in_place("exp_", self(), recording(self()), [&] { return rowgrad::exp(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::log_() const {
  return detail::in_place("log_", self(), recording(self()), [&] { return rowgrad::log(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::sqrt_() const {
  return detail::in_place("sqrt_", self(), recording(self()), [&] { return rowgrad::sqrt(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::neg_() const {
  return detail::in_place("neg_", self(), recording(self()), [&] { return -self(); });
}
template <typename T>
Tensor<T> TensorMethods<T>::pow_(T exponent) const {
  return detail::in_place("pow_", self(), recording(self()), [&] { return rowgrad::pow(self(), exponent); });
}
template <typename T>
Tensor<T> TensorMethods<T>::relu_() const {
  return detail::in_place("relu_", self(), recording(self()), [&] { return rowgrad::relu(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::sigmoid_() const {
  return detail::in_place("sigmoid_", self(), recording(self()), [&] { return rowgrad::sigmoid(self()); });
}
template <typename T>
Tensor<T> TensorMethods<T>::tanh_() const {
  return detail::in_place("tanh_", self(), recording(self()), [&] { return rowgrad::tanh(self()); });
}

/// x += y, for a tensor or a number: add_(). ValueError for a temporary that nobody else sees, such as x[ids].
template <typename T, typename U>
requires detail::combines_in_place<T, U>
const Tensor<T>& operator+=(const Tensor<T>& x, const Tensor<U>& y) {
  x.add_(y);
  return x;
}
template <typename T, typename U>
requires detail::combines_in_place<T, U>
const Tensor<T>& operator-=(const Tensor<T>& x, const Tensor<U>& y) {
  x.sub_(y);
  return x;
}
template <typename T, typename U>
requires detail::combines_in_place<T, U>
const Tensor<T>& operator*=(const Tensor<T>& x, const Tensor<U>& y) {
  x.mul_(y);
  return x;
}
template <typename T, typename U>
requires std::floating_point<T>
const Tensor<T>& operator/=(const Tensor<T>& x, const Tensor<U>& y) {
  x.div_(y);
  return x;
}
template <typename T, detail::Number N>
requires detail::combines_in_place<T, N>
const Tensor<T>& operator+=(const Tensor<T>& x, N number) {
  x.add_(static_cast<T>(number));
  return x;
}
template <typename T, detail::Number N>
requires detail::combines_in_place<T, N>
const Tensor<T>& operator-=(const Tensor<T>& x, N number) {
  x.sub_(static_cast<T>(number));
  return x;
}
template <typename T, detail::Number N>
requires detail::combines_in_place<T, N>
const Tensor<T>& operator*=(const Tensor<T>& x, N number) {
  x.mul_(static_cast<T>(number));
  return x;
}
template <typename T, detail::Number N>
requires std::floating_point<T>
const Tensor<T>& operator/=(const Tensor<T>& x, N number) {
  x.div_(static_cast<T>(number));
  return x;
}

// Of temporaries, as in x[0] += v.
template <typename T, typename Y>
Tensor<T> operator+=(Tensor<T>&& x, const Y& y) {
  detail::expect_seen("+=", x);
  return x += y;
}
template <typename T, typename Y>
Tensor<T> operator-=(Tensor<T>&& x, const Y& y) {
  detail::expect_seen("-=", x);
  return x -= y;
}
template <typename T, typename Y>
Tensor<T> operator*=(Tensor<T>&& x, const Y& y) {
  detail::expect_seen("*=", x);
  return x *= y;
}
template <typename T, typename Y>
Tensor<T> operator/=(Tensor<T>&& x, const Y& y) {
  detail::expect_seen("/=", x);
  return x /= y;
}

template <typename T>
Tensor<T>& Tensor<T>::operator=(const Tensor& values) && {
  detail::expect_seen("=", *this);
  this->copy_(values);
  return *this;
}
template <typename T>
Tensor<T>& Tensor<T>::operator=(T value) && {
  detail::expect_seen("=", *this);
  this->fill_(value);
  return *this;
}

}  // namespace rowgrad
