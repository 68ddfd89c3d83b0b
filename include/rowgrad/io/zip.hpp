// What: the directory of a zip archive whose members lie in it as they are.
// Why:  PyTorch's files are such archives; with the members uncompressed, reading one is knowing where it lies.
// See:  pt.hpp; PKWARE's APPNOTE, 4.3 and 4.5.3 (sizes of more than 4 GB).
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/error.hpp>
#include <rowgrad/io/dtype.hpp>

namespace rowgrad::io::detail {

struct ZipMember {
  std::string name;
  std::string_view bytes;
  bool as_it_is = true;  // neither compressed nor encrypted
};

/// All members of an archive, as parts of the file's bytes. ParseError for anything that is not such an archive, or a
/// member that would lie outside the file. Memory is bounded by the directory.
class ZipArchive {
 public:
  std::vector<ZipMember> members;

  ZipArchive(std::string_view file, const std::string& path) : file_(file), path_(path) {
    const Directory directory = find_directory();
    if (directory.count > directory.size / central_size)
      fail("its directory of ", directory.size, " bytes cannot list ", directory.count, " members");
    std::size_t at = static_cast<std::size_t>(directory.offset);
    const std::size_t end = at + static_cast<std::size_t>(directory.size);
    for (std::uint64_t k = 0; k < directory.count; ++k) at = read_member(at, end);
  }

 private:
  static constexpr std::size_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56, locator_size = 20;

  struct Directory {
    std::uint64_t offset, size, count;
  };

  template <typename... Pieces>
  [[noreturn]] void fail(const Pieces&... pieces) const {
    throw ParseError(path_, 0, rowgrad::detail::concat(pieces...));
  }

  template <typename Raw>
  Raw get(std::size_t at) const {
    if (at > file_.size() || file_.size() - at < sizeof(Raw)) fail("the zip archive is cut short at byte ", at);
    return load<Raw>(file_.data() + at);
  }

  Directory find_directory() const {
    if (file_.size() < end_size) fail("expected a zip archive, the file has only ", file_.size(), " bytes");
    // The end record is the last thing but a comment of up to 65,535 bytes.
    const std::size_t lowest = file_.size() - std::min<std::size_t>(file_.size(), end_size + 65'535);
    std::size_t at = file_.size() - end_size;
    while (get<std::uint32_t>(at) != 0x06054b50) {
      if (at == lowest) fail("expected a zip archive, found no directory at its end (is the file cut short?)");
      --at;
    }
    Directory directory{get<std::uint32_t>(at + 16), get<std::uint32_t>(at + 12), get<std::uint16_t>(at + 10)};
    if (at >= locator_size && get<std::uint32_t>(at - locator_size) == 0x07064b50) {
      const std::size_t record = position(get<std::uint64_t>(at - locator_size + 8), end64_size);
      if (get<std::uint32_t>(record) != 0x06064b50)
        fail("the zip archive's 64-bit directory is not where it should be");
      directory = {get<std::uint64_t>(record + 48), get<std::uint64_t>(record + 40), get<std::uint64_t>(record + 32)};
    }
    (void)position(directory.offset, directory.size);
    return directory;
  }

  /// An offset as a position in the file with so many bytes behind it.
  std::size_t position(std::uint64_t offset, std::uint64_t size) const {
    if (offset > file_.size() || size > file_.size() - offset)
      fail("the zip archive speaks of bytes ", offset, " to ", offset, " + ", size, ", the file has ", file_.size());
    return static_cast<std::size_t>(offset);
  }

  std::size_t read_member(std::size_t at, std::size_t end) {
    if (at > end || end - at < central_size || get<std::uint32_t>(at) != 0x02014b50)
      fail("the zip archive's directory is damaged at byte ", at);
    const auto flags = get<std::uint16_t>(at + 8), method = get<std::uint16_t>(at + 10);
    std::uint64_t packed = get<std::uint32_t>(at + 20), size = get<std::uint32_t>(at + 24),
                  offset = get<std::uint32_t>(at + 42);
    const std::size_t name_size = get<std::uint16_t>(at + 28), extra_size = get<std::uint16_t>(at + 30),
                      comment_size = get<std::uint16_t>(at + 32);
    if (end - at - central_size < name_size + extra_size + comment_size)
      fail("the zip archive's directory is damaged at byte ", at);
    const std::string_view name = file_.substr(at + central_size, name_size);
    read_extra(at + central_size + name_size, extra_size, size, packed, offset);
    const bool as_it_is = method == 0 && (flags & 1) == 0;
    if (as_it_is && packed != size) fail("member '", name, "' has ", size, " bytes, and ", packed, " in the file");
    const std::size_t local = position(offset, local_size);
    if (get<std::uint32_t>(local) != 0x04034b50) fail("member '", name, "' is not where the directory says");
    const std::size_t before = local_size + get<std::uint16_t>(local + 26) + get<std::uint16_t>(local + 28);
    const std::size_t first = position(std::uint64_t{local} + before, packed);
    members.push_back({std::string(name), file_.substr(first, static_cast<std::size_t>(packed)), as_it_is});
    return at + central_size + name_size + extra_size + comment_size;
  }

  /// Sizes and offset that do not fit 32 bits stand in an extra field, those of them that are needed, in this order.
  void read_extra(std::size_t at, std::size_t size, std::uint64_t& whole, std::uint64_t& packed,
                  std::uint64_t& offset) const {
    for (const std::size_t end = at + size; end - at >= 4;) {
      const auto kind = get<std::uint16_t>(at);
      const std::size_t field = get<std::uint16_t>(at + 2);
      at += 4;
      if (field > end - at) return;  // padding, not a field
      std::size_t next = at;
      if (kind == 1)
        for (std::uint64_t* value : {&whole, &packed, &offset})
          if (*value == 0xffffffffu && next + 8 <= at + field) {
            *value = get<std::uint64_t>(next);
            next += 8;
          }
      at += field;
    }
  }

  std::string_view file_;
  const std::string& path_;
};

}  // namespace rowgrad::io::detail
