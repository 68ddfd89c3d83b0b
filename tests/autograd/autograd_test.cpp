#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <thread>

#include <rowgrad/rowgrad.hpp>

using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using Value = Tensor<double>;
namespace detail = rowgrad::detail;

namespace {
std::vector<double> gradient_of(const Value& x) { return x.grad().dense().to_vector(); }

// The same value; its backward throws while `armed`.
Value fragile(const Value& x, const bool& armed) {
  Value y = x.clone();
  record(
      y, "FragileBackward0",
      [&armed](Value g, rowgrad::Node<double>* node) {
        if (armed) throw std::runtime_error("broken on purpose");
        node->accumulate(std::move(g));
      },
      x);
  return y;
}

// The same value; counts in `alive` the nodes whose saved tensors have not been freed.
Value counting(const Value& x, int& alive) {
  struct Token {
    explicit Token(int& count) : count_(&count) { ++*count_; }
    Token(Token&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
    ~Token() {
      if (count_ != nullptr) --*count_;
    }
    int* count_;
  };
  Value y = x.clone();
  record(
      y, "CountingBackward0",
      [token = Token(alive)](Value g, rowgrad::Node<double>* node) { node->accumulate(std::move(g)); }, x);
  return y;
}
}  // namespace

TEST_CASE("backward: accumulates over two graphs and over two walks of one") {
  const Value x = Value{1, 2, 3}.requires_grad_();
  CHECK(!x.grad().defined());
  (x * x).sum().backward();
  CHECK(gradient_of(x) == std::vector<double>{2, 4, 6});
  const Value y = (x * x).sum();
  y.backward(true);
  CHECK(gradient_of(x) == std::vector<double>{4, 8, 12});
  y.backward();
  CHECK(gradient_of(x) == std::vector<double>{6, 12, 18});
  x.grad().reset();
  CHECK(!x.grad().defined());
}

TEST_CASE("backward: every path of a diamond counts, and a node runs once all its users have contributed") {
  const Value x = Value{3}.requires_grad_();
  const Value a = x * x, b = a + x, c = a * b, d = c + a + b;  // x^2 (x^2 + x) + x^2 + x^2 + x
  d.backward();
  CHECK(gradient_of(x) == std::vector<double>{4 * 27 + 3 * 9 + 4 * 3 + 1});

  x.grad().reset();
  Value y = x;
  for (int i = 0; i < 40; ++i) y = y + y;  // 2^40 paths
  y.backward();
  CHECK(gradient_of(x) == std::vector<double>{0x1p40});
}

TEST_CASE("backward: a long and a short path to the same node") {
  const Value x = Value{2}.requires_grad_();
  const Value early = x * 3;
  Value late = early;
  for (int i = 0; i < 10; ++i) late = late * 2;
  (early * late).backward();  // 3x * 3x * 1024
  CHECK(gradient_of(x) == std::vector<double>{2 * 9 * 1024 * 2});
}

TEST_CASE("backward: two graphs over the same leaf alive at once") {
  const Value x = Value{2}.requires_grad_();
  const Value a = x * x, b = x * x * x;
  b.backward();
  CHECK(gradient_of(x) == std::vector<double>{12});
  a.backward();
  CHECK(gradient_of(x) == std::vector<double>{16});
}

TEST_CASE("backward: two results of one graph; the part they share is freed by the first") {
  const Value x = Value{2}.requires_grad_();
  const Value shared = x.exp(), a = shared * 2, b = shared * 3;
  a.backward(true);
  b.backward();
  CHECK(gradient_of(x)[0] == doctest::Approx(5 * std::exp(2.0)));
  CHECK_THROWS_AS(a.backward(), GraphError);
}

TEST_CASE("backward: a second walk through a freed graph is an error that says what to do") {
  const Value x = Value{2}.requires_grad_();
  const Value y = (x * x).sum();
  y.backward();
  CHECK_THROWS_WITH_AS(
      y.backward(),
      "backward: the graph was freed by an earlier backward() (at MulBackward0). To walk it twice, pass "
      "retain_graph = true the first time; a loop that keeps a result of the step before should "
      "detach() it",
      GraphError);
  CHECK(gradient_of(x) == std::vector<double>{4});  // the failed walk added nothing
  CHECK_THROWS_AS((y * 2).backward(), GraphError);
  CHECK(gradient_of(x) == std::vector<double>{4});
}

TEST_CASE("backward: a graph that saves nothing can be walked again, as in PyTorch") {
  const Value x = Value{2}.requires_grad_();
  const Value y = ((x + 1).reshape({1, 1}) - x).sum();
  y.backward();
  y.backward();
  CHECK(gradient_of(x) == std::vector<double>{0});
  const Value z = (x + 1).sum();
  z.backward();
  z.backward();
  z.backward();
  CHECK(gradient_of(x) == std::vector<double>{3});
  x.grad().reset();
  const Value joined = rowgrad::cat<double>({x, rowgrad::stack<double>({x, x}, 1).reshape({2})}).clone().sum();
  joined.backward();
  joined.backward();
  CHECK(gradient_of(x) == std::vector<double>{6});
}

TEST_CASE("backward: an operation over a list frees what it saved, and refuses a second walk") {
  const std::vector<Value> inputs{Value{2}.requires_grad_(), Value{3}.requires_grad_()};
  const auto freed = std::make_shared<int>(0);
  // The inputs' product, with one output or with that and the inputs' sum.
  const auto backward = [&](Value a, Value b) {
    return [a, b, token = freed](auto gradients, rowgrad::InputNodes<double> nodes) {
      Value g;
      if constexpr (std::is_same_v<decltype(gradients), Value>)
        g = gradients;
      else
        g = gradients[0];
      nodes[0]->accumulate(g * b);
      nodes[1]->accumulate(g * a);
    };
  };
  for (const bool several : {false, true}) {
    CAPTURE(several);
    for (const Value& x : inputs) x.grad().reset();
    Value y{6}, z{5};
    if (several)
      record({&y, &z}, "ListBackward0", backward(saved(inputs[0]), saved(inputs[1])), inputs);
    else
      record(y, "ListBackward0", backward(saved(inputs[0]), saved(inputs[1])), inputs);
    CHECK(freed.use_count() == 2);
    y.backward(true);
    CHECK(freed.use_count() == 2);
    y.backward();
    CHECK(freed.use_count() == 1);  // while y is still there
    CHECK_THROWS_AS(y.backward(), GraphError);
    CHECK(gradient_of(inputs[0]) == std::vector<double>{6});
    CHECK(gradient_of(inputs[1]) == std::vector<double>{4});
  }
}

TEST_CASE("saves_nothing: not freed by a walk, freed with the graph") {
  const Value x = Value{2}.requires_grad_();
  const auto sizes = std::make_shared<std::vector<Index>>(3);
  {
    Value y{2};
    record(y, "SizesBackward0",
           rowgrad::saves_nothing([sizes](Value g, rowgrad::Node<double>* node) { node->accumulate(std::move(g)); }),
           x);
    y.backward();
    y.backward();
    CHECK(sizes.use_count() == 2);
  }
  CHECK(sizes.use_count() == 1);
  CHECK(gradient_of(x) == std::vector<double>{2});
}

TEST_CASE("several outputs: an exception in the middle of a backward leaves none of their gradients behind") {
  const Value x = Value{2}.requires_grad_();
  bool armed = true;
  Value a{2}, b{4};  // x and 2 x
  record(
      {&a, &b}, "TwoBackward0",
      [](std::span<Value> g, rowgrad::Node<double>* node) {
        if (g[0].defined()) node->accumulate(g[0]);
        if (g[1].defined()) node->accumulate(g[1] * 2);
      },
      x);
  const Value broken = fragile(a * 1, armed) + b;
  CHECK_THROWS_WITH(broken.backward(true), "broken on purpose");
  x.grad().reset();
  a.backward(true);  // b's gradient of the failed walk is not there any more
  CHECK(gradient_of(x) == std::vector<double>{1});
  armed = false;
  x.grad().reset();
  broken.backward();
  CHECK(gradient_of(x) == std::vector<double>{3});
}

TEST_CASE("backward: what an operation saved goes with the walk or with the last handle, whichever comes first") {
  const Value x = Value{2}.requires_grad_();
  int alive = 0;
  {
    const Value y = counting(x, alive);
    CHECK(alive == 1);
    y.backward(true);
    CHECK(alive == 1);
    y.backward();
    CHECK(alive == 0);
  }
  {
    const Value y = counting(counting(x, alive) * 2, alive);
    CHECK(alive == 2);
  }
  CHECK(alive == 0);
  {
    Value y = counting(x, alive);
    const Value z = y + 1;
    y = {};
    CHECK(alive == 1);  // z still needs it
    z.backward();
    CHECK(alive == 0);
  }
}

TEST_CASE("backward: a result keeps alive what it needs of tensors whose handles are gone") {
  const Value x = Value{2}.requires_grad_();
  Value y;
  {
    const Value a = x * 3, b = a * a;
    y = b.exp() * a;
  }
  y.backward();  // 3x exp(9x^2)
  CHECK(gradient_of(x)[0] == doctest::Approx(std::exp(36.0) * (3 + 3 * 2 * 18 * 2)));
}

TEST_CASE("backward: of a leaf, of one element of any rank") {
  const Value x = Value{5}.requires_grad_();
  x.backward();
  x.backward();
  CHECK(gradient_of(x) == std::vector<double>{2});
  const Value y = rowgrad::full<double>({1, 1, 1}, 3).requires_grad_();
  (y * y).backward();
  CHECK(y.grad().dense().shape() == Shape{1, 1, 1});
}

TEST_CASE("backward: without a seed only one element will do; a seed has the shape of the tensor") {
  const Value x = Value{1, 2}.requires_grad_();
  const Value y = x * 2;
  CHECK_THROWS_WITH_AS(y.backward(),
                       "backward: without a seed the tensor must have one element, it has shape (2,) (reduce it with "
                       "sum() or mean())",
                       ShapeError);
  CHECK_THROWS_WITH_AS(y.backward(Value{1, 2, 3}), "backward: the seed has shape (3,), the tensor (2,)", ShapeError);
  CHECK_THROWS_AS(rowgrad::zeros<double>({0}).requires_grad_().sum(0, true).reshape({}).backward(Value{1}), ShapeError);
  y.backward(Value{10, 100});
  CHECK(gradient_of(x) == std::vector<double>{20, 200});
}

TEST_CASE("backward: of constants is a GraphError") {
  const Value constant{1}, x = Value{1}.requires_grad_();
  const char* message =
      "backward: this tensor does not require a gradient: no input of its operations requires one, or it was made "
      "under "
      "no_grad";
  CHECK_THROWS_WITH_AS(constant.backward(), message, GraphError);
  CHECK_THROWS_WITH_AS((constant * 2).sum().backward(), message, GraphError);
  CHECK_THROWS_WITH_AS(x.detach().backward(), message, GraphError);
  CHECK_THROWS_AS(x.detach().clone().backward(), GraphError);
}

TEST_CASE("no_grad: nothing is recorded until the end of its scope, also when it ends by an exception") {
  const Value x = Value{2}.requires_grad_();
  CHECK(rowgrad::is_grad_enabled());
  try {
    const rowgrad::no_grad guard;
    CHECK(!rowgrad::is_grad_enabled());
    const Value y = x * x;
    CHECK(!y.requires_grad());
    CHECK(y.is_leaf());
    {
      const rowgrad::set_grad_enabled on(true);
      CHECK((x * x).requires_grad());
      const rowgrad::inference_mode off;
      CHECK(!(x * x).requires_grad());
    }
    CHECK(!(x * x).requires_grad());
    throw 1;
  } catch (int) {
  }
  CHECK(rowgrad::is_grad_enabled());
  CHECK((x * x).requires_grad());
}

TEST_CASE("no_grad: holds for one thread") {
  const rowgrad::no_grad guard;
  bool enabled = false;
  std::thread([&] { enabled = rowgrad::is_grad_enabled(); }).join();
  CHECK(enabled);
}

TEST_CASE("no_grad: every operation of a forward pass, not just arithmetic") {
  const Value x = rowgrad::ones<double>({2, 2}).requires_grad_();
  const rowgrad::no_grad guard;
  using namespace rowgrad;
  for (const Value& y : {exp(x),
                         x.sum(),
                         x.mean(0),
                         max(x, 0).values,
                         prod(x, 0),
                         x.reshape({4}),
                         x.t(),
                         x[0],
                         rowgrad::slice(x, 0, 0, 1),
                         cat<double>({x, x}),
                         matmul(x, x),
                         linear(x, x),
                         softmax(x, 0),
                         embedding({0}, x),
                         normalize(x),
                         layer_norm(x, {2}),
                         dropout(x),
                         cross_entropy(x, {0, 1}),
                         mse_loss(x, x),
                         bmm(x.unsqueeze(0), x.unsqueeze(0)),
                         pow(x, 2)})
    CHECK(!y.requires_grad());
}

TEST_CASE("detach: the same values without the graph before them") {
  const Value x = Value{2}.requires_grad_();
  const Value y = x * x, d = y.detach();
  CHECK(d.data() == y.data());
  CHECK(!d.requires_grad());
  (d * x).backward();
  CHECK(gradient_of(x) == std::vector<double>{4});
  CHECK(!x.detach().requires_grad());
  CHECK(x.requires_grad());
}

TEST_CASE("requires_grad_: freezing and unfreezing at run time") {
  const Value a = Value{2}.requires_grad_(), b = Value{3}.requires_grad_();
  (a * b).backward();
  a.requires_grad_(false);
  CHECK(!a.requires_grad());
  (a * b).backward();
  CHECK(gradient_of(a) == std::vector<double>{3});  // kept, and not added to
  CHECK(gradient_of(b) == std::vector<double>{4});
  a.requires_grad_();
  (a * b).backward();
  CHECK(gradient_of(a) == std::vector<double>{6});
  CHECK(a.requires_grad_().requires_grad());  // twice is once
  CHECK(gradient_of(a) == std::vector<double>{6});
}

TEST_CASE("requires_grad_: shared by all handles of a tensor") {
  const Value a{2};
  const Value b = a;
  a.requires_grad_();
  CHECK(b.requires_grad());
  (b * b).backward();
  CHECK(gradient_of(a) == std::vector<double>{4});
}

TEST_CASE("requires_grad_ and grad: only leaves can be switched off and gather a gradient") {
  const Value x = Value{2}.requires_grad_();
  const Value y = x * x;
  CHECK(x.is_leaf());
  CHECK(!y.is_leaf());
  CHECK_THROWS_WITH_AS(y.requires_grad_(false),
                       "requires_grad_: only a leaf can be switched off; this tensor is the result of a recorded "
                       "operation (use detach() for its values outside the graph)",
                       GraphError);
  CHECK(y.requires_grad_().requires_grad());
  CHECK_THROWS_WITH_AS(y.grad(),
                       "grad: only leaves gather a gradient; this tensor is the result of a recorded operation (call "
                       "retain_grad() before backward() to have its gradient)",
                       GraphError);
  CHECK_THROWS_WITH_AS(Value{1}.grad(),
                       "grad: this tensor does not require a gradient (call requires_grad_() before it is used)",
                       GraphError);
}

TEST_CASE("constant branches are pruned") {
  const Value x = Value{2}.requires_grad_(), constant{3};
  const Value product = constant * constant;
  CHECK(product.is_leaf());
  const Value y = x * product;
  y.backward();
  CHECK(gradient_of(x) == std::vector<double>{9});
  CHECK_THROWS_AS(constant.grad(), GraphError);
}

TEST_CASE("a chain of 100,000 operations: backward and destruction are loops") {
  const Value x = Value{1}.requires_grad_();
  {
    Value y = x;
    for (int i = 0; i < 100'000; ++i) y = y * 1.00001;
    y.backward();
    CHECK(gradient_of(x)[0] == doctest::Approx(std::exp(1.0)).epsilon(1e-4));
  }
  {
    Value y = x;
    for (int i = 0; i < 100'000; ++i) y = (i % 2 == 0 ? y * y : y + x).reshape({1, 1}).reshape({1}).detach() + y * 1e-9;
  }  // destroyed without a walk
  {
    Value y = x;
    for (int i = 0; i < 100'000; ++i) y = rowgrad::cat<double>({y, x}).sum().reshape({1}) * 0.5;
  }
  CHECK(x.to_vector() == std::vector<double>{1});
}

TEST_CASE("a wide graph: 100,000 uses of one tensor") {
  const Value x = Value{2}.requires_grad_();
  std::vector<Value> uses;
  for (int i = 0; i < 100'000; ++i) uses.push_back(x * 1.0);
  rowgrad::cat(uses).sum().backward();
  CHECK(gradient_of(x) == std::vector<double>{100'000});
}

TEST_CASE("an exception in the middle of a backward leaves graph and gradients usable") {
  bool armed = true;
  const Value a = Value{2}.requires_grad_(), b = Value{3}.requires_grad_();
  const Value y = (a * b).exp() * fragile(b * b, armed) * a;
  CHECK_THROWS_WITH(y.backward(true), "broken on purpose");
  a.grad().reset();
  b.grad().reset();
  armed = false;
  y.backward(true);
  const double e = std::exp(6.0);
  CHECK(gradient_of(a)[0] == doctest::Approx(e * 3 * 9 * 2 + e * 9));
  CHECK(gradient_of(b)[0] == doctest::Approx(e * 2 * 9 * 2 + e * 6 * 2));

  armed = true;  // leaves are usable in another graph straight away
  CHECK_THROWS(y.backward());
  a.grad().reset();
  (a * 5).backward();
  CHECK(gradient_of(a) == std::vector<double>{5});
  CHECK(rowgrad::is_grad_enabled());
}

TEST_CASE("a failed walk leaves no part of a gradient in inner nodes") {
  bool armed = true;
  const Value x = Value{2}.requires_grad_();
  const Value shared = x * 3, y = shared + fragile(shared, armed);
  CHECK_THROWS(y.backward(true));
  x.grad().reset();
  armed = false;
  y.backward();
  CHECK(gradient_of(x) == std::vector<double>{6});
}

TEST_CASE("an operation may leave an input without a contribution") {
  const Value x = Value{2}.requires_grad_(), z = Value{5}.requires_grad_();
  const Value inner = x * 3;
  Value y = inner.clone();
  record(
      y, "Silent", [](Value g, rowgrad::Node<double>*, rowgrad::Node<double>* nz) { nz->accumulate(std::move(g)); },
      inner, z);
  y.backward();
  CHECK(!x.grad().defined());
  CHECK(gradient_of(z) == std::vector<double>{1});
}

TEST_CASE("backward itself records nothing") {
  const Value x = Value{2}.requires_grad_();
  bool enabled = true;
  Value y = x.clone();
  record(
      y, "Probe",
      [&enabled](Value g, rowgrad::Node<double>* node) {
        enabled = rowgrad::is_grad_enabled();
        node->accumulate(std::move(g));
      },
      x);
  y.backward();
  CHECK(!enabled);
  CHECK(rowgrad::is_grad_enabled());
}

TEST_CASE("row-sparse and dense contributions of one graph, in every order") {
  const std::vector<double> expected{2, 2, 3, 3, 1, 1, 4, 4};  // one everywhere, rows 0, 1 and 3 looked up
  const auto lookup_a = [](const Value& w) { return rowgrad::embedding({0, 3}, w).sum(); };
  const auto lookup_b = [](const Value& w) { return rowgrad::embedding(Indices{{3, 1}, {1, 3}}, w).sum(); };
  const auto dense = [](const Value& w) { return w.sum(); };
  const std::vector<std::function<Value(const Value&)>> terms{lookup_a, lookup_b, dense};
  std::vector<std::size_t> order{0, 1, 2};
  do {
    CAPTURE(order[0]);
    CAPTURE(order[1]);
    const Value one_graph = rowgrad::zeros<double>({4, 2}).requires_grad_();
    (terms[order[0]](one_graph) + terms[order[1]](one_graph) + terms[order[2]](one_graph)).backward();
    CHECK(one_graph.grad().dense().to_vector() == expected);
    const Value three_graphs = rowgrad::zeros<double>({4, 2}).requires_grad_();
    for (const std::size_t term : order) terms[term](three_graphs).backward();
    CHECK(three_graphs.grad().dense().to_vector() == expected);
    const Value inner = rowgrad::zeros<double>({4, 2}).requires_grad_();  // accumulated in a node that is no leaf
    const Value table = inner * 1;
    (terms[order[0]](table) + terms[order[1]](table) + terms[order[2]](table)).backward();
    CHECK(inner.grad().dense().to_vector() == expected);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a frozen table that grows between forward and backward: the gradient is that of the forward pass") {
  auto table = rowgrad::nn::Embedding<double>::from_pretrained(Value{{1, 2}, {3, 4}});
  const Value x = Value{{1, 1}, {1, 1}}.requires_grad_();
  const Value y = x * table.weight;
  table.add_rows(1000);
  y.backward(Value{{1, 1}, {10, 10}});
  CHECK(gradient_of(x) == std::vector<double>{1, 2, 30, 40});
}

TEST_CASE("two threads build, walk and free graphs of their own at the same time") {
  const auto work = [](std::uint64_t seed, std::vector<double>& out) {
    rowgrad::Generator generator(seed);
    const Value w = rowgrad::randn<double>({6, 4}, generator).requires_grad_();
    const Value table = rowgrad::randn<double>({50, 6}, generator).requires_grad_();
    for (int step = 0; step < 200; ++step) {
      const Indices ids = rowgrad::randint(50, {8, 3}, generator), target = rowgrad::randint(4, {8}, generator);
      const Value loss = cross_entropy(matmul(embedding(ids, table).mean(1), w).tanh(), target);
      loss.backward();
      if (step % 10 == 9) {
        const rowgrad::no_grad guard;
        w.array() -= 0.1 * w.grad().dense().array();
        w.grad().reset();
        table.grad().reset();
      }
    }
    out = w.to_vector();
  };
  std::vector<double> alone_a, alone_b, a, b;
  work(1, alone_a);
  work(2, alone_b);
  std::thread first([&] { work(1, a); }), second([&] { work(2, b); });
  first.join();
  second.join();
  CHECK(a == alone_a);
  CHECK(b == alone_b);
  CHECK(a != b);
}

TEST_CASE("threads may share constants and walk a graph that another thread built") {
  const Value constant = rowgrad::ones<double>({100});
  std::vector<Value> leaves;
  for (int i = 0; i < 4; ++i) leaves.push_back(rowgrad::ones<double>({100}).requires_grad_());
  std::vector<Value> results;
  for (const Value& leaf : leaves) results.push_back((leaf * constant).sum());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 100; ++k) (leaves[i] * constant + constant).sum().backward();
      results[i].backward();
      results[i] = {};
    });
  for (std::thread& thread : threads) thread.join();
  for (const Value& leaf : leaves) CHECK(gradient_of(leaf) == std::vector<double>(100, 101));
}

TEST_CASE("a graph made on a thread that has ended is walked and freed elsewhere") {
  Value x, y;
  std::thread([&] {
    x = Value{2, 3}.requires_grad_();
    y = (x * x).exp().sum();
  }).join();
  y.backward();
  CHECK(x.grad().dense().data()[0] == doctest::Approx(4 * std::exp(4.0)));
}
