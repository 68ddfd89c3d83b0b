// What: Members, the list that a module gives of what it consists of, and what is made of it.
// Why:  parameters, buffers, names, printing and saving all follow from one list.
// See:  module.hpp (who gives it), parameter.hpp.
#pragma once

#include <rowgrad/core/any_tensor.hpp>
#include <rowgrad/nn/parameter.hpp>

namespace rowgrad::nn {

template <typename T, typename Self = void>
class Module;

/// What members() tells of a module: its parameters, buffers and sub-modules by name, in PyTorch's order.
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

  // NOLINTBEGIN(performance-unnecessary-value-param): names are moved, which clang-tidy does not see in a template
  Members& operator()(std::string name, Parameter<T>& parameter) {
    list_.push_back({.name = std::move(name), .parameter = &parameter});
    return *this;
  }
  Members& operator()(std::string name, Module<T>& module) {
    list_.push_back({.name = std::move(name), .module = &module});
    return *this;
  }
  template <typename U>
  Members& operator()(std::string name, Buffer<U>& buffer) {
    list_.push_back({.name = std::move(name), .buffer = buffer, .persistent = buffer.persistent()});
    return *this;
  }
  // NOLINTEND(performance-unnecessary-value-param)

  auto begin() const noexcept { return list_.begin(); }
  auto end() const noexcept { return list_.end(); }

 private:
  std::vector<Member> list_;
};

/// A parameter under PyTorch's name, for example "fc.weight".
template <typename T>
struct NamedParameter {
  std::string name;
  Tensor<T> parameter;
};

/// A buffer of any scalar type: named.buffer.as<Index>().
struct NamedBuffer {
  std::string name;
  AnyTensor buffer;
  bool persistent = true;  // whether it is saved with the weights
};

}  // namespace rowgrad::nn
