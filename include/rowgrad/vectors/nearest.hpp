// What: nearest, the rows of a table most similar to a row or to a vector.
// Why:  the quickest look at what a table has learnt: the neighbours of a word.
// See:  text_vectors.hpp; PyTorch: torch.nn.functional.cosine_similarity and topk.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/tensor.hpp>
#include <rowgrad/machine/finite.hpp>
#include <rowgrad/machine/isa.hpp>

namespace rowgrad::vectors {

/// A row and the cosine of its angle with the query, -1 .. 1.
struct Neighbour {
  Index row;
  double similarity;
};

namespace detail {

/// Dot product of a row with the query, and of the row with itself, in one pass, summed in double. The order of
/// summation depends on the length alone, so equal rows have equal similarities, bit for bit.
inline namespace ROWGRAD_ISA {  // the alignment of Eigen's arrays depends on the instruction set

template <typename T, typename Sum = double>
struct RowProducts {
  RowProducts(const T* row, const T* query, Index n) {
    using Lanes = Eigen::Array<T, 8, 1>;
    using Sums = Eigen::Array<Sum, 8, 1>;
    Sums dots = Sums::Zero(), squares = Sums::Zero();
    Index i = 0;
    for (; i + 8 <= n; i += 8) {
      const Sums r = Eigen::Map<const Lanes>(row + i).template cast<Sum>();
      const Sums q = Eigen::Map<const Lanes>(query + i).template cast<Sum>();
      dots += r * q;
      squares += r * r;
    }
    for (int lane = 0; lane < 8; ++lane) {
      dot += dots[lane];
      square += squares[lane];
    }
    for (; i < n; ++i) {
      dot += Sum(row[i]) * Sum(query[i]);
      square += Sum(row[i]) * Sum(row[i]);
    }
  }

  Sum dot = 0, square = 0;
};

}  // namespace ROWGRAD_ISA

template <typename T>
std::vector<Neighbour> nearest(const Tensor<T>& table, const T* query, Index excluded, Index count) {
  if (count < 0) rowgrad::detail::raise<ValueError>("nearest: count must not be negative, got ", count);
  const Index rows = table.shape()[0], dimension = table.shape()[1];
  const T* values = table.data();
  const double query_norm = std::sqrt(RowProducts<T>(query, query, dimension).square);
  if (!rowgrad::detail::is_finite(query_norm))
    throw ValueError("nearest: the query holds NaN, infinity or too large a value");
  std::vector<Neighbour> neighbours;
  neighbours.reserve(static_cast<std::size_t>(rows));
  for (Index row = 0; row < rows; ++row) {
    if (row == excluded) continue;
    const RowProducts<T> products(values + row * dimension, query, dimension);
    if (!rowgrad::detail::is_finite(products.dot) || !rowgrad::detail::is_finite(products.square))
      rowgrad::detail::raise<ValueError>("nearest: row ", row, " holds NaN, infinity or too large a value");
    const double norms = std::sqrt(products.square) * query_norm;
    neighbours.push_back({row, norms > 0 ? std::clamp(products.dot / norms, -1.0, 1.0) : 0.0});
  }
  const auto kept = static_cast<std::ptrdiff_t>(std::min(count, static_cast<Index>(neighbours.size())));
  std::partial_sort(neighbours.begin(), neighbours.begin() + kept, neighbours.end(),
                    [](const Neighbour& a, const Neighbour& b) {
                      return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
                    });
  neighbours.resize(static_cast<std::size_t>(kept));
  return neighbours;
}

template <typename T>
std::string shape_of(const Tensor<T>& tensor) {
  return tensor.defined() ? rowgrad::to_string(tensor.shape()) : std::string("an undefined tensor");
}

template <typename T>
void check_table(const Tensor<T>& table) {
  if (!table.defined() || table.dim() != 2)
    rowgrad::detail::raise<ShapeError>("nearest: expected a table of shape (rows, dimension), got ", shape_of(table));
}

}  // namespace detail

/// The count rows most similar to a row of the table (rows, D), by cosine similarity: most similar first, ties by lower
/// row. The row itself is not among them; all others are when count exceeds them. A row of zeros has similarity 0 to
/// all. IndexError for a row outside the table; ValueError for a negative count or a table with NaN or infinity;
/// ShapeError for another shape. O(rows * D), one pass over the table.
template <std::floating_point T>
std::vector<Neighbour> nearest(const Tensor<T>& table, Index row, Index count) {
  detail::check_table(table);
  const Index rows = table.shape()[0];
  if (row < 0 || row >= rows)
    rowgrad::detail::raise<IndexError>("nearest: row ", row, " is outside the table's ", rows, " rows");
  return detail::nearest(table, table.data() + row * table.shape()[1], row, count);
}

/// The same for a vector of shape (D), for instance king - man + woman. No row is left out.
template <std::floating_point T>
std::vector<Neighbour> nearest(const Tensor<T>& table, const std::type_identity_t<Tensor<T>>& query, Index count) {
  detail::check_table(table);
  if (!query.defined() || query.dim() != 1 || query.shape()[0] != table.shape()[1])
    rowgrad::detail::raise<ShapeError>("nearest: expected a query of shape (", table.shape()[1], ",) for the table ",
                                       table.shape(), ", got ", detail::shape_of(query));
  return detail::nearest(table, query.data(), Index{-1}, count);
}

}  // namespace rowgrad::vectors

namespace rowgrad {  // the names that programs had before the room had a namespace
using vectors::nearest;
using vectors::Neighbour;
}  // namespace rowgrad
