// What: printing tensors as PyTorch does.
// Why:  people compare what they see with what a PyTorch program printed.
//       Numbers look the same whatever the program's locale.
// See:  PyTorch torch/_tensor_str.py (four decimals, scientific when values span much, three edge items above 1000).
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include <rowgrad/core/tensor.hpp>

namespace rowgrad {
namespace detail {

/// A number as Python prints a float, for printed models: the shortest decimals that read back as the same number.
[[gnu::cold]] inline std::string python_float(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const double magnitude = std::abs(value);
  const bool plain = value == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  char text[32];
  const char* const end =
      std::to_chars(text, text + sizeof text, value, plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  std::string result(text, static_cast<std::size_t>(end - text));
  return plain && result.find('.') == std::string::npos ? result + ".0" : result;
}

/// How tensors are printed; see set_printoptions().
struct PrintedAs {
  int precision = 4;
  Index threshold = 1000, edge = 3;
  std::size_t line_width = 80;
  int scientific = -1;  // 0 never, 1 always, -1 where values span much
};
inline PrintedAs printed_as;

/// How the values of one tensor are written: a common style and width, as in PyTorch.
template <typename T>
class ValueFormat {
 public:
  [[gnu::cold]] explicit ValueFormat(const std::vector<T>& shown) {
    if constexpr (std::is_floating_point_v<T>) {
      bool integers = true;
      double smallest = 0, largest = 0;
      for (T value : shown) {
        const double magnitude = std::abs(static_cast<double>(value));
        if (!std::isfinite(magnitude) || magnitude == 0) continue;
        integers = integers && std::ceil(magnitude) == magnitude;
        smallest = smallest == 0 ? magnitude : std::min(smallest, magnitude);
        largest = std::max(largest, magnitude);
      }
      scientific_ = largest / (smallest == 0 ? 1 : smallest) > 1000. || largest > 1e8 || (!integers && smallest < 1e-4);
      if (printed_as.scientific >= 0) scientific_ = printed_as.scientific == 1;
      integers_ = integers && !scientific_;
    }
    for (T value : shown)
      if (widens(value)) width_ = std::max(width_, write(value).size());
  }

  [[gnu::cold]] std::string operator()(T value) const {
    std::string text = write(value);
    return std::string(width_ > text.size() ? width_ - text.size() : 0, ' ') + text;
  }
  std::size_t width() const noexcept { return width_; }

 private:
  static bool widens(T value) noexcept {  // zeros, infinities and NaN do not widen the columns, as in PyTorch
    if constexpr (std::is_floating_point_v<T>)
      return std::isfinite(value) && value != 0;
    else
      return true;
  }

  std::string write(T value) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value)) return "nan";
      if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
      char text[340];  // the largest double with all its digits
      const auto format = scientific_ ? std::chars_format::scientific : std::chars_format::fixed;
      const char* const end =
          std::to_chars(text, text + sizeof text, value, format, integers_ ? 0 : printed_as.precision).ptr;
      return std::string(text, static_cast<std::size_t>(end - text)) + (integers_ ? "." : "");
    } else if constexpr (std::is_same_v<T, bool>) {
      return value ? "True" : "False";
    } else {
      return concat(value);
    }
  }

  bool scientific_ = false, integers_ = false;
  std::size_t width_ = 1;
};

/// Writes a tensor; of a long dimension only the first and last three items when it is summarised.
template <typename T>
class TensorWriter {
 public:
  explicit TensorWriter(const Tensor<T>& x)
      : x_(x), values_(x.data()), summarised_(x.numel() > printed_as.threshold), format_(shown_values()) {}

  std::string write(std::size_t indent) const {
    std::string text;
    write_block(text, 0, 0, indent);
    return text;
  }

 private:
  bool skips(Index size) const noexcept { return summarised_ && size > 2 * printed_as.edge; }

  std::vector<T> shown_values() const {
    std::vector<T> shown;
    gather(shown, 0, 0);
    return shown;
  }

  // The values that write_block() writes, without visiting the others.
  [[gnu::cold]] void gather(std::vector<T>& shown, int d, Index offset) const {
    if (d == x_.dim()) return shown.push_back(values_[offset]);
    const Index size = x_.shape()[d], stride = split_at(x_.shape(), d).inner;
    for (Index i = 0; i < size; ++i) {
      if (skips(size) && i == printed_as.edge) i = size - printed_as.edge;
      gather(shown, d + 1, offset + i * stride);
    }
  }

  // Nested as deep as the tensor's rank, at most Shape::max_rank.
  [[gnu::cold]] void write_block(std::string& text, int d, Index offset, std::size_t indent) const {
    if (x_.dim() == 0) {
      text += format_(values_[0]);
      return;
    }
    const Index size = x_.shape()[d], stride = split_at(x_.shape(), d).inner;
    const bool innermost = d == x_.dim() - 1;
    const std::size_t per_line =
        std::max<std::size_t>(1, (std::max(printed_as.line_width, indent) - indent) / (format_.width() + 2));
    const std::string line = "\n" + std::string(indent + 1, ' ');
    text += '[';
    std::size_t items = 0;
    for (Index i = 0; i < size; ++i) {
      const bool gap = skips(size) && i == printed_as.edge;
      if (i > 0) {
        if (innermost)
          text += items % per_line == 0 ? "," + line : ", ";
        else
          text += "," + std::string(static_cast<std::size_t>(x_.dim() - d - 2), '\n') + line;
      }
      ++items;
      if (gap) {
        text += innermost ? " ..." : "...";
        i = size - printed_as.edge - 1;
      } else if (innermost) {
        text += format_(values_[offset + i]);
      } else {
        write_block(text, d + 1, offset + i * stride, indent + 1);
      }
    }
    text += ']';
  }

  const Tensor<T>& x_;
  const T* values_;
  bool summarised_;
  ValueFormat<T> format_;
};

}  // namespace detail

/// How numbers and long tensors are printed; what is left out stays as it is. PyTorch: torch.set_printoptions.
struct PrintOptions {
  Index precision = -1;  // digits behind the point, 4 at first
  Index threshold = -1;  // more elements than this, 1000 at first, are printed in part
  Index edgeitems = -1;  // of a dimension printed in part, so many at both ends, 3 at first
  Index linewidth = -1;  // characters in a line, 80 at first
  int sci_mode = -1;     // 1 scientific notation, 0 never
};

/// For the whole program; not while other threads print. ValueError for what no tensor can be printed with.
inline void set_printoptions(const PrintOptions& options) {
  detail::PrintedAs& as = detail::printed_as;
  if (options.precision > 17 || options.edgeitems == 0 || options.linewidth == 0 || options.sci_mode > 1)
    throw ValueError(
        "set_printoptions: expected a precision of at most 17, edgeitems and a linewidth above 0, and sci_mode 0 or 1");
  if (options.precision >= 0) as.precision = static_cast<int>(options.precision);
  if (options.threshold >= 0) as.threshold = options.threshold;
  if (options.edgeitems >= 0) as.edge = options.edgeitems;
  if (options.linewidth >= 0) as.line_width = static_cast<std::size_t>(options.linewidth);
  if (options.sci_mode >= 0) as.scientific = options.sci_mode;
}

/// "tensor([[1., 2.], [3., 4.]])", with what PyTorch says after it: the type when it is not the default one,
/// requires_grad=True for a leaf, grad_fn for the result of a recorded operation.
template <typename T>
[[gnu::cold]] std::string to_string(const Tensor<T>& x) {
  if (!x.defined()) return "tensor(undefined)";
  constexpr std::size_t indent = 7;
  std::string text = "tensor(" + (x.numel() == 0 ? std::string("[]") : detail::TensorWriter<T>(x).write(indent));
  std::size_t line = text.size() - (text.rfind('\n') + 1) + 2;  // the 2 is PyTorch's
  const auto append = [&](const std::string& suffix) {
    const bool fits = line + suffix.size() + 2 <= detail::printed_as.line_width;
    text += (fits ? ", " : ",\n" + std::string(indent, ' ')) + suffix;
    line = (fits ? line + 2 : indent) + suffix.size();
  };
  if (x.numel() == 0 && x.dim() != 1) append(detail::concat("size=", x.shape()));
  if (std::is_same_v<T, double>) append("dtype=float64");
  if (std::is_same_v<T, Index> && x.numel() == 0) append("dtype=int64");
  if (std::is_same_v<T, bool> && x.numel() == 0) append("dtype=bool");
  if (!x.is_leaf())
    append(detail::concat("grad_fn=<", x.body().graph->name(), ">"));
  else if (x.requires_grad())
    append("requires_grad=True");
  return text + ")";
}

template <typename T>
std::ostream& operator<<(std::ostream& out, const Tensor<T>& x) {
  return out << to_string(x);
}

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

}  // namespace rowgrad
