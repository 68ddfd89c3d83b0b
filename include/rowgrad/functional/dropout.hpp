// What: dropout().
// Why:  values are zeroed at random while training and scaled up so that their expectation stays.
// See:  nn/dropout.hpp; Srivastava et al. 2014.
#pragma once

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {

/// Each value becomes 0 with probability p, else x / (1 - p); without training, x itself. ValueError for p outside
/// [0, 1]. The mask is drawn from the generator, a uniform number a value. PyTorch: torch.nn.functional.dropout.
template <typename T>
Tensor<T> dropout(const Tensor<T>& x, double p = 0.5, bool training = true,
                  Generator& generator = default_generator()) {
  if (!(p >= 0 && p <= 1))
    throw ValueError("dropout: p is a probability, expected 0 <= p <= 1, got " + std::to_string(p));
  if (!training || p == 0) return x;
  Tensor<T> mask(x.shape());
  const float keep = static_cast<float>(1 - p);
  const T scale = p == 1 ? T(0) : static_cast<T>(1 / (1 - p));
  T* values = mask.data();
  for (Index i = 0; i < mask.numel(); ++i) values[i] = generator.uniform<float>() < keep ? scale : T(0);
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
