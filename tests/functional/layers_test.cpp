// Activations, normalisations, pooling, padding and bilinear products against PyTorch.
#include <doctest/doctest.h>

#include <limits>
#include <sstream>

#include <rowgrad/functional/bilinear.hpp>
#include <rowgrad/functional/conv1d.hpp>
#include <rowgrad/functional/dropout.hpp>
#include <rowgrad/functional/normalisation.hpp>
#include <rowgrad/functional/pad.hpp>
#include <rowgrad/functional/pooling.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/functional/similarity.hpp>
#include <rowgrad/functional/smooth_activation.hpp>

#include <support/golden.hpp>

using namespace rowgrad;  // NOLINT

namespace {

template <typename T>
golden::Table<T> activations() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  table["leaky_relu"] = [](In x) { return leaky_relu(x[0]); };
  table["leaky_relu_0.3"] = [](In x) { return leaky_relu(x[0], 0.3); };
  table["elu"] = [](In x) { return elu(x[0]); };
  table["elu_0.5"] = [](In x) { return elu(x[0], 0.5); };
  table["selu"] = [](In x) { return selu(x[0]); };
  table["celu_0.5"] = [](In x) { return celu(x[0], 0.5); };
  table["hardtanh"] = [](In x) { return hardtanh(x[0]); };
  table["hardtanh_-2_3"] = [](In x) { return hardtanh(x[0], -2, 3); };
  table["relu6"] = [](In x) { return relu6(x[0]); };
  table["hardsigmoid"] = [](In x) { return hardsigmoid(x[0]); };
  table["hardswish"] = [](In x) { return hardswish(x[0]); };
  table["silu"] = [](In x) { return silu(x[0]); };
  table["mish"] = [](In x) { return mish(x[0]); };
  table["softplus"] = [](In x) { return softplus(x[0]); };
  table["softplus_2_5"] = [](In x) { return softplus(x[0], 2, 5); };
  table["softsign"] = [](In x) { return softsign(x[0]); };
  table["tanhshrink"] = [](In x) { return tanhshrink(x[0]); };
  table["prelu"] = [](In x) { return prelu(x[0], x[1]); };
  for (const Index dim : {-1, 0, 1}) {
    table["glu_" + std::to_string(dim)] = [=](In x) { return glu(x[0], dim); };
    table["softmin_" + std::to_string(dim)] = [=](In x) { return softmin(x[0], dim); };
  }
  return table;
}

template <typename T>
golden::Table<T> normalisations() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  table["batch_train"] = [](In x) {
    return batch_norm(x[0], {}, {}, {.weight = x[1], .bias = x[2], .training = true});
  };
  table["batch_plain"] = [](In x) { return batch_norm(x[0], {}, {}, {.training = true, .eps = 0.01}); };
  table["batch_eval"] = [](In x) { return batch_norm(x[0], x[1], x[2], {.weight = x[3], .bias = x[4]}); };
  table["batch_moved"] = [](In x) {
    const Tensor<T> mean = x[1].detach().clone(), var = x[2].detach().clone();
    const Tensor<T> y = batch_norm(x[0], mean, var, {.training = true, .momentum = 0.3});
    return cat(std::vector<Tensor<T>>{y.flatten(), mean, var}, 0);
  };
  for (const Index groups : {1, 2, 4})
    table["group_" + std::to_string(groups)] = [=](In x) { return group_norm(x[0], groups, x[1], x[2]); };
  table["group_plain_2"] = [](In x) { return group_norm(x[0], 2); };
  table["rms"] = [](In x) { return rms_norm(x[0], {4}, x[1]); };
  table["rms_plain"] = [](In x) { return rms_norm(x[0], {4}); };
  table["rms_eps"] = [](In x) { return rms_norm(x[0], {3, 2}, x[1], 0.1); };
  for (const char* const p : {"1.0", "3.0", "0.5", "inf", "2.0"}) {
    const double norm = std::stod(p);
    for (const Index dim : {0, 1, -1})
      table["normalize_" + std::string(p) + "_" + std::to_string(dim)] = [=](In x) {
        return normalize(x[0], {.p = norm, .dim = dim});
      };
    table["normalize_eps_" + std::string(p)] = [=](In x) { return normalize(x[0], {.p = norm, .eps = 3}); };
  }
  return table;
}

/// The numbers in a name, "None" as -1000.
std::vector<Index> numbers(const std::string& name, std::size_t from) {
  std::vector<Index> result;
  std::istringstream words(name.substr(from));
  for (std::string word; std::getline(words, word, '_');)
    if (!word.empty()) result.push_back(word == "None" ? -1000 : std::stoi(word));
  return result;
}

template <typename T>
golden::Table<T> windows() {
  using In = const golden::Inputs<T>&;
  golden::Table<T> table;
  for (const golden::Case& c : golden::read("functional_windows")) {
    const std::string op = c.op();
    if (op.starts_with("avg_")) {
      const auto n = numbers(op, 4);
      AvgPool1dOptions options{.padding = n[2], .ceil_mode = n[3] != 0, .count_include_pad = n[4] != 0};
      if (n[1] != -1000) options.stride = n[1];
      table[op] = [=](In x) { return avg_pool1d(x[0], n[0], options); };
    } else if (op.starts_with("adaptive_")) {
      table[op] = [n = numbers(op, 9)](In x) { return adaptive_avg_pool1d(x[0], n[0]); };
    } else if (op.starts_with("same_")) {
      table[op] = [n = numbers(op, 5)](In x) {
        return conv1d(x[0], x[1], x[2], {.padding = "same", .dilation = n[1]});
      };
    }
    for (const std::string& mode : std::vector<std::string>{"constant", "reflect", "replicate", "circular"})
      if (op.starts_with("pad_" + mode))
        table[op] = [mode, n = numbers(op, 5 + mode.size())](In x) { return pad(x[0], n, mode); };
  }
  table["valid"] = [](In x) { return conv1d(x[0], x[1], {}, {.stride = 2, .padding = "valid"}); };
  table["pad_value"] = [](In x) { return pad(x[0], {1, 2}, "constant", T(2.5)); };
  table["bilinear"] = [](In x) { return bilinear(x[0], x[1], x[2], x[3]); };
  table["bilinear_plain"] = [](In x) { return bilinear(x[0], x[1], x[2]); };
  return table;
}

template <typename T>
Tensor<T> formula(const Shape& shape, Index step = 1) {
  Tensor<T> x(shape);
  for (Index i = 0; i < x.numel(); ++i)
    x.data()[i] = static_cast<T>(((i + 1) * 7919 + step * 104729) % 2049 - 1024) / T(512);
  return x;
}

template <typename T>
void check_draws() {
  int count = 0;
  for (const golden::Case& c : golden::read("functional_gumbel")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    ++count;
    const bool gumbel = c.op().size() == 1;
    Generator generator(gumbel ? 4 : 5);
    const Tensor<T> x = formula<T>(c.tensor<T>("y").shape()).requires_grad_();
    const Tensor<T> y = gumbel                  ? gumbel_softmax(x, {.tau = 0.5, .hard = c.op() == "1"}, generator)
                        : c.op() == "dropout1d" ? dropout1d(x, 0.4, true, generator)
                                                : dropout2d(x, 0.4, true, generator);
    CHECK(golden::difference(y, c.tensor<T>("y")) == "");
    y.backward(formula<T>(y.shape(), 5));
    CHECK(golden::difference(x.grad().dense(), c.tensor<T>("dx")) == "");
    CHECK(rand<T>({2}, generator).to_vector() == c.tensor<T>("next").to_vector());
  }
  CHECK(count == 8);
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("more activations: PyTorch's results and gradients, at kinks and far away") {
  golden::check<double>("functional_activations", activations<double>(), {1e-12, 1e-13});
  golden::check<float>("functional_activations", activations<float>());
}

TEST_CASE("normalisations: PyTorch's results and gradients") {
  golden::check<double>("functional_normalisation", normalisations<double>(), {1e-11, 1e-13});
  golden::check<float>("functional_normalisation", normalisations<float>(), {2e-5, 5e-6});
}

TEST_CASE("mean pooling, padding, bilinear: PyTorch's results and gradients") {
  golden::check<double>("functional_windows", windows<double>(), {1e-12, 1e-13});
  golden::check<float>("functional_windows", windows<float>());
}

TEST_CASE("gumbel_softmax, dropout of channels: PyTorch's draws, results and gradients") {
  check_draws<double>();
  check_draws<float>();
}

TEST_CASE("more activations: NaN stays, options outside their range are refused") {
  const Tensor<double> x{not_a_number};
  for (const Tensor<double>& y : {leaky_relu(x), elu(x), selu(x), hardtanh(x), relu6(x), hardsigmoid(x), hardswish(x),
                                  silu(x), mish(x), softplus(x), softsign(x)})
    CHECK(std::isnan(y.item()));
  CHECK_THROWS_AS(hardtanh(x, 1, 0), ValueError);
  CHECK_THROWS_AS(celu(x, 0), ValueError);
  CHECK_THROWS_AS(glu(x), ShapeError);
  CHECK_THROWS_AS(glu(zeros({})), ShapeError);
  CHECK_THROWS_AS(prelu(zeros({2, 3}), zeros({2})), ShapeError);
  CHECK_THROWS_AS(prelu(zeros({2, 3}), zeros({3, 1})), ShapeError);
  CHECK_THROWS_AS(gumbel_softmax(x, {.tau = 0}), ValueError);
  CHECK_THROWS_AS(softmin(x, 2), IndexError);
  CHECK(silu(zeros({0, 2})).shape() == Shape{0, 2});
  CHECK(glu(zeros({2, 0})).shape() == Shape{2, 0});
}

TEST_CASE("batch_norm and its like: shapes and values that do not fit") {
  const Tensor<float> x = zeros({2, 3}), three = zeros({3}), four = zeros({4});
  CHECK_THROWS_AS(batch_norm(three, {}, {}, {.training = true}), ShapeError);
  CHECK_THROWS_AS(batch_norm(x, four, four), ShapeError);
  CHECK_THROWS_AS(batch_norm(x, three, three, {.weight = four}), ShapeError);
  CHECK_THROWS_AS(batch_norm(x, three, {}), ValueError);
  CHECK_THROWS_WITH_AS(batch_norm(zeros({1, 3}), {}, {}, {.training = true}),
                       "batch_norm: expected more than one value per channel when training, got input (1, 3)",
                       ValueError);
  CHECK(batch_norm(zeros({0, 3}), three, three, {.training = true}).shape() == Shape{0, 3});
  CHECK(three.to_vector() == std::vector<float>(3, 0));
  CHECK_THROWS_AS(group_norm(x, 2), ShapeError);
  CHECK_THROWS_AS(group_norm(x, 0), ValueError);
  CHECK_THROWS_AS(rms_norm(x, {2}), ShapeError);
  CHECK_THROWS_AS(rms_norm(x, {3}, four), ShapeError);
  CHECK_THROWS_AS(rms_norm(x, {3}, {}, -1), ValueError);
  CHECK_THROWS_AS(normalize(x, {.p = not_a_number}), ValueError);
  CHECK_THROWS_AS(normalize(x, {.p = 1, .dim = 2}), IndexError);
}

TEST_CASE("pad, pooling, bilinear, \"same\": errors") {
  const Tensor<float> x = zeros({2, 3, 4});
  CHECK_THROWS_AS(pad(x, {1}), ShapeError);
  CHECK_THROWS_AS(pad(x, {1, 1, 1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK_THROWS_AS(pad(x, {-3, -2}), ShapeError);
  CHECK_THROWS_AS(pad(x, {4, 0}, "reflect"), ShapeError);
  CHECK_THROWS_AS(pad(x, {5, 0}, "circular"), ShapeError);
  CHECK_THROWS_AS(pad(zeros({4}), {1, 0}, "reflect"), ShapeError);
  CHECK_THROWS_AS(pad(x, {1, 1}, "mirror"), ValueError);
  CHECK_THROWS_AS(pad(x, {std::numeric_limits<Index>::max(), 1}), Error);
  CHECK(pad(Indices{{1, 2}}, {0, 2}).to_vector() == std::vector<Index>{1, 2, 0, 0});
  CHECK_THROWS_AS(avg_pool1d(x, 5), ShapeError);
  CHECK_THROWS_AS(avg_pool1d(x, 2, {.padding = 2}), ValueError);
  CHECK_THROWS_AS(adaptive_avg_pool1d(x, 0), ValueError);
  CHECK_THROWS_AS(bilinear(zeros({2, 3}), zeros({3, 2}), zeros({4, 3, 2})), ShapeError);
  CHECK_THROWS_AS(bilinear(zeros({2, 3}), zeros({2, 2}), zeros({4, 3, 2}), zeros({3})), ShapeError);
  CHECK_THROWS_WITH_AS(conv1d(x, zeros({1, 3, 2}), {}, {.stride = 2, .padding = "same"}),
                       "conv1d: padding \"same\" goes with stride 1, got 2", ValueError);
  CHECK_THROWS_WITH_AS(conv1d(x, zeros({1, 3, 2}), {}, {.padding = "full"}), doctest::Contains("got \"full\""),
                       ValueError);
  CHECK_THROWS_AS(dropout1d(zeros({4})), ShapeError);
  CHECK_THROWS_AS(dropout2d(zeros({4, 2})), ShapeError);
  CHECK_THROWS_AS(dropout1d(x, 1.5), ValueError);
  CHECK(dropout1d(x + 1, 1).sum().item() == 0);
  CHECK(dropout1d(x, 0.5, false).data() == x.data());
}
