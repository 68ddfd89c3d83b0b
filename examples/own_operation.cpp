// What: two operations, one with one output and one with two, and a layer that uses them, written as a user of the
//       library writes them: each says how its gradients are computed, and gradcheck() proves that it is right.
// Why:  what the library does not have should take a page, not a fork.
// See:  include/rowgrad/autograd/record.hpp; docs/guide.md, "An operation and a layer of your own".
#include <iostream>
#include <span>
#include <vector>

#include <rowgrad/rowgrad.hpp>

namespace nn = rowgrad::nn;
namespace optim = rowgrad::optim;
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Node;
using rowgrad::Shape;
using rowgrad::Tensor;

namespace {

// Swish, y = x s with s = 1 / (1 + e^(-b x)), element by element; b is one number that is trained.
// dx = g (s + b y (1 - s)), db = the sum of g x y (1 - s). Ramachandran et al. 2017.
template <typename T>
Tensor<T> swish(const Tensor<T>& x, const Tensor<T>& b) {
  const T factor = b.item();  // a ShapeError if there is more than one
  Tensor<T> y(x.shape()), s(x.shape());
  s.array() = (T(1) + (-factor * x.array()).exp()).inverse();
  y.array() = x.array() * s.array();
  if (recording(x, b))
    record(
        y, "SwishBackward",
        [x = saved(x), s, y = saved(y), factor, b_shape = b.shape()](Tensor<T> g, Node<T>* x_node, Node<T>* b_node) {
          if (x_node != nullptr) {  // null where no gradient is needed
            Tensor<T> dx(x.shape());
            dx.array() = g.array() * (s.array() + factor * y.array() * (T(1) - s.array()));
            x_node->accumulate(std::move(dx));
          }
          if (b_node != nullptr)
            b_node->accumulate(
                rowgrad::full<T>(b_shape, (g.array() * x.array() * y.array() * (T(1) - s.array())).sum()));
        },
        x, b);  // the inputs, in the order of the nodes
  return y;
}

template <typename T>
struct Spread {
  Tensor<T> mean, deviation;
};

// Mean m and standard deviation d over the last dimension: x (..., D), both results (...).
// dx = (gm + gd (x - m) / d) / D, where gm and gd are the gradients of the two results.
template <typename T>
Spread<T> spread(const Tensor<T>& x) {
  Shape shape = x.shape();
  const Index columns = x.size(-1);
  shape.erase(shape.rank() - 1);
  Spread<T> result{Tensor<T>(shape), Tensor<T>(shape)};
  result.mean.array() = x.matrix().rowwise().mean();
  result.deviation.array() =
      ((x.matrix().colwise() - result.mean.array().matrix()).rowwise().squaredNorm() / static_cast<T>(columns))
          .cwiseSqrt();
  if (recording(x))
    record(
        {&result.mean, &result.deviation}, "SpreadBackward",
        [x = saved(x), m = saved(result.mean), d = saved(result.deviation)](std::span<Tensor<T>> g, Node<T>* node) {
          Tensor<T> dx(x.shape());
          const Index width = x.size(-1);
          for (Index i = 0; i < x.numel(); ++i) {
            const Index row = i / width;
            T sum = 0;  // a result that nobody used has an undefined gradient
            if (g[0].defined()) sum += g[0].data()[row];
            if (g[1].defined() && d.data()[row] > 0)
              sum += g[1].data()[row] * (x.data()[i] - m.data()[row]) / d.data()[row];
            dx.data()[i] = sum / static_cast<T>(width);
          }
          node->accumulate(std::move(dx));
        },
        x);
  return result;
}

// A layer and a model are the same thing: a Module that names its parameters and its layers.
struct Swish : nn::Module<float, Swish> {
  nn::Parameter<float> factor{rowgrad::ones({1})};

  Tensor<float> forward(const Tensor<float>& x) const { return swish<float>(x, factor); }
  void members(nn::Members<float>& m) override { m("factor", factor); }
};

struct Model : nn::Module<float, Model> {
  nn::Embedding<float> embedding{1000, 8};
  Swish activation;
  nn::Linear<float> output{2, 2};

  Tensor<float> forward(const Indices& words) const {
    const Spread<float> s = spread(activation.forward(embedding(words).mean(1)));
    return output(rowgrad::stack<float>({s.mean, s.deviation}, 1));
  }
  void members(nn::Members<float>& m) override {
    m("embedding", embedding)("activation", activation)("output", output);
  }
};

// Gradients against differences, in double: every element of every input, whatever is done with the results.
bool check() {
  rowgrad::Generator generator(1);
  const auto x = rowgrad::randn<double>({3, 4}, generator).requires_grad_();
  const auto b = Tensor<double>{1.5}.requires_grad_();
  using Inputs = const std::vector<Tensor<double>>&;
  const auto one = rowgrad::gradcheck([](Inputs in) { return swish(in[0], in[1]); }, {x, b});
  const auto two = rowgrad::gradcheck(
      [](Inputs in) {
        const auto [mean, deviation] = spread(in[0]);
        return std::vector<Tensor<double>>{mean, deviation};
      },
      {x});
  std::cout << "swish:  " << (one ? "gradients agree" : one.message) << '\n'
            << "spread: " << (two ? "gradients agree" : two.message) << '\n';
  return one && two;
}

}  // namespace

int main() {
  if (!check()) return 1;

  rowgrad::manual_seed(1);
  Model model;
  optim::Adam<float> adam(model.parameters(), {.lr = 0.05});
  const Indices words{{1, 2, 3}, {4, 5, 6}, {7, 2, 9}, {4, 11, 12}}, labels{0, 1, 0, 1};
  for (int step = 0; step <= 40; ++step) {
    adam.zero_grad();
    const auto loss = cross_entropy(model(words), labels);
    loss.backward();
    adam.step();
    if (step % 20 == 0) std::cout << "step " << step << ": loss " << loss.item() << '\n';
  }
  std::cout << "rows of the table that have a gradient: " << model.embedding.weight.grad().rows() << '\n'
            << "swish's factor, after training: " << model.activation.factor.item() << '\n';
  return 0;
}
