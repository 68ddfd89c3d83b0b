// What: StateWriter and StateReader, through which the parts of a run go into a checkpoint and come back.
// Why:  everything is a named tensor, "adam.state.0.exp_avg", so that any reader of safetensors can look at it; here
//       names get their prefix, and whatever does not fit is an error that names it.
// See:  checkpoint.hpp (who composes the file), optimizer_state.hpp, scheduler_state.hpp (who fill it).
#pragma once

#include <set>

#include <rowgrad/io/safetensors.hpp>

namespace rowgrad::train {

/// Gathers one part's tensors, which are handles: values are those at the time of writing.
class StateWriter {
 public:
  StateWriter(std::vector<io::SavedTensor>& tensors, std::string part) : tensors_(tensors), part_(std::move(part)) {}

  /// "" is the part's own name.
  template <typename U>
  void tensor(const std::string& name, const Tensor<U>& values) {
    tensors_.emplace_back(full(name), values);
  }
  void tensor(const std::string& name, const AnyTensor& values) { tensors_.emplace_back(full(name), values); }
  /// A number or a switch, as a tensor of shape (). Floating-point numbers are kept as double.
  template <typename U>
  void value(const std::string& name, U number) {
    tensor(name, scalar(number));
  }
  template <typename U>
  void array(const std::string& name, const std::vector<U>& numbers) {
    using Kept = decltype(kept(U()));
    Tensor<Kept> values(Shape{static_cast<Index>(numbers.size())});
    std::transform(numbers.begin(), numbers.end(), values.data(), [](U number) { return kept(number); });
    tensor(name, values);
  }
  /// Any bytes.
  void bytes(const std::string& name, std::string_view text) {
    Tensor<std::uint8_t> values(Shape{static_cast<Index>(text.size())});
    if (!text.empty()) std::memcpy(values.data(), text.data(), text.size());
    tensor(name, values);
  }

  /// Writes to names that begin with another prefix besides.
  StateWriter below(const std::string& name) const { return StateWriter(tensors_, full(name)); }

  /// The type under which a number is kept.
  template <typename U>
  static auto kept(U number) {
    static_assert(std::is_arithmetic_v<U> && sizeof(U) <= 8, "numbers are kept in 64 bits");
    if constexpr (std::is_same_v<U, bool>)
      return number;
    else if constexpr (std::is_floating_point_v<U>)
      return static_cast<double>(number);
    else
      return static_cast<Index>(number);  // beyond 2^63 it wraps, and back again when it is read
  }

 private:
  template <typename U>
  static auto scalar(U number) {
    Tensor<decltype(kept(number))> values{Shape{}};
    values.data()[0] = kept(number);
    return values;
  }
  std::string full(const std::string& name) const { return name.empty() ? part_ : part_ + "." + name; }

  std::vector<io::SavedTensor>& tensors_;
  std::string part_;
};

/// Gives one part's tensors back. ValueError for a name that is missing, or of another type or shape.
class StateReader {
 public:
  /// Notes in `used` the names that were asked for.
  StateReader(const io::TensorFile& file, std::string part, std::set<std::string>& used)
      : file_(file), part_(std::move(part)), used_(used) {}

  bool contains(const std::string& name) const { return file_.contains(full(name)); }

  /// Of this very type.
  template <typename U>
  Tensor<U> tensor(const std::string& name) const {
    check<U>(name);
    return file_.read<U>(full(name));
  }
  template <typename U>
  Tensor<U> tensor(const std::string& name, const Shape& expected) const {
    check<U>(name);
    const std::vector<Index>& sizes = file_.sizes(full(name));
    if (!std::equal(sizes.begin(), sizes.end(), expected.begin(), expected.end()))
      fail(name, "has another shape than ", expected);
    return file_.read<U>(full(name));
  }
  template <typename U>
  U value(const std::string& name) const {
    using Kept = decltype(StateWriter::kept(U()));
    const Kept number = tensor<Kept>(name, Shape{}).data()[0];
    if constexpr (std::is_integral_v<U> && !std::is_same_v<U, bool> && sizeof(U) < 8)
      if (!std::in_range<U>(number)) fail(name, "is ", number, ", which its variable cannot hold");
    return static_cast<U>(number);
  }
  template <typename U>
  std::vector<U> array(const std::string& name) const {
    using Kept = decltype(StateWriter::kept(U()));
    const Tensor<Kept> numbers = tensor<Kept>(name);
    if (numbers.dim() != 1) fail(name, "has shape ", numbers.shape(), ", expected one dimension");
    std::vector<U> result;
    for (Index i = 0; i < numbers.numel(); ++i) {
      const Kept number = numbers.data()[i];
      if constexpr (std::is_integral_v<U> && sizeof(U) < 8)
        if (!std::in_range<U>(number)) fail(name, "holds ", number, ", which its variable cannot hold");
      result.push_back(static_cast<U>(number));
    }
    return result;
  }
  std::string bytes(const std::string& name) const {
    const Tensor<std::uint8_t> values = tensor<std::uint8_t>(name);
    return std::string(reinterpret_cast<const char*>(values.data()), static_cast<std::size_t>(values.numel()));
  }

  // A TensorSource of the tensors below the part's name, which must have the very scalars that are asked for.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const io::TensorInfo& info : file_.tensors())
      if (info.name.starts_with(part_ + ".")) {
        result.push_back(info.name.substr(part_.size() + 1));
        used_.insert(info.name);
      }
    return result;
  }
  std::vector<Index> sizes(const std::string& name) const { return file_.sizes(full(name)); }
  std::string type_name(const std::string& name) const { return file_.type_name(full(name)); }
  template <typename U>
  bool reads_as(const std::string& name) const {
    return file_.info(full(name)).dtype == io::dtype_of<U>();
  }
  template <typename U>
  void read_to(const std::string& name, U* out) const {
    file_.read_to(full(name), out);
  }
  template <typename U>
  Tensor<U> view(const std::string& name) const {
    return file_.view<U>(full(name));
  }

  /// Reads names that begin with another prefix besides.
  StateReader below(const std::string& name) const { return StateReader(file_, full(name), used_); }

  /// Throws: "'adam.state.0.step' ...".
  template <typename... Pieces>
  [[noreturn]] void fail(const std::string& name, const Pieces&... pieces) const {
    throw ValueError(rowgrad::detail::concat("'", full(name), "' ", pieces...));
  }

 private:
  template <typename U>
  void check(const std::string& name) const {
    if (!contains(name)) fail(name, "is missing");
    used_.insert(full(name));
    if (!reads_as<U>(name)) fail(name, "holds ", type_name(name), ", expected ", io::name_of(io::dtype_of<U>()));
  }
  std::string full(const std::string& name) const { return name.empty() ? part_ : part_ + "." + name; }

  const io::TensorFile& file_;
  std::string part_;
  std::set<std::string>& used_;
};

}  // namespace rowgrad::train
