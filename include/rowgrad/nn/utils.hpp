// What: nn::utils, PyTorch's helpers for parameters and sequences: parameters_to_vector() and back, rnn.
// Why:  they are found under the names that programs use.
// See:  functional/packed_sequence.hpp, functional/pad_sequence.hpp; optim/clip.hpp (nn::utils::clip_grad_norm_);
//       PyTorch torch.nn.utils.
#pragma once

#include <rowgrad/functional/pad_sequence.hpp>
#include <rowgrad/functional/shape.hpp>

namespace rowgrad::nn::utils {

/// All values, one parameter after the other, (n). Gradients pass through. PyTorch: parameters_to_vector.
template <typename T>
Tensor<T> parameters_to_vector(const std::vector<Tensor<T>>& parameters) {
  std::vector<Tensor<T>> flat;
  for (const Tensor<T>& one : parameters) flat.push_back(one.flatten());
  if (flat.empty()) throw ShapeError("parameters_to_vector: expected at least one parameter");
  return cat(flat, 0);
}

/// The way back: values are copied into the parameters, which stay the tensors that optimizers know. ShapeError unless
/// there are as many values as the parameters have. PyTorch: vector_to_parameters.
template <typename T>
void vector_to_parameters(const Tensor<T>& values, const std::vector<Tensor<T>>& parameters) {
  Index count = 0;
  for (const Tensor<T>& one : parameters) count += one.numel();
  if (values.dim() != 1 || values.numel() != count)
    detail::raise<ShapeError>("vector_to_parameters: expected ", count, " values in one dimension, got shape ",
                              values.shape());
  const T* next = values.data();
  for (const Tensor<T>& one : parameters) {
    std::copy_n(next, one.numel(), one.data());
    next += one.numel();
  }
}

namespace rnn {
using rowgrad::pack_padded_sequence;
using rowgrad::pack_sequence;
using rowgrad::PackedSequence;
using rowgrad::pad_packed_sequence;
using rowgrad::pad_sequence;
}  // namespace rnn

}  // namespace rowgrad::nn::utils
