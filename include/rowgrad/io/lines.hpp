// What: LineReader, the lines of a text file one after the other; excerpt(), what stood there, for a message.
// Why:  files of word vectors are large: read in blocks that stay in cache, lines found by memchr, nothing copied.
// See:  vectors/vector_file.hpp, data/labelled_text.hpp.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <rowgrad/io/file.hpp>

namespace rowgrad::io {

/// What stood in a file, for a message: in quotes, at most about 40 bytes, control characters as '?'.
inline std::string excerpt(std::string_view text) {
  constexpr std::size_t most = 40;
  std::size_t length = std::min(text.size(), most);
  if (length < text.size())  // not within a UTF-8 character
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  std::string shown = "\"";
  for (const char c : text.substr(0, length)) shown += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return shown + (length < text.size() ? "...\"" : "\"");
}

/// Reads a file line by line. Lines end in "\n" or "\r\n"; the last one may end with the file. A UTF-8 byte order mark
/// at the beginning is skipped. Memory: 64 KiB, or twice the longest line.
class LineReader {
 public:
  /// FileError when the file cannot be opened or read; operation is the caller's name, for the message.
  LineReader(std::string operation, std::string path)
      : operation_(std::move(operation)), path_(std::move(path)), file_(path_) {
    if (file_.stream == nullptr) throw unreadable(operation_, path_, errno);
    std::setvbuf(file_.stream, nullptr, _IONBF, 0);  // blocks are read straight into buffer_
    refill();
    if (std::string_view(buffer_.data(), end_).starts_with("\xef\xbb\xbf")) begin_ = 3;
  }

  /// The next line without its end, valid until the next call; false at the end of the file. FileError when reading
  /// fails.
  bool next(std::string_view& line) {
    std::size_t searched = 0;
    for (;;) {
      const char* first = buffer_.data() + begin_;
      const std::size_t available = end_ - begin_;
      const void* newline = std::memchr(first + searched, '\n', available - searched);
      if (newline != nullptr) {
        line = std::string_view(first, static_cast<std::size_t>(static_cast<const char*>(newline) - first));
        begin_ += line.size() + 1;
        break;
      }
      if (exhausted_) {
        if (available == 0) return false;
        line = std::string_view(first, available);
        begin_ = end_;
        break;
      }
      searched = available;
      refill();
    }
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }

  /// Number of the line that next() gave last, from 1.
  std::size_t number() const noexcept { return number_; }
  /// Whether nothing is known to follow that line. For hints in messages: false at the end of a full block.
  bool at_end() const noexcept { return begin_ == end_ && exhausted_; }
  const std::string& path() const noexcept { return path_; }

 private:
  struct File {
    explicit File(const std::string& path) : stream(std::fopen(path.c_str(), "rb")) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
      if (stream != nullptr) std::fclose(stream);
    }
    std::FILE* const stream;
  };

  // Moves the unread rest to the front and fills the buffer up behind it.
  void refill() {
    const std::size_t rest = end_ - begin_;
    if (rest > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, rest);
    begin_ = 0;
    end_ = rest;
    if (buffer_.size() < 2 * rest || buffer_.empty()) buffer_.resize(std::max(block, 2 * buffer_.size()));
    errno = 0;
    const std::size_t wanted = buffer_.size() - end_;
    const std::size_t got = std::fread(buffer_.data() + end_, 1, wanted, file_.stream);
    if (got < wanted && std::ferror(file_.stream) != 0) throw unreadable(operation_, path_, errno);
    exhausted_ = got < wanted;
    end_ += got;
  }

  static constexpr std::size_t block = std::size_t{1} << 16;

  std::string operation_, path_;
  File file_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // the bytes read but not given yet
  std::size_t number_ = 0;
  bool exhausted_ = false;
};

}  // namespace rowgrad::io
