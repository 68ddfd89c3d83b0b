// What: ROWGRAD_INSTANTIATE, the list of templates that rowgrad::compiled holds for float and double.
// Why:  a program that links that library finds them compiled instead of compiling them in every one of its files. It
//       defines ROWGRAD_COMPILED (the CMake target does), which declares them extern here.
// See:  cmake/compiled.cpp; docs/decisions.md, "Compile time".
#pragma once

#include <rowgrad/rowgrad.hpp>

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type, PREFIX a keyword
// What indices need, whatever T is: of Tensor these members alone, since others take floating point only.
#define ROWGRAD_INSTANTIATE_INDICES(PREFIX)                                                \
  namespace rowgrad {                                                                      \
  PREFIX template Tensor<Index>::Tensor(const Shape&);                                     \
  PREFIX template Tensor<Index>::Tensor(std::initializer_list<detail::NestedList<Index>>); \
  PREFIX template std::string to_string<Index>(const Tensor<Index>&);                      \
  }

// Functions between namespaces, then classes. Templates that take a callable or a list of types stay with the program.
#define ROWGRAD_INSTANTIATE(PREFIX, T)                                                                            \
  namespace rowgrad {                                                                                             \
  PREFIX template class Tensor<T>;                                                                                \
  PREFIX template class Gradient<T>;                                                                              \
  PREFIX template class Node<T>;                                                                                  \
  PREFIX template void Generator::normal<T>(T*, Index, T, T);                                                     \
  PREFIX template Tensor<T> zeros<T>(const Shape&);                                                               \
  PREFIX template std::string to_string<T>(const Tensor<T>&);                                                     \
  PREFIX template Tensor<T> operator+<T>(const Tensor<T>&, const Tensor<T>&);                                     \
  PREFIX template Tensor<T> operator-<T>(const Tensor<T>&, const Tensor<T>&);                                     \
  PREFIX template Tensor<T> operator*<T>(const Tensor<T>&, const Tensor<T>&);                                     \
  PREFIX template Tensor<T> operator/<T>(const Tensor<T>&, const Tensor<T>&);                                     \
  PREFIX template Tensor<T> matmul<T>(const Tensor<T>&, const Tensor<T>&);                                        \
  PREFIX template Tensor<T> linear<T>(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&);                      \
  PREFIX template Tensor<T> relu<T>(const Tensor<T>&);                                                            \
  PREFIX template Tensor<T> sigmoid<T>(const Tensor<T>&);                                                         \
  PREFIX template Tensor<T> tanh<T>(const Tensor<T>&);                                                            \
  PREFIX template Tensor<T> softmax<T>(const Tensor<T>&, Index);                                                  \
  PREFIX template Tensor<T> log_softmax<T>(const Tensor<T>&, Index);                                              \
  PREFIX template Tensor<T> cross_entropy<T>(const Tensor<T>&, const Indices&,                                    \
                                             const std::type_identity_t<CrossEntropyOptions<T>>&);                \
  PREFIX template Tensor<T> binary_cross_entropy<T>(const Tensor<T>&, const Tensor<T>&,                           \
                                                    const std::type_identity_t<BceOptions<T>>&);                  \
  PREFIX template Tensor<T> mse_loss<T>(const Tensor<T>&, const Tensor<T>&,                                       \
                                        const std::type_identity_t<WeightedLossOptions<T>>&);                     \
  PREFIX template Tensor<T> embedding<T>(const Indices&, const Tensor<T>&, const LookupOptions&);                 \
  PREFIX template Tensor<T> embedding_bag<T>(const Indices&, const Tensor<T>&, const Indices&,                    \
                                             const EmbeddingBagOptions&, const std::type_identity_t<Tensor<T>>&); \
  PREFIX template Tensor<T> dropout<T>(const Tensor<T>&, double, bool, Generator&);                               \
  }                                                                                                               \
  namespace rowgrad::nn {                                                                                         \
  PREFIX template class Parameter<T>;                                                                             \
  PREFIX template class Members<T>;                                                                               \
  PREFIX template class Module<T>;                                                                                \
  PREFIX template class Sequential<T>;                                                                            \
  PREFIX template class Embedding<T>;                                                                             \
  PREFIX template class EmbeddingBag<T>;                                                                          \
  PREFIX template class Linear<T>;                                                                                \
  PREFIX template class LayerNorm<T>;                                                                             \
  PREFIX template class Dropout<T>;                                                                               \
  PREFIX template class ReLU<T>;                                                                                  \
  PREFIX template class Recurrent<T, LSTMCellRule, LSTMState<T>>;                                                 \
  PREFIX template class Recurrent<T, GRUCellRule, Tensor<T>>;                                                     \
  PREFIX template class Recurrent<T, RNNCellRule, Tensor<T>>;                                                     \
  PREFIX template class LSTM<T>;                                                                                  \
  PREFIX template class GRU<T>;                                                                                   \
  PREFIX template class RNN<T>;                                                                                   \
  }                                                                                                               \
  namespace rowgrad::optim {                                                                                      \
  PREFIX template class RuleOptimizer<T, detail::AdamRule<T, AdamOptions>>;                                       \
  PREFIX template class RuleOptimizer<T, detail::AdamRule<T, AdamWOptions>>;                                      \
  PREFIX template class RuleOptimizer<T, detail::SparseAdamRule<T>>;                                              \
  PREFIX template class RuleOptimizer<T, detail::SGDRule<T>>;                                                     \
  PREFIX template class RuleOptimizer<T, detail::AdagradRule<T>>;                                                 \
  PREFIX template class RuleOptimizer<T, detail::RMSpropRule<T>>;                                                 \
  PREFIX template class Adam<T>;                                                                                  \
  PREFIX template class AdamW<T>;                                                                                 \
  PREFIX template class SparseAdam<T>;                                                                            \
  PREFIX template class SGD<T>;                                                                                   \
  PREFIX template class Adagrad<T>;                                                                               \
  PREFIX template class RMSprop<T>;                                                                               \
  }
// NOLINTEND(bugprone-macro-parentheses)

namespace rowgrad::detail {
inline namespace ROWGRAD_ISA {

/// In rowgrad::compiled, for the instruction set it was compiled for. A linker that does not find it says that a file
/// and the library were compiled with different -march options, which would otherwise cost speed in silence.
extern const char compiled_with_the_same_march_options;
#ifdef ROWGRAD_COMPILED
[[gnu::used]] inline const char* const compiled_library = &compiled_with_the_same_march_options;
#endif

}  // namespace ROWGRAD_ISA
}  // namespace rowgrad::detail

#ifdef ROWGRAD_COMPILED
ROWGRAD_INSTANTIATE_INDICES(extern)
ROWGRAD_INSTANTIATE(extern, float)
ROWGRAD_INSTANTIATE(extern, double)
#endif
