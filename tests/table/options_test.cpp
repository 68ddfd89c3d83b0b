#include <doctest/doctest.h>

#include <limits>
#include <string>

#include <rowgrad/autograd/gradcheck.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/table/bag.hpp>

#include <support/golden.hpp>

using rowgrad::BagMode;
using rowgrad::embedding;
using rowgrad::embedding_bag;
using rowgrad::EmbeddingBagOptions;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::LookupOptions;
using rowgrad::Shape;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

const std::pair<const char*, BagMode> modes[] = {{"sum", BagMode::sum}, {"mean", BagMode::mean}, {"max", BagMode::max}};

template <typename T>
golden::Table<T> cases() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  // what f gives and what it leaves in the table, one after the other
  const auto renormalised = [](const auto& f) {
    return [f](In x) {
      const Tensor<T>& w = x[0];
      const Tensor<T> y = f(x.indices("ids"), w);
      return cat(std::vector<Tensor<T>>{y.flatten(), w.flatten()}, 0);
    };
  };
  for (const auto& [name, mode] : modes) {
    const std::string op = std::string("bag_") + name;
    const BagMode m = mode;
    table[op + "_max_norm"] = renormalised([m](const Indices& ids, const Tensor<T>& w) {
      return embedding_bag(ids, w, {}, {.mode = m, .max_norm = 1.5});
    });
    for (const char* const padding : {"None", "0", "1", "2"}) {
      const std::optional<Index> pad =
          *padding == 'N' ? std::nullopt : std::optional<Index>(static_cast<Index>(*padding - '0'));
      const EmbeddingBagOptions whole{.mode = m, .padding_idx = pad},
          last{.mode = m, .padding_idx = pad, .include_last_offset = true};
      table[op + "_short_pad_" + padding] = [=](In x) {
        return embedding_bag(x.indices("ids"), x[0], x.indices("offsets"), last);
      };
      table[op + "_offsets_pad_" + padding] = [=](In x) {
        return embedding_bag(x.indices("ids"), x[0], x.indices("offsets"), whole);
      };
      if (m == BagMode::sum)
        table["bag_sum_weights_short_pad_" + std::string(padding)] = [=](In x) {
          return embedding_bag(x.indices("ids"), x[0], x.indices("offsets"), last, x[1]);
        };
    }
  }
  const LookupOptions freq{.scale_grad_by_freq = true}, padded{.padding_idx = 1, .scale_grad_by_freq = true};
  table["embedding_freq"] = [=](In x) { return embedding(x.indices("ids"), x[0], freq); };
  table["embedding_freq_pad_1"] = [=](In x) { return embedding(x.indices("ids"), x[0], padded); };
  const EmbeddingBagOptions sum{.mode = BagMode::sum, .scale_grad_by_freq = true}, mean{.scale_grad_by_freq = true};
  table["bag_sum_freq"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, sum); };
  table["bag_mean_freq"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, mean); };
  table["bag_sum_freq_weights"] = [=](In x) { return embedding_bag(x.indices("ids"), x[0], {}, sum, x[1]); };
  return table;
}

template <typename T>
void check_max_norm() {
  Index count = 0;
  for (const golden::Case& c : golden::read("table_max_norm")) {  // named norm_type@max_norm
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    ++count;
    const double norm_type = std::stod(c.op()), max_norm = std::stod(c.name.substr(c.op().size() + 1));
    const Tensor<T> w = c.tensor<T>("x0");
    const Tensor<T> y =
        embedding(c.tensor<Index>("ids"), w, {.padding_idx = 2, .max_norm = max_norm, .norm_type = norm_type});
    CHECK(golden::difference(cat(std::vector<Tensor<T>>{y.flatten(), w.flatten()}, 0), c.tensor<T>("y")) == "");
  }
  CHECK(count == (std::is_same_v<T, float> ? 4 : 32));
}

}  // namespace

TEST_CASE("lookup options: PyTorch's results and gradients, also of bags that end before the ids do") {
  golden::check<double>("table_options", cases<double>());
  golden::Table<float> table = cases<float>();
  golden::check<float>("table_options", table);
}

TEST_CASE("max_norm: the rows looked up are scaled in the table, as PyTorch does it, for norms of every kind") {
  check_max_norm<double>();
  check_max_norm<float>();
}

TEST_CASE("max_norm: a row is scaled once however often it is looked up, and others are not visited") {
  const float big = 1e6f;  // so big that 1e-7 vanishes beside it
  const Tensor<float> table{{big, big}, {3, 4}, {big, 0}};
  (void)embedding(Indices{{0, 0}, {0, 0}}, table, {.max_norm = 0.7});
  const float once = big * static_cast<float>(0.7 / (static_cast<double>(std::sqrt(2.0f * big * big)) + 1e-7));
  CHECK(table.data()[0] == once);
  CHECK(table.data()[1] == once);
  CHECK(table.data()[2] == 3);
  CHECK(table.data()[4] == big);
}

TEST_CASE("max_norm: rows that an optimizer owes updates are brought up to date first") {
  const auto train = [](bool deferred) {
    const Tensor<double> table = Tensor<double>{{3, 4}, {1, 2}, {5, 6}, {7, 8}}.requires_grad_();
    rowgrad::optim::Adam<double> adam({table}, {.lr = 0.1});
    for (Index step = 0; step < 12; ++step) {
      adam.zero_grad();
      const Tensor<double> y = embedding({step % 4, 0}, table, {.max_norm = 4});
      (y * y).sum().backward();
      adam.step();
      if (!deferred) (void)table.data();  // every row is up to date after every step
    }
    return table.to_vector();
  };
  const auto deferred = train(true), at_once = train(false);
  for (std::size_t i = 0; i < at_once.size(); ++i) CHECK(deferred[i] == doctest::Approx(at_once[i]).epsilon(1e-12));
}

TEST_CASE("max_norm: errors") {
  const Tensor<double> table = Tensor<double>{{3, 4}, {1, 2}}.requires_grad_();
  CHECK_THROWS_WITH_AS(embedding({0}, table, {.max_norm = -1}), "embedding: expected max_norm >= 0, got -1",
                       ValueError);
  CHECK_THROWS_AS(embedding({0}, table, {.max_norm = std::numeric_limits<double>::quiet_NaN()}), ValueError);
  CHECK_THROWS_AS(embedding({0}, table, {.max_norm = 1, .norm_type = std::numeric_limits<double>::quiet_NaN()}),
                  ValueError);
  CHECK_THROWS_WITH_AS(embedding({0}, table * 2, {.max_norm = 1}), doctest::Contains("result of a recorded operation"),
                       rowgrad::GraphError);
  CHECK_THROWS_AS(embedding({2}, table, {.max_norm = 1}), rowgrad::IndexError);
  CHECK(table.to_vector() == std::vector<double>{3, 4, 1, 2});
}

TEST_CASE("scale_grad_by_freq does not go with the maximum") {
  const Tensor<float> table{{0, 1}, {2, 3}};
  CHECK_THROWS_WITH_AS(embedding_bag(Indices{{0, 1}}, table, {}, {.mode = BagMode::max, .scale_grad_by_freq = true}),
                       "embedding_bag: scale_grad_by_freq does not go with BagMode::max", ValueError);
}

TEST_CASE("a bag that ends before the ids do: gradients by differences, and the ids after it do not matter") {
  rowgrad::Generator generator(6);
  const Tensor<double> table = rowgrad::randn<double>({6, 3}, generator),
                       factors = rowgrad::randn<double>({8}, generator);
  const Indices ids{3, 0, 0, 5, 2, 1, 77, -5}, offsets{0, 3, 3, 6};
  for (const auto& [name, mode] : modes) {
    const std::string which = name;
    CAPTURE(which);
    const EmbeddingBagOptions options{.mode = mode, .padding_idx = 2, .include_last_offset = true};
    table.requires_grad_();
    const auto result = rowgrad::gradcheck([&](const auto& x) { return embedding_bag(ids, x[0], offsets, options); },
                                           std::vector<Tensor<double>>{table});
    CHECK_MESSAGE(result.ok, result.message);
  }
  factors.requires_grad_();
  const auto result = rowgrad::gradcheck(
      [&](const auto& x) {
        return embedding_bag(ids, x[0], offsets, {.mode = BagMode::sum, .include_last_offset = true}, x[1]);
      },
      std::vector<Tensor<double>>{table, factors});
  CHECK_MESSAGE(result.ok, result.message);
}

TEST_CASE("ids and offsets that are changed after forward do not change backward") {
  const auto gradients = [](bool changed) {
    const Tensor<double> table = rowgrad::ones<double>({5, 2}).requires_grad_(),
                         factors = Tensor<double>{{1, 2, 3}, {4, 5, 6}}.requires_grad_(),
                         flat_factors = Tensor<double>{1, 2, 3, 4, 5, 6}.requires_grad_();
    const Indices ids{{1, 4, 0}, {0, 0, 3}}, flat{1, 4, 0, 0, 0, 3}, offsets{0, 2};
    Tensor<double> y = embedding(ids, table).sum();
    for (const auto& [name, mode] : modes)
      y = y + 2 * embedding_bag(ids, table, {}, {.mode = mode}).sum() +
          3 * embedding_bag(flat, table, offsets, {.mode = mode}).sum();
    y = y + embedding_bag(ids, table, {}, {.mode = BagMode::sum}, factors).sum() +
        embedding_bag(flat, table, offsets, {.mode = BagMode::sum}, flat_factors).sum();
    if (changed)
      for (const Indices& x : {ids, flat, offsets}) std::fill_n(x.data(), x.numel(), Index(1) << 60);
    y.backward();
    auto all = table.grad().to_dense().to_vector();
    for (const Tensor<double>& x : {factors, flat_factors})
      for (const double g : x.grad().dense().to_vector()) all.push_back(g);
    return all;
  };
  CHECK(gradients(true) == gradients(false));
}
