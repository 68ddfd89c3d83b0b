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
#include "tensors.hpp"

namespace {

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;

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
    entries = entries_of(saved);
    metadata = saved.metadata();
    metadata.pop_back();  // the checksum
  }
};

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
    rowgrad::io::save_with_checksum(file.path(), saved(entries), metadata);
  } catch (const rowgrad::Error&) {
    return 0;  // a name that is used twice or is not UTF-8
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
