// What: AtomicFile, a file that appears under its name only once it is complete; messages about files.
// Why:  a program that dies while it saves, or a disk that fills up, must not cost the weights of the last save.
// See:  mapped_file.hpp and lines.hpp (reading).
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/error.hpp>

#ifdef _WIN32
#include <io.h>
#include <process.h>
#include <filesystem>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace rowgrad::io {

/// "operation: cannot read 'path': system's reason (likely cause)", for an errno.
inline FileError unreadable(std::string_view operation, std::string_view path, int reason) {
  const char* cause = "is the disk, or the network it is on, in order?";
  if (reason == ENOENT) cause = "is the name right? A relative path starts in the directory the program is run from";
  if (reason == EISDIR) cause = "the name of a file was expected";
  if (reason == EACCES) cause = "do the file's permissions let this user read it?";
  return FileError(rowgrad::detail::concat(operation, ": cannot read '", path,
                                           "': ", std::generic_category().message(reason), " (", cause, ")"));
}

/// The same for writing.
inline FileError unwritable(std::string_view operation, std::string_view path, int reason) {
  const char* cause = "is the disk, or the network it is on, in order?";
  if (reason == ENOENT || reason == ENOTDIR) cause = "does the directory exist?";
  if (reason == EISDIR) cause = "the name of a file was expected, and there is a directory of that name";
  if (reason == ENAMETOOLONG) cause = "while it is written, the file's name is up to 26 bytes longer";
  if (reason == EACCES || reason == EROFS) cause = "may this user write to the directory?";
  if (reason == ENOSPC || reason == EFBIG) cause = "nothing has been changed; is there space left?";
#ifdef EDQUOT
  if (reason == EDQUOT) cause = "nothing has been changed; is the user's share of the disk used up?";
#endif
  return FileError(rowgrad::detail::concat(operation, ": cannot write '", path,
                                           "': ", std::generic_category().message(reason), " (", cause, ")"));
}

/// A file to be written as a whole. It is written beside its place, under another name. commit() gives it its name,
/// in one step, once all of it is on the disk; whoever reads sees the old file or the new one. Without commit(), and
/// whatever fails, the old file stays and nothing else is left behind. A file that is replaced leaves its permissions
/// to the new one; a symbolic link stays and what it leads to is replaced. Pipes and devices are no files, and are not
/// replaced.
class AtomicFile {
 public:
  /// FileError when the file cannot be created. operation is the caller's name, for messages.
  AtomicFile(std::string operation, std::string path) : operation_(std::move(operation)), path_(std::move(path)) {
    place_ = resolved(path_);
    check_place();
    static std::atomic<std::uint32_t> count{0};
    for (int attempt = 0; stream_ == nullptr && attempt < 100; ++attempt) {
      beside_ = rowgrad::detail::concat(place_, ".", process(), "-", count++, ".tmp");
      errno = 0;
      stream_ = std::fopen(beside_.c_str(), "wbx");  // x: fails if the file exists
      if (stream_ == nullptr && errno != EEXIST) break;
    }
    if (stream_ == nullptr) throw unwritable(operation_, path_, errno);
    keep_permissions();
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() { discard(); }

  /// Appends bytes. FileError when the disk does not take them; the file is then given up.
  void write(const void* bytes, std::size_t size) {
    if (stream_ == nullptr)
      rowgrad::detail::raise<FileError>(operation_, ": '", path_, "' is written or given up already");
    // In pieces: given a gigabyte at once, Linux looks for the largest pages to put it in, and takes ten times as long.
    constexpr std::size_t piece = std::size_t{1} << 20;
    errno = 0;
    for (const char* at = static_cast<const char*>(bytes); size > 0;) {
      const std::size_t now = std::min(size, piece);
      if (std::fwrite(at, 1, now, stream_) != now) give_up();
      at += now;
      size -= now;
    }
  }
  void write(std::string_view text) { write(text.data(), text.size()); }
  template <typename T>
  void write(std::span<const T> values) {
    write(values.data(), values.size_bytes());
  }

  /// Makes what was written the file of that name. FileError when that fails; then the old file, if any, is as it was.
  void commit() {
    if (stream_ == nullptr)
      rowgrad::detail::raise<FileError>(operation_, ": '", path_, "' is written or given up already");
    errno = 0;
    if (std::fflush(stream_) != 0 || !synchronise(stream_)) give_up();
    if (std::fclose(std::exchange(stream_, nullptr)) != 0 || !rename()) give_up();
    beside_.clear();
    synchronise_directory();
  }

  const std::string& path() const noexcept { return path_; }

  /// What a file was to become that a killed program left unfinished, by the name it has: "model.safetensors.71-0.tmp"
  /// gives "model.safetensors". "" for any other name.
  static std::string name_of_unfinished(std::string_view name) {
    const auto take_back = [&name](std::string_view end) {
      if (!name.ends_with(end)) return false;
      name.remove_suffix(end.size());
      return true;
    };
    const auto take_digits = [&name] {
      const std::size_t before = name.size();
      while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
      return name.size() < before;
    };
    if (take_back(".tmp") && take_digits() && take_back("-") && take_digits() && take_back("."))
      return std::string(name);
    return "";
  }

 private:
  void discard() noexcept {
    if (stream_ != nullptr) std::fclose(std::exchange(stream_, nullptr));
    if (!beside_.empty()) std::remove(beside_.c_str());
    beside_.clear();
  }

  [[noreturn]] void give_up() {
    const int reason = errno;
    discard();
    throw unwritable(operation_, path_, reason);
  }

#ifdef _WIN32
  static std::string resolved(const std::string& path) { return path; }
  static int process() noexcept { return _getpid(); }
  void check_place() const {}
  void keep_permissions() const noexcept {}
  static bool synchronise(std::FILE* stream) noexcept { return _commit(_fileno(stream)) == 0; }
  bool rename() const noexcept {  // std::rename() replaces no file there
    std::error_code error;
    std::filesystem::rename(beside_, place_, error);
    errno = error.default_error_condition().value();
    return !error;
  }
  void synchronise_directory() const noexcept {}
#else
  static std::string resolved(const std::string& path) {
    std::string result = path;
    for (int links = 0; links < 40; ++links) {  // as many as Linux follows
      if (char* const real = ::realpath(result.c_str(), nullptr)) {
        result = real;
        std::free(real);
        return result;
      }
      char target[4096];  // a new file, perhaps at the end of a link that leads nowhere yet
      const ssize_t size = ::readlink(result.c_str(), target, sizeof target);
      if (size <= 0 || size == sizeof target) return result;
      const std::size_t folder = target[0] == '/' ? 0 : result.rfind('/') + 1;
      result.replace(folder, std::string::npos, target, static_cast<std::size_t>(size));
    }
    return result;
  }
  /// A name that no new file may take is an error before anything is written: renaming would take the place of a pipe
  /// or of /dev/null itself.
  void check_place() const {
    struct stat there;
    if (path_.find('\0') != std::string::npos)
      rowgrad::detail::raise<FileError>(operation_, ": the name of the file has a byte of zero in it");
    if (::stat(path_.c_str(), &there) != 0 || S_ISREG(there.st_mode)) return;
    if (S_ISDIR(there.st_mode)) throw unwritable(operation_, path_, EISDIR);
    rowgrad::detail::raise<FileError>(operation_, ": cannot write '", path_,
                                      "': it is a pipe or a device, which a file would replace (the name of a file was "
                                      "expected)");
  }
  static int process() noexcept { return static_cast<int>(::getpid()); }
  void keep_permissions() const noexcept {
    struct stat before;
    if (::stat(place_.c_str(), &before) == 0 && S_ISREG(before.st_mode))
      (void)!::fchmod(::fileno(stream_), before.st_mode & 0777);
  }
  static bool synchronise(std::FILE* stream) noexcept { return ::fsync(::fileno(stream)) == 0 || errno == EINVAL; }
  bool rename() const noexcept { return std::rename(beside_.c_str(), place_.c_str()) == 0; }
  // So that the new name survives a power cut, too. The file is there already: a failure is none of the caller's.
  void synchronise_directory() const noexcept {
    const std::size_t slash = place_.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : place_.substr(0, slash + 1);
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    ::fsync(descriptor);
    ::close(descriptor);
  }
#endif

  std::string operation_, path_, place_, beside_;
  std::FILE* stream_ = nullptr;
};

}  // namespace rowgrad::io
