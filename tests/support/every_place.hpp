// What: a check of an elementwise function at every place that a number can have in a SIMD register.
// Why:  full registers, shorter ones and single numbers are computed by different instructions.
#pragma once

#include <doctest/doctest.h>

#include <rowgrad/core/factory.hpp>

namespace support {

/// f(x)[i] is one(x[i]), worked out in double, for tensors of many lengths; x is uniform, or normal with negative
/// numbers.
template <typename F, typename One>
void check_every_place(const F& f, const One& one, bool negative = false) {
  for (const rowgrad::Index n : {1, 3, 4, 7, 8, 9, 31, 100}) {
    CAPTURE(n);
    rowgrad::Generator generator(static_cast<std::uint64_t>(n));
    const auto x = negative ? rowgrad::randn<float>({n}, generator) : rowgrad::rand<float>({n}, generator);
    const rowgrad::Tensor<float> y = f(x);
    for (rowgrad::Index i = 0; i < n; ++i)
      CHECK(y.data()[i] == doctest::Approx(one(static_cast<double>(x.data()[i]))).epsilon(1e-6));
  }
}

}  // namespace support
