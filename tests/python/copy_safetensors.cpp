// What: reads every tensor of a safetensors file and writes it to another one, in the same types.
// Why:  files.py compares both, bit by bit.
// See:  files.py.
#include <cstdio>

#include <rowgrad/io/safetensors.hpp>

namespace io = rowgrad::io;

int main(int argc, char** argv) try {
  if (argc != 3) return 2;
  const io::TensorFile file = io::open_safetensors(argv[1]);
  std::vector<io::SavedTensor> tensors;
  for (const auto& tensor : file.tensors()) {
    const auto add = [&](auto scalar) { tensors.emplace_back(tensor.name, file.read<decltype(scalar)>(tensor.name)); };
    switch (tensor.dtype) {
      case io::DType::f64:
        add(double());
        break;
      case io::DType::f32:
        add(float());
        break;
      case io::DType::i64:
        add(std::int64_t());
        break;
      case io::DType::i32:
        add(std::int32_t());
        break;
      case io::DType::i16:
        add(std::int16_t());
        break;
      case io::DType::i8:
        add(std::int8_t());
        break;
      case io::DType::u8:
        add(std::uint8_t());
        break;
      case io::DType::boolean:
        add(bool());
        break;
      default:
        tensors.emplace_back(tensor.name, file.read<float>(tensor.name), tensor.dtype);  // 16-bit floats
    }
  }
  io::save_safetensors(argv[2], tensors, file.metadata());
} catch (const std::exception& error) {
  std::fprintf(stderr, "copy_safetensors: %s\n", error.what());
  return 1;
}
