#include <doctest/doctest.h>

#include <cmath>

#include <rowgrad/core/draws.hpp>
#include <rowgrad/core/like.hpp>
#include <rowgrad/functional/cdist.hpp>
#include <rowgrad/functional/einsum.hpp>
#include <rowgrad/functional/in_place.hpp>
#include <rowgrad/functional/products.hpp>
#include <rowgrad/functional/triangle.hpp>

#include <support/golden.hpp>

using rowgrad::einsum;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
golden::Table<T> operations() {
  using In = const golden::Inputs<T>&;
  return {
      {"mm", [](In x) { return x[0].mm(x[1]); }},
      {"mv", [](In x) { return x[0].mv(x[1]); }},
      {"dot", [](In x) { return x[0].dot(x[1]); }},
      {"outer", [](In x) { return x[0].outer(x[1]); }},
      {"inner", [](In x) { return x[0].inner(x[1]); }},
      {"matmul", [](In x) { return x[0].matmul(x[1]); }},
      {"bmm", [](In x) { return x[0].bmm(x[1]); }},
      {"addmm", [](In x) { return addmm(x[0], x[1], x[2]); }},
      {"addmm_scaled", [](In x) { return addmm(x[0], x[1], x[2], {.beta = 0.5, .alpha = -2}); }},
      {"addmm_no_input", [](In x) { return addmm(x[0], x[1], x[2], {.beta = 0}); }},
      {"addmv", [](In x) { return addmv(x[0], x[1], x[2]); }},
      {"baddbmm", [](In x) { return baddbmm(x[0], x[1], x[2], {.beta = 2}); }},
      {"einsum_mm", [](In x) { return einsum("ij,jk->ik", x[0], x[1]); }},
      {"einsum_implicit", [](In x) { return einsum("ij,jk", x[0], x[1]); }},
      {"einsum_implicit_order", [](In x) { return einsum("ba", x[0]); }},
      {"einsum_transposed", [](In x) { return einsum("ij,kj->ki", x[0], x[1]); }},
      {"einsum_batch", [](In x) { return einsum("bij,bjk->bik", x[0], x[1]); }},
      {"einsum_batch_last", [](In x) { return einsum("ijb,jkb->bki", x[0], x[1]); }},
      {"einsum_dot", [](In x) { return einsum("i,i->", x[0], x[1]); }},
      {"einsum_outer", [](In x) { return einsum("i,j->ij", x[0], x[1]); }},
      {"einsum_multiply", [](In x) { return einsum("ij,ij->ij", x[0], x[1]); }},
      {"einsum_row_dots", [](In x) { return einsum("bd,bd->b", x[0], x[1]); }},
      {"einsum_scores", [](In x) { return einsum("bd,bnd->bn", x[0], x[1]); }},
      {"einsum_trace", [](In x) { return einsum("ii->", x[0]); }},
      {"einsum_trace_implicit", [](In x) { return einsum("ii", x[0]); }},
      {"einsum_diagonal", [](In x) { return einsum("bii->bi", x[0]); }},
      {"einsum_diagonal_product", [](In x) { return einsum("ii,i->i", x[0], x[1]); }},
      {"einsum_permute", [](In x) { return einsum("ijk->kij", x[0]); }},
      {"einsum_same", [](In x) { return einsum("ij->ij", x[0]); }},
      {"einsum_sum", [](In x) { return einsum("ij->", x[0]); }},
      {"einsum_sum_rows", [](In x) { return einsum("ij->j", x[0]); }},
      {"einsum_sum_before", [](In x) { return einsum("ij,k->k", x[0], x[1]); }},
      {"einsum_three", [](In x) { return einsum("ij,jk,kl->il", x[0], x[1], x[2]); }},
      {"einsum_bilinear", [](In x) { return einsum("bn,anm,bm->ba", x[0], x[1], x[2]); }},
      {"einsum_heads", [](In x) { return einsum("bqhd,bkhd->bhqk", x[0], x[1]); }},
      {"einsum_dots_batch", [](In x) { return einsum("...ij,...jk->...ik", x[0], x[1]); }},
      {"einsum_dots_both", [](In x) { return einsum("...ij,...jk->...ik", x[0], x[1]); }},
      {"einsum_dots_implicit", [](In x) { return einsum("...ij,...jk", x[0], x[1]); }},
      {"einsum_dots_sum", [](In x) { return einsum("...i->...", x[0]); }},
      {"einsum_dots_last", [](In x) { return einsum("i...->...i", x[0]); }},
      {"einsum_dots_none", [](In x) { return einsum("...i,i->...", x[0], x[1]); }},
      {"einsum_size_one", [](In x) { return einsum("ij,ij->ij", x[0], x[1]); }},
      {"einsum_size_one_summed", [](In x) { return einsum("ij,jk->ik", x[0], x[1]); }},
      {"einsum_upper", [](In x) { return einsum("aB,Bc", x[0], x[1]); }},
      {"einsum_spaces", [](In x) { return einsum(" i j , j k -> i k ", x[0], x[1]); }},
      {"einsum_scalar", [](In x) { return einsum(",i->i", x[0], x[1]); }},
      {"einsum_empty", [](In x) { return einsum("ij,jk->ik", x[0], x[1]); }},
      {"einsum_repeated_four", [](In x) { return einsum("ij,jk,ki->i", x[0], x[1], x[2]); }},
      {"cdist_2", [](In x) { return cdist(x[0], x[1], 2); }},
      {"cdist_1", [](In x) { return cdist(x[0], x[1], 1); }},
      {"cdist_3", [](In x) { return cdist(x[0], x[1], 3); }},
      {"cdist_1_5", [](In x) { return cdist(x[0], x[1], 1.5); }},
      {"cdist_0_5", [](In x) { return cdist(x[0], x[1], 0.5); }},
      {"cdist_0", [](In x) { return cdist(x[0], x[1], 0); }},
      {"cdist_inf", [](In x) { return cdist(x[0], x[1], INFINITY); }},
      {"triu_0", [](In x) { return x[0].triu(0); }},
      {"tril_0", [](In x) { return x[0].tril(0); }},
      {"diag_0", [](In x) { return x[0].diag(0); }},
      {"triu_1", [](In x) { return x[0].triu(1); }},
      {"tril_1", [](In x) { return x[0].tril(1); }},
      {"diag_1", [](In x) { return x[0].diag(1); }},
      {"triu_minus1", [](In x) { return x[0].triu(-1); }},
      {"tril_minus1", [](In x) { return x[0].tril(-1); }},
      {"diag_minus1", [](In x) { return x[0].diag(-1); }},
      {"triu_9", [](In x) { return x[0].triu(9); }},
      {"tril_9", [](In x) { return x[0].tril(9); }},
      {"diag_9", [](In x) { return x[0].diag(9); }},
      {"triu_minus9", [](In x) { return x[0].triu(-9); }},
      {"tril_minus9", [](In x) { return x[0].tril(-9); }},
      {"diag_minus9", [](In x) { return x[0].diag(-9); }},
  };
}

template <typename T>
void check_draws() {
  using In = const golden::Inputs<T>&;
  const golden::Table<T> table = {
      {"bernoulli", [](In x) { return bernoulli(x[0]); }},
      {"bernoulli_", [](In x) { return x[0].bernoulli_(0.3); }},
      {"exponential_", [](In x) { return x[0].exponential_(2.5); }},
      {"normal", [](In x) { return normal(x[0], x[1]); }},
      {"normal_mean", [](In x) { return normal(x[0], 0.5); }},
      {"linspace", [](In) { return rowgrad::linspace<T>(-1.3, 4.7, 23); }},
      {"linspace_one", [](In) { return rowgrad::linspace<T>(-1.3, 4.7, 1); }},
      {"linspace_two", [](In) { return rowgrad::linspace<T>(-1.3, 4.7, 2); }},
      {"linspace_back", [](In) { return rowgrad::linspace<T>(3, 0, 7); }},
      {"linspace_none", [](In) { return rowgrad::linspace<T>(3, 0, 0); }},
      {"eye", [](In) { return rowgrad::eye<T>(2, 3); }},
  };
  for (const golden::Case& c : golden::read("core_draws")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    rowgrad::manual_seed(5);
    const golden::Inputs<T> x(c);
    const std::string op = c.op();
    if (op.starts_with("multinomial")) {
      const Indices y = multinomial(x[0], op[12] - '0', op.ends_with("again"));
      CHECK(golden::difference(y, c.tensor<Index>("y")) == "");
    } else {
      const bool normal = op.starts_with("normal");  // Eigen's and the system's cosine differ in the last bits
      CHECK(golden::difference(table.at(op)(x), c.tensor<T>("y"),
                               normal ? golden::Tolerance{2e-6, 2e-6} : golden::Tolerance{0, 0}) == "");
    }
  }
}

}  // namespace

TEST_CASE("products agree with PyTorch") {
  golden::check("functional_products", operations<double>());
  golden::check("functional_products", operations<float>());
}

TEST_CASE("draws agree with PyTorch's") {
  check_draws<double>();
  check_draws<float>();
}

TEST_CASE("tensors from numbers have PyTorch's types") {
  static_assert(std::is_same_v<decltype(rowgrad::tensor(3.14)), Tensor<float>>);
  static_assert(std::is_same_v<decltype(rowgrad::tensor(3)), Indices>);
  static_assert(std::is_same_v<decltype(rowgrad::tensor(true)), rowgrad::Mask>);
  static_assert(std::is_same_v<decltype(rowgrad::tensor<double>(3)), Tensor<double>>);
  CHECK(rowgrad::tensor(3.5).item() == 3.5f);
  CHECK(rowgrad::tensor(3.5).shape() == Shape{});
  CHECK(rowgrad::tensor({1., 2.}).to_vector() == std::vector<float>{1, 2});
  CHECK(rowgrad::tensor({{1, 2, 3}, {3, 4, 5}}).shape() == Shape{2, 3});
  CHECK(rowgrad::tensor<double>({{1, 2}, {3, 4}}).to_vector() == std::vector<double>{1, 2, 3, 4});
  CHECK(rowgrad::tensor(std::vector<std::vector<double>>{{1, 2}}).shape() == Shape{1, 2});
  CHECK(rowgrad::tensor(std::vector<int>{1, 2}).to_vector() == std::vector<Index>{1, 2});
  CHECK_THROWS_AS(rowgrad::tensor({{1, 2}, {3}}), ShapeError);
  const auto x = rowgrad::rand({2, 3});
  CHECK(zeros_like(x).shape() == x.shape());
  CHECK(ones_like(x).array().sum() == 6);
  CHECK(full_like(x, 2).array().sum() == 12);
  CHECK(empty_like(x).shape() == x.shape());
  rowgrad::manual_seed(1);
  const auto a = rowgrad::rand({2, 3}), b = rowgrad::randn({2, 3}), c = rowgrad::normal(0, 1, {2, 3});
  rowgrad::manual_seed(1);
  CHECK(rand_like(x).to_vector() == a.to_vector());
  CHECK(randn_like(x).to_vector() == b.to_vector());
  CHECK(randn_like(x).to_vector() == c.to_vector());
  CHECK(rowgrad::eye(2).to_vector() == std::vector<float>{1, 0, 0, 1});
  CHECK(rowgrad::eye<Index>(0).numel() == 0);
  CHECK_THROWS_AS(rowgrad::eye(-1), ValueError);
  CHECK_THROWS_AS(rowgrad::linspace(0, 1, -1), ValueError);
}

TEST_CASE("factors that do not fit are an error") {
  const Tensor<float> v = rowgrad::ones({3}), m = rowgrad::ones({2, 3}), cube = rowgrad::ones({2, 2, 3});
  CHECK_THROWS_AS(m.mm(m), ShapeError);
  CHECK_THROWS_AS(m.mm(v), ShapeError);
  CHECK_THROWS_AS(m.mv(m), ShapeError);
  CHECK_THROWS_AS(v.dot(m), ShapeError);
  CHECK_THROWS_AS(v.dot(rowgrad::ones({2})), ShapeError);
  CHECK_THROWS_AS(m.outer(v), ShapeError);
  CHECK_THROWS_AS(m.inner(rowgrad::ones({2})), ShapeError);
  CHECK_THROWS_AS(addmm(rowgrad::ones({3, 2, 2}), m, m.t()), ShapeError);
  CHECK_THROWS_AS(addmm(v, m, m.t()), ShapeError);
  CHECK_THROWS_AS(v.triu(), ShapeError);
  CHECK_THROWS_AS(cube.diag(), ShapeError);
  CHECK_THROWS_AS(cdist(v, m), ShapeError);
  CHECK_THROWS_AS(cdist(m, m.t()), ShapeError);
  CHECK_THROWS_AS(cdist(m, m, -1), ValueError);
  CHECK_THROWS_AS(cdist(m, m, NAN), ValueError);
}

TEST_CASE("an equation that makes no sense is an error") {
  const Tensor<float> m = rowgrad::ones({2, 3}), square = rowgrad::ones({2, 2});
  CHECK_THROWS_AS(einsum("ij,jk->ik", m), ShapeError);
  CHECK_THROWS_AS(einsum("ij->ij", m, m), ShapeError);
  CHECK_THROWS_AS(einsum("ijk->ij", m), ShapeError);
  CHECK_THROWS_AS(einsum("i->i", m), ShapeError);
  CHECK_THROWS_WITH_AS(einsum("ij,jk->ik", m, m), "einsum: dimension j of \"ij,jk->ik\" has sizes 3 and 2", ShapeError);
  CHECK_THROWS_AS(einsum("ii", m), ShapeError);
  CHECK_THROWS_AS(einsum("ij->ik", m), ValueError);
  CHECK_THROWS_AS(einsum("ij->ii", m), ValueError);
  CHECK_THROWS_AS(einsum("i1->i", m), ValueError);
  CHECK_THROWS_AS(einsum("ij->i->j", m), ValueError);
  CHECK_THROWS_AS(einsum("..ij->ij", m), ValueError);
  CHECK_THROWS_AS(einsum("...i...->i", m), ValueError);
  CHECK_THROWS_AS(einsum("...ijk->ij", m), ShapeError);
  CHECK_THROWS_AS(einsum<float>("", std::vector<Tensor<float>>{}), ShapeError);
  CHECK(einsum("ij,ij->", std::vector<Tensor<float>>{square, square}).item() == 4);
}

TEST_CASE("weights that are no distribution are an error") {
  CHECK_THROWS_AS(multinomial(Tensor<float>{1, -1}, 1), ValueError);
  CHECK_THROWS_AS(multinomial(Tensor<float>{0, 0}, 1), ValueError);
  CHECK_THROWS_AS(multinomial(Tensor<float>{0, 0}, 3, true), ValueError);
  CHECK_THROWS_AS(multinomial(Tensor<float>{1, NAN}, 3, true), ValueError);
  CHECK_THROWS_AS(multinomial(Tensor<float>{1, INFINITY}, 1), ValueError);
  CHECK_THROWS_AS(multinomial(Tensor<float>{1, 1}, 3), ValueError);
  CHECK_THROWS_AS(multinomial(Tensor<float>{1, 1}, 0), ValueError);
  CHECK_THROWS_AS(multinomial(rowgrad::ones({1, 2, 3}), 1), ShapeError);
  CHECK_THROWS_AS(multinomial(rowgrad::ones({0}), 1), ValueError);
  CHECK(multinomial(rowgrad::ones({0, 3}), 2).shape() == Shape{0, 2});
  CHECK_THROWS_AS(bernoulli(Tensor<float>{0.5f, 1.5f}), ValueError);
  CHECK_THROWS_AS(rowgrad::ones({2}).bernoulli_(-0.1), ValueError);
  CHECK_THROWS_AS(rowgrad::ones({2}).exponential_(0), ValueError);
  CHECK_THROWS_AS(rowgrad::normal(0, -1, {2}), ValueError);
  CHECK_THROWS_AS(normal(rowgrad::ones({2}), rowgrad::ones({3})), ShapeError);
}
