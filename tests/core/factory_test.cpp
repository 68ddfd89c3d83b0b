#include <doctest/doctest.h>

#include <Eigen/Core>

#include <rowgrad/core/factory.hpp>

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

TEST_CASE("arange: PyTorch's numbers") {
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
      CHECK(golden::difference(arange<double>(a[0], a[1], a[2]), c.tensor<double>("y"), {1e-15, 0}) == "");
    }
  }
  CHECK(arange(3).to_vector() == std::vector<Index>{0, 1, 2});
  CHECK(arange<float>(3).to_vector() == std::vector<float>{0, 1, 2});
  CHECK(arange(2, 4).to_vector() == std::vector<Index>{2, 3});
  CHECK(arange(0).shape() == Shape{0});
}

TEST_CASE("arange: a step that does not lead from start to end is a ValueError") {
  CHECK_THROWS_AS(arange(0, 5, 0), rowgrad::ValueError);
  CHECK_THROWS_AS(arange(0, 5, -1), rowgrad::ValueError);
  CHECK_THROWS_AS(arange(5, 0, 1), rowgrad::ValueError);
  CHECK_THROWS_AS(arange(-1), rowgrad::ValueError);
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
