#include <doctest/doctest.h>

#include <Eigen/Core>
#include <limits>
#include <memory>

#include <rowgrad/rowgrad.hpp>

#include <support/golden.hpp>

using rowgrad::arange;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

TEST_CASE("zeros, ones, full, empty: shape and values, float unless asked otherwise") {
  const Tensor<float> z = rowgrad::zeros({2, 3});
  CHECK(z.shape() == Shape{2, 3});
  CHECK(z.to_vector() == std::vector<float>(6, 0));
  CHECK(rowgrad::ones<double>({2}).to_vector() == std::vector<double>{1, 1});
  CHECK(rowgrad::full<Index>({2, 1}, 7).to_vector() == std::vector<Index>{7, 7});
  CHECK(rowgrad::full({}, 0.5f).item() == 0.5f);
  CHECK(rowgrad::empty({4, 0}).shape() == Shape{4, 0});
  CHECK(rowgrad::zeros({}).numel() == 1);
}

TEST_CASE("zeros: of reused memory, and of a table too large for the block cache") {
  for (int i = 0; i < 3; ++i) {
    const Tensor<float> x = rowgrad::zeros({100});
    CHECK(x.to_vector() == std::vector<float>(100, 0));
    x.array() = 5;
  }
  const Tensor<double> large = rowgrad::zeros<double>({10'000'000});
  CHECK(large.data()[0] == 0);
  CHECK(large.data()[9'999'999] == 0);
  large.data()[9'999'999] = 3;
  CHECK(large.data()[9'999'999] == 3);
  CHECK(reinterpret_cast<std::uintptr_t>(large.data()) % 64 == 0);
}

TEST_CASE("arange: PyTorch's numbers, to the bit") {
  int count = 0;
  for (const golden::Case& c : golden::read("core_arange")) {
    CAPTURE(c.name);
    if (c.dtype == "int64") {
      std::istringstream arguments(c.name.substr(c.name.find('@') + 1));
      Index start, end, step;
      char underscore;
      arguments >> start >> underscore >> end >> underscore >> step;
      CHECK(golden::difference(arange(start, end, step), c.tensor<Index>("y")) == "");
    } else {
      const std::vector<double> a = c.tensor<double>("arguments").to_vector();
      if (c.dtype == "float64")
        CHECK(golden::difference(arange<double>(a[0], a[1], a[2]), c.tensor<double>("y"), {0, 0}) == "");
      else
        CHECK(golden::difference(arange<float>(a[0], a[1], a[2]), c.tensor<float>("y"), {0, 0}) == "");
    }
    ++count;
  }
  CHECK(count == 50);
  CHECK(arange<float>(0, .3, .1).numel() == 3);
  CHECK(arange(3).to_vector() == std::vector<Index>{0, 1, 2});
  CHECK(arange<float>(3).to_vector() == std::vector<float>{0, 1, 2});
  CHECK(arange(2, 4).to_vector() == std::vector<Index>{2, 3});
  CHECK(arange(0).shape() == Shape{0});
  constexpr Index least = std::numeric_limits<Index>::min(), most = std::numeric_limits<Index>::max();
  CHECK(arange(least, most, most).to_vector() == std::vector<Index>{least, -1, most - 1});
  CHECK(arange(most, least, least).to_vector() == std::vector<Index>{most, -1});
}

TEST_CASE("arange: a step that does not lead from start to end, and NaN, are a ValueError") {
  CHECK_THROWS_WITH_AS(arange(0, 5, 0), "arange: expected a step that leads from 0 to 5, got 0", rowgrad::ValueError);
  CHECK_THROWS_AS(arange(0, 5, -1), rowgrad::ValueError);
  CHECK_THROWS_AS(arange(5, 0, 1), rowgrad::ValueError);
  CHECK_THROWS_AS(arange(-1), rowgrad::ValueError);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(arange<float>(0, 1, 0), rowgrad::ValueError);
  CHECK_THROWS_AS(arange<float>(0, 1, nan), rowgrad::ValueError);
  CHECK_THROWS_AS(arange<float>(nan, 1, 1), rowgrad::ValueError);
  CHECK_THROWS_AS(arange<double>(0, infinity, 1), rowgrad::ValueError);
  CHECK_THROWS_AS(arange<double>(0, -1, .5), rowgrad::ValueError);
  CHECK_THROWS_AS(arange<double>(0, 1e300, 1e-3), rowgrad::ShapeError);
  CHECK_THROWS_AS(arange(std::numeric_limits<Index>::min(), std::numeric_limits<Index>::max()), rowgrad::ShapeError);
}

TEST_CASE("full, randint, randperm: arguments that make no sense are errors") {
  CHECK_THROWS_AS(rowgrad::full({-1}, 1.0f), rowgrad::ShapeError);
  CHECK_THROWS_WITH_AS(rowgrad::randperm(-1), "randperm: expected a number that is not negative, got -1",
                       rowgrad::ValueError);
  constexpr Index least = std::numeric_limits<Index>::min(), most = std::numeric_limits<Index>::max();
  for (const Index drawn : rowgrad::randint(least, most, {100}).to_vector()) CHECK(drawn < most);
  CHECK_THROWS_AS(rowgrad::randint(most, least, {1}), rowgrad::ValueError);
  CHECK_THROWS_WITH_AS(rowgrad::default_generator().below(0), "Generator: expected a bound of at least 1, got 0",
                       rowgrad::ValueError);
}

TEST_CASE("from_blob: the caller's memory, without a copy, given back once by the last tensor over it") {
  int given_back = 0;
  auto* const values = new float[6]{1, 2, 3, 4, 5, 6};
  const auto deleter = [&given_back](float* p) {
    ++given_back;
    delete[] p;
  };
  Tensor<float> row;
  {
    const Tensor<float> x = rowgrad::from_blob(values, {2, 3}, deleter);
    CHECK(x.data() == values);
    CHECK(x.shape() == Shape{2, 3});
    values[1] = 20;
    CHECK(x.to_vector() == std::vector<float>{1, 20, 3, 4, 5, 6});
    x.data()[0] = 10;
    CHECK(values[0] == 10);
    row = x[1];
    CHECK(!x.unique());
    CHECK(!Tensor<float>(x).unique());
  }
  CHECK(given_back == 0);
  CHECK(row.to_vector() == std::vector<float>{4, 5, 6});
  row = {};
  CHECK(given_back == 1);

  const std::vector<float> owned(3, 1.5f);
  const auto shared = std::make_shared<std::vector<float>>(owned);
  Tensor<float> y = rowgrad::from_blob(shared->data(), {3}, [shared](float*) {});
  CHECK(shared.use_count() == 2);
  CHECK((y + 1).to_vector() == std::vector<float>(3, 2.5f));
  y = {};
  CHECK(shared.use_count() == 1);
}

TEST_CASE("from_blob: no operation takes the caller's memory for scratch memory") {
  std::vector<double> values{1, 2, 3};
  Tensor<double> leaf = rowgrad::ones<double>({3}).requires_grad_();
  for (int pass = 0; pass < 2; ++pass)  // the second contribution is added to the first
    (leaf * 1).backward(rowgrad::from_blob(values.data(), {3}));
  CHECK(leaf.grad().dense().to_vector() == std::vector<double>{2, 4, 6});
  CHECK(values == std::vector<double>{1, 2, 3});
}

TEST_CASE("from_blob: addresses that no tensor can have, and shapes too large, are errors; the memory is given back") {
  int given_back = 0;
  const auto deleter = [&given_back](double*) { ++given_back; };
  alignas(double) char bytes[64] = {};
  double* const values = reinterpret_cast<double*>(bytes);
  double* const misaligned = reinterpret_cast<double*>(bytes + 4);
  CHECK_THROWS_WITH_AS(rowgrad::from_blob(static_cast<double*>(nullptr), {2}, deleter),
                       "from_blob: expected the address of values for shape (2,), got a null pointer",
                       rowgrad::ValueError);
  CHECK(given_back == 1);
  CHECK_THROWS_AS(rowgrad::from_blob(misaligned, {2}, deleter), rowgrad::ValueError);
  CHECK(given_back == 2);
  CHECK_THROWS_AS(rowgrad::from_blob(values, {Index{1} << 40, Index{1} << 40}, deleter), rowgrad::ShapeError);
  CHECK(given_back == 3);
  CHECK_THROWS_AS(rowgrad::from_blob(values, {Index{1} << 62}), rowgrad::MemoryError);
  CHECK(rowgrad::from_blob(static_cast<double*>(nullptr), {0, 3}, deleter).shape() == Shape{0, 3});
  CHECK(given_back == 4);
}

TEST_CASE("from_eigen: copies matrices of either order, vectors, arrays, expressions") {
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic> column_major(2, 3);
  column_major << 1, 2, 3, 4, 5, 6;
  const Tensor<float> x = rowgrad::from_eigen(column_major);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.to_vector() == std::vector<float>{1, 2, 3, 4, 5, 6});
  column_major(0, 0) = 100;
  CHECK(x.data()[0] == 1);
  const rowgrad::Matrix<double> row_major = rowgrad::Matrix<double>::Identity(2, 2);
  CHECK(rowgrad::from_eigen(row_major).to_vector() == std::vector<double>{1, 0, 0, 1});
  CHECK(rowgrad::from_eigen(column_major.transpose() * 2.0f).to_vector() == std::vector<float>{200, 8, 4, 10, 6, 12});
  CHECK(rowgrad::from_eigen(Eigen::VectorXd::LinSpaced(3, 0, 1)).shape() == Shape{3});
  CHECK(rowgrad::from_eigen(Eigen::RowVector3f(7, 8, 9)).to_vector() == std::vector<float>{7, 8, 9});
  CHECK(rowgrad::from_eigen(Eigen::Array22f::Constant(3)).to_vector() == std::vector<float>(4, 3));
  CHECK(rowgrad::from_eigen(Eigen::MatrixXf(0, 4)).shape() == Shape{0, 4});
}

TEST_CASE("to Eigen and back: matrix() and array() share memory") {
  const Tensor<float> x{{1, 2, 3}, {4, 5, 6}};
  Eigen::MatrixXf m = x.matrix();
  CHECK(m(1, 0) == 4);
  m(1, 0) = 40;
  CHECK(x.data()[3] == 4);
  x.matrix()(1, 0) = 44;
  x.array() *= 2;
  CHECK(x.to_vector() == std::vector<float>{2, 4, 6, 88, 10, 12});
  CHECK(rowgrad::from_eigen(x.matrix()).to_vector() == x.to_vector());
}
