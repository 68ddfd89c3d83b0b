// The 16-bit formats, value by value, and the conversion of every type of a file to every scalar.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <rowgrad/io/convert.hpp>

using rowgrad::Index;
using namespace rowgrad::io;
namespace detail = rowgrad::io::detail;

namespace {

/// A format's value by its definition.
double by_definition(unsigned bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = std::ldexp(static_cast<double>(bits & ((1u << fraction_bits) - 1)), -fraction_bits);
  double value = exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
  if (exponent == (1 << exponent_bits) - 1)
    value = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return (bits & 0x8000u) != 0 ? -value : value;
}

template <typename Format>
void check_format(int exponent_bits) {
  int wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const double value = Format::to_double(half), expected = by_definition(bits, exponent_bits);
    const bool same =
        std::isnan(expected) ? std::isnan(value) : value == expected && std::signbit(value) == std::signbit(expected);
    if (!same) ++wrong;
    const std::uint16_t back = Format::from_double(value);
    if (std::isnan(expected) ? !std::isnan(Format::to_double(back)) : back != half) ++wrong;
    if ((bits & 0x7fffu) == 0x7fffu || std::isnan(expected)) continue;
    const double next = by_definition(bits + 1, exponent_bits);
    if (!std::isfinite(next)) continue;
    // Half way to the next value goes to the even one, a little less or more to the nearer.
    const double middle = (value + next) / 2;
    const std::uint16_t even = (bits & 1) == 0 ? half : static_cast<std::uint16_t>(bits + 1);
    if (Format::from_double(middle) != even) ++wrong;
    if (Format::from_double(std::nextafter(middle, value)) != half) ++wrong;
    if (Format::from_double(std::nextafter(middle, next)) != bits + 1) ++wrong;
  }
  CHECK(wrong == 0);
}

template <typename T>
std::vector<T> converted(DType type, const std::string& bytes) {
  std::vector<T> values(bytes.size() / size_of(type));
  CHECK(detail::convert(bytes.data(), type, static_cast<Index>(values.size()), values.data()) ==
        static_cast<Index>(values.size()));
  return values;
}

}  // namespace

TEST_CASE("F16: all 65,536 values, and rounding to the nearest, ties to even") { check_format<detail::Half>(5); }
TEST_CASE("BF16: all 65,536 values, and rounding to the nearest, ties to even") { check_format<detail::BFloat16>(8); }

TEST_CASE("16-bit formats: what is too large becomes infinite, what is too small zero with its sign") {
  CHECK(detail::Half::from_double(65519.99) == 0x7bff);  // the largest number
  CHECK(detail::Half::from_double(65520) == 0x7c00);     // half way to what would be the next one
  CHECK(detail::Half::from_double(-1e300) == 0xfc00);
  CHECK(detail::Half::from_double(std::ldexp(1, -25)) == 0);  // half of the least number, to even
  CHECK(detail::Half::from_double(std::nextafter(std::ldexp(1, -25), 1)) == 1);
  CHECK(detail::Half::from_double(-5e-324) == 0x8000);
  CHECK(detail::BFloat16::from_double(3.4e38) == 0x7f80);
  CHECK(detail::BFloat16::from_double(1e-45) == 0x0000);
}

TEST_CASE("conversion reads the least byte first, at any alignment") {
  const std::string four("\x01\x02\x03\x80", 4), padded = "x" + four;
  CHECK(detail::load<std::int32_t>(padded.data() + 1) == static_cast<std::int32_t>(0x80030201));
  CHECK(converted<Index>(DType::i16, four) == std::vector<Index>{0x0201, -0x7ffd});
  CHECK(converted<Index>(DType::u8, four) == std::vector<Index>{1, 2, 3, 128});
  CHECK(converted<Index>(DType::i8, four) == std::vector<Index>{1, 2, 3, -128});
  CHECK(converted<float>(DType::i8, four) == std::vector<float>{1, 2, 3, -128});
  CHECK(converted<double>(DType::boolean, std::string("\0\1\2", 3)) == std::vector<double>{0, 1, 1});
  CHECK(converted<float>(DType::f16, std::string("\x00\x3c\x00\xc0", 4)) == std::vector<float>{1, -2});
  CHECK(converted<double>(DType::bf16, std::string("\x80\x3f\x00\xc0", 4)) == std::vector<double>{1, -2});
  char bytes[8];
  detail::store(1.5, bytes);
  CHECK(converted<float>(DType::f64, std::string(bytes, 8)) == std::vector<float>{1.5f});
}

TEST_CASE("conversion of whole numbers stops before the first that does not fit") {
  char bytes[24];
  detail::store(std::int64_t{5}, bytes);
  detail::store(std::int64_t{1} << 40, bytes + 8);
  detail::store(std::int64_t{7}, bytes + 16);
  std::int32_t values[3] = {-1, -1, -1};
  CHECK(detail::convert(bytes, DType::i64, 3, values) == 1);
  CHECK(values[0] == 5);
  CHECK(values[1] == -1);
  CHECK(detail::converts(DType::i64, DType::f32));
  CHECK_FALSE(detail::converts(DType::f32, DType::i64));
}

TEST_CASE("every type becomes every other that can hold it, however many values there are") {
  const auto bytes_as = [](DType type, const std::vector<double>& values) {
    std::string bytes(values.size() * size_of(type), '\0');
    const auto count = static_cast<Index>(values.size());
    std::vector<std::int64_t> whole(values.begin(), values.end());
    const Index done = is_whole(type) ? detail::narrow(whole.data(), count, type, bytes.data())
                                      : detail::narrow(values.data(), count, type, bytes.data());
    CHECK(done == count);
    detail::to_file_order(bytes.data(), count, type);
    return bytes;
  };
  for (int from = 0; from <= static_cast<int>(DType::u16); ++from)
    for (int to = 0; to <= static_cast<int>(DType::u16); ++to) {
      const auto type = static_cast<DType>(from), wanted = static_cast<DType>(to);
      if (!detail::converts(type, wanted)) continue;
      CAPTURE(name_of(type));
      CAPTURE(name_of(wanted));
      std::vector<double> values, expected;
      for (int i = 0; i < 1500; ++i) {
        values.push_back(i % 7 == 0 ? 0 : type == DType::boolean ? 1 : i % 100);
        expected.push_back(wanted == DType::boolean ? values.back() != 0 : values.back());
      }
      const std::string bytes = bytes_as(type, values);
      std::string got(values.size() * size_of(wanted), 'x');
      REQUIRE(detail::convert_from_file(bytes.data(), type, 1500, got.data(), wanted) == 1500);
      CHECK(got == bytes_as(wanted, expected));
    }
}

TEST_CASE("64 bits are rounded once, and those of U64 are no negative numbers") {
  char bytes[8];
  // A little more than half way between two floats, but no double tells it from half way.
  detail::store((std::int64_t{1} << 54) + (std::int64_t{1} << 30) + 1, bytes);
  CHECK(converted<float>(DType::i64, std::string(bytes, 8))[0] == std::ldexp(1.0f, 54) + std::ldexp(1.0f, 31));
  CHECK(converted<float>(DType::u64, std::string(bytes, 8))[0] == std::ldexp(1.0f, 54) + std::ldexp(1.0f, 31));
  detail::store((std::uint64_t{1} << 63) + (std::uint64_t{1} << 39) + 1, bytes);
  CHECK(converted<float>(DType::u64, std::string(bytes, 8))[0] == std::ldexp(1.0f, 63) + std::ldexp(1.0f, 40));
  CHECK(converted<double>(DType::u64, std::string(bytes, 8))[0] == std::ldexp(1.0, 63) + std::ldexp(1.0, 39));
  CHECK(converted<float>(DType::i64, std::string(bytes, 8))[0] == -std::ldexp(1.0f, 63) + std::ldexp(1.0f, 39));
  Index whole = 3;
  CHECK(detail::convert(bytes, DType::u64, 1, &whole) == 0);
  CHECK(whole == 3);
  std::vector<std::int16_t> many(1500, 5);
  std::string wide(1500 * 8, '\0');
  for (int i = 0; i < 1500; ++i) detail::store(std::int64_t{i == 700 ? 40'000 : i}, wide.data() + 8 * i);
  CHECK(detail::convert(wide.data(), DType::i64, 1500, many.data()) == 700);
  CHECK(many[699] == 699);
  CHECK(many[700] == 5);
}
