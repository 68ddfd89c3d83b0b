// Operations element by element, reductions and sorting against central differences: one row each.
#include <support/gradient_table.hpp>

using namespace gradient_table;  // NOLINT: a table of its rows

namespace {

std::vector<Row> table() {
  using namespace rowgrad;  // NOLINT: pow here is rowgrad's
  return {
      {"abs", [](In x) { return abs(x[0]); }, {{2, 3}}, Values::away},
      {"square", [](In x) { return square(x[0]); }, {{2, 3}}},
      {"reciprocal", [](In x) { return reciprocal(x[0]); }, {{2, 3}}, Values::away},
      {"rsqrt", [](In x) { return rsqrt(x[0]); }, {{2, 3}}, Values::positive},
      {"expm1", [](In x) { return expm1(x[0]); }, {{2, 3}}},
      {"exp2", [](In x) { return exp2(x[0]); }, {{2, 3}}},
      {"log1p", [](In x) { return log1p(x[0]); }, {{2, 3}}, Values::positive},
      {"log2", [](In x) { return log2(x[0]); }, {{2, 3}}, Values::positive},
      {"log10", [](In x) { return log10(x[0]); }, {{2, 3}}, Values::positive},
      {"sin", [](In x) { return sin(x[0]); }, {{2, 3}}},
      {"cos", [](In x) { return cos(x[0]); }, {{2, 3}}},
      {"tan", [](In x) { return tan(x[0]); }, {{2, 3}}},
      {"erf", [](In x) { return erf(x[0]); }, {{2, 3}}},
      {"asin", [](In x) { return asin(x[0]); }, {{2, 3}}, Values::unit},
      {"acos", [](In x) { return acos(x[0]); }, {{2, 3}}, Values::unit},
      {"atan", [](In x) { return atan(x[0]); }, {{2, 3}}},
      {"sinh", [](In x) { return sinh(x[0]); }, {{2, 3}}},
      {"cosh", [](In x) { return cosh(x[0]); }, {{2, 3}}},
      {"logaddexp", [](In x) { return logaddexp(x[0], x[1]); }, {{2, 1}, {3}}},
      {"nan_to_num", [](In x) { return nan_to_num(x[0]); }, {{2, 3}}},
      {"diff", [](In x) { return diff(x[0], 2, 0); }, {{4, 2}}},
      {"frac", [](In x) { return frac(x[0]); }, {{2, 3}}, Values::unit},
      {"floor", [](In x) { return floor(x[0]); }, {{2, 3}}, Values::unit},
      {"ceil", [](In x) { return ceil(x[0]); }, {{2, 3}}, Values::unit},
      {"round", [](In x) { return round(x[0] * 0.4); }, {{2, 3}}, Values::unit},
      {"trunc", [](In x) { return trunc(x[0]); }, {{2, 3}}, Values::unit},
      {"sign", [](In x) { return sign(x[0]); }, {{2, 3}}, Values::unit},
      {"round, two decimals", [](In x) { return round(x[0], -1); }, {{2, 3}}, Values::unit},
      {"maximum", [](In x) { return maximum(x[0], x[1] + 0.05); }, {{2, 3}, {2, 3}}, Values::distinct},
      {"minimum", [](In x) { return minimum(x[0], x[1] + 0.05); }, {{2, 3}, {2, 3}}, Values::distinct},
      {"clamp_min", [](In x) { return clamp_min(x[0], x[1] + 0.05); }, {{2, 3}, {2, 3}}, Values::distinct},
      {"clamp_max", [](In x) { return clamp_max(x[0], x[1] + 0.05); }, {{2, 3}, {2, 3}}, Values::distinct},
      {"maximum, both repeated", [](In x) { return maximum(x[0], x[1]); }, {{2, 1}, {3}}},
      {"pow, tensors", [](In x) { return pow(x[0], x[1]); }, {{2, 3}, {3}}, Values::positive},
      {"pow, of a number", [](In x) { return pow(1.7, x[0]); }, {{2, 3}}},
      {"atan2", [](In x) { return atan2(x[0], x[1]); }, {{2, 3}, {3}}, Values::away},
      {"remainder", [](In x) { return remainder(x[0] * 0.1 + 7.5, x[1] * 0.01 + 2); }, {{2, 3}, {3}}},
      {"remainder, of a number", [](In x) { return (x[0] * 0.1 + 1) % 1.5; }, {{2, 3}}, Values::unit},
      {"fmod", [](In x) { return fmod(x[0] * 0.1 - 7.5, x[1] * 0.01 + 2); }, {{2, 3}, {3}}},
      {"floor_divide", [](In x) { return floor_divide(x[0] * 0.1 - 7.5, x[1] * 0.01 + 2); }, {{2, 3}, {3}}},
      {"div, truncated", [](In x) { return div(x[0] * 0.1 - 7.5, x[1] * 0.01 + 2, {"trunc"}); }, {{2, 3}, {3}}},
      {"clamp", [](In x) { return clamp(x[0], -0.35, 0.5); }, {{2, 5}}},
      {"clamp, from below", [](In x) { return x[0].clamp({.min = -0.1}); }, {{2, 5}}},
      {"clamp, between tensors",
       [](In x) { return clamp(x[0], x[1] + 0.03, x[2] + 0.07); },
       {{2, 3}, {2, 3}, {2, 3}},
       Values::distinct},
      {"addcmul", [](In x) { return addcmul(x[0], x[1], x[2], 1.5); }, {{2, 1}, {2, 3}, {3}}},
      {"addcdiv", [](In x) { return addcdiv(x[0], x[1], x[2], 1.5); }, {{2, 1}, {2, 3}, {3}}, Values::away},
      {"lerp", [](In x) { return lerp(x[0], x[1], x[2]); }, {{2, 1}, {2, 3}, {3}}, Values::unit},
      {"lerp, by a number", [](In x) { return lerp(x[0], x[1], 0.3); }, {{2, 3}, {2, 3}}},
      {"add, scaled",
       [](In x) { return add(x[0], x[1], {.alpha = 2}) - sub(x[0], x[1], {.alpha = 3}); },
       {{2, 3}, {3}}},
      {"beside integers",
       [](In x) {
         return x[0] * Indices{1, 2, 3} - x[0] / Indices{4, 5, 6};
       },
       {{2, 3}}},
      {"sum, several",
       [](In x) {
         return sum(x[0], {0, 2});
       },
       {{2, 3, 2}}},
      {"sum, all by dimension, kept", [](In x) { return sum(x[0], Dims(), true); }, {{2, 3, 2}}},
      {"mean, several, kept",
       [](In x) {
         return mean(x[0], {-1, 0}, true);
       },
       {{2, 3, 2}}},
      {"min", [](In x) { return min(x[0]); }, {{2, 3}}, Values::distinct},
      {"min, middle", [](In x) { return min(x[0], 1).values; }, {{2, 3, 2}}, Values::distinct},
      {"amax, several",
       [](In x) {
         return amax(x[0], {0, 2});
       },
       {{2, 3, 2}},
       Values::distinct},
      {"amin, middle, kept", [](In x) { return amin(x[0], 1, true); }, {{2, 3, 2}}, Values::distinct},
      {"prod, of all", [](In x) { return prod(x[0]); }, {{2, 3}}, Values::zeros},
      {"var", [](In x) { return var(x[0]); }, {{2, 3}}},
      {"var, middle", [](In x) { return var(x[0], 1); }, {{2, 3, 2}}},
      {"var, several, biased",
       [](In x) {
         return var(x[0], {0, 2}, {.unbiased = false});
       },
       {{2, 3, 2}}},
      {"std", [](In x) { return rowgrad::std(x[0]); }, {{2, 3}}},
      {"std, first, kept", [](In x) { return x[0].std(0, {.correction = 0.5, .keepdim = true}); }, {{3, 2}}},
      {"norm", [](In x) { return norm(x[0]); }, {{2, 3}}},
      {"norm 1", [](In x) { return norm(x[0], 1, 0); }, {{2, 3}}, Values::away},
      {"norm 3",
       [](In x) {
         return norm(x[0], 3, {0, 2});
       },
       {{2, 3, 2}}},
      {"norm 1.5, kept", [](In x) { return norm(x[0], 1.5, 1, true); }, {{2, 3, 2}}, Values::away},
      {"norm 0.5", [](In x) { return norm(x[0], 0.5, 1); }, {{2, 3}}, Values::away},
      {"norm, infinite", [](In x) { return norm(x[0], INFINITY, 1); }, {{2, 3}}},
      {"norm, minus infinity", [](In x) { return norm(x[0], -INFINITY, 1); }, {{2, 3}}},
      {"logsumexp",
       [](In x) {
         return logsumexp(x[0], {0, 1});
       },
       {{2, 3}}},
      {"logsumexp, middle", [](In x) { return logsumexp(x[0], 1, true); }, {{2, 3, 2}}},
      {"cumsum", [](In x) { return cumsum(x[0], 1); }, {{2, 3, 2}}},
      {"cumprod", [](In x) { return cumprod(x[0], -1); }, {{2, 3}}},
      {"cumprod, zeros", [](In x) { return cumprod(x[0], 0); }, {{5, 2}}, Values::zeros},
      {"sort", [](In x) { return sort(x[0]).values; }, {{2, 4}}, Values::distinct},
      {"sort, first, descending",
       [](In x) { return sort(x[0], {.dim = 0, .descending = true}).values; },
       {{4, 2}},
       Values::distinct},
      {"topk", [](In x) { return topk(x[0], 2).values; }, {{2, 5}}, Values::distinct},
      {"topk, middle, smallest",
       [](In x) { return topk(x[0], 2, {.dim = 1, .largest = false}).values; },
       {{2, 4, 2}},
       Values::distinct},
      {"kthvalue", [](In x) { return kthvalue(x[0], 2, 0).values; }, {{3, 2}}, Values::distinct},
      {"median", [](In x) { return median(x[0]); }, {{2, 3}}, Values::distinct},
      {"median, middle, kept", [](In x) { return median(x[0], 1, true).values; }, {{2, 4, 2}}, Values::distinct},
  };
}

}  // namespace

TEST_CASE("gradients agree with differences: operations") { check(table()); }
