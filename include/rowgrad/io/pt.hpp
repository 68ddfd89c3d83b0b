// What: files of PyTorch's torch.save(model.state_dict(), ...), read.
// Why:  C++ programs are given .pt files and told to export them from Python first.
// See:  pt_directory.hpp (what is understood and what is refused), tensor_file.hpp (reading).
#pragma once

#include <rowgrad/io/pt_directory.hpp>
#include <rowgrad/io/tensor_file.hpp>

namespace rowgrad::io {

/// Opens a file: maps it and reads its directory; nothing in it is run, and no value is read. key: where the dict of
/// tensors is within another dict, as in torch.save({"model": model.state_dict(), "epoch": 3}, ...), its key there.
/// FileError when the file cannot be opened, ParseError when it holds anything but a dict of tensors.
inline TensorFile open_pt(const std::string& path, const std::string& key = "") {
  auto file = std::make_shared<MappedFile>("open_pt", path, Access::private_copy);
  detail::PtDirectory directory({file->data(), file->size()}, path, key);
  TensorFile result("open_pt", file, std::move(directory.tensors));
  if (!directory.others.empty())
    result.remark(rowgrad::detail::concat("beside its tensors it has dicts: is what you look for in ", directory.others,
                                          "? Then give io::open_pt() that key"));
  return result;
}

}  // namespace rowgrad::io
