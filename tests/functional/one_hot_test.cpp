#include <doctest/doctest.h>

#include <limits>

#include <rowgrad/functional/one_hot.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::one_hot;
using rowgrad::Shape;

TEST_CASE("one_hot: the number of classes is given, or the largest index plus one") {
  CHECK(one_hot({1, 0}, 3).to_vector() == std::vector<Index>{0, 1, 0, 1, 0, 0});
  CHECK(one_hot({1, 0}).to_vector() == std::vector<Index>{0, 1, 1, 0});
  CHECK(one_hot({{2}, {0}}).shape() == Shape{2, 1, 3});
  CHECK(one_hot(Indices(Shape{0, 2}), 3).shape() == Shape{0, 2, 3});
}

TEST_CASE("one_hot: what PyTorch refuses") {
  CHECK_THROWS_AS(one_hot({1, 3}, 3), rowgrad::IndexError);
  CHECK_THROWS_AS(one_hot({1, -1}), rowgrad::IndexError);
  CHECK_THROWS_AS(one_hot({-1, -1}), rowgrad::IndexError);
  CHECK_THROWS_AS(one_hot(Indices(Shape{0})), rowgrad::ValueError);
  CHECK_THROWS_WITH_AS(one_hot({1, 0}, -2), "one_hot: expected num_classes >= 0, or -1 to work it out, got -2",
                       rowgrad::ValueError);
  CHECK_THROWS_AS(one_hot({0, std::numeric_limits<Index>::max()}), rowgrad::Error);
}

TEST_CASE("one_hot: messages speak of classes, not of a table") {
  constexpr Index most = std::numeric_limits<Index>::max();
  CHECK_THROWS_WITH_AS(one_hot({{1}, {3}}, 3),
                       "one_hot: index 3 at position (1, 0) of shape (2, 1) is outside the 3 classes",
                       rowgrad::IndexError);
  CHECK_THROWS_WITH_AS(one_hot({1, -1}),
                       "one_hot: index -1 at position (1) of shape (2,) is negative (indices count from 0)",
                       rowgrad::IndexError);
  for (const Index classes : {Index{-1}, most})
    CHECK_THROWS_WITH_AS(one_hot({0, most}, classes), doctest::Contains("needs more classes than can be counted"),
                         rowgrad::IndexError);
}
