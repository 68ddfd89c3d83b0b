// What: NumPy's .npy files, one array each, read and written.
// Why:  what Python programs exchange arrays in.
// See:  tensor_file.hpp (reading); NumPy's numpy.lib.format for the format.
#pragma once

#include <rowgrad/io/saved_tensor.hpp>
#include <rowgrad/io/tensor_file.hpp>

namespace rowgrad::io {
namespace detail {

/// Reads and checks the header: versions 1 to 3, a dict literal of Python with descr, fortran_order and shape.
class NpyHeader {
 public:
  TensorInfo array{.name = "array", .shape = {}, .strides = {}};
  bool swapped = false;  // the greatest byte of each value comes first

  NpyHeader(std::string_view file, const std::string& path) : path_(path) {
    if (file.starts_with("PK")) fail("this is an archive, as numpy.savez() writes: save each array with numpy.save()");
    if (!file.starts_with("\x93NUMPY") || file.size() < 10) fail("expected a .npy file, which begins with \\x93NUMPY");
    const auto version = static_cast<unsigned char>(file[6]);
    if (version < 1 || version > 3) fail("version ", int{version}, " is not supported (1 to 3 are)");
    const std::size_t before = version == 1 ? 10 : 12;
    if (file.size() < before) fail("the header is cut short");
    const std::size_t size = version == 1 ? load<std::uint16_t>(file.data() + 8) : load<std::uint32_t>(file.data() + 8);
    if (size > file.size() - before)
      fail("its header should have ", size, " bytes, the file ends after ", file.size() - before);
    text_ = file.substr(before, size);
    read();
    place(before + size, file.size());
  }

 private:
  template <typename... Pieces>
  [[noreturn]] void fail(const Pieces&... pieces) const {
    throw ParseError(path_, 0, rowgrad::detail::concat(pieces...));
  }
  [[noreturn]] void expected(std::string_view what) const {
    fail("header, byte ", at_, ": expected ", what, ", got ",
         at_ < text_.size() ? rowgrad::detail::concat("'", text_[at_] < 0x20 ? '?' : text_[at_], "'") : "the end");
  }

  void space() noexcept {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool try_take(std::string_view token) noexcept {
    space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void take(std::string_view token) {
    if (!try_take(token)) expected(token);
  }
  std::string_view text() {
    space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') expected("a text in quotes");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) expected("a text in quotes");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }
  Index size() {
    space();
    const std::size_t first = at_;
    Index value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(value, Index{10}, &value) ||
          __builtin_add_overflow(value, Index{text_[at_] - '0'}, &value))
        expected("a size below 2^63");
    if (at_ == first) expected("a size");
    (void)try_take("L");  // Python 2 wrote long integers so
    return value;
  }

  void read() {
    bool has_descr = false, has_order = false, has_shape = false, fortran = false;
    take("{");
    while (!try_take("}")) {
      const std::string_view key = text();
      take(":");
      if (key == "descr" && !std::exchange(has_descr, true)) {
        read_descr();
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        fortran = try_take("True");
        if (!fortran) take("False");
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        take("(");
        while (!try_take(")")) {
          array.shape.push_back(size());
          if (!try_take(",")) {
            take(")");
            break;
          }
        }
      } else {
        fail("header: expected descr, fortran_order and shape, each once, got '", key, "'");
      }
      if (!try_take(",")) {
        take("}");
        break;
      }
    }
    space();
    if (at_ < text_.size()) expected("nothing more");
    if (!has_descr || !has_order || !has_shape) fail("header: expected descr, fortran_order and shape");
    if (fortran && array.shape.size() > 1) {
      Index stride = 1;
      for (const Index size : array.shape) {
        array.strides.push_back(stride);
        if (__builtin_mul_overflow(stride, size, &stride)) stride = 0;  // place() refuses the shape
      }
    }
  }

  void read_descr() {
    space();
    if (at_ < text_.size() && text_[at_] == '[') fail("it holds records; arrays of numbers are supported");
    const std::string_view descr = text();
    if (descr == "|O" || descr == "O") fail("it holds Python objects, which only Python can read; nothing was run");
    constexpr std::string_view types[] = {"f8", "f4", "f2", "", "i8", "i4", "i2", "i1", "u1", "b1", "u8", "u4", "u2"};
    const char order = descr.empty() ? '\0' : descr[0];
    for (std::size_t k = 0; k < std::size(types); ++k)
      if (!types[k].empty() && descr.substr(descr.empty() ? 0 : 1) == types[k] &&
          (order == '<' || order == '>' || order == '|')) {
        array.dtype = static_cast<DType>(k);
        if (order == '|' && size_of(array.dtype) > 1) break;
        swapped = order == '>' && size_of(array.dtype) > 1;
        return;
      }
    fail("values of type '", descr, "' are not supported (f2, f4, f8, i1 to i8, u1 to u8 and b1 are)");
  }

  void place(std::size_t begin, std::size_t file_size) {
    std::size_t bytes = size_of(array.dtype);
    bool fits = true;
    for (const Index size : array.shape) fits &= !__builtin_mul_overflow(bytes, static_cast<std::size_t>(size), &bytes);
    if (!fits || bytes != file_size - begin)
      fail("its shape takes ", fits ? rowgrad::detail::concat(bytes) : std::string("more than 2^64"),
           " bytes, the file has ", file_size - begin, " behind the header",
           fits && bytes < file_size - begin ? "" : " (is it cut short?)");
    array.begin = begin;
    array.end = begin + bytes;
  }

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// The array of a file as a tensor of its own; in row-major order whatever the file's. FileError when it cannot be
/// read, ParseError when it is no .npy file of numbers, and the errors of TensorFile::read(). Python: numpy.load.
template <typename T>
Tensor<T> load_npy(const std::string& path) {
  auto file = std::make_shared<MappedFile>("load_npy", path, Access::private_copy);
  detail::NpyHeader header({file->data(), file->size()}, path);
  if (header.swapped) {
    const std::size_t width = size_of(header.array.dtype);
    const std::span<char> bytes = file->writable_bytes(header.array.begin, header.array.end - header.array.begin);
    for (std::size_t i = 0; i < bytes.size(); i += width) std::reverse(bytes.data() + i, bytes.data() + i + width);
  }
  return TensorFile("load_npy", file, {std::move(header.array)}).template read<T>("array");
}

/// Writes a tensor, row-major, as a file that is there as a whole or not at all. FileError when the disk does not take
/// it. Python: numpy.save.
template <typename T>
void save_npy(const std::string& path, const Tensor<T>& tensor) {
  constexpr std::string_view types[] = {"<f8", "<f4", "<f2", "",    "<i8", "<i4", "<i2",
                                        "|i1", "|u1", "|b1", "<u8", "<u4", "<u2"};
  std::string header = rowgrad::detail::concat("{'descr': '", types[static_cast<std::size_t>(dtype_of<T>())],
                                               "', 'fortran_order': False, 'shape': (");
  for (int d = 0; d < tensor.dim(); ++d) header += rowgrad::detail::concat(tensor.shape()[d], ",");
  header += "), }";
  header.resize((10 + header.size()) / 64 * 64 + 64 - 10, ' ');  // the values begin at a multiple of 64 bytes
  header.back() = '\n';
  char start[10] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0};
  detail::store(static_cast<std::uint16_t>(header.size()), start + 8);
  AtomicFile file("save_npy", path);
  file.write(start, sizeof start);
  file.write(header);
  SavedTensor("", tensor).write_to(file);
  file.commit();
}

}  // namespace rowgrad::io
