// What: in which order a loader takes the samples: SequentialSampler, RandomSampler, SubsetRandomSampler,
//       WeightedRandomSampler.
// Why:  orders are PyTorch's for a seed, and a loader can take one of the caller's own.
// See:  data_loader.hpp; PyTorch torch.utils.data.sampler.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include <rowgrad/core/draws.hpp>
#include <rowgrad/core/error.hpp>
#include <rowgrad/core/factory.hpp>
#include <rowgrad/core/random.hpp>

namespace rowgrad::data {

/// One's own overrides indices() and size(). PyTorch: Sampler.
class Sampler {
 public:
  virtual ~Sampler() = default;
  /// The samples of one epoch, in order, drawn from this generator: the sampler's own, or else the default one.
  virtual std::vector<Index> indices(Generator& generator) const = 0;
  /// How many they are.
  virtual Index size() const noexcept = 0;
  /// What the sampler draws when it is asked for more than there is.
  virtual void exhaust(Generator& /*generator*/) const {}
  /// The generator it was given; null: none.
  virtual Generator* generator() const noexcept { return nullptr; }

  /// The same from its generator: `for (Index i : sampler.indices())`.
  std::vector<Index> indices() const {
    Generator& from = generator() != nullptr ? *generator() : default_generator();
    std::vector<Index> order = indices(from);
    exhaust(from);
    return order;
  }
};

/// 0, 1, 2, ... PyTorch: SequentialSampler.
class SequentialSampler final : public Sampler {
 public:
  explicit SequentialSampler(Index samples) : samples_(samples) {}
  using Sampler::indices;
  std::vector<Index> indices(Generator&) const override { return arange(samples_).to_vector(); }
  Index size() const noexcept override { return samples_; }

 private:
  Index samples_;
};

struct RandomSamplerOptions {
  bool replacement = false;
  Index num_samples = -1;  // default: as many as there are
  Generator* generator = nullptr;
};

/// All samples in random order, again and again if more are asked for; or with replacement. ValueError for no samples
/// or num_samples < 1. PyTorch: RandomSampler.
class RandomSampler final : public Sampler {
 public:
  explicit RandomSampler(Index samples, const RandomSamplerOptions& options = {})
      : samples_(samples), options_(options) {
    if (options_.num_samples == -1) options_.num_samples = samples;
    if (samples < 1 || options_.num_samples < 1)
      rowgrad::detail::raise<ValueError>("RandomSampler: expected at least one sample, got ",
                                         options_.num_samples < 1 ? options_.num_samples : samples);
  }
  using Sampler::indices;
  std::vector<Index> indices(Generator& generator) const override {
    // Without a generator of its own it draws from one that the default generator seeds.
    if (options_.generator != nullptr) return drawn(generator);
    Generator own(generator.random64() & (~std::uint64_t{0} >> 1));
    return drawn(own);
  }
  void exhaust(Generator& generator) const override {
    if (options_.generator != nullptr && !options_.replacement && options_.num_samples % samples_ == 0)
      (void)randperm(samples_, generator);
  }
  Index size() const noexcept override { return options_.num_samples; }
  Generator* generator() const noexcept override { return options_.generator; }

 private:
  std::vector<Index> drawn(Generator& generator) const {
    std::vector<Index> order;
    while (static_cast<Index>(order.size()) < options_.num_samples) {
      if (options_.replacement) {
        order.push_back(generator.below(samples_));
        continue;
      }
      const std::vector<Index> all = randperm(samples_, generator).to_vector();
      const auto missing = options_.num_samples - static_cast<Index>(order.size());
      order.insert(order.end(), all.begin(), all.begin() + std::min(samples_, missing));
    }
    return order;
  }

  Index samples_;
  RandomSamplerOptions options_;
};

/// These samples in random order. PyTorch: SubsetRandomSampler.
class SubsetRandomSampler final : public Sampler {
 public:
  explicit SubsetRandomSampler(std::vector<Index> samples, Generator* generator = nullptr)
      : samples_(std::move(samples)), generator_(generator) {}
  using Sampler::indices;
  std::vector<Index> indices(Generator& generator) const override {
    std::vector<Index> order = randperm(size(), generator).to_vector();
    for (Index& i : order) i = samples_[static_cast<std::size_t>(i)];
    return order;
  }
  Index size() const noexcept override { return static_cast<Index>(samples_.size()); }
  Generator* generator() const noexcept override { return generator_; }

 private:
  std::vector<Index> samples_;
  Generator* generator_;
};

/// Samples in proportion to their weights, with replacement or without: torch.multinomial's draws. ValueError for
/// num_samples < 1, and from indices() for weights that multinomial() refuses. PyTorch: WeightedRandomSampler.
class WeightedRandomSampler final : public Sampler {
 public:
  WeightedRandomSampler(const std::vector<double>& weights, Index num_samples, bool replacement = true,
                        Generator* generator = nullptr)
      : weights_(weights), num_samples_(num_samples), replacement_(replacement), generator_(generator) {
    if (num_samples < 1)
      rowgrad::detail::raise<ValueError>("WeightedRandomSampler: expected num_samples >= 1, got ", num_samples);
  }
  using Sampler::indices;
  std::vector<Index> indices(Generator& generator) const override {
    return multinomial(weights_, num_samples_, replacement_, generator).to_vector();
  }
  Index size() const noexcept override { return num_samples_; }
  Generator* generator() const noexcept override { return generator_; }

 private:
  Tensor<double> weights_;
  Index num_samples_;
  bool replacement_;
  Generator* generator_;
};

}  // namespace rowgrad::data
