// Models that are split over several files.
#include <doctest/doctest.h>

#include <filesystem>

#include <rowgrad/io/safetensors.hpp>
#include <rowgrad/nn/linear.hpp>

#include "files.hpp"

using namespace rowgrad::io;
using files::error_of;
using rowgrad::Index;
using rowgrad::Tensor;

namespace {

/// A folder with the two parts of a model and an index of this text.
struct Folder {
  explicit Folder(const std::string& index) {
    std::filesystem::create_directory(path);
    save_safetensors(part(1), {{"weight", files::formula<float>({2, 3}, 1)}, {"unused", rowgrad::arange(2)}});
    save_safetensors(part(2), {{"bias", files::formula<float>({2}, 2)}});
    std::ofstream(index_path()) << index;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string part(int number) const { return path + "/model-0000" + std::to_string(number) + "-of-00002.safetensors"; }
  std::string index_path() const { return path + "/model.safetensors.index.json"; }

  TemporaryFile unique;  // its name is nobody else's
  std::string path = unique.path() + ".folder";
};

std::string map_of(const std::string& weight, const std::string& bias) {
  return R"({"metadata": {"total_size": 32, "format": "pt", "more": {"a": [1, 2]}}, "other": [null],
             "weight_map": {"weight": ")" +
         weight + R"(", "bias": ")" + bias + "\"}}";
}
const std::string first = "model-00001-of-00002.safetensors", second = "model-00002-of-00002.safetensors";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("open_safetensors: a split model is read as one") {
  const Folder folder(map_of(first, second));
  rowgrad::nn::Linear<float> layer(3, 2);
  {
    const TensorFile file = open_safetensors(folder.index_path());
    CHECK(file.path() == folder.index_path());
    CHECK(file.names() == std::vector<std::string>{"weight", "bias"});
    CHECK(*file.metadata("total_size") == "32");
    CHECK(*file.metadata("format") == "pt");
    CHECK(*file.metadata("more") == R"({"a": [1, 2]})");
    CHECK(files::same(file.read<float>("weight"), files::formula<float>({2, 3}, 1)));
    CHECK(files::same(file.rows<float>("weight", {1}), files::formula<float>({2, 3}, 1)[1].reshape({1, 3})));
    CHECK(file.is_view<float>("bias"));
    layer.load_state_dict(file, {.assign = true});
  }
  CHECK(files::same<float>(layer.weight, files::formula<float>({2, 3}, 1)));  // views keep the files open
  CHECK(files::same<float>(layer.bias, files::formula<float>({2}, 2)));
}

TEST_CASE("open_safetensors: an index that is wrong is an error that names the file") {
  const auto error = [](const std::string& index) {
    const Folder folder(index);
    return error_of([&] { (void)open_safetensors(folder.index_path()); });
  };
  CHECK(has(error(map_of(first, first)), "'bias' should be in"));
  CHECK(has(error(map_of(first, first)), first));
  CHECK(has(error(map_of(first, "no.safetensors")), "/no.safetensors'"));
  CHECK(has(error(map_of(first, "no.safetensors")), "index.json' names it"));
  for (const char* elsewhere : {"", "/etc/passwd", "../x", "a/../../x", "c:x", "a\\\\x", "..", "x\\u0000y"})
    CHECK_MESSAGE(has(error(map_of(first, elsewhere)), "expected a file beside the index"), elsewhere);
  CHECK(has(error(map_of(first, "model.safetensors.index.json")), "index.json: "));
  CHECK(has(error("{}"), "expected a weight_map"));
  CHECK(has(error(R"({"weight_map": 3})"), "expected an object"));
  CHECK(has(error(R"({"weight_map": {"a": 3}})"), "expected a string"));
  CHECK(has(error(R"({"weight_map": {}, "weight_map": {}})"), "stands twice"));
  CHECK(has(error("{\"weight_map\": {\"bias\": \"" + second + "\", \"bias\": \"" + second + "\"}}"),
            "'bias' stands twice"));
  CHECK(has(error("{\"weight_map\": {}} x"), "expected nothing more"));
  CHECK(error("{\"weight_map\": {}}").empty());

  const Folder folder(map_of(first, second));
  std::filesystem::resize_file(folder.part(2), 20);
  CHECK(has(error_of([&] { (void)open_safetensors(folder.index_path()); }), folder.part(2)));
  const Folder wrong_type(map_of(first, second));
  const TensorFile file = open_safetensors(wrong_type.index_path());
  CHECK(has(error_of([&] { (void)file.read<Index>("bias"); }), wrong_type.part(2)));
  CHECK(has(error_of([&] { (void)file.read<float>("unused"); }), "has no tensor 'unused'"));
}
