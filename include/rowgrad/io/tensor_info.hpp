// What: TensorInfo, what a file says of one of its tensors.
// Why:  readers of every format check a file once and leave this; what reads values needs nothing else.
// See:  tensor_file.hpp; safetensors_header.hpp, pt_directory.hpp, npy.hpp (who makes it).
#pragma once

#include <string>
#include <vector>

#include <rowgrad/io/dtype.hpp>

namespace rowgrad::io {

/// One tensor of a file.
struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  std::vector<Index> shape;    // of any rank; a tensor's is at most Shape::max_rank
  std::vector<Index> strides;  // in values, where they do not lie row-major and contiguous; else none
  std::size_t begin = 0;       // its first byte, from the file's beginning
  std::size_t end = 0;         // and where its last one ends
  std::size_t file = 0;        // which file that is, of a model split over several
};

}  // namespace rowgrad::io
