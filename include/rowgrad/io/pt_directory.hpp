// What: which tensors a file of torch.save() holds, and where in it their values lie.
// Why:  C++ programs are given .pt files. This reads a dict of tensors, the only thing it understands; nothing in the
//       file is ever run.
// See:  zip.hpp, pickle.hpp; tensor_file.hpp (reading); PyTorch torch/serialization.py, torch/_utils.py.
#pragma once

#include <rowgrad/io/pickle.hpp>
#include <rowgrad/io/tensor_info.hpp>
#include <rowgrad/io/utf8.hpp>
#include <rowgrad/io/zip.hpp>

namespace rowgrad::io::detail {

/// Reads and checks a state_dict. ParseError that names the tensor, or the function that the file would have called.
class PtDirectory {
 public:
  std::vector<TensorInfo> tensors;  // in the dict's order
  std::string others;               // keys of dicts within the dict: "'model', 'optimizer'"

  PtDirectory(std::string_view file, const std::string& path, const std::string& key) : file_(file), path_(path) {
    if (file.starts_with("\x80\x02\x8a\x0a"))
      fail("this is the format of PyTorch before 1.6; save it anew with a later one");
    const ZipArchive archive(file, path);
    const ZipMember* pickled = nullptr;
    for (const ZipMember& member : archive.members)
      if (member.name == "data.pkl" || member.name.ends_with("/data.pkl")) pickled = &member;
    if (pickled == nullptr) fail("expected an archive of torch.save(), found no data.pkl in it");
    if (pickled->bytes.size() > largest_pickle)
      fail("data.pkl has ", pickled->bytes.size(), " bytes; a dict of tensors takes less than ", largest_pickle);
    prefix_ = pickled->name.substr(0, pickled->name.size() - std::string_view("data.pkl").size());
    for (const ZipMember& member : archive.members) members_.emplace(member.name, &member);
    if (members_.contains(prefix_ + "constants.pkl"))
      fail("this is TorchScript, a program: save the model's state_dict() with torch.save()");
    if (const auto order = members_.find(prefix_ + "byteorder");
        order != members_.end() && bytes_of(*order->second) != "little")
      fail("its values are in the byte order '", bytes_of(*order->second), "', expected 'little'");
    const Pickle pickle(bytes_of(*pickled), path, "data.pkl");
    read_dict(find_dict(pickle.value(), key));
  }

 private:
  using Kind = PickleValue::Kind;
  static constexpr std::size_t largest_pickle = std::size_t{64} << 20;

  template <typename... Pieces>
  [[noreturn]] void fail(const Pieces&... pieces) const {
    throw ParseError(path_, 0, rowgrad::detail::concat(pieces...));
  }

  std::string_view bytes_of(const ZipMember& member) const {
    if (!member.as_it_is)
      fail("member '", member.name, "' is compressed or encrypted (PyTorch's files are not: was it packed anew?)");
    return member.bytes;
  }

  /// Where a dict's keys and values begin among its items; -1 for what is no dict.
  std::ptrdiff_t first_item(const PickleValue& value) const {
    if (value.kind == Kind::dict) return 0;
    if (value.kind != Kind::call) return -1;
    const std::string& function = value.items[0]->text;
    if (function == "collections OrderedDict" && value.items[1]->items.empty()) return 2;
    return is_tensor(value) ? -1 : refuse(function);
  }
  std::ptrdiff_t refuse(const std::string& function) const {
    fail("it would call '", function,
         "', which a dict of tensors does not need; nothing was called. Save the model's "
         "state_dict(), not the model");
  }

  const PickleValue& find_dict(const PickleValue& whole, const std::string& key) const {
    std::ptrdiff_t first = first_item(whole);
    if (first < 0) fail("expected a dict of tensors");
    if (key.empty()) return whole;
    for (std::size_t i = static_cast<std::size_t>(first); i + 1 < whole.items.size(); i += 2)
      if (whole.items[i]->kind == Kind::text && whole.items[i]->text == key) {
        if (first_item(*whole.items[i + 1]) < 0) fail("expected a dict of tensors under the key '", key, "'");
        return *whole.items[i + 1];
      }
    fail("found no key '", key, "' in it");
  }
  const PickleValue& find_dict(PickleValue&&, const std::string&) const = delete;  // the result lies in the first

  void read_dict(const PickleValue& dict) {
    for (std::size_t i = static_cast<std::size_t>(first_item(dict)); i + 1 < dict.items.size(); i += 2) {
      const PickleValue &key = *dict.items[i], &value = *dict.items[i + 1];
      if (key.kind != Kind::text) fail("expected names as the keys of a dict of tensors");
      if (find_invalid_utf8(key.text) != std::string_view::npos) fail("the name '", key.text, "' is not UTF-8");
      if (is_tensor(value))
        tensors.push_back(read_tensor(key.text, value));
      else if (first_item(value) >= 0)
        others += (others.empty() ? "'" : ", '") + key.text + "'";
    }
    if (tensors.empty() && !others.empty())
      fail("the dict holds no tensors but further dicts (", others, "): name one of them as the key to read");
  }

  static constexpr std::string_view parameter = "torch._utils _rebuild_parameter",
                                    tensor_2 = "torch._utils _rebuild_tensor_v2",
                                    tensor_3 = "torch._utils _rebuild_tensor_v3";

  static bool is_tensor(const PickleValue& value) noexcept {
    if (value.kind != Kind::call) return false;
    const std::string& function = value.items[0]->text;
    return function == tensor_2 || function == tensor_3 || function == parameter;
  }

  /// v2: storage, offset, size, stride, requires_grad, hooks, what else there is to know. v3, for types that have no
  /// storage of their own, has the type before the last of these.
  TensorInfo read_tensor(const std::string& name, const PickleValue& outer) const {
    const PickleValue* value = &outer;
    if (value->items[0]->text == parameter) {  // of a tensor, and what it requires
      const std::vector<PickleValue*>& arguments = value->items[1]->items;
      if (arguments.empty() || !is_tensor(*arguments[0]) || arguments[0]->items[0]->text == parameter)
        fail("tensor '", name, "': expected a parameter made of a tensor");
      value = arguments[0];
    }
    const bool typed = value->items[0]->text == tensor_3;
    const std::vector<PickleValue*>& arguments = value->items[1]->items;
    const bool complete = arguments.size() >= (typed ? 7 : 4) && arguments[0]->kind == Kind::persistent &&
                          arguments[1]->kind == Kind::integer && arguments[2]->kind == Kind::sequence &&
                          arguments[3]->kind == Kind::sequence && (!typed || arguments[6]->kind == Kind::name);
    if (!complete) fail("tensor '", name, "': expected storage, offset, size and stride");
    // Values that are to be negated when they are read, say.
    if (const std::size_t more = typed ? 7 : 6; arguments.size() > more && !arguments[more]->items.empty())
      fail("tensor '", name, "': it is stored with '", arguments[more]->items[0]->text,
           "', which is not supported: save its clone()");
    TensorInfo info;
    info.name = name;
    if (typed) info.dtype = parse_dtype(name, arguments[6]->text);
    const std::string_view storage = find_storage(name, *arguments[0]->items[0], typed, info.dtype);
    info.shape = sizes(name, *arguments[2]);
    info.strides = sizes(name, *arguments[3]);
    if (info.shape.size() != info.strides.size()) fail("tensor '", name, "': expected one stride for each size");
    place(info, storage, arguments[1]->integer);
    return info;
  }

  std::vector<Index> sizes(const std::string& name, const PickleValue& sequence) const {
    std::vector<Index> result;
    for (const PickleValue* item : sequence.items) {
      if (item->kind != Kind::integer || item->integer < 0)
        fail("tensor '", name, "': expected sizes and strides that are whole numbers, not negative");
      result.push_back(item->integer);
    }
    return result;
  }

  /// ('storage', torch.FloatStorage, key, device, number of values). For tensors with a type of their own it is bytes
  /// that are counted; others get theirs here.
  std::string_view find_storage(const std::string& name, const PickleValue& id, bool typed, DType& dtype) const {
    const std::vector<PickleValue*>& parts = id.items;
    const bool complete = id.kind == Kind::sequence && parts.size() == 5 && parts[0]->text == "storage" &&
                          parts[1]->kind == Kind::name && parts[2]->kind == Kind::text &&
                          parts[4]->kind == Kind::integer &&
                          (!typed || parts[1]->text == "torch.storage UntypedStorage");
    if (!complete) fail("tensor '", name, "': expected the storage that holds its values");
    if (!typed) dtype = parse_storage(name, parts[1]->text);
    const auto found = members_.find(prefix_ + "data/" + parts[2]->text);
    if (found == members_.end())
      fail("tensor '", name, "': found no member '", prefix_, "data/", parts[2]->text, "' with its values");
    const std::string_view storage = bytes_of(*found->second);
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(parts[4]->integer, typed ? 1 : size_of(dtype), &bytes) || bytes > storage.size())
      fail("tensor '", name, "': its storage should hold ", parts[4]->integer, typed ? " bytes" : " values",
           ", it has ", storage.size(), " bytes");
    return storage.substr(0, static_cast<std::size_t>(bytes));
  }

  DType parse_dtype(const std::string& name, const std::string& type) const {
    constexpr std::string_view types[] = {"float64", "float32", "float16", "bfloat16", "int64",  "int32", "int16",
                                          "int8",    "uint8",   "bool",    "uint64",   "uint32", "uint16"};
    for (std::size_t k = 0; k < std::size(types); ++k)  // in DType's order
      if (type == rowgrad::detail::concat("torch ", types[k])) return static_cast<DType>(k);
    fail("tensor '", name, "': values of type '", type, "' are not supported");
  }

  DType parse_storage(const std::string& name, const std::string& type) const {
    constexpr std::string_view types[] = {"Double", "Float", "Half", "BFloat16", "Long",
                                          "Int",    "Short", "Char", "Byte",     "Bool"};  // in DType's order
    for (std::size_t k = 0; k < std::size(types); ++k)
      if (type == rowgrad::detail::concat("torch ", types[k], "Storage")) return static_cast<DType>(k);
    fail("tensor '", name, "': values of '", type, "' are not supported");
  }

  /// Fills in where the values lie; every element must be within the storage.
  void place(TensorInfo& info, std::string_view storage, std::int64_t offset) const {
    const std::size_t width = size_of(info.dtype);
    const auto count = static_cast<std::int64_t>(storage.size() / width);
    bool empty = false, fits = offset >= 0, contiguous = true;
    std::int64_t last = offset, expected = 1, total = 1;
    for (std::size_t d = info.shape.size(); d-- > 0;) {
      const Index size = info.shape[d], stride = info.strides[d];
      empty |= size == 0;
      std::int64_t reach = 0;
      fits &= !__builtin_mul_overflow(std::max<Index>(size, 1) - 1, stride, &reach) &&
              !__builtin_add_overflow(last, reach, &last) && !__builtin_mul_overflow(total, size, &total);
      contiguous &= size == 1 || stride == expected;
      if (__builtin_mul_overflow(expected, size, &expected)) expected = -1;
    }
    if (empty) {
      info.begin = info.end = 0;
      info.strides.clear();
      return;
    }
    if (!fits || last >= count)
      fail("tensor '", info.name, "': its sizes and strides reach beyond the ", count, " values of its storage");
    // Memory must not grow beyond what the file holds; most buffers that were expanded are small.
    if (total > count && static_cast<std::uint64_t>(total) > file_.size() / width)
      fail("tensor '", info.name, "': it repeats the ", count, " values of its storage to ", total,
           ", more than the file has bytes for: save its contiguous() form");
    info.begin = static_cast<std::size_t>(storage.data() - file_.data()) + static_cast<std::size_t>(offset) * width;
    info.end = static_cast<std::size_t>(storage.data() - file_.data()) + static_cast<std::size_t>(last + 1) * width;
    if (contiguous) info.strides.clear();
  }

  std::string_view file_;
  const std::string& path_;
  std::string prefix_;
  std::unordered_map<std::string, const ZipMember*> members_;  // while the archive is read
};

}  // namespace rowgrad::io::detail
