// What: record(), which makes tensors the outcome of an operation, so that backward() finds its way through it.
// Why:  every operation enters the graph here, ours and those that others write: outputs, inputs, and one backward.
// See:  node.hpp (the walk); functional/ for many examples; docs/guide.md, "An operation of your own".
#pragma once

#include <algorithm>
#include <utility>

#include <rowgrad/autograd/node.hpp>

namespace rowgrad {

/// The nodes of a list of inputs, as a backward function gets them: null where an input needs no gradient.
template <typename T>
class InputNodes {
 public:
  explicit InputNodes(std::span<const detail::Ref<detail::WalkNode>> nodes) noexcept : nodes_(nodes) {}
  std::size_t size() const noexcept { return nodes_.size(); }
  Node<T>* operator[](std::size_t i) const noexcept { return static_cast<Node<T>*>(nodes_[i].get()); }
  InputNodes part(std::size_t first, std::size_t count) const noexcept {
    return InputNodes(nodes_.subspan(first, count));
  }

 private:
  std::span<const detail::Ref<detail::WalkNode>> nodes_;
};

namespace detail {

/// Whether saved() has kept a leaf, on this thread, for the operation that is recorded next.
inline constinit thread_local bool kept_leaf = false;
inline bool take_kept_leaf() noexcept { return std::exchange(kept_leaf, false); }

template <typename T>
bool wants_gradient(const Tensor<T>& x) noexcept {
  return x.defined() && x.body().requires_grad;
}

/// The node that gathers x's gradient; null for a constant, which prunes the branch.
template <typename T>
Ref<WalkNode> node_of(const Tensor<T>& x) noexcept {
  if (!wants_gradient(x)) return nullptr;
  return Ref<WalkNode>::share(static_cast<WalkNode*>(x.body().graph.get()));
}

/// The nodes of single inputs, which may be of several scalar types: backward(gradients, node, node, ...).
template <typename... Ts>
struct SingleInputs {
  static_assert(sizeof...(Ts) > 0, "record: expected the inputs of the operation");
  Ref<WalkNode> nodes[sizeof...(Ts)];

  template <typename Backward, typename Gradients>
  void call(Backward& backward, Gradients&& gradients) {
    pass(backward, gradients, std::index_sequence_for<Ts...>());
  }

 private:
  template <typename Backward, typename Gradients, std::size_t... I>
  void pass(Backward& backward, Gradients& gradients, std::index_sequence<I...>) {
    backward(static_cast<Gradients&&>(gradients), static_cast<Node<Ts>*>(nodes[I].get())...);
  }
};

/// The nodes of a list of inputs: backward(gradients, InputNodes).
template <typename T>
struct InputList {
  std::vector<Ref<WalkNode>> nodes;

  template <typename Backward, typename Gradients>
  void call(Backward& backward, Gradients&& gradients) {
    backward(std::forward<Gradients>(gradients), InputNodes<T>(nodes));
  }
};

template <typename... Inputs>
SingleInputs<typename Inputs::Scalar...> inputs_of(const Inputs&... inputs) noexcept {
  return {{node_of<typename Inputs::Scalar>(inputs)...}};
}
template <typename Input>
InputList<typename Input::Scalar> inputs_of(const std::vector<Input>& inputs) {
  InputList<typename Input::Scalar> list;
  list.nodes.reserve(inputs.size());
  for (const Input& input : inputs) list.nodes.push_back(node_of<typename Input::Scalar>(input));
  return list;
}

/// A backward function that keeps no tensor, though not trivially destructible: see saves_nothing().
template <typename Backward>
struct SavesNothing : Backward {};

template <typename Backward>
inline constexpr bool saves_tensors = !std::is_trivially_destructible_v<Backward>;
template <typename Backward>
inline constexpr bool saves_tensors<SavesNothing<Backward>> = false;

/// An operation's inputs and its backward function with what that saved, until it is freed. (In a union instead of
/// std::optional, which takes as long to compile as the rest of a small operation.)
template <typename Inputs, typename Backward>
class SavedBackward {
 public:
  SavedBackward(Inputs&& inputs, Backward&& backward)
      : inputs_(static_cast<Inputs&&>(inputs)), backward_(static_cast<Backward&&>(backward)) {}
  SavedBackward(const SavedBackward&) = delete;
  SavedBackward& operator=(const SavedBackward&) = delete;
  ~SavedBackward() {
    if (!freed_) backward_.~Backward();
  }

  std::span<Ref<WalkNode>> nodes() noexcept { return inputs_.nodes; }
  bool freed() const noexcept { return freed_; }
  void free() noexcept {
    if constexpr (saves_tensors<Backward>) {
      if (!freed_) backward_.~Backward();
      freed_ = true;
    }
  }

  template <typename Gradients>
  void call(Gradients&& gradients) {
    inputs_.call(backward_, static_cast<Gradients&&>(gradients));
  }

 private:
  Inputs inputs_;
  union {
    Backward backward_;
  };
  bool freed_ = false;
};

/// An operation with one output, of scalar type T.
template <typename T, typename Inputs, typename Backward>
class Operation final : public Node<T> {
 public:
  Operation(const char* name, Inputs&& inputs, Backward&& backward)
      : Node<T>(name), saved_(static_cast<Inputs&&>(inputs), static_cast<Backward&&>(backward)) {
    this->set_inputs(saved_.nodes(), take_kept_leaf());
  }

 private:
  void pass_on() override {
    if (this->gradient().defined())
      saved_.call(this->gradient().take());  // an operation may leave an input without one
  }
  bool freed() const noexcept override { return saved_.freed(); }
  void free_saved() noexcept override { saved_.free(); }
  void dispose() noexcept override { destroy_ref(this); }

  SavedBackward<Inputs, Backward> saved_;
};

/// What the outputs of an operation hand their gradients to.
template <typename T>
class OutputsNode : public WalkNode {
 public:
  void receive(std::size_t output, Tensor<T> gradient) noexcept {
    gradients_[output] = std::move(gradient);
    received_ = true;
  }

 protected:
  OutputsNode(const char* name, std::size_t outputs) : WalkNode(name), gradients_(outputs) {}
  ~OutputsNode() = default;

  void forget() noexcept override {
    received_ = false;
    for (Tensor<T>& gradient : gradients_) gradient = {};
  }

  std::vector<Tensor<T>> gradients_;  // of the outputs; undefined where one was not used
  bool received_ = false;
};

/// An operation with several outputs, each of which has an Output node before it in the walk.
template <typename T, typename Inputs, typename Backward>
class OutputsOperation final : public OutputsNode<T> {
 public:
  OutputsOperation(const char* name, Inputs&& inputs, std::size_t outputs, Backward&& backward)
      : OutputsNode<T>(name, outputs), saved_(static_cast<Inputs&&>(inputs), static_cast<Backward&&>(backward)) {
    this->set_inputs(saved_.nodes(), take_kept_leaf());
  }

 private:
  void pass_on() override {
    if (!this->received_) return;
    saved_.call(std::span<Tensor<T>>(this->gradients_));
    this->forget();
  }
  bool freed() const noexcept override { return saved_.freed(); }
  void free_saved() noexcept override { saved_.free(); }
  void dispose() noexcept override { destroy_ref(this); }

  SavedBackward<Inputs, Backward> saved_;
};

/// One output of several: hands its gradient on.
template <typename T>
class Output final : public Node<T> {
 public:
  Output(const char* name, Ref<OutputsNode<T>> operation, std::size_t index)
      : Node<T>(name), operation_(Ref<WalkNode>::adopt(operation.leak())), index_(index) {
    this->inputs_ = std::span<Ref<WalkNode>>(&operation_, 1);
  }

 private:
  void pass_on() override {
    if (this->gradient().defined())
      static_cast<OutputsNode<T>*>(operation_.get())->receive(index_, this->gradient().take());
  }
  void dispose() noexcept override { destroy_ref(this); }

  Ref<WalkNode> operation_;
  std::size_t index_;
};

template <typename T>
void put_into_graph(Tensor<T>& output, Ref<Node<T>> node) {
  // Backward may keep a handle to this output: were that one in the graph, too, node and tensor would own each other.
  if (!output.body().is_only_reference()) output = output.detach();
  auto& body = output.body();
  node->set_numel(body.numel);
  body.graph = Ref<GraphNode>::adopt(node.leak());
  body.requires_grad = true;
}

/// Makes one output of several that of an operation, unless it is undefined.
template <typename T>
void put_into_graph(Tensor<T>& output, const char* name, OutputsNode<T>* operation, std::size_t index) {
  if (!output.defined()) return;
  auto node = make_ref<Output<T>>(name, Ref<OutputsNode<T>>::share(operation), index);
  put_into_graph(output, Ref<Node<T>>::adopt(node.leak()));
}

}  // namespace detail

/// Whether an operation on these tensors is to be recorded: gradients are on, and one of the tensors requires one.
template <typename T, typename... More>
bool recording(const Tensor<T>& first, const More&... more) noexcept {
  return detail::grad_enabled && (detail::wants_gradient(first) || ... || detail::wants_gradient(more));
}

/// x, an input or an output of the operation, for a backward function to keep: its values, without the graph before it.
///
/// Ids, classes and masks are copied, because programs fill the same buffer with the next batch, and ids that were
/// checked in forward must be those that backward uses.
template <typename T>
Tensor<T> saved(const Tensor<T>& x) {
  if constexpr (!std::is_floating_point_v<T>) return detail::copy_of(x);
  // A leaf under training may be kept as it is: when its table grows, the graphs before are refused. A frozen one may
  // not.
  const detail::TensorBody<T>& body = x.body();
  if (!body.requires_grad || !body.graph->is_leaf()) return x.detach_saved();
  detail::kept_leaf = true;
  return x;
}

/// x for a backward function that reads it for the gradient of `other` alone, as those of products do.
template <typename T>
[[gnu::always_inline]] inline Tensor<T> saved_for(const Tensor<T>& other, const Tensor<T>& x) {
  const detail::TensorBody<T>& body = x.body();
  return detail::wants_gradient(other) || !body.requires_grad || !body.graph->is_leaf() ? saved(x) : x;
}

/// For a backward function that keeps no tensor but, say, a std::vector of sizes: nothing of it is freed when the graph
/// has been walked, so that a second backward() may pass, as in PyTorch. A lambda whose captures need no destructor is
/// treated so without being asked.
template <typename Backward>
detail::SavesNothing<Backward> saves_nothing(Backward backward) {
  return {std::move(backward)};
}

/// Makes `output` the outcome of an operation on `inputs`; undefined inputs are constants. Ask recording(inputs...)
/// first. During backward(), `backward` is called once with the gradient of the output (of its shape) and one
/// Node<U>* for each input Tensor<U>: null where no gradient is needed, else to be given one of the input's shape with
/// accumulate(). What backward keeps must have passed through saved(); it is freed with the walk, and a second one is a
/// GraphError. `name` is for messages and must outlive the graph: a literal.
///
///     if (recording(x))
///       record(y, "SquareBackward", [x = saved(x)](Tensor<T> g, Node<T>* node) { node->accumulate(2 * x * g); }, x);
///
/// PyTorch: torch.autograd.Function.
template <typename T, typename Backward, typename... Inputs>
void record(Tensor<T>& output, const char* name, Backward backward, const Inputs&... inputs) {
  if constexpr (std::is_floating_point_v<T>) {  // integers and masks have no gradient
    auto before = detail::inputs_of(inputs...);
    using Operation = detail::Operation<T, decltype(before), Backward>;
    auto operation = detail::make_ref<Operation>(name, std::move(before), std::move(backward));
    detail::put_into_graph(output, detail::Ref<Node<T>>::adopt(operation.leak()));
  }
}

/// The same for several outputs: backward is called once, with a span of their gradients; undefined where nothing came.
/// Undefined outputs are skipped. Instead of single inputs, a std::vector of them may be given to either form; backward
/// then gets InputNodes<T>.
template <typename T, typename Backward, typename... Inputs>
void record(std::initializer_list<Tensor<T>*> outputs, const char* name, Backward backward, const Inputs&... inputs) {
  auto before = detail::inputs_of(inputs...);
  using Operation = detail::OutputsOperation<T, decltype(before), Backward>;
  const auto operation = detail::make_ref<Operation>(name, std::move(before), outputs.size(), std::move(backward));
  std::size_t index = 0;
  for (Tensor<T>* output : outputs) detail::put_into_graph<T>(*output, name, operation.get(), index++);
}
template <typename T, typename Backward, typename... Inputs>
void record(std::vector<Tensor<T>>& outputs, const char* name, Backward backward, const Inputs&... inputs) {
  auto before = detail::inputs_of(inputs...);
  using Operation = detail::OutputsOperation<T, decltype(before), Backward>;
  const auto operation = detail::make_ref<Operation>(name, std::move(before), outputs.size(), std::move(backward));
  std::size_t index = 0;
  for (Tensor<T>& output : outputs) detail::put_into_graph<T>(output, name, operation.get(), index++);
}

}  // namespace rowgrad
