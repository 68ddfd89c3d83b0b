#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <rowgrad/io/file.hpp>

#include <support/temporary_file.hpp>

#ifdef __linux__
#include <sys/resource.h>
#include <sys/stat.h>
#include <csignal>
#endif

using rowgrad::FileError;
using rowgrad::io::AtomicFile;
namespace fs = std::filesystem;

namespace {

// A directory of its own, so that what is left behind can be seen.
struct Directory {
  Directory() {
    const TemporaryFile name;
    path = name.path() + ".d";
    fs::create_directory(path);
  }
  ~Directory() {
    std::error_code ignored;
    fs::permissions(path, fs::perms::owner_all, ignored);
    fs::remove_all(path, ignored);
  }
  std::string file(const std::string& name) const { return path + "/" + name; }
  int entries() const { return static_cast<int>(std::distance(fs::directory_iterator(path), {})); }
  std::string path;
};

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

TEST_CASE("AtomicFile: appears under its name once it is complete, and nothing else does") {
  const Directory directory;
  const std::string path = directory.file("weights");
  {
    AtomicFile file("save", path);
    file.write("one ");
    CHECK(!fs::exists(path));
    const std::vector<char> bytes{'t', 'w', 'o', '\0'};
    file.write(bytes.data(), bytes.size());
    file.write(std::span<const char>(bytes));
    file.write("", 0);
    file.commit();
    CHECK(content(path) == std::string("one two\0two\0", 12));
    CHECK(directory.entries() == 1);
    CHECK_THROWS_AS(file.write("more"), FileError);
    CHECK_THROWS_AS(file.commit(), FileError);
  }
  CHECK(content(path) == std::string("one two\0two\0", 12));
  CHECK(directory.entries() == 1);
}

TEST_CASE("AtomicFile: the old file stays until commit(), and for good without it") {
  const Directory directory;
  const std::string path = directory.file("weights");
  std::ofstream(path) << "old";
  {
    AtomicFile file("save", path);
    file.write("new");
    CHECK(content(path) == "old");
  }
  CHECK(content(path) == "old");
  CHECK(directory.entries() == 1);
  AtomicFile file("save", path);
  file.write(std::string(100'000, 'x'));
  file.commit();
  CHECK(content(path) == std::string(100'000, 'x'));
  CHECK(directory.entries() == 1);
}

TEST_CASE("AtomicFile: several writers of one name do not mix; the last one stays") {
  const Directory directory;
  const std::string path = directory.file("weights");
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c'})
    threads.emplace_back([&path, letter] {
      for (int i = 0; i < 10; ++i) {
        AtomicFile file("save", path);
        for (int k = 0; k < 100; ++k) file.write(std::string(1000, letter));
        file.commit();
      }
    });
  for (std::thread& thread : threads) thread.join();
  const std::string text = content(path);
  CHECK(text.size() == 100'000);
  CHECK(text == std::string(100'000, text.at(0)));
  CHECK(directory.entries() == 1);
}

TEST_CASE("AtomicFile: where no file can be is a FileError, and nothing is left") {
  const Directory directory;
  CHECK_THROWS_WITH_AS(AtomicFile("save", "/no/such/directory/file"),
                       "save: cannot write '/no/such/directory/file': No such file or directory (does the directory "
                       "exist?)",
                       FileError);
  AtomicFile file("save", directory.file("taken"));
  file.write("x");
  fs::create_directory(directory.file("taken"));
  CHECK_THROWS_AS(file.commit(), FileError);
  CHECK(directory.entries() == 1);
  CHECK(fs::is_directory(directory.file("taken")));
}

#ifdef __linux__
TEST_CASE("AtomicFile: a write that the system refuses is a FileError; the old file stays and nothing else") {
  const Directory directory;
  const std::string path = directory.file("weights");
  std::ofstream(path) << "old";
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto signal_before = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limited{100'000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limited) == 0);
  std::string message;
  {
    AtomicFile file("save", path);
    try {
      file.write(std::string(200'000, 'x'));
      file.commit();
    } catch (const FileError& error) {
      message = error.what();
    }
    CHECK(directory.entries() == 1);  // given up at once
    CHECK_THROWS_AS(file.commit(), FileError);
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, signal_before);
  CHECK(message ==
        "save: cannot write '" + path + "': File too large (nothing has been changed; is there space left?)");
  CHECK(content(path) == "old");
  CHECK(directory.entries() == 1);
}

TEST_CASE("AtomicFile: permissions are kept, a symbolic link stays a link") {
  const Directory directory;
  const std::string path = directory.file("weights"), link = directory.file("link");
  std::ofstream(path) << "old";
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  fs::create_symlink("weights", link);
  AtomicFile file("save", link);
  file.write("new");
  file.commit();
  CHECK(fs::is_symlink(link));
  CHECK(content(path) == "new");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read));
  CHECK(directory.entries() == 2);
}

TEST_CASE("AtomicFile: pipes, devices and folders are refused before anything is written") {
  const Directory directory;
  const std::string pipe = directory.file("pipe"), folder = directory.file("folder"), link = directory.file("link");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_directory(folder);
  fs::create_symlink("pipe", link);
  const auto message = [](const std::string& path) -> std::string {
    try {
      const AtomicFile file("save", path);
    } catch (const FileError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message(pipe).find("a pipe or a device") != std::string::npos);
  CHECK(message(link).find("a pipe or a device") != std::string::npos);
  CHECK(message("/dev/null").find("a pipe or a device") != std::string::npos);
  CHECK(message(folder).find("Is a directory") != std::string::npos);
  CHECK(message(directory.file(std::string("a\0b", 3))).find("a byte of zero") != std::string::npos);
  CHECK(message(directory.file(std::string(250, 'a'))).find("26 bytes longer") != std::string::npos);
  CHECK(fs::is_fifo(pipe));
  CHECK(directory.entries() == 3);
}

TEST_CASE("AtomicFile: a link to a file that is not there yet") {
  const Directory directory;
  const std::string link = directory.file("link"), second = directory.file("second");
  fs::create_symlink("second", link);
  fs::create_symlink(directory.file("weights"), second);
  AtomicFile file("save", link);
  file.write("new");
  file.commit();
  CHECK(fs::is_symlink(link));
  CHECK(fs::is_symlink(second));
  CHECK(content(directory.file("weights")) == "new");
  CHECK(directory.entries() == 3);
}
#endif
