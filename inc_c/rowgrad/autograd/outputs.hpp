// What: record_outputs(), which puts an operation with several results into the graph.
// Why:  a recurrent layer gives its outputs and its final states, and any of them may be used or left.
// See:  node.hpp; functional/recurrent.hpp.
#pragma once

#include <rowgrad/autograd/node.hpp>

namespace rowgrad::detail {

/// An operation with several results and any number of inputs. Each result has an Output node before it in the walk.
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
  std::vector<Tensor<T>> gradients_;  // of the results; undefined where a result was not used
};

/// One result of an operation: hands its gradient on.
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

template <typename T, typename Backward>
class OutputsOperation final : public OutputsNode<T> {
 public:
  OutputsOperation(const char* name, std::vector<Ref<Node<T>>> inputs, std::size_t outputs, Backward&& backward)
      : OutputsNode<T>(name), edges_(std::move(inputs)), backward_(std::move(backward)) {
    this->inputs_ = edges_;
    this->gradients_.resize(outputs);
  }

 private:
  void backward(Tensor<T>) override {
    (*backward_)(std::span<Tensor<T>>(this->gradients_), std::span<const Ref<Node<T>>>(edges_));
    for (Tensor<T>& gradient : this->gradients_) gradient = {};
  }
  bool freed() const noexcept override { return !backward_; }
  void free_saved() noexcept override { backward_.reset(); }
  void dispose() noexcept override { destroy_ref(this); }

  std::vector<Ref<Node<T>>> edges_;
  std::optional<Backward> backward_;
};

/// Makes `results` the outcomes of one operation on `inputs`; undefined results and inputs are passed by.
/// backward(span of the results' gradients, span of input nodes): gradients are undefined where nothing came, nodes are
/// null where no gradient is needed.
template <typename T, typename Backward>
void record_outputs(std::initializer_list<Tensor<T>*> results, const char* name, Backward backward,
                    const std::vector<Tensor<T>>& inputs) {
  std::vector<Ref<Node<T>>> nodes;
  nodes.reserve(inputs.size());
  for (const Tensor<T>& input : inputs) nodes.push_back(node_of(input));
  using Op = OutputsOperation<T, Backward>;
  const Ref<Op> operation = make_ref<Op>(name, std::move(nodes), results.size(), std::move(backward));
  std::size_t index = 0;
  for (Tensor<T>* result : results) {
    if (result->defined()) {
      auto& body = result->body();
      body.graph =
          Ref<GraphNode>::adopt(make_ref<Output<T>>(name, Ref<OutputsNode<T>>::share(operation.get()), index).leak());
      body.requires_grad = true;
    }
    ++index;
  }
}

}  // namespace rowgrad::detail
