// Loaders in checkpoints: a run that is stopped in the middle of an epoch goes on with the next batch.
#include <doctest/doctest.h>

#include <filesystem>

#include <rowgrad/data/data_loader.hpp>
#include <rowgrad/train.hpp>
#include <support/temporary_file.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using namespace rowgrad::data;
using rowgrad::train::Checkpoint;

TEST_CASE("Checkpoint: a DataLoader goes on with the next batch") {
  for (const bool own : {false, true}) {
    const TemporaryFile file;
    std::filesystem::remove(file.path());
    const auto run = [&](Index stop_at) {
      Generator generator(3);
      DataLoader loader(rowgrad::arange(11).to_vector(), {.batch_size = 2,
                                                          .shuffle = true,
                                                          .generator = own ? &generator : nullptr,
                                                          .num_workers = stop_at < 0 ? 0 : 2});
      Index epoch = 0, step = 0;
      std::vector<Index> seen;
      Checkpoint checkpoint(file.path());
      checkpoint.add("loader", loader).add("generator", generator).add("epoch", epoch).add("step", step);
      checkpoint.add("seen", seen);
      if (stop_at != -2) checkpoint.resume();
      for (; epoch < 3; ++epoch)
        for (const Indices& batch : loader) {
          seen.insert(seen.end(), batch.data(), batch.data() + batch.numel());
          seen.push_back(rowgrad::default_generator().below(100));
          if (++step == stop_at) {
            checkpoint.save();
            return seen;
          }
        }
      return seen;
    };
    rowgrad::manual_seed(1);
    const auto whole = run(-2);
    rowgrad::manual_seed(1);
    run(3);
    rowgrad::manual_seed(2);
    run(8);  // goes on after the third step
    rowgrad::manual_seed(3);
    CHECK(run(-1) == whole);
  }
}
