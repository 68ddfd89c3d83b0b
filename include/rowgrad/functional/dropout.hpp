// What: dropout().
// Why:  values are zeroed at random while training and scaled up so that their expectation stays.
// See:  nn/dropout.hpp; Srivastava et al. 2014.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/check.hpp>

namespace rowgrad {

/// Each value becomes 0 with probability p, else x / (1 - p); without training, x itself. ValueError for p outside
/// [0, 1]. A value is kept where the generator's next uniform double is below 1 - p, so the same seed leaves PyTorch's
/// values; p = 0 and p = 1 draw nothing. (On Intel processors PyTorch may draw from MKL's generator instead.)
/// PyTorch: torch.nn.functional.dropout.
template <typename T>
Tensor<T> dropout(const Tensor<T>& x, double p = 0.5, bool training = true,
                  Generator& generator = default_generator()) {
  detail::expect_probability("dropout", "p", p);
  if (!training || p == 0) return (void)x.body(), x;  // an undefined tensor is refused
  Tensor<T> mask(x.shape());
  const double keep = 1 - p;
  const T scale = T(1) / static_cast<T>(keep);
  T* values = mask.data();
  if (p == 1)
    std::fill_n(values, mask.numel(), T(0));
  else
    for (Index i = 0; i < mask.numel(); ++i) values[i] = generator.uniform<double>() < keep ? scale : T(0);
  Tensor<T> y(x.shape());
  y.array() = x.array() * mask.array();
  if (recording(x)) {
    record(
        y, "DropoutBackward0",
        [mask](Tensor<T> g, Node<T>* node) {  // dx = g mask
          Tensor<T> dx(g.shape());
          dx.array() = g.array() * mask.array();
          node->accumulate(std::move(dx));
        },
        x);
  }
  return y;
}

}  // namespace rowgrad
