// What: functions that make tensors: zeros, ones, full, arange, random ones, from Eigen, over memory of the caller's.
// Why:  the names and the random streams are PyTorch's.
// See:  random.hpp for the generator.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>
#include <utility>

#include <rowgrad/core/random.hpp>
#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/row_arithmetic.hpp>

namespace rowgrad {

/// Uninitialised values. PyTorch: torch.empty.
template <typename T = float>
Tensor<T> empty(const Shape& shape) {
  return Tensor<T>(shape);
}

/// Large tensors take zero pages from the system, so untouched rows cost no memory. PyTorch: torch.zeros.
template <typename T = float>
Tensor<T> zeros(const Shape& shape) {
  return Tensor<T>(shape, detail::make_zero_storage<T>(shape));
}

/// PyTorch: torch.full.
template <typename T = float>
Tensor<T> full(const Shape& shape, std::type_identity_t<T> value) {
  Tensor<T> result(shape);
  detail::fill_row<T>(result.data(), value, result.numel());
  return result;
}

/// PyTorch: torch.ones.
template <typename T = float>
Tensor<T> ones(const Shape& shape) {
  return full<T>(shape, T(1));
}

/// Normal(0, 1). PyTorch: torch.randn.
template <typename T = float>
Tensor<T> randn(const Shape& shape, Generator& generator = default_generator()) {
  Tensor<T> result(shape);
  generator.normal(result.data(), result.numel());
  return result;
}

/// Uniform on [0, 1). PyTorch: torch.rand.
template <typename T = float>
Tensor<T> rand(const Shape& shape, Generator& generator = default_generator()) {
  Tensor<T> result(shape);
  T* values = result.data();
  for (Index i = 0; i < result.numel(); ++i) values[i] = generator.uniform<T>();
  return result;
}

/// Uniform integers on [low, high). ValueError when that is empty. PyTorch: torch.randint.
inline Indices randint(Index low, Index high, const Shape& shape, Generator& generator = default_generator()) {
  if (low >= high) detail::raise<ValueError>("randint: expected low < high, got low ", low, " and high ", high);
  Indices result(shape);
  Index* values = result.data();
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);  // may exceed Index
  for (Index i = 0; i < result.numel(); ++i)
    values[i] = static_cast<Index>(static_cast<std::uint64_t>(low) + generator.below_unsigned(range));
  return result;
}

/// Uniform integers on [0, high).
inline Indices randint(Index high, const Shape& shape, Generator& generator = default_generator()) {
  return randint(0, high, shape, generator);
}

/// A random order of 0 .. n-1. PyTorch: torch.randperm.
inline Indices randperm(Index n, Generator& generator = default_generator()) {
  if (n < 0) detail::raise<ValueError>("randperm: expected a number that is not negative, got ", n);
  Indices result(Shape{n});
  Index* values = result.data();
  for (Index i = 0; i < n; ++i) values[i] = i;
  generator.shuffle(values, n);
  return result;
}

namespace detail {

/// Arguments of arange(): PyTorch counts and adds in double whatever the type of the result, except for integers.
template <typename T>
using ArangeArgument = std::conditional_t<std::is_floating_point_v<T>, double, T>;

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_bad_arange(double start, double end, double step) {
  raise<ValueError>("arange: expected a step that leads from ", start, " to ", end, ", got ", step);
}

/// How many values arange() has. Exact for integers of any size.
inline Index arange_count(Index start, Index end, Index step) {
  if (step == 0 || (step > 0 ? end < start : end > start))
    throw_bad_arange(static_cast<double>(start), static_cast<double>(end), static_cast<double>(step));
  const auto from = static_cast<std::uint64_t>(start), to = static_cast<std::uint64_t>(end),
             by = static_cast<std::uint64_t>(step);
  const std::uint64_t distance = step > 0 ? to - from : from - to, width = step > 0 ? by : 0 - by;
  const std::uint64_t count = distance / width + (distance % width != 0 ? 1 : 0);
  if (count > static_cast<std::uint64_t>(std::numeric_limits<Index>::max()))
    raise<ShapeError>("arange: ", start, " to ", end, " has more values than can be counted");
  return static_cast<Index>(count);
}

inline Index arange_count(double start, double end, double step) {
  const double count = std::ceil((end - start) / step);
  // Comparisons that NaN fails, too.
  if (!std::isfinite(start) || !std::isfinite(end) || !(step > 0 ? end >= start : step < 0 && end <= start))
    throw_bad_arange(start, end, step);
  if (!(count < 0x1p63))
    raise<ShapeError>("arange: ", start, " to ", end, " in steps of ", step, " has more values than can be counted");
  return static_cast<Index>(count);
}

}  // namespace detail

/// start, start + step, ... below end. For float and double, the number of values is worked out in double:
/// arange<float>(0, .3, .1) has three. ValueError for a step of zero or of the wrong sign, or NaN. PyTorch:
/// torch.arange, to the last bit (PyTorch's last bits depend on the instruction set, and on the number of threads from
/// 32768 values on; these are the ones of AVX2 and one thread).
template <typename T = Index>
Tensor<T> arange(detail::ArangeArgument<T> start, detail::ArangeArgument<T> end, detail::ArangeArgument<T> step = 1) {
  const Index n = detail::arange_count(start, end, step);
  Tensor<T> result(Shape{n});
  T* const values = result.data();
  if constexpr (std::is_floating_point_v<T>) {
    // PyTorch fills two registers of 32 bytes at a time: a rounded base, and the steps from it; the rest one by one.
    constexpr Index width = static_cast<Index>(32 / sizeof(T));
    const Index in_pairs = n - n % (2 * width);
    double base = 0;
    for (Index i = 0; i < n; ++i) {
      const Index lane = i < in_pairs ? i % width : 0;
      if (lane == 0) base = static_cast<T>(std::fma(step, static_cast<double>(i), start));
      values[i] = static_cast<T>(std::fma(static_cast<double>(lane), step, base));
    }
  } else {
    // Unsigned, since i * step may leave the range of T on its way to a value within it.
    const auto from = static_cast<std::uint64_t>(start), by = static_cast<std::uint64_t>(step);
    for (Index i = 0; i < n; ++i) values[i] = static_cast<T>(from + static_cast<std::uint64_t>(i) * by);
  }
  return result;
}

/// 0, 1, ... below end.
template <typename T = Index>
Tensor<T> arange(detail::ArangeArgument<T> end) {
  return arange<T>(0, end);
}

/// A copy of an Eigen matrix or array, shape (rows, cols); of an Eigen vector, shape (n).
template <typename Derived>
Tensor<typename Derived::Scalar> from_eigen(const Eigen::DenseBase<Derived>& source) {
  using T = typename Derived::Scalar;
  Tensor<T> result(Derived::IsVectorAtCompileTime ? Shape{source.size()} : Shape{source.rows(), source.cols()});
  MatrixMap<T>(result.data(), source.rows(), source.cols()) = source.derived().matrix();
  return result;
}

namespace detail {

/// Memory that a caller lent, given back by calling a function.
template <typename T, typename Deleter>
class Lent final : public Counted {
 public:
  Lent(T* values, Deleter&& deleter) : values_(values), deleter_(std::move(deleter)) {}
  void destroy() noexcept override { destroy_ref(this); }
  ~Lent() { deleter_(values_); }

 private:
  T* values_;
  Deleter deleter_;
};

template <typename T>
Tensor<T> from_blob(T* values, const Shape& shape, Ref<Counted> owner) {
  static_assert(!std::is_const_v<T>, "operations may write to a tensor's values");
  if (bytes_of<T>(shape) > 0 && values == nullptr)
    raise<ValueError>("from_blob: expected the address of values for shape ", shape, ", got a null pointer");
  if (const auto off = reinterpret_cast<std::uintptr_t>(values) % alignof(T); off != 0)
    raise<ValueError>("from_blob: expected an address that is a multiple of ", alignof(T), ", got one that is ", off,
                      " bytes beyond (values may be read where they lie only if they are aligned)");
  Ref<Storage<T>> storage = borrow_storage(values, std::move(owner));
  return Tensor<T>(shape, std::move(storage));
}

}  // namespace detail

/// A tensor over memory of the caller's, row-major, without a copy. The memory must outlive the tensor and all its
/// views; a change on one side is seen on the other. ValueError for a null or misaligned address. PyTorch:
/// torch::from_blob.
template <typename T>
Tensor<T> from_blob(T* values, const Shape& shape) {
  return detail::from_blob(values, shape, detail::Ref<detail::Counted>());
}

/// The same; deleter(values) is called once, when the last tensor over the memory has gone, or when this throws. It
/// must not throw. What the memory belongs to can be kept alive by a capture:
/// from_blob(owner->data(), {n}, [owner](float*) {}).
template <typename T, std::invocable<T*> Deleter>
Tensor<T> from_blob(T* values, const Shape& shape, Deleter deleter) {
  using Lent = detail::Lent<T, Deleter>;
  detail::Ref<Lent> lent;
  try {
    lent = detail::make_ref<Lent>(values, std::move(deleter));
  } catch (...) {
    deleter(values);
    throw;
  }
  return detail::from_blob(values, shape, detail::Ref<detail::Counted>::adopt(lent.leak()));
}

}  // namespace rowgrad
