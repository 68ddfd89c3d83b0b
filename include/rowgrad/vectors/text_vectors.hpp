// What: load_text_vectors, which reads the vectors of a vocabulary's words from a text file of GloVe or word2vec.
// Why:  a table needs a few thousand of the file's millions of words: the numbers of the other lines are never parsed.
// See:  https://nlp.stanford.edu/projects/glove; vector_file.hpp; nearest.hpp; nn::Embedding::from_pretrained.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rowgrad/core/error.hpp>
#include <rowgrad/core/random.hpp>
#include <rowgrad/core/tensor.hpp>
#include <rowgrad/vectors/vector_file.hpp>

namespace rowgrad::vectors {

/// Whatever knows which row of a table belongs to which word: Vocabulary, Tokenizer, or a type of your own.
template <typename W>
concept WordTable = requires(const W& words, std::string_view word) {
  { words.size() } -> std::convertible_to<Index>;
  { words.find(word) } -> std::same_as<std::optional<Index>>;
};

struct TextVectorOptions {
  std::optional<Index> dimension = std::nullopt;           ///< numbers per word; default: as in the first line
  std::optional<Index> padding_index = std::nullopt;       ///< this row is zeros, whatever the file contains
  std::optional<double> missing_deviation = std::nullopt;  ///< default: the standard deviation of the values found
};

/// A table of word vectors; converts to its weight.
template <typename T = float>
struct PretrainedVectors {
  Tensor<T> weight;            ///< (rows, dimension)
  Index found = 0;             ///< rows whose word is in the file
  std::vector<Index> missing;  ///< the other rows, in rising order; without the padding row

  Index dimension() const { return weight.shape()[1]; }
  operator const Tensor<T>&() const noexcept { return weight; }  // NOLINT: implicit by design
};

namespace detail {

/// Standard deviation of all values in the rows marked; 1 when there are none. In row order, so that the order of the
/// file does not show in the last bit.
template <typename T>
double deviation_of_rows(const T* values, Index dimension, const std::vector<char>& marked) {
  double sum = 0, squares = 0;
  Index n = 0;
  for (std::size_t row = 0; row < marked.size(); ++row, values += dimension) {
    if (marked[row] == 0) continue;
    for (Index i = 0; i < dimension; ++i) {
      sum += static_cast<double>(values[i]);
      squares += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    }
    n += dimension;
  }
  if (n == 0) return 1;
  const double mean = sum / static_cast<double>(n);
  return std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean * mean));
}

/// load_text_vectors under the name that messages show.
template <typename T, typename Words>
PretrainedVectors<T> load_text_vectors(const char* operation, const std::string& path, const Words& vocabulary,
                                       const TextVectorOptions& options, Generator& generator) {
  const auto rows = static_cast<Index>(vocabulary.size());
  const Index padding = options.padding_index.value_or(-1);
  if (options.padding_index && (padding < 0 || padding >= rows))
    rowgrad::detail::raise<IndexError>(operation, ": padding_index ", padding, " is outside the vocabulary's ", rows,
                                       " rows");
  if (options.missing_deviation &&
      !(*options.missing_deviation >= 0 && rowgrad::detail::is_finite(*options.missing_deviation)))
    rowgrad::detail::raise<ValueError>(operation, ": missing_deviation must be a finite number of at least 0, got ",
                                       *options.missing_deviation);

  VectorFile file(operation, path, options.dimension);
  PretrainedVectors<T> result;
  std::vector<char> present(static_cast<std::size_t>(rows), 0);
  T* values = nullptr;
  for (std::string_view word, numbers; file.next(word, numbers);) {
    if (!result.weight.defined()) {  // not before a line has shown its numbers: a wrong header must not allocate
      result.weight = Tensor<T>(Shape{rows, file.dimension()});
      values = result.weight.data();
    }
    const std::optional<Index> row = vocabulary.find(word);
    if (!row) continue;
    if (*row < 0 || *row >= rows)
      rowgrad::detail::raise<IndexError>(operation, ": the vocabulary gives ", excerpt(word), " the index ", *row,
                                         ", outside its size ", rows);
    char& seen = present[static_cast<std::size_t>(*row)];
    if (seen != 0 || *row == padding) continue;
    file.parse(word, numbers, values + *row * file.dimension());
    seen = 1;
    ++result.found;
  }

  const Index dimension = file.dimension();
  const double deviation =
      options.missing_deviation ? *options.missing_deviation : deviation_of_rows(values, dimension, present);
  for (Index row = 0; row < rows; ++row) {
    if (present[static_cast<std::size_t>(row)] != 0) continue;
    if (row == padding) {
      std::fill_n(values + row * dimension, dimension, T(0));
      continue;
    }
    generator.normal(values + row * dimension, dimension, T(0), static_cast<T>(deviation));
    result.missing.push_back(row);
  }
  return result;
}
}  // namespace detail

/// Reads the rows that a vocabulary needs from lines "word v1 ... vD", single spaces between; words are compared byte
/// for byte. D is the first of these that there is: the option dimension; the second number of a first line of exactly
/// two whole numbers (word2vec's header); the count of numbers at the end of the first line. The last D fields are the
/// numbers, so words may contain spaces (a tab or a Unicode space is a letter like any other). If a word occurs twice,
/// its first line counts. Rows of words that are not in the file are drawn from Normal(0, missing_deviation), in row
/// order: the order of the file does not matter.
///
/// Every line is checked for its number of fields; a word with spaces must not end in a number (the line has too many).
/// The numbers themselves are checked on the lines that the vocabulary needs. CRLF, a byte order mark, spaces at the
/// end of lines, blank lines at the end of the file and a missing last newline are accepted. FileError when the file
/// cannot be read. ParseError with file and line for an empty or truncated file, a wrong number of fields, anything
/// that is not a number, NaN, infinity and overflow. ValueError and IndexError for options out of range. Cost: the file
/// is read once; memory is that of the table.
template <std::floating_point T = float, WordTable Words>
PretrainedVectors<T> load_text_vectors(const std::string& path, const Words& vocabulary,
                                       const TextVectorOptions& options = {},
                                       Generator& generator = default_generator()) {
  return detail::load_text_vectors<T>("load_text_vectors", path, vocabulary, options, generator);
}

}  // namespace rowgrad::vectors

namespace rowgrad {  // the names that programs had before the room had a namespace
using vectors::load_text_vectors;
using vectors::PretrainedVectors;
using vectors::TextVectorOptions;
using vectors::WordTable;
}  // namespace rowgrad
