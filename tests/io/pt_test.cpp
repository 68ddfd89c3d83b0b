// PyTorch's files: dicts of tensors are read, strides included; everything else is refused and nothing is run.
#include <doctest/doctest.h>

#include <rowgrad/io/pt.hpp>
#include <rowgrad/nn/linear.hpp>

#include "files.hpp"

using files::error_of;
using files::formula;
using files::same;
using rowgrad::Index;
using rowgrad::Shape;
using namespace rowgrad::io;

namespace {

bool has(const std::string& message, const char* part) { return message.find(part) != std::string::npos; }

std::string opening(const std::string& bytes, const std::string& key = "") {
  const TemporaryFile file(bytes, ".pt");
  return error_of([&] { open_pt(file.path(), key); });
}

}  // namespace

TEST_CASE("a dict of tensors of every type") {
  const TemporaryFile path(files::bytes_of("all.pt"), ".pt");
  const TensorFile file = open_pt(path.path());
  CHECK(file.tensors().size() == 13);
  CHECK(file.tensors()[0].name == "weight");
  CHECK(same(file.read<float>("weight"), formula<float>({3, 4}, 1)));
  CHECK(same(file.read<double>("double"), formula<double>({2, 3}, 2)));
  CHECK(same(file.read<float>("half"), formula<float>({5}, 3)));
  CHECK(file.info("bfloat").dtype == DType::bf16);
  CHECK(file.read<Index>("long").to_vector() == std::vector<Index>{-1, Index{1} << 40, 3, -(Index{1} << 62)});
  for (const char* name : {"int", "short", "char"})
    CHECK(file.read<Index>(name).to_vector() == std::vector<Index>{1, -2});
  CHECK(file.read<Index>("byte").to_vector() == std::vector<Index>{1, 254});
  CHECK(file.read<float>("bool").to_vector() == std::vector<float>{1, 0, 1});
  CHECK(file.read<float>("scalar").item() == 2.5f);
  CHECK(file.shape("scalar") == Shape{});
  CHECK(file.read<float>("empty").shape() == Shape{0, 3});
  CHECK(file.read<Index>("n\xc3\xa4me \"\\\n\xf0\x9f\x98\x80").item() == 7);
  CHECK(file.is_view<float>("weight"));
  CHECK(same(file.view<float>("weight"), formula<float>({3, 4}, 1)));
}

TEST_CASE("views: transposed, parts, strides, parameters; rows of them") {
  const TemporaryFile path(files::bytes_of("views.pt"), ".pt");
  const TensorFile file = open_pt(path.path());
  const auto whole = formula<float>({4, 6}, 5);
  const auto at = [&](Index i, Index j) { return whole.data()[i * 6 + j]; };
  const auto transposed = file.read<float>("transposed"), part = file.read<float>("part"),
             second = file.read<float>("every_second");
  REQUIRE(transposed.shape() == Shape{6, 4});
  REQUIRE(part.shape() == Shape{2, 3});
  REQUIRE(second.shape() == Shape{4, 3});
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 6; ++j) CHECK(transposed.data()[j * 4 + i] == at(i, j));
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j < 3; ++j) CHECK(part.data()[i * 3 + j] == at(1 + i, 2 + j));
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 3; ++j) CHECK(second.data()[i * 3 + j] == at(i, 2 * j));
  CHECK(file.is_view<float>("row"));
  CHECK_FALSE(file.is_view<float>("part"));
  for (Index j = 0; j < 6; ++j) {
    CHECK(file.view<float>("row").data()[j] == at(2, j));
    CHECK(file.read<float>("parameter").data()[j] == at(0, j));
  }
  const auto rows = file.rows<double>("transposed", {5, 1});
  for (Index i = 0; i < 4; ++i) {
    CHECK(rows.data()[i] == double(at(i, 5)));
    CHECK(rows.data()[4 + i] == double(at(i, 1)));
  }
  CHECK_THROWS_AS(file.rows<double>("transposed", {6}), rowgrad::IndexError);
}

TEST_CASE("a layer's state_dict, and one within another dict") {
  const TemporaryFile lstm(files::bytes_of("lstm.pt"), ".pt"), nested(files::bytes_of("nested.pt"), ".pt");
  const TensorFile file = open_pt(lstm.path());
  std::string names;
  for (const TensorInfo& tensor : file.tensors()) names += tensor.name + " ";
  CHECK(names == "weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0 ");
  CHECK(file.shape("weight_ih_l0") == Shape{12, 2});
  CHECK(open_pt(nested.path(), "model").shape("weight") == Shape{1, 2});
  CHECK(has(error_of([&] { open_pt(nested.path()); }), "further dicts ('model'): name one of them"));
  CHECK(has(error_of([&] { open_pt(nested.path(), "mdel"); }), "found no key 'mdel'"));
  CHECK(has(error_of([&] { open_pt(nested.path(), "epoch"); }), "expected a dict of tensors under the key 'epoch'"));
  CHECK(opening(files::bytes_of("protocol4.pt")).empty());
}

TEST_CASE("what is no dict of tensors is refused by name, and nothing is run") {
  CHECK(has(opening(files::bytes_of("evil.pt")), "it would call 'posix system'"));
  CHECK(has(opening(files::bytes_of("model.pt")), "it would call 'torch.nn.modules.linear Linear'"));
  CHECK(has(opening(files::bytes_of("args.pt")), "it would call 'argparse Namespace'"));
  CHECK(has(opening(files::bytes_of("old.pt")), "before 1.6"));
  CHECK(has(opening(files::bytes_of("expanded.pt")), "it repeats the 1 values of its storage to 1000"));
  CHECK(has(opening(files::bytes_of("script.pt")), "this is TorchScript"));
  CHECK(has(opening(files::bytes_of("protocol1.pt")), "protocol 2 or later"));
  CHECK(has(opening(files::bytes_of("float8.pt")), "tensor 'x': values of type 'torch float8_e4m3fn' are not"));
  CHECK(has(opening(files::bytes_of("negated.pt")), "tensor 'x': it is stored with 'neg'"));
  CHECK(has(opening(files::bytes_of("all.safetensors")), "expected a zip archive"));
  CHECK(has(opening(""), "expected a zip archive"));
  CHECK(has(error_of([] { open_pt("no/such/file"); }), "No such file"));
}

TEST_CASE("types without a storage of their own, values that are repeated") {
  const TemporaryFile path(files::bytes_of("unsigned.pt"), ".pt"), repeated(files::bytes_of("few_repeated.pt"), ".pt");
  const TensorFile file = open_pt(path.path());
  for (const char* name : {"uint16", "uint32", "uint64"}) {
    CHECK(file.read<Index>(name).to_vector() == std::vector<Index>{1, 2, 3});
    CHECK(file.rows<float>(name, {2, 0}).to_vector() == std::vector<float>{3, 1});
  }
  CHECK(file.info("uint16").dtype == DType::u16);
  CHECK(open_pt(repeated.path()).read<float>("x").to_vector() == std::vector<float>(5, 1));
  CHECK(open_pt(repeated.path()).view<float>("x").to_vector() == std::vector<float>(5, 1));
  CHECK(open_pt(repeated.path()).rows<float>("x", {4}).to_vector() == std::vector<float>{1});
}

TEST_CASE("a checkpoint with a tensor beside its state_dict: errors say where to look") {
  const TemporaryFile path(files::bytes_of("imagenet.pt"), ".pt"), args(files::bytes_of("args.pt"), ".pt");
  rowgrad::nn::Linear<float> layer(2, 1, {.bias = false});
  const TensorFile file = open_pt(path.path());
  CHECK(file.read<float>("best_acc1").item() == 0.5f);
  CHECK(has(error_of([&] { layer.load_state_dict(file); }), "is what you look for in 'state_dict'? Then give"));
  CHECK(has(error_of([&] { layer.load_state_dict(file); }), path.path().c_str()));
  CHECK(has(error_of([&] { (void)file.info("weight"); }), "is what you look for in 'state_dict'?"));
  layer.load_state_dict(open_pt(path.path(), "state_dict"));
  CHECK(layer.weight.to_vector() == std::vector<float>{1, 1});
  // What stands beside the dict asked for is not looked at, and not run either.
  CHECK(open_pt(args.path(), "model").read<float>("x").item() == 1.0f);
}

TEST_CASE("damage: a file cut at any byte, and any byte changed, is an error or another value, never a crash") {
  const std::string whole = files::bytes_of("protocol4.pt");
  int accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) accepted += opening(whole.substr(0, size)).empty() ? 1 : 0;
  CHECK(accepted == 0);
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(value);
      const TemporaryFile path(changed, ".pt");
      (void)error_of([&] {
        const TensorFile file = open_pt(path.path());
        for (const TensorInfo& tensor : file.tensors()) (void)file.read<double>(tensor.name);
      });
    }
}
