// Fuzz target: files of weights: safetensors and the index of split ones, PyTorch's and NumPy's. What is accepted can
// be read, and is no larger than the file.
#include <string>

#include <rowgrad/io/npy.hpp>
#include <rowgrad/io/pt.hpp>
#include <rowgrad/io/safetensors.hpp>
#include <support/temporary_file.hpp>

#include "bytes.hpp"
#include "check.hpp"

namespace {

using rowgrad::Index;
using rowgrad::io::TensorFile;

void read_all(const TensorFile& file, std::size_t size) {
  for (const auto& tensor : file.tensors()) {
    EXPECT(file.contains(tensor.name));
    EXPECT(tensor.begin <= tensor.end && tensor.end <= size);
    try {
      const auto whole = file.read<double>(tensor.name);
      EXPECT(static_cast<std::size_t>(whole.numel()) * rowgrad::io::size_of(tensor.dtype) <= size);
      if (file.is_view<float>(tensor.name)) {
        const auto view = file.view<float>(tensor.name);
        for (Index i = 0; i < view.numel(); ++i) {
          const double value = whole.data()[i];
          EXPECT(static_cast<double>(view.data()[i]) == value || value != value);
        }
      }
      if (whole.dim() > 0 && whole.shape()[0] > 0) {
        const auto row = file.rows<double>(tensor.name, {whole.shape()[0] - 1});
        const double *last = whole.data() + whole.numel() - row.numel(), *got = row.data();
        for (Index i = 0; i < row.numel(); ++i) EXPECT(got[i] == last[i] || last[i] != last[i]);
      }
      file.view<float>(tensor.name).array().setZero();  // the memory may be written to
      (void)file.read<Index>(tensor.name);
    } catch (const rowgrad::Error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const Index format = bytes.number(0, 3);
  const std::string content(bytes.rest());
  const TemporaryFile file(content);
  try {
    if (format == 0) read_all(rowgrad::io::open_safetensors(file.path()), content.size());
    if (format == 1) read_all(rowgrad::io::open_pt(file.path()), content.size());
    if (format == 3) {  // the index of a split model, which names no file that is there
      const TemporaryFile index(content, ".json");
      EXPECT(rowgrad::io::open_safetensors(index.path()).tensors().empty());
    }
    if (format == 2) {
      const auto array = rowgrad::io::load_npy<double>(file.path());
      EXPECT(static_cast<std::size_t>(array.numel()) <= content.size());
    }
  } catch (const rowgrad::Error&) {
  }
  return 0;
}
