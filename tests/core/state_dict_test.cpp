#include <doctest/doctest.h>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/core/state_dict.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::StateDict;
using rowgrad::Tensor;

static_assert(rowgrad::TensorSource<StateDict>);

TEST_CASE("StateDict: in the order of insertion, found by name") {
  StateDict state;
  state.append("c", Indices{1}).append("a", Tensor<float>{1, 2}).append("b", rowgrad::zeros<double>({2, 3}));
  CHECK(state.names() == std::vector<std::string>{"c", "a", "b"});
  CHECK(state.contains("a"));
  CHECK(!state.contains("ab"));
  CHECK(state.sizes("b") == std::vector<Index>{2, 3});
  CHECK(state.type_name("b") == "float64");
  CHECK(state.type_name("c") == "int64");
  CHECK(state.as<float>("a").numel() == 2);
  CHECK_THROWS_AS((void)state.as<double>("a"), rowgrad::ValueError);
  CHECK_THROWS_WITH_AS((void)state["model.a"], doctest::Contains("is 'a' meant?"), rowgrad::IndexError);
  CHECK_THROWS_WITH_AS(state.append("a", Indices{1}), doctest::Contains("'a' is used twice"), rowgrad::ValueError);
  CHECK_THROWS_WITH_AS(state.append("d", Tensor<float>()), doctest::Contains("'d' is undefined"), rowgrad::ValueError);
  CHECK(state.size() == 3);
}

TEST_CASE("StateDict: many names") {
  StateDict state;
  for (int i = 0; i < 3000; ++i) state.append("layer." + std::to_string(i * 7919 % 3000), Indices{i});
  for (int i = 0; i < 3000; ++i) CHECK(state.as<Index>("layer." + std::to_string(i * 7919 % 3000)).item() == i);
}

TEST_CASE("StateDict: values as another scalar") {
  Tensor<bool> flags(Shape{2});
  flags.data()[0] = true;
  flags.data()[1] = false;
  StateDict state;
  state.append("flags", flags).append("ids", Indices{0, -5}).append("x", Tensor<float>{0.5f, 2});
  CHECK(state.view<double>("flags").to_vector() == std::vector<double>{1, 0});
  CHECK(state.view<float>("ids").to_vector() == std::vector<float>{0, -5});
  CHECK(state.view<std::int8_t>("ids").to_vector() == std::vector<std::int8_t>{0, -5});
  CHECK(!state.view<bool>("ids").data()[0]);
  CHECK(state.view<bool>("ids").data()[1]);
  CHECK(state.view<float>("x").data() == state["x"].data());
  CHECK(state.reads_as<double>("x"));
  CHECK(!state.reads_as<Index>("x"));
  CHECK_THROWS_AS((void)state.view<std::uint8_t>("ids"), rowgrad::ValueError);
  CHECK_THROWS_AS((void)state.view<Index>("x"), rowgrad::ValueError);
}
