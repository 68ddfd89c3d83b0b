#include <doctest/doctest.h>

#include <rowgrad/core/threads.hpp>
#include <rowgrad/machine/product.hpp>
#include <rowgrad/rowgrad.hpp>

using rowgrad::Index;
using rowgrad::Matrix;
using rowgrad::MatrixMap;
using rowgrad::Tensor;
using rowgrad::detail::product;
using rowgrad::detail::Write;

namespace {
struct Size {
  Index rows, columns, depth;
};
// Around the edges of the small, the plain and the split product.
const Size sizes[] = {{1, 1, 1},       {2, 3, 4},       {7, 5, 7},      {16, 16, 1},      {16, 16, 2},
                      {1, 300, 40},    {300, 1, 40},    {64, 191, 9},   {192, 192, 2},    {192, 193, 64},
                      {193, 192, 64},  {193, 20, 64},   {20, 500, 100}, {500, 20, 100},   {1, 1000, 500},
                      {1000, 1, 500},  {384, 10, 300},  {10, 385, 300}, {3, 4, 20'000},   {577, 579, 31},
                      {200, 200, 200}, {32, 100, 3200}, {100, 400, 0},  {0, 5, 3},        {5, 0, 3},
                      {256, 4, 1000},  {2, 1, 40'000},  {1, 1, 30'000}, {64, 48, 17'000}, {530, 210, 9000}};

Tensor<float> random(Index rows, Index columns, std::uint64_t seed) {
  rowgrad::Generator generator(seed);
  return rowgrad::randn({rows, columns}, generator);
}
bool same_bits(const Tensor<float>& a, const Tensor<float>& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.numel()) * sizeof(float)) == 0;
}
}  // namespace

TEST_CASE("product: what a loop in double says, for plain and transposed operands, assigned and added") {
  for (const Size& size : sizes) {
    const Index rows = size.rows, columns = size.columns, depth = size.depth;
    CAPTURE(rows);
    CAPTURE(columns);
    CAPTURE(depth);
    const Tensor<float> a = random(rows, depth, 1), b = random(depth, columns, 2), start = random(rows, columns, 3);
    const Matrix<double> expected = a.matrix().cast<double>() * b.matrix().cast<double>();
    const auto close = [&](const Tensor<float>& c, const Matrix<double>& wanted) {
      return c.numel() == 0 ||
             (c.matrix().cast<double>() - wanted).cwiseAbs().maxCoeff() < 1e-5 * (10 + static_cast<double>(depth));
    };
    const Tensor<float> c(rowgrad::Shape{rows, columns});
    c.array().setConstant(1e30f);
    product(c.matrix(), a.matrix(), b.matrix());
    CHECK(close(c, expected));

    const Tensor<float> at = rowgrad::from_eigen(a.matrix().transpose().eval()),
                        bt = rowgrad::from_eigen(b.matrix().transpose().eval());
    const Tensor<float> ct(rowgrad::Shape{rows, columns});
    product(ct.matrix(), MatrixMap<float>(at.data(), depth, rows).transpose(), b.matrix());
    CHECK(close(ct, expected));
    product(ct.matrix(), a.matrix(), MatrixMap<float>(bt.data(), columns, depth).transpose());
    CHECK(close(ct, expected));

    const Tensor<float> sum = start.clone();
    product(sum.matrix(), a.matrix(), b.matrix(), Write::add);
    CHECK(close(sum, expected + start.matrix().cast<double>()));
  }
}

TEST_CASE("product: the same bits at any number of threads") {
  const int before = rowgrad::get_num_threads();
  for (const Size& size : sizes) {
    const Index rows = size.rows, columns = size.columns, depth = size.depth;
    CAPTURE(rows);
    CAPTURE(columns);
    CAPTURE(depth);
    const Tensor<float> a = random(rows, depth, 1), b = random(depth, columns, 2), bt = random(columns, depth, 4);
    const auto results = [&](int threads) {
      rowgrad::set_num_threads(threads);
      std::vector<Tensor<float>> all;
      for (int k = 0; k < 3; ++k) all.push_back(rowgrad::zeros({rows, columns}));
      product(all[0].matrix(), a.matrix(), b.matrix());
      product(all[1].matrix(), a.matrix(), bt.matrix().transpose());
      product(all[2].matrix(), a.matrix(), b.matrix(), Write::add);
      return all;
    };
    const auto one = results(1);
    for (const int threads : {2, 3, 5}) {
      CAPTURE(threads);
      const auto more = results(threads);
      for (std::size_t k = 0; k < one.size(); ++k) CHECK(same_bits(one[k], more[k]));
    }
  }
  rowgrad::set_num_threads(before);
}

TEST_CASE("product: a sum of millions of terms keeps its digits") {
  constexpr Index n = 3'000'001;
  const double expected = static_cast<double>(n) * static_cast<double>(0.1F);
  for (const auto& size : {std::pair<Index, Index>{1, 1}, {2, 1}, {1, 3}, {3, 4}}) {
    const Index rows = size.first, columns = size.second;  // Clang 14 captures no structured bindings
    CAPTURE(rows);
    CAPTURE(columns);
    const Tensor<float> a = rowgrad::full<float>({n, rows}, 0.1F), b = rowgrad::ones<float>({n, columns});
    for (const Write write : {Write::assign, Write::add}) {
      const Tensor<float> c = rowgrad::ones<float>({rows, columns});
      product(c.matrix(), a.matrix().transpose(), b.matrix(), write);
      for (const float value : c.to_vector())
        CHECK(value == doctest::Approx(expected + (write == Write::add ? 1 : 0)).epsilon(1e-5));
    }
  }
}

TEST_CASE("product: up to 8192 terms are added in order, 256 at a time") {
  constexpr Index depth = 8192;
  const Tensor<float> a = random(12, depth, 1), b = random(depth, 20, 2);
  const Tensor<float> c = rowgrad::zeros({12, 20}), parts = rowgrad::zeros({12, 20});
  product(c.matrix(), a.matrix(), b.matrix());
  for (Index k = 0; k < depth; k += 256)
    product(parts.matrix(), rowgrad::slice(a, 1, k, k + 256).matrix(), rowgrad::slice(b, 0, k, k + 256).matrix(),
            Write::add);
  CHECK(same_bits(c, parts));
}
