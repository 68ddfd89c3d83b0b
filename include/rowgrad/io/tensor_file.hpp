// What: TensorFile, the tensors of an open file, by name.
// Why:  a file is mapped and checked once; tensors are then views of it, or are read as the scalar asked for, whole or
//       some rows of them, whatever the format.
// See:  safetensors.hpp, pt.hpp (who opens one); mapped_file.hpp.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>

#include <rowgrad/core/factory.hpp>
#include <rowgrad/io/convert.hpp>
#include <rowgrad/io/mapped_file.hpp>
#include <rowgrad/io/tensor_info.hpp>

namespace rowgrad::io {

/// Pairs of texts that travel with the tensors, in the file's order.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// An open file of tensors, or several that hold a model together. Copies share them; views keep them open. Reading is
/// safe from several threads.
class TensorFile {
 public:
  /// For those who write readers of formats: every tensor lies within the file's bytes.
  TensorFile(std::string operation, const std::shared_ptr<MappedFile>& file, std::vector<TensorInfo> tensors,
             Metadata metadata = {})
      : TensorFile(std::move(operation), file->path(), {file}, std::move(tensors), std::move(metadata)) {}
  /// The same of several files, which TensorInfo::file counts; path is what was opened.
  TensorFile(std::string operation, std::string path, std::vector<std::shared_ptr<MappedFile>> files,
             std::vector<TensorInfo> tensors, Metadata metadata = {})
      : operation_(std::move(operation)),
        path_(std::move(path)),
        files_(std::move(files)),
        tensors_(std::move(tensors)),
        metadata_(std::move(metadata)) {
    for (std::size_t i = 0; i < tensors_.size(); ++i) places_.emplace(tensors_[i].name, i);
  }

  const std::string& path() const noexcept { return path_; }
  /// What the file holds, in its order.
  const std::vector<TensorInfo>& tensors() const noexcept { return tensors_; }
  const Metadata& metadata() const noexcept { return metadata_; }
  /// The metadata of that key, null without it.
  const std::string* metadata(std::string_view key) const noexcept {
    for (const auto& [name, value] : metadata_)
      if (name == key) return &value;
    return nullptr;
  }

  /// What to say when something is not found in it; by default nothing.
  const std::string& remark() const noexcept { return remark_; }
  void remark(std::string text) { remark_ = std::move(text); }

  bool contains(const std::string& name) const { return places_.contains(name); }

  /// What the file says of a tensor. IndexError when it has none of that name.
  const TensorInfo& info(const std::string& name) const {
    const auto found = places_.find(name);
    if (found == places_.end())
      rowgrad::detail::raise<IndexError>(operation_, ": '", path(), "' has no tensor '", name, "' among its ",
                                         tensors_.size(), nearest_name(name), remark_.empty() ? "" : "; ", remark_);
    return tensors_[found->second];
  }

  // What load_state_dict() asks; see TensorSource in core/state_dict.hpp.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    result.reserve(tensors_.size());
    for (const TensorInfo& tensor : tensors_) result.push_back(tensor.name);
    return result;
  }
  const std::vector<Index>& sizes(const std::string& name) const { return info(name).shape; }
  std::string type_name(const std::string& name) const { return name_of(info(name).dtype); }
  /// Whether read<T>() can convert the values: not from floating-point numbers to whole ones.
  template <typename T>
  bool reads_as(const std::string& name) const {
    return detail::converts(info(name).dtype, dtype_of<T>());
  }
  /// read<T>() into memory that is there already.
  template <typename T>
  void read_to(const std::string& name, T* out) const {
    read_values(checked(name, dtype_of<T>()), dtype_of<T>(), reinterpret_cast<char*>(out));
  }

  /// A tensor of its own with the values, as T. ValueError for floating point numbers as whole ones, or for a whole
  /// number that T cannot hold; ShapeError for more than Shape::max_rank dimensions. At the speed of a copy where the
  /// types are the same.
  template <typename T>
  Tensor<T> read(const std::string& name) const {
    Tensor<T> result(shape_of(checked(name, dtype_of<T>())));
    const std::size_t bytes = static_cast<std::size_t>(result.numel()) * sizeof(T);
    std::optional<rowgrad::detail::UsualPages> pages;
    if (bytes > rowgrad::detail::largest_cached_block) pages.emplace(result.data(), bytes);
    read_to(name, result.data());
    return result;
  }

  /// A tensor over the file's own bytes: nothing is read before it is looked at. Writing to it copies the pages written
  /// to and leaves the file as it is, so that a mapped table can be trained; later calls on this TensorFile see what
  /// was written. Where the file holds another type, or does not lie so that T can be read in place, it is read()
  /// instead; see is_view().
  template <typename T>
  Tensor<T> view(const std::string& name) const {
    const TensorInfo& tensor = checked(name, dtype_of<T>());
    if (!can_view<T>(tensor)) return read<T>(name);
    const std::size_t size = tensor.end - tensor.begin;
    T* const values = reinterpret_cast<T*>(files_[tensor.file]->writable_bytes(tensor.begin, size).data());
    return from_blob(values, shape_of(tensor), [file = files_[tensor.file]](T*) {});
  }
  /// Whether view<T>() shares the file's memory.
  template <typename T>
  bool is_view(const std::string& name) const {
    return can_view<T>(info(name));
  }

  /// Rows of a tensor (V, ...) with rows of any shape: ids (n) give (n, ...). Only these rows are read. IndexError for
  /// a row outside.
  template <typename T>
  Tensor<T> rows(const std::string& name, const Indices& ids) const {
    const TensorInfo& tensor = checked(name, dtype_of<T>());
    Tensor<T> result(shape_of_rows(tensor, ids));
    read_rows(tensor, ids, dtype_of<T>(), reinterpret_cast<char*>(result.data()));
    return result;
  }

  /// A tensor's bytes as they lie in the file; all it takes up there, for one whose values do not lie row-major.
  std::span<const char> bytes(const std::string& name) const {
    const TensorInfo& tensor = info(name);
    return {bytes_of(tensor), tensor.end - tensor.begin};
  }

  /// The shape of a tensor in the file. ShapeError for more than Shape::max_rank dimensions.
  Shape shape(const std::string& name) const { return shape_of(info(name)); }

 private:
  template <typename... Pieces>
  std::string message(const TensorInfo& tensor, const Pieces&... pieces) const {
    return rowgrad::detail::concat(operation_, ": tensor '", tensor.name, "' of '", files_[tensor.file]->path(), "' ",
                                   pieces...);
  }

  const TensorInfo& checked(const std::string& name, DType wanted) const {
    const TensorInfo& tensor = info(name);
    if (!detail::converts(tensor.dtype, wanted))
      throw ValueError(message(tensor, "holds ", name_of(tensor.dtype), ", which does not become ", name_of(wanted),
                               " without loss"));
    return tensor;
  }

  template <typename T>
  bool can_view(const TensorInfo& tensor) const noexcept {
    if (std::is_same_v<T, bool>) return false;  // nothing but 0 and 1 may lie where a bool is read
    const bool same = tensor.dtype == dtype_of<T>() && tensor.strides.empty();
    return same && std::endian::native == std::endian::little && tensor.end > tensor.begin &&
           reinterpret_cast<std::uintptr_t>(bytes_of(tensor)) % alignof(T) == 0;
  }

  Shape shape_of(const TensorInfo& tensor) const {
    if (tensor.shape.size() > static_cast<std::size_t>(Shape::max_rank))
      throw ShapeError(
          message(tensor, "has ", tensor.shape.size(), " dimensions, at most ", Shape::max_rank, " are supported"));
    Shape shape;
    for (const Index size : tensor.shape) shape.append(size);
    return shape;
  }

  const char* bytes_of(const TensorInfo& tensor) const noexcept { return files_[tensor.file]->data() + tensor.begin; }

  Shape shape_of_rows(const TensorInfo& tensor, const Indices& ids) const {
    Shape shape = shape_of(tensor);
    if (shape.rank() == 0 || ids.dim() != 1)
      rowgrad::detail::raise<ShapeError>(operation_, ": expected a tensor with rows and ids (n), got '", tensor.name,
                                         "' of shape ", shape, " and ids ", ids.shape());
    shape[0] = ids.numel();
    return shape;
  }

  void convert(const TensorInfo& tensor, const char* bytes, Index count, DType wanted, char* out) const {
    if (detail::convert_from_file(bytes, tensor.dtype, count, out, wanted) < count)
      throw ValueError(message(tensor, "has a whole number that ", name_of(wanted), " cannot hold"));
  }

  void read_values(const TensorInfo& tensor, DType wanted, char* out) const {
    const Shape shape = shape_of(tensor);
    if (tensor.strides.empty())
      convert(tensor, bytes_of(tensor), shape.numel(), wanted, out);
    else if (shape.numel() > 0)
      gather(tensor, 0, 0, wanted, out);
  }
  void read_rows(const TensorInfo& tensor, const Indices& ids, DType wanted, char* out) const {
    Shape row = shape_of(tensor);
    const Index count = row[0];
    row[0] = 1;
    const Index width = row.numel();
    for (Index i = 0; i < ids.numel(); ++i, out += static_cast<std::size_t>(width) * size_of(wanted)) {
      const Index at = ids.data()[i];
      if (at < 0 || at >= count)
        rowgrad::detail::raise<IndexError>(operation_, ": row ", at, " at position ", i, " is outside a tensor of ",
                                           count, " rows");
      if (width == 0) continue;
      if (tensor.strides.empty())
        convert(tensor, bytes_of(tensor) + static_cast<std::size_t>(at * width) * size_of(tensor.dtype), width, wanted,
                out);
      else
        gather(tensor, 1, at * tensor.strides[0], wanted, out);
    }
  }

  /// Values that do not lie row-major: those of the dimensions from `first` on, `offset` values from the tensor's
  /// first.
  void gather(const TensorInfo& tensor, std::size_t first, Index offset, DType wanted, char* out) const {
    const std::size_t width = size_of(tensor.dtype), rank = tensor.shape.size();
    const Index inner = rank > first ? tensor.shape[rank - 1] : 1, stride = rank > first ? tensor.strides[rank - 1] : 1;
    std::vector<Index> at(rank, 0);
    std::vector<char> line(static_cast<std::size_t>(std::min<Index>(inner, 1024)) * width);
    for (;;) {
      Index begin = offset;
      for (std::size_t d = first; d + 1 < rank; ++d) begin += at[d] * tensor.strides[d];
      for (Index done = 0, size = 0; done < inner; done += size) {
        size = std::min<Index>(inner - done, 1024);
        for (Index i = 0; i < size; ++i)
          std::memcpy(line.data() + static_cast<std::size_t>(i) * width,
                      bytes_of(tensor) + static_cast<std::size_t>(begin + (done + i) * stride) * width, width);
        convert(tensor, line.data(), size, wanted, out);
        out += static_cast<std::size_t>(size) * size_of(wanted);
      }
      std::size_t d = rank > first ? rank - 1 : first;
      while (d > first && ++at[d - 1] == tensor.shape[d - 1]) at[--d] = 0;
      if (d == first) return;
    }
  }

  /// For a message: names that end alike are what a missing prefix looks like.
  std::string nearest_name(const std::string& name) const {
    const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
    for (const TensorInfo& tensor : tensors_)
      if (tensor.name.ends_with(name) || name.ends_with(tensor.name)) return " (is '" + tensor.name + "' meant?)";
    for (const TensorInfo& tensor : tensors_)
      if (tensor.name.ends_with(last)) return " (there is '" + tensor.name + "')";
    return "";
  }

  std::string operation_, path_;
  std::vector<std::shared_ptr<MappedFile>> files_;
  std::vector<TensorInfo> tensors_;
  Metadata metadata_;
  std::string remark_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace rowgrad::io
