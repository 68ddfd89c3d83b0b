// What: load_glove, the name of load_text_vectors in programs that read GloVe's files.
// Why:  both readers are one; this is the name it had first.
// See:  text_vectors.hpp.
#pragma once

#include <rowgrad/vectors/text_vectors.hpp>

namespace rowgrad::vectors {

using GloveOptions = TextVectorOptions;

/// load_text_vectors by another name, which its messages show.
template <std::floating_point T = float, WordTable Words>
PretrainedVectors<T> load_glove(const std::string& path, const Words& vocabulary, const GloveOptions& options = {},
                                Generator& generator = default_generator()) {
  return detail::load_text_vectors<T>("load_glove", path, vocabulary, options, generator);
}

}  // namespace rowgrad::vectors

namespace rowgrad {  // the names that programs had before the room had a namespace
using vectors::GloveOptions;
using vectors::load_glove;
}  // namespace rowgrad
