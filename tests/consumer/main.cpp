#include <cstdio>

#include <rowgrad/rowgrad.hpp>

int main() {
  const rowgrad::Tensor<float> x{{1, 2}, {3, 4}};
  std::printf("sum %g\n", static_cast<double>(x.array().sum()));
}
