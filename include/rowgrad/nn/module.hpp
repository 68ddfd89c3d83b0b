// What: Module, the base of layers and models: here the one that a model gives its own type to, and check_members().
// Why:  a model that says what type it is can be called, and what it forgot to name can be found.
// See:  module_base.hpp (what every module is); members.hpp, parameter.hpp; linear.hpp for a layer, sequential.hpp for
// a
//       container; PyTorch torch.nn.Module.
#pragma once

#include <rowgrad/nn/module_base.hpp>

namespace rowgrad::nn {

/// ValueError when the module holds layers, parameters or buffers that members() does not name: they would be neither
/// trained nor saved, and train() and eval() would not reach them. They are found by copying the module, values apart:
/// what a copy would copy, directly or in containers, is what the module holds. Not found: what is held by pointer, and
/// anything when the class cannot be copied (one with a std::vector<std::unique_ptr<...>> must delete its copy
/// constructor, for C++ only finds out while it compiles the copy). Modules that know their own type (Module<T, Self>)
/// are checked when their members are listed: parameters, buffers and states each time, train(), apply(), zero_grad()
/// and the like once. For others this may be called in a test. O(members), and what the module holds besides tensors.
template <typename M>
void check_members(const M& module) {
  if constexpr (std::is_copy_constructible_v<M>) {
    using T = typename M::Scalar;
    Holdings held;
    const auto within = [](const void* p, const M& whole) {
      const auto first = reinterpret_cast<std::uintptr_t>(&whole), at = reinterpret_cast<std::uintptr_t>(p);
      return at >= first && at < first + sizeof(M);
    };
    {
      struct Listing {
        Holdings* before;
        explicit Listing(Holdings* now) : before(std::exchange(Holdings::listing, now)) {}
        ~Listing() { Holdings::listing = before; }
      };
      const Listing listing(&held);
      const M copy(module);
      for (const void* handle : held.handles)
        if (within(handle, copy))
          detail::raise<ValueError>(
              module.type_name(),
              ": copies would share a parameter or buffer with the module, because it is in an array; "
              "hold it in a std::vector");
    }
    std::vector<const void*> named;
    const std::function<void(const Module<T>&)> collect = [&](const Module<T>& part) {
      named.push_back(&part);
      for (const auto& member : part.listed()) {
        if (member.module != nullptr)
          collect(*member.module);
        else if (member.parameter != nullptr && member.parameter->defined())
          named.push_back(&member.parameter->body());
        else if (member.buffer.defined())
          named.push_back(member.buffer.body());
      }
    };
    collect(module);
    const auto missing = [&named](const void* p) { return std::find(named.begin(), named.end(), p) == named.end(); };
    std::string layers;
    for (const void* part : held.modules)  // temporary copies, which a class may make on the way, lie elsewhere
      if (within(part, module) && missing(part))
        layers += (layers.empty() ? "" : ", ") + static_cast<const Module<T>*>(part)->type_name();
    const auto count = std::count_if(held.tensors.begin(), held.tensors.end(), missing);
    if (layers.empty() && count == 0) return;
    detail::raise<ValueError>(
        module.type_name(), ": members() does not name everything the module holds: ",
        layers.empty() ? detail::concat(count, count == 1 ? " parameter or buffer" : " parameters or buffers") : layers,
        ". Name each once, as in m(\"fc\", fc): what is not named is neither trained nor saved");
  }
}

/// Base of a model that knows its own type: struct Classifier : nn::Module<float, Classifier>. The model can then be
/// called, model(x) being model.forward(x), and what it holds without naming it in members() is found, as ValueError
/// when its members are listed, also where it is part of another model or seen as a Module<T>.
template <typename T, typename Self>
class Module : public Module<T> {
 public:
  // S is Self, named so that it is looked at when it is complete.
  template <typename... Inputs, typename S = Self>
  requires requires(S& self, Inputs&&... inputs) { self.forward(std::forward<Inputs>(inputs)...); }
  decltype(auto) operator()(Inputs&&... inputs) { return self().forward(std::forward<Inputs>(inputs)...); }
  template <typename... Inputs, typename S = Self>
  requires requires(const S& self, Inputs&&... inputs) { self.forward(std::forward<Inputs>(inputs)...); }
  decltype(auto) operator()(Inputs&&... inputs) const { return self().forward(std::forward<Inputs>(inputs)...); }

  // The same for lists in braces, from which no type can be deduced: model({1, 2, 3}).
  template <typename S = Self>
  requires requires(S& self, const Indices& ids) { self.forward(ids); }
  decltype(auto) operator()(const Indices& ids) { return self().forward(ids); }
  template <typename S = Self>
  requires requires(const S& self, const Indices& ids) { self.forward(ids); }
  decltype(auto) operator()(const Indices& ids) const { return self().forward(ids); }
  template <typename S = Self>
  requires requires(S& self, const Tensor<T>& x) { self.forward(x); }
  decltype(auto) operator()(const Tensor<T>& x) { return self().forward(x); }
  template <typename S = Self>
  requires requires(const S& self, const Tensor<T>& x) { self.forward(x); }
  decltype(auto) operator()(const Tensor<T>& x) const { return self().forward(x); }

 private:
  void check_own_members() const final { check_members(self()); }

  Self& self() noexcept { return static_cast<Self&>(*this); }
  const Self& self() const noexcept { return static_cast<const Self&>(*this); }
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Module<T>& module) {
  return out << module.to_string();
}

}  // namespace rowgrad::nn
