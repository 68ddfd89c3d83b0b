// What: the index of a model that is split over several safetensors files.
// Why:  large models are published in pieces of a few gigabytes; they are opened and read as one.
// See:  safetensors.hpp; Hugging Face's save_pretrained, which writes model.safetensors.index.json.
#pragma once

#include <rowgrad/io/safetensors_header.hpp>

namespace rowgrad::io::detail {

/// Opens the files that an index names: {"metadata": {...}, "weight_map": {"fc.weight": "model-00001-of-00002...",
/// ...}}. The tensors are those of weight_map, in its order; others that the files hold are none of the model's.
/// ParseError that names the index or the file in it.
inline TensorFile open_safetensors_index(const std::string& path) {
  const auto fail = [&](const auto&... pieces) { throw ParseError(path, 0, rowgrad::detail::concat(pieces...)); };
  const MappedFile text("open_safetensors", path);
  std::vector<std::pair<std::string, std::string>> places;  // tensors, and the files they are in
  Metadata metadata;
  bool has_map = false;
  JsonReader json({text.data(), text.size()}, path, "index");
  json.object([&](const std::string& key) {
    if (key == "weight_map") {
      if (std::exchange(has_map, true)) fail("weight_map stands twice in the index");
      json.object([&](const std::string& name) { places.emplace_back(name, json.string()); });
    } else if (key == "metadata") {
      json.object([&](const std::string& name) { metadata.emplace_back(name, json.text()); });
    } else {
      json.skip();
    }
  });
  json.end();
  if (!has_map) fail("expected a weight_map in the index (is it that of a split model?)");

  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::vector<std::shared_ptr<MappedFile>> files;
  std::vector<std::unordered_map<std::string, TensorInfo>> held;  // by each file
  std::unordered_map<std::string, std::size_t> numbers;           // of files, by name
  std::vector<TensorInfo> tensors;
  std::unordered_map<std::string_view, bool> seen;
  for (const auto& [name, file] : places) {
    if (!seen.emplace(name, true).second) fail("the name '", name, "' stands twice in the weight_map");
    const auto [place, is_new] = numbers.emplace(file, files.size());
    if (is_new) {
      // What comes with a model must not make programs read files elsewhere.
      if (file.empty() || file[0] == '/' || ("/" + file + "/").find("/../") != std::string::npos ||
          file.find_first_of("\\:") != std::string::npos || file.find('\0') != std::string::npos)
        fail("tensor '", name, "': expected a file beside the index, got '", file, "'");
      const std::string where = folder + file;
      try {
        files.push_back(std::make_shared<MappedFile>("open_safetensors", where, Access::private_copy));
      } catch (const FileError& error) {
        throw FileError(rowgrad::detail::concat(error.what(), "; '", path, "' names it"));
      }
      SafetensorsHeader header({files.back()->data(), files.back()->size()}, where);
      held.emplace_back();
      for (TensorInfo& info : header.tensors) {
        info.file = place->second;
        held.back().emplace(info.name, std::move(info));
      }
    }
    const auto found = held[place->second].find(name);
    if (found == held[place->second].end())
      fail("tensor '", name, "' should be in '", folder, file, "', which has none of that name");
    tensors.push_back(found->second);
  }
  return TensorFile("open_safetensors", path, std::move(files), std::move(tensors), std::move(metadata));
}

}  // namespace rowgrad::io::detail
