// What: a text as a JSON string.
// Why:  names and metadata of weight files may hold any character.
// See:  json.hpp (the reader); RFC 8259.
#pragma once

#include <string>
#include <string_view>

namespace rowgrad::io::detail {

/// In quotes, with what JSON does not allow within them escaped; all other bytes stay.
inline std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      result += "\\u00";
      result += digits[static_cast<unsigned char>(c) >> 4];
      result += digits[c & 15];
    } else {
      result += c;
    }
  }
  return result + '"';
}

}  // namespace rowgrad::io::detail
