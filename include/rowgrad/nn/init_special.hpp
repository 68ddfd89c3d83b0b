// What: initialisers that need more than one draw a value: trunc_normal_, orthogonal_, sparse_, dirac_.
// Why:  each gives PyTorch's weights after the same manual_seed.
// See:  init.hpp; PyTorch torch.nn.init.
#pragma once

#include <vector>

#include <rowgrad/nn/init.hpp>

namespace rowgrad::nn::init {

namespace special {

inline double normal_below(double x) { return (1 + std::erf(x / std::sqrt(2.0))) / 2; }

/// Truncated normal where most draws lie within [a, b]: those outside are drawn again, and all with them.
template <typename T>
void draw_until_inside(const Tensor<T>& x, double mean, double std, double a, double b, Generator& generator) {
  const T low = static_cast<T>(a), high = static_cast<T>(b);
  const auto outside = [low, high](T v) { return v < low || v > high; };
  T* const values = x.data();
  const Index n = x.numel();
  normal_(x, static_cast<T>(mean), static_cast<T>(std), generator);
  const Tensor<T> again(x.shape());
  while (std::any_of(values, values + n, outside)) {
    normal_(again, static_cast<T>(mean), static_cast<T>(std), generator);
    for (Index i = 0; i < n; ++i)
      if (outside(values[i])) values[i] = again.data()[i];
  }
}

/// Truncated normal in the tails: uniform draws, accepted with a probability like their density.
template <typename T>
void accept_by_density(const Tensor<T>& x, double mean, double std, double a, double b, Generator& generator) {
  const double mode = std::max(a, std::min(mean, b)), off = (mode - mean) / std, log_peak = -0.5 * (off * off);
  const Index n = x.numel();
  std::vector<char> pending(static_cast<std::size_t>(n), 1);
  const Tensor<T> candidates(x.shape()), accepted(x.shape());
  for (bool any = n > 0; any;) {
    uniform_(candidates, static_cast<T>(a), static_cast<T>(b), generator);
    uniform_(accepted, T(0), T(1), generator);
    any = false;
    for (Index i = 0; i < n; ++i) {
      char& waits = pending[static_cast<std::size_t>(i)];
      if (waits == 0) continue;
      x.data()[i] = candidates.data()[i];
      const T z = (candidates.data()[i] - static_cast<T>(mean)) / static_cast<T>(std);
      const T log_density = z * z * T(-0.5) - static_cast<T>(log_peak);
      waits = std::log(accepted.data()[i]) > log_density ? 1 : 0;
      any |= waits != 0;
    }
  }
}

}  // namespace special

/// Normal, but within [a, b]. ValueError unless std > 0 and a < b. PyTorch: torch.nn.init.trunc_normal_.
template <typename T>
void trunc_normal_(const Tensor<T>& x, double mean = 0, double std = 1, double a = -2, double b = 2,
                   Generator& generator = default_generator()) {
  if (!(std > 0) || !(a < b))
    detail::raise<ValueError>("init::trunc_normal_: expected std > 0 and a < b, got ", std, ", ", a, " and ", b);
  const double inside = special::normal_below((b - mean) / std) - special::normal_below((a - mean) / std);
  if (inside > 0.3)
    special::draw_until_inside(x, mean, std, a, b, generator);
  else
    special::accept_by_density(x, mean, std, a, b, generator);
}

/// A (semi-)orthogonal matrix times gain: rows or columns, whichever are fewer, are at right angles and of length gain.
/// Trailing dimensions are folded into columns. It is the Q of normal draws, R having a positive diagonal.
/// O(max(n, m) min(n, m)^2). ShapeError for fewer than two dimensions. PyTorch: torch.nn.init.orthogonal_; Saxe et al.
/// 2013.
template <typename T>
void orthogonal_(const Tensor<T>& x, double gain = 1, Generator& generator = default_generator()) {
  if (x.dim() < 2)
    detail::raise<ShapeError>("init::orthogonal_: expected at least two dimensions, got shape ", x.shape());
  if (x.numel() == 0) return;
  const Index rows = x.shape()[0], columns = x.numel() / rows;
  const Tensor<T> drawn(Shape{rows, columns});
  normal_(drawn, T(0), T(1), generator);
  // Vectors of length n, one after the other, in double: the columns of a tall matrix, the rows of a wide one.
  const bool wide = rows < columns;
  const Index count = wide ? rows : columns, n = wide ? columns : rows;
  std::vector<double> q(static_cast<std::size_t>(x.numel()));
  const auto at = [&](Index k, Index i) { return wide ? k * n + i : i * count + k; };  // in the tensor
  for (Index k = 0; k < count; ++k) {
    double* const v = q.data() + k * n;
    for (Index i = 0; i < n; ++i) v[i] = static_cast<double>(drawn.data()[at(k, i)]);
    for (int twice = 0; twice < 2; ++twice)  // what rounding leaves of the others is taken out the second time
      for (Index j = 0; j < k; ++j) {
        const double* const u = q.data() + j * n;
        double dot = 0;
        for (Index i = 0; i < n; ++i) dot += u[i] * v[i];
        for (Index i = 0; i < n; ++i) v[i] -= dot * u[i];
      }
    double squares = 0;
    for (Index i = 0; i < n; ++i) squares += v[i] * v[i];
    const double length = std::sqrt(squares);
    for (Index i = 0; i < n; ++i) v[i] /= length;
    for (Index i = 0; i < n; ++i) x.data()[at(k, i)] = static_cast<T>(v[i]) * static_cast<T>(gain);
  }
}

/// Normal(0, std), but in each column a share `sparsity` of the values, rounded up, is 0. The zeros' places are drawn
/// from the default generator, as PyTorch's are. ShapeError for another rank, ValueError for a sparsity outside [0, 1].
/// PyTorch: torch.nn.init.sparse_; Martens 2010.
template <typename T>
void sparse_(const Tensor<T>& x, double sparsity, double std = 0.01, Generator& generator = default_generator()) {
  if (x.dim() != 2) detail::raise<ShapeError>("init::sparse_: expected a matrix, got shape ", x.shape());
  if (!(sparsity >= 0 && sparsity <= 1))
    detail::raise<ValueError>("init::sparse_: expected 0 <= sparsity <= 1, got ", sparsity);
  const Index rows = x.shape()[0], columns = x.shape()[1];
  const Index zeros = static_cast<Index>(std::ceil(sparsity * static_cast<double>(rows)));
  normal_(x, T(0), static_cast<T>(std), generator);
  for (Index c = 0; c < columns; ++c) {
    const Indices order = randperm(rows, default_generator());
    for (Index i = 0; i < zeros; ++i) x.data()[order.data()[i] * columns + c] = T(0);
  }
}

/// A convolution's weight (out, in / groups, kernel...) that passes as many channels of each group on as there are: 1
/// in the middle of the kernel, else 0. ShapeError unless there are 3 to 5 dimensions and `groups` divides the first.
/// PyTorch: torch.nn.init.dirac_.
template <typename T>
void dirac_(const Tensor<T>& x, Index groups = 1) {
  if (x.dim() < 3 || x.dim() > 5 || groups < 1 || x.shape()[0] % groups != 0)
    detail::raise<ShapeError>("init::dirac_: expected 3 to 5 dimensions, the first divisible by ", groups,
                              " groups, got shape ", x.shape());
  constant_(x, T(0));
  const Index out = x.shape()[0] / groups, in = x.shape()[1];
  Index middle = 0, size = 1;  // where the middle of a kernel lies, and how many values it has
  for (int d = 2; d < x.dim(); ++d) {
    middle = middle * x.shape()[d] + x.shape()[d] / 2;
    size *= x.shape()[d];
  }
  for (Index g = 0; g < groups && size > 0; ++g)
    for (Index c = 0; c < std::min(out, in); ++c) x.data()[((g * out + c) * in + c) * size + middle] = T(1);
}

}  // namespace rowgrad::nn::init
