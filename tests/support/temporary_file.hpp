// What: TemporaryFile, a file in the system's temporary directory that goes when its owner goes.
// Why:  loaders are tested on real files, good and broken, and tests may run side by side.
// See:  data/labelled_text_test.cpp, vectors/glove_test.cpp.
#pragma once

#include <cstdio>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

class TemporaryFile {
 public:
  /// A new file with this content, byte for byte, and a name of its own that ends in suffix.
  explicit TemporaryFile(std::string_view content = {}, const std::string& suffix = ".txt") {
    std::random_device random;
    std::FILE* file = nullptr;
    for (int attempt = 0; file == nullptr && attempt < 100; ++attempt) {
      const std::string name = "rowgrad-test-" + std::to_string(random()) + std::to_string(random()) + suffix;
      path_ = (std::filesystem::temp_directory_path() / name).string();
      file = std::fopen(path_.c_str(), "wbx");  // x: fails when the file exists
    }
    if (file == nullptr) throw std::runtime_error("TemporaryFile: cannot create " + path_);
    const bool written = content.empty() || std::fwrite(content.data(), 1, content.size(), file) == content.size();
    if (std::fclose(file) != 0 || !written) throw std::runtime_error("TemporaryFile: cannot write " + path_);
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// The directory the files are in, for tests that pass a directory where a file is expected.
inline std::string temporary_directory() { return std::filesystem::temp_directory_path().string(); }
