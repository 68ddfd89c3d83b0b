// What: the losses as modules: criterion(model(x), target).
// Why:  a criterion is chosen once, with its options, where a program is set up.
// See:  functional/loss.hpp (the same as functions); PyTorch torch.nn.
#pragma once

#include <rowgrad/functional/loss.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// What the losses without weights share: their options.
template <typename T, typename Options>
class Loss : public Module<T> {
 public:
  explicit Loss(const Options& options = {}) : options_(options) {}
  const Options& options() const noexcept { return options_; }

 protected:
  Options options_;
};

/// What the losses with weights share: these are buffers, which are copied and saved with the module, as in PyTorch.
template <typename T, typename Options>
class WeightedLoss : public Module<T> {
 public:
  Buffer<T> weight;

  explicit WeightedLoss(const Options& options = {}) : options_(options) {
    if (!options.weight.defined()) return;
    weight = Buffer<T>(options.weight);
    options_.weight = {};
  }
  void members(Members<T>& m) override { m("weight", weight); }

 protected:
  Options options() const {
    Options result = options_;
    result.weight = weight;
    return result;
  }

 private:
  Options options_;
};

/// Of logits, with classes or with a probability for each class. PyTorch: torch.nn.CrossEntropyLoss.
template <typename T>
class CrossEntropyLoss : public WeightedLoss<T, CrossEntropyOptions<T>> {
 public:
  using WeightedLoss<T, CrossEntropyOptions<T>>::WeightedLoss;
  template <LossTarget<T> Target = Indices>
  Tensor<T> forward(const Tensor<T>& input, const Target& target) const {
    return cross_entropy(input, target, this->options());
  }
  template <LossTarget<T> Target = Indices>
  Tensor<T> operator()(const Tensor<T>& input, const Target& target) const {
    return forward(input, target);
  }
};

/// PyTorch: torch.nn.NLLLoss.
template <typename T>
class NLLLoss : public WeightedLoss<T, NllLossOptions<T>> {
 public:
  using WeightedLoss<T, NllLossOptions<T>>::WeightedLoss;
  Tensor<T> forward(const Tensor<T>& input, const Indices& target) const {
    return nll_loss(input, target, this->options());
  }
  Tensor<T> operator()(const Tensor<T>& input, const Indices& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.MultiMarginLoss.
template <typename T>
class MultiMarginLoss : public WeightedLoss<T, MultiMarginOptions<T>> {
 public:
  using WeightedLoss<T, MultiMarginOptions<T>>::WeightedLoss;
  Tensor<T> forward(const Tensor<T>& input, const Indices& target) const {
    return multi_margin_loss(input, target, this->options());
  }
  Tensor<T> operator()(const Tensor<T>& input, const Indices& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.BCELoss.
template <typename T>
class BCELoss : public WeightedLoss<T, BceOptions<T>> {
 public:
  using WeightedLoss<T, BceOptions<T>>::WeightedLoss;
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    return binary_cross_entropy(input, target, this->options());
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.BCEWithLogitsLoss.
template <typename T>
class BCEWithLogitsLoss : public WeightedLoss<T, BceWithLogitsOptions<T>> {
  using Base = WeightedLoss<T, BceWithLogitsOptions<T>>;

 public:
  Buffer<T> pos_weight;

  explicit BCEWithLogitsLoss(const BceWithLogitsOptions<T>& options = {})
      : Base({options.weight, {}, options.reduction}) {
    if (options.pos_weight.defined()) pos_weight = Buffer<T>(options.pos_weight);
  }
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    BceWithLogitsOptions<T> options = this->options();
    options.pos_weight = pos_weight;
    return binary_cross_entropy_with_logits(input, target, options);
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
  void members(Members<T>& m) override {
    Base::members(m);
    m("pos_weight", pos_weight);
  }
};

/// PyTorch: torch.nn.MultiLabelSoftMarginLoss.
template <typename T>
class MultiLabelSoftMarginLoss : public WeightedLoss<T, BceOptions<T>> {
 public:
  using WeightedLoss<T, BceOptions<T>>::WeightedLoss;
  template <LossTarget<T> Target = Indices>
  Tensor<T> forward(const Tensor<T>& input, const Target& target) const {
    return multilabel_soft_margin_loss(input, target, this->options());
  }
  template <LossTarget<T> Target = Indices>
  Tensor<T> operator()(const Tensor<T>& input, const Target& target) const {
    return forward(input, target);
  }
};

/// PyTorch: torch.nn.MSELoss.
template <typename T>
class MSELoss : public Loss<T, LossOptions> {
 public:
  using Loss<T, LossOptions>::Loss;
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    return mse_loss(input, target, {this->options_.reduction});
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.L1Loss.
template <typename T>
class L1Loss : public Loss<T, LossOptions> {
 public:
  using Loss<T, LossOptions>::Loss;
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    return l1_loss(input, target, {this->options_.reduction});
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.SmoothL1Loss.
template <typename T>
class SmoothL1Loss : public Loss<T, SmoothL1Options> {
 public:
  using Loss<T, SmoothL1Options>::Loss;
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    return smooth_l1_loss(input, target, this->options_);
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.HuberLoss.
template <typename T>
class HuberLoss : public Loss<T, HuberOptions<T>> {
 public:
  using Loss<T, HuberOptions<T>>::Loss;
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    return huber_loss(input, target, this->options_);
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.KLDivLoss.
template <typename T>
class KLDivLoss : public Loss<T, KlDivOptions> {
 public:
  using Loss<T, KlDivOptions>::Loss;
  Tensor<T> forward(const Tensor<T>& input, const Tensor<T>& target) const {
    return kl_div(input, target, this->options_);
  }
  Tensor<T> operator()(const Tensor<T>& input, const Tensor<T>& target) const { return forward(input, target); }
};

/// PyTorch: torch.nn.SoftMarginLoss.
template <typename T>
class SoftMarginLoss : public Loss<T, LossOptions> {
 public:
  using Loss<T, LossOptions>::Loss;
  template <LossTarget<T> Target = Indices>
  Tensor<T> forward(const Tensor<T>& input, const Target& target) const {
    return soft_margin_loss(input, target, this->options_);
  }
  template <LossTarget<T> Target = Indices>
  Tensor<T> operator()(const Tensor<T>& input, const Target& target) const {
    return forward(input, target);
  }
};

/// PyTorch: torch.nn.HingeEmbeddingLoss.
template <typename T>
class HingeEmbeddingLoss : public Loss<T, HingeEmbeddingOptions> {
 public:
  using Loss<T, HingeEmbeddingOptions>::Loss;
  template <LossTarget<T> Target = Indices>
  Tensor<T> forward(const Tensor<T>& input, const Target& target) const {
    return hinge_embedding_loss(input, target, this->options_);
  }
  template <LossTarget<T> Target = Indices>
  Tensor<T> operator()(const Tensor<T>& input, const Target& target) const {
    return forward(input, target);
  }
};

/// PyTorch: torch.nn.MarginRankingLoss.
template <typename T>
class MarginRankingLoss : public Loss<T, MarginOptions> {
 public:
  using Loss<T, MarginOptions>::Loss;
  template <LossTarget<T> Target = Indices>
  Tensor<T> forward(const Tensor<T>& input1, const Tensor<T>& input2, const Target& target) const {
    return margin_ranking_loss(input1, input2, target, this->options_);
  }
  template <LossTarget<T> Target = Indices>
  Tensor<T> operator()(const Tensor<T>& input1, const Tensor<T>& input2, const Target& target) const {
    return forward(input1, input2, target);
  }
};

/// PyTorch: torch.nn.CosineEmbeddingLoss.
template <typename T>
class CosineEmbeddingLoss : public Loss<T, MarginOptions> {
 public:
  using Loss<T, MarginOptions>::Loss;
  template <LossTarget<T> Target = Indices>
  Tensor<T> forward(const Tensor<T>& input1, const Tensor<T>& input2, const Target& target) const {
    return cosine_embedding_loss(input1, input2, target, this->options_);
  }
  template <LossTarget<T> Target = Indices>
  Tensor<T> operator()(const Tensor<T>& input1, const Tensor<T>& input2, const Target& target) const {
    return forward(input1, input2, target);
  }
};

/// PyTorch: torch.nn.TripletMarginLoss.
template <typename T>
class TripletMarginLoss : public Loss<T, TripletMarginOptions> {
 public:
  using Loss<T, TripletMarginOptions>::Loss;
  Tensor<T> forward(const Tensor<T>& anchor, const Tensor<T>& positive, const Tensor<T>& negative) const {
    return triplet_margin_loss(anchor, positive, negative, this->options_);
  }
  Tensor<T> operator()(const Tensor<T>& anchor, const Tensor<T>& positive, const Tensor<T>& negative) const {
    return forward(anchor, positive, negative);
  }
};

}  // namespace rowgrad::nn
