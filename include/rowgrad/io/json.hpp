// What: JsonReader, which walks through a JSON text and gives its values to whoever knows what to expect.
// Why:  headers of weight files are JSON of a known form; nothing is built that the caller did not ask for, so memory
// is
//       bounded by the text, and a text nested a hundred thousand deep is no deeper here than one.
// See:  safetensors.hpp; RFC 8259.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/error.hpp>

namespace rowgrad::io::detail {

/// Reads a text from front to back. Every call takes one value; ParseError, with the byte at which it stood, when
/// something else came.
class JsonReader {
 public:
  /// `where` names the text in messages: "header".
  JsonReader(std::string_view text, std::string path, std::string where)
      : text_(text), path_(std::move(path)), where_(std::move(where)) {}

  /// member(key) for each member of an object, in order; it must take the value.
  template <typename Member>
  void object(const Member& member) {
    take('{', "an object");
    if (try_take('}')) return;
    do {
      space();
      const std::string key = string();
      take(':', "':' after a key");
      member(key);
    } while (try_take(','));
    take('}', "',' or '}'");
  }

  /// element() for each element of an array; it must take the value.
  template <typename Element>
  void array(const Element& element) {
    take('[', "an array");
    if (try_take(']')) return;
    do {
      element();
    } while (try_take(','));
    take(']', "',' or ']'");
  }

  /// A string, escapes resolved, as UTF-8.
  std::string string() {
    take('"', "a string");
    std::string result;
    for (;;) {
      if (at_ >= text_.size()) fail("'\"' at the end of a string");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) fail("no control character in a string");
      ++at_;
      if (c == '"') return result;
      if (c == '\\')
        escape(result);
      else
        result += c;
    }
  }

  /// A whole number from 0 to 2^63 - 1, written without sign, fraction or exponent.
  std::int64_t size() {
    space();
    const std::size_t first = at_;
    std::int64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const int digit = text_[at_] - '0';
      if (value > (INT64_MAX - digit) / 10) fail("a whole number below 2^63");
      value = value * 10 + digit;
    }
    const bool leading_zero = at_ > first + 1 && text_[first] == '0';
    if (at_ == first || leading_zero || (at_ < text_.size() && is_of_number(text_[at_]))) {
      at_ = first;
      fail("a whole number, not negative");
    }
    return value;
  }

  /// A string; any other value as it is written.
  std::string text() {
    if (next_is('"')) return string();
    const std::size_t first = at_;
    skip();
    return std::string(text_.substr(first, at_ - first));
  }

  /// Passes over one value of any kind, without recursion.
  void skip() {
    std::string open;  // the brackets the place is within
    do {
      space();
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      if (c == '{' || c == '[') {
        ++at_;
        open += c;
        if (!next_is(c == '{' ? '}' : ']')) {
          if (c == '{') key();
          continue;
        }
      } else {
        skip_scalar(c);
      }
      while (!open.empty()) {  // after a value: another one, or the end of what it is in
        if (try_take(',')) {
          if (open.back() == '{') key();
          break;
        }
        take(open.back() == '{' ? '}' : ']', "',' or the end of an object or array");
        open.pop_back();
      }
    } while (!open.empty());
  }

  /// Nothing but white space may follow.
  void end() {
    space();
    if (at_ < text_.size()) fail("nothing more");
  }

  /// Throws: "path: where, byte N: expected ..., got ...".
  [[noreturn]] void fail(std::string_view expected) const {
    const std::string got = at_ >= text_.size() ? std::string("the end") : concat("'", printable(text_[at_]), "'");
    throw ParseError(path_, 0, concat(where_, ", byte ", at_, ": expected ", expected, ", got ", got));
  }

 private:
  using Text = std::string_view;
  template <typename... Pieces>
  static std::string concat(const Pieces&... pieces) {
    return rowgrad::detail::concat(pieces...);
  }
  static char printable(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 ? '?' : c; }
  static bool is_of_number(char c) noexcept {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
  }

  void space() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool next_is(char c) noexcept {
    space();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool try_take(char c) noexcept {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void take(char c, Text expected) {
    if (!try_take(c)) fail(expected);
  }
  void key() {
    space();
    (void)string();
    take(':', "':' after a key");
  }

  void skip_scalar(char c) {
    if (c == '"') {
      (void)string();
      return;
    }
    for (const Text word : {Text("true"), Text("false"), Text("null")})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return;
      }
    const auto digits = [this] {
      const std::size_t first = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      if (at_ == first) fail("a value");
    };
    const auto follows = [this](Text one_of) { return at_ < text_.size() && one_of.find(text_[at_]) != Text::npos; };
    if (follows("-")) ++at_;
    digits();
    if (follows(".")) {
      ++at_;
      digits();
    }
    if (follows("eE")) {
      ++at_;
      if (follows("+-")) ++at_;
      digits();
    }
  }

  void escape(std::string& result) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    constexpr Text escapes = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t which = escapes.find(c); c != '\0' && which != Text::npos) {
      ++at_;
      result += meanings[which];
      return;
    }
    if (c != 'u') fail("an escape of JSON");
    ++at_;
    std::uint32_t code = four_digits();
    if (code >= 0xd800 && code < 0xdc00) {  // the first of a pair
      if (!text_.substr(at_).starts_with("\\u")) fail("the second half of a surrogate pair");
      at_ += 2;
      const std::uint32_t second = four_digits();
      if (second < 0xdc00 || second > 0xdfff) fail("the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      fail("the first half of a surrogate pair before the second");
    }
    append_utf8(result, code);
  }
  std::uint32_t four_digits() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const std::uint32_t digit = c >= '0' && c <= '9'   ? static_cast<std::uint32_t>(c - '0')
                                  : c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a' + 10)
                                  : c >= 'A' && c <= 'F' ? static_cast<std::uint32_t>(c - 'A' + 10)
                                                         : 16;
      if (digit == 16) fail("four hexadecimal digits");
      code = code << 4 | digit;
    }
    return code;
  }
  static void append_utf8(std::string& result, std::uint32_t code) {
    const auto byte = [&result](std::uint32_t value) { result += static_cast<char>(value); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
      byte(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) {
        byte(0xe0 | code >> 12);
      } else {
        byte(0xf0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3f));
      }
      byte(0x80 | (code >> 6 & 0x3f));
    }
    byte(0x80 | (code & 0x3f));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string path_, where_;
};

}  // namespace rowgrad::io::detail
