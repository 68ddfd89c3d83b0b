#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <set>

#include <rowgrad/data/splits.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::ValueError;
using rowgrad::data::Fold;
using rowgrad::data::k_folds;
using rowgrad::data::train_validation_split;
using Positions = std::vector<Index>;

namespace {

// 60 of class 0, 30 of class 7, 13 of class -1, mixed.
Positions mixed_labels() {
  Positions labels;
  for (Index i = 0; i < 103; ++i) labels.push_back(i < 60 ? 0 : i < 90 ? 7 : -1);
  Generator generator(11);
  for (std::size_t i = labels.size(); i > 1; --i)
    std::swap(labels[i - 1], labels[static_cast<std::size_t>(generator.below(static_cast<Index>(i)))]);
  return labels;
}

std::map<Index, Index> classes_of(const Positions& labels, const Positions& part) {
  std::map<Index, Index> counts{{0, 0}, {7, 0}, {-1, 0}};
  for (const Index sample : part) ++counts[labels[static_cast<std::size_t>(sample)]];
  return counts;
}

// Both rising, and together 0 .. n-1.
bool part_all(const Positions& a, const Positions& b, std::size_t n) {
  std::set<Index> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  return std::is_sorted(a.begin(), a.end()) && std::is_sorted(b.begin(), b.end()) && a.size() + b.size() == n &&
         all.size() == n && *all.begin() == 0 && *all.rbegin() == static_cast<Index>(n) - 1;
}

}  // namespace

TEST_CASE("k_folds: each sample is tested once, each fold has its share of every class") {
  const Positions labels = mixed_labels();
  Generator generator(1);
  const std::vector<Fold> folds = k_folds(labels, 5, generator);
  REQUIRE(folds.size() == 5);
  std::set<Index> tested;
  for (const Fold& fold : folds) {
    CHECK(part_all(fold.train, fold.test, labels.size()));
    CHECK((fold.test.size() == 20 || fold.test.size() == 21));
    auto counts = classes_of(labels, fold.test);
    CHECK(counts[0] == 12);
    CHECK(counts[7] == 6);
    CHECK((counts[-1] == 2 || counts[-1] == 3));
    tested.insert(fold.test.begin(), fold.test.end());
  }
  CHECK(tested.size() == labels.size());
}

TEST_CASE("k_folds: shuffled, and the same for the same seed") {
  const Positions labels = mixed_labels();
  Generator first(1), again(1), other(2);
  const auto a = k_folds(labels, 4, first), b = k_folds(labels, 4, again), c = k_folds(labels, 4, other);
  for (std::size_t i = 0; i < 4; ++i) CHECK(a[i].test == b[i].test);
  CHECK(a[0].test != c[0].test);
  CHECK(k_folds(labels, 4, first)[0].test != a[0].test);  // the generator went on
}

TEST_CASE("k_folds: bounds") {
  Generator generator(1);
  const Positions labels = {0, 1, 0};
  CHECK(k_folds(labels, 3, generator)[2].test.size() == 1);
  CHECK_THROWS_AS(k_folds(labels, 1, generator), ValueError);
  CHECK_THROWS_AS(k_folds(labels, -2, generator), ValueError);
  CHECK_THROWS_WITH_AS(k_folds(labels, 4, generator), doctest::Contains("3 samples, got 4"), ValueError);
  CHECK_THROWS_AS(k_folds({}, 2, generator), ValueError);
}

TEST_CASE("train_validation_split: stratified, shuffled, exact in number") {
  const Positions labels = mixed_labels();
  Generator generator(1), again(1), other(2);
  const auto split = train_validation_split(labels, 0.2, generator);
  CHECK(part_all(split.train, split.validation, labels.size()));
  CHECK(split.validation.size() == 21);  // 20.6
  auto counts = classes_of(labels, split.validation);
  CHECK(std::abs(counts[0] - 12) <= 1);
  CHECK(std::abs(counts[7] - 6) <= 1);
  CHECK(std::abs(counts[-1] - 3) <= 1);
  CHECK(train_validation_split(labels, 0.2, again).validation == split.validation);
  CHECK(train_validation_split(labels, 0.2, other).validation != split.validation);
}

TEST_CASE("train_validation_split: bounds") {
  Generator generator(1);
  const Positions labels = {0, 1, 0, 1};
  CHECK(train_validation_split(labels, 1e-9, generator).validation.size() == 1);
  CHECK(train_validation_split(labels, 0.999, generator).train.size() == 1);
  CHECK(train_validation_split({3, 3}, 0.5, generator).train.size() == 1);
  for (const double fraction : {0.0, 1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(train_validation_split(labels, fraction, generator), ValueError);
  CHECK_THROWS_AS(train_validation_split({0}, 0.5, generator), ValueError);
  CHECK_THROWS_AS(train_validation_split({}, 0.5, generator), ValueError);
}
