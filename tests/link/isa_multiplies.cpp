// A file of the program in isa_main.cpp that does nothing but multiply: linked first, it decides which of several
// definitions of the product's functions the others get, and has none of the functions that lay matrices out for it.
#include <vector>

#include <rowgrad/functional/matmul.hpp>

std::vector<double> NAME();

using rowgrad::Index;
using rowgrad::Tensor;

namespace {
Tensor<float> waves(Index rows, Index columns, float step) {
  const Tensor<float> x(rowgrad::Shape{rows, columns});
  for (Index i = 0; i < x.numel(); ++i) x.data()[i] = static_cast<float>(i % 29) * step - 1;
  return x;
}
}  // namespace

std::vector<double> NAME() {
  std::vector<double> values;
  for (const Index size : {3, 17, 70}) {
    const Tensor<float> a = waves(size, 2 * size, 0.07f), b = waves(2 * size, size + 5, 0.03f);
    for (const Tensor<float>& x : {matmul(a, b), linear(a, waves(size, 2 * size, 0.05f))})
      values.insert(values.end(), x.data(), x.data() + x.numel());
  }
  return values;
}
