// What: einsum(), sums of products by the names of dimensions: einsum("bij,bjk->bik", a, b).
// Why:  any contraction in one line. It comes down to sums, permutations and bmm(), which have their gradients.
// See:  matmul.hpp, products.hpp; PyTorch torch.einsum.
#pragma once

#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/rearrange.hpp>
#include <rowgrad/functional/reduce.hpp>

namespace rowgrad {
namespace detail {

/// The equation of an einsum: a letter for each dimension of each operand and of the result. The dimensions that "..."
/// stands for are named by digits, the last one '9', the one before '8' and so on.
class EinsumEquation {
 public:
  EinsumEquation(std::string_view text, const std::vector<Shape>& shapes) {
    std::string clean;
    for (const char c : text)
      if (c != ' ') clean += c;
    const std::size_t arrow = clean.find("->");
    std::string left = clean.substr(0, arrow);
    operands.emplace_back();
    std::size_t k = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i] == ',') {
        operands.emplace_back();
      } else {
        k = operands.size() - 1;
        if (k < shapes.size()) read(text, left, i, &shapes[k], operands[k]);
      }
    }
    if (operands.size() != shapes.size())
      raise<ShapeError>("einsum: \"", text, "\" has ", operands.size(), " operands, got ", shapes.size(), " tensors");
    for (k = 0; k < shapes.size(); ++k)
      if (static_cast<int>(operands[k].size()) != shapes[k].rank())
        raise<ShapeError>("einsum: operand ", k, " of \"", text, "\" names ", operands[k].size(),
                          " dimensions, the tensor has shape ", shapes[k]);
    if (arrow != std::string::npos) {
      const std::string right = clean.substr(arrow + 2);
      for (std::size_t i = 0; i < right.size(); ++i) read(text, right, i, nullptr, result);
      for (std::size_t i = 0; i < result.size(); ++i)
        if (result.find(result[i], i + 1) != std::string::npos)
          raise<ValueError>("einsum: the result of \"", text, "\" names dimension ", result[i], " twice");
      for (const char c : result)
        if (count(c) == 0) raise<ValueError>("einsum: no operand of \"", text, "\" has the result's dimension ", c);
    } else {  // what occurs once, in alphabetical order, behind the dimensions of "..."
      for (int c = 0; c < 128; ++c)
        if (const char name = static_cast<char>(c); count(name) == 1 || (is_digit(name) && count(name) > 0))
          result += name;
    }
    for (k = 0; k < shapes.size(); ++k)
      for (std::size_t d = 0; d < operands[k].size(); ++d) fit(text, operands[k][d], shapes[k][static_cast<int>(d)]);
  }

  std::vector<std::string> operands;
  std::string result;

  /// Whether the result or an operand from `first` on has this dimension.
  bool needed(char name, std::size_t first) const noexcept {
    for (std::size_t k = first; k < operands.size(); ++k)
      if (operands[k].find(name) != std::string::npos) return true;
    return result.find(name) != std::string::npos;
  }

 private:
  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  int count(char name) const noexcept {
    int n = 0;
    for (const std::string& operand : operands) n += static_cast<int>(std::count(operand.begin(), operand.end(), name));
    return n;
  }

  /// Reads the name or the "..." at position i.
  void read(std::string_view text, const std::string& part, std::size_t& i, const Shape* shape, std::string& names) {
    if (is_letter(part[i])) {
      names += part[i];
      return;
    }
    if (part.compare(i, 3, "...") != 0)
      raise<ValueError>("einsum: expected letters, \"...\", commas and one \"->\", got '", part[i], "' in \"", text,
                        "\"");
    int dots = most_dots_;
    if (shape != nullptr) {
      const std::size_t end = part.find(',', i);
      const std::string rest = part.substr(i + 3, end == std::string::npos ? end : end - i - 3);
      if (rest.find('.') != std::string::npos)
        raise<ValueError>("einsum: \"...\" twice in one operand of \"", text, "\"");
      dots = shape->rank() - static_cast<int>(names.size() + rest.size());
      if (dots < 0)
        raise<ShapeError>("einsum: an operand of \"", text, "\" names more dimensions than its tensor has, ", *shape);
      most_dots_ = std::max(most_dots_, dots);
    }
    for (int d = dots; d > 0; --d) names += static_cast<char>('9' + 1 - d);
    i += 2;
  }

  /// Notes that a dimension has this size, or is repeated to the size that it has elsewhere.
  void fit(std::string_view text, char name, Index n) {
    Index& size = sizes_[static_cast<std::size_t>(name)];
    if (size != 1 && n != 1 && size != n)
      raise<ShapeError>("einsum: dimension ", is_digit(name) ? '.' : name, " of \"", text, "\" has sizes ", size,
                        " and ", n);
    if (size == 1) size = n;
  }

  std::array<Index, 128> sizes_ = [] {
    std::array<Index, 128> ones{};
    ones.fill(1);
    return ones;
  }();
  int most_dots_ = 0;
};

/// A tensor whose dimensions have names.
template <typename T>
struct Named {
  Tensor<T> values;
  std::string names;
};

/// The operand with each of its names once: the diagonal of dimensions of one name.
template <typename T>
Named<T> einsum_operand(const Tensor<T>& x, const std::string& names) {
  StridedView all(x.shape()), view;
  std::string once;
  for (std::size_t d = 0; d < names.size(); ++d) {
    const int from = static_cast<int>(d);
    const std::size_t found = once.find(names[d]);
    if (found == std::string::npos) {
      view.stride(view.shape.rank()) = all.stride(from);
      view.shape.append(x.shape()[from]);
      once += names[d];
    } else if (view.shape[static_cast<int>(found)] == x.shape()[from]) {
      view.stride(static_cast<int>(found)) += all.stride(from);
    } else {
      raise<ShapeError>("einsum: dimension ", names[d], " is named twice in an operand of shape ", x.shape(),
                        " and has two sizes");
    }
  }
  return {once.size() == names.size() ? x : strided_copy("DiagonalBackward0", x, view), once};
}

/// Sums over the dimensions whose names are not to be kept.
template <typename T, typename Keep>
Named<T> einsum_sum(Named<T> x, const Keep& keep) {
  for (std::size_t d = x.names.size(); d-- > 0;) {
    if (keep(x.names[d])) continue;
    x.values = sum(x.values, static_cast<Index>(d));
    x.names.erase(d, 1);
  }
  return x;
}

/// The tensor with its dimensions in this order.
template <typename T>
Tensor<T> einsum_order(const Named<T>& x, const std::string& order) {
  if (x.names == order) return x.values;
  Index dims[Shape::max_rank] = {};
  for (std::size_t d = 0; d < order.size(); ++d) dims[d] = static_cast<Index>(x.names.find(order[d]));
  return permuted("einsum", x.values, std::span<const Index>(dims, order.size()));
}

/// Sums of products of two operands over the dimensions that both have and that are not to be kept: one bmm().
template <typename T, typename Keep>
Named<T> einsum_product(Named<T> a, Named<T> b, const Keep& keep) {
  const auto has = [](const std::string& names, char c) { return names.find(c) != std::string::npos; };
  a = einsum_sum(std::move(a), [&](char c) { return has(b.names, c) || keep(c); });
  b = einsum_sum(std::move(b), [&](char c) { return has(a.names, c) || keep(c); });
  std::string batch, inner, left, right;
  for (const char c : a.names) (!has(b.names, c) ? left : keep(c) ? batch : inner) += c;
  for (const char c : b.names)
    if (!has(a.names, c)) right += c;
  const auto size_in = [&](const Named<T>& x, char c) {
    return has(x.names, c) ? x.values.shape()[static_cast<int>(x.names.find(c))] : 1;
  };
  // A size of 1 in one of the two is repeated.
  const auto sizes = [&](const std::string& names) {
    Shape shape;
    for (const char c : names) shape.append(size_in(a, c) != 1 ? size_in(a, c) : size_in(b, c));
    return shape;
  };
  // x's dimensions in this order, folded into batches of matrices.
  const auto matrices = [&](const Named<T>& x, const std::string& rows, const std::string& columns) {
    const Tensor<T> ordered = einsum_order(x, batch + rows + columns);
    return reshape(repeated(ordered, sizes(batch + rows + columns)),
                   Shape{sizes(batch).numel(), sizes(rows).numel(), sizes(columns).numel()});
  };
  const std::string names = batch + left + right;
  return {reshape(bmm(matrices(a, left, inner), matrices(b, inner, right)), sizes(names)), names};
}

}  // namespace detail

/// Sums of products of the operands' elements over all dimensions that the result does not name. The equation has a
/// letter for each dimension of each operand, "ij,jk->ik"; the same letter stands for the same size (or 1, which is
/// repeated), twice in one operand for its diagonal. "..." stands for further dimensions, which broadcast. Without "->"
/// the result has the letters that occur once, in alphabetical order. Operands are taken from left to right. ShapeError
/// for sizes that do not fit, ValueError for an equation that makes no sense. PyTorch: torch.einsum.
template <typename T>
Tensor<T> einsum(std::string_view equation, const std::vector<Tensor<T>>& operands) {
  if (operands.empty()) throw ShapeError("einsum: expected at least one tensor");
  std::vector<Shape> shapes;
  for (const Tensor<T>& x : operands) shapes.push_back(x.shape());
  const detail::EinsumEquation names(equation, shapes);
  detail::Named<T> product = detail::einsum_operand(operands[0], names.operands[0]);
  for (std::size_t k = 1; k < operands.size(); ++k)
    product = detail::einsum_product(std::move(product), detail::einsum_operand(operands[k], names.operands[k]),
                                     [&](char c) { return names.needed(c, k + 1); });
  product = detail::einsum_sum(std::move(product), [&](char c) { return names.needed(c, operands.size()); });
  const Tensor<T> result = detail::einsum_order(product, names.result);
  return &result.body() == &operands[0].body() ? reshape(result, result.shape()) : result;
}
/// einsum("ij,jk->ik", a, b).
template <typename T, typename... More>
Tensor<T> einsum(std::string_view equation, const Tensor<T>& first, const More&... more) {
  return einsum(equation, std::vector<Tensor<T>>{first, more...});
}

}  // namespace rowgrad
