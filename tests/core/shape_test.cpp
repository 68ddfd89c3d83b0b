#include <doctest/doctest.h>

#include <vector>

#include <rowgrad/core/shape.hpp>

using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::ShapeError;
namespace detail = rowgrad::detail;

TEST_CASE("Shape: rank, sizes, elements") {
  const Shape shape{2, 3, 4};
  CHECK(shape.rank() == 3);
  CHECK(shape[1] == 3);
  CHECK(shape.back() == 4);
  CHECK(shape.numel() == 24);
  CHECK(std::vector<Index>(shape.begin(), shape.end()) == std::vector<Index>{2, 3, 4});
  CHECK(Shape{}.rank() == 0);
  CHECK(Shape{}.numel() == 1);
  CHECK(Shape{}.back() == 1);
  CHECK(Shape{3, 0}.numel() == 0);
  CHECK(Shape{1 << 20, 1 << 20}.numel() == Index{1} << 40);
}

TEST_CASE("Shape: equality counts rank and sizes") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK(Shape{2, 3} != Shape{3, 2});
  CHECK(Shape{2} != Shape{2, 1});
  CHECK(Shape{} != Shape{1});
  Shape erased{2, 3, 7};
  erased.erase(2);
  CHECK(erased == Shape{2, 3});  // what is left behind does not count
}

TEST_CASE("Shape: append, insert, erase") {
  Shape shape{2, 3};
  shape.append(4);
  CHECK(shape == Shape{2, 3, 4});
  shape.insert(0, 9);
  CHECK(shape == Shape{9, 2, 3, 4});
  shape.insert(4, 8);
  CHECK(shape == Shape{9, 2, 3, 4, 8});
  shape.insert(2, 7);
  CHECK(shape == Shape{9, 2, 7, 3, 4, 8});
  shape.erase(0);
  shape.erase(4);
  shape.erase(1);
  CHECK(shape == Shape{2, 3, 4});
}

TEST_CASE("Shape: eight dimensions are the most, and no size is negative") {
  Shape shape{1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(shape.numel() == 40320);
  CHECK_THROWS_AS(shape.append(9), ShapeError);
  CHECK_THROWS_AS(shape.insert(0, 9), ShapeError);
  CHECK(shape == Shape{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK_THROWS_WITH_AS((Shape{2, -1}), "Shape: a size must not be negative, got -1", ShapeError);
  CHECK_THROWS_WITH_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), "Shape: expected at most 8 dimensions, got more",
                       ShapeError);
}

TEST_CASE("Shape: printed as in Python") {
  CHECK(to_string(Shape{2, 3}) == "(2, 3)");
  CHECK(to_string(Shape{4}) == "(4,)");
  CHECK(to_string(Shape{}) == "()");
}

TEST_CASE("wrap_dim: negative dimensions count from the end; rank 0 has one") {
  CHECK(detail::wrap_dim("f", 0, 3) == 0);
  CHECK(detail::wrap_dim("f", 2, 3) == 2);
  CHECK(detail::wrap_dim("f", -1, 3) == 2);
  CHECK(detail::wrap_dim("f", -3, 3) == 0);
  CHECK(detail::wrap_dim("f", 0, 0) == 0);
  CHECK(detail::wrap_dim("f", -1, 0) == 0);
  CHECK_THROWS_WITH_AS(detail::wrap_dim("f", 3, 3), "f: dimension 3 is outside [-3, 2] of a tensor of rank 3",
                       rowgrad::IndexError);
  CHECK_THROWS_AS(detail::wrap_dim("f", -4, 3), rowgrad::IndexError);
  CHECK_THROWS_AS(detail::wrap_dim("f", 1, 0), rowgrad::IndexError);
}

TEST_CASE("broadcast_shape: both ways, whatever the ranks") {
  const auto both = [](const Shape& a, const Shape& b) {
    const Shape ab = detail::broadcast_shape("f", a, b);
    CHECK(ab == detail::broadcast_shape("f", b, a));
    return ab;
  };
  CHECK(both({2, 3}, {2, 3}) == Shape{2, 3});
  CHECK(both({2, 3}, {3}) == Shape{2, 3});
  CHECK(both({2, 3}, {}) == Shape{2, 3});
  CHECK(both({2, 1}, {1, 3}) == Shape{2, 3});
  CHECK(both({5, 1, 4}, {3, 1}) == Shape{5, 3, 4});
  CHECK(both({1}, {0}) == Shape{0});
  CHECK(both({0, 3}, {1, 3}) == Shape{0, 3});
  CHECK(both({}, {}) == Shape{});
  CHECK_THROWS_AS(detail::broadcast_shape("f", {2}, {3}), ShapeError);
  CHECK_THROWS_AS(detail::broadcast_shape("f", {0}, {2}), ShapeError);
  CHECK_THROWS_AS(detail::broadcast_shape("f", {2, 3}, {2}), ShapeError);
}

TEST_CASE("split_at: what stands before, at and after a dimension") {
  const auto s = detail::split_at({2, 3, 4, 5}, 1);
  CHECK(s.outer == 2);
  CHECK(s.size == 3);
  CHECK(s.inner == 20);
  const auto last = detail::split_at({2, 3}, 1);
  CHECK(last.outer == 2);
  CHECK(last.inner == 1);
  const auto scalar = detail::split_at({}, 0);
  CHECK(scalar.outer * scalar.size * scalar.inner == 1);
}

TEST_CASE("Shape: more elements than can be counted are a ShapeError, also behind a size of 0") {
  constexpr Index large = Index{1} << 40, half = Index{1} << 32;
  CHECK((Shape{half - 1, Index{1} << 31}.numel()) == (half - 1) * (Index{1} << 31));
  CHECK_THROWS_WITH_AS((Shape{large, large}.numel()),
                       "Shape: (1099511627776, 1099511627776) has more elements than can be counted (is one of the "
                       "sizes right?)",
                       ShapeError);
  CHECK_THROWS_AS((Shape{half, half}.numel()), ShapeError);         // 2^64 would be 0
  CHECK_THROWS_AS((Shape{half, half / 2}.numel()), ShapeError);     // 2^63 would be negative
  CHECK_THROWS_AS((Shape{3, Index{1} << 62}.numel()), ShapeError);  // would be positive
  CHECK_THROWS_AS((Shape{large, large, 0}.checked_numel()), ShapeError);
  CHECK_THROWS_AS((Shape{0, large, large}.checked_numel()), ShapeError);
  CHECK_THROWS_AS((Shape{large, 0, large}.checked_numel()), ShapeError);
  CHECK((Shape{0, large, 1 << 20}.checked_numel()) == 0);
  CHECK(Shape{}.checked_numel() == 1);
  CHECK((Shape{2, 3}.checked_numel()) == 6);
  CHECK_THROWS_AS(detail::split_at(Shape{0, large, large}, 0), ShapeError);
  CHECK(detail::split_at(Shape{2, 3, 4}, 1).inner == 4);
}
