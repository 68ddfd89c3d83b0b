// What: safetensors files, read and written.
// Why:  the field's exchange format for weights: a short header and plain values, which can be mapped as they lie.
// See:  safetensors_header.hpp (what is checked), safetensors_index.hpp (split models), tensor_file.hpp (reading),
//       saved_tensor.hpp (what can be written); the format's specification in its project's README.
#pragma once

#include <rowgrad/io/json_text.hpp>
#include <rowgrad/io/safetensors_index.hpp>
#include <rowgrad/io/saved_tensor.hpp>
#include <rowgrad/io/tensor_file.hpp>
#include <rowgrad/io/utf8.hpp>

namespace rowgrad::io {

namespace detail {

/// A file with such a text in its header could not be opened by anyone.
template <typename... Pieces>
void check_text_to_save(std::string_view text, const Pieces&... what) {
  if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos)
    rowgrad::detail::raise<ValueError>("save_safetensors: ", what..., "' is not UTF-8 (its byte ", at,
                                       " begins no character)");
}

inline void check_names_to_save(std::vector<std::string_view> names, std::string_view what) {
  for (const std::string_view name : names) check_text_to_save(name, what, name);
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    rowgrad::detail::raise<ValueError>("save_safetensors: ", what, *twice, "' is used twice");
}

}  // namespace detail

/// Opens a file: maps it and checks its header; no value is read. A path that ends in ".json" is the index of a model
/// that is split over several files, which lie beside it: model.safetensors.index.json. FileError when a file cannot be
/// opened, ParseError when it is not what the format promises; both name the file. Python: safetensors.safe_open.
inline TensorFile open_safetensors(const std::string& path) {
  if (path.ends_with(".json")) return detail::open_safetensors_index(path);
  auto file = std::make_shared<MappedFile>("open_safetensors", path, Access::private_copy);
  detail::SafetensorsHeader header({file->data(), file->size()}, path);
  return TensorFile("open_safetensors", file, std::move(header.tensors), std::move(header.metadata));
}

/// Writes tensors and pairs of texts to a file, which is there as a whole or not at all. Tensors are listed in this
/// order; their values lie in order of their width, so that each can be mapped. ValueError for a name that stands twice
/// or is "__metadata__", a key of the metadata that does, or a text that is not UTF-8; FileError when the disk does not
/// take it. Python: safetensors.torch.save_file.
inline void save_safetensors(const std::string& path, const std::vector<SavedTensor>& tensors,
                             const Metadata& metadata = {}) {
  std::vector<const SavedTensor*> in_order;
  std::vector<std::string_view> names{"__metadata__"}, keys;
  for (const SavedTensor& tensor : tensors) {
    in_order.push_back(&tensor);
    names.push_back(tensor.name());
  }
  for (const auto& [key, value] : metadata) {
    keys.push_back(key);
    detail::check_text_to_save(value, "the metadata's value of '", key);
  }
  detail::check_names_to_save(std::move(names), "the name '");
  detail::check_names_to_save(std::move(keys), "the metadata's key '");
  std::stable_sort(in_order.begin(), in_order.end(), [](const SavedTensor* a, const SavedTensor* b) {
    return size_of(a->dtype()) > size_of(b->dtype());
  });
  std::unordered_map<const SavedTensor*, std::uint64_t> begins;
  std::uint64_t end = 0;
  for (const SavedTensor* tensor : in_order) {
    begins[tensor] = end;
    end += tensor->bytes();
  }

  std::string header = "{";
  const auto comma = [&header] {
    if (header.size() > 1 && header.back() != '{') header += ',';
  };
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      comma();
      header += detail::json_text(key) + ":" + detail::json_text(value);
    }
    header += '}';
  }
  for (const SavedTensor& tensor : tensors) {
    comma();
    header += rowgrad::detail::concat(detail::json_text(tensor.name()), ":{\"dtype\":\"", name_of(tensor.dtype()),
                                      "\",\"shape\":[");
    for (int d = 0; d < tensor.shape().rank(); ++d)
      header += rowgrad::detail::concat(d == 0 ? "" : ",", tensor.shape()[d]);
    const std::uint64_t begin = begins[&tensor];
    header += rowgrad::detail::concat("],\"data_offsets\":[", begin, ",", begin + tensor.bytes(), "]}");
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');  // the values begin at a multiple of 8 bytes

  AtomicFile file("save_safetensors", path);
  char length[8];
  detail::store(static_cast<std::uint64_t>(header.size()), length);
  file.write(length, sizeof length);
  file.write(header);
  for (const SavedTensor* tensor : in_order) tensor->write_to(file);
  file.commit();
}

/// A model's state: save_safetensors(path, model.state_dict()).
template <std::same_as<StateDict> State>  // a template, so that braces mean a list of SavedTensor
void save_safetensors(const std::string& path, const State& state, const Metadata& metadata = {}) {
  std::vector<SavedTensor> tensors;
  for (const NamedTensor& entry : state) tensors.emplace_back(entry.name, entry.tensor);
  save_safetensors(path, tensors, metadata);
}

}  // namespace rowgrad::io
