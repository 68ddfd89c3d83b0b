// Compiled with -ffast-math: gradients, options and states that are not finite are refused all the same.
#include <cmath>
#include <cstdio>
#include <limits>

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/clip.hpp>
#include <rowgrad/optim/sgd.hpp>

namespace {

int failures = 0;

template <typename F>
void expect_refused(const char* what, const F& f) {
  try {
    f();
    std::printf("not refused: %s\n", what);
    ++failures;
  } catch (const rowgrad::ValueError&) {
  }
}

// The compiler must not know which values these are.
template <typename T>
T hidden(T value) {
  volatile T copy = value;
  return copy;
}

template <typename T>
void run() {
  using rowgrad::optim::Adam;
  using rowgrad::optim::SGD;
  const T bad[] = {hidden(std::numeric_limits<T>::quiet_NaN()), hidden(std::numeric_limits<T>::infinity()),
                   hidden(-std::numeric_limits<T>::infinity())};
  for (rowgrad::Index size : {1, 7, 16, 100})
    for (const T value : bad) {
      const auto w = rowgrad::ones<T>({size}).requires_grad_();
      SGD<T> sgd({w}, {.lr = 0.5});
      auto gradient = rowgrad::ones<T>({size});
      gradient.data()[size / 2] = value;
      w.grad().add(gradient);
      expect_refused("gradient", [&] { sgd.step(); });
      if (w.data()[0] != T(1)) ++failures;
      const double number = static_cast<double>(value);
      expect_refused("lr", [&] { Adam<T>({w}, {.lr = number}); });
      sgd.lr() = number;
      expect_refused("lr between steps", [&] { sgd.check(); });
    }
  const auto w = rowgrad::ones<T>({5}).requires_grad_();
  Adam<T> adam({w});
  w.grad().add(rowgrad::ones<T>({5}));
  adam.step();
  auto state = adam.state_dict();
  state.parameters[0].slots[1].data()[3] = bad[0];
  expect_refused("state", [&] { adam.load_state_dict(state); });

  const double nan = static_cast<double>(bad[0]);
  const rowgrad::Tensor<T> probability = rowgrad::full<T>({1}, bad[0]);
  const rowgrad::Indices label{0};
  expect_refused("dropout", [&] { rowgrad::nn::Dropout<T>{nan}; });
  expect_refused("dropout of an LSTM", [&] { rowgrad::nn::LSTM<T>(2, 2, {.num_layers = 2, .dropout = nan}); });
  expect_refused("max_norm of a table", [&] { rowgrad::nn::Embedding<T>(3, 2, {.max_norm = nan}); });
  expect_refused("norm_type of a table", [&] { rowgrad::nn::Embedding<T>(3, 2, {.max_norm = 1, .norm_type = nan}); });
  expect_refused("max_norm of clipping", [&] { rowgrad::optim::clip_grad_norm_<T>({w}, nan); });
  expect_refused("clip_value", [&] { rowgrad::optim::clip_grad_value_<T>({w}, nan); });
  expect_refused("probability", [&] { rowgrad::binary_cross_entropy(probability, rowgrad::ones<T>({1})); });
  expect_refused("target", [&] { rowgrad::binary_cross_entropy(rowgrad::full<T>({1}, T(0.5)), probability); });
  expect_refused("label_smoothing", [&] {
    cross_entropy(rowgrad::zeros<T>({1, 2}), label, {.label_smoothing = static_cast<T>(nan)});
  });
}

}  // namespace

int main() {
  run<float>();
  run<double>();
  return failures == 0 ? 0 : 1;
}
