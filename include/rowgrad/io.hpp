// What: all headers of io/: files of weights (safetensors, npy, PyTorch's), atomic writing, mapped files, lines.
// Why:  a program that reads no files of its own need not compile them.
// See:  rowgrad.hpp for models, vectors.hpp for word vectors.
#pragma once

#include <rowgrad/io/checksum.hpp>
#include <rowgrad/io/file.hpp>
#include <rowgrad/io/lines.hpp>
#include <rowgrad/io/mapped_file.hpp>
#include <rowgrad/io/npy.hpp>
#include <rowgrad/io/pt.hpp>
#include <rowgrad/io/safetensors.hpp>
