// Fuzz target: a graph of operations made from bytes, with shapes that may or may not fit, once in float and once in
// double. Both must throw the same errors, all of them rowgrad::Error, and agree in every value and gradient. Values
// stay within a small range and no step amplifies errors much, so that what float rounds off cannot explain a
// difference.
#include <cmath>
#include <cstring>
#include <exception>
#include <typeinfo>
#include <vector>

#include <rowgrad/rowgrad.hpp>

#include "bytes.hpp"
#include "check.hpp"

namespace {
using rowgrad::Index;
using rowgrad::Indices;
using rowgrad::Shape;
using rowgrad::Tensor;

struct Outcome {
  std::vector<const std::type_info*> errors;  // of each step; null where there was none
  std::vector<std::vector<double>> values, gradients;
  std::vector<bool> row_sparse;
  bool kinked = false;  // an operation whose gradient jumps where values are equal up to rounding
};

Shape shape(Bytes& bytes) {
  Shape result;
  for (int rank = bytes.number(0, 4); rank > 0; --rank) {
    const int size = bytes.number(0, 19);
    result.append(size < 15 ? size % 5 + 1 : size == 15 ? 0 : size == 16 ? 17 : size - 15);
  }
  return result;
}

Indices indices(Bytes& bytes, Index limit) {
  Indices ids(shape(bytes));
  const bool wild = bytes.number(0, 7) == 0;
  for (Index i = 0; i < ids.numel(); ++i)
    ids.data()[i] = wild ? bytes.number(-2, 9) : static_cast<Index>(bytes.byte()) % std::max<Index>(limit, 1);
  return ids;
}

template <typename T>
class Program {
 public:
  // Leaves are disturbed by a relative `disturbance`, to find out how ill-conditioned a program is.
  Program(Bytes bytes, double disturbance) : bytes_(bytes), disturbance_(disturbance) {}

  Outcome run() {
    for (int i = bytes_.number(1, 3); i > 0; --i) leaf(shape(bytes_));
    leaf(Shape{bytes_.number(1, 9), bytes_.number(1, 20)});  // a table
    for (int steps = 0; steps < 14 && !bytes_.empty(); ++steps) {
      const std::type_info* error = nullptr;
      try {
        step();
      } catch (const rowgrad::Error& e) {
        EXPECT(std::strlen(e.what()) > 0);
        error = &typeid(e);
      }
      outcome_.errors.push_back(error);
    }
    for (const Tensor<T>& x : pool_) outcome_.values.push_back(list(x));
    for (const Tensor<T>& x : leaves_) {
      if (!x.requires_grad()) continue;
      const auto& gradient = x.grad();
      outcome_.row_sparse.push_back(gradient.defined() && gradient.is_row_sparse());
      outcome_.gradients.push_back(gradient.defined() ? list(gradient.to_dense()) : std::vector<double>());
    }
    return outcome_;
  }

 private:
  static std::vector<double> list(const Tensor<T>& x) {
    std::vector<double> values;
    for (Index i = 0; i < x.numel(); ++i) values.push_back(static_cast<double>(x.data()[i]));
    return values;
  }

  void leaf(const Shape& of) {
    Tensor<T> x(of);
    for (Index i = 0; i < x.numel(); ++i) {  // of the size of 1, exact in float
      const double value = static_cast<float>(generator_.random() % 20001 - 10000.0) / 8192.0;
      const double noise = disturbance_ * (noise_.random() % 3 - 1.0);
      x.data()[i] = static_cast<T>(value * (1 + noise));
    }
    x.requires_grad_(bytes_.number(0, 3) > 0);
    leaves_.push_back(x);
    pool_.push_back(x);
  }

  const Tensor<T>& any() { return pool_[bytes_.byte() % pool_.size()]; }
  Index dimension() { return bytes_.number(-3, 3); }

  void keep(const Tensor<T>& x) {
    if (x.numel() <= 4000) pool_.push_back(x);
  }

  void kinked(const Tensor<T>& x) {
    outcome_.kinked = true;
    keep(x);
  }

  void step() {
    const T half = T(0.5), third = T(1) / T(3);
    switch (bytes_.number(0, 39)) {
      case 0:
        return keep((any() + any()) * half);
      case 1:
        return keep((any() - any()) * half);
      case 2:
        return keep(tanh(any() * any()));
      case 3: {
        const Tensor<T> a = any(), b = any();
        return keep(a / (b * b + T(1)));
      }
      case 4:
        return keep(tanh(any()));
      case 5:
        return keep(sigmoid(any()));
      case 6:
        return keep(exp(tanh(any())) * third);
      case 7: {
        const Tensor<T> a = any();
        return keep(log(a * a + T(1)));
      }
      case 8: {
        const Tensor<T> a = any();
        return keep(sqrt(a * a + T(1)) - T(1));
      }
      case 9:
        return keep(logsigmoid(any()) * half);
      case 10:
        return keep(gelu(any(), bytes_.flag() ? "tanh" : "none"));
      case 11:
        return kinked(relu(any()));
      case 12:
        return keep(softmax(any(), dimension()));
      case 13:
        return keep(tanh(log_softmax(any(), dimension()) * third));
      case 14:
        return keep(mean(any()));
      case 15:
        return keep(mean(any(), dimension(), bytes_.flag()));
      case 16:
        return keep(tanh(sum(any()) * T(0.1)));
      case 17:
        return keep(tanh(sum(any(), dimension(), bytes_.flag()) * T(0.1)));
      case 18:
        return kinked(max(any()));
      case 19:
        return keep(any().reshape(shape(bytes_)));
      case 20:
        return keep(any().flatten(dimension(), dimension()));
      case 21:
        return keep(any().unsqueeze(dimension()));
      case 22:
        return keep(bytes_.flag() ? any().squeeze() : any().squeeze(dimension()));
      case 23:
        return keep(any().transpose(dimension(), dimension()));
      case 24: {
        const Index dim = dimension(), start = bytes_.number(-3, 4);
        return keep(slice(any(), dim, start, start + bytes_.number(-1, 4)));
      }
      case 25:
        return keep(select(any(), dimension(), bytes_.number(-3, 3)));
      case 26: {
        std::vector<Tensor<T>> parts;
        for (int i = bytes_.number(0, 3); i > 0; --i) parts.push_back(any());
        return keep(bytes_.flag() ? cat(parts, dimension()) : stack(parts, dimension()));
      }
      case 27:
        return keep(tanh(matmul(any(), any()) * half));
      case 28:
        return keep(tanh(linear(any(), any(), bytes_.flag() ? any() : Tensor<T>()) * half));
      case 29:
        return keep(tanh(bmm(any(), any()) * half));
      case 30: {
        const Tensor<T>& table = any();
        return keep(embedding(indices(bytes_, table.dim() > 0 ? table.shape()[0] : 1), table,
                              {.padding_idx = padding(), .scale_grad_by_freq = bytes_.flag()}));
      }
      case 31:
        return bag();
      case 32: {
        const Tensor<T>& x = any();
        const Index size = x.dim() > 0 ? x.shape()[x.dim() - 1] : 1;
        return keep(tanh(layer_norm(x, Shape{size}, {}, {}, 0.1) * half));
      }
      case 33:
        return keep(normalize(any(), dimension(), T(0.5)));
      case 34: {
        const rowgrad::Conv1dOptions options{.stride = bytes_.number(0, 3),
                                             .padding = bytes_.number(0, 2),
                                             .dilation = bytes_.number(0, 2),
                                             .groups = bytes_.number(0, 2)};
        return keep(tanh(conv1d(any(), any(), {}, options) * half));
      }
      case 35: {
        const Tensor<T>& x = any();
        return keep(masked_fill(x, indices(bytes_, 2), T(0.25)));
      }
      case 36:
        return keep(bytes_.flag() ? any().detach() : any().clone());
      case 37: {
        const Tensor<T>& x = any();
        const Index classes = x.dim() > 1 ? x.shape()[1] : 3;
        return keep(tanh(cross_entropy(x, indices(bytes_, classes))));
      }
      case 38:
        return keep(tanh(mse_loss(any(), any())));
      default:
        return back();
    }
  }

  std::optional<Index> padding() { return bytes_.flag() ? std::optional<Index>(bytes_.number(-3, 3)) : std::nullopt; }

  void bag() {
    const Tensor<T>& table = any();
    const Indices ids = indices(bytes_, table.dim() > 0 ? table.shape()[0] : 1);
    const Indices offsets = bytes_.flag() ? indices(bytes_, ids.numel() + 1) : Indices();
    const int mode = bytes_.number(0, 5);
    const rowgrad::EmbeddingBagOptions options{.mode = mode == 0  ? rowgrad::BagMode::max
                                                       : mode < 3 ? rowgrad::BagMode::sum
                                                                  : rowgrad::BagMode::mean,
                                               .padding_idx = padding(),
                                               .scale_grad_by_freq = bytes_.flag(),
                                               .include_last_offset = bytes_.flag()};
    const Tensor<T> result = embedding_bag(ids, table, offsets, options, bytes_.flag() ? any() : Tensor<T>()) * T(0.25);
    if (mode == 0) outcome_.kinked = true;
    keep(tanh(result));
  }

  void back() {
    const Tensor<T> x = any();
    const bool retain = bytes_.flag(), twice = bytes_.flag(), seeded = bytes_.flag();
    const Tensor<T> seed = seeded ? any().detach() : Tensor<T>();
    for (int i = 0; i <= (twice ? 1 : 0); ++i) {
      if (seeded)
        x.backward(seed, retain);
      else
        x.backward(retain);
    }
  }

  Bytes bytes_;
  double disturbance_;
  rowgrad::Generator generator_{1}, noise_{2};
  std::vector<Tensor<T>> pool_, leaves_;
  Outcome outcome_;
};

// The largest difference, relative to 1 or the largest value; infinite where one is finite and the other is not.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT(a.size() == b.size());
  double largest = 1, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isfinite(a[i]) != std::isfinite(b[i])) return HUGE_VAL;
    if (!std::isfinite(a[i])) continue;
    largest = std::max(largest, std::abs(b[i]));
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  return difference / largest;
}

void compare(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& exact,
             const std::vector<std::vector<double>>& disturbed, const char* what) {
  EXPECT(a.size() == exact.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = distance(a[i], exact[i]);
    if (difference < 1e-4 || difference < 100 * distance(disturbed[i], exact[i])) continue;
    std::fprintf(stderr, "%s %zu: float and double differ by %g\n", what, i, difference);
    for (std::size_t j = 0; j < a[i].size(); ++j) std::fprintf(stderr, "%.9g %.17g\n", a[i][j], exact[i][j]);
    std::abort();
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  const Outcome narrow = Program<float>(bytes, 0).run(), wide = Program<double>(bytes, 0).run();
  EXPECT(narrow.errors.size() == wide.errors.size());
  for (std::size_t i = 0; i < wide.errors.size(); ++i) {
    const std::type_info *a = narrow.errors[i], *b = wide.errors[i];
    EXPECT((a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b));
  }
  EXPECT(narrow.row_sparse == wide.row_sparse);
  const Outcome disturbed = Program<double>(bytes, 1e-6).run();
  compare(narrow.values, wide.values, disturbed.values, "value");
  if (!wide.kinked) compare(narrow.gradients, wide.gradients, disturbed.gradients, "gradient");
  return 0;
}
