// What: what a model needs, in one include: all rooms except vectors/ and io/, which have headers of their own.
// Why:  for programs; headers and libraries include what they use.
// See:  README.md for a first program, docs/ for the rest.
#pragma once

#include <rowgrad/core/any_tensor.hpp>
#include <rowgrad/core/concat.hpp>
#include <rowgrad/core/dims.hpp>
#include <rowgrad/core/error.hpp>
#include <rowgrad/core/factory.hpp>
#include <rowgrad/core/printing.hpp>
#include <rowgrad/core/random.hpp>
#include <rowgrad/core/row_debt.hpp>
#include <rowgrad/core/scalars.hpp>
#include <rowgrad/core/shape.hpp>
#include <rowgrad/core/state_dict.hpp>
#include <rowgrad/core/storage.hpp>
#include <rowgrad/core/tensor.hpp>
#include <rowgrad/core/tensor_methods.hpp>
#include <rowgrad/core/threads.hpp>
#include <rowgrad/core/version.hpp>

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/autograd/copies.hpp>
#include <rowgrad/autograd/grad_mode.hpp>
#include <rowgrad/autograd/gradcheck.hpp>
#include <rowgrad/autograd/gradient.hpp>
#include <rowgrad/autograd/in_place.hpp>
#include <rowgrad/autograd/node.hpp>
#include <rowgrad/autograd/record.hpp>
#include <rowgrad/autograd/row_gradient.hpp>

#include <rowgrad/table/append_rows.hpp>
#include <rowgrad/table/bag.hpp>
#include <rowgrad/table/bags.hpp>
#include <rowgrad/table/gather_rows.hpp>
#include <rowgrad/table/ids.hpp>
#include <rowgrad/table/lookup.hpp>
#include <rowgrad/table/lookup_options.hpp>
#include <rowgrad/table/renormalise.hpp>
#include <rowgrad/table/row_source.hpp>

#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/arithmetic.hpp>
#include <rowgrad/functional/attention.hpp>
#include <rowgrad/functional/binary_loss.hpp>
#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/functional/class_loss.hpp>
#include <rowgrad/functional/comparison.hpp>
#include <rowgrad/functional/conv1d.hpp>
#include <rowgrad/functional/cumulative.hpp>
#include <rowgrad/functional/distance.hpp>
#include <rowgrad/functional/dropout.hpp>
#include <rowgrad/functional/elementary.hpp>
#include <rowgrad/functional/elementwise.hpp>
#include <rowgrad/functional/extremes.hpp>
#include <rowgrad/functional/in_place.hpp>
#include <rowgrad/functional/indexing.hpp>
#include <rowgrad/functional/layer_norm.hpp>
#include <rowgrad/functional/logic.hpp>
#include <rowgrad/functional/loss.hpp>
#include <rowgrad/functional/loss_reduction.hpp>
#include <rowgrad/functional/mask.hpp>
#include <rowgrad/functional/matmul.hpp>
#include <rowgrad/functional/one_hot.hpp>
#include <rowgrad/functional/packed_sequence.hpp>
#include <rowgrad/functional/pair_loss.hpp>
#include <rowgrad/functional/pieces.hpp>
#include <rowgrad/functional/pointwise.hpp>
#include <rowgrad/functional/pooling.hpp>
#include <rowgrad/functional/promotion.hpp>
#include <rowgrad/functional/ranking_loss.hpp>
#include <rowgrad/functional/rearrange.hpp>
#include <rowgrad/functional/recurrent.hpp>
#include <rowgrad/functional/recurrent_cells.hpp>
#include <rowgrad/functional/recurrent_direction.hpp>
#include <rowgrad/functional/reduce.hpp>
#include <rowgrad/functional/reduced.hpp>
#include <rowgrad/functional/rounding.hpp>
#include <rowgrad/functional/scatter.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/functional/similarity.hpp>
#include <rowgrad/functional/softmax.hpp>
#include <rowgrad/functional/statistics.hpp>
#include <rowgrad/functional/windows.hpp>

#include <rowgrad/nn/activation.hpp>
#include <rowgrad/nn/attention_pooling.hpp>
#include <rowgrad/nn/conv1d.hpp>
#include <rowgrad/nn/dropout.hpp>
#include <rowgrad/nn/embedding.hpp>
#include <rowgrad/nn/embedding_bag.hpp>
#include <rowgrad/nn/embedding_table.hpp>
#include <rowgrad/nn/init.hpp>
#include <rowgrad/nn/layer_norm.hpp>
#include <rowgrad/nn/linear.hpp>
#include <rowgrad/nn/load_state.hpp>
#include <rowgrad/nn/loss.hpp>
#include <rowgrad/nn/members.hpp>
#include <rowgrad/nn/module.hpp>
#include <rowgrad/nn/multihead_attention.hpp>
#include <rowgrad/nn/parameter.hpp>
#include <rowgrad/nn/pooling.hpp>
#include <rowgrad/nn/recurrent.hpp>
#include <rowgrad/nn/recurrent_cell.hpp>
#include <rowgrad/nn/recurrent_parameters.hpp>
#include <rowgrad/nn/sequential.hpp>
#include <rowgrad/nn/tied_copies.hpp>

#include <rowgrad/optim/adadelta.hpp>
#include <rowgrad/optim/adagrad.hpp>
#include <rowgrad/optim/adam.hpp>
#include <rowgrad/optim/adamax.hpp>
#include <rowgrad/optim/clip.hpp>
#include <rowgrad/optim/fields.hpp>
#include <rowgrad/optim/lr_scheduler.hpp>
#include <rowgrad/optim/nadam.hpp>
#include <rowgrad/optim/optimizer.hpp>
#include <rowgrad/optim/radam.hpp>
#include <rowgrad/optim/rmsprop.hpp>
#include <rowgrad/optim/row_report.hpp>
#include <rowgrad/optim/rowwise_adagrad.hpp>
#include <rowgrad/optim/rule.hpp>
#include <rowgrad/optim/rule_optimizer.hpp>
#include <rowgrad/optim/rule_state.hpp>
#include <rowgrad/optim/sgd.hpp>

#include <rowgrad/text/padding.hpp>
#include <rowgrad/text/tokenizer.hpp>
#include <rowgrad/text/vocabulary.hpp>
#include <rowgrad/text/word_counts.hpp>

#include <rowgrad/data/batches.hpp>
#include <rowgrad/data/labelled_text.hpp>
#include <rowgrad/data/splits.hpp>

#ifdef ROWGRAD_COMPILED  // defined by the CMake target rowgrad::compiled
#include <rowgrad/instances.hpp>
#endif
