// What: Bytes, which turns a fuzzer's input into decisions.
// Why:  whatever the bytes, there is a decision: inputs stay valid when the fuzzer changes, adds or removes some.
// See:  graph.cpp, text.cpp, vectors.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : next_(data), left_(size) {}

  bool empty() const { return left_ == 0; }

  /// The next byte, 0 after the last.
  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *next_++;
  }

  /// A number of low .. high.
  int number(int low, int high) { return low + byte() % (high - low + 1); }

  bool flag() { return (byte() & 1) != 0; }

  /// All bytes that are left.
  std::string rest() {
    std::string text(reinterpret_cast<const char*>(next_), left_);
    left_ = 0;
    return text;
  }

  /// At most `most` of the bytes that are left; the first one says how many.
  std::string text(int most) {
    std::string result;
    for (int length = number(0, most); length > 0 && left_ > 0; --length) result += static_cast<char>(byte());
    return result;
  }

 private:
  const std::uint8_t* next_;
  std::size_t left_;
};
