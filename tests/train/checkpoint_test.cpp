// What is in a checkpoint, which files there are, and what is said about one that does not fit or is damaged.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include <support/temporary_file.hpp>

#include "run.hpp"

using namespace run;
using rowgrad::Shape;
using rowgrad::StateDict;
using rowgrad::ValueError;
using rowgrad::train::Checkpoint;

namespace {

/// A folder that goes when the test does, and the path of a checkpoint in it.
struct Folder {
  TemporaryFile unique;
  std::string folder = unique.path() + ".folder", path = folder + "/run.safetensors";
  Folder() { std::filesystem::create_directory(folder); }
  ~Folder() { std::filesystem::remove_all(folder); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};
using Names = std::vector<std::string>;

std::string read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}
void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const rowgrad::Error& error) {
    return error.what();
  }
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A run as small as a run can be.
struct Small {
  nn::Linear<float> model{1, 1};
  optim::SGD<float> sgd{model.parameters(), {.lr = 0.1, .momentum = 0.9}};
  Index epoch = 0;
  Checkpoint checkpoint;

  explicit Small(const std::string& path) : checkpoint(path) {
    checkpoint.add("model", model).add("sgd", sgd).add("epoch", epoch);
  }
  void step() {
    sgd.zero_grad();
    model(rowgrad::ones({2, 1})).sum().backward();
    sgd.step();
  }
  std::string bits() {
    std::string text = std::to_string(epoch);
    for (const auto& [name, tensor] : model.state_dict()) text += std::to_string(tensor.as<float>().item());
    for (const auto& entry : sgd.state_dict().parameters)
      for (const auto& slot : entry.slots) text += std::to_string(slot.item());
    const auto generator = rowgrad::default_generator().get_state();
    return text + std::string(generator.begin(), generator.end());
  }
};

}  // namespace

TEST_CASE("Checkpoint: the file is laid out under PyTorch's names, and its rows are up to date") {
  const Folder folder;
  Run<optim::Adam<float>> trained(folder.path, 1, {.lr = 0.05}, false);
  trained.train(14, 14);
  const auto file = rowgrad::io::open_safetensors(folder.path);
  const auto same = [&](const std::string& name, const Tensor<float>& expected) {
    CHECK_MESSAGE(file.read<float>(name).to_vector() == expected.to_vector(), name);
  };
  CHECK(file.contains("optimizer.state.0.deferred.rows"));
  const auto state = trained.optimizer.state_dict();
  same("model.embedding.weight", trained.model.embedding.weight);
  same("model.lstm.weight_ih_l1_reverse", trained.model.state_dict().as<float>("lstm.weight_ih_l1_reverse"));
  same("optimizer.state.0.exp_avg", state.parameters[0].slots[0]);
  same("optimizer.state.0.exp_avg_sq", state.parameters[0].slots[1]);
  CHECK(file.read<Index>("optimizer.state.0.step").item() == 14);
  CHECK(file.read<double>("optimizer.param_groups.0.lr").item() == trained.optimizer.lr());
  CHECK(file.read<double>("optimizer.param_groups.0.initial_lr").item() == 0.05);
  CHECK(file.read<double>("optimizer.param_groups.0.betas").to_vector() == std::vector<double>{0.9, 0.999});
  CHECK(!file.read<bool>("optimizer.param_groups.0.amsgrad").item());
  CHECK(file.read<Index>("optimizer.param_groups.0.params").numel() == 18);
  CHECK(file.read<double>("schedule.base_lrs").to_vector() == std::vector<double>{0.05});
  CHECK(file.read<double>("plateau.best").item() <= trained.losses[5]);
  CHECK(file.read<Index>("data.position").item() == 2);
  CHECK(file.read<Index>("epoch").item() == 2);
  CHECK(file.read<double>("losses").to_vector() == trained.losses);
  CHECK(*file.metadata("part optimizer") == "Adam");

  nn::Embedding<float> shipped(40, 5);  // from the checkpoint alone
  shipped.load_state_dict(file, {.strict = false, .rename = nn::strip_prefix("model.embedding.")});
  CHECK(shipped.weight.to_vector() == trained.model.embedding.weight.to_vector());
}

TEST_CASE("Checkpoint: a save that fails leaves no trace, nor does one that succeeds") {
  const Folder folder;
  Run<optim::AdamW<float>> saving(folder.folder + "/no/such/folder/x", 1, {.lr = 0.05}, false);
  saving.train(7, 0);
  CHECK(has(error_of([&] { saving.checkpoint.save(); }), "no/such/folder"));
  saving.train(0, 0);
  const std::string bits = saving.bits();
  Run<optim::AdamW<float>> plain(folder.path, 1, {.lr = 0.05}, false);
  plain.train(7, 5);
  plain.train(0, 9);
  CHECK(plain.bits() == bits);
}

TEST_CASE("Checkpoint: variables of all kinds") {
  const Folder folder;
  const std::string not_text("\0\xff\"\n", 4);
  const auto run = [&](bool saves) {
    int i = saves ? -7 : 0;
    std::uint8_t small = saves ? 200 : 0;
    std::uint64_t large = saves ? ~std::uint64_t{0} : 0;
    bool flag = saves;
    float narrow = saves ? 0.1f : 0;
    double best = saves ? -std::numeric_limits<double>::infinity() : 0, nan = saves ? NAN : 0;
    std::vector<float> numbers = saves ? std::vector<float>{0.1f, -3} : std::vector<float>{1};
    std::vector<Index> none = saves ? std::vector<Index>{} : std::vector<Index>{1};
    std::string text = saves ? not_text : "x", empty = saves ? "" : "x";
    Tensor<double> average = saves ? Tensor<double>{1.5, 2} : rowgrad::zeros<double>({2}), fresh;
    if (saves) fresh = rowgrad::ones<double>({3});
    const Tensor<double> handle = average;
    rowgrad::Generator generator(saves ? 3u : 4u);
    if (saves) (void)generator.random();
    std::vector<std::string> words = saves ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{};
    Checkpoint checkpoint(folder.path);
    checkpoint.add("i", i).add("small", small).add("large", large).add("flag", flag).add("narrow", narrow);
    checkpoint.add("best", best).add("nan", nan).add("numbers", numbers).add("none", none).add("text", text);
    checkpoint.add("empty", empty).add("average", average).add("fresh", fresh).add("generator", generator);
    checkpoint.add(
        "words",
        [&] {
          StateDict state;
          state.append("count", Indices{static_cast<Index>(words.size())}).append("half", Tensor<float>{0.5f});
          return state;
        },
        [&](const StateDict& state) {
          if (state.as<float>("half").item() != 0.5f) throw ValueError("words: expected a half");
          words.assign(static_cast<std::size_t>(state.as<Index>("count").item()), "c");
        });
    if (saves) {
      checkpoint.save();
      return;
    }
    CHECK(checkpoint.resume());
    CHECK(i == -7);
    CHECK(small == 200);
    CHECK(large == ~std::uint64_t{0});
    CHECK(flag);
    CHECK(narrow == 0.1f);
    CHECK(best == -std::numeric_limits<double>::infinity());
    CHECK(std::isnan(nan));
    CHECK(numbers == std::vector<float>{0.1f, -3});
    CHECK(none.empty());
    CHECK(text == not_text);
    CHECK(empty.empty());
    CHECK(handle.to_vector() == std::vector<double>{1.5, 2});
    CHECK(fresh.to_vector() == std::vector<double>{1, 1, 1});
    CHECK(words.size() == 2);
    rowgrad::Generator expected(3);
    (void)expected.random();
    CHECK(generator.random() == expected.random());
  };
  run(true);
  run(false);

  std::int8_t i = 5;  // too narrow for 200
  Checkpoint wrong(folder.folder + "/other.safetensors");
  int wide = 200;
  Checkpoint(folder.folder + "/other.safetensors").add("i", wide).save();
  wrong.add("i", i);
  CHECK(has(error_of([&] { wrong.resume(); }), "'i' is 200, which its variable cannot hold"));
  CHECK(i == 5);
}

TEST_CASE("Checkpoint: names of parts") {
  Checkpoint checkpoint("x");
  int i = 0;
  checkpoint.add("i", i);
  for (const char* name : {"", "a.b", "i", "default_generator", "checkpoint", "__metadata__"})
    CHECK_THROWS_AS(checkpoint.add(name, i), ValueError);
  CHECK_THROWS_AS(checkpoint.keep_last(0), ValueError);
  CHECK_THROWS_AS(checkpoint.save(1.0), ValueError);
  CHECK_THROWS_AS(checkpoint.keep_best().save(NAN), ValueError);
}

TEST_CASE("Checkpoint: what does not fit is listed, and nothing is changed") {
  const Folder folder;
  Small saved(folder.path);
  saved.step();
  saved.epoch = 3;
  saved.checkpoint.save();

  const auto refused = [&](Small& run, Checkpoint& checkpoint) {
    run.step();
    const std::string before = run.bits();
    const std::string error = error_of([&] { checkpoint.resume(); });
    CHECK(run.bits() == before);
    CHECK(run.checkpoint.saves() == 0);
    CHECK_MESSAGE(has(error, "Nothing was changed"), error);
    CHECK_MESSAGE(has(error, folder.path), error);
    return error;
  };
  {  // another model and what comes of it
    Small run("");
    nn::Linear<float> model(2, 1, {.bias = false});
    optim::SGD<float> sgd(model.parameters(), {.lr = 0.1, .momentum = 0.9});
    Checkpoint checkpoint(folder.path);
    checkpoint.add("model", model).add("sgd", sgd).add("epoch", run.epoch);
    const std::string error = refused(run, checkpoint);
    CHECK(has(error, "'weight' has shape (1, 1) in the state, expected (1, 2)"));
    CHECK(has(error, "unexpected: 'bias'"));
    CHECK(has(error, "'sgd.param_groups.0.params' lists 2 parameters, expected 1"));
  }
  {  // the same model of doubles
    Small run("");
    nn::Linear<double> model(1, 1);
    optim::SGD<double> sgd(model.parameters());
    Checkpoint checkpoint(folder.path);
    checkpoint.add("model", model).add("sgd", sgd).add("epoch", run.epoch);
    const std::string error = refused(run, checkpoint);
    CHECK(has(error, "'weight' holds F32 in the state, expected float64"));
    CHECK(has(error, "'sgd.state.0.momentum_buffer' holds F32, expected F64"));
  }
  {  // another optimizer, another number of groups
    Small run("");
    optim::Adam<float> adam(run.model.parameters());
    Checkpoint checkpoint(folder.path);
    checkpoint.add("model", run.model).add("sgd", adam).add("epoch", run.epoch);
    CHECK(has(refused(run, checkpoint), "'sgd' is SGD in the file, expected Adam"));
    using Group = optim::SGD<float>::Group;
    optim::SGD<float> groups(std::vector<Group>{{{run.model.weight}, {}}, {{run.model.bias}, {}}});
    Checkpoint of_groups(folder.path);
    of_groups.add("model", run.model).add("sgd", groups).add("epoch", run.epoch);
    CHECK(has(refused(run, of_groups), "'sgd.param_groups.0.params' lists 2 parameters, expected 1"));
  }
  {  // parts that only one of them has
    Small run("");
    double epoch = 0;
    optim::StepLR<float> schedule(run.sgd, 1);
    Checkpoint checkpoint(folder.path);
    checkpoint.add("net", run.model).add("sgd", run.sgd).add("epoch", epoch).add("schedule", schedule);
    const std::string error = refused(run, checkpoint);
    for (const char* part : {"missing: 'net' (Module)", "unexpected: 'model' (Module)", "missing: 'schedule' (StepLR)",
                             "'epoch' is int64 in the file, expected float64"})
      CHECK_MESSAGE(has(error, part), part, " is not in ", error);
  }
  {  // schedules: one of another optimizer, and numbers that no schedule counts to
    Small run("");
    const std::string path = folder.folder + "/schedule.safetensors";
    using Group = optim::SGD<float>::Group;
    optim::SGD<float> groups(std::vector<Group>{{{run.model.weight}, {}}, {{run.model.bias}, {}}});
    optim::CosineAnnealingLR<float> cosine(groups, 4), other(run.sgd, 5);
    Checkpoint(path).add("cosine", cosine).save();
    Checkpoint checkpoint(path);
    checkpoint.add("cosine", other);
    CHECK(has(error_of([&] { checkpoint.resume(); }), "expected 1 base_lrs"));
    CHECK(other.state_dict().T_max == 5);
    optim::CosineAnnealingLR<float> huge(run.sgd, Index{1} << 62);
    Checkpoint(path).add("cosine", huge).save();
    CHECK(has(error_of([&] { checkpoint.resume(); }), "'cosine.T_max' is 4611686018427387904"));
    CHECK(other.state_dict().T_max == 5);
  }
  {  // another data set
    auto data = run::batches();
    const std::string path = folder.folder + "/data.safetensors";
    Checkpoint(path).add("data", data).save();
    rowgrad::data::Batches other({{1}, {2}}, {0, 1});
    Checkpoint checkpoint(path);
    checkpoint.add("data", other);
    CHECK(has(error_of([&] { checkpoint.resume(); }), "'data.samples' is 23, expected 2"));
  }
  {  // a custom part that refuses, after all else was checked
    Small run("");
    run.epoch = 1;
    const std::string path = folder.folder + "/custom.safetensors";
    const auto save = [] { return StateDict().append("x", Indices{1}); };
    Checkpoint(path).add("epoch", run.epoch).add("mine", save, [](const StateDict&) {}).save();
    run.epoch = 2;
    Checkpoint checkpoint(path);
    checkpoint.add("epoch", run.epoch).add("mine", save, [](const StateDict&) { throw ValueError("not this one"); });
    CHECK(error_of([&] { checkpoint.resume(); }) == "not this one");
    CHECK(run.epoch == 2);
  }
}

TEST_CASE("Checkpoint: other files and other versions") {
  const Folder folder;
  Small run(folder.path);
  CHECK(!run.checkpoint.resume());
  CHECK(has(error_of([&] { run.checkpoint.resume(folder.folder + "/none"); }), "none"));
  rowgrad::io::save_safetensors(folder.path, run.model.state_dict());
  CHECK(has(error_of([&] { run.checkpoint.resume(); }), "expected a checkpoint, got another safetensors file"));
  rowgrad::io::save_safetensors(folder.path, run.model.state_dict(), {{"rowgrad checkpoint", "2"}});
  CHECK(has(error_of([&] { run.checkpoint.resume(); }), "expected a checkpoint of version 1, got version 2"));
  rowgrad::io::save_safetensors(folder.path, run.model.state_dict(), {{"rowgrad checkpoint", "1"}});
  CHECK(has(error_of([&] { run.checkpoint.resume(); }), "expected a checksum"));
  std::filesystem::remove(folder.path);
  std::filesystem::create_directory(folder.path);
  CHECK(has(error_of([&] { run.checkpoint.resume(); }), folder.path));
}

TEST_CASE("Checkpoint: a file that was cut anywhere or has a wrong byte anywhere is refused") {
  const Folder folder;
  Small run(folder.path);
  run.step();
  run.checkpoint.save();
  const std::string bytes = read(folder.path), bits = run.bits();
  run.epoch = 9;
  run.step();
  const std::string before = run.bits();
  const auto is_refused = [&](const std::string& damaged) {
    write(folder.path, damaged);
    return !error_of([&] { run.checkpoint.resume(); }).empty();
  };
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) accepted += !is_refused(bytes.substr(0, size));
  rowgrad::Generator random(3);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ static_cast<char>(1 << random.below(8)));
    accepted += !is_refused(damaged);
  }
  CHECK(accepted == 0);
  CHECK(run.bits() == before);
  write(folder.path, bytes);
  CHECK(run.checkpoint.resume());
  CHECK(run.bits() == bits);
}

TEST_CASE("Checkpoint: keep_last and keep_best") {
  const Folder folder;
  {
    Small run(folder.path);
    run.checkpoint.keep_last(2).keep_best();
    for (const double metric : {0.5, 0.3, 0.4}) {
      ++run.epoch;
      run.checkpoint.save(metric);
    }
    CHECK(run.checkpoint.best() == 0.3);
    CHECK(run.checkpoint.saves() == 3);
    CHECK(folder.files() == Names{"run-000002.safetensors", "run-000003.safetensors", "run-best.safetensors"});
  }
  {
    Small run(folder.path);
    run.checkpoint.keep_last(2).keep_best();
    CHECK(run.checkpoint.latest() == folder.folder + "/run-000003.safetensors");
    CHECK(run.checkpoint.resume());
    CHECK(run.epoch == 3);
    CHECK(run.checkpoint.best() == 0.3);
    ++run.epoch;
    run.checkpoint.save(0.35);
    CHECK(folder.files() == Names{"run-000003.safetensors", "run-000004.safetensors", "run-best.safetensors"});
    run.checkpoint.resume(run.checkpoint.best_path());
    CHECK(run.epoch == 2);
    run.checkpoint.save(0.1);  // comes after the newest, of which it is no part
    CHECK(folder.files() == Names{"run-000004.safetensors", "run-000005.safetensors", "run-best.safetensors"});
    run.checkpoint.resume();
    CHECK(run.epoch == 2);
    CHECK(run.checkpoint.best() == 0.1);
  }
  {  // without keep_last, in the same place
    Small run(folder.path);
    CHECK(run.checkpoint.resume());
    run.epoch = 7;
    run.checkpoint.save();
    run.epoch = 8;
    CHECK(run.checkpoint.resume());
    CHECK(run.epoch == 7);
    CHECK(run.checkpoint.latest() == folder.path);
    run.epoch = 11;
    run.checkpoint.keep_last(3).save();
    CHECK(run.checkpoint.latest() == folder.folder + "/run-000007.safetensors");
  }
  {  // a run that starts afresh does not continue the numbers of an earlier one where they are
    Small run(folder.path);
    run.checkpoint.keep_last(1).keep_best(rowgrad::train::Best::highest);
    run.checkpoint.save(1);
    run.checkpoint.save(2);
    run.checkpoint.save(1.5);
    CHECK(run.checkpoint.best() == 2);
    CHECK(run.checkpoint.latest() == folder.path);
  }
}

TEST_CASE("Checkpoint: damaged files are passed over for the newest that is whole") {
  const Folder folder;
  const auto name = [&](int k) { return folder.folder + "/run-00000" + std::to_string(k) + ".safetensors"; };
  Small run(folder.path);
  run.checkpoint.keep_last(3);
  std::vector<std::string> bits{""};
  for (run.epoch = 1; run.epoch <= 3; ++run.epoch) {
    run.step();
    run.checkpoint.save();
    bits.push_back(run.bits());
  }
  const std::string third = read(name(3));
  const auto change = [&](int k, std::size_t at) {
    std::string bytes = read(name(k));
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    write(name(k), bytes);
  };
  CHECK(run.checkpoint.resume());
  CHECK(run.epoch == 3);
  CHECK(run.checkpoint.damaged().empty());
  write(name(3), third.substr(0, third.size() / 2));
  CHECK(run.checkpoint.latest() == name(2));
  CHECK(run.checkpoint.resume());
  CHECK(run.epoch == 2);
  CHECK(run.bits() == bits[2]);
  REQUIRE(run.checkpoint.damaged().size() == 1);
  CHECK(has(run.checkpoint.damaged()[0], name(3)));
  CHECK(has(error_of([&] { run.checkpoint.resume(name(3)); }), name(3)));  // asked for by name
  change(2, read(name(2)).size() - 1);
  write(name(3), "");
  write(folder.path, "no checkpoint");
  CHECK(run.checkpoint.resume());
  CHECK(run.epoch == 1);
  CHECK(run.checkpoint.damaged().size() == 3);
  run.epoch = 7;
  run.checkpoint.save();  // is the newest from now on
  CHECK(run.checkpoint.latest() == name(4));
  write(name(4), third);
  CHECK(run.checkpoint.resume());
  CHECK(run.epoch == 3);
  CHECK(run.bits() == bits[3]);
  write(name(2), "x");
  write(name(3), "x");
  write(name(4), "x");
  std::filesystem::remove(folder.path);
  CHECK(has(error_of([&] { run.checkpoint.resume(); }), name(4)));
  CHECK(run.bits() == bits[3]);
  // What is whole and does not fit is an error: nobody should go on from an older run unawares.
  rowgrad::io::save_safetensors(name(5), run.model.state_dict(), {{"rowgrad checkpoint", "2"}});
  CHECK(has(error_of([&] { run.checkpoint.resume(); }), "version 1, got version 2"));
}

TEST_CASE("Checkpoint: a save that fails once the best file is there does not forget how good that is") {
  const Folder folder;
  Small run(folder.path);
  run.checkpoint.keep_best();
  run.checkpoint.save(2);
  std::filesystem::remove(folder.path);
  std::filesystem::create_directory(folder.path);
  CHECK(!error_of([&] { run.checkpoint.save(1); }).empty());
  const std::string best = read(run.checkpoint.best_path());
  std::filesystem::remove(folder.path);
  run.epoch = 4;
  run.checkpoint.save(1.5);
  CHECK(run.checkpoint.best() == 1);
  CHECK(read(run.checkpoint.best_path()) == best);
}

TEST_CASE("Checkpoint: a save that fails keeps the best value and the number it had") {
  const Folder folder;
  Small run(folder.path);
  run.checkpoint.keep_best();
  run.checkpoint.save(2);
  std::filesystem::remove_all(folder.folder);
  CHECK(!error_of([&] { run.checkpoint.save(1); }).empty());
  CHECK(run.checkpoint.best() == 2);
  CHECK(run.checkpoint.saves() == 1);
}

TEST_CASE("Checkpoint: what a killed save left is removed, and nothing else") {
  const Folder folder;
  Small run(folder.path);
  run.checkpoint.save();
  for (const char* name : {"run.safetensors.123-0.tmp", "run-000003.safetensors.9-12.tmp",
                           "run-best.safetensors.9-1.tmp", "run-other.safetensors.9-1.tmp", "other.safetensors.9-1.tmp",
                           "run.safetensors.tmp", "run.safetensors.9-.tmp", "run.9-1.tmp"})
    write(folder.folder + "/" + name, "half");
  CHECK(run.checkpoint.resume());
  CHECK(folder.files() == Names{"other.safetensors.9-1.tmp", "run-other.safetensors.9-1.tmp", "run.9-1.tmp",
                                "run.safetensors", "run.safetensors.9-.tmp", "run.safetensors.tmp"});
}
