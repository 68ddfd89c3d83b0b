// Fuzz target: files of labelled text.
#include <algorithm>
#include <string>
#include <vector>

#include <rowgrad/data/labelled_text.hpp>
#include <support/temporary_file.hpp>

#include "bytes.hpp"
#include "check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rowgrad::Index;
  Bytes bytes(data, size);
  std::vector<std::string> classes;
  for (int i = bytes.number(0, 2); i > 0; --i) classes.push_back(bytes.text(2));
  const bool header = bytes.flag();
  const TemporaryFile file(bytes.rest());
  try {
    const auto read = rowgrad::data::load_labelled_text(file.path(), classes, header);
    EXPECT(!read.texts.empty() && read.texts.size() == read.labels.size());
    EXPECT(classes.empty() || read.classes == classes);
    for (const std::string& one : read.texts) EXPECT(!one.empty());
    for (const Index label : read.labels) EXPECT(label >= 0 && label < static_cast<Index>(read.classes.size()));
    // Its own classes read the same file in the same way.
    const auto again = rowgrad::data::load_labelled_text(file.path(), read.classes, header);
    EXPECT(again.labels == read.labels && again.texts == read.texts);
  } catch (const rowgrad::Error&) {
  }
  return 0;
}
