#include <doctest/doctest.h>

#include <rowgrad/rowgrad.hpp>

#include <support/golden.hpp>

using rowgrad::GraphError;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Mask;
using rowgrad::no_grad;
using rowgrad::Shape;
using rowgrad::ShapeError;
using rowgrad::Tensor;
using rowgrad::ValueError;

namespace {

template <typename T>
golden::Table<T> operations() {
  using In = const golden::Inputs<T>&;
  return {
      {"add", [](In x) { return x[0].clone().add_(x[1]); }},
      {"sub", [](In x) { return x[0].clone().sub_(x[1]); }},
      {"mul", [](In x) { return x[0].clone().mul_(x[1]); }},
      {"div", [](In x) { return x[0].clone().div_(x[1]); }},
      {"add_itself",
       [](In x) {
         const auto h = x[0].clone();
         return h += h;
       }},
      {"sub_itself",
       [](In x) {
         const auto h = x[0].clone();
         return h.sub_(h);
       }},
      {"add_number", [](In x) { return x[0].clone().add_(1.5); }},
      {"sub_number", [](In x) { return x[0].clone().sub_(1.5); }},
      {"mul_number", [](In x) { return x[0].clone().mul_(1.5); }},
      {"div_number", [](In x) { return x[0].clone().div_(1.5); }},
      {"add_alpha", [](In x) { return x[0].clone().add_(x[1], -0.5); }},
      {"sub_alpha", [](In x) { return x[0].clone().sub_(x[1], -0.5); }},
      {"chain",
       [](In x) {
         auto h = x[0] * x[1];
         h += x[1];
         h *= 2;
         h -= x[0];
         h /= 3;
         return h * h;
       }},
      {"accumulated",
       [](In x) {
         Tensor<T> total = rowgrad::zeros<T>({});
         for (const auto& part : x[0]) total += part.sum() * part.sum();
         return total;
       }},
      {"fill", [](In x) { return x[0].clone().fill_(2.5) + x[0]; }},
      {"zero", [](In x) { return x[0].clone().zero_() + x[0]; }},
      {"copy", [](In x) { return x[0].clone().copy_(x[1]); }},
      {"exp_", [](In x) { return x[0].clone().exp_(); }},
      {"log_", [](In x) { return x[0].clone().log_(); }},
      {"sqrt_", [](In x) { return x[0].clone().sqrt_(); }},
      {"neg_", [](In x) { return x[0].clone().neg_(); }},
      {"relu_", [](In x) { return x[0].clone().relu_(); }},
      {"sigmoid_", [](In x) { return x[0].clone().sigmoid_(); }},
      {"tanh_", [](In x) { return x[0].clone().tanh_(); }},
      {"pow_3", [](In x) { return x[0].clone().pow_(3); }},
      {"masked_fill_", [](In x) { return x[0].clone().masked_fill_(x.indices("mask"), 2); }},
  };
}

// The same without recording: the values, in the memory that was there.
template <typename T>
void check_memory() {
  const auto table = operations<T>();
  for (const golden::Case& c : golden::read("functional_in_place")) {
    if (c.dtype != (std::is_same_v<T, float> ? "float32" : "float64")) continue;
    CAPTURE(c.name);
    const no_grad guard;
    CHECK(golden::difference(table.at(c.op())(golden::Inputs<T>(c)), c.tensor<T>("y")) == "");
  }
}

}  // namespace

TEST_CASE("operations in place agree with PyTorch, recorded or not") {
  golden::check("functional_in_place", operations<double>());
  golden::check("functional_in_place", operations<float>());
  check_memory<double>();
  check_memory<float>();
}

TEST_CASE("without recording, memory is written to, and all who share it see that") {
  Tensor<float> x = rowgrad::zeros({3, 2});
  const Tensor<float> same = x, flat = x.flatten();
  const float* const before = x.data();
  x += 1;
  x[1] += 2;
  x[2] = Tensor<float>{7, 8};
  x[0] *= Tensor<float>{2, 3};
  CHECK(flat.to_vector() == std::vector<float>{2, 3, 3, 3, 7, 8});
  CHECK(x.data() == before);
  x[0] = 5;
  slice(x, 0, 1, 3) = Tensor<float>{1, 2};
  CHECK(same.to_vector() == std::vector<float>{5, 5, 1, 2, 1, 2});
  for (auto row : x) row /= 2;
  CHECK(same.to_vector() == std::vector<float>{2.5, 2.5, 0.5, 1, 0.5, 1});
  x.copy_(Indices{1, 2});
  CHECK(flat.to_vector() == std::vector<float>{1, 2, 1, 2, 1, 2});
  x += Indices{1, 0};
  slice(x, 0, 1, 3) += slice(x, 0, 0, 2);  // reads what it writes to
  CHECK(flat.to_vector() == std::vector<float>{2, 2, 4, 4, 4, 4});
  CHECK(x.zero_().data() == before);
  CHECK(rowgrad::empty({2}).fill_(3).to_vector() == std::vector<float>{3, 3});
  x[0] = x[1];
  Indices ids{1, 2, 3};
  ids += 1;
  ids -= Indices{1, 1, 1};
  ids *= 3;
  ids[0] = 10;
  CHECK(ids.to_vector() == std::vector<Index>{10, 6, 9});
}

TEST_CASE("random numbers in place are those of PyTorch's factories") {
  rowgrad::manual_seed(3);
  const Tensor<float> a = rowgrad::rand({3, 7}), b = rowgrad::randn({3, 7});
  rowgrad::manual_seed(3);
  CHECK(rowgrad::empty({3, 7}).uniform_().to_vector() == a.to_vector());
  CHECK(rowgrad::empty({3, 7}).normal_().to_vector() == b.to_vector());
  CHECK_THROWS_AS(a.uniform_(1, 0), ValueError);
  CHECK_THROWS_AS(a.normal_(0, -1), ValueError);
  rowgrad::Generator generator(3);
  CHECK(rowgrad::empty({3, 7}).uniform_(0, 1, generator).to_vector() == a.to_vector());
}

TEST_CASE("a leaf that requires a gradient changes in place only without recording") {
  const Tensor<float> w = rowgrad::ones({2, 2}).requires_grad_(), x = rowgrad::ones({2, 2});
  CHECK_THROWS_AS(w += x, GraphError);
  CHECK_THROWS_AS(w.zero_(), GraphError);
  CHECK_THROWS_AS(w[0] += 1, GraphError);
  CHECK_THROWS_AS(w[0] = x[0], GraphError);
  CHECK_THROWS_AS(w.index_add_(0, {0, 1}, x), GraphError);
  w.detach() += x;  // as PyTorch's w.data
  {
    const no_grad guard;
    w += x;
    w[0] = 9;
  }
  CHECK(w.to_vector() == std::vector<float>{9, 9, 3, 3});
  CHECK(w.is_leaf());
  CHECK(w.requires_grad());
}

TEST_CASE("the result of an operation takes the recorded sum over, in all its handles") {
  const Tensor<double> a = Tensor<double>{1, 2}.requires_grad_(), b = Tensor<double>{3, 4}.requires_grad_();
  Tensor<double> h = a * 2;
  const Tensor<double> same = h;
  h += b;
  CHECK(same.to_vector() == std::vector<double>{5, 8});
  sum(same * same).backward();
  CHECK(a.grad().dense().to_vector() == std::vector<double>{20, 32});
  CHECK(b.grad().dense().to_vector() == std::vector<double>{10, 16});

  // Of a constant one becomes a result.
  Tensor<double> constant = rowgrad::zeros<double>({2});
  constant += a;
  CHECK(constant.requires_grad());
  CHECK(!constant.is_leaf());

  // Where another shares the memory, it would not see that.
  const Tensor<double> g = a * 2, view = g.view({2, 1});
  CHECK_THROWS_AS(g += b, GraphError);
  CHECK_THROWS_AS(view += 1, GraphError);
  const Tensor<double> shared = rowgrad::zeros<double>({2}), detached = shared.detach();
  CHECK_THROWS_AS(shared += a, GraphError);
  const Tensor<double> kept = exp(a);  // its values are saved
  CHECK_THROWS_AS(kept += 1, GraphError);
  double lent[2] = {1, 2};
  CHECK_THROWS_AS(rowgrad::from_blob(lent, {2}) += a, GraphError);
}

TEST_CASE("a value that backward saved and that was changed since is an error of backward") {
  const Tensor<float> w = Tensor<float>{1, 2}.requires_grad_();
  const Tensor<float> x{3, 4};
  const auto product = sum(w * x);
  x += 1;
  CHECK_THROWS_AS(product.backward(), GraphError);
  CHECK(x.to_vector() == std::vector<float>{4, 5});  // others may read it
  CHECK(x.detach().to_vector() == std::vector<float>{4, 5});

  const auto unchanged = sum(w * x);  // as it is now
  unchanged.backward();
  CHECK(w.grad().dense().to_vector() == std::vector<float>{4, 5});
  x += 1;
  w.grad().reset();
  const auto added = sum(w + x);  // needs no values
  x += 1;
  added.backward();

  // A leaf, too, and through a view.
  const Tensor<float> v = Tensor<float>{1, 2}.requires_grad_();
  const auto square = sum(v * v);
  {
    const no_grad guard;
    v += 1;
  }
  CHECK_THROWS_AS(square.backward(), GraphError);
  const auto again = sum(w * x);
  x[0] = 1;
  CHECK_THROWS_AS(again.backward(), GraphError);

  const Tensor<float> h = exp(w);
  {
    const no_grad guard;
    h *= 2;
  }
  CHECK_THROWS_AS(sum(h).backward(), GraphError);
}

TEST_CASE("a write that nobody would see is an error") {
  const Tensor<float> x = rowgrad::ones({3, 2}), y = rowgrad::ones({2});
  CHECK_THROWS_AS(x.t().zero_(), ValueError);
  CHECK_THROWS_AS(x.T() += 1, ValueError);
  CHECK_THROWS_AS(select(x, 1, 0) += 1, ValueError);
  CHECK_THROWS_AS(x.narrow(1, 0, 1).fill_(3), ValueError);
  CHECK_THROWS_AS(y.expand(3, 2).add_(x), ValueError);
  CHECK_THROWS_AS(x.permute(1, 0).copy_(x.t()), ValueError);
  CHECK_THROWS_AS(x.unbind(1)[0] += 1, ValueError);
  CHECK_THROWS_AS(x.t().flatten()[0] += 1, ValueError);
  const auto columns = slice(x, 1, 0, 1);
  CHECK_THROWS_AS(columns += 1, ValueError);
  CHECK(columns.clone().add_(1).to_vector() == std::vector<float>{2, 2, 2});
}

TEST_CASE("a temporary that nothing refers to cannot be assigned to") {
  const Tensor<float> x = rowgrad::ones({3, 2});
  CHECK_THROWS_AS(x[Indices{0}] += 1, ValueError);
  CHECK_THROWS_AS(x[Indices{0}] = 1, ValueError);
  CHECK_THROWS_AS(x[x > 0] = 0, ValueError);
  CHECK_THROWS_AS((x + x) -= x, ValueError);
  CHECK(x.to_vector() == std::vector<float>(6, 1));
  const auto rows = x[Indices{0}];
  CHECK((rows += 1).to_vector() == std::vector<float>{2, 2});  // a copy, as in PyTorch
}

TEST_CASE("in place, shapes stay") {
  const Tensor<float> x = rowgrad::ones({2});
  CHECK_THROWS_AS(x += rowgrad::ones({3, 2}), ShapeError);
  CHECK_THROWS_AS(x += rowgrad::ones({3}), ShapeError);
  CHECK_THROWS_AS(x.copy_(rowgrad::ones({1, 2})), ShapeError);
  CHECK_THROWS_AS(x.masked_fill_(Mask{{true, true}, {true, true}}, 0), ShapeError);
  CHECK_THROWS_AS((x * x).masked_scatter_(Mask{{true, true}, {true, true}}, rowgrad::ones({4})), ShapeError);
}

TEST_CASE("rows that an optimizer owes updates are settled before they are written to") {
  const auto trained = [](bool write) {
    rowgrad::manual_seed(1);
    rowgrad::nn::Embedding<float> table(6, 2), dense(6, 2);
    rowgrad::optim::Adam<float> adam(table.parameters(), {.lr = 0.1});
    for (Index step = 0; step < 4; ++step) {
      adam.zero_grad();
      sum(table({step, step + 1})).backward();
      adam.step();
      const no_grad guard;
      if (write && step == 2) {
        table.weight.index_add_(0, {0}, Tensor<float>{{1, 1}});
        table.weight[1] += 1;
      }
    }
    return table.weight.detach().clone();
  };
  const Tensor<float> with = trained(true), without = trained(false);
  const Tensor<float> difference = with - without;
  CHECK(golden::difference(difference, Tensor<float>{{1, 1}, {1, 1}, {0, 0}, {0, 0}, {0, 0}, {0, 0}}, {1e-6, 1e-6}) ==
        "");
}
