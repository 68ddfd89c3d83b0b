// What: the library's version, for the preprocessor and for programs.
// Why:  code that works with several versions asks; a file that is saved says what wrote it.
// See:  CMakeLists.txt, which has the same number; CHANGELOG.md.
#pragma once

#include <rowgrad/core/concat.hpp>

#define ROWGRAD_VERSION_MAJOR 0
#define ROWGRAD_VERSION_MINOR 1
#define ROWGRAD_VERSION_PATCH 0

/// One number that grows with every version: 10203 is 1.2.3.
#define ROWGRAD_VERSION (ROWGRAD_VERSION_MAJOR * 10000 + ROWGRAD_VERSION_MINOR * 100 + ROWGRAD_VERSION_PATCH)

namespace rowgrad {

inline constexpr int version_major = ROWGRAD_VERSION_MAJOR;
inline constexpr int version_minor = ROWGRAD_VERSION_MINOR;
inline constexpr int version_patch = ROWGRAD_VERSION_PATCH;

/// The version as text, "1.2.3".
inline std::string version() {
  return detail::concat(ROWGRAD_VERSION_MAJOR, '.', ROWGRAD_VERSION_MINOR, '.', ROWGRAD_VERSION_PATCH);
}

}  // namespace rowgrad
