#include <doctest/doctest.h>

#include <rowgrad/functional/sort.hpp>
#include <rowgrad/functional/unique.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Mask;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

using Floats = std::vector<float>;
using Numbers = std::vector<Index>;
using Bits = std::vector<bool>;

/// Each function along three dimensions: its values, and under another name its positions.
template <typename T>
golden::Table<T> functions() {
  using In = const golden::Inputs<T>&;
  using Result = rowgrad::ValuesAndIndices<T>;
  using Along = std::function<Result(const Tensor<T>&, Index)>;
  const std::vector<std::pair<std::string, Along>> operations = {
      {"sort", [](const Tensor<T>& x, Index d) { return sort(x, d); }},
      {"sort_down", [](const Tensor<T>& x, Index d) { return x.sort({.dim = d, .descending = true}); }},
      {"sort_cube", [](const Tensor<T>& x, Index d) { return x.sort(d); }},
      {"topk1", [](const Tensor<T>& x, Index d) { return x.topk(1, d); }},
      {"topk2", [](const Tensor<T>& x, Index d) { return topk(x, 2, {.dim = d}); }},
      {"topk_all", [](const Tensor<T>& x, Index d) { return topk(x, x.size(d), d); }},
      {"bottom1", [](const Tensor<T>& x, Index d) { return x.topk(1, {.dim = d, .largest = false}); }},
      {"bottom2", [](const Tensor<T>& x, Index d) { return topk(x, 2, d, false); }},
      {"kth", [](const Tensor<T>& x, Index d) { return kthvalue(x, 2, d); }},
      {"kth_keep", [](const Tensor<T>& x, Index d) { return x.kthvalue(2, d, true); }},
      {"median", [](const Tensor<T>& x, Index d) { return median(x, d); }},
      {"median_keep", [](const Tensor<T>& x, Index d) { return x.median(d, true); }},
  };
  golden::Table<T> table = {{"median_all", [](In x) { return median(x[0]); }}};
  for (const auto& [name, f] : operations)
    for (const Index dim : {0, 1, -1}) {
      const std::string along = name + "_" + (dim == -1 ? "last" : std::to_string(dim));
      table[along] = [f = f, dim](In x) { return f(x[0], dim).values; };
      table[along + "_at"] = [f = f, dim](In x) { return f(x[0], dim).indices.template to<T>(); };
    }
  return table;
}

}  // namespace

TEST_CASE("sort, topk, kthvalue, median: PyTorch's values, positions and gradients") {
  golden::check<double>("functional_sort", functions<double>());
  golden::check<float>("functional_sort", functions<float>());
}

TEST_CASE("argsort, and what sort leaves equal") {
  const Tensor<float> x{{2, 1, 2, 1}, {0, -1, NAN, 5}};
  CHECK(x.argsort().to_vector() == Numbers{1, 3, 0, 2, 1, 0, 3, 2});
  CHECK(argsort(x, {.descending = true}).to_vector() == Numbers{0, 2, 1, 3, 2, 3, 0, 1});
  CHECK(argsort(x, 0).to_vector() == Numbers{1, 1, 0, 0, 0, 0, 1, 1});
  CHECK(x.argsort(1, true).to_vector() == Numbers{0, 2, 1, 3, 2, 3, 0, 1});
  const Tensor<float> many = rowgrad::zeros({1000});
  CHECK(many.argsort().to_vector() == rowgrad::arange(1000).to_vector());
  const auto [values, indices] = sort(Indices{3, 1, 2});
  CHECK(values.to_vector() == Numbers{1, 2, 3});
  CHECK(indices.to_vector() == Numbers{1, 2, 0});
  CHECK(Mask{1, 0, 1}.sort().values.to_vector() == Bits{0, 1, 1});
  CHECK(median(Indices{4, 1, 3, 2}).item() == 2);
  CHECK(topk(Indices{4, 1, 3, 2}, 2).values.to_vector() == Numbers{4, 3});
}

TEST_CASE("topk: of equals, those that PyTorch takes") {
#ifdef __GLIBCXX__
  for (const golden::Case& c : golden::read("functional_topk_ties")) {
    CAPTURE(c.name);
    const auto x = c.tensor<float>("x0");
    const Index k = c.tensor<Index>("k").item();
    CHECK(x.topk(k).indices.to_vector() == c.tensor<Index>("largest").to_vector());
    CHECK(x.topk(k, {.largest = false}).indices.to_vector() == c.tensor<Index>("smallest").to_vector());
    CHECK(x.topk(k, {.sorted = false}).indices.to_vector() == c.tensor<Index>("unsorted").to_vector());
  }
#endif
  const Tensor<float> many = rowgrad::zeros({1000});
  const auto places = many.topk(500).indices.sort().values;
  for (Index i = 1; i < 500; ++i) CHECK(places.data()[i] > places.data()[i - 1]);  // each at most once
}

TEST_CASE("sort, topk, kthvalue, median: nothing to sort, and what is out of range") {
  const Tensor<float> none(Shape{2, 0});
  CHECK(none.sort().values.shape() == Shape{2, 0});
  CHECK(none.sort(0).indices.shape() == Shape{2, 0});
  CHECK(none.topk(0).values.shape() == Shape{2, 0});
  CHECK(rowgrad::ones({2, 3}).topk(0).values.shape() == Shape{2, 0});
  CHECK(none.median(0).values.shape() == Shape{0});
  CHECK(std::isnan(none.median().item()));
  CHECK_THROWS_AS(none.median(1), ShapeError);
  CHECK(rowgrad::ones({}).sort(-1).indices.shape() == Shape{});
  CHECK(rowgrad::ones({}).kthvalue(1).values.item() == 1);
  CHECK(rowgrad::ones({}).topk(0).values.shape() == Shape{});  // as in PyTorch
  CHECK_THROWS_WITH_AS(rowgrad::ones({2, 3}).topk(4),
                       "topk: expected k from 0 to 3, the size of dimension 1 of shape (2, 3), got 4", IndexError);
  CHECK_THROWS_AS(rowgrad::ones({2, 3}).topk(-1), IndexError);
  CHECK_THROWS_AS(rowgrad::ones({2, 3}).topk(1, 2), IndexError);
  CHECK_THROWS_AS(rowgrad::ones({2, 3}).kthvalue(0), IndexError);
  CHECK_THROWS_AS(rowgrad::ones({2, 3}).sort(2), IndexError);
}

TEST_CASE("unique: values, which of them, how many") {
  const Indices ids{{3, 1, 3}, {2, 1, 3}};
  CHECK(unique(ids).to_vector() == Numbers{1, 2, 3});
  const auto [values, inverse, counts] = unique(ids, {.return_inverse = true, .return_counts = true});
  CHECK(values.to_vector() == Numbers{1, 2, 3});
  CHECK(inverse.shape() == Shape{2, 3});
  CHECK(inverse.to_vector() == Numbers{2, 0, 2, 1, 0, 2});
  CHECK(counts.to_vector() == Numbers{2, 1, 3});
  CHECK(!unique(ids, {.return_counts = true}).inverse.defined());
  CHECK(unique(ids).shape() == Shape{3});
  CHECK(unique(Tensor<float>(Shape{0})).shape() == Shape{0});
  CHECK(unique(Tensor<float>{NAN, 1, NAN}).shape() == Shape{3});
  CHECK(unique(Mask{1, 0, 1}).to_vector() == Bits{0, 1});
  CHECK(unique_consecutive(Indices{1, 1, 2, 2, 1}).to_vector() == Numbers{1, 2, 1});
  const auto runs = unique_consecutive(Indices{{1, 1}, {2, 1}}, {.return_inverse = true, .return_counts = true});
  CHECK(runs.inverse.to_vector() == Numbers{0, 0, 1, 2});
  CHECK(runs.counts.to_vector() == Numbers{2, 1, 1});
}

TEST_CASE("bincount") {
  CHECK(bincount(Indices{1, 3, 1}).to_vector() == Numbers{0, 2, 0, 1});
  CHECK(rowgrad::bincount({1, 3, 1}, 6).to_vector() == Numbers{0, 2, 0, 1, 0, 0});
  CHECK(bincount(Indices{1, 3, 1}, Tensor<float>{0.5, 2, 1}).to_vector() == Floats{0, 1.5, 0, 2});
  CHECK(bincount(Indices(Shape{0})).shape() == Shape{0});
  CHECK(bincount(Indices(Shape{0}), Tensor<double>(Shape{0}), 2).to_vector() == std::vector<double>{0, 0});
  CHECK(Indices{0}.bincount(2).to_vector() == Numbers{1, 0});
  CHECK_THROWS_WITH_AS(bincount(Indices{1, -1}), "bincount: expected ids of at least 0, got -1 at position 1",
                       ValueError);
  CHECK_THROWS_AS(bincount(Indices{{1}}), ShapeError);
  CHECK_THROWS_AS(bincount(Indices{1}, -1), ValueError);
  CHECK_THROWS_AS(bincount(Indices{1}, Tensor<float>{1, 2}), ShapeError);
  CHECK_THROWS_AS(bincount(Indices{std::numeric_limits<Index>::max()}), ShapeError);
}

TEST_CASE("searchsorted, bucketize, isin") {
  const Tensor<float> s{1, 3, 3, 5};
  CHECK(searchsorted(s, Tensor<float>{0, 1, 3, 4, 5, 6, NAN}).to_vector() == Numbers{0, 0, 1, 3, 3, 4, 4});
  CHECK(searchsorted(s, Tensor<float>{0, 1, 3, 4, 5, 6, NAN}, true).to_vector() == Numbers{0, 1, 3, 3, 4, 4, 4});
  CHECK(searchsorted(s, 3).item() == 1);
  CHECK(searchsorted(Tensor<float>{{1, 2}, {5, 6}}, Tensor<float>{{2, 3, 0}, {2, 6, 9}}).to_vector() ==
        Numbers{1, 2, 0, 0, 1, 2});
  CHECK_THROWS_AS(searchsorted(Tensor<float>{{1, 2}, {5, 6}}, Tensor<float>{2, 3}), ShapeError);
  CHECK_THROWS_AS(searchsorted(rowgrad::ones({}), s), ShapeError);
  CHECK(bucketize(Tensor<float>{{0, 3}, {4, 9}}, {1, 3, 5}).to_vector() == Numbers{0, 1, 2, 3});
  CHECK(bucketize(Indices{3}, {1, 3, 5}, true).to_vector() == Numbers{2});
  CHECK(isin(Indices{{1, 2}, {3, 4}}, {4, 1, 1}).to_vector() == Bits{1, 0, 0, 1});
  CHECK(isin(Tensor<float>{NAN, 1}, {NAN, 1}).to_vector() == Bits{0, 1});
}
