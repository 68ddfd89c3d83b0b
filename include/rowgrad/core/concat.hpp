// What: concat(), which joins words and numbers into one string.
// Why:  messages are built from many pieces; this keeps each on one line, allocates once, and knows no locale.
// See:  error.hpp.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace rowgrad {

class Shape;
std::string to_string(const Shape& shape);

namespace detail {

/// A piece of a message as text. Numbers read as in printf's %g with as many digits as tell them apart.
class Piece {
 public:
  Piece(const char* text) noexcept : text_(text) {}         // NOLINT: pieces are written bare
  Piece(std::string_view text) noexcept : text_(text) {}    // NOLINT
  Piece(const std::string& text) noexcept : text_(text) {}  // NOLINT
  Piece(char c) noexcept : size_(1) { digits_[0] = c; }     // NOLINT
  template <typename Number>
  requires std::integral<Number> || std::floating_point<Number> Piece(Number number)
  noexcept {  // NOLINT
    size_ = static_cast<std::size_t>(std::to_chars(digits_, digits_ + sizeof digits_, number).ptr - digits_);
  }
  Piece(const Shape& shape) : owned_(rowgrad::to_string(shape)) { text_ = owned_; }  // NOLINT

  std::string_view text() const noexcept { return size_ > 0 ? std::string_view(digits_, size_) : text_; }

 private:
  std::string_view text_;
  std::string owned_;
  char digits_[32];
  std::size_t size_ = 0;
};

inline std::string join(const Piece* pieces, std::size_t count) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += pieces[i].text().size();
  std::string result;
  result.reserve(size);
  for (std::size_t i = 0; i < count; ++i) result += pieces[i].text();
  return result;
}

/// concat("expected ", 2, " rows, got ", shape): one string. Takes text, characters, numbers and shapes.
template <typename... Pieces>
std::string concat(const Pieces&... pieces) {
  const Piece list[] = {Piece(pieces)...};
  return join(list, sizeof...(pieces));
}

}  // namespace detail
}  // namespace rowgrad
