// What: autograd::grad(), gradients as results instead of in grad().
// Why:  a penalty, a saliency map or a step of one's own needs the gradient of some tensors and is to leave all others
//       alone; only the part of the graph that leads to them is walked.
// See:  node.hpp (the walk); autograd.hpp (backward); PyTorch torch.autograd.grad.
#pragma once

#include <rowgrad/autograd/autograd.hpp>

namespace rowgrad {
namespace detail {

/// For as long as it lives, the graph below a node consists of what leads to some targets. What does not is cut off,
/// and a target that nothing else is needed of gathers its gradient as leaves do.
class GraphCut {
 public:
  // Delegates, so that the destructor runs when this throws.
  GraphCut(WalkNode* root, std::span<WalkNode* const> targets) : GraphCut(targets) {
    std::vector<WalkNode*> found{root};
    std::size_t edges = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      for (const Ref<WalkNode>& input : found[i]->inputs_) {
        ++edges;
        if (input && !input->is_leaf() && !std::exchange(input->needed_, true)) found.push_back(input.get());
      }
    for (WalkNode* node : found) node->needed_ = false;  // until now: found
    cuts_.reserve(edges);
    ends_.reserve(targets.size());
    kept_leaf_.reserve(found.size());
    order_.reserve(found.size());
    for (WalkNode* node : found)
      for (const Ref<WalkNode>& input : node->inputs_)
        if (input && !input->is_leaf()) ++input->waiting_;
    order_.push_back(root);
    for (std::size_t i = 0; i < order_.size(); ++i)
      for (const Ref<WalkNode>& input : order_[i]->inputs_)
        if (input && !input->is_leaf() && --input->waiting_ == 0) order_.push_back(input.get());
    for (WalkNode* const target : targets) target->needed_ = true;
    for (std::size_t i = order_.size(); i-- > 0;)
      for (const Ref<WalkNode>& input : order_[i]->inputs_) order_[i]->needed_ |= input && input->needed_;
    reaches_ = root->needed_;
    for (WalkNode* const node : order_)
      if (node->needed_) cut_off(node);
  }
  GraphCut(const GraphCut&) = delete;
  GraphCut& operator=(const GraphCut&) = delete;
  ~GraphCut() {
    for (const End& end : ends_) end.node->inputs_ = end.inputs;
    for (const Cut& cut : cuts_) *cut.edge = Ref<WalkNode>::adopt(cut.node);
    for (WalkNode* const node : kept_leaf_) node->keeps_leaf_ = true;
    for (WalkNode* const node : order_) node->needed_ = false;
    for (WalkNode* const node : targets_) node->needed_ = false;
  }

  /// Whether anything leads from the root to a target.
  bool reaches() const noexcept { return reaches_; }
  /// Whether the node gathers its gradient now.
  static bool gathers(const WalkNode* node) noexcept { return node->is_leaf(); }

 private:
  explicit GraphCut(std::span<WalkNode* const> targets) noexcept : targets_(targets) {}

  struct Cut {
    Ref<WalkNode>* edge;
    WalkNode* node;
  };
  struct End {
    WalkNode* node;
    std::span<Ref<WalkNode>> inputs;
  };

  void cut_off(WalkNode* node) {
    bool any = false;
    for (const Ref<WalkNode>& input : node->inputs_) any |= input && input->needed_;
    if (!any) {
      ends_.push_back({node, std::exchange(node->inputs_, {})});
      return;
    }
    node->expect_unchanged();
    if (node->keeps_leaf_) {  // compares its leaves' changes, of which some will be gone
      kept_leaf_.push_back(node);
      node->keeps_leaf_ = false;
    }
    for (Ref<WalkNode>& input : node->inputs_)
      if (input && !input->needed_) cuts_.push_back({&input, input.leak()});
  }

  std::span<WalkNode* const> targets_;
  std::vector<WalkNode*> order_, kept_leaf_;  // consumers first
  std::vector<Cut> cuts_;
  std::vector<End> ends_;
  bool reaches_ = false;
};

}  // namespace detail

namespace autograd {

/// What grad() may be told. PyTorch: the keyword arguments of torch.autograd.grad.
template <typename T>
struct GradOptions {
  std::vector<Tensor<T>> grad_outputs = {};  // seeds, of the outputs' shapes; may be left out for single elements
  bool retain_graph = false;
  bool create_graph = false;  // second derivatives are not worked out: an error
  bool allow_unused = false;  // undefined for an input that no output depends on, instead of an error
};

/// The gradients of the sum of all outputs, weighted by grad_outputs, with respect to each input, a leaf or a result;
/// dense, also for tables, for which backward() is cheaper. Nothing is added to anybody's grad(), and only what leads
/// to the inputs is walked. GraphError when an input does not require a gradient or is not used, or when no output
/// depends on anything that does; ShapeError for seeds that do not fit. PyTorch: torch.autograd.grad.
template <typename T>
std::vector<Tensor<T>> grad(const std::vector<Tensor<T>>& outputs, const std::vector<Tensor<T>>& inputs,
                            const std::type_identity_t<GradOptions<T>>& options = {}) {
  if (options.create_graph)
    throw GraphError(
        "grad: second derivatives are not supported: a gradient is not recorded (create_graph must be false)");
  if (!options.grad_outputs.empty() && options.grad_outputs.size() != outputs.size())
    detail::raise<ShapeError>("grad: expected a seed for each of ", outputs.size(), " outputs, got ",
                              options.grad_outputs.size());
  std::vector<Tensor<T>> seeds(outputs.size());
  bool any = false;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const Tensor<T>& y = outputs[k];
    any = any || y.requires_grad();
    if (!options.grad_outputs.empty() && options.grad_outputs[k].defined()) {
      seeds[k] = options.grad_outputs[k].detach();
      if (seeds[k].shape() != y.shape())
        detail::raise<ShapeError>("grad: output ", k, " has shape ", y.shape(), ", its seed ", seeds[k].shape());
    } else if (y.numel() == 1) {
      seeds[k] = ones<T>(y.shape());
    } else {
      detail::raise<ShapeError>("grad: without a seed an output must have one element, output ", k, " has shape ",
                                y.shape(), " (reduce it with sum() or mean(), or give grad_outputs)");
    }
  }
  if (!any)
    throw GraphError("grad: no output requires a gradient: nothing it was made of does, or it was made under no_grad");

  std::vector<Node<T>*> nodes;
  std::vector<detail::WalkNode*> targets;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].requires_grad())
      detail::raise<GraphError>("grad: input ", k, " of shape ", inputs[k].shape(), " does not require a gradient");
    nodes.push_back(static_cast<Node<T>*>(inputs[k].body().graph.get()));
    targets.push_back(nodes.back());
  }

  Tensor<T> root(Shape{});
  {
    const enable_grad guard;
    record(
        root, "GradBackward",
        [seeds](const Tensor<T>&, InputNodes<T> before) {
          for (std::size_t k = 0; k < seeds.size(); ++k)
            if (before[k] != nullptr) before[k]->accumulate(seeds[k]);
        },
        outputs);
  }
  auto* const start = static_cast<Node<T>*>(root.body().graph.get());

  std::vector<Tensor<T>> gradients(inputs.size());
  const detail::GraphCut cut(start, targets);
  if (cut.reaches()) {
    // Leaves gather beside what they have; results are looked at on the way.
    std::vector<Gradient<T>> before(nodes.size());
    std::vector<bool> first(nodes.size());
    for (std::size_t k = 0; k < nodes.size(); ++k)
      first[k] = std::find(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(k), nodes[k]) ==
                 nodes.begin() + static_cast<std::ptrdiff_t>(k);
    const auto restore = [&](std::size_t count) noexcept {
      for (std::size_t k = count; k-- > 0;) {
        if (!first[k]) continue;
        if (!inputs[k].is_leaf() && nodes[k]->observer() != nullptr)
          static_cast<detail::Observers<T>&>(*nodes[k]->observer()).caught = nullptr;
        nodes[k]->gradient() = std::move(before[k]);
      }
    };
    std::size_t prepared = 0;
    try {
      for (; prepared < nodes.size(); ++prepared) {
        Node<T>* const node = nodes[prepared];
        if (!first[prepared]) continue;
        if (!detail::GraphCut::gathers(node)) detail::Observers<T>::of(*node).caught = &gradients[prepared];
        before[prepared] = std::exchange(node->gradient(), Gradient<T>());
      }
      start->accumulate(ones<T>(Shape{}));
      start->run_backward(options.retain_graph);
      for (std::size_t k = 0; k < nodes.size(); ++k) {
        if (!first[k]) continue;
        if (nodes[k]->gradient().defined()) gradients[k] = nodes[k]->gradient().take();
      }
    } catch (...) {
      restore(prepared);
      throw;
    }
    restore(prepared);
    for (std::size_t k = 0; k < nodes.size(); ++k)
      if (!first[k])
        gradients[k] =
            gradients[static_cast<std::size_t>(std::find(nodes.begin(), nodes.end(), nodes[k]) - nodes.begin())];
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (gradients[k].defined()) {
      gradients[k] = gradients[k].view_as(inputs[k].shape());
      if (!gradients[k].unique()) gradients[k] = detail::copy_of(gradients[k]);
    } else if (!options.allow_unused) {
      detail::raise<GraphError>("grad: no output depends on input ", k, " of shape ", inputs[k].shape(),
                                " (with allow_unused its gradient is an undefined tensor)");
    }
  }
  return gradients;
}
template <typename T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, const std::vector<Tensor<T>>& inputs,
                            const std::type_identity_t<GradOptions<T>>& options = {}) {
  return grad(std::vector<Tensor<T>>{output}, inputs, options);
}
template <typename T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, std::initializer_list<Tensor<T>> inputs,
                            const std::type_identity_t<GradOptions<T>>& options = {}) {
  return grad(std::vector<Tensor<T>>{output}, std::vector<Tensor<T>>(inputs), options);
}
template <typename T>
std::vector<Tensor<T>> grad(const Tensor<T>& output, const Tensor<T>& input,
                            const std::type_identity_t<GradOptions<T>>& options = {}) {
  return grad(std::vector<Tensor<T>>{output}, std::vector<Tensor<T>>{input}, options);
}
template <typename T>
std::vector<Tensor<T>> grad(std::initializer_list<Tensor<T>> outputs, std::initializer_list<Tensor<T>> inputs,
                            const std::type_identity_t<GradOptions<T>>& options = {}) {
  return grad(std::vector<Tensor<T>>(outputs), std::vector<Tensor<T>>(inputs), options);
}

}  // namespace autograd
}  // namespace rowgrad
