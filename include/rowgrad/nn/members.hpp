// What: Members, the list that a module gives of what it consists of, and what is made of it.
// Why:  parameters, buffers, names, printing and saving all follow from one list.
// See:  module.hpp (who gives it), parameter.hpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rowgrad/core/any_tensor.hpp>
#include <rowgrad/nn/parameter.hpp>

namespace rowgrad::nn {

template <typename T, typename Self = void>
class Module;

/// What members() tells of a module: its parameters, buffers and sub-modules by name, in PyTorch's order. ValueError
/// for a name that is given twice.
template <typename T>
class Members {
 public:
  struct Member {
    std::string name;
    Parameter<T>* parameter = nullptr;  // one of these two, or buffer
    Module<T>* module = nullptr;
    AnyTensor buffer = {};
    bool persistent = true;  // a buffer that is saved
  };

  Members& operator()(std::string_view name, Parameter<T>& parameter) {
    return add({.name = std::string(name), .parameter = &parameter});
  }
  Members& operator()(std::string_view name, Module<T>& module) {
    return add({.name = std::string(name), .module = &module});
  }
  template <typename U>
  Members& operator()(std::string_view name, Buffer<U>& buffer) {
    return add({.name = std::string(name), .buffer = buffer, .persistent = buffer.persistent()});
  }

  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  Members& add(Member&& member);

  std::vector<Member> list_;
};

template <typename T>
[[gnu::cold]] Members<T>& Members<T>::add(Member&& member) {
  for (const Member& other : list_)
    if (other.name == member.name) rowgrad::detail::raise<ValueError>("members: '", member.name, "' names two members");
  list_.push_back(std::move(member));
  return *this;
}

/// A parameter under PyTorch's name, for example "fc.weight".
template <typename T>
struct NamedParameter {
  std::string name;
  Tensor<T> parameter;
};

/// A sub-module under PyTorch's name, for example "encoder.fc".
template <typename T>
struct NamedModule {
  std::string name;
  Module<T>* module;
};

/// A buffer of any scalar type: named.buffer.as<Index>().
struct NamedBuffer {
  std::string name;
  AnyTensor buffer;
  bool persistent = true;  // whether it is saved with the weights
};

}  // namespace rowgrad::nn
