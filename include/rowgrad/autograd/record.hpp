// What: record(), which makes tensors the outcome of an operation, so that backward() finds its way through it.
// Why:  every operation enters the graph here, ours and those that others write: outputs, inputs, and one backward.
// See:  node.hpp (the walk); functional/ for many examples; docs/guide.md, "An operation of your own".
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include <rowgrad/autograd/node.hpp>

namespace rowgrad {

/// The nodes of a list of inputs, as a backward function gets them: null where an input needs no gradient.
template <typename T>
class InputNodes {
 public:
  explicit InputNodes(std::span<const detail::Ref<Node<T>>> nodes) noexcept : nodes_(nodes) {}
  std::size_t size() const noexcept { return nodes_.size(); }
  Node<T>* operator[](std::size_t i) const noexcept { return nodes_[i].get(); }
  InputNodes part(std::size_t first, std::size_t count) const noexcept {
    return InputNodes(nodes_.subspan(first, count));
  }

 private:
  std::span<const detail::Ref<Node<T>>> nodes_;
};

namespace detail {

template <typename T>
bool wants_gradient(const Tensor<T>& x) noexcept {
  return x.defined() && x.body().requires_grad;
}

/// The node that gathers x's gradient; null for a constant, which prunes the branch.
template <typename T>
Ref<Node<T>> node_of(const Tensor<T>& x) noexcept {
  if (!wants_gradient(x)) return nullptr;
  return Ref<Node<T>>::share(static_cast<Node<T>*>(x.body().graph.get()));
}

template <typename T, typename... Inputs>
std::array<Ref<Node<T>>, sizeof...(Inputs)> nodes_of(const Inputs&... inputs) noexcept {
  return {node_of<T>(inputs)...};
}
template <typename T>
std::vector<Ref<Node<T>>> nodes_of(const std::vector<Tensor<T>>& inputs) {
  std::vector<Ref<Node<T>>> nodes;
  nodes.reserve(inputs.size());
  for (const Tensor<T>& input : inputs) nodes.push_back(node_of(input));
  return nodes;
}

/// A backward function with what it saved, until it is freed. One that saved no tensor has nothing to free and can be
/// called again, as in PyTorch.
template <typename T, typename Edges, typename Backward>
class SavedBackward {
 public:
  SavedBackward(Edges edges, Backward&& backward) : edges_(std::move(edges)), backward_(std::move(backward)) {}

  std::span<Ref<Node<T>>> edges() noexcept { return edges_; }
  bool freed() const noexcept { return saves_tensors && !backward_; }
  void free() noexcept {
    if constexpr (saves_tensors) backward_.reset();
  }

  template <typename Gradients>
  void call(Gradients&& gradients) {
    if constexpr (is_list) {
      (*backward_)(std::forward<Gradients>(gradients), InputNodes<T>(edges_));
    } else {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (*backward_)(std::forward<Gradients>(gradients), edges_[I].get()...);
      }
      (std::make_index_sequence<std::tuple_size_v<Edges>>());
    }
  }

 private:
  static constexpr bool saves_tensors = !std::is_trivially_destructible_v<Backward>;
  static constexpr bool is_list = std::is_same_v<Edges, std::vector<Ref<Node<T>>>>;

  Edges edges_;
  std::optional<Backward> backward_;
};

/// An operation with one output.
template <typename T, typename Edges, typename Backward>
class Operation final : public Node<T> {
 public:
  Operation(const char* name, Edges edges, Backward&& backward)
      : Node<T>(name), saved_(std::move(edges), std::move(backward)) {
    this->inputs_ = saved_.edges();
  }

 private:
  void backward(Tensor<T> gradient) override { saved_.call(std::move(gradient)); }
  bool freed() const noexcept override { return saved_.freed(); }
  void free_saved() noexcept override { saved_.free(); }
  void dispose() noexcept override { destroy_ref(this); }

  SavedBackward<T, Edges, Backward> saved_;
};

/// What the outputs of an operation hand their gradients to.
template <typename T>
class OutputsNode : public Node<T> {
 public:
  using Node<T>::Node;

  void receive(std::size_t output, Tensor<T> gradient) {
    if (!this->gradient().defined()) {  // the first in this walk; another one may have ended early
      for (Tensor<T>& old : gradients_) old = {};
      this->accumulate(Tensor<T>(Shape{0}));  // the walk only asks whether anything came
    }
    gradients_[output] = std::move(gradient);
  }

 protected:
  ~OutputsNode() = default;
  std::vector<Tensor<T>> gradients_;  // of the outputs; undefined where one was not used
};

/// An operation with several outputs, each of which has an Output node before it in the walk.
template <typename T, typename Edges, typename Backward>
class OutputsOperation final : public OutputsNode<T> {
 public:
  OutputsOperation(const char* name, Edges edges, std::size_t outputs, Backward&& backward)
      : OutputsNode<T>(name), saved_(std::move(edges), std::move(backward)) {
    this->inputs_ = saved_.edges();
    this->gradients_.resize(outputs);
  }

 private:
  void backward(Tensor<T>) override {
    saved_.call(std::span<Tensor<T>>(this->gradients_));
    for (Tensor<T>& gradient : this->gradients_) gradient = {};
  }
  bool freed() const noexcept override { return saved_.freed(); }
  void free_saved() noexcept override { saved_.free(); }
  void dispose() noexcept override { destroy_ref(this); }

  SavedBackward<T, Edges, Backward> saved_;
};

/// One output of several: hands its gradient on.
template <typename T>
class Output final : public Node<T> {
 public:
  Output(const char* name, Ref<OutputsNode<T>> operation, std::size_t index)
      : Node<T>(name), edge_(Ref<Node<T>>::adopt(operation.leak())), index_(index) {
    this->inputs_ = std::span<Ref<Node<T>>>(&edge_, 1);
  }

 private:
  void backward(Tensor<T> gradient) override {
    static_cast<OutputsNode<T>*>(edge_.get())->receive(index_, std::move(gradient));
  }
  void dispose() noexcept override { destroy_ref(this); }

  Ref<Node<T>> edge_;
  std::size_t index_;
};

template <typename T>
void put_into_graph(Tensor<T>& output, Ref<Node<T>> node) {
  auto& body = output.body();
  body.graph = Ref<GraphNode>::adopt(node.leak());
  body.requires_grad = true;
}

}  // namespace detail

/// Whether an operation on these tensors is to be recorded: gradients are on, and one of the tensors requires one.
template <typename T, typename... More>
bool recording(const Tensor<T>& first, const More&... more) noexcept {
  return detail::grad_enabled && (detail::wants_gradient(first) || ... || detail::wants_gradient(more));
}

/// x for a backward function to keep: its values, without the graph before it.
template <typename T>
Tensor<T> saved(const Tensor<T>& x) {
  return x.is_leaf() ? x : x.detach();
}

/// Ids, classes or a mask for a backward function to keep: a copy, because programs fill the same buffer with the next
/// batch, and ids that were checked in forward must be those that backward uses.
inline Indices saved(const Indices& x) {
  Indices copy(x.shape());
  std::copy_n(x.data(), x.numel(), copy.data());
  return copy;
}

/// Makes `output` the outcome of an operation on `inputs`; undefined inputs are constants. Ask recording(inputs...)
/// first. During backward(), `backward` is called once with the gradient of the output (of its shape) and one
/// Node<T>* for each input: null where no gradient is needed, else to be given one of the input's shape with
/// accumulate(). What backward keeps must have passed through saved(). `name` is for messages and must outlive the
/// graph: a literal.
///
///     if (recording(x))
///       record(y, "SquareBackward", [x = saved(x)](Tensor<T> g, Node<T>* node) { node->accumulate(2 * x * g); }, x);
///
/// PyTorch: torch.autograd.Function.
template <typename T, typename Backward, typename... Inputs>
void record(Tensor<T>& output, const char* name, Backward backward, const Inputs&... inputs) {
  auto edges = detail::nodes_of<T>(inputs...);
  using Op = detail::Operation<T, decltype(edges), Backward>;
  auto operation = detail::make_ref<Op>(name, std::move(edges), std::move(backward));
  detail::put_into_graph(output, detail::Ref<Node<T>>::adopt(operation.leak()));
}

/// The same for several outputs: backward is called once, with a span of their gradients; undefined where nothing came.
/// Undefined outputs are skipped. Instead of single inputs, a std::vector of them may be given to either form; backward
/// then gets InputNodes<T>.
template <typename T, typename Backward, typename... Inputs>
void record(std::initializer_list<Tensor<T>*> outputs, const char* name, Backward backward, const Inputs&... inputs) {
  auto edges = detail::nodes_of<T>(inputs...);
  using Op = detail::OutputsOperation<T, decltype(edges), Backward>;
  const auto operation = detail::make_ref<Op>(name, std::move(edges), outputs.size(), std::move(backward));
  std::size_t index = 0;
  for (Tensor<T>* output : outputs) {
    if (output->defined()) {
      auto node =
          detail::make_ref<detail::Output<T>>(name, detail::Ref<detail::OutputsNode<T>>::share(operation.get()), index);
      detail::put_into_graph(*output, detail::Ref<Node<T>>::adopt(node.leak()));
    }
    ++index;
  }
}

}  // namespace rowgrad
