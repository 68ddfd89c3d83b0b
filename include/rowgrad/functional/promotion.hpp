// What: the type in which two tensors of different types, or a tensor and a number, meet; zip(), one function of both.
// Why:  x * lengths, ids > 0.5 and mask == 1 mean in PyTorch what they say; the rule is written once.
// See:  comparison.hpp, elementwise.hpp; PyTorch "Type promotion".
#pragma once

#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {
namespace detail {

template <typename N>
concept Number = std::is_arithmetic_v<N>;

/// Of two tensors: the wider floating-point type if there is one, else integers; bool for two masks.
template <typename T, typename U>
struct Promotion
    : std::conditional<
          std::is_floating_point_v<T> && (!std::is_floating_point_v<U> || sizeof(T) >= sizeof(U)), T,
          std::conditional_t<std::is_floating_point_v<U>, U,
                             std::conditional_t<std::is_same_v<T, bool> && std::is_same_v<U, bool>, bool, Index>>> {};
template <typename T, typename U>
using Promoted = typename Promotion<T, U>::type;

/// Of a tensor of T and a number: T unless the number is of a higher kind. A fraction beside integers counts as float.
template <typename T, typename N>
struct NumberPromotion : std::conditional<std::is_floating_point_v<T>, T,
                                          std::conditional_t<std::is_floating_point_v<N>, float, Promoted<T, N>>> {};
template <typename T, typename N>
using PromotedNumber = typename NumberPromotion<T, N>::type;

/// x as a tensor of P, through which gradients pass; x itself when it is one.
template <typename P, typename T>
Tensor<P> promoted(const Tensor<T>& x) {
  if constexpr (std::is_same_v<P, T>)
    return x;
  else
    return x.template to<P>();
}

/// Whether a value is NaN, which no integer is.
template <typename T>
bool is_nan_value(T v) {
  if constexpr (std::is_floating_point_v<T>)
    return is_nan(v);
  else
    return false;
}

/// f(a[i], b[i]) for every element of the broadcast shape, as a tensor of R; for what Eigen has no expression of.
template <typename R, typename A, typename B, typename F>
Tensor<R> zip(const char* name, const Tensor<A>& a, const Tensor<B>& b, const F& f) {
  Tensor<R> result(broadcast_shape(name, a.shape(), b.shape()));
  const BroadcastPlan plan(result.shape(), a.shape(), b.shape());
  const A* const first_a = a.data();
  const B* const first_b = b.data();
  R* const out = result.data();
  const Index n = plan.size();
  plan.for_each_row([&](Index at, Index ia, Index ib) {
    const A* const from_a = first_a + ia;
    const B* const from_b = first_b + ib;
    R* const to = out + at;
    if (plan.a_varies() && plan.b_varies())
      for (Index i = 0; i < n; ++i) to[i] = f(from_a[i], from_b[i]);
    else if (plan.a_varies())
      for (Index i = 0; i < n; ++i) to[i] = f(from_a[i], *from_b);
    else
      for (Index i = 0; i < n; ++i) to[i] = f(*from_a, from_b[plan.b_varies() ? i : 0]);
  });
  return result;
}

/// f(x[i]) for every element, as a tensor of R.
template <typename R, typename T, typename F>
Tensor<R> map(const Tensor<T>& x, const F& f) {
  Tensor<R> result(x.shape());
  std::transform(x.data(), x.data() + x.numel(), result.data(), f);
  return result;
}

}  // namespace detail
}  // namespace rowgrad
