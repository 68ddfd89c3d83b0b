// What: VectorFile, the lines of a text file of word vectors: a word and its numbers.
// Why:  the structure of every line is checked, but numbers are parsed only on the lines that are asked for.
// See:  text_vectors.hpp; https://github.com/stanfordnlp/GloVe; word2vec's text format.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/shape.hpp>
#include <rowgrad/io/float_from_chars.hpp>
#include <rowgrad/io/lines.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad::vectors::detail {

using io::excerpt;
using io::LineReader;
using rowgrad::detail::concat;

/// Number of spaces, counted eight bytes at a time: the only pass over lines that are not needed.
inline Index count_spaces(std::string_view text) noexcept {
  constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7f;
  Index count = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, text.data() + i, 8);
    bytes ^= 0x2020202020202020;                                             // a space becomes zero
    const std::uint64_t zeros = ~(((bytes & low) + low) | bytes | low);      // the high bit of each zero byte
    count += static_cast<Index>(((zeros >> 7) * 0x0101010101010101) >> 56);  // and how many they are
  }
  for (; i < text.size(); ++i) count += text[i] == ' ' ? 1 : 0;
  return count;
}

/// The structure of a file of word vectors: for each line its word and its numbers, unparsed.
class VectorFile {
 public:
  VectorFile(const char* operation, const std::string& path, std::optional<Index> dimension)
      : lines_(operation, path), dimension_(dimension.value_or(0)) {
    if (dimension && *dimension < 1)
      rowgrad::detail::raise<ValueError>(operation, ": dimension must be at least 1, got ", *dimension);
    if (dimension) source_ = "asked for";
    if (!lines_.next(line_)) fail(0, "the file is empty; expected lines of a word and its numbers");
    trim();
    has_line_ = !read_header();
    if (has_line_ && !dimension) measure();
  }

  Index dimension() const noexcept { return dimension_; }

  /// The next word and its dimension() numbers, with single spaces between; false at the end of the file.
  bool next(std::string_view& word, std::string_view& numbers) {
    for (; has_line_ || lines_.next(line_); has_line_ = false) {
      trim();
      if (line_.empty()) {
        if (blank_ == 0) blank_ = lines_.number();
        continue;
      }
      if (blank_ != 0) fail(blank_, concat(expected(), ", but the line is empty"));
      has_line_ = false;
      const std::size_t cut = end_of_word();
      word = line_.substr(0, cut);
      numbers = line_.substr(cut + 1);
      ++words_;
      return true;
    }
    if (words_ < promised_)
      fail(0, concat("the first line promises ", promised_, " words, but the file ends after ", words_,
                     " (is it truncated?)"));
    if (words_ == 0) fail(0, "the file holds no words");
    return false;
  }

  /// Parses the numbers that next() gave. ParseError for anything that is not a finite number of type T.
  template <typename T>
  void parse(std::string_view word, std::string_view numbers, T* values) const {
    const char* at = numbers.data();
    const char* const end = at + numbers.size();
    for (Index i = 0; i < dimension_; ++i) {
      const auto [stop, error] = io::float_from_chars(at, end, values[i]);
      const bool whole = stop == end || *stop == ' ';
      if (error != std::errc() || !whole || !rowgrad::detail::is_finite(values[i])) {
        const std::string_view rest(at, static_cast<std::size_t>(end - at));
        const std::string_view field = rest.substr(0, rest.find(' '));
        const bool out_of_range = error == std::errc::result_out_of_range && whole;
        if (!out_of_range || !too_small(field, values[i]))
          fail(lines_.number(),
               concat("number ", i + 1, " of ", dimension_, " of ", excerpt(word), ": expected a finite ",
                      sizeof(T) == sizeof(float) ? "float" : "double", ", got ", excerpt(field)));
      }
      at = stop == end ? end : stop + 1;
    }
  }

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw ParseError(lines_.path(), line, what);
  }

  std::string expected() const {
    return concat("expected a word and ", dimension_, " numbers (", source_, "), single spaces between");
  }

  // word2vec ends its lines in a space.
  void trim() noexcept {
    while (line_.ends_with(' ')) line_.remove_suffix(1);
  }

  static bool is_number(std::string_view field) {
    double value = 0;
    const char* end = field.data() + field.size();
    const auto [stop, error] = io::float_from_chars(field.data(), end, value);
    return error != std::errc::invalid_argument && stop == end;
  }

  // from_chars reports numbers close to zero (1e-50) just as it reports overflow, in some libraries from 1e-38 on. They
  // are read as double; what is too small even for that is zero.
  template <typename T>
  static bool too_small(std::string_view field, T& value) {
    double exact = 0;
    const auto [stop, error] = io::float_from_chars(field.data(), field.data() + field.size(), exact);
    if (error != std::errc() && field.find("e-") == std::string_view::npos &&
        field.find("E-") == std::string_view::npos)
      return false;
    if (error != std::errc()) exact = 0;
    if (!(std::abs(exact) < 1)) return false;
    value = static_cast<T>(exact);
    return true;
  }

  // word2vec begins with a line of two whole numbers: words and dimension.
  bool read_header() {
    Index header[2] = {0, 0};
    const char* at = line_.data();
    const char* const end = at + line_.size();
    for (int i = 0; i < 2; ++i) {
      const auto [stop, error] = std::from_chars(at, end, header[i]);
      if (error != std::errc() || header[i] < 1 || (i == 0 ? stop == end || *stop != ' ' : stop != end)) return false;
      at = stop + (i == 0 ? 1 : 0);
    }
    promised_ = header[0];
    if (dimension_ != 0 && dimension_ != header[1])
      fail(1, concat("the header says ", header[1], " numbers per word, but ", dimension_, " were asked for"));
    dimension_ = header[1];
    source_ = "as the header says";
    return true;
  }

  // The numbers at the end of the first line; its first field is a word even when it reads as a number.
  void measure() {
    std::string_view rest = line_;
    for (std::size_t space = rest.rfind(' '); space != std::string_view::npos; space = rest.rfind(' ')) {
      if (!is_number(rest.substr(space + 1))) break;
      ++dimension_;
      rest = rest.substr(0, space);
    }
    source_ = "as on line 1";
    if (dimension_ != 0) return;
    const bool packed = line_.starts_with("PK\x03\x04") || line_.starts_with("\x1f\x8b");
    fail(1, concat("expected a word and its numbers, single spaces between, got ", excerpt(line_),
                   packed ? " (is this a compressed file? Unpack it first)" : ""));
  }

  std::string_view first_field() const noexcept { return line_.substr(0, line_.find(' ')); }

  // Position of the space after the word. The last dimension() fields are numbers, so the word itself may contain
  // spaces.
  std::size_t end_of_word() const {
    const Index fields = count_spaces(line_);
    if (fields < dimension_)
      fail(lines_.number(), concat(expected(), ", got ", fields, " numbers after ", excerpt(first_field()),
                                   lines_.at_end() ? " at the end of the file (is it truncated?)" : ""));
    if (fields == dimension_) return line_.find(' ');
    std::size_t cut = line_.size();
    for (Index i = 0; i < dimension_; ++i) cut = line_.rfind(' ', cut - 1);
    const std::string_view word = line_.substr(0, cut);
    const std::string_view last = word.substr(word.rfind(' ') + 1);
    if (last.empty() || is_number(last))
      fail(lines_.number(),
           concat(expected(), ", got ", last.empty() ? std::string("two spaces in a row") : concat(fields, " numbers"),
                  " after ", excerpt(first_field())));
    return cut;
  }

  LineReader lines_;
  std::string_view line_;
  Index dimension_, promised_ = 0, words_ = 0;
  const char* source_ = "";
  std::size_t blank_ = 0;  // line number of the first blank line: an error only when something follows
  bool has_line_ = false;  // line_ was read ahead
};

}  // namespace rowgrad::vectors::detail
