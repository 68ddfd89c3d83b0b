#include <doctest/doctest.h>

#include <vector>

#include <rowgrad/io/lines.hpp>

#include <support/temporary_file.hpp>

using rowgrad::io::excerpt;
using rowgrad::io::LineReader;

namespace {
std::vector<std::string> lines_of(std::string_view content) {
  const TemporaryFile source(content);
  LineReader reader("read", source.path());
  std::vector<std::string> lines;
  std::string_view line;
  while (reader.next(line)) {
    lines.emplace_back(line);
    CHECK(reader.number() == lines.size());
  }
  CHECK(reader.at_end());
  return lines;
}
using Lines = std::vector<std::string>;
}  // namespace

TEST_CASE("LineReader: line ends of both kinds, a last line without one, a byte order mark") {
  CHECK(lines_of("") == Lines{});
  CHECK(lines_of("a\nb\n") == Lines{"a", "b"});
  CHECK(lines_of("a\r\nb") == Lines{"a", "b"});
  CHECK(lines_of("\n\n") == Lines{"", ""});
  CHECK(lines_of("\xef\xbb\xbf"
                 "a\n") == Lines{"a"});
  CHECK(lines_of("\xef\xbb\xbf") == Lines{});
}

TEST_CASE("LineReader: lines longer than a block, and ends at the edges of blocks") {
  for (const std::size_t length : {65'534u, 65'535u, 65'536u, 65'537u, 200'000u, 1'000'000u}) {
    const std::string line(length, 'x');
    CHECK(lines_of(line + "\nshort\r\n" + line) == Lines{line, "short", line});
  }
}

TEST_CASE("LineReader: a file that is not there and a directory are FileErrors") {
  CHECK_THROWS_WITH_AS(LineReader("read", "/no/such/file"),
                       "read: cannot read '/no/such/file': No such file or directory (is the name right? A relative "
                       "path starts in the directory the program is run from)",
                       rowgrad::FileError);
  CHECK_THROWS_AS(LineReader("read", temporary_directory()), rowgrad::FileError);
}

TEST_CASE("excerpt: in quotes, short, without control characters, whole UTF-8 characters") {
  CHECK(excerpt("word") == "\"word\"");
  CHECK(excerpt("a\tb\n") == "\"a?b?\"");
  CHECK(excerpt(std::string(41, 'x')) == "\"" + std::string(40, 'x') + "...\"");
  CHECK(excerpt(std::string(39, 'x') + "\xc3\xa9") == "\"" + std::string(39, 'x') + "...\"");
  CHECK(excerpt("") == "\"\"");
}
