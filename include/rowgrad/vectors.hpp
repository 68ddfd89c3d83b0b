// What: all headers of vectors/: files of pretrained word vectors, and nearest rows.
// Why:  a program that needs neither does not have to compile them.
// See:  rowgrad.hpp, which has what a model needs.
#pragma once

#include <rowgrad/vectors/glove.hpp>
#include <rowgrad/vectors/nearest.hpp>
#include <rowgrad/vectors/text_vectors.hpp>
#include <rowgrad/vectors/vector_file.hpp>
