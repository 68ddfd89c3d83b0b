#include <doctest/doctest.h>

#include <algorithm>

#include <rowgrad/data/batches.hpp>
#include <support/golden.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::ValueError;
using rowgrad::data::Batch;
using rowgrad::data::Batches;
using rowgrad::data::BatchesState;
using rowgrad::data::BatchOptions;
using rowgrad::text::Side;
using Values = std::vector<Index>;

namespace {

const std::vector<Values> small = {{1, 2, 3}, {4}, {}, {5, 6}, {7}};
const Values small_labels = {10, 11, 12, 13, 14};

// n sequences whose lengths jump about; the first id of sequence i is i + 1.
std::vector<Values> many(Index n) {
  std::vector<Values> sequences;
  for (Index i = 0; i < n; ++i) sequences.push_back(Values(static_cast<std::size_t>(1 + (i * 37) % 61), i + 1));
  return sequences;
}

Values samples_of(const Batches& batches) {
  Values samples;
  for (const Batch& batch : batches) samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
  return samples;
}

Values up_to(Index n) {
  Values values;
  for (Index i = 0; i < n; ++i) values.push_back(i);
  return values;
}

Values sorted(Values values) {
  std::sort(values.begin(), values.end());
  return values;
}

Index cells_of(const Batches& batches) {
  Index cells = 0;
  for (const Batch& batch : batches) cells += batch.ids.numel();
  return cells;
}

}  // namespace

TEST_CASE("Batches: in order, padded to the longest of each batch") {
  const Batches batches(small, small_labels, {.batch_size = 2, .shuffle = false});
  CHECK(batches.size() == 3);
  CHECK(batches.samples() == 5);
  std::vector<Batch> seen;
  for (const Batch& batch : batches) seen.push_back(batch);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].ids.shape() == Shape{2, 3});
  CHECK(seen[0].ids.to_vector() == Values{1, 2, 3, 4, 0, 0});
  CHECK(seen[0].labels.shape() == Shape{2});
  CHECK(seen[0].labels.to_vector() == Values{10, 11});
  CHECK(seen[0].lengths.to_vector() == Values{3, 1});
  CHECK(seen[0].samples == Values{0, 1});
  CHECK(seen[1].ids.to_vector() == Values{0, 0, 5, 6});  // an empty sequence is a row of padding
  CHECK(seen[1].lengths.to_vector() == Values{0, 2});
  CHECK(seen[2].ids.to_vector() == Values{7});
  CHECK(seen[2].samples == Values{4});
}

TEST_CASE("Batches: options of padding") {
  const Batches batches({{1, 2, 3}, {4}}, {0, 1},
                        {.shuffle = false, .padding_value = 9, .padding = Side::pre, .maxlen = 2});
  const Batch batch = *batches.begin();
  CHECK(batch.ids.shape() == Shape{2, 2});
  CHECK(batch.ids.to_vector() == Values{1, 2, 9, 4});
  CHECK(batch.lengths.to_vector() == Values{2, 1});
  const Batches tail({{1, 2, 3}}, {0}, {.maxlen = 2, .truncating = Side::pre});
  CHECK(tail.begin()->ids.to_vector() == Values{2, 3});
  const Batches short_ones({{1}}, {0}, {.maxlen = 5});
  CHECK(short_ones.begin()->ids.shape() == Shape{1, 1});
}

TEST_CASE("Batches: empty sequences alone still have a column") {
  const Batches batches({{}, {}}, {0, 1}, {.padding_value = 3});
  const Batch batch = *batches.begin();
  CHECK(batch.ids.shape() == Shape{2, 1});
  CHECK(batch.ids.to_vector() == Values{3, 3});
  CHECK(batch.lengths.to_vector() == Values{0, 0});
}

TEST_CASE("Batches: no samples, no batches") {
  const Batches batches({}, {});
  CHECK(batches.size() == 0);
  CHECK(samples_of(batches).empty());
  CHECK(samples_of(Batches({}, {}, {.bucket = true})).empty());
}

TEST_CASE("Batches: each epoch has a new order, the same for the same seed") {
  Generator generator(1), same(1);
  const Batches batches(many(50), up_to(50), {.batch_size = 8}, generator);
  const Batches twin(many(50), up_to(50), {.batch_size = 8}, same);
  const Values first = samples_of(batches), second = samples_of(batches);
  CHECK(sorted(first) == up_to(50));
  CHECK(sorted(second) == up_to(50));
  CHECK(first != up_to(50));
  CHECK(first != second);
  CHECK(samples_of(twin) == first);
  CHECK(samples_of(twin) == second);
  for (const Batch& batch : batches)
    for (Index i = 0; i < batch.labels.numel(); ++i) {
      const Index sample = batch.samples[static_cast<std::size_t>(i)];
      REQUIRE(batch.labels.data()[i] == sample);
      REQUIRE(batch.ids.data()[i * batch.ids.size(1)] == sample + 1);
      REQUIRE(batch.lengths.data()[i] == 1 + (sample * 37) % 61);
    }

  rowgrad::manual_seed(7);
  const Values by_default = samples_of(Batches(many(50), up_to(50)));
  rowgrad::manual_seed(7);
  CHECK(samples_of(Batches(many(50), up_to(50))) == by_default);
}

TEST_CASE("Batches: drop_last leaves out other samples each epoch") {
  Generator generator(1);
  for (const bool bucket : {false, true}) {
    const Batches batches(many(50), up_to(50), {.batch_size = 8, .bucket = bucket, .drop_last = true}, generator);
    CHECK(batches.size() == 6);
    std::vector<Values> left_out;
    for (int epoch = 0; epoch < 2; ++epoch) {
      const Values samples = sorted(samples_of(batches));
      CHECK(samples.size() == 48);
      Values missing, all = up_to(50);
      std::set_difference(all.begin(), all.end(), samples.begin(), samples.end(), std::back_inserter(missing));
      CHECK(missing.size() == 2);
      left_out.push_back(missing);
    }
    CHECK(left_out[0] != left_out[1]);
  }
  CHECK(Batches(many(7), up_to(7), {.batch_size = 8, .drop_last = true}).size() == 0);
  CHECK(samples_of(Batches(many(7), up_to(7), {.batch_size = 8, .drop_last = true})).empty());
  CHECK(Batches(many(16), up_to(16), {.batch_size = 8, .drop_last = true}).size() == 2);
  CHECK(Batches(many(16), up_to(16), {.batch_size = 8}).size() == 2);
}

TEST_CASE("Batches: bucketing puts like lengths together") {
  Generator generator(1), other(1);
  const Index n = 1003;  // more than one pool of 50 * 8
  const Batches plain(many(n), up_to(n), {.batch_size = 8}, generator);
  const Batches bucketed(many(n), up_to(n), {.batch_size = 8, .bucket = true}, other);
  const Values first = samples_of(bucketed), second = samples_of(bucketed);
  CHECK(sorted(first) == up_to(n));
  CHECK(sorted(second) == up_to(n));
  CHECK(first != second);
  CHECK(bucketed.size() == 126);
  CHECK(cells_of(bucketed) * 10 < cells_of(plain) * 7);

  // shuffled batches do not come by length, and just one of them is smaller
  std::vector<Index> widths, counts;
  for (const Batch& batch : bucketed) {
    widths.push_back(batch.ids.size(1));
    counts.push_back(batch.ids.size(0));
  }
  CHECK_FALSE(std::is_sorted(widths.begin(), widths.begin() + 50));
  CHECK(std::count(counts.begin(), counts.end(), 8) == 125);
  CHECK(std::count(counts.begin(), counts.end(), 3) == 1);

  // without shuffling, each pool rises and the order is always the same
  const Batches still(many(n), up_to(n), {.batch_size = 8, .shuffle = false, .bucket = true});
  Values lengths;
  for (const Index sample : samples_of(still)) lengths.push_back(1 + (sample * 37) % 61);
  CHECK(std::is_sorted(lengths.begin(), lengths.begin() + 400));
  CHECK_FALSE(std::is_sorted(lengths.begin(), lengths.begin() + 401));
  CHECK(samples_of(still) == samples_of(still));
}

TEST_CASE("Batches: structured bindings, and batches that outlive the loop") {
  const Batches batches(small, small_labels, {.batch_size = 2, .shuffle = false});
  std::vector<Indices> kept;
  Values all;
  for (auto& [ids, labels, lengths, samples] : batches) {
    kept.push_back(ids);
    CHECK(labels.numel() == lengths.numel());
    all.insert(all.end(), samples.begin(), samples.end());
  }
  CHECK(all == up_to(5));
  CHECK(kept[0].to_vector() == Values{1, 2, 3, 4, 0, 0});  // not overwritten by later batches

  Values pairs;  // two epochs at once do not disturb each other
  for (const Batch& outer : batches)
    for (const Batch& inner : batches) pairs.push_back(outer.samples[0] * 10 + inner.samples[0]);
  CHECK(pairs == Values{0, 2, 4, 20, 22, 24, 40, 42, 44});
}

TEST_CASE("Batches: bad options") {
  CHECK_THROWS_AS(Batches(small, small_labels, {.batch_size = 0}), ValueError);
  CHECK_THROWS_AS(Batches(small, small_labels, {.maxlen = 0}), ValueError);
  CHECK_THROWS_WITH_AS(Batches(small, {1, 2}), doctest::Contains("5 sequences and 2 labels"), ShapeError);
  const Index huge = std::numeric_limits<Index>::max();
  CHECK(Batches(small, small_labels, {.batch_size = huge, .bucket = true}).begin()->labels.numel() == 5);
}

TEST_CASE("Batches: DataLoader's order, and DataLoader's draws from both generators") {
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("data_batches")) {
    CAPTURE(c.name);
    const Values options = c.tensor<Index>("options").to_vector();
    const Index n = options[0];
    const BatchOptions wanted{.batch_size = options[1], .shuffle = options[2] != 0, .drop_last = options[3] != 0};
    rowgrad::manual_seed(1);
    Generator own(2);
    const Batches batches =
        options[4] != 0 ? Batches(many(n), up_to(n), wanted, own) : Batches(many(n), up_to(n), wanted);
    Values order, draws;
    const auto draw = [&](Generator& generator) { draws.push_back(generator.below(1 << 20)); };
    for (int epoch = 0; epoch < 3; ++epoch) {
      for (const Batch& batch : batches) {
        order.insert(order.end(), batch.samples.begin(), batch.samples.end());
        draw(rowgrad::default_generator());
      }
      draw(rowgrad::default_generator());
    }
    if (options[4] != 0) draw(own);
    CHECK(order == c.tensor<Index>("order").to_vector());
    CHECK(draws == c.tensor<Index>("draws").to_vector());
    ++cases;
  }
  CHECK(cases == 40);
}

TEST_CASE("Batches: an interrupted run goes on with the next batch, whatever else draws from the generators") {
  // Two epochs of batches; after `stop` of them the state goes to a second Batches, which serves the rest.
  for (const bool own : {false, true})
    for (const bool bucket : {false, true})
      for (const bool drop_last : {false, true})
        for (const Index n : {11, 12}) {
          CAPTURE(own);
          CAPTURE(bucket);
          CAPTURE(drop_last);
          CAPTURE(n);
          const BatchOptions options{.batch_size = 4, .bucket = bucket, .drop_last = drop_last};
          const auto make = [&](Generator& generator) {
            return own ? Batches(many(n), up_to(n), options, generator) : Batches(many(n), up_to(n), options);
          };
          std::vector<Values> whole;
          std::vector<BatchesState> states;
          std::vector<Generator> defaults, owns;
          rowgrad::manual_seed(5);
          Generator generator(6);
          const Batches batches = make(generator);
          for (int epoch = 0; epoch < 2; ++epoch)
            for (const Batch& batch : batches) {
              whole.push_back(batch.samples);
              rowgrad::default_generator().random();  // dropout, for instance
              states.push_back(batches.state());
              defaults.push_back(rowgrad::default_generator());
              owns.push_back(generator);
            }
          CHECK_FALSE(batches.state().under_way);
          const std::size_t per_epoch = static_cast<std::size_t>(batches.size());
          for (std::size_t stop = 0; stop < whole.size(); ++stop) {
            CAPTURE(stop);
            CHECK(states[stop].position == static_cast<Index>(stop % per_epoch) + 1);
            rowgrad::default_generator() = defaults[stop];
            generator = owns[stop];
            Batches resumed = make(generator);
            resumed.load_state(states[stop]);
            std::vector<Values> rest(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(stop) + 1);
            for (std::size_t epoch = stop / per_epoch; epoch < 2; ++epoch)
              for (const Batch& batch : resumed) {
                rest.push_back(batch.samples);
                rowgrad::default_generator().random();
              }
            CHECK(rest == whole);
          }
        }
}

TEST_CASE("Batches: the state between epochs starts a new one, and a foreign state is refused") {
  rowgrad::manual_seed(1);
  Batches batches(many(9), up_to(9), {.batch_size = 4});
  const Values first = samples_of(batches), second = samples_of(batches);
  CHECK(first != second);
  rowgrad::manual_seed(1);
  Batches twin(many(9), up_to(9), {.batch_size = 4});
  CHECK(samples_of(twin) == first);
  const BatchesState between = twin.state();
  CHECK_FALSE(between.under_way);
  CHECK(between.position == 0);
  twin.load_state(between);
  CHECK(samples_of(twin) == second);

  BatchesState foreign = between;
  for (const Index position : {-1, 4}) {
    foreign.position = position;
    CHECK_THROWS_WITH_AS(twin.load_state(foreign), doctest::Contains("outside the 3 batches"), ValueError);
  }
}
