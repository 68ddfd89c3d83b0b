// Activations, normalisations, pooling, padding and bilinear products against central differences: one row each.
#include <support/gradient_table.hpp>

namespace {

using gradient_table::In;
using gradient_table::Row;
using gradient_table::Value;
using gradient_table::Values;

std::vector<Row> table() {
  using namespace rowgrad;  // NOLINT
  std::vector<Row> rows = {
      {"leaky_relu", [](In x) { return leaky_relu(x[0], 0.3); }, {{2, 3}}, Values::away},
      {"prelu", [](In x) { return prelu(x[0], x[1]); }, {{2, 3, 2}, {3}}, Values::away},
      {"prelu, one weight", [](In x) { return prelu(x[0], x[1]); }, {{2, 3}, {}}, Values::away},
      {"elu", [](In x) { return elu(x[0], 0.5); }, {{2, 3}}, Values::away},
      {"selu", [](In x) { return selu(x[0]); }, {{2, 3}}, Values::away},
      {"celu", [](In x) { return celu(x[0], 0.5); }, {{2, 3}}, Values::away},
      {"hardtanh", [](In x) { return hardtanh(x[0], -0.7, 1.1); }, {{2, 3}}},
      {"relu6", [](In x) { return relu6(x[0]); }, {{2, 3}}, Values::away},
      {"hardsigmoid", [](In x) { return hardsigmoid(x[0]); }, {{2, 3}}},
      {"hardswish", [](In x) { return hardswish(x[0]); }, {{2, 3}}},
      {"silu", [](In x) { return silu(x[0]); }, {{2, 3}}},
      {"mish", [](In x) { return mish(x[0]); }, {{2, 3}}},
      {"softplus", [](In x) { return softplus(x[0], 2, 1.5); }, {{2, 3}}},
      {"softsign", [](In x) { return softsign(x[0]); }, {{2, 3}}, Values::away},
      {"tanhshrink", [](In x) { return tanhshrink(x[0]); }, {{2, 3}}},
      {"glu, last", [](In x) { return glu(x[0]); }, {{2, 4}}},
      {"glu, in the middle", [](In x) { return glu(x[0], 1); }, {{2, 4, 3}}},
      {"softmin", [](In x) { return softmin(x[0], 1); }, {{2, 4}}},
      {"gumbel_softmax",
       [](In x) {
         Generator generator(3);
         return gumbel_softmax(x[0], {.tau = 0.7, .dim = 0}, generator);
       },
       {{3, 2}}},
      {"batch_norm, training",
       [](In x) { return batch_norm(x[0], {}, {}, {.weight = x[1], .bias = x[2], .training = true}); },
       {{4, 3, 2}, {3}, {3}}},
      {"batch_norm, running",
       [](In x) {
         return batch_norm(x[0], Value{0.5, 1, -1}, Value{1, 0.5, 2}, {.weight = x[1], .bias = x[2]});
       },
       {{4, 3}, {3}, {3}}},
      {"batch_norm, no weight", [](In x) { return batch_norm(x[0], {}, {}, {.training = true}); }, {{4, 3}}},
      {"group_norm", [](In x) { return group_norm(x[0], 2, x[1], x[2]); }, {{2, 4, 3}, {4}, {4}}},
      {"group_norm, no weight", [](In x) { return group_norm(x[0], 2); }, {{2, 4}}},
      {"rms_norm",
       [](In x) {
         return rms_norm(x[0], {2, 3}, x[1]);
       },
       {{2, 2, 3}, {2, 3}}},
      {"rms_norm, no weight", [](In x) { return rms_norm(x[0], {3}, {}, 0.1); }, {{2, 3}}},
      {"normalize, p = 1", [](In x) { return normalize(x[0], {.p = 1}); }, {{2, 3}}, Values::away},
      {"normalize, p = 3, first dimension", [](In x) { return normalize(x[0], {.p = 3, .dim = 0}); }, {{2, 3}}},
      {"normalize, p = infinity",
       [](In x) { return normalize(x[0], {.p = std::numeric_limits<double>::infinity()}); },
       {{2, 3}}},
      {"normalize, below eps", [](In x) { return normalize(x[0], {.p = 1, .eps = 50}); }, {{2, 3}}},
      {"avg_pool1d", [](In x) { return avg_pool1d(x[0], 3, {.stride = 2, .padding = 1}); }, {{2, 2, 6}}},
      {"avg_pool1d, all options",
       [](In x) {
         return avg_pool1d(x[0], 3, {.stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
       },
       {{2, 7}}},
      {"adaptive_avg_pool1d", [](In x) { return adaptive_avg_pool1d(x[0], 3); }, {{2, 2, 7}}},
      {"conv1d, same, even kernel",
       [](In x) { return conv1d(x[0], x[1], x[2], {.padding = "same"}); },
       {{2, 2, 5}, {3, 2, 4}, {3}}},
      {"conv1d, same, dilation and groups",
       [](In x) { return conv1d(x[0], x[1], x[2], {.padding = "same", .dilation = 2, .groups = 2}); },
       {{2, 5}, {2, 1, 3}, {2}}},
      {"pad, constant",
       [](In x) {
         return pad(x[0], {1, 2, -1, 1}, "constant", 3);
       },
       {{2, 3, 2}}},
      {"pad, reflect",
       [](In x) {
         return pad(x[0], {2, 1}, "reflect");
       },
       {{2, 3}}},
      {"pad, replicate",
       [](In x) {
         return pad(x[0], {2, 1, 1, 0}, "replicate");
       },
       {{2, 2, 3}}},
      {"pad, circular",
       [](In x) {
         return pad(x[0], {2, 3}, "circular");
       },
       {{2, 3}}},
      {"bilinear", [](In x) { return bilinear(x[0], x[1], x[2], x[3]); }, {{2, 2, 3}, {2, 2, 2}, {4, 3, 2}, {4}}},
      {"bilinear, vectors", [](In x) { return bilinear(x[0], x[1], x[2]); }, {{3}, {2}, {4, 3, 2}}},
      {"pad_sequence",
       [](In x) {
         return pad_sequence({x[0], x[1]}, {.batch_first = true, .padding_side = "left"});
       },
       {{1, 2}, {3, 2}}},
      {"dropout1d",
       [](In x) {
         Generator generator(3);
         return dropout1d(x[0], 0.5, true, generator);
       },
       {{2, 3, 2}}},
  };
  return rows;
}

}  // namespace

TEST_CASE("gradients of layers' functions agree with differences") { gradient_table::check(table()); }
