#include <doctest/doctest.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <locale>
#include <sstream>

#include <rowgrad/rowgrad.hpp>

#include <support/golden.hpp>
#include <support/temporary_file.hpp>

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
// A locale with a decimal comma, made on the spot where the system has none and can.
bool set_locale_with_commas() {
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"})
    if (std::setlocale(LC_NUMERIC, name) != nullptr) return true;
#ifdef __linux__
  const TemporaryFile unique;
  const std::string directory = unique.path() + ".locale", command = "localedef -f UTF-8 -i de_DE " + directory;
  const bool made =
      std::filesystem::create_directory(directory) && std::system((command + "/de_DE 2>/dev/null").c_str()) == 0;
  ::setenv("LOCPATH", directory.c_str(), 1);
  const bool set = made && std::setlocale(LC_NUMERIC, "de_DE") != nullptr;
  ::unsetenv("LOCPATH");
  std::filesystem::remove_all(directory);
  return set;
#else
  return false;
#endif
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

TEST_CASE("printing does not follow the program's locale") {
  const Tensor<float> x{0.5f, 1.25f, 1234.5f}, whole{1, 20'000}, spread{1e-6f, 1e6f};
  const std::string before = to_string(x) + to_string(whole) + to_string(spread) + rowgrad::detail::python_float(0.5);
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::locale cxx = std::locale::global(std::locale(std::locale::classic(), new Comma));
  std::string c = std::setlocale(LC_NUMERIC, nullptr);
  const bool commas = set_locale_with_commas();
  std::ostringstream out;
  out << x << whole << spread << rowgrad::detail::python_float(0.5);
  std::setlocale(LC_NUMERIC, c.c_str());
  std::locale::global(cxx);
  CHECK(out.str() == before);
  if (!commas) MESSAGE("no locale with a decimal comma here: only C++'s part was tested");
}

TEST_CASE("python_float: Python's repr") {
  using rowgrad::detail::python_float;
  const std::pair<double, const char*> expected[] = {{0.1, "0.1"},
                                                     {1, "1.0"},
                                                     {0, "0.0"},
                                                     {-0.0, "-0.0"},
                                                     {100'000, "100000.0"},
                                                     {1e15, "1000000000000000.0"},
                                                     {1e16, "1e+16"},
                                                     {123456789.125, "123456789.125"},
                                                     {1e-4, "0.0001"},
                                                     {1e-5, "1e-05"},
                                                     {-1.5e-7, "-1.5e-07"},
                                                     {1e300, "1e+300"},
                                                     {5e-324, "5e-324"},
                                                     {1.0 / 3, "0.3333333333333333"},
                                                     {0.00012345678901234567, "0.00012345678901234567"},
                                                     {9007199254740993.0, "9007199254740992.0"},
                                                     {-1e22, "-1e+22"}};
  for (const auto& [value, text] : expected) CHECK(python_float(value) == text);
  CHECK(python_float(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(python_float(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(python_float(std::numeric_limits<double>::quiet_NaN()) == "nan");
}
