// What: the header of a safetensors file: which tensors it holds, of which type and shape, and where their bytes lie.
// Why:  everything a reader relies on is checked here, once, before a single value is touched.
// See:  safetensors.hpp; the format's specification in its project's README, "Format".
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <rowgrad/io/json.hpp>
#include <rowgrad/io/tensor_file.hpp>
#include <rowgrad/io/utf8.hpp>

namespace rowgrad::io {

namespace detail {

/// Reads and checks headers: 8 bytes with the header's length, then JSON, then the tensors' bytes without gaps.
class SafetensorsHeader {
 public:
  std::vector<TensorInfo> tensors;  // as the header lists them
  Metadata metadata;

  /// `file` is the whole file. ParseError that says what is wrong with which tensor; memory is bounded by the header.
  SafetensorsHeader(std::string_view file, const std::string& path) : path_(path) {
    if (file.size() < 8) fail("expected the 8 bytes of a header's length, the file has ", file.size());
    const auto length = load<std::uint64_t>(file.data());
    if (length > file.size() - 8)
      fail("its header should have ", length, " bytes, but the file ends ", file.size() - 8,
           " bytes after the header's length (is it cut short, or not a safetensors file?)");
    const std::string_view text = file.substr(8, static_cast<std::size_t>(length));
    if (text.empty() || text[0] != '{') fail("expected a header that begins with '{' (is this a safetensors file?)");
    if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos)
      fail("header, byte ", at, ": not valid UTF-8");
    first_ = 8 + text.size();
    read(JsonReader(text, path, "header"));
    check_layout(file.size());
  }

 private:
  template <typename... Pieces>
  [[noreturn]] void fail(const Pieces&... pieces) const {
    throw ParseError(path_, 0, rowgrad::detail::concat(pieces...));
  }

  void read(JsonReader json) {
    bool has_metadata = false;
    json.object([&](const std::string& name) {
      if (name == "__metadata__") {
        if (std::exchange(has_metadata, true)) fail("__metadata__ stands twice in the header");
        json.object([&](const std::string& key) { metadata.emplace_back(key, json.string()); });
      } else {
        tensors.push_back(read_tensor(json, name));
      }
    });
    json.end();
    expect_different(tensors, [](const TensorInfo& info) -> const std::string& { return info.name; });
    expect_different(metadata, [](const auto& pair) -> const std::string& { return pair.first; });
  }

  template <typename List, typename Name>
  void expect_different(const List& list, const Name& name_of_item) const {
    std::vector<std::string_view> names;
    names.reserve(list.size());
    for (const auto& item : list) names.push_back(name_of_item(item));
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
      fail("the name '", *twice, "' stands twice in the header");
  }

  TensorInfo read_tensor(JsonReader& json, const std::string& name) const {
    TensorInfo info;
    info.name = name;
    bool has_dtype = false, has_shape = false, has_offsets = false;
    std::int64_t offsets[2] = {};
    json.object([&](const std::string& key) {
      if (key == "dtype" && !std::exchange(has_dtype, true)) {
        info.dtype = parse_dtype(json.string(), name);
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        json.array([&] { info.shape.push_back(json.size()); });
      } else if (key == "data_offsets" && !std::exchange(has_offsets, true)) {
        std::size_t count = 0;
        json.array([&] {
          if (count == 2) json.fail("two data_offsets");
          offsets[count++] = json.size();
        });
        if (count != 2) json.fail("two data_offsets");
      } else {
        fail("tensor '", name, "': expected dtype, shape and data_offsets, each once, got '", key, "'");
      }
    });
    if (!has_dtype || !has_shape || !has_offsets)
      fail("tensor '", name, "': expected dtype, shape and data_offsets, got no ",
           !has_dtype   ? "dtype"
           : !has_shape ? "shape"
                        : "data_offsets");
    if (offsets[1] < offsets[0])
      fail("tensor '", name, "': its bytes end at ", offsets[1], ", before they begin at ", offsets[0]);
    std::size_t bytes = size_of(info.dtype);
    bool fits = true;
    for (const Index size : info.shape) fits &= !__builtin_mul_overflow(bytes, static_cast<std::size_t>(size), &bytes);
    const auto held = static_cast<std::size_t>(offsets[1] - offsets[0]);
    if (!fits || bytes != held)
      fail("tensor '", name, "': ", name_of(info.dtype), " of shape ", text_of(info.shape), " takes ",
           fits ? rowgrad::detail::concat(bytes) : std::string("more than 2^64"), " bytes, the file has ", held,
           " for it");
    info.begin = static_cast<std::size_t>(offsets[0]);
    info.end = static_cast<std::size_t>(offsets[1]);
    return info;
  }

  /// Offsets become positions in the file. Names must differ; the tensors' bytes must fill the rest of the file.
  void check_layout(std::size_t file_size) {
    std::vector<TensorInfo*> in_order;
    in_order.reserve(tensors.size());
    for (TensorInfo& info : tensors) in_order.push_back(&info);
    std::sort(in_order.begin(), in_order.end(), [](const TensorInfo* a, const TensorInfo* b) {
      return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
    });
    std::size_t expected = 0;
    for (TensorInfo* info : in_order) {
      if (info->end > file_size - first_)
        fail("tensor '", info->name, "': its bytes end at ", info->end, ", the file has ", file_size - first_,
             " after the header (is it cut short?)");
      if (info->begin != expected)
        fail("tensor '", info->name, "': its bytes begin at ", info->begin, ", expected ", expected,
             info->begin < expected ? ": tensors overlap" : ": bytes that belong to no tensor");
      expected = info->end;
      info->begin += first_;
      info->end += first_;
    }
    if (expected != file_size - first_)
      fail("the file has ", file_size - first_ - expected, " bytes behind its last tensor");
  }

  static std::string text_of(const std::vector<Index>& shape) {
    std::string text = "(";
    for (const Index size : shape) text += rowgrad::detail::concat(text.size() > 1 ? ", " : "", size);
    return text + (shape.size() == 1 ? ",)" : ")");
  }

  DType parse_dtype(const std::string& text, const std::string& name) const {
    for (int k = 0; k <= static_cast<int>(DType::u16); ++k)
      if (text == name_of(static_cast<DType>(k))) return static_cast<DType>(k);
    fail("tensor '", name, "': its dtype '", text,
         "' is not supported (F64, F32, F16, BF16, I64 to I8, U64 to U8 and BOOL are)");
  }

  const std::string& path_;
  std::size_t first_ = 0;  // where the tensors' bytes begin
};

}  // namespace detail
}  // namespace rowgrad::io
