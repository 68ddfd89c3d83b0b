// What: files as other programs wrote them, out of golden/io_files.txt.
// Why:  readers are held against the real thing; hexadecimal keeps binary files out of the repository.
// See:  golden/make_io.py.
#pragma once

#include <fstream>
#include <stdexcept>
#include <string>

#include <rowgrad/core/tensor.hpp>
#include <support/temporary_file.hpp>

namespace files {

/// The bytes of the file of that name.
inline std::string bytes_of(const std::string& wanted) {
  std::ifstream stream(ROWGRAD_GOLDEN_DIR "/io_files.txt");
  std::string name, digits;
  while (stream >> name >> digits) {
    if (name != wanted) continue;
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
      bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
  }
  throw std::runtime_error("io_files.txt has no " + wanted);
}

/// The values that golden_file.py's formula() gives.
template <typename T>
rowgrad::Tensor<T> formula(const rowgrad::Shape& shape, rowgrad::Index step) {
  rowgrad::Tensor<T> x(shape);
  for (rowgrad::Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(static_cast<double>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / 512);
  return x;
}

template <typename T>
bool same(const rowgrad::Tensor<T>& a, const rowgrad::Tensor<T>& b) {
  return a.shape() == b.shape() && a.to_vector() == b.to_vector();
}

/// What a call throws, as a text; empty when it throws nothing.
template <typename F>
std::string error_of(const F& f) {
  try {
    f();
  } catch (const rowgrad::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace files
