// What: a training run that can be killed at any instant: it goes on from its last checkpoint, with the same bits.
// Why:  long runs get interrupted; what they end with must not depend on it.
// See:  docs/saving.md. Try
//           checkpoint run.safetensors --kill-at 30    is killed in the middle of an epoch, after it has saved two
//           checkpoint run.safetensors                 goes on to the end
//           checkpoint another.safetensors             is never interrupted: the same last line
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <rowgrad/rowgrad.hpp>
#include <rowgrad/train.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;

struct Classifier : nn::Module<float, Classifier> {
  nn::Embedding<float> embedding{200, 16, {.padding_idx = 0}};
  nn::LSTM<float> lstm{16, 12};
  nn::Dropout<float> dropout{0.3};
  nn::Linear<float> output{12, 2};

  rowgrad::Tensor<float> forward(const Indices& text) const {
    return output(dropout(lstm(embedding(text)).output.mean(1)));
  }
  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("lstm", lstm)("dropout", dropout)("output", output);
  }
};

// Texts of random words; those of class 1 have more words with high numbers.
rowgrad::data::Batches batches() {
  rowgrad::Generator random(5);
  std::vector<std::vector<Index>> texts;
  std::vector<Index> labels;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(random.below(2));
    texts.emplace_back();
    for (Index k = 0, length = 3 + random.below(8); k < length; ++k)
      texts.back().push_back(1 + labels.back() * 50 + random.below(149));
  }
  return {texts, labels, {.batch_size = 16}};
}

int main(int argc, char** argv) try {
  const bool kills = argc == 4 && std::strcmp(argv[2], "--kill-at") == 0;
  if (argc != 2 && !kills) {
    std::fprintf(stderr, "usage: checkpoint FILE [--kill-at STEP]\n");
    return 2;
  }
  const Index kill_at = kills ? std::stoll(argv[3]) : -1;

  rowgrad::manual_seed(1);
  Classifier model;
  optim::Adam<float> adam(model.parameters(), {.lr = 1e-2});
  optim::StepLR<float> schedule(adam, 2, 0.5);
  auto data = batches();
  Index epoch = 0, step = 0;

  rowgrad::train::Checkpoint checkpoint(argv[1]);
  checkpoint.add("model", model).add("adam", adam).add("schedule", schedule).add("data", data);
  checkpoint.add("epoch", epoch).add("step", step);
  if (checkpoint.resume())
    std::printf("resumed after epoch %lld, step %lld\n", static_cast<long long>(epoch), static_cast<long long>(step));

  while (epoch < 5) {
    double sum = 0;
    for (const auto& [ids, labels, lengths, samples] : data) {
      adam.zero_grad();
      const auto loss = cross_entropy(model(ids), labels);
      loss.backward();
      adam.step();
      sum += loss.item();
      if (++step == kill_at) std::raise(SIGKILL);  // nobody can catch it: no destructor runs, nothing is flushed
    }
    schedule.step();
    ++epoch;
    checkpoint.save();
    std::printf("epoch %lld: loss %.4f\n", static_cast<long long>(epoch), sum / static_cast<double>(data.size()));
    std::fflush(stdout);
  }

  rowgrad::io::Checksum bits;
  for (const auto& weights : model.parameters())
    bits.add(weights.data(), static_cast<std::size_t>(weights.numel()) * 4);
  std::printf("weights: %016llx\n", static_cast<unsigned long long>(bits.value()));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
