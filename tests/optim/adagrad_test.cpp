#include "training.hpp"

#include <rowgrad/optim/adagrad.hpp>

using rowgrad::optim::Adagrad;
using rowgrad::optim::AdagradOptions;

TEST_CASE("Adagrad: PyTorch's weights") {
  training::expect_golden_of_both_types<Adagrad, AdagradOptions>(
      "optim_adagrad",
      {{"plain", {{.lr = 0.1}}},
       {"lr_decay", {{.lr = 0.1, .lr_decay = 0.1}}},
       {"weight_decay", {{.lr = 0.1, .weight_decay = 0.1}}},
       {"initial", {{.lr = 0.1, .initial_accumulator_value = 0.5}}},
       {"eps", {{.lr = 0.1, .eps = 1e-1}}},
       {"all", {{.lr = 0.1, .lr_decay = 0.1, .weight_decay = 0.1, .initial_accumulator_value = 0.2, .eps = 1e-3}}},
       {"switch_decay", {{.lr = 0.1}, [](AdagradOptions& o) { o.weight_decay = 0.2; }}}});
}

TEST_CASE("Adagrad: deferred rows leave the weights of dense steps") {
  for (const AdagradOptions& options :
       {AdagradOptions{.lr = 0.1},
        {.lr = 0.1, .lr_decay = 0.05},
        {.lr = 0.1, .weight_decay = 0.05},
        {.lr = 0.1, .lr_decay = 0.05, .weight_decay = 0.05, .initial_accumulator_value = 0.3, .eps = 1e-3}}) {
    CAPTURE(options.lr_decay);
    CAPTURE(options.weight_decay);
    CAPTURE(options.initial_accumulator_value);
    training::expect_dense_weights<Adagrad, double>(options, training::rounding_tolerance);
    training::expect_dense_weights<Adagrad, float>(options, 1e-5);
  }
}
