// What: all headers of vectors/: files of pretrained word vectors, and nearest rows.
// Why:  a program that reads no such file need not compile them.
// See:  rowgrad.hpp for models.
#pragma once

#include <rowgrad/vectors/glove.hpp>
#include <rowgrad/vectors/nearest.hpp>
#include <rowgrad/vectors/vector_file.hpp>
