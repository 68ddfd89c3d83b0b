// What: Checksum, 64 bits that change when any byte does, and files of tensors that carry theirs.
// Why:  a disk or a copy that loses bits leaves a file that opens and reads; only a checksum tells.
// See:  safetensors.hpp; train/checkpoint.hpp, which checks one whenever it opens a file.
#pragma once

#include <bit>
#include <span>

#include <rowgrad/io/safetensors.hpp>

namespace rowgrad::io {

/// A checksum of bytes given piece by piece; how they are cut into pieces does not matter. Several gigabytes a second.
/// It finds accidents, not forgeries: a change within any 8 bytes always shows, others but for one in 2^64.
class Checksum {
 public:
  void add(const void* bytes, std::size_t size) noexcept {
    const char* next = static_cast<const char*>(bytes);
    size_ += size;
    if (held_ > 0) {  // fill the block that was begun
      const std::size_t more = std::min(size, block - held_);
      std::memcpy(rest_ + held_, next, more);
      held_ += more;
      next += more;
      size -= more;
      if (held_ < block) return;
      take(rest_);
      held_ = 0;
    }
    for (; size >= block; next += block, size -= block) take(next);
    if (size > 0) std::memcpy(rest_, next, size);
    held_ = size;
  }
  /// A text with its length, so that two texts do not run into each other.
  void add(std::string_view text) noexcept {
    add_number(text.size());
    add(text.data(), text.size());
  }
  void add_number(std::uint64_t number) noexcept {
    char bytes[8];
    detail::store(number, bytes);
    add(bytes, sizeof bytes);
  }

  std::uint64_t value() const noexcept {
    Checksum whole = *this;
    if (held_ > 0) {
      std::memset(whole.rest_ + held_, 0, block - held_);
      whole.take(whole.rest_);
    }
    std::uint64_t result = size_ * odd;
    for (const std::uint64_t lane : whole.lanes_) result = mixed(result ^ lane);
    return result;
  }

 private:
  static constexpr std::size_t block = 32;
  static constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio

  static constexpr std::uint64_t spread = 0xd6e8feb86659fd93;  // odd, with as many ones as zeros

  // Multiplied before and after: a change of the last bits, too, changes many. Each step can be undone, so that what
  // differs in one lane differs to the end.
  static std::uint64_t mixed(std::uint64_t x) noexcept {
    x = (x ^ x >> 32) * odd;
    return x ^ x >> 29;
  }
  void take(const char* bytes) noexcept {
    for (std::size_t i = 0; i < 4; ++i)
      lanes_[i] = std::rotl(lanes_[i] ^ detail::load<std::uint64_t>(bytes + 8 * i) * odd, 31) * spread;
  }

  std::uint64_t lanes_[4] = {1, 2, 3, 4};
  char rest_[block] = {};
  std::size_t held_ = 0;
  std::uint64_t size_ = 0;
};

namespace detail {

inline constexpr const char* checksum_key = "checksum";

inline void add_metadata(Checksum& sum, const Metadata& metadata) {
  for (const auto& [key, value] : metadata)
    if (key != checksum_key) {
      sum.add(key);
      sum.add(value);
    }
}
template <typename Sizes>
void add_head(Checksum& sum, std::string_view name, DType dtype, const Sizes& sizes) {
  sum.add(name);
  sum.add(name_of(dtype));
  std::uint64_t rank = 0;
  for (const Index size : sizes) {
    sum.add_number(static_cast<std::uint64_t>(size));
    ++rank;
  }
  sum.add_number(rank);
}
inline std::string hexadecimal(std::uint64_t value) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
  return text;
}

}  // namespace detail

/// save_safetensors() with a checksum of everything in the metadata. The tensors are read twice.
inline void save_with_checksum(const std::string& path, const std::vector<SavedTensor>& tensors, Metadata metadata) {
  Checksum sum;
  detail::add_metadata(sum, metadata);
  for (const SavedTensor& tensor : tensors) {
    detail::add_head(sum, tensor.name(), tensor.dtype(), tensor.shape());
    tensor.write_to([&sum](const void* bytes, std::size_t size) { sum.add(bytes, size); });
  }
  metadata.emplace_back(detail::checksum_key, detail::hexadecimal(sum.value()));
  save_safetensors(path, tensors, metadata);
}

/// Reads an open file once. ParseError when its checksum is not that of its content, or when it has none.
inline void check_checksum(const TensorFile& file) {
  const std::string* const expected = file.metadata(detail::checksum_key);
  if (expected == nullptr)
    throw ParseError(file.path(), 0, "expected a checksum in the metadata, found none (is it another kind of file?)");
  Checksum sum;
  detail::add_metadata(sum, file.metadata());
  for (const TensorInfo& tensor : file.tensors()) {
    detail::add_head(sum, tensor.name, tensor.dtype, tensor.shape);
    const std::span<const char> bytes = file.bytes(tensor.name);
    sum.add(bytes.data(), bytes.size());
  }
  if (const std::string found = detail::hexadecimal(sum.value()); found != *expected)
    throw ParseError(file.path(), 0,
                     rowgrad::detail::concat("its content has the checksum ", found, ", expected ", *expected,
                                             " (the file is damaged: it was changed after it was written)"));
}

}  // namespace rowgrad::io
