#include <doctest/doctest.h>

#include <rowgrad/core/any_tensor.hpp>

using rowgrad::AnyTensor;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Tensor;

TEST_CASE("AnyTensor: a handle to a tensor of any type") {
  const Indices ids{1, 2};
  const AnyTensor any = ids;
  CHECK(any.defined());
  CHECK(any.is<Index>());
  CHECK(!any.is<float>());
  CHECK(any.shape() == rowgrad::Shape{2});
  CHECK(any.scalar_size() == sizeof(Index));
  CHECK(any.scalar_type() == typeid(Index));
  CHECK(any.data() == ids.data());
  CHECK(any.body() == &ids.body());
  CHECK(&any.as<Index>().body() == &ids.body());
  CHECK_THROWS_WITH_AS((void)any.as<float>(), doctest::Contains("asked for a tensor of float32, but it is one of int"),
                       rowgrad::ValueError);
  const AnyTensor other = Tensor<std::int8_t>(rowgrad::Shape{3});
  CHECK(other.is<std::int8_t>());
}

TEST_CASE("AnyTensor: undefined") {
  const AnyTensor none, undefined = Tensor<float>();
  CHECK(!none.defined());
  CHECK(!undefined.defined());
  CHECK(undefined.is<float>());
  CHECK_THROWS_AS((void)none.shape(), rowgrad::ValueError);
  CHECK_THROWS_AS((void)undefined.shape(), rowgrad::ValueError);
  CHECK_THROWS_AS((void)undefined.data(), rowgrad::ValueError);
  CHECK_THROWS_AS((void)none.as<float>(), rowgrad::ValueError);
}
