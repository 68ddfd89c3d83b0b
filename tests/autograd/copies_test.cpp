#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/rowgrad.hpp>

using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {
template <typename T>
std::vector<T> gradient_of(const Tensor<T>& x) {
  return x.grad().dense().to_vector();
}
}  // namespace

TEST_CASE("clone: values of its own, the gradient passes through") {
  const Tensor<double> x = Tensor<double>{{1, 2}, {3, 4}}.requires_grad_();
  const Tensor<double> y = x.clone();
  CHECK(y.requires_grad());
  CHECK(!y.is_leaf());
  y.data()[0] = 10;
  CHECK(x.data()[0] == 1);
  (y * y).sum().backward();
  CHECK(gradient_of(x) == std::vector<double>{20, 4, 6, 8});
  CHECK(!x.detach().clone().requires_grad());
  const rowgrad::no_grad guard;
  CHECK(!x.clone().requires_grad());
}

TEST_CASE("clone: a weight's copy in a product has the weight's gradient") {
  rowgrad::nn::Embedding<double> embedding(5, 3);
  rowgrad::nn::Linear<double> linear(3, 2);
  matmul(embedding.weight.clone(), linear.weight.clone().t()).sum().backward();
  CHECK(embedding.weight.grad().dense().shape() == Shape{5, 3});
  CHECK(linear.weight.grad().dense().shape() == Shape{2, 3});
}

TEST_CASE("clone: the copy that a seed's gradient makes is the leaf's own") {
  const Tensor<double> x = Tensor<double>{1, 2}.requires_grad_();
  const Tensor<double> seed{3, 4};
  x.clone().backward(seed);
  seed.data()[0] = 99;
  CHECK(gradient_of(x) == std::vector<double>{3, 4});
}

TEST_CASE("a copied parameter or module is made of leaves, recording or not") {
  const rowgrad::nn::Linear<float> linear(3, 2);
  const rowgrad::nn::Linear<float> copy = linear;
  CHECK(copy.weight.is_leaf());
  CHECK(copy.weight.requires_grad());
  CHECK(copy.weight.data() != linear.weight.data());
  copy.weight.sum().backward();
  CHECK(copy.weight.grad().defined());
  CHECK(!linear.weight.grad().defined());
}

TEST_CASE("to: the gradient comes back in the scalar type that the tensor has") {
  const Tensor<float> x = Tensor<float>{1, 2, 3}.requires_grad_();
  const Tensor<double> y = x.to<double>();
  CHECK(y.requires_grad());
  (y * y * y).sum().backward();
  CHECK(gradient_of(x) == std::vector<float>{3, 12, 27});
  const Tensor<double> z = Tensor<double>{0.1, 0.2}.requires_grad_();
  const Tensor<float> weights{3, 0.1f};
  (z.to<float>() * weights).sum().backward();
  CHECK(gradient_of(z) == std::vector<double>{3, static_cast<double>(0.1f)});
  x.grad().reset();
  x.to<float>().sum().backward();
  CHECK(gradient_of(x) == std::vector<float>{1, 1, 1});
  const rowgrad::no_grad guard;
  CHECK(!x.to<double>().requires_grad());
}

TEST_CASE("to: one leaf is used in both scalar types, and a node runs once all its users have contributed") {
  const Tensor<float> x = Tensor<float>{2}.requires_grad_();
  const Tensor<float> a = x * x;                        // x^2
  const Tensor<double> b = a.to<double>() * 3.0;        // 3 x^2
  const Tensor<float> c = (b * b).to<float>() * a + a;  // 9 x^6 + x^2
  c.backward();
  CHECK(gradient_of(x) == std::vector<float>{54 * 32 + 4});
}

TEST_CASE("to: a table's rows, looked up as floats and summed in double") {
  const Tensor<float> table = rowgrad::ones({100, 2}).requires_grad_();
  embedding({3, 7, 3}, table).to<double>().sum().backward();
  CHECK(table.grad().rows().to_vector() == std::vector<Index>{3, 7});
  CHECK(table.grad().values().to_vector() == std::vector<float>{2, 2, 1, 1});
}

TEST_CASE("to: a chain of 100,000 changes of type is walked and destroyed in loops") {
  const Tensor<float> x = Tensor<float>{1}.requires_grad_();
  {
    Tensor<float> y = x;
    for (int i = 0; i < 50'000; ++i) y = y.to<double>().to<float>();
    y.backward();
    CHECK(gradient_of(x) == std::vector<float>{1});
  }
  Tensor<double> z = x.to<double>();
  for (int i = 0; i < 50'000; ++i) z = (z * 1.0).to<float>().to<double>();
}

TEST_CASE("to: a freed graph is an error on either side of the change, and a failed walk leaves nothing behind") {
  const Tensor<float> x = Tensor<float>{2}.requires_grad_();
  const Tensor<float> a = x * x;
  const Tensor<double> y = a.to<double>() * 2.0;
  y.backward();
  CHECK_THROWS_AS(y.backward(), GraphError);  // at a, of float
  CHECK(gradient_of(x) == std::vector<float>{8});
  const Tensor<double> twice = x.to<double>() * 2.0;  // nothing saved
  twice.backward();
  twice.backward();
  CHECK(gradient_of(x) == std::vector<float>{12});
}

TEST_CASE("to: indices have no gradient, and every float must stand for one") {
  const Tensor<float> x = Tensor<float>{1.9f, -1.9f}.requires_grad_();
  CHECK(x.to<Index>().to_vector() == std::vector<Index>{1, -1});
  CHECK(Indices{{1, 2}}.to<double>().to_vector() == std::vector<double>{1, 2});
  CHECK(Indices{1, 2}.clone().to_vector() == std::vector<Index>{1, 2});
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH_AS(Tensor<float>({{0, 1}, {std::nanf(""), 2}}).to<Index>(),
                       "to: expected values that an integer of 64 bits can hold, got nan at element 2 of shape (2, 2) "
                       "(a missing value in the data?)",
                       ValueError);
  CHECK_THROWS_AS(Tensor<float>{infinity}.to<Index>(), ValueError);
  CHECK_THROWS_AS(Tensor<float>{-infinity}.to<Index>(), ValueError);
  CHECK_THROWS_AS(Tensor<double>{0x1p63}.to<Index>(), ValueError);
  CHECK_THROWS_AS(Tensor<double>{-0x1.0000000000001p63}.to<Index>(), ValueError);
  CHECK(Tensor<double>{-0x1p63}.to<Index>().item() == std::numeric_limits<Index>::min());
  CHECK(Tensor<double>{0x1.fffffffffffffp62}.to<Index>().item() == 0x7ffffffffffffc00);
  CHECK(rowgrad::zeros({0, 2}).to<Index>().shape() == Shape{0, 2});
}
