#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <thread>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/io/mapped_file.hpp>

#include <support/temporary_file.hpp>

#ifndef _WIN32
#include <sys/stat.h>
#endif

using rowgrad::FileError;
using rowgrad::io::Access;
using rowgrad::io::MappedFile;

namespace {
std::string text_of(std::span<const char> bytes) { return std::string(bytes.begin(), bytes.end()); }
}  // namespace

TEST_CASE("MappedFile: the bytes of a file, and sections of it within its size") {
  const TemporaryFile source("0123456789");
  const MappedFile file("load", source.path());
  CHECK(file.size() == 10);
  CHECK(file.path() == source.path());
#ifndef _WIN32
  CHECK(file.mapped());
#endif
  CHECK(reinterpret_cast<std::uintptr_t>(file.data()) % 64 == 0);
  CHECK(text_of(file.bytes(0, 10)) == "0123456789");
  CHECK(text_of(file.bytes(3, 4)) == "3456");
  CHECK(file.bytes(10, 0).empty());
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  CHECK_THROWS_AS(file.bytes(0, 11), FileError);
  CHECK_THROWS_AS(file.bytes(11, 0), FileError);
  CHECK_THROWS_AS(file.bytes(9, 2), FileError);
  CHECK_THROWS_AS(file.bytes(2, most), FileError);  // their sum would be 1
  CHECK_THROWS_AS(file.bytes(most, 2), FileError);
  CHECK_THROWS_WITH_AS(file.bytes(8, 5),
                       ("load: '" + source.path() +
                        "' has 10 bytes, expected 5 from byte 8 on (was the file cut off "
                        "when it was copied?)")
                           .c_str(),
                       FileError);
}

TEST_CASE("MappedFile: a private copy may be written to and leaves the file alone, read-only bytes may not") {
  const TemporaryFile source("0123456789");
  MappedFile copy("load", source.path(), Access::private_copy);
  copy.writable_bytes(2, 3)[1] = 'x';
  CHECK(text_of(copy.bytes(0, 10)) == "012x456789");
  CHECK(text_of(MappedFile("load", source.path()).bytes(0, 10)) == "0123456789");
  MappedFile read_only("load", source.path());
  CHECK_THROWS_AS(read_only.writable_bytes(0, 1), rowgrad::ValueError);
}

TEST_CASE("MappedFile: moved, swapped by assignment, empty") {
  const TemporaryFile source("abc"), other("defg"), nothing("");
  MappedFile a("load", source.path());
  const char* const bytes = a.data();
  MappedFile b = std::move(a);
  CHECK(b.data() == bytes);
  CHECK(a.size() == 0);  // NOLINT: moved from, and empty
  b = MappedFile("load", other.path());
  CHECK(text_of(b.bytes(0, 4)) == "defg");
  CHECK(MappedFile("load", nothing.path()).size() == 0);
  CHECK(MappedFile("load", nothing.path()).bytes(0, 0).empty());
  CHECK(MappedFile().size() == 0);
}

TEST_CASE("MappedFile: files that are not there and directories are FileErrors") {
  CHECK_THROWS_WITH_AS(MappedFile("load", "/no/such/file"),
                       "load: cannot read '/no/such/file': No such file or directory (is the name right? A relative "
                       "path starts in the directory the program is run from)",
                       FileError);
  CHECK_THROWS_AS(MappedFile("load", temporary_directory()), FileError);
}

#ifndef _WIN32
TEST_CASE("MappedFile: what cannot be mapped, a pipe, is read") {
  const TemporaryFile name;
  const std::string path = name.path() + ".pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const std::string text(3'000'000, 'p');
  std::thread writer([&] { std::ofstream(path, std::ios::binary) << text; });
  {
    MappedFile file("load", path, Access::private_copy);
    CHECK(!file.mapped());
    CHECK(file.size() == text.size());
    CHECK(text_of(file.bytes(0, file.size())) == text);
    file.writable_bytes(0, 1)[0] = 'q';
    CHECK(file.data()[0] == 'q');
  }
  writer.join();
  std::remove(path.c_str());
}
#endif

TEST_CASE("a tensor over a mapped file keeps it mapped") {
  const float values[] = {1, 2, 3, 4, 5, 6};
  const TemporaryFile source(std::string_view(reinterpret_cast<const char*>(values), sizeof values));
  rowgrad::Tensor<float> row;
  {
    MappedFile file("load", source.path(), Access::private_copy);
    float* const first = reinterpret_cast<float*>(file.writable_bytes(0, sizeof values).data());
    const auto table = rowgrad::from_blob(first, {3, 2}, [owner = std::move(file)](float*) {});
    CHECK(table.to_vector() == std::vector<float>{1, 2, 3, 4, 5, 6});
    table.array() *= 2.0f;
    row = rowgrad::from_blob(first + 4, {2}, [table](float*) {});
  }
  CHECK(row.to_vector() == std::vector<float>{10, 12});
  float stored = 0;
  std::memcpy(&stored, MappedFile("load", source.path()).bytes(16, 4).data(), 4);
  CHECK(stored == 5);
}
