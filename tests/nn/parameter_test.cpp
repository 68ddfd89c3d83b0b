#include <doctest/doctest.h>

#include <optional>
#include <sstream>

#include <rowgrad/nn/parameter.hpp>
#include <rowgrad/optim/sgd.hpp>

using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::nn::Buffer;
using rowgrad::nn::Parameter;
using Values = std::vector<double>;

namespace {
Tensor<double> two() { return {1, 2}; }

void train(const Tensor<double>& handle) {  // a step of -1
  rowgrad::optim::SGD<double> sgd({handle}, {.lr = 1});
  handle.grad().reset();
  handle.grad().add(rowgrad::ones<double>(handle.shape()));
  sgd.step();
}
}  // namespace

TEST_CASE("Parameter: shares the values it is made of, and requires a gradient") {
  const Tensor<double> values = two();
  const Parameter<double> p(values), frozen(values, false);
  CHECK(p.requires_grad());
  CHECK(p.is_leaf());
  CHECK(!frozen.requires_grad());
  CHECK(!values.requires_grad());
  values.data()[0] = 5;
  CHECK(p.to_vector() == Values{5, 2});
  CHECK(frozen.to_vector() == Values{5, 2});
  CHECK(!Parameter<double>().defined());
}

TEST_CASE("Parameter: a copy has values of its own and no gradient") {
  const Parameter<double> p(two()), frozen(two(), false), off;
  p.grad().add(Tensor<double>{3, 4});
  const Parameter<double> copy(p), frozen_copy(frozen), off_copy(off);
  CHECK(copy.requires_grad());
  CHECK(!copy.grad().defined());
  CHECK(!frozen_copy.requires_grad());
  CHECK(!off_copy.defined());
  train(copy);
  CHECK(copy.to_vector() == Values{0, 1});
  CHECK(p.to_vector() == Values{1, 2});
  CHECK(p.grad().dense().to_vector() == Values{3, 4});
}

TEST_CASE("Parameter: auto w = layer.weight is a handle, and copies of what holds it are deep") {
  struct Layer {
    Parameter<double> weight{two()};
  };
  Layer layer;
  const Layer& same = layer;
  auto w = layer.weight;
  const auto v = same.weight;
  CHECK(&w.body() == &layer.weight.body());
  CHECK(&v.body() == &layer.weight.body());
  train(w);
  CHECK(layer.weight.to_vector() == Values{0, 1});
  for (const auto& each : {layer.weight}) CHECK(&each.body() == &layer.weight.body());
  const auto passed = [](Parameter<double> p) { return &p.body(); };
  CHECK(passed(layer.weight) == &layer.weight.body());

  const Layer copy = layer;
  CHECK(copy.weight.to_vector() == Values{0, 1});
  CHECK(copy.weight.data() != layer.weight.data());
  const std::vector<Parameter<double>> list(2, layer.weight), list_copy = list;
  CHECK(list[0].data() != layer.weight.data());
  CHECK(list_copy[0].data() != list[0].data());
  const std::optional<Parameter<double>> maybe(std::in_place, layer.weight), maybe_copy = maybe;
  CHECK(maybe_copy->data() != maybe->data());
}

TEST_CASE("Buffer: a tensor of any type that is copied with its module and has no gradient") {
  struct Layer {
    Buffer<rowgrad::Index> ids{rowgrad::Indices{1, 2}};
    Buffer<std::int8_t> codes{Tensor<std::int8_t>(Shape{2}), false};
  };
  Layer layer;
  CHECK(layer.ids.persistent());
  CHECK(!layer.codes.persistent());
  auto handle = layer.ids;
  handle.data()[0] = 5;
  CHECK(layer.ids.data()[0] == 5);
  Layer copy = layer;
  CHECK(copy.ids.to_vector() == std::vector<rowgrad::Index>{5, 2});
  CHECK(!copy.codes.persistent());
  copy.ids.data()[0] = 7;
  CHECK(layer.ids.data()[0] == 5);
  layer = copy;  // in place
  CHECK(handle.to_vector() == std::vector<rowgrad::Index>{7, 2});
  const rowgrad::Indices values{3};
  CHECK(Buffer<rowgrad::Index>(values).data() == values.data());
  copy.ids = Buffer<rowgrad::Index>(values);
  CHECK(copy.ids.shape() == Shape{1});
}

TEST_CASE("Parameter: handles share it, and a moved one is the same tensor") {
  Parameter<double> p(two());
  const Tensor<double> handle = p;
  train(handle);
  CHECK(p.to_vector() == Values{0, 1});
  Parameter<double> moved = std::move(p);
  train(handle);
  CHECK(moved.to_vector() == Values{-1, 0});
  Parameter<double> assigned(two());
  assigned = std::move(moved);
  train(handle);
  CHECK(assigned.to_vector() == Values{-2, -1});
}

TEST_CASE("Parameter: assigning equal shapes copies in place") {
  Parameter<double> p(two());
  const Parameter<double> other(Tensor<double>{7, 8}, false);
  const Tensor<double> handle = p;
  p = other;
  CHECK(handle.to_vector() == Values{7, 8});
  CHECK(!handle.requires_grad());
  handle.requires_grad_();
  train(handle);
  CHECK(p.to_vector() == Values{6, 7});
  CHECK(other.to_vector() == Values{7, 8});
  const Parameter<double>& self = p;
  p = self;
  CHECK(p.to_vector() == Values{6, 7});
  CHECK(handle.to_vector() == Values{6, 7});
}

TEST_CASE("Parameter: assigning another shape makes it another tensor, with values of its own") {
  Parameter<double> p(two());
  const Tensor<double> handle = p;
  const Parameter<double> three(Tensor<double>{1, 2, 3});
  p = three;
  CHECK(p.shape() == Shape{3});
  CHECK(p.requires_grad());
  CHECK(handle.to_vector() == Values{1, 2});
  train(p);
  CHECK(three.to_vector() == Values{1, 2, 3});
  Parameter<double> off;
  p = off;
  CHECK(!p.defined());
  off = three;
  CHECK(off.to_vector() == Values{1, 2, 3});
  off.data()[0] = 9;
  CHECK(three.data()[0] == 1);
}

TEST_CASE("Parameter: printing") {
  std::ostringstream text;
  text << Parameter<float>(Tensor<float>{1, 2});
  CHECK(text.str() == "Parameter containing:\ntensor([1., 2.], requires_grad=True)");
}
