// What: all headers of train/: checkpoints.
// Why:  a program that saves no runs need not compile them.
// See:  rowgrad.hpp for models, io.hpp for files of weights.
#pragma once

#include <rowgrad/train/checkpoint.hpp>
