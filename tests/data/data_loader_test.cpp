#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>

#include <rowgrad/data/data_loader.hpp>
#include <rowgrad/functional/shape.hpp>
#include <support/golden.hpp>

using rowgrad::Generator;
using rowgrad::Index;
using rowgrad::IndexError;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;
using namespace rowgrad::data;
using Values = std::vector<Index>;

namespace {

Values up_to(Index n) { return rowgrad::arange(n).to_vector(); }

struct Rating {
  Index user, item;
  float stars;
};

template <typename Loader>
Values order_of(const Loader& loader) {
  Values order;
  for (const Indices& batch : loader) order.insert(order.end(), batch.data(), batch.data() + batch.numel());
  return order;
}

}  // namespace

TEST_CASE("DataLoader: PyTorch's order, and its draws from both generators, with any number of workers") {
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("data_batches"))
    for (const Index workers : {0, 1, 3}) {
      CAPTURE(c.name);
      CAPTURE(workers);
      const Values options = c.tensor<Index>("options").to_vector();
      rowgrad::manual_seed(1);
      Generator own(2);
      const DataLoader loader(up_to(options[0]), {.batch_size = options[1],
                                                  .shuffle = options[2] != 0,
                                                  .drop_last = options[3] != 0,
                                                  .generator = options[4] != 0 ? &own : nullptr,
                                                  .num_workers = workers});
      Values order, draws;
      const auto draw = [&](Generator& generator) { draws.push_back(generator.below(1 << 20)); };
      for (int epoch = 0; epoch < 3; ++epoch) {
        Index batches = 0;
        for (const Indices& batch : loader) {
          order.insert(order.end(), batch.data(), batch.data() + batch.numel());
          draw(rowgrad::default_generator());
          ++batches;
        }
        CHECK(batches == loader.size());
        draw(rowgrad::default_generator());
      }
      if (options[4] != 0) draw(own);
      CHECK(order == c.tensor<Index>("order").to_vector());
      CHECK(draws == c.tensor<Index>("draws").to_vector());
      ++cases;
    }
  CHECK(cases == 120);
}

TEST_CASE("DataLoader: samplers' orders and draws are PyTorch's") {
  const std::map<std::string, std::pair<Index, RandomSamplerOptions>> variants = {
      {"plain", {7, {}}},
      {"more", {5, {.num_samples = 13}}},
      {"twice", {5, {.num_samples = 10}}},
      {"fewer", {9, {.num_samples = 4}}},
      {"replacement", {6, {.replacement = true}}},
      {"replacement_many", {6, {.replacement = true, .num_samples = 70}}}};
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("data_loader")) {
    CAPTURE(c.name);
    const bool own = c.name.find("own") != std::string::npos;
    Values order, draws;
    const auto draw = [&](Generator& generator) { draws.push_back(generator.below(1 << 20)); };
    Generator generator(8);
    Generator& sampled = own ? generator : rowgrad::default_generator();
    if (c.op() == "random") {
      std::string name = c.name.substr(7, c.name.rfind('_') - 7);
      if (own) name.resize(name.size() - 4);
      auto [n, options] = variants.at(name);
      options.generator = own ? &generator : nullptr;
      rowgrad::manual_seed(4);
      const DataLoader loader(
          up_to(n), {.batch_size = c.name.back() - '0', .sampler = std::make_shared<RandomSampler>(n, options)});
      for (int epoch = 0; epoch < 3; ++epoch) {
        const Values these = order_of(loader);
        order.insert(order.end(), these.begin(), these.end());
        draw(rowgrad::default_generator());
        draw(sampled);
      }
    } else if (c.op() == "subset") {
      rowgrad::manual_seed(5);
      const DataLoader loader(up_to(20), {.batch_size = 2,
                                          .sampler = std::make_shared<SubsetRandomSampler>(
                                              Values{3, 4, 9, 17, 11}, own ? &generator : nullptr)});
      for (int epoch = 0; epoch < 3; ++epoch) {
        for (const Indices& batch : loader) {
          order.insert(order.end(), batch.data(), batch.data() + batch.numel());
          draw(rowgrad::default_generator());
        }
        draw(sampled);
      }
    } else if (c.op() == "weighted") {
      rowgrad::manual_seed(6);
      const std::vector<double> weights{0.1, 2.5, 0, 0.7, 3};
      const DataLoader loader(up_to(5), {.batch_size = 4,
                                         .sampler = std::make_shared<WeightedRandomSampler>(
                                             weights, 30, true, own ? &generator : nullptr)});
      for (int epoch = 0; epoch < 2; ++epoch) {
        const Values these = order_of(loader);
        order.insert(order.end(), these.begin(), these.end());
        draw(sampled);
      }
    } else {
      continue;
    }
    ++cases;
    CHECK(order == c.tensor<Index>("order").to_vector());
    CHECK(draws == c.tensor<Index>("draws").to_vector());
  }
  CHECK(cases == 40);
}

TEST_CASE("random_split: PyTorch's parts") {
  std::size_t cases = 0;
  for (const golden::Case& c : golden::read("data_loader")) {
    if (c.op() != "split") continue;
    CAPTURE(c.name);
    const bool own = c.name.ends_with("_own");
    const std::string name = c.name.substr(6, c.name.size() - 6 - (own ? 4 : 0));
    Generator generator(42);
    Generator& drawn = own ? generator : rowgrad::default_generator();
    rowgrad::manual_seed(3);
    const auto parts = [&] {
      if (name == "counts") return random_split(up_to(10), {3, 7}, drawn);
      if (name == "shares") return random_split(up_to(11), {0.3, 0.3, 0.4}, drawn);
      if (name == "half") return random_split(up_to(7), {0.5, 0.5}, drawn);
      if (name == "none") return random_split(up_to(5), Values{0, 5}, drawn);
      if (name == "thirds") return random_split(up_to(100), {1. / 3, 1. / 3, 1. / 3}, drawn);
      return random_split(up_to(1), {1}, drawn);
    }();
    Values sizes, order;
    for (const auto& part : parts) {
      sizes.push_back(part.size());
      for (Index i = 0; i < part.size(); ++i) order.push_back(part[i]);
    }
    CHECK(sizes == c.tensor<Index>("sizes").to_vector());
    CHECK(order == c.tensor<Index>("order").to_vector());
    CHECK(drawn.below(1 << 20) == c.tensor<Index>("draw").item());
    ++cases;
  }
  CHECK(cases == 12);
  CHECK_THROWS_AS(random_split(up_to(10), {3, 8}), ValueError);
  CHECK_THROWS_AS(random_split(up_to(10), {-3, 13}), ValueError);
  CHECK_THROWS_AS(random_split(up_to(10), {1.5, 8.5}), ValueError);
  CHECK_THROWS_AS(random_split(up_to(10), {-0.5, 1.5}), ValueError);
  CHECK_THROWS_AS(Subset(up_to(3), {0, 3}), IndexError);
  CHECK_THROWS_AS(Subset(up_to(3), {0, 1})[2], IndexError);
}

TEST_CASE("default_collate: a batch of each kind of sample") {
  CHECK(default_collate(Values{3, 4}).to_vector() == Values{3, 4});
  static_assert(std::is_same_v<decltype(default_collate(std::vector<int>{1})), Indices>);
  static_assert(std::is_same_v<decltype(default_collate(std::vector<float>{1})), Tensor<float>>);
  static_assert(std::is_same_v<decltype(default_collate(std::vector<double>{1})), Tensor<double>>);
  static_assert(std::is_same_v<decltype(default_collate(std::vector<bool>{true})), Tensor<bool>>);
  CHECK(default_collate(std::vector<bool>{true, false}).data()[1] == false);
  const auto stacked = default_collate(std::vector<Tensor<float>>{{1, 2}, {3, 4}, {5, 6}});
  CHECK(stacked.shape() == Shape{3, 2});
  CHECK(stacked.to_vector() == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(default_collate(std::vector<Tensor<float>>{rowgrad::ones({}), rowgrad::ones({})}).shape() == Shape{2});
  CHECK_THROWS_AS(default_collate(std::vector<Tensor<float>>{{1, 2}, {3}}), ShapeError);
  const Indices tokens = default_collate(std::vector<Values>{{1, 2}, {3, 4}});
  CHECK(tokens.shape() == Shape{2, 2});
  CHECK_THROWS_WITH_AS(default_collate(std::vector<Values>{{1, 2}, {3}}), doctest::Contains("pad"), ShapeError);
  const auto [user, item, stars] =
      default_collate(std::vector<std::tuple<Index, int, float>>{{1, 2, 0.5f}, {3, 4, 1.5f}});
  CHECK(user.to_vector() == Values{1, 3});
  CHECK(item.to_vector() == Values{2, 4});
  CHECK(stars.to_vector() == std::vector<float>{0.5, 1.5});
  using Nested = std::pair<std::pair<Index, std::string>, Tensor<double>>;
  const auto [ids, values] = default_collate(std::vector<Nested>{{{1, "a"}, {2.0}}, {{3, "b"}, {4.0}}});
  CHECK(ids.first.to_vector() == Values{1, 3});
  CHECK(ids.second == std::vector<std::string>{"a", "b"});
  CHECK(values.shape() == Shape{2, 1});
}

TEST_CASE("DataLoader: tensors, structs, collate functions") {
  const Tensor<float> x = rowgrad::arange(12).to<float>().reshape({6, 2});
  const Indices y = rowgrad::arange(6), none = rowgrad::zeros<Index>({6, 0});
  const TensorDataset dataset(x, y, none);
  CHECK(std::get<0>(dataset[2]).to_vector() == std::vector<float>{4, 5});
  CHECK(std::get<1>(dataset[2]).item() == 2);
  CHECK_THROWS_AS(dataset[6], IndexError);
  CHECK_THROWS_AS(dataset[-1], IndexError);
  CHECK_THROWS_AS(TensorDataset(x, rowgrad::arange(5)), ShapeError);
  CHECK_THROWS_AS(TensorDataset(rowgrad::ones({})), ShapeError);
  DataLoader loader(dataset, {.batch_size = 4});
  Index seen = 0;
  for (auto& [xs, ys, empty] : loader) {
    CHECK(xs.shape() == Shape{seen == 0 ? 4 : 2, 2});
    CHECK(xs.data()[1] == static_cast<float>(2 * seen + 1));
    CHECK(empty.shape() == Shape{ys.numel(), 0});
    seen += ys.numel();
    xs.data()[0] = -1;  // a batch is a copy
  }
  CHECK(seen == 6);
  CHECK(x.data()[0] == 0);
  const auto parts = random_split(dataset, {0.5, 0.5});
  for (auto& [xs, ys, empty] : DataLoader(parts[1], {.batch_size = 2}))
    CHECK(xs.data()[0] == static_cast<float>(2 * ys.data()[0]));

  std::vector<Rating> ratings;
  for (Index i = 0; i < 5; ++i) ratings.push_back({i, 10 * i, static_cast<float>(i)});
  Index count = 0;
  for (const std::vector<Rating>& batch : DataLoader(ratings, {.batch_size = 2})) {
    CHECK(batch[0].item == 20 * count);
    ++count;
  }
  CHECK(count == 3);
  const auto sum = [](const std::vector<Rating>& batch) {
    Index total = 0;
    for (const Rating& rating : batch) total += rating.user;
    return total;
  };
  Values sums;
  for (const Index total : DataLoader(ratings, {.batch_size = 2}, sum)) sums.push_back(total);
  CHECK(sums == Values{1, 5, 4});
}

TEST_CASE("DataLoader: what workers draw is the same with any number of them") {
  const auto noisy = [](const Values& samples, Generator& generator) {
    Values result = samples;
    for (Index& sample : result) sample = sample * 1000 + generator.below(1000);
    return result;
  };
  const auto run = [&](Index workers) {
    rowgrad::manual_seed(9);
    DataLoader loader(up_to(50), {.batch_size = 3, .shuffle = true, .num_workers = workers, .prefetch_factor = 3},
                      noisy);
    Values all;
    for (int epoch = 0; epoch < 2; ++epoch)
      for (const Values& batch : loader) all.insert(all.end(), batch.begin(), batch.end());
    return all;
  };
  const Values expected = run(0);
  CHECK(Values(expected.begin(), expected.begin() + 50) != Values(expected.begin() + 50, expected.end()));
  for (const Index workers : {1, 2, 5, 40}) CHECK(run(workers) == expected);
}

TEST_CASE("DataLoader: exceptions of workers arrive where their batch would; a loop left early ends them") {
  for (const Index workers : {0, 1, 4}) {
    CAPTURE(workers);
    std::atomic<Index> made = 0;
    const DataLoader loader(up_to(100), {.batch_size = 2, .num_workers = workers}, [&made](const Values& samples) {
      ++made;
      if (samples[0] == 20) throw IndexError("sample 20 is bad");
      return samples[0];
    });
    Values seen;
    CHECK_THROWS_WITH_AS(
        [&] {
          for (const Index first : loader) seen.push_back(first);
        }(),
        "sample 20 is bad", IndexError);
    CHECK(seen.size() == 10);
    CHECK(loader.state().position == 10);
    made = 0;
    for (int i = 0; i < 20; ++i)
      for (const Index first : loader) {
        if (first == 2 * (i % 5)) break;
      }
    CHECK(made <= 20 * (5 + 2 * workers + workers));
    auto it = loader.begin();
    for (int i = 0; i < 3; ++i) it = loader.begin();  // epochs that are given up
    CHECK(*it == 0);
    const auto copy = it;
    ++it;
    CHECK(*it == 2);
    (void)copy;
  }
}

TEST_CASE("DataLoader: an interrupted run goes on with the next batch, in the same order") {
  for (const bool own : {false, true})
    for (const bool sampled : {false, true})
      for (const Index n : {11, 12})
        for (const Index stop : {0, 1, 3, 4, 5}) {
          CAPTURE(own);
          CAPTURE(sampled);
          CAPTURE(n);
          CAPTURE(stop);
          const auto make = [&](Generator& generator, Index workers) {
            DataLoaderOptions options{.batch_size = 4, .num_workers = workers};
            if (sampled)
              options.sampler = std::make_shared<SubsetRandomSampler>(up_to(n), own ? &generator : nullptr);
            else
              options.shuffle = true, options.generator = own ? &generator : nullptr;
            return DataLoader(up_to(n), options, [](const Values& samples, Generator& random) {
              Values result = samples;
              result.push_back(random.below(1000));
              return result;
            });
          };
          rowgrad::manual_seed(5);
          Generator first_generator(6);
          const auto first = make(first_generator, 0);
          std::vector<Values> whole;
          DataLoaderState state;
          Generator default_then, own_then;
          for (int epoch = 0; epoch < 2; ++epoch)
            for (const Values& batch : first) {
              whole.push_back(batch);
              if (static_cast<Index>(whole.size()) == stop) {
                state = first.state();
                default_then = rowgrad::default_generator();
                own_then = first_generator;
              }
            }
          if (stop == 0) continue;
          rowgrad::default_generator() = default_then;
          Generator second_generator = own_then;
          auto second = make(second_generator, 2);
          second.load_state(state);
          std::vector<Values> rest;
          for (int epoch = stop > 3 ? 1 : 0; epoch < 2; ++epoch)
            for (const Values& batch : second) rest.push_back(batch);
          CHECK(rest == std::vector<Values>(whole.begin() + stop, whole.end()));
          CHECK(second_generator.random() == first_generator.random());
        }
  DataLoader loader(up_to(4));
  CHECK_THROWS_AS(loader.load_state({.under_way = true, .position = 5, .order = Generator(), .seed = 0}), ValueError);
}

TEST_CASE("DataLoader: arguments out of range") {
  CHECK_THROWS_AS(DataLoader(up_to(3), {.batch_size = 0}), ValueError);
  CHECK_THROWS_AS(DataLoader(up_to(3), {.num_workers = -1}), ValueError);
  CHECK_THROWS_AS(DataLoader(up_to(3), {.prefetch_factor = 0}), ValueError);
  CHECK_THROWS_AS(DataLoader(Values{}, {.shuffle = true}), ValueError);
  CHECK_THROWS_AS(DataLoader(up_to(3), {.shuffle = true, .sampler = std::make_shared<SequentialSampler>(3)}),
                  ValueError);
  CHECK_THROWS_AS(RandomSampler(0), ValueError);
  CHECK_THROWS_AS(WeightedRandomSampler({1, 2}, 0), ValueError);
  CHECK_THROWS_AS(WeightedRandomSampler({1, -2}, 1).indices(), ValueError);
  Values once = WeightedRandomSampler({1, 2, 3}, 3, false).indices();
  std::sort(once.begin(), once.end());
  CHECK(once == Values{0, 1, 2});
  CHECK_THROWS_AS(RandomSampler(5, {.num_samples = 0}), ValueError);
  const DataLoader wrong(up_to(3), {.sampler = std::make_shared<SequentialSampler>(4)});
  CHECK_THROWS_AS(wrong.begin(), IndexError);
  Index batches = 0;
  for (const Indices& batch : DataLoader(Values{}, {.num_workers = 2})) batches += batch.numel() + 1;
  CHECK(batches == 0);
  CHECK(DataLoader(up_to(3), {.batch_size = 5, .drop_last = true}).size() == 0);
}
