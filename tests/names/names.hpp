// What the statements of names.tsv may use.
#pragma once

#include <doctest/doctest.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <rowgrad/io.hpp>
#include <rowgrad/rowgrad.hpp>
#include <rowgrad/train.hpp>
#include <rowgrad/vectors.hpp>

#include "../support/temporary_file.hpp"

// A row shows a spelling; most leave its result alone.
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-value"
#pragma GCC diagnostic ignored "-Wshadow"

using namespace rowgrad;

/// x and y have shape (2, 3), ids has shape (3).
struct Names {
  Names() { manual_seed(1); }
  Tensor<float> x = randn<float>({2, 3}), y = randn<float>({2, 3});
  Indices ids{1, 2, 0};
};
