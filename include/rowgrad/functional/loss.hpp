// What: the losses, all of them.
// Why:  programs that train include one header.
// See:  class_loss.hpp, binary_loss.hpp, pair_loss.hpp, ranking_loss.hpp; nn/loss.hpp (the same as modules).
#pragma once

#include <rowgrad/functional/binary_loss.hpp>
#include <rowgrad/functional/class_loss.hpp>
#include <rowgrad/functional/pair_loss.hpp>
#include <rowgrad/functional/ranking_loss.hpp>
