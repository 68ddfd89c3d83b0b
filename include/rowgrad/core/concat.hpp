// What: concat(), which joins words and numbers into one string.
// Why:  messages are built from many pieces; this keeps each on one line and ignores the locale. It is compiled once:
//       what a message costs where it is thrown is a list of plain values.
// See:  error.hpp.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace rowgrad {

class Shape;
std::string to_string(const Shape& shape);

namespace detail {

/// A piece of a message: text, a character, a number or a shape, which must outlive it. Floating
/// point numbers have the fewest digits that read back as the same number. A plain value, so that building a list of
/// them takes no code worth mentioning.
class Piece {
 public:
  Piece(const char* text) noexcept : Piece(std::string_view(text)) {}         // NOLINT: pieces are written bare
  Piece(std::string_view text) noexcept : text_(text), kind_(Kind::text) {}   // NOLINT
  Piece(const std::string& text) noexcept : Piece(std::string_view(text)) {}  // NOLINT
  Piece(const Shape& shape) noexcept : shape_{&shape, &rowgrad::to_string}, kind_(Kind::shape) {}  // NOLINT
  Piece(char c) noexcept : character_(c), kind_(Kind::character) {}                                // NOLINT
  Piece(float x) noexcept : float_(x), kind_(Kind::single) {}                                      // NOLINT
  Piece(double x) noexcept : double_(x), kind_(Kind::twice) {}                                     // NOLINT
  template <std::integral Number>
  Piece(Number n) noexcept  // NOLINT
      : natural_(static_cast<unsigned long long>(n)), kind_(std::is_signed_v<Number> ? Kind::integer : Kind::natural) {}

  void append_to(std::string& result) const {
    switch (kind_) {
      case Kind::text:
        result += text_;
        break;
      case Kind::shape:
        result += shape_.text(*shape_.shape);
        break;
      case Kind::character:
        result += character_;
        break;
      case Kind::single:
        append_number(result, float_);
        break;
      case Kind::twice:
        append_number(result, double_);
        break;
      case Kind::integer:
        append_number(result, static_cast<long long>(natural_));
        break;
      case Kind::natural:
        append_number(result, natural_);
        break;
    }
  }

 private:
  enum class Kind { text, shape, character, single, twice, integer, natural };

  template <typename Number>
  static void append_number(std::string& result, Number n) {
    char digits[32];
    result.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
  }

  struct ShapeText {
    const Shape* shape;
    std::string (*text)(const Shape&);  // so that only those who write shapes need shape.hpp
  };

  union {
    std::string_view text_;
    ShapeText shape_;
    char character_;
    float float_;
    double double_;
    unsigned long long natural_;
  };
  Kind kind_;
};

[[gnu::cold, gnu::noinline]] inline std::string join(const Piece* pieces, std::size_t count) {
  std::string result;
  result.reserve(16 * count);
  for (std::size_t i = 0; i < count; ++i) pieces[i].append_to(result);
  return result;
}

/// concat("expected ", 2, " rows, got ", shape): one string. Takes text, characters, numbers and shapes.
template <typename... Pieces>
[[gnu::always_inline]] inline std::string concat(const Pieces&... pieces) {
  const Piece list[] = {Piece(pieces)...};
  return join(list, sizeof...(pieces));
}

}  // namespace detail
}  // namespace rowgrad
