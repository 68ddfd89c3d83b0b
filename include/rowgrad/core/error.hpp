// What: the exceptions rowgrad throws.
// Why:  one catch clause for everything (Error), and one type for each kind of mistake a caller can correct.
// See:  shape.hpp for how shapes appear in messages.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include <rowgrad/core/concat.hpp>

namespace rowgrad {

/// Base of everything rowgrad throws. Messages read "operation: what was expected, what came (likely cause)".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An index outside its table, dimension or class range.
class IndexError : public Error {
 public:
  using Error::Error;
};

/// Shapes that do not fit an operation or each other.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// No memory for a tensor of the shape asked for; the message says which and how much. (Not a std::bad_alloc: deriving
/// from both would hide it from catch (const std::exception&), whose base it would have twice.) Memory that operations
/// need besides their results may still run out as std::bad_alloc.
class MemoryError : public Error {
 public:
  using Error::Error;
};

/// An option or value outside its range: a negative learning rate, a probability above 1, a NaN where none may be.
class ValueError : public Error {
 public:
  using Error::Error;
};

/// Autograd used in a way that has no answer: backward twice through a freed graph, backward of a constant.
class GraphError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be opened, read or written.
class FileError : public Error {
 public:
  using Error::Error;
};

namespace detail {

template <typename E>
[[noreturn, gnu::cold, gnu::noinline]] void throw_joined(const Piece* pieces, std::size_t count) {
  throw E(join(pieces, count));
}

/// raise<ShapeError>("linear: expected ", 3, " columns, got ", shape): throws an E whose message is concat's. Every
/// check has such a line, so what it compiles to matters: a list of pieces and one call, away from the path that
/// passes.
template <typename E, typename... Pieces>
[[noreturn, gnu::always_inline]] inline void raise(const Pieces&... pieces) {
  const Piece list[] = {Piece(pieces)...};
  throw_joined<E>(list, sizeof...(pieces));
}

}  // namespace detail

/// A file whose content is not what its format promises. The message is "file:line: what was expected, what stood
/// there".
class ParseError : public Error {
 public:
  /// line counts from 1; 0 means the file as a whole.
  ParseError(const std::string& file, std::size_t line, const std::string& what)
      : Error(line == 0 ? detail::concat(file, ": ", what) : detail::concat(file, ':', line, ": ", what)),
        file_(file),
        line_(line) {}

  const std::string& file() const noexcept { return file_; }
  std::size_t line() const noexcept { return line_; }

 private:
  std::string file_;
  std::size_t line_;
};

}  // namespace rowgrad
