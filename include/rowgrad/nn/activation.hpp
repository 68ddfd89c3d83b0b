// What: the activations and reshapings that have no weights, as layers.
// Why:  for Sequential and for printed models; in a forward function the free functions read as well.
// See:  functional/activation.hpp; sequential.hpp; PyTorch torch.nn.
#pragma once

#include <rowgrad/core/check.hpp>
#include <rowgrad/functional/activation.hpp>
#include <rowgrad/functional/shape.hpp>
#include <rowgrad/functional/softmax.hpp>
#include <rowgrad/nn/module.hpp>

namespace rowgrad::nn {

/// PyTorch: torch.nn.ReLU.
template <typename T>
class ReLU : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return relu(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Sigmoid.
template <typename T>
class Sigmoid : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return sigmoid(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Tanh.
template <typename T>
class Tanh : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return tanh(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.GELU.
template <typename T>
class GELU : public Module<T> {
 public:
  explicit GELU(std::string approximate = "none") : approximate_(std::move(approximate)) {}
  Tensor<T> forward(const Tensor<T>& x) const { return gelu(x, approximate_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("approximate='", approximate_, "'"); }

 private:
  std::string approximate_;
};

/// PyTorch: torch.nn.LogSigmoid.
template <typename T>
class LogSigmoid : public Module<T> {
 public:
  Tensor<T> forward(const Tensor<T>& x) const { return logsigmoid(x); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// PyTorch: torch.nn.Softmax.
template <typename T>
class Softmax : public Module<T> {
 public:
  explicit Softmax(Index dim) : dim_(dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return softmax(x, dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_); }

 private:
  Index dim_;
};

/// PyTorch: torch.nn.LogSoftmax.
template <typename T>
class LogSoftmax : public Module<T> {
 public:
  explicit LogSoftmax(Index dim) : dim_(dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return log_softmax(x, dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_); }

 private:
  Index dim_;
};

/// Dimensions start_dim .. end_dim merged; the batch stays by default. PyTorch: torch.nn.Flatten.
template <typename T>
class Flatten : public Module<T> {
 public:
  explicit Flatten(Index start_dim = 1, Index end_dim = -1) : start_dim_(start_dim), end_dim_(end_dim) {}
  Tensor<T> forward(const Tensor<T>& x) const { return flatten(x, start_dim_, end_dim_); }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("start_dim=", start_dim_, ", end_dim=", end_dim_); }

 private:
  Index start_dim_, end_dim_;
};

/// x itself, whatever the arguments that its place in a model goes by. PyTorch: torch.nn.Identity.
template <typename T>
class Identity : public Module<T> {
 public:
  template <typename... Arguments>
  explicit Identity(const Arguments&...) {}
  Identity(const Identity&) = default;
  Identity(Identity&&) noexcept = default;
  Identity& operator=(const Identity&) = default;
  Identity& operator=(Identity&&) noexcept = default;
  Tensor<T> forward(const Tensor<T>& x) const { return x; }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
};

/// Dimension dim cut into several of these sizes; one of them may be -1. PyTorch: torch.nn.Unflatten.
template <typename T>
class Unflatten : public Module<T> {
 public:
  Unflatten(Index dim, std::vector<Index> unflattened_size) : dim_(dim), sizes_(std::move(unflattened_size)) {}
  /// ShapeError when the sizes' product is not dim's, ValueError for more than one -1.
  Tensor<T> forward(const Tensor<T>& x) const {
    const int d = detail::wrap_dim("Unflatten", dim_, x.dim());
    const auto free = std::find(sizes_.begin(), sizes_.end(), Index{-1});
    Shape shape = x.shape();
    Index product = 1;
    for (const Index size : sizes_)
      if (size >= 0) product = detail::saturated_product(product, size);
    const Index whole = shape[d];
    shape.erase(d);
    for (std::size_t i = 0; i < sizes_.size(); ++i) {
      const bool inferred = free != sizes_.end() && static_cast<std::ptrdiff_t>(i) == free - sizes_.begin();
      if (sizes_[i] < 0 && !inferred)
        detail::raise<ValueError>("Unflatten: expected sizes of at least 0, and at most one -1");
      shape.insert(d + static_cast<int>(i), inferred ? (product > 0 ? whole / product : 0) : sizes_[i]);
    }
    Index got = 1;
    for (std::size_t i = 0; i < sizes_.size(); ++i)
      got = detail::saturated_product(got, shape[d + static_cast<int>(i)]);
    if (got != whole || sizes_.empty())
      detail::raise<ShapeError>("Unflatten: dimension ", d, " of ", x.shape(), " does not divide into ", repr());
    return reshape(x, shape);
  }
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  std::string extra_repr() const override { return detail::concat("dim=", dim_, ", unflattened_size=", repr()); }

 private:
  std::string repr() const {
    std::string text = "(";
    for (const Index size : sizes_) text += detail::concat(text.size() > 1 ? ", " : "", size);
    return text + (sizes_.size() == 1 ? ",)" : ")");
  }

  Index dim_;
  std::vector<Index> sizes_;
};

}  // namespace rowgrad::nn
