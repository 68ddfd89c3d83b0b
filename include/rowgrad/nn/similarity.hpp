// What: CosineSimilarity and PairwiseDistance as layers.
// Why:  a model is given one or the other, with its options.
// See:  functional/similarity.hpp, functional/distance.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/similarity.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// PyTorch: torch.nn.CosineSimilarity.
template <typename T>
class CosineSimilarity : public Module<T> {
 public:
  explicit CosineSimilarity(Index dim = 1, double eps = 1e-8) : dim_(dim), eps_(eps) {}
  Tensor<T> forward(const Tensor<T>& a, const Tensor<T>& b) const {
    return cosine_similarity(a, b, dim_, static_cast<T>(eps_));
  }
  Tensor<T> operator()(const Tensor<T>& a, const Tensor<T>& b) const { return forward(a, b); }

 private:
  Index dim_;
  double eps_;
};

/// The p-norm of differences over the last dimension. PyTorch: torch.nn.PairwiseDistance.
template <typename T>
class PairwiseDistance : public Module<T> {
 public:
  explicit PairwiseDistance(double p = 2, double eps = 1e-6, bool keepdim = false)
      : p_(p), eps_(eps), keepdim_(keepdim) {}
  Tensor<T> forward(const Tensor<T>& a, const Tensor<T>& b) const {
    return pairwise_distance(a, b, p_, eps_, keepdim_);
  }
  Tensor<T> operator()(const Tensor<T>& a, const Tensor<T>& b) const { return forward(a, b); }

 private:
  double p_, eps_;
  bool keepdim_;
};

}  // namespace rowgrad::nn
