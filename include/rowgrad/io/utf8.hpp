// What: where a text is not UTF-8.
// Why:  names in weight files must be: a file with others can be read by nobody, so none is written.
// See:  safetensors.hpp, safetensors_header.hpp, pt_directory.hpp; RFC 3629.
#pragma once

#include <cstddef>
#include <string_view>

namespace rowgrad::io::detail {

/// Bytes of the character that begins at text[at]; 0 when none does.
inline std::size_t utf8_character(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t k) { return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0u; };
  const unsigned first = byte(0), second = byte(1);
  const std::size_t length = first < 0x80                     ? 1
                             : first >= 0xc2 && first <= 0xdf ? 2
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(k) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates, and what lies beyond the last code point.
  const bool outside = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
                       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
  return outside ? 0 : length;
}

/// The first byte that belongs to no character; npos when all do.
inline std::size_t find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_character(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace rowgrad::io::detail
