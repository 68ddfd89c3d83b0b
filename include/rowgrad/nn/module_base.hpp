// What: Module, the base of layers and models.
// Why:  a model says once what it consists of, in members(); parameters, names, train/eval, printing follow from that.
//       Nothing is registered and no address is kept, so a model is a value: copying and moving it is safe.
// See:  module.hpp (which programs include), members.hpp, parameter.hpp; PyTorch torch.nn.Module.
#pragma once

#include <cxxabi.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include <rowgrad/core/device.hpp>
#include <rowgrad/nn/load_state.hpp>
#include <rowgrad/nn/members.hpp>

namespace rowgrad::nn {

/// A class's own name, without namespace and template arguments.
[[gnu::cold]] inline std::string class_name(const std::type_info& type) {
  int status = 0;
  char* const name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string text = status == 0 ? name : type.name();
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

/// Base of layers and models over scalar T. What is said about Self is in the second Module, in module.hpp.
///
///     struct Classifier : nn::Module<float, Classifier> {
///       nn::Embedding<float> embedding{10000, 100};
///       nn::Linear<float> fc{100, 2};
///       Tensor<float> forward(const Indices& text) const { return fc(embedding(text).mean(1)); }
///       void members(nn::Members<float>& m) override { m("embedding", embedding)("fc", fc); }
///     };
template <typename T>
class Module<T, void> {
 public:
  using Scalar = T;
  virtual ~Module() = default;

  /// Names every parameter, buffer and sub-module once: m("weight", weight)("fc", fc).
  virtual void members(Members<T>&) {}

  /// All parameters, also frozen ones, each once; handles that stay valid while the module lives or is moved. One that
  /// is switched off is left out. Empty for a module that names none in members(). PyTorch: parameters().
  std::vector<Tensor<T>> parameters() const { return parameters(Check::again); }

  /// One that has several names is listed under the first. PyTorch: named_parameters().
  std::vector<NamedParameter<T>> named_parameters() const;

  /// PyTorch: named_buffers().
  std::vector<NamedBuffer> named_buffers() const;

  /// Parameters and persistent buffers by name, in PyTorch's order: a module's own, then those of its sub-modules. The
  /// tensors are handles: state_dict().clone() keeps their values. One that has two names is listed under both.
  /// PyTorch: state_dict().
  StateDict state_dict() const;

  /// Takes over the values of a state: another module's, or an open file (io::open_safetensors, io::open_pt), of which
  /// only these tensors are read. Values are copied in place, converted to the scalars that the module has, so that
  /// optimizers go on with the parameters (updates that they owe to rows are made before). A tensor that has two names
  /// here needs one of them in the state. Returns what was skipped, which is nothing unless strict is off. ValueError
  /// that lists all missing, unexpected and misshapen names: nothing is changed. PyTorch: load_state_dict().
  template <TensorSource Source>
  IncompatibleKeys load_state_dict(const Source& state, const LoadStateOptions& options = {}) {
    return load_state::StateLoader<Source>(type_name(), state_dict(), state, options).apply();
  }

  /// Number of weights; only those that are trained, if asked.
  Index parameter_count(bool trainable_only = false) const;

  bool training() const noexcept { return training_; }
  /// Training mode for this module and all below; brings every table up to date, so that a model in eval mode can be
  /// read from several threads. PyTorch: train(), eval().
  void train(bool on = true);
  void eval() { train(false); }

  /// The module itself: there is one device, see device.hpp. PyTorch: to(device).
  Module& to(const rowgrad::device&) noexcept { return *this; }

  /// Forgets all gradients. PyTorch: zero_grad().
  void zero_grad() const;

  /// Freezes or unfreezes all parameters. PyTorch: requires_grad_().
  void requires_grad_(bool on = true) const;

  /// Sub-modules that this one names, and those below; each once, with this one first in modules(), whose name is
  /// empty. For a layer's own members: if (auto* fc = dynamic_cast<nn::Linear<float>*>(module)) fc->weight...
  /// PyTorch: children(), named_children(), modules(), named_modules().
  std::vector<Module*> children() const;
  std::vector<NamedModule<T>> named_children() const;
  std::vector<Module*> modules() const;
  std::vector<NamedModule<T>> named_modules() const;

  /// f(module) for every sub-module, children first, then this. PyTorch: apply().
  void apply(const std::function<void(Module&)>& f);

  /// The printed tree, as in PyTorch:
  ///     Classifier(
  ///       (embedding): Embedding(10000, 100)
  ///     )
  std::string to_string(std::size_t indent = 0) const;

  /// The class's own name, without namespace and template arguments.
  virtual std::string type_name() const;

  /// What stands between the parentheses when a layer is printed.
  virtual std::string extra_repr() const { return ""; }
  /// Whether children that follow one another and print alike are printed once: (0-2): 3 x Linear(...).
  virtual bool prints_repeats_once() const { return false; }

 protected:
  Module() = default;
  Module(const Module& other) : training_(other.training_) {
    if (Holdings* const listing = Holdings::listing; listing != nullptr) listing->modules.push_back(&other);
  }
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;

 private:
  using Member = typename Members<T>::Member;

  template <typename M>
  friend void check_members(const M& module);

  /// Looks for what members() forgot, where the module's type is known: see the second Module.
  virtual void check_own_members() const {}

  /// Whether members were checked; of this object alone, not of its copies. Several threads may list one model.
  struct Checked {
    std::atomic<bool> done = false;
    Checked() = default;
    Checked(const Checked&) noexcept {}
    Checked& operator=(const Checked&) noexcept { return *this; }
  };

  // A check copies the module with everything in it but tensors' values. Who asks for the list gets it checked; what is
  // called at every step checks once.
  enum class Check { once, again };

  Members<T> checked_members(Check check) const;

  // Listing members changes nothing; handles are shallow, so a const model may be listed, too.
  Members<T> listed() const;

  /// All parameters and buffers with values by their full names, also those of sub-modules; each once.
  std::vector<Member> leaves(Check check) const;
  void add_leaves(const std::string& prefix, Check check, std::vector<Member>& result) const;

  std::vector<Tensor<T>> parameters(Check check) const;

  void add_state(const std::string& prefix, StateDict& state) const;

  bool training_ = true;
  mutable Checked checked_;
};

template <typename T>
std::vector<NamedParameter<T>> Module<T>::named_parameters() const {
  std::vector<NamedParameter<T>> result;
  for (const Member& member : leaves(Check::again))
    if (member.parameter != nullptr) result.push_back({member.name, *member.parameter});
  return result;
}

template <typename T>
std::vector<NamedBuffer> Module<T>::named_buffers() const {
  std::vector<NamedBuffer> result;
  for (const Member& member : leaves(Check::again))
    if (member.parameter == nullptr) result.push_back({member.name, member.buffer, member.persistent});
  return result;
}

template <typename T>
StateDict Module<T>::state_dict() const {
  StateDict state;
  add_state("", state);
  return state;
}

template <typename T>
Index Module<T>::parameter_count(bool trainable_only) const {
  Index count = 0;
  for (const Tensor<T>& parameter : parameters(Check::once))
    if (!trainable_only || parameter.requires_grad()) count += parameter.numel();
  return count;
}

template <typename T>
void Module<T>::train(bool on) {
  apply([on](Module& module) { module.training_ = on; });
  if (on) return;
  for (const Tensor<T>& parameter : parameters(Check::once)) parameter.settle();
}

template <typename T>
void Module<T>::zero_grad() const {
  for (const Tensor<T>& parameter : parameters(Check::once))
    if (parameter.body().graph) parameter.grad().reset();
}

template <typename T>
void Module<T>::requires_grad_(bool on) const {
  for (const Tensor<T>& parameter : parameters(Check::once)) parameter.requires_grad_(on);
}

template <typename T>
std::vector<NamedModule<T>> Module<T>::named_children() const {
  std::vector<NamedModule<T>> result;
  for (const auto& member : checked_members(Check::again))
    if (member.module != nullptr && std::none_of(result.begin(), result.end(), [&member](const auto& other) {
          return other.module == member.module;
        }))
      result.push_back({member.name, member.module});
  return result;
}

template <typename T>
std::vector<NamedModule<T>> Module<T>::named_modules() const {
  std::vector<NamedModule<T>> result;
  const std::function<void(const std::string&, Module*)> add = [&](const std::string& name, Module* module) {
    for (const auto& other : result)
      if (other.module == module) return;
    result.push_back({name, module});
    for (const auto& child : module->named_children())
      add(name.empty() ? child.name : name + "." + child.name, child.module);
  };
  add("", const_cast<Module*>(this));  // as in listed()
  return result;
}

template <typename T>
std::vector<Module<T>*> Module<T>::children() const {
  std::vector<Module*> result;
  for (const auto& child : named_children()) result.push_back(child.module);
  return result;
}

template <typename T>
std::vector<Module<T>*> Module<T>::modules() const {
  std::vector<Module*> result;
  for (const auto& one : named_modules()) result.push_back(one.module);
  return result;
}

template <typename T>
void Module<T>::apply(const std::function<void(Module&)>& f) {
  for (const auto& member : checked_members(Check::once))
    if (member.module != nullptr) member.module->apply(f);
  f(*this);
}

template <typename T>
[[gnu::cold]] std::string Module<T>::to_string(std::size_t indent) const {
  std::string extra = extra_repr();
  const std::string pad(indent, ' ');
  struct Printed {
    std::string first, last, text;
    Index count;
  };
  std::vector<Printed> children;
  for (const auto& member : listed()) {
    if (member.module == nullptr) continue;
    std::string text = member.module->to_string(indent + 2);
    if (prints_repeats_once() && !children.empty() && children.back().text == text) {
      children.back().last = member.name;
      ++children.back().count;
    } else {
      children.push_back({member.name, member.name, std::move(text), 1});
    }
  }
  std::string inside;
  for (const Printed& one : children)
    inside += one.count == 1
                  ? detail::concat(pad, "  (", one.first, "): ", one.text, "\n")
                  : detail::concat(pad, "  (", one.first, "-", one.last, "): ", one.count, " x ", one.text, "\n");
  if (inside.empty() && extra.find('\n') == std::string::npos) return detail::concat(type_name(), "(", extra, ")");
  for (std::size_t at = extra.find('\n'); at != std::string::npos; at = extra.find('\n', at + 1))
    extra.insert(at + 1, pad + "  ");
  return detail::concat(type_name(), "(\n", extra.empty() ? "" : pad + "  " + extra + "\n", inside, pad, ")");
}

template <typename T>
[[gnu::cold]] std::string Module<T>::type_name() const {
  return class_name(typeid(*this));
}

template <typename T>
Members<T> Module<T>::checked_members(Check check) const {
  if (check == Check::again || !checked_.done.load(std::memory_order_relaxed)) {
    check_own_members();
    checked_.done.store(true, std::memory_order_relaxed);
  }
  return listed();
}

template <typename T>
Members<T> Module<T>::listed() const {
  Members<T> list;
  const_cast<Module*>(this)->members(list);
  return list;
}

template <typename T>
std::vector<typename Members<T>::Member> Module<T>::leaves(Check check) const {
  std::vector<Member> result;
  add_leaves("", check, result);
  std::vector<const void*> seen;  // sorted
  std::erase_if(result, [&seen](const Member& member) {
    const void* const body = member.parameter != nullptr ? &member.parameter->body() : member.buffer.body();
    const auto place = std::lower_bound(seen.begin(), seen.end(), body, std::less<>());
    if (place != seen.end() && *place == body) return true;
    seen.insert(place, body);
    return false;
  });
  return result;
}

template <typename T>
void Module<T>::add_leaves(const std::string& prefix, Check check, std::vector<Member>& result) const {
  for (const Member& member : checked_members(check)) {
    if (member.module != nullptr) {
      member.module->add_leaves(prefix + member.name + ".", check, result);
    } else if (member.parameter != nullptr ? member.parameter->defined() : member.buffer.defined()) {
      result.push_back(member);
      result.back().name.insert(0, prefix);
    }
  }
}

template <typename T>
std::vector<Tensor<T>> Module<T>::parameters(Check check) const {
  std::vector<Tensor<T>> result;
  for (const Member& member : leaves(check))
    if (member.parameter != nullptr) result.push_back(*member.parameter);
  return result;
}

template <typename T>
void Module<T>::add_state(const std::string& prefix, StateDict& state) const {
  const Members<T> list = checked_members(Check::again);
  for (const auto& member : list)
    if (member.parameter != nullptr && member.parameter->defined())
      state.append(prefix + member.name, static_cast<const Tensor<T>&>(*member.parameter));
  for (const auto& member : list)
    if (member.module == nullptr && member.parameter == nullptr && member.persistent && member.buffer.defined())
      state.append(prefix + member.name, member.buffer);
  for (const auto& member : list)
    if (member.module != nullptr) member.module->add_state(prefix + member.name + ".", state);
}

}  // namespace rowgrad::nn
