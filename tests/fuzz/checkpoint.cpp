// Fuzz target: checkpoints with a right checksum and wrong content. Either everything is refused and nothing changed,
// or the run goes on without harm.
#include <string>

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/sgd.hpp>
#include <rowgrad/train.hpp>
#include <support/temporary_file.hpp>

#include "bytes.hpp"
#include "check.hpp"

namespace {

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::io::DType;

/// Has a bit of everything.
struct Run {
  nn::Embedding<float> table{6, 2};
  nn::Linear<float> fc{2, 2};
  optim::AdamW<float> adam{table.parameters(), {.lr = 0.1}};
  optim::SGD<float> sgd{fc.parameters(), {.lr = 0.1, .momentum = 0.9}};
  optim::StepLR<float> schedule{sgd, 2};
  optim::ReduceLROnPlateau<float> plateau{adam};
  rowgrad::data::Batches batches{{{1, 2}, {3}, {4, 5}, {0}}, {0, 1, 0, 1}, {.batch_size = 2}};
  int epoch = 0;
  std::string text = "text";
  rowgrad::train::Checkpoint checkpoint;

  explicit Run(const std::string& path) : checkpoint(path) {
    checkpoint.add("table", table).add("fc", fc).add("adam", adam).add("sgd", sgd).add("schedule", schedule);
    checkpoint.add("plateau", plateau).add("batches", batches).add("epoch", epoch).add("text", text);
  }
  void train(int steps) {
    for (;;) {
      for (const auto& [ids, labels, lengths, samples] : batches) {
        if (steps-- == 0) return;
        adam.zero_grad();
        sgd.zero_grad();
        cross_entropy(fc(table(ids).mean(1)), labels).backward();
        adam.step();
        sgd.step();
      }
      schedule.step();
      plateau.step(1);
      ++epoch;
    }
  }
  std::string bits() {
    std::string all = text + std::to_string(epoch);
    const auto add = [&all](const auto& x) {
      all.append(reinterpret_cast<const char*>(x.data()), static_cast<std::size_t>(x.numel()) * sizeof(*x.data()));
    };
    for (const auto& parameter : {table.weight, fc.weight, fc.bias}) add(parameter);
    for (const auto& entry : adam.state_dict().parameters)
      for (const auto& slot : entry.slots) add(slot);
    for (const auto& entry : sgd.state_dict().parameters)
      for (const auto& slot : entry.slots) add(slot);
    return all + std::to_string(adam.lr()) + std::to_string(sgd.lr()) + std::to_string(batches.state().position);
  }
};

struct Entry {
  std::string name;
  DType dtype;
  std::vector<Index> sizes;
  std::string bytes;
};

/// The tensors of a good checkpoint, in the middle of an epoch and with rows that are behind.
struct Good {
  std::vector<Entry> entries;
  rowgrad::io::Metadata metadata;
  Good() {
    const TemporaryFile file;
    Run run(file.path());
    run.train(3);
    run.checkpoint.save();
    const auto saved = rowgrad::io::open_safetensors(file.path());
    for (const auto& info : saved.tensors()) {
      const auto bytes = saved.bytes(info.name);
      entries.push_back({info.name, info.dtype, info.shape, std::string(bytes.data(), bytes.size())});
    }
    metadata = saved.metadata();
    metadata.pop_back();  // the checksum
  }
};

template <typename U>
rowgrad::io::SavedTensor saved_as(const Entry& entry) {
  Shape shape;
  for (const Index size : entry.sizes) shape.append(size);
  Tensor<U> values(shape);
  std::string bytes = entry.bytes;
  bytes.resize(static_cast<std::size_t>(values.numel()) * sizeof(U));
  if (std::is_same_v<U, bool>)
    for (char& byte : bytes) byte = byte != 0;
  if (!bytes.empty()) std::memcpy(static_cast<void*>(values.data()), bytes.data(), bytes.size());
  return {entry.name, values};
}
rowgrad::io::SavedTensor saved(const Entry& entry) {
  switch (entry.dtype) {
    case DType::f64:
      return saved_as<double>(entry);
    case DType::f32:
      return saved_as<float>(entry);
    case DType::i64:
      return saved_as<Index>(entry);
    case DType::i16:
      return saved_as<std::int16_t>(entry);
    case DType::boolean:
      return saved_as<bool>(entry);
    default:
      return saved_as<std::uint8_t>(entry);
  }
}

void change(std::vector<Entry>& entries, rowgrad::io::Metadata& metadata, Bytes& bytes) {
  constexpr DType types[] = {DType::f64, DType::f32, DType::i64, DType::i16, DType::boolean, DType::u8};
  const auto which = [&] { return static_cast<std::size_t>(bytes.number(0, static_cast<int>(entries.size()) - 1)); };
  Entry& entry = entries[which()];
  switch (bytes.number(0, 6)) {
    case 0:
      entry.name = entries[which()].name + bytes.text(3);
      break;
    case 1:
      entry.dtype = types[bytes.number(0, 5)];
      break;
    case 2:
      entry.sizes.assign(static_cast<std::size_t>(bytes.number(0, 3)), bytes.number(0, 7));
      break;
    case 3:
      std::swap(entry.bytes, entries[which()].bytes);
      break;
    case 4:
      if (entries.size() > 1) entries.erase(entries.begin() + (&entry - entries.data()));
      break;
    case 5:
      metadata[static_cast<std::size_t>(bytes.number(0, static_cast<int>(metadata.size()) - 1))].second = bytes.text(5);
      break;
    default:
      for (int n = bytes.number(1, 8), at = bytes.number(0, 40); n > 0 && !entry.bytes.empty(); --n, ++at)
        entry.bytes[static_cast<std::size_t>(at) % entry.bytes.size()] = static_cast<char>(bytes.byte());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Good good;
  Bytes bytes(data, size);
  std::vector<Entry> entries = good.entries;
  rowgrad::io::Metadata metadata = good.metadata;
  for (int changes = 0; changes < 6 && !bytes.empty(); ++changes) change(entries, metadata, bytes);

  const TemporaryFile file;
  rowgrad::manual_seed(1);
  Run run(file.path());
  run.train(bytes.number(0, 3));
  const std::string before = run.bits();
  try {
    std::vector<rowgrad::io::SavedTensor> tensors;
    for (const Entry& entry : entries) tensors.push_back(saved(entry));
    rowgrad::io::save_with_checksum(file.path(), tensors, metadata);
  } catch (const rowgrad::Error&) {
    return 0;  // a name that is used twice
  }
  bool accepted = false;
  try {
    accepted = run.checkpoint.resume();
  } catch (const rowgrad::Error&) {
    EXPECT(run.bits() == before);
  }
  if (!accepted) return 0;
  try {
    (void)run.bits();
    run.train(5);
    (void)run.bits();
    run.checkpoint.save();
  } catch (const rowgrad::Error&) {  // weights or rates that the file has made infinite
  }
  return 0;
}
