// What: SavedTensor, a tensor of any scalar with the name and the type it has in a file.
// Why:  a file's tensors differ in type; this is what a list of them is made of.
// See:  safetensors.hpp.
#pragma once

#include <functional>
#include <string>

#include <rowgrad/core/state_dict.hpp>
#include <rowgrad/io/convert.hpp>
#include <rowgrad/io/file.hpp>

namespace rowgrad::io {

/// A handle: the values are those at the time of writing. PyTorch: an entry of a state_dict.
class SavedTensor {
 public:
  /// {"fc.weight", weight}: in the file its values have the type of the tensor's scalar.
  template <typename T>
  SavedTensor(std::string name, const Tensor<T>& tensor) : SavedTensor(std::move(name), tensor, dtype_of<T>()) {}

  /// Values in another type, rounded to the nearest: half the size as DType::f16 or DType::bf16. ValueError for
  /// floating point numbers in a type of whole numbers.
  template <typename T>
  SavedTensor(std::string name, const Tensor<T>& tensor, DType dtype)
      : name_(std::move(name)), tensor_(tensor), held_(dtype_of<T>()), dtype_(dtype) {
    check();
  }

  /// A tensor of any of the scalars that files hold. ValueError for another.
  SavedTensor(std::string name, const AnyTensor& tensor) : name_(std::move(name)), tensor_(tensor) {
    const bool known = rowgrad::detail::with_scalar(
        tensor.scalar_type(), [this](auto scalar) { dtype_ = held_ = dtype_of<decltype(scalar)>(); });
    if (!known)
      throw ValueError(
          rowgrad::detail::concat("SavedTensor: '", name_, "' holds values of a type that files do not have"));
    check();
  }

  const std::string& name() const noexcept { return name_; }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const { return tensor_.shape(); }
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(shape().numel()) * size_of(dtype_); }

  /// Takes the bytes of the values, in one piece or several.
  using Sink = std::function<void(const void* bytes, std::size_t size)>;
  /// Gives the values as they are in a file. ValueError for a whole number that the file's type cannot hold.
  void write_to(const Sink& sink) const {
    const char* const values = static_cast<const char*>(tensor_.data());
    const Index count = shape().numel();
    if (dtype_ == held_ && std::endian::native == std::endian::little) {
      sink(values, static_cast<std::size_t>(count) * size_of(held_));
      return;
    }
    constexpr Index piece = 4096;
    std::string bytes;
    for (Index first = 0; first < count; first += piece) {
      const Index size = std::min(piece, count - first);
      bytes.resize(static_cast<std::size_t>(size) * size_of(dtype_));
      const char* const from = values + static_cast<std::size_t>(first) * size_of(held_);
      if (detail::convert_values(from, held_, size, bytes.data(), dtype_) < size)
        rowgrad::detail::raise<ValueError>("SavedTensor: '", name_, "' has a whole number that ", name_of(dtype_),
                                           " cannot hold");
      detail::to_file_order(bytes.data(), size, dtype_);
      sink(bytes.data(), bytes.size());
    }
  }
  void write_to(AtomicFile& file) const {
    write_to([&file](const void* bytes, std::size_t size) { file.write(bytes, size); });
  }

 private:
  void check() const {
    (void)tensor_.shape();  // not of an undefined tensor
    if (!detail::converts(held_, dtype_))
      rowgrad::detail::raise<ValueError>("SavedTensor: '", name_, "' holds floating point numbers, got the type ",
                                         name_of(dtype_), " for them");
  }

  std::string name_;
  AnyTensor tensor_;
  DType held_ = DType::f32, dtype_ = DType::f32;  // in memory, in the file
};

}  // namespace rowgrad::io
