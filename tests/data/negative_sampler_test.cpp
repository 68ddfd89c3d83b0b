#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include <rowgrad/data/negative_sampler.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::ValueError;
using namespace rowgrad::data;

namespace {

/// Chi-square over draws that follow these weights stays below its mean by five deviations.
void expect_distribution(const std::vector<Index>& draws, const std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> counts(weights.size());
  for (const Index i : draws) ++counts.at(static_cast<std::size_t>(i));
  double chi = 0, freedom = -1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double expected = weights[i] / sum * static_cast<double>(draws.size());
    if (expected == 0) {
      CHECK(counts[i] == 0);
      continue;
    }
    chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    ++freedom;
  }
  CHECK(chi < freedom + 5 * std::sqrt(2 * freedom) + 1);
  CHECK((chi > freedom - 5 * std::sqrt(2 * freedom) || freedom < 20));
}

}  // namespace

TEST_CASE("AliasTable: draws follow the weights, whatever they are") {
  Generator generator(3);
  std::vector<std::vector<double>> tables = {{1}, {1, 1, 1}, {0, 5, 0, 1e-3, 2, 0}, {1e-300, 1e-300}, {1e300, 1, 1e300},
                                             {}};
  for (int i = 1; i <= 200; ++i) tables.back().push_back(1.0 / i);
  for (const auto& weights : tables) {
    const AliasTable table(weights);
    CHECK(table.size() == static_cast<Index>(weights.size()));
    std::vector<Index> draws;
    for (int i = 0; i < 100'000; ++i) draws.push_back(table(generator));
    expect_distribution(draws, weights);
  }
  // many columns, most without weight: none of them is ever drawn, for all that is rounded
  std::vector<double> sparse(1000);
  for (std::size_t i = 0; i < sparse.size(); i += 7) sparse[i] = 0.1 + static_cast<double>(i % 3);
  const AliasTable table(sparse);
  for (int i = 0; i < 200'000; ++i) REQUIRE(table(generator) % 7 == 0);
  for (const auto& bad : {std::vector<double>{}, {0, 0}, {1, -1}, {1, std::nan("")}, {1, HUGE_VAL}, {1e308, 1e308}})
    CHECK_THROWS_AS(AliasTable{bad}, ValueError);
}

TEST_CASE("NegativeSampler: uniform, by counts, by any power; the same seed, the same draws") {
  Generator generator(4);
  const NegativeSampler uniform(50);
  expect_distribution(uniform({300, 100}, generator).to_vector(), std::vector<double>(50, 1));
  std::vector<Index> counts;
  std::vector<double> weights, linear;
  for (Index i = 0; i < 60; ++i) {
    counts.push_back(i % 5 == 0 ? 0 : 1 + 10'000 / (i + 1));
    weights.push_back(std::pow(static_cast<double>(counts.back()), 0.75));
    linear.push_back(static_cast<double>(counts.back()));
  }
  expect_distribution(NegativeSampler(counts)({100'000}, generator).to_vector(), weights);
  expect_distribution(NegativeSampler(counts, 1)({100'000}, generator).to_vector(), linear);
  Generator a(7), b(7);
  CHECK(NegativeSampler(counts)({5, 4}, a).to_vector() == NegativeSampler(counts)({5, 4}, b).to_vector());
  CHECK(uniform({2, 0, 3}, generator).shape() == Shape{2, 0, 3});
  CHECK_THROWS_AS(NegativeSampler(0), ValueError);
  CHECK_THROWS_AS(NegativeSampler(std::vector<Index>{1, -1}), ValueError);
}

TEST_CASE("NegativeSampler: without the positives, the others in proportion") {
  Generator generator(5);
  const std::vector<Index> counts = {1000, 1, 5, 0, 8};
  const NegativeSampler sampler(counts);
  const Indices positives(std::vector<std::vector<Index>>(1, std::vector<Index>(3000, 0)));  // the likeliest by far
  const Indices drawn = sampler.excluding(positives, 4, generator);
  CHECK(drawn.shape() == Shape{1, 3000, 4});
  expect_distribution(drawn.to_vector(), {0, 1, std::pow(5, 0.75), 0, std::pow(8, 0.75)});
  CHECK(sampler.excluding(Indices{3}, 0, generator).shape() == Shape{1, 0});

  const Positives seen(Indices{0, 0, 0, 2, 2, 0}, Indices{0, 4, 0, 1, 2, 2});
  CHECK(seen.contains(0, 4));
  CHECK(!seen.contains(0, 1));
  CHECK(!seen.contains(1, 0));
  CHECK(!seen.contains(9, 0));
  const Indices users = Indices{0, 1, 2, 7};
  const Indices negatives = sampler.excluding(users, seen, 1000, generator);
  CHECK(negatives.shape() == Shape{4, 1000});
  for (Index u = 0; u < 4; ++u)
    for (Index k = 0; k < 1000; ++k) {
      const Index item = negatives.data()[u * 1000 + k];
      CHECK(!seen.contains(users.data()[u], item));
      CHECK(item != 3);
    }
  const Positives all(Indices{1, 1, 1, 1}, Indices{0, 1, 2, 4});
  CHECK_THROWS_WITH_AS(sampler.excluding(Indices{0, 1}, all, 1, generator), doctest::Contains("position 1"),
                       ValueError);
  CHECK_THROWS_AS(NegativeSampler(1).excluding(Indices{0}, 1, generator), ValueError);
  CHECK_THROWS_AS(sampler.excluding(Indices{0}, -1, generator), ValueError);
  CHECK_THROWS_AS(Positives(Indices{0, 1}, Indices{0}), ShapeError);
  CHECK_THROWS_AS(Positives(Indices{-1}, Indices{0}), IndexError);
}
