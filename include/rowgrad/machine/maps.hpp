// What: Eigen's matrices and arrays over memory that somebody else owns.
// Why:  kernels work on raw memory; these are the views through which they write their arithmetic.
// See:  core/tensor.hpp (matrix(), array()), product.hpp.
#pragma once

#include <type_traits>

#include <rowgrad/machine/eigen.hpp>
#include <rowgrad/machine/index.hpp>

namespace rowgrad {

template <typename T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T>
using MatrixMap = Eigen::Map<Matrix<T>>;
template <typename T>
using ArrayMap =
    std::conditional_t<std::is_const_v<T>, Eigen::Map<const Eigen::Array<std::remove_const_t<T>, Eigen::Dynamic, 1>>,
                       Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>>;

}  // namespace rowgrad
