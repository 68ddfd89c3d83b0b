#include "training.hpp"

#include <rowgrad/optim/rmsprop.hpp>

using rowgrad::optim::RMSprop;
using rowgrad::optim::RMSpropOptions;

TEST_CASE("RMSprop: PyTorch's weights") {
  training::expect_golden_of_both_types<RMSprop, RMSpropOptions>(
      "optim_rmsprop",
      {{"plain", {{.lr = 0.02}}},
       {"alpha", {{.lr = 0.02, .alpha = 0.8}}},
       {"eps", {{.lr = 0.02, .eps = 1e-1}}},
       {"weight_decay", {{.lr = 0.02, .weight_decay = 0.1}}},
       {"momentum", {{.lr = 0.02, .momentum = 0.9}}},
       {"centered", {{.lr = 0.02, .centered = true}}},
       {"all", {{.lr = 0.02, .alpha = 0.9, .eps = 1e-3, .weight_decay = 0.1, .momentum = 0.5, .centered = true}}},
       {"switch_alpha", {{.lr = 0.02}, [](RMSpropOptions& o) { o.alpha = 0.5; }}},
       {"switch_momentum", {{.lr = 0.02, .momentum = 0.9}, [](RMSpropOptions& o) { o.momentum = 0.3; }}}});
}

TEST_CASE("RMSprop: deferred rows leave the weights of dense steps") {
  for (const RMSpropOptions& options :
       {RMSpropOptions{.lr = 0.02},
        {.lr = 0.02, .alpha = 0.8},
        {.lr = 0.02, .weight_decay = 0.05},
        {.lr = 0.02, .momentum = 0.9},
        {.lr = 0.02, .centered = true},
        {.lr = 0.02, .momentum = 0.9, .centered = true},
        {.lr = 0.02, .alpha = 0.9, .eps = 1e-3, .weight_decay = 0.05, .momentum = 0.5, .centered = true}}) {
    CAPTURE(options.alpha);
    CAPTURE(options.weight_decay);
    CAPTURE(options.momentum);
    CAPTURE(options.centered);
    training::expect_dense_weights<RMSprop, double>(options, training::rounding_tolerance);
  }
  training::expect_dense_weights<RMSprop, float>(RMSpropOptions{.lr = 0.02, .momentum = 0.9}, 1e-5);
}
