#include <doctest/doctest.h>

#include <sstream>

#include <rowgrad/core/device.hpp>
#include <rowgrad/core/factory.hpp>
#include <rowgrad/core/printing.hpp>

using rowgrad::Tensor;
using rowgrad::ValueError;

TEST_CASE("there is a CPU, and no other device") {
  const rowgrad::device device(rowgrad::cuda::is_available() ? "cuda" : "cpu");
  const Tensor<float> x = rowgrad::ones({2});
  CHECK(x.to(device).data() == x.data());
  CHECK(x.to("cpu").data() == x.data());
  CHECK(x.cpu().data() == x.data());
  CHECK(x.device() == device);
  CHECK(!x.is_cuda());
  CHECK(rowgrad::cuda::device_count() == 0);
  CHECK_THROWS_WITH_AS(x.to("cuda"),
                       "device: expected \"cpu\", got \"cuda\" (rowgrad computes on the CPU; cuda::is_available() is "
                       "false)",
                       ValueError);
  CHECK_THROWS_AS(rowgrad::device("mps"), ValueError);
}

TEST_CASE("types of numbers are compared and printed") {
  CHECK(rowgrad::ones({1}).dtype() == rowgrad::float32);
  CHECK(rowgrad::ones<double>({1}).dtype() == rowgrad::float64);
  CHECK(rowgrad::ones({1}).dtype() != rowgrad::float64);
  std::ostringstream out;
  out << rowgrad::arange(3).dtype() << ' ' << rowgrad::zeros<bool>({1}).dtype() << ' ' << rowgrad::device("cpu");
  CHECK(out.str() == "torch.int64 torch.bool cpu");
}

TEST_CASE("print options are PyTorch's") {
  const rowgrad::detail::PrintedAs before = rowgrad::detail::printed_as;
  rowgrad::set_printoptions({.precision = 2, .sci_mode = 0});
  CHECK(to_string(Tensor<float>{1.234567f, 1e9f, 1e-7f}) == "tensor([         1.23, 1000000000.00,          0.00])");
  CHECK(to_string(Tensor<double>{1e308}).size() > 300);
  rowgrad::set_printoptions({.precision = 3, .threshold = 5, .edgeitems = 1, .linewidth = 40});
  Tensor<float> x = rowgrad::arange<float>(100);
  x.array() /= 3;
  CHECK(to_string(x.view_as({10, 10})) == "tensor([[ 0.,  ...,  3.],\n        ...,\n        [30.,  ..., 33.]])");
  CHECK(to_string(Tensor<float>{1.25f, 2, 3, 4, 5, 6}) == "tensor([1.250,  ..., 6.000])");
  rowgrad::set_printoptions({.linewidth = 2, .sci_mode = 1});
  CHECK(to_string(Tensor<float>{1}) == "tensor([1.000e+00])");
  CHECK_THROWS_AS(rowgrad::set_printoptions({.precision = 18}), ValueError);
  CHECK_THROWS_AS(rowgrad::set_printoptions({.edgeitems = 0}), ValueError);
  CHECK_THROWS_AS(rowgrad::set_printoptions({.linewidth = 0}), ValueError);
  rowgrad::detail::printed_as = before;
  CHECK(to_string(Tensor<float>{1.5f}) == "tensor([1.5000])");
}
