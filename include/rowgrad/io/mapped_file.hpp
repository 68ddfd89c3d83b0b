// What: MappedFile, the bytes of a file in memory without reading them first.
// Why:  a table of several gigabytes is there at once, takes up memory only where rows are looked up, and several
//       programs share its pages.
// See:  file.hpp; core/factory.hpp (from_blob), which makes a tensor over it.
#pragma once

#include <cstring>

#include <rowgrad/io/file.hpp>
#include <rowgrad/machine/system_memory.hpp>

#ifndef _WIN32
#include <sys/mman.h>
#endif

namespace rowgrad::io {

/// What may be done with a mapped file's bytes.
enum class Access {
  read_only,     // writing to them ends the program
  private_copy,  // they may be changed; pages that are written to are copied, and the file never changes
};

/// The bytes of a file. Where files cannot be mapped (Windows, pipes), they are read into memory instead; all else is
/// the same. A file that others make shorter while it is mapped ends the program when the lost part is read: replace
/// files (AtomicFile) instead of overwriting them.
class MappedFile {
 public:
  MappedFile() = default;

  /// FileError when the file cannot be opened or read, or does not fit memory; operation is the caller's name, for
  /// messages.
  MappedFile(std::string operation, std::string path, Access access = Access::read_only)
      : operation_(std::move(operation)), path_(std::move(path)), access_(access) {
    struct File {
      std::FILE* stream;
      ~File() {
        if (stream != nullptr) std::fclose(stream);
      }
    };
    errno = 0;
    const File file{std::fopen(path_.c_str(), "rb")};
    if (file.stream == nullptr) throw unreadable(operation_, path_, errno);
    if (!map(file.stream)) read(file.stream);
  }
  MappedFile(MappedFile&& other) noexcept { swap(other); }
  MappedFile& operator=(MappedFile&& other) noexcept {
    MappedFile(std::move(other)).swap(*this);
    return *this;
  }
  ~MappedFile() {
    if (bytes_ == nullptr) return;
#ifndef _WIN32
    if (mapped_) {
      ::munmap(bytes_, size_);
      return;
    }
#endif
    rowgrad::detail::system_free(bytes_);
  }

  const std::string& path() const noexcept { return path_; }
  std::size_t size() const noexcept { return size_; }
  /// The first byte, aligned to 64 bytes; may be null for an empty file.
  const char* data() const noexcept { return bytes_; }
  /// Whether the file is mapped, and not read.
  bool mapped() const noexcept { return mapped_; }

  /// `size` bytes from `offset` on. FileError when the file is too short for them.
  std::span<const char> bytes(std::uint64_t offset, std::uint64_t size) const {
    check_range(offset, size);
    return {bytes_ + offset, static_cast<std::size_t>(size)};
  }
  /// The same to write to. ValueError unless the file was opened as a private copy.
  std::span<char> writable_bytes(std::uint64_t offset, std::uint64_t size) {
    if (access_ != Access::private_copy)
      rowgrad::detail::raise<ValueError>(operation_, ": '", path_, "' was opened to be read only");
    check_range(offset, size);
    return {bytes_ + offset, static_cast<std::size_t>(size)};
  }

 private:
  void swap(MappedFile& other) noexcept {
    std::swap(operation_, other.operation_);
    std::swap(path_, other.path_);
    std::swap(access_, other.access_);
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
  }

  void check_range(std::uint64_t offset, std::uint64_t size) const {
    if (offset <= size_ && size <= size_ - offset) return;
    rowgrad::detail::raise<FileError>(operation_, ": '", path_, "' has ", size_, " bytes, expected ", size,
                                      " from byte ", offset, " on (was the file cut off when it was copied?)");
  }

  // False where the file must be read.
  bool map([[maybe_unused]] std::FILE* stream) {
#ifdef _WIN32
    return false;
#else
    struct stat status;
    if (::fstat(::fileno(stream), &status) != 0) throw unreadable(operation_, path_, errno);
    if (S_ISDIR(status.st_mode)) throw unreadable(operation_, path_, EISDIR);
    if (!S_ISREG(status.st_mode)) return false;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > rowgrad::detail::largest_block) throw unreadable(operation_, path_, EFBIG);
    if (size == 0) return false;  // or a file of the kernel's, whose size is not known before it is read
    const int protection = access_ == Access::private_copy ? PROT_READ | PROT_WRITE : PROT_READ;
    void* const bytes =
        ::mmap(nullptr, static_cast<std::size_t>(size), protection, MAP_PRIVATE | MAP_NORESERVE, ::fileno(stream), 0);
    if (bytes == MAP_FAILED) return false;  // some file systems cannot
    bytes_ = static_cast<char*>(bytes);
    size_ = static_cast<std::size_t>(size);
    mapped_ = true;
    return true;
#endif
  }

  void read(std::FILE* stream) {
    std::size_t room = 0;
    for (;;) {
      if (size_ == room) enlarge(room);
      errno = 0;
      const std::size_t got = std::fread(bytes_ + size_, 1, room - size_, stream);
      if (got == 0) {
        const int reason = errno;
        if (std::ferror(stream) == 0) return;
        free_read();
        throw unreadable(operation_, path_, reason);
      }
      size_ += got;
    }
  }

  void enlarge(std::size_t& room) {
    const std::size_t more = room == 0 ? std::size_t{1} << 20 : 2 * room;
    try {
      char* const larger = static_cast<char*>(rowgrad::detail::system_allocate(more));
      if (size_ > 0) std::memcpy(larger, bytes_, size_);
      if (bytes_ != nullptr) rowgrad::detail::system_free(bytes_);
      bytes_ = larger;
      room = more;
    } catch (const std::bad_alloc&) {
      free_read();
      throw unreadable(operation_, path_, ENOMEM);
    }
  }

  void free_read() noexcept {  // a constructor that throws has no destructor
    if (bytes_ != nullptr) rowgrad::detail::system_free(std::exchange(bytes_, nullptr));
    size_ = 0;
  }

  std::string operation_, path_;
  Access access_ = Access::read_only;
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  bool mapped_ = false;
};

}  // namespace rowgrad::io
