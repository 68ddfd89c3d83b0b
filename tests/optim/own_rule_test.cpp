// An update rule of one's own, with public names alone: momentum whose movement is bounded.
#include "training.hpp"

#include <rowgrad/optim/rule_optimizer.hpp>

using rowgrad::Index;
using rowgrad::Tensor;
using training::leaf;
namespace optim = rowgrad::optim;

namespace {

struct BoundedOptions {
  double lr = 0.1;
  double momentum = 0.9;
  double bound = 0.5;  // of one element's movement, in units of lr
  bool operator==(const BoundedOptions&) const = default;

  static constexpr auto fields() {
    using F = optim::Field<BoundedOptions>;
    return std::array{F("lr", &BoundedOptions::lr, optim::Range::not_negative),
                      F("momentum", &BoundedOptions::momentum, optim::Range::below_one),
                      F("bound", &BoundedOptions::bound, optim::Range::not_negative)};
  }
};

/// b = momentum b + g; w -= lr max(-bound, min(bound, b)).
template <typename T>
class BoundedRule : public optim::Rule<T, BoundedOptions> {
 public:
  static constexpr const char* name = "Bounded";
  static constexpr std::array slot_names = {"momentum_buffer"};
  struct Scalars {
    T lr, momentum, bound;
  };

  explicit BoundedRule(const BoundedOptions& options) : optim::Rule<T, BoundedOptions>(name, options) {}

  int slots() const { return 1; }
  bool moves_at_rest() const { return true; }
  Scalars scalars(Index) const {
    const BoundedOptions& o = this->options();
    return {static_cast<T>(o.lr), static_cast<T>(o.momentum), static_cast<T>(o.bound)};
  }
  template <typename L>
  [[gnu::always_inline]] void update(const Scalars& s, T* w, const T* g, T* const* slots) const {
    const L b = s.momentum * L::load(slots[0]) + L::load(g);
    b.store(slots[0]);
    (L::load(w) - s.lr * max(L(-s.bound), min(L(s.bound), b))).store(w);
  }
};

template <typename T>
class Bounded : public optim::RuleOptimizer<T, BoundedRule<T>> {
 public:
  using optim::RuleOptimizer<T, BoundedRule<T>>::RuleOptimizer;
};

/// Rows that were not looked up stand still: the defaults. No state at all.
struct PlainOptions {
  double lr = 0.5;
  bool operator==(const PlainOptions&) const = default;
  static constexpr auto fields() { return std::array{optim::Field<PlainOptions>("lr", &PlainOptions::lr)}; }
};
class PlainRule : public optim::Rule<float, PlainOptions> {
 public:
  static constexpr const char* name = "Plain";
  static constexpr std::array<const char*, 0> slot_names{};
  using Scalars = float;
  explicit PlainRule(const PlainOptions& options) : Rule(name, options) {}
  int slots() const { return 0; }
  float scalars(Index) const { return static_cast<float>(options().lr); }
  template <typename L>
  void update(float lr, float* w, const float* g, float* const*) const {
    (L::load(w) - lr * L::load(g)).store(w);
  }
};

static_assert(optim::UpdateRule<BoundedRule<float>> && optim::UpdateRule<PlainRule>);
static_assert(!optim::UpdateRule<BoundedOptions>);

}  // namespace

TEST_CASE("a rule of one's own: its formula, on every element") {
  const auto w = leaf(training::start<double>({7, 3}));
  std::vector<double> expected = w.to_vector(), b(21);
  Bounded<double> optimizer({w}, {.lr = 0.25});
  for (Index step = 1; step <= 5; ++step) {
    w.grad().reset();
    const auto g = training::gradient<double>({7, 3}, step);
    w.grad().add(g);
    optimizer.step();
    for (std::size_t i = 0; i < 21; ++i) {
      b[i] = 0.9 * b[i] + g.data()[i];
      expected[i] -= 0.25 * std::max(-0.5, std::min(0.5, b[i]));
    }
  }
  for (std::size_t i = 0; i < 21; ++i) CHECK(w.data()[i] == doctest::Approx(expected[i]).epsilon(1e-14));
}

TEST_CASE("a rule of one's own: deferred rows, saved states and checks come with it") {
  training::expect_dense_weights<Bounded, double>(BoundedOptions{}, training::rounding_tolerance);
  const auto table = leaf(training::start<float>({6, 3}));
  Bounded<float> optimizer({table});
  embedding({1, 4}, table).backward(training::gradient<float>({2, 3}, 1));
  optimizer.step();
  const auto state = optimizer.state_dict();
  CHECK(state.parameters[0].slots.size() == 1);
  CHECK(std::string(Bounded<float>::slot_names()[0]) == "momentum_buffer");
  CHECK_NOTHROW(optimizer.load_state_dict(state));
  optimizer.options().momentum = 1;
  CHECK_THROWS_WITH_AS(optimizer.step(), "Bounded: expected momentum in [0, 1), got 1", rowgrad::ValueError);
}

TEST_CASE("a rule of one's own: without state, rows at rest stand still") {
  const auto table = leaf(rowgrad::ones<float>({6, 5}));
  optim::RuleOptimizer<float, PlainRule> optimizer({table});
  embedding({1, 4}, table).backward(rowgrad::ones<float>({2, 5}));
  optimizer.step();
  for (Index row = 0; row < 6; ++row) CHECK(table.data()[row * 5] == (row == 1 || row == 4 ? 0.5f : 1.0f));
  CHECK(optimizer.state_dict().parameters[0].slots.empty());
}
