#include <doctest/doctest.h>

#include <sstream>

#include <rowgrad/rowgrad.hpp>

#include <support/golden.hpp>

using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {
// The tensor of a case: its values, or 0, 1, 2, ... over a divisor.
template <typename T>
Tensor<T> tensor_of(const golden::Case& c) {
  if (c.has("x")) return c.tensor<T>("x");
  Shape shape;
  for (const Index size : c.tensor<Index>("shape").to_vector()) shape.append(size);
  const Tensor<T> x(shape);
  const T divisor = static_cast<T>(c.tensor<Index>("divisor").item());
  for (Index i = 0; i < x.numel(); ++i) x.data()[i] = static_cast<T>(i) / divisor;
  return x;
}

template <typename T>
std::string printed(const golden::Case& c) {
  const Tensor<T> x = tensor_of<T>(c);
  if constexpr (std::is_floating_point_v<T>) {
    const std::string kind = c.name.substr(0, c.name.find('_'));
    if (kind == "graph@" || kind == "graph" || kind == "leaf@" || kind == "leaf") x.requires_grad_();
    if (c.op() == "graph_scalar") return to_string(x.sum());
    if (kind == "graph") {  // the file holds the result
      const Tensor<T> before = x - 1;
      return to_string(before.detach().requires_grad_() + 1);
    }
  }
  return to_string(x);
}
}  // namespace

TEST_CASE("tensors print as in PyTorch") {
  int count = 0;
  for (const golden::Case& c : golden::read("core_printing")) {
    CAPTURE(c.name);
    const std::string text = c.dtype == "int64"     ? printed<Index>(c)
                             : c.dtype == "float64" ? printed<double>(c)
                                                    : printed<float>(c);
    CHECK(text == c.text("repr"));
    ++count;
  }
  CHECK(count > 50);
}

TEST_CASE("an undefined tensor prints, and streams print what to_string says") {
  CHECK(to_string(Tensor<float>()) == "tensor(undefined)");
  std::ostringstream out;
  out << Tensor<float>{1, 2.5} << ' ' << Shape{2, 3} << ' ' << Shape{4} << ' ' << Shape{};
  CHECK(out.str() == "tensor([1.0000, 2.5000]) (2, 3) (4,) ()");
}
