// safetensors: what Python wrote is read, what is written is read again, and every kind of damage is an error.
#include <doctest/doctest.h>

#include <rowgrad/io/safetensors.hpp>

#include "files.hpp"

using files::error_of;
using files::formula;
using files::same;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;
using namespace rowgrad::io;

namespace {

/// A file with this header and so many bytes of values, 0, 1, 2, ...
std::string file_of(const std::string& header, std::size_t bytes, std::uint64_t length) {
  std::string file(8, '\0');
  rowgrad::io::detail::store(length, file.data());
  file += header;
  for (std::size_t i = 0; i < bytes; ++i) file += static_cast<char>(i);
  return file;
}
std::string file_of(const std::string& header, std::size_t bytes) { return file_of(header, bytes, header.size()); }

std::string opening(const std::string& bytes) {
  const TemporaryFile file(bytes, ".safetensors");
  return error_of([&] { open_safetensors(file.path()); });
}

bool has(const std::string& message, const char* part) { return message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a file that Python wrote: every type, names, metadata") {
  const TemporaryFile path(files::bytes_of("all.safetensors"), ".safetensors");
  const TensorFile file = open_safetensors(path.path());
  CHECK(file.tensors().size() == 13);
  CHECK(same(file.read<float>("weight"), formula<float>({3, 4}, 1)));
  CHECK(same(file.read<double>("weight"), formula<double>({3, 4}, 1)));
  CHECK(same(file.read<double>("double"), formula<double>({2, 3}, 2)));
  CHECK(same(file.read<float>("half"), formula<float>({5}, 3)));  // 11 bits are enough for these
  for (Index i = 0; i < 5; ++i) {
    const double exact = formula<double>({5}, 3).data()[i], rounded = file.read<double>("bfloat").data()[i];
    CHECK(std::abs(rounded - exact) <= std::abs(exact) / 256);
  }
  CHECK(file.info("bfloat").dtype == DType::bf16);
  CHECK(file.read<Index>("long").to_vector() == std::vector<Index>{-1, Index{1} << 40, 3, -(Index{1} << 62)});
  for (const char* name : {"int", "short", "char"})
    CHECK(file.read<Index>(name).to_vector() == std::vector<Index>{1, -2});
  CHECK(file.read<Index>("byte").to_vector() == std::vector<Index>{1, 254});
  CHECK(file.read<float>("bool").to_vector() == std::vector<float>{1, 0, 1});
  CHECK(file.shape("scalar") == Shape{});
  CHECK(file.read<float>("scalar").item() == 2.5f);
  CHECK(file.read<float>("empty").shape() == Shape{0, 3});
  CHECK(file.read<Index>("n\xc3\xa4me \"\\\n\xf0\x9f\x98\x80").item() == 7);
  REQUIRE(file.metadata("\xc3\xbc") != nullptr);
  CHECK(*file.metadata("\xc3\xbc") == "\"\n");
  CHECK(file.metadata("no such key") == nullptr);
}

TEST_CASE("what is written is read again: types, order, alignment, rounding to half") {
  const TemporaryFile path;
  const auto weight = formula<float>({3, 4}, 1);
  const auto ids = rowgrad::arange(5);
  save_safetensors(path.path(),
                   {{"flags", ids, DType::boolean},
                    {"b", weight},
                    {"small", ids, DType::u8},
                    {"a\"\n", formula<double>({2, 3}, 2)},
                    {"half", weight, DType::f16},
                    {"bfloat", weight, DType::bf16},
                    {"none", Tensor<float>(Shape{0})},
                    {"one", rowgrad::full<float>({}, 3)}},
                   {{"k\t", "v\xe2\x82\xac"}, {"", ""}});
  const TensorFile file = open_safetensors(path.path());
  std::string names;
  for (const TensorInfo& tensor : file.tensors()) {
    names += tensor.name + " ";
    CHECK(tensor.begin % size_of(tensor.dtype) == 0);
  }
  CHECK(names == "flags b small a\"\n half bfloat none one ");
  CHECK(same(file.read<float>("b"), weight));
  CHECK(same(file.read<double>("a\"\n"), formula<double>({2, 3}, 2)));
  CHECK(file.read<Index>("flags").to_vector() == std::vector<Index>{0, 1, 1, 1, 1});
  CHECK(same(file.read<Index>("small"), ids));
  for (Index i = 0; i < weight.numel(); ++i) {
    CHECK(std::abs(file.read<float>("half").data()[i] - weight.data()[i]) <= std::abs(weight.data()[i]) / 2048);
    CHECK(std::abs(file.read<float>("bfloat").data()[i] - weight.data()[i]) <= std::abs(weight.data()[i]) / 256);
  }
  CHECK(file.metadata() == Metadata{{"k\t", "v\xe2\x82\xac"}, {"", ""}});
}

TEST_CASE("a view is the file's memory; writing to it changes neither the file nor other openings") {
  const TemporaryFile path;
  save_safetensors(path.path(), {{"x", formula<float>({3, 4}, 1)}, {"i", rowgrad::arange(3)}});
  Tensor<float> view;
  {
    const TensorFile file = open_safetensors(path.path());
    CHECK(file.is_view<float>("x"));
    CHECK_FALSE(file.is_view<double>("x"));
    view = file.view<float>("x");
    CHECK(view.data() == file.view<float>("x").data());
    CHECK(same(file.view<double>("x"), formula<double>({3, 4}, 1)));
    CHECK(file.view<Index>("i").to_vector() == std::vector<Index>{0, 1, 2});
  }
  CHECK(same(view, formula<float>({3, 4}, 1)));  // keeps the file open
  view.array().setZero();
  CHECK(same(open_safetensors(path.path()).read<float>("x"), formula<float>({3, 4}, 1)));
}

TEST_CASE("booleans are true and false whatever bytes the file has for them") {
  std::string header = R"({"x":{"dtype":"BOOL","shape":[4],"data_offsets":[0,4]}})";
  header.resize(56, ' ');
  const TemporaryFile path(std::string("\x38\0\0\0\0\0\0\0", 8) + header + std::string("\0\1\2\xff", 4));
  const TensorFile file = open_safetensors(path.path());
  const std::vector<bool> expected{false, true, true, true};
  CHECK(file.view<bool>("x").to_vector() == expected);
  CHECK(file.read<bool>("x").to_vector() == expected);
  CHECK(file.rows<bool>("x", {3, 0}).to_vector() == std::vector<bool>{true, false});
}

TEST_CASE("rows of a tensor, in any order, converted, checked") {
  const TemporaryFile path;
  save_safetensors(path.path(), {{"x", formula<float>({5, 2, 3}, 1)}, {"v", rowgrad::arange(4)}});
  const TensorFile file = open_safetensors(path.path());
  const auto whole = formula<double>({5, 2, 3}, 1);
  const auto rows = file.rows<double>("x", {4, 0, 4});
  CHECK(rows.shape() == Shape{3, 2, 3});
  for (Index i = 0; i < 6; ++i) {
    CHECK(rows.data()[i] == whole.data()[24 + i]);
    CHECK(rows.data()[6 + i] == whole.data()[i]);
    CHECK(rows.data()[12 + i] == whole.data()[24 + i]);
  }
  CHECK(file.rows<Index>("v", {3, 1}).to_vector() == std::vector<Index>{3, 1});
  CHECK(file.rows<Index>("v", Indices(Shape{0})).shape() == Shape{0});
  CHECK_THROWS_AS(file.rows<float>("x", {5}), rowgrad::IndexError);
  CHECK_THROWS_AS(file.rows<float>("x", {-1}), rowgrad::IndexError);
  CHECK_THROWS_AS(file.rows<float>("x", Indices{{1}}), rowgrad::ShapeError);
}

TEST_CASE("values that do not lie row-major: whole, rows, converted, in any number of dimensions") {
  using rowgrad::Index;
  const auto x = formula<float>({3000, 2, 4}, 1);
  const TemporaryFile path;
  save_safetensors(path.path(), {{"x", x}});
  const TensorFile plain = open_safetensors(path.path());
  // As of x.permute(2, 1, 0), of a part of it, and of one with steps.
  TensorInfo turned = plain.info("x"), part = turned, steps = turned;
  turned.shape = {4, 2, 3000}, turned.strides = {1, 4, 8};
  part.shape = {2, 2, 1500}, part.strides = {1, 4, 8};
  steps.shape = {2, 3}, steps.strides = {3, 8000};
  part.name = "part", steps.name = "steps";
  const auto file = std::make_shared<MappedFile>("open", path.path(), Access::private_copy);
  const TensorFile strided("open", file, {turned, part, steps});
  const auto at = [&](Index i, Index j, Index k) { return x.data()[(i * 2 + j) * 4 + k]; };
  const auto whole = strided.read<double>("x"), rows = strided.rows<double>("x", {3, 0, 3});
  const auto less = strided.read<float>("part");
  REQUIRE(rows.shape() == rowgrad::Shape{3, 2, 3000});
  int wrong = 0;
  for (Index k = 0; k < 4; ++k)
    for (Index j = 0; j < 2; ++j)
      for (Index i = 0; i < 3000; ++i) {
        if (whole.data()[(k * 2 + j) * 3000 + i] != double(at(i, j, k))) ++wrong;
        if (k < 2 && i < 1500 && less.data()[(k * 2 + j) * 1500 + i] != at(i, j, k)) ++wrong;
        if (k == 3 && rows.data()[j * 3000 + i] != double(at(i, j, 3))) ++wrong;
        if (k == 0 && rows.data()[(2 + j) * 3000 + i] != double(at(i, j, 0))) ++wrong;
      }
  CHECK(wrong == 0);
  CHECK(strided.rows<float>("steps", {1}).to_vector() ==
        std::vector<float>{at(0, 0, 3), at(1000, 0, 3), at(2000, 0, 3)});
  CHECK_THROWS_AS(strided.rows<float>("x", {4}), rowgrad::IndexError);
}

TEST_CASE("errors of reading name the tensor") {
  const TemporaryFile path;
  save_safetensors(path.path(),
                   {{"model.weight", formula<float>({3}, 1)}, {"big", rowgrad::full<Index>({1}, 1 << 20)}});
  const TensorFile file = open_safetensors(path.path());
  CHECK(has(error_of([&] { file.read<float>("weight"); }),
            "has no tensor 'weight' among its 2 (is 'model.weight' meant?)"));
  CHECK(has(error_of([&] { file.read<Index>("model.weight"); }), "holds F32, which does not become I64 without loss"));
  CHECK(has(error_of([&] { file.read<std::int16_t>("big"); }), "has a whole number that I16 cannot hold"));
}

TEST_CASE("errors of writing leave the old file") {
  const TemporaryFile path("old");
  const auto x = formula<float>({2}, 1);
  CHECK(has(error_of([&] { save_safetensors(path.path(), {{"x", x}, {"x", x}}); }), "the name 'x' is used twice"));
  CHECK(has(error_of([&] { save_safetensors(path.path(), {{"__metadata__", x}}); }), "used twice"));
  // What nobody could open again.
  CHECK(has(error_of([&] { save_safetensors(path.path(), {{"a\xff", x}}); }), "is not UTF-8 (its byte 1"));
  CHECK(has(error_of([&] {
              save_safetensors(path.path(), {{"x", x}}, {{"\xc0\x80", "b"}});
            }),
            "key '\xc0\x80' is not"));
  CHECK(has(error_of([&] {
              save_safetensors(path.path(), {{"x", x}}, {{"k", "b\xed\xa0\x80"}});
            }),
            "the metadata's value of 'k' is not UTF-8 (its byte 1"));
  CHECK(has(error_of([&] {
              save_safetensors(path.path(), {{"x", x}}, {{"k", "1"}, {"k", "2"}});
            }),
            "the metadata's key 'k' is used twice"));
  CHECK(has(error_of([&] {
              save_safetensors(path.path(), {{"i", rowgrad::arange(300), DType::u8}});
            }),
            "U8 cannot hold"));
  CHECK(has(error_of([&] { save_safetensors(path.path(), {{"x", x, DType::i64}}); }), "floating point"));
  CHECK(has(error_of([&] { save_safetensors("no/such/folder/x", {{"x", x}}); }), "no/such/folder/x"));
  std::ifstream stream(path.path());
  std::string text;
  stream >> text;
  CHECK(text == "old");
}

TEST_CASE("ten thousand tensors") {
  const TemporaryFile path;
  std::vector<SavedTensor> tensors;
  for (Index i = 0; i < 10'000; ++i) tensors.emplace_back("t" + std::to_string(i), rowgrad::full<float>({1}, float(i)));
  save_safetensors(path.path(), tensors);
  const TensorFile file = open_safetensors(path.path());
  CHECK(file.tensors().size() == 10'000);
  CHECK(file.read<float>("t9999").item() == 9999);
}

TEST_CASE("a file cut at any byte is an error, never a crash") {
  const std::string whole = files::bytes_of("all.safetensors");
  CHECK(opening(whole).empty());
  int accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) accepted += opening(whole.substr(0, size)).empty() ? 1 : 0;
  CHECK(accepted == 0);
  CHECK(has(opening(whole + "x"), "1 bytes behind its last tensor"));
}

TEST_CASE("headers that lie") {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  CHECK(opening(file_of("{" + a + "}", 8)).empty());
  CHECK(opening(file_of("{" + a + "}   ", 8)).empty());
  CHECK(opening(file_of("{}", 0)).empty());
  struct {
    const char *header, *expected;
    std::size_t bytes;
  } const cases[] = {
      {"", "expected a header that begins with '{'", 0},
      {" {}", "expected a header that begins with '{'", 0},
      {"{", "header, byte 1: expected", 0},
      {"{}x", "expected nothing more", 0},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "its bytes end at 8, the file has 7", 7},
      {R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", "tensor 'a': its dtype 'F31' is not supported", 8},
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "F32 of shape (3,) takes 12 bytes, the file has 8",
       8},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}})", "takes more than 2^64 bytes",
       0},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "expected a whole number", 8},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "before they begin", 8},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", "two data_offsets", 8},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", "two data_offsets", 8},
      {R"({"a":{"dtype":"F32","shape":[2]}})", "got no data_offsets", 8},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}})", "got 'x'", 8},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "each once, got 'dtype'", 8},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", "bytes that belong to no tensor", 12},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
       "tensors overlap", 12},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       "the name 'a' stands twice", 8},
      {R"({"__metadata__":{"k":1}})", "expected a string", 0},
      {R"({"__metadata__":{"k":"a","k":"b"}})", "the name 'k' stands twice", 0},
      {R"({"__metadata__":{},"__metadata__":{}})", "__metadata__ stands twice", 0},
      {"{\"\xff\":{}}", "not valid UTF-8", 0},
      {"{\"\xed\xa0\x80\":{}}", "not valid UTF-8", 0},
  };
  for (const auto& one : cases)
    CHECK_MESSAGE(has(opening(file_of(one.header, one.bytes)), one.expected), one.header,
                  opening(file_of(one.header, one.bytes)));
  CHECK(has(opening(file_of("{}", 0, std::uint64_t{1} << 63)), "should have 9223372036854775808 bytes"));
  CHECK(has(opening(file_of("{" + std::string(100'000, '['), 0)), "expected"));
  CHECK(has(opening(file_of("{\"a\":" + std::string(100'000, '['), 0)), "expected an object"));
  CHECK(has(error_of([] { open_safetensors(temporary_directory()); }), "Is a directory"));
  CHECK(has(error_of([] { open_safetensors("no/such/file"); }), "No such file"));
}
