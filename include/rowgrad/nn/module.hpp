// What: Module, the base of layers and models.
// Why:  a model says once what it consists of, in members(); parameters, names, train/eval, printing follow from that.
//       Nothing is registered and no address is kept, so a model is a value: copying and moving it is safe.
// See:  parameter.hpp; linear.hpp for a layer, sequential.hpp for a container; PyTorch torch.nn.Module.
#pragma once

#include <cxxabi.h>

#include <functional>
#include <typeinfo>

#include <rowgrad/nn/parameter.hpp>

namespace rowgrad::nn {

template <typename T>
class Module;

/// What members() tells of a module: its parameters and sub-modules by name, in PyTorch's order.
template <typename T>
class Members {
 public:
  struct Member {
    std::string name;
    Parameter<T>* parameter;  // one of the two is null
    Module<T>* module;
  };

  Members& operator()(std::string name, Parameter<T>& parameter) {
    list_.push_back({std::move(name), &parameter, nullptr});
    return *this;
  }
  Members& operator()(std::string name, Module<T>& module) {
    list_.push_back({std::move(name), nullptr, &module});
    return *this;
  }

  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  std::vector<Member> list_;
};

template <typename T>
struct NamedParameter {
  std::string name;  // PyTorch's, for example "fc.weight"
  Tensor<T> parameter;
};

/// Base of layers and models over scalar T.
///
///     struct Classifier : nn::Module<float> {
///       nn::Embedding<float> embedding{10000, 100};
///       nn::Linear<float> fc{100, 2};
///       Tensor<float> forward(const Indices& text) { return fc(embedding(text).mean(1)); }
///       void members(nn::Members<float>& m) override { m("embedding", embedding)("fc", fc); }
///     };
template <typename T>
class Module {
 public:
  using Scalar = T;
  virtual ~Module() = default;

  /// Names every parameter and sub-module once: m("weight", weight)("fc", fc).
  virtual void members(Members<T>&) {}

  /// All parameters, also frozen ones; handles that stay valid while the module lives or is moved. A parameter that is
  /// switched off is left out. PyTorch: parameters().
  std::vector<Tensor<T>> parameters() const {
    std::vector<Tensor<T>> result;
    for (NamedParameter<T>& named : named_parameters()) result.push_back(std::move(named.parameter));
    return result;
  }

  /// PyTorch: named_parameters().
  std::vector<NamedParameter<T>> named_parameters() const {
    std::vector<NamedParameter<T>> result;
    collect("", result);
    return result;
  }

  /// Number of weights, those that are trained alone if asked.
  Index parameter_count(bool trainable_only = false) const {
    Index count = 0;
    for (const Tensor<T>& parameter : parameters())
      if (!trainable_only || parameter.requires_grad()) count += parameter.numel();
    return count;
  }

  bool training() const noexcept { return training_; }
  /// Training mode for this module and all below; brings every table up to date, so that a model in eval mode can be
  /// read from several threads. PyTorch: train(), eval().
  void train(bool on = true) {
    apply([on](Module& module) { module.training_ = on; });
    if (on) return;
    for (const Tensor<T>& parameter : parameters()) parameter.settle();
  }
  void eval() { train(false); }

  /// Forgets all gradients. PyTorch: zero_grad().
  void zero_grad() const {
    for (const Tensor<T>& parameter : parameters())
      if (parameter.body().graph) parameter.grad().reset();
  }

  /// Freezes or unfreezes all parameters. PyTorch: requires_grad_().
  void requires_grad_(bool on = true) const {
    for (const Tensor<T>& parameter : parameters()) parameter.requires_grad_(on);
  }

  /// f(module) for every sub-module, children first, then this. PyTorch: apply().
  void apply(const std::function<void(Module&)>& f) {
    for (const auto& member : children())
      if (member.module != nullptr) member.module->apply(f);
    f(*this);
  }

  /// The printed tree, as in PyTorch:
  ///     Classifier(
  ///       (embedding): Embedding(10000, 100)
  ///     )
  std::string to_string(std::size_t indent = 0) const {
    std::string inside;
    for (const auto& member : children())
      if (member.module != nullptr)
        inside +=
            std::string(indent + 2, ' ') + "(" + member.name + "): " + member.module->to_string(indent + 2) + "\n";
    const std::string extra = extra_repr(), pad(indent, ' ');
    if (inside.empty()) return type_name() + "(" + extra + ")";
    return type_name() + "(\n" + (extra.empty() ? "" : pad + "  " + extra + "\n") + inside + pad + ")";
  }

  /// The class's own name, without namespace and template arguments.
  virtual std::string type_name() const {
    int status = 0;
    char* const name = abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status);
    std::string text = status == 0 ? name : typeid(*this).name();
    std::free(name);
    if (text.ends_with('>')) {
      std::size_t end = text.size();
      for (int depth = 0; end > 0 && (end == text.size() || depth > 0);) {
        const char c = text[--end];
        depth += (c == '>') - (c == '<');
      }
      text.resize(end);
    }
    const std::size_t scope = text.rfind("::");
    return scope == std::string::npos ? text : text.substr(scope + 2);
  }

  /// What stands between the parentheses when a layer is printed.
  virtual std::string extra_repr() const { return ""; }

 protected:
  Module() = default;
  Module(const Module&) = default;
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;

 private:
  // Listing members changes nothing; handles are shallow, so a const model may be listed, too.
  Members<T> children() const {
    Members<T> list;
    const_cast<Module*>(this)->members(list);
    return list;
  }

  void collect(const std::string& prefix, std::vector<NamedParameter<T>>& result) const {
    for (const auto& member : children()) {
      if (member.module != nullptr)
        member.module->collect(prefix + member.name + ".", result);
      else if (member.parameter->defined())
        result.push_back({prefix + member.name, *static_cast<const Tensor<T>*>(member.parameter)});
    }
  }

  bool training_ = true;
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Module<T>& module) {
  return out << module.to_string();
}

}  // namespace rowgrad::nn
