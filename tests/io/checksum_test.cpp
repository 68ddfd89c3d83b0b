#include <doctest/doctest.h>

#include <set>

#include <rowgrad/functional/shape.hpp>
#include <rowgrad/io/checksum.hpp>

#include "files.hpp"

using namespace rowgrad::io;

TEST_CASE("Checksum: the same however the bytes are cut, another for any other bytes") {
  std::string bytes;
  for (int i = 0; i < 150; ++i) bytes += static_cast<char>(i * 37);
  const auto of = [](const std::string& text) {
    Checksum sum;
    sum.add(text.data(), text.size());
    return sum.value();
  };
  for (std::size_t piece = 1; piece < 70; ++piece) {
    Checksum sum;
    for (std::size_t i = 0; i < bytes.size(); i += piece) sum.add(bytes.data() + i, std::min(piece, bytes.size() - i));
    CHECK(sum.value() == of(bytes));
  }
  std::set<std::uint64_t> sums{of(bytes)};
  std::size_t count = 1;
  for (std::size_t i = 0; i < bytes.size(); ++i, ++count) sums.insert(of(bytes.substr(0, i)));
  for (std::size_t i = 0; i < bytes.size() * 8; ++i, ++count) {
    std::string other = bytes;
    other[i / 8] = static_cast<char>(other[i / 8] ^ 1 << i % 8);
    sums.insert(of(other));
  }
  std::string zeros(1, '\0');  // as the first of the pieces above
  for (int i = 0; i < 100; ++i, ++count) sums.insert(of(zeros += '\0'));
  for (std::size_t i = 0; i + 8 < bytes.size(); i += 8, ++count) {
    std::string other = bytes;
    std::swap_ranges(other.begin() + static_cast<std::ptrdiff_t>(i), other.begin() + static_cast<std::ptrdiff_t>(i) + 8,
                     other.begin() + 100);
    sums.insert(of(other));
  }
  CHECK(sums.size() == count);
}

TEST_CASE("check_checksum: what was written is accepted, anything else is not") {
  const TemporaryFile path;
  const auto x = files::formula<float>({3, 2}, 1);
  save_with_checksum(path.path(), {{"x", x}, {"i", rowgrad::arange(3), DType::i8}, {"none", x.reshape({6})}},
                     {{"key", "value"}});
  check_checksum(open_safetensors(path.path()));
  CHECK(*open_safetensors(path.path()).metadata("key") == "value");
  const std::string sum = *open_safetensors(path.path()).metadata("checksum");
  CHECK(sum.size() == 16);
  const auto refused = [&](const std::vector<SavedTensor>& tensors, const Metadata& metadata) {
    save_safetensors(path.path(), tensors, metadata);
    return files::error_of([&] { check_checksum(open_safetensors(path.path())); }).find("damaged") != std::string::npos;
  };
  const auto i = rowgrad::arange(3);
  const Metadata same{{"key", "value"}, {"checksum", sum}};
  CHECK(!refused({{"x", x}, {"i", i, DType::i8}, {"none", x.reshape({6})}}, same));
  CHECK(refused({{"y", x}, {"i", i, DType::i8}, {"none", x.reshape({6})}}, same));
  CHECK(refused({{"x", x.reshape({2, 3})}, {"i", i, DType::i8}, {"none", x.reshape({6})}}, same));
  CHECK(refused({{"x", x}, {"i", i, DType::u8}, {"none", x.reshape({6})}}, same));
  CHECK(refused({{"x", x}, {"i", i, DType::i8}}, same));
  CHECK(refused({{"i", i, DType::i8}, {"x", x}, {"none", x.reshape({6})}}, same));
  CHECK(refused({{"x", x}, {"i", i, DType::i8}, {"none", x.reshape({6})}}, {{"key", "other"}, {"checksum", sum}}));
  save_safetensors(path.path(), {{"x", x}});
  CHECK(files::error_of([&] { check_checksum(open_safetensors(path.path())); }).find("expected a checksum") !=
        std::string::npos);
}
