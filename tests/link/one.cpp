// Links with two.cpp, which includes the same headers: fails when one of them lacks an inline.
#include <rowgrad/rowgrad.hpp>

float sum_elsewhere(const rowgrad::Tensor<float>& x);  // two.cpp

int main() {
  const rowgrad::Tensor<float> x{{1, 2}, {3, 4}};
  return sum_elsewhere(x) == x.array().sum() ? 0 : 1;
}
