// What: the tensors of a good file, to be changed here and there and written again.
// Why:  headers that are right get a fuzzer past the reader of the format, to whoever relies on what the file holds.
// See:  checkpoint.cpp, classifier_file.cpp.
#pragma once

#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <rowgrad/io/safetensors.hpp>

#include "bytes.hpp"

struct Entry {
  std::string name;
  rowgrad::io::DType dtype;
  std::vector<rowgrad::Index> sizes;
  std::string bytes;
};

inline std::vector<Entry> entries_of(const rowgrad::io::TensorFile& file) {
  std::vector<Entry> entries;
  for (const auto& info : file.tensors()) {
    const auto bytes = file.bytes(info.name);
    entries.push_back({info.name, info.dtype, info.shape, std::string(bytes.data(), bytes.size())});
  }
  return entries;
}

template <typename U>
rowgrad::io::SavedTensor saved_as(const Entry& entry) {
  rowgrad::Shape shape;
  for (const rowgrad::Index size : entry.sizes) shape.append(size);
  rowgrad::Tensor<U> values(shape);
  std::string bytes = entry.bytes;
  bytes.resize(static_cast<std::size_t>(values.numel()) * sizeof(U));
  if (std::is_same_v<U, bool>)
    for (char& byte : bytes) byte = byte != 0;
  if (!bytes.empty()) std::memcpy(static_cast<void*>(values.data()), bytes.data(), bytes.size());
  return {entry.name, values};
}
inline rowgrad::io::SavedTensor saved(const Entry& entry) {
  using rowgrad::io::DType;
  switch (entry.dtype) {
    case DType::f64:
      return saved_as<double>(entry);
    case DType::f32:
      return saved_as<float>(entry);
    case DType::i64:
      return saved_as<rowgrad::Index>(entry);
    case DType::i16:
      return saved_as<std::int16_t>(entry);
    case DType::boolean:
      return saved_as<bool>(entry);
    default:
      return saved_as<std::uint8_t>(entry);
  }
}

inline std::vector<rowgrad::io::SavedTensor> saved(const std::vector<Entry>& entries) {
  std::vector<rowgrad::io::SavedTensor> tensors;
  for (const Entry& entry : entries) tensors.push_back(saved(entry));
  return tensors;
}

/// One change, of a name, a type, a shape, values or the metadata, or a tensor that is gone.
inline void change(std::vector<Entry>& entries, rowgrad::io::Metadata& metadata, Bytes& bytes) {
  using rowgrad::io::DType;
  constexpr DType types[] = {DType::f64, DType::f32, DType::i64, DType::i16, DType::boolean, DType::u8};
  const auto which = [&] { return static_cast<std::size_t>(bytes.number(0, static_cast<int>(entries.size()) - 1)); };
  Entry& entry = entries[which()];
  switch (bytes.number(0, 6)) {
    case 0:
      entry.name = entries[which()].name + bytes.text(3);
      break;
    case 1:
      entry.dtype = types[bytes.number(0, 5)];
      break;
    case 2:
      entry.sizes.assign(static_cast<std::size_t>(bytes.number(0, 3)), bytes.number(0, 7));
      break;
    case 3:
      std::swap(entry.bytes, entries[which()].bytes);
      break;
    case 4:
      if (entries.size() > 1) entries.erase(entries.begin() + (&entry - entries.data()));
      break;
    case 5:
      metadata[static_cast<std::size_t>(bytes.number(0, static_cast<int>(metadata.size()) - 1))].second = bytes.text(5);
      break;
    default:
      for (int n = bytes.number(1, 8), at = bytes.number(0, 40); n > 0 && !entry.bytes.empty(); --n, ++at)
        entry.bytes[static_cast<std::size_t>(at) % entry.bytes.size()] = static_cast<char>(bytes.byte());
  }
}
