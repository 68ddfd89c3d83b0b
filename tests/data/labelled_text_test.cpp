#include <doctest/doctest.h>

#include <rowgrad/data/labelled_text.hpp>

#include <support/temporary_file.hpp>

using rowgrad::FileError;
using rowgrad::Index;
using rowgrad::ParseError;
using rowgrad::ValueError;
using rowgrad::data::LabelledText;
using rowgrad::data::load_labelled_text;
using Strings = std::vector<std::string>;
using Labels = std::vector<Index>;

namespace {

LabelledText load(std::string_view content, const Strings& classes = {}) {
  const TemporaryFile file(content);
  return load_labelled_text(file.path(), classes);
}

// What a file of this content is refused with; "FILE" stands for its path.
std::string refusal(std::string_view content, std::size_t line, const Strings& classes = {}) {
  const TemporaryFile file(content);
  try {
    load_labelled_text(file.path(), classes);
  } catch (const ParseError& error) {
    CHECK(error.line() == line);
    CHECK(error.file() == file.path());
    std::string what = error.what();
    for (std::size_t at = what.find(file.path()); at != std::string::npos; at = what.find(file.path()))
      what.replace(at, file.path().size(), "FILE");
    return what;
  }
  FAIL("no ParseError");
  return {};
}

}  // namespace

TEST_CASE("load_labelled_text: label, columns between, text") {
  const LabelledText data = load("pos\tx\ty\tgood film \nneg\tbad film\n neg \t\tawful\n");
  CHECK(data.texts == Strings{"good film ", "bad film", "awful"});
  CHECK(data.classes == Strings{"neg", "pos"});
  CHECK(data.labels == Labels{1, 0, 0});
}

TEST_CASE("load_labelled_text: classes sort by value when all are whole numbers") {
  const LabelledText numbers = load("10\ta\n2\tb\n-1\tc\n2\td\n");
  CHECK(numbers.classes == Strings{"-1", "2", "10"});
  CHECK(numbers.labels == Labels{2, 1, 0, 1});
  const LabelledText mixed = load("10\ta\n2\tb\n1x\tc\n");
  CHECK(mixed.classes == Strings{"10", "1x", "2"});
  CHECK(mixed.labels == Labels{0, 2, 1});
  CHECK(load("1.5\ta\n10\tb\n2\tc\n").classes == Strings{"1.5", "10", "2"});
  CHECK(load("1\ta\n01\tb\n").classes == Strings{"01", "1"});
}

TEST_CASE("load_labelled_text: line ends and what else is accepted") {
  for (const char* content : {"a\tx\nb\ty\n", "a\tx\nb\ty", "a\tx\r\nb\ty\r\n", "a\tx\r\nb\ty",
                              "\xef\xbb\xbf"
                              "a\tx\nb\ty",
                              "a\tx\nb\ty\n\n\n", "a\tx\nb\ty\n \r\n\r\n"}) {
    INFO(content);
    const LabelledText data = load(content);
    CHECK(data.texts == Strings{"x", "y"});
    CHECK(data.classes == Strings{"a", "b"});
    CHECK(data.labels == Labels{0, 1});
  }
}

TEST_CASE("load_labelled_text: a header is skipped, whatever it holds, and lines keep their numbers") {
  for (const char* first : {"label\ttext\n", "no tab\r\n", "\n", "\xef\xbb\xbflabel\t\n"}) {
    const TemporaryFile file(std::string(first) + "b\tx\na\ty\n");
    const LabelledText data = load_labelled_text(file.path(), {}, true);
    CHECK(data.texts == Strings{"x", "y"});
    CHECK(data.classes == Strings{"a", "b"});
  }
  const TemporaryFile file("label\ttext\na\tx\nbad\n");
  CHECK_THROWS_WITH_AS(load_labelled_text(file.path(), {}, true), doctest::Contains(":3: "), ParseError);
  const TemporaryFile header_alone("label\ttext\n");
  CHECK_THROWS_WITH_AS(load_labelled_text(header_alone.path(), {}, true), doctest::Contains("empty"), ParseError);
}

TEST_CASE("load_labelled_text: known classes keep their order") {
  const LabelledText data = load("b\tx\na\ty\n", {"b", "c", "a"});
  CHECK(data.classes == Strings{"b", "c", "a"});
  CHECK(data.labels == Labels{0, 2});
  CHECK(refusal("a\tx\nd\ty\n", 2, {"a", "b"}) == "FILE:2: the label \"d\" is not one of the classes \"a\", \"b\"");
  CHECK_THROWS_WITH_AS(load("a\tx\n", {"a", "a"}), doctest::Contains("\"a\" is given twice"), ValueError);
  Strings many;
  for (int i = 0; i < 30; ++i) many.push_back(std::to_string(i));
  const std::string what = refusal("x\ty\n", 1, many);
  CHECK(what.find("\"19\", ... (30 classes)") != std::string::npos);
  CHECK(what.find("\"20\"") == std::string::npos);
}

TEST_CASE("load_labelled_text: every bad line is named") {
  CHECK(refusal("no tab here\n", 1) ==
        "FILE:1: expected a label, a tab and a text, but there is no tab in \"no tab here\"");
  CHECK(refusal("\ttext\n", 1) == "FILE:1: the label (first column) is empty in \"?text\"");
  CHECK(refusal("a\t\n", 1) == "FILE:1: the text (last column) is empty in \"a?\"");
  CHECK(refusal("a\tx\t  \r\n", 1) == "FILE:1: the text (last column) is empty in \"a?x?  \"");
  CHECK(refusal("a\tx\n\t\n", 2) == "FILE:2: the label (first column) is empty in \"?\"");
  CHECK(refusal("a\tx\n\na\ty\n", 2) == "FILE:2: expected a label, a tab and a text, but the line is empty");
  CHECK(refusal("a\tx\n\n\nbad\n  \tx\nb\ty\nb\t\n", 2) ==
        "FILE:2: expected a label, a tab and a text, but the line is empty\n"
        "FILE:3: expected a label, a tab and a text, but the line is empty\n"
        "FILE:4: expected a label, a tab and a text, but there is no tab in \"bad\"\n"
        "FILE:5: the label (first column) is empty in \"  ?x\"\n"
        "FILE:7: the text (last column) is empty in \"b?\"");
}

TEST_CASE("load_labelled_text: at most 20 bad lines are listed, long ones are cut") {
  std::string content = "a\tx\n";
  for (int i = 0; i < 20; ++i) content += "bad\n";
  CHECK(refusal(content, 2).find("more") == std::string::npos);
  for (int i = 0; i < 3; ++i) content += "bad\n";
  const std::string what = refusal(content, 2);
  CHECK(what.find("FILE:21: ") != std::string::npos);
  CHECK(what.find("FILE:22: ") == std::string::npos);
  CHECK(what.substr(what.rfind('\n')) == "\n... and 3 more");

  const std::string cut = refusal(std::string(39, 'x') + "\xc3\xa9yyy\n", 1);
  CHECK(cut.substr(cut.find('"')) == std::string("\"").append(39, 'x').append("...\""));  // not within a character
}

TEST_CASE("load_labelled_text: no data") {
  for (const char* content : {"", "\n", "\r\n\n  \n", "\xef\xbb\xbf", "\xef\xbb\xbf\n"})
    CHECK(refusal(content, 0) == "FILE: the file is empty; expected lines of a label, a tab and a text");
}

TEST_CASE("load_labelled_text: files that cannot be read") {
  CHECK_THROWS_WITH_AS(load_labelled_text("no/such/file.tsv"),
                       doctest::Contains("load_labelled_text: cannot read 'no/such/file.tsv': No such file"),
                       FileError);
  CHECK_THROWS_WITH_AS(load_labelled_text("no/such/file.tsv"), doctest::Contains("relative path"), FileError);
  CHECK_THROWS_WITH_AS(load_labelled_text(temporary_directory()), doctest::Contains("cannot read"), FileError);
}
