#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <rowgrad/io/float_by_strtod.hpp>
#include <rowgrad/io/float_from_chars.hpp>

namespace io = rowgrad::io;

namespace {

/// What a reader says of text: the bits of the value, where it stopped, and its error. Of a value out of range
/// libraries leave what was there, or infinity or zero: that is left out.
template <typename T, typename Read>
std::string outcome(const Read& read, const std::string& text) {
  T value = T(42);
  const auto [stop, error] = read(text.data(), text.data() + text.size(), value);
  char line[80];
  std::snprintf(line, sizeof line, "%a, %td characters, error %d",
                error == std::errc() ? static_cast<double>(value) : 42, stop - text.data(), static_cast<int>(error));
  return line;
}

template <typename T>
std::string by_strtod(const std::string& text) {
  return outcome<T>([](const char* at, const char* end, T& value) { return io::float_by_strtod(at, end, value); },
                    text);
}

template <typename T>
std::string by_from_chars(const std::string& text) {
  return outcome<T>([](const char* at, const char* end, T& value) { return io::float_from_chars(at, end, value); },
                    text);
}

}  // namespace

TEST_CASE("float_by_strtod: as std::from_chars") {
  for (const char* const text : {"0.1",
                                 "-0.1 0.2",
                                 "1",
                                 "-0",
                                 "0",
                                 "00012",
                                 ".5",
                                 "5.",
                                 "1e5",
                                 "1e+5",
                                 "1E-5",
                                 "1e",
                                 "1e+",
                                 "1.5.2",
                                 "1,5",
                                 "3.4028235e38",
                                 "1.17549435e-38",
                                 "0.30000001192092896",
                                 "16777217",
                                 "9007199254740993",
                                 "123456789012345678901234567890",
                                 "1e400",
                                 "-1e400",
                                 "1e-400",
                                 "0e400",
                                 "0.0e-400",
                                 "0.000",
                                 "",
                                 " ",
                                 " 1",
                                 "\t1",
                                 "+1",
                                 "-+1",
                                 "--1",
                                 "-",
                                 ".",
                                 "-.",
                                 "e5",
                                 "0x10",
                                 "-0X1p3",
                                 "x",
                                 "inf",
                                 "-inf",
                                 "INFINITY",
                                 "infinit",
                                 "nano",
                                 "word",
                                 "1\xc2\xa0",
                                 "1_000"}) {
    CAPTURE(text);
    CHECK(by_strtod<double>(text) == by_from_chars<double>(text));
    // Of floats near zero and beyond the largest, libraries differ in what they call out of range.
    const double value = std::fabs(std::strtod(text, nullptr));
    if (std::isinf(value) || value == 0 || (value > 1e-30 && value < 1e38))
      CHECK(by_strtod<float>(text) == by_from_chars<float>(text));
  }
  CHECK(by_strtod<float>("1e39") == "0x1.5p+5, 4 characters, error 34");
  CHECK(by_strtod<float>("1e-60x") == "0x1.5p+5, 5 characters, error 34");
  CHECK(by_strtod<float>("1e-40") == "0x1.16c2p-133, 5 characters, error 0");  // has fewer digits, and is not lost
}

TEST_CASE("float_by_strtod: reads no further than the end") {
  const char digits[] = {'1', '2', '3', '4'};
  double value = 0;
  const auto [stop, error] = io::float_by_strtod(digits, digits + 2, value);
  CHECK(error == std::errc());
  CHECK(stop == digits + 2);
  CHECK(value == 12);
}
