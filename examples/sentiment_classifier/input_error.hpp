// What: InputError, something that the user can correct.
// Why:  the program says what, and ends with exit code 2; other errors end with 1.
// See:  main.cpp.
#pragma once

#include <stdexcept>

class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
