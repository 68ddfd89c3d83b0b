// What: device, where tensors lie: the CPU, and no other; dtype, what their numbers are.
// Why:  PyTorch programs say x.to(device) and print x.dtype; they are to compile, and to hear what there is.
// See:  tensor.hpp; PyTorch torch.device, torch.cuda, torch.dtype.
#pragma once

#include <ostream>

#include <rowgrad/core/scalars.hpp>
#include <rowgrad/core/tensor.hpp>

namespace rowgrad {

/// Where tensors lie: device("cpu"). ValueError for any other name: rowgrad computes on the CPU. PyTorch: torch.device.
class device {
 public:
  device(const char* name) : device(std::string_view(name)) {}         // NOLINT: as in x.to("cpu")
  device(const std::string& name) : device(std::string_view(name)) {}  // NOLINT
  explicit device(std::string_view name) {
    if (name != "cpu" && name != "cpu:0")
      detail::raise<ValueError>("device: expected \"cpu\", got \"", name,
                                "\" (rowgrad computes on the CPU; cuda::is_available() is false)");
  }

  const char* type() const noexcept { return "cpu"; }
  friend bool operator==(const device&, const device&) noexcept { return true; }
};

inline std::ostream& operator<<(std::ostream& out, const device& where) { return out << where.type(); }

namespace cuda {
/// False. PyTorch: torch.cuda.is_available.
inline bool is_available() noexcept { return false; }
inline int device_count() noexcept { return 0; }
}  // namespace cuda

/// The type of a tensor's numbers, to compare and to print: x.dtype() == float32. PyTorch: torch.dtype.
struct dtype {
  const char* name;
  friend bool operator==(const dtype& a, const dtype& b) noexcept { return std::string_view(a.name) == b.name; }
};
inline std::ostream& operator<<(std::ostream& out, const dtype& type) { return out << "torch." << type.name; }

inline constexpr dtype float32{"float32"}, float64{"float64"}, int64{"int64"}, int32{"int32"}, int16{"int16"},
    int8{"int8"}, uint8{"uint8"};

template <typename T>
rowgrad::dtype TensorMethods<T>::dtype() const noexcept {
  return {detail::scalar_name<T>()};
}
template <typename T>
rowgrad::device TensorMethods<T>::device() const {
  return rowgrad::device("cpu");
}
/// The tensor itself: there is no other device. ValueError for one that does not exist.
template <typename T>
Tensor<T> Tensor<T>::to(const rowgrad::device&) const {
  return *this;
}
template <typename T>
Tensor<T> TensorMethods<T>::cpu() const {
  return self();
}

}  // namespace rowgrad
