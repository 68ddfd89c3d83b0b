// .npy: what NumPy wrote is read, what is written is read again, and every kind of damage is an error.
#include <doctest/doctest.h>

#include <rowgrad/io/npy.hpp>

#include "files.hpp"

using files::error_of;
using files::formula;
using files::same;
using rowgrad::Index;
using rowgrad::Shape;
using namespace rowgrad::io;

namespace {

template <typename T>
rowgrad::Tensor<T> loaded(const std::string& bytes) {
  const TemporaryFile file(bytes, ".npy");
  return load_npy<T>(file.path());
}

std::string loading(const std::string& bytes) {
  return error_of([&] { loaded<double>(bytes); });
}

bool has(const std::string& message, const char* part) { return message.find(part) != std::string::npos; }

/// A file of version 1 with this header and so many bytes of values.
std::string file_of(const std::string& header, std::size_t bytes) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  return file + header + std::string(bytes, '\0');
}

}  // namespace

TEST_CASE("floating point numbers of every width, byte order, memory order and version") {
  for (const char* name : {"c_<f8", "c_>f8", "c_<f4", "c_<f2", "fortran_<f4", "version_2", "version_3"})
    CHECK_MESSAGE(same(loaded<double>(files::bytes_of(name)), formula<double>({2, 3, 4}, 1)), std::string(name));
  CHECK(same(loaded<float>(files::bytes_of("fortran_<f4")), formula<float>({2, 3, 4}, 1)));
  CHECK(loaded<float>(files::bytes_of("scalar")).item() == 2.5f);
  CHECK(loaded<float>(files::bytes_of("empty")).shape() == Shape{0, 3});
}

TEST_CASE("whole numbers of every width") {
  const auto values = formula<double>({2, 3, 4}, 1);
  for (const char* name : {"c_>i4", "c_<i8", "c_<i2", "c_|i1", "c_|u1", "c_<u4", "c_<u2", "c_<u8"}) {
    const auto x = loaded<Index>(files::bytes_of(name));
    CHECK(x.shape() == Shape{2, 3, 4});
    int wrong = 0;
    for (Index i = 0; i < x.numel(); ++i) {
      const auto whole = static_cast<Index>(values.data()[i] * 512);
      wrong += x.data()[i] == ((whole % 128) + 128) % 128 ? 0 : 1;
    }
    CHECK_MESSAGE(wrong == 0, std::string(name));
  }
  CHECK(loaded<Index>(files::bytes_of("c_|b1")).array().maxCoeff() == 1);
}

TEST_CASE("what is written is read again, and begins at a multiple of 64 bytes") {
  const TemporaryFile path;
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{0, 2}, Shape{2, 3}, Shape{1, 2, 3, 4, 5, 6, 7, 8}}) {
    const auto x = formula<float>(shape, 1);
    save_npy(path.path(), x);
    CHECK(same(load_npy<float>(path.path()), x));
    std::ifstream stream(path.path(), std::ios::binary | std::ios::ate);
    CHECK((static_cast<Index>(stream.tellg()) - x.numel() * 4) % 64 == 0);
  }
  save_npy(path.path(), rowgrad::arange(5));
  CHECK(same(load_npy<Index>(path.path()), rowgrad::arange(5)));
}

TEST_CASE("a file cut at any byte is an error") {
  for (const char* name : {"c_<f4", "fortran_<f4", "version_3"}) {
    const std::string whole = files::bytes_of(name);
    int accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) accepted += loading(whole.substr(0, size)).empty() ? 1 : 0;
    CHECK(accepted == 0);
    CHECK(has(loading(whole + "x"), "takes"));
  }
}

TEST_CASE("what is no array of numbers is refused, and headers that lie") {
  CHECK(has(loading(files::bytes_of("object")), "holds Python objects"));
  CHECK(has(loading(files::bytes_of("records")), "holds records"));
  CHECK(has(loading(files::bytes_of("complex")), "values of type '<c16' are not supported"));
  CHECK(loading(file_of("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 8)).empty());
  CHECK(loading(file_of("{\"shape\": (2L, 1), 'fortran_order': True, 'descr': '<f4', }  \n", 8)).empty());
  const struct {
    const char *header, *expected;
  } cases[] = {
      {"", "expected {"},
      {"{'descr':'<f4','fortran_order':False,'shape':(2,)", "expected }"},
      {"{'descr':'<f4','fortran_order':False}", "expected descr, fortran_order and shape"},
      {"{'descr':'<f4','descr':'<f4'}", "each once, got 'descr'"},
      {"{'descr':'<f4','fortran_order':0,'shape':(2,)}", "expected False"},
      {"{'descr':'<f4','fortran_order':False,'shape':(-2,)}", "expected a size"},
      {"{'descr':'<f4','fortran_order':False,'shape':(99999999999999999999,)}", "expected a size below 2^63"},
      {"{'descr':'<f4','fortran_order':False,'shape':(4294967296,4294967296)}", "takes more than 2^64"},
      {"{'descr':'<f4','fortran_order':True,'shape':(4294967296,4294967296,0)}", "has 8 behind the header"},
      {"{'descr':'<f4','fortran_order':False,'shape':(1000000000000,)}", "takes 4000000000000 bytes, the file has 8"},
      {"{'descr':'|f4','fortran_order':False,'shape':(2,)}", "not supported"},
      {"{'descr':'','fortran_order':False,'shape':(2,)}", "not supported"},
      {"{'descr':'<f4','fortran_order':False,'shape':(2,)} x", "expected nothing more"},
      {"{'descr", "expected a text in quotes"},
  };
  for (const auto& one : cases)
    CHECK_MESSAGE(has(loading(file_of(one.header, 8)), one.expected), one.header, loading(file_of(one.header, 8)));
  std::string version = files::bytes_of("c_<f4");
  version[6] = 4;
  CHECK(has(loading(version), "version 4 is not supported"));
  CHECK(has(loading("P"), "expected a .npy file"));
  CHECK(has(loading("PK"), "an archive, as numpy.savez() writes"));
  CHECK(has(loading(file_of("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 4)), "cut short?"));
  CHECK(!has(loading(file_of("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 12)), "cut short?"));
}
