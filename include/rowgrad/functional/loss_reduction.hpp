// What: Reduction, what becomes of the losses of the samples, and the frame of losses that go element by element.
// Why:  every loss reduces alike, and most differ in one formula and its derivatives alone.
// See:  class_loss.hpp, pair_loss.hpp, binary_loss.hpp, ranking_loss.hpp.
#pragma once

#include <rowgrad/functional/broadcast.hpp>
#include <rowgrad/functional/softmax.hpp>
#include <rowgrad/machine/finite.hpp>

namespace rowgrad {

/// What becomes of the losses of the samples. batchmean, for kl_div: their sum over the size of the first dimension.
enum class Reduction { mean, sum, none, batchmean };

/// A Reduction, or its name: "mean", "sum", "none", "batchmean". ValueError for another word.
class ReductionOption {
 public:
  constexpr ReductionOption(Reduction reduction) noexcept : reduction_(reduction) {}  // NOLINT: implicit by design
  ReductionOption(const char* name) : reduction_(named(name)) {}                      // NOLINT
  ReductionOption(const std::string& name) : reduction_(named(name)) {}               // NOLINT
  constexpr operator Reduction() const noexcept { return reduction_; }                // NOLINT

 private:
  [[gnu::cold]] static Reduction named(const std::string& name) {
    const char* const names[] = {"mean", "sum", "none", "batchmean"};
    for (int i = 0; i < 4; ++i)
      if (name == names[i]) return static_cast<Reduction>(i);
    detail::raise<ValueError>(
        "loss: reduction is \"mean\", \"sum\" or \"none\" (for kl_div also \"batchmean\"), got \"", name, '"');
  }

  Reduction reduction_;
};

struct LossOptions {
  ReductionOption reduction = Reduction::mean;  // or "mean", "sum", "none"
};

/// For the losses that multiply each element by a weight.
template <typename T>
struct WeightedLossOptions {
  ReductionOption reduction = Reduction::mean;
  Tensor<T> weight = {};  // a constant factor for each element; undefined means 1
};

/// Labels or signs that a loss goes by: a tensor of the input's scalar type, or indices.
template <typename Target, typename T>
concept LossTarget = std::derived_from<Target, Tensor<T>> || std::derived_from<Target, Indices>;

namespace detail {

/// The target as numbers of the input's type.
template <typename T, LossTarget<T> Target>
Tensor<T> target_values(const Target& target) {
  if constexpr (std::derived_from<Target, Tensor<T>>)
    return target;
  else
    return static_cast<const Indices&>(target).template to<T>();
}

/// Reduces the losses of samples; `total` is what a mean divides by.
template <typename T>
Tensor<T> reduce_loss(const char* operation, Tensor<T> losses, Reduction reduction, T total) {
  if (reduction == Reduction::none) return losses;
  if (reduction == Reduction::mean && total == T(0))
    raise<ValueError>(operation, ": the mean of no sample is undefined (an empty batch, or every target ignored)");
  if (reduction == Reduction::batchmean) raise<ValueError>(operation, ": \"batchmean\" is for kl_div alone");
  const T sum = sum_of(losses.data(), losses.numel());
  return full<T>(Shape{}, reduction == Reduction::mean ? sum / total : sum);
}

/// The gradient of each sample's loss: g over the total for a mean, g for a sum, its own for none.
template <typename T>
auto loss_gradient(const Tensor<T>& g, Reduction reduction, T total) {
  return [values = g.data(), reduction, total](Index k) {
    return reduction == Reduction::none ? values[k] : reduction == Reduction::mean ? *values / total : *values;
  };
}

/// A weight for pair_loss(): it broadcasts to the shape of the input. ShapeError when it does not.
template <typename T>
Tensor<T> loss_weight(const char* operation, const char* option, const Tensor<T>& weight, const Shape& shape) {
  if (!weight.defined()) return {};
  if (broadcast_shape(operation, shape, weight.shape()) != shape)
    raise<ShapeError>(operation, ": ", option, " ", weight.shape(), " must be one value or one per column of input ",
                      shape);
  const bool along_columns = weight.numel() == 1 || Shape{weight.numel()} == weight.shape();
  return along_columns ? weight.detach() : repeat_to(weight, shape).detach();
}

/// A loss between tensors of one shape: f(x, t, position) and its derivatives in x and t, element by element. A weight,
/// unless undefined, multiplies them; its values repeat along the elements. `total` is what a mean divides by.
template <typename T, typename F, typename Dx, typename Dy>
Tensor<T> pair_loss(const char* operation, const char* name, const Tensor<T>& input, const Tensor<T>& target,
                    Reduction reduction, const Tensor<T>& weight, T total, const F& f, const Dx& dx, const Dy& dy) {
  if (input.shape() != target.shape())
    raise<ShapeError>(operation, ": input ", input.shape(), " and target ", target.shape(),
                      " must have the same shape");
  Tensor<T> losses(input.shape());
  const Index n = input.numel();
  for (Index i = 0; i < n; ++i) losses.data()[i] = f(input.data()[i], target.data()[i], i);
  if (weight.defined())
    for (Index i = 0; i < n; ++i) losses.data()[i] *= weight.data()[i % weight.numel()];
  Tensor<T> y = reduce_loss(operation, std::move(losses), reduction, total);
  if (recording(input, target)) {
    record(
        y, name,
        [=, x = saved(input), t = saved(target), w = weight](Tensor<T> g, Node<T>* nx, Node<T>* nt) {
          const auto gradient = loss_gradient(g, reduction, total);
          const auto pass_on = [&](Node<T>* node, const auto& derivative) {
            if (node == nullptr) return;
            Tensor<T> result(x.shape());
            for (Index i = 0; i < x.numel(); ++i)
              result.data()[i] = gradient(i) * derivative(x.data()[i], t.data()[i], i);
            if (w.defined())
              for (Index i = 0; i < x.numel(); ++i) result.data()[i] *= w.data()[i % w.numel()];
            node->accumulate(std::move(result));
          };
          pass_on(nx, dx);
          pass_on(nt, dy);
        },
        input, target);
  }
  return y;
}

}  // namespace detail
}  // namespace rowgrad
