// What: EXPECT, which ends a fuzz target with a message where a property does not hold.
// Why:  assert() is gone in optimised builds, and says nothing of the values.
// See:  graph.cpp, text.cpp, vectors.cpp.
#pragma once

#include <cstdio>
#include <cstdlib>

#define EXPECT(condition)                                                                 \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
