// What: SavedTensor, a tensor of any scalar with the name and the type it has in a file.
// Why:  a file's tensors differ in type; this is what a list of them is made of.
// See:  safetensors.hpp.
#pragma once

#include <functional>
#include <string>

#include <rowgrad/core/state_dict.hpp>
#include <rowgrad/io/dtype.hpp>
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
      : name_(std::move(name)), dtype_(dtype), shape_(tensor.shape()) {
    if (std::is_floating_point_v<T> && detail::converts_to<Index>(dtype))
      rowgrad::detail::raise<ValueError>("SavedTensor: '", name_, "' holds floating point numbers, got the type ",
                                         name_of(dtype), " for them");
    write_ = [tensor, dtype](const Sink& sink, const std::string& of) { write(tensor, dtype, sink, of); };
  }

  /// A tensor of any of the scalars that files hold. ValueError for another.
  SavedTensor(std::string name, const AnyTensor& tensor) : name_(std::move(name)), shape_(tensor.shape()) {
    const bool known = rowgrad::detail::with_scalar(tensor.scalar_type(), [&](auto scalar) {
      using T = decltype(scalar);
      dtype_ = dtype_of<T>();
      write_ = [held = tensor.as<T>(), dtype = dtype_](const Sink& sink, const std::string& of) {
        write(held, dtype, sink, of);
      };
    });
    if (!known)
      throw ValueError(
          rowgrad::detail::concat("SavedTensor: '", name_, "' holds values of a type that files do not have"));
  }

  const std::string& name() const noexcept { return name_; }
  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(shape_.numel()) * size_of(dtype_); }

  /// Takes the bytes of the values, in one piece or several.
  using Sink = std::function<void(const void* bytes, std::size_t size)>;
  /// Gives the values as they are in a file. ValueError for a whole number that the file's type cannot hold.
  void write_to(const Sink& sink) const { write_(sink, name_); }
  void write_to(AtomicFile& file) const {
    write_to([&file](const void* bytes, std::size_t size) { file.write(bytes, size); });
  }

 private:
  template <typename T>
  static void write(const Tensor<T>& tensor, DType dtype, const Sink& sink, const std::string& name) {
    const T* const values = tensor.data();
    const Index count = tensor.numel();
    if (dtype == dtype_of<T>() && std::endian::native == std::endian::little) {
      sink(values, static_cast<std::size_t>(count) * sizeof(T));
      return;
    }
    constexpr Index piece = 4096;
    std::string bytes;
    for (Index first = 0; first < count; first += piece) {
      const Index size = std::min(piece, count - first);
      bytes.resize(static_cast<std::size_t>(size) * size_of(dtype));
      if (detail::convert_back(values + first, size, dtype, bytes.data()) < size)
        rowgrad::detail::raise<ValueError>("SavedTensor: '", name, "' has a whole number that ", name_of(dtype),
                                           " cannot hold");
      sink(bytes.data(), bytes.size());
    }
  }

  std::string name_;
  DType dtype_ = DType::f32;
  Shape shape_;
  std::function<void(const Sink&, const std::string&)> write_;
};

}  // namespace rowgrad::io
