// What: all learning-rate schedules, also under the names of PyTorch's module: optim::lr_scheduler::StepLR.
// Why:  one include, as one imports them there.
// See:  schedules/ (one header a family); docs/guide.md.
#pragma once

#include <rowgrad/optim/schedules/composed.hpp>
#include <rowgrad/optim/schedules/cosine.hpp>
#include <rowgrad/optim/schedules/cycles.hpp>
#include <rowgrad/optim/schedules/functions.hpp>
#include <rowgrad/optim/schedules/plateau.hpp>
#include <rowgrad/optim/schedules/scheduler.hpp>
#include <rowgrad/optim/schedules/steps.hpp>

namespace rowgrad::optim::lr_scheduler {

using optim::ChainedScheduler;
using optim::ConstantLR;
using optim::CosineAnnealingLR;
using optim::CosineAnnealingWarmRestarts;
using optim::CyclicLR;
using optim::ExponentialLR;
using optim::LambdaLR;
using optim::LinearLR;
using optim::LRScheduler;
using optim::MultiplicativeLR;
using optim::MultiStepLR;
using optim::OneCycleLR;
using optim::PolynomialLR;
using optim::ReduceLROnPlateau;
using optim::SequentialLR;
using optim::StepLR;

}  // namespace rowgrad::optim::lr_scheduler
