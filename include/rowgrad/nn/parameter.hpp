// What: Parameter, a tensor that a module owns and trains, and Buffer, one that it owns and does not train.
// Why:  tensors are handles, modules are values: copying a module must give it weights of its own, and this is the one
//       place that sees to it.
// See:  module.hpp; docs/decisions.md, "Copying a module copies its weights"; PyTorch torch.nn.Parameter, Buffer.
#pragma once

#include <rowgrad/autograd/autograd.hpp>
#include <rowgrad/core/printing.hpp>
#include <rowgrad/nn/tied_copies.hpp>

namespace rowgrad::nn {

/// What a module was found to hold, by copying it; see check_members() in module.hpp.
struct Holdings {
  std::vector<const void*> modules, tensors;  // where sub-modules lie; bodies of parameters and buffers
  std::vector<const void*> handles;           // where handles to parameters and buffers were made

  /// What is being listed on this thread; null nearly always.
  static inline thread_local Holdings* listing = nullptr;
};

/// A tensor that is copied with the module it is a member of; what Parameter and Buffer share.
///
/// Copies made by a class of its members, Model copy = model, are deep. Everything else is a handle, as in PyTorch:
/// auto w = layer.weight; shares the layer's values. (In C++: direct initialisation copies, auto w{layer.weight} and
/// std::make_tuple(layer.weight) too, as does assignment. A Tensor<T> made of one is a handle however it is spelled.)
/// Tied parameters are tied in a copy of what holds them: members of one object, and what is in a Sequential or
/// ModuleList of it. Members are to be single ones or in a std::vector: GCC copies the elements of an array the way of
/// handles.
template <typename T>
class OwnedTensor : public Tensor<T> {
 public:
  /// Size of dimension d; 0 when undefined, so that a layer that was moved from can be printed.
  Index size_or_zero(int d) const noexcept { return this->defined() ? this->body().shape[d] : 0; }

 protected:
  OwnedTensor() = default;
  OwnedTensor(OwnedTensor&&) noexcept = default;
  OwnedTensor& operator=(OwnedTensor&&) noexcept = default;
  ~OwnedTensor() = default;

  struct Share {};
  OwnedTensor(Share, const Tensor<T>& values) : Tensor<T>(values) {
    if (Holdings* const listing = Holdings::listing; listing != nullptr) listing->handles.push_back(this);
  }

  OwnedTensor(const OwnedTensor& other) : Tensor<T>(copied(this, other)) {}

  /// Of equal shapes, values are copied in place and this stays the same tensor. Whether that was so.
  bool assign_in_place(const OwnedTensor& other) {
    if (!this->defined() || !other.defined() || this->shape() != other.shape()) return false;
    if (&this->body() != &other.body()) std::copy_n(other.data(), other.numel(), this->data());
    return true;
  }

  static Tensor<T> copied(const void* copy, const OwnedTensor& other) {
    if (!other.defined()) return {};
    if (Holdings* const listing = Holdings::listing; listing != nullptr) {
      listing->tensors.push_back(&other.body());
      return other;
    }
    if (other.body().ties > 0) return TiedCopies<T>::copy_of(copy, &other, other);
    return rowgrad::detail::copy_of<T>(other);
  }
};

/// A leaf tensor that a module trains. A copy made with the module has values of its own and no gradient; a moved one
/// is the same tensor, so that an optimizer goes on training it; auto w = layer.weight is a handle to it.
template <typename T>
class Parameter : public OwnedTensor<T> {
 public:
  /// Undefined: a parameter that is switched off, like the bias of Linear with bias = false.
  Parameter() = default;

  /// Shares the values given. PyTorch: torch.nn.Parameter(data, requires_grad).
  explicit Parameter(const Tensor<T>& values, bool requires_grad = true);

  /// A copy with values of its own: Parameter<float> p(layer.weight), and how classes copy their members.
  explicit Parameter(const Parameter& other);
  /// A handle: auto w = layer.weight. (An explicit constructor does not take part in such an initialisation.)
  template <std::same_as<Parameter> P>
  Parameter(const P& other) : OwnedTensor<T>(typename OwnedTensor<T>::Share(), other) {}  // NOLINT: implicit by design

  Parameter(Parameter&&) noexcept = default;
  Parameter& operator=(Parameter&&) noexcept = default;
  ~Parameter() = default;

  /// decoder.weight = encoder.weight: this becomes the same tensor. Both layers go on with it, it is listed by
  /// parameters() once and by state_dict() under both names, and it remains one in copies of the model.
  template <std::same_as<Parameter> P>
  Parameter& operator=(P& other) {
    tie_to(other);
    return *this;
  }
  /// From a constant one, as classes assign their members: takes over values and requires_grad. Of equal shapes the
  /// values are copied in place, so that an optimizer goes on training this parameter: `model = best_model` restores a
  /// model under training.
  Parameter& operator=(const Parameter& other);

  /// What decoder.weight = encoder.weight does, for a constant encoder as well.
  void tie_to(const Parameter& other) {
    if (this == &other || (this->defined() && other.defined() && &this->body() == &other.body())) return;
    Tensor<T>::operator=(other);
    if (other.defined()) ++other.body().ties;
  }
};

template <typename T>
Parameter<T>::Parameter(const Tensor<T>& values, bool requires_grad)
    : OwnedTensor<T>(typename OwnedTensor<T>::Share(), values.detach()) {
  this->requires_grad_(requires_grad);
}

template <typename T>
Parameter<T>::Parameter(const Parameter& other) : OwnedTensor<T>(other) {
  if (other.defined()) this->requires_grad_(other.requires_grad());
}

template <typename T>
Parameter<T>& Parameter<T>::operator=(const Parameter& other) {
  if (this == &other) return *this;
  if (!this->assign_in_place(other)) Tensor<T>::operator=(OwnedTensor<T>::copied(this, other));
  if (!other.defined()) return *this;
  this->requires_grad_(other.requires_grad());
  return *this;
}

/// A tensor of any scalar type that belongs to a module and is not trained: positions, running means, codes of a
/// quantised table. Copied with the module, as values, and listed by named_buffers(). PyTorch: torch.nn.Buffer,
/// register_buffer.
template <typename U>
class Buffer : public OwnedTensor<U> {
 public:
  Buffer() = default;

  /// Shares the values given. One that is not persistent is no part of what is saved.
  explicit Buffer(const Tensor<U>& values, bool persistent = true)
      : OwnedTensor<U>(typename OwnedTensor<U>::Share(), values.detach()), persistent_(persistent) {}

  explicit Buffer(const Buffer& other) = default;
  /// A handle: auto positions = layer.positions.
  template <std::same_as<Buffer> B>
  Buffer(const B& other)  // NOLINT: implicit by design
      : OwnedTensor<U>(typename OwnedTensor<U>::Share(), other), persistent_(other.persistent_) {}

  Buffer(Buffer&&) noexcept = default;
  Buffer& operator=(Buffer&&) noexcept = default;
  ~Buffer() = default;

  /// Of equal shapes the values are copied in place.
  Buffer& operator=(const Buffer& other) {
    if (this == &other) return *this;
    if (!this->assign_in_place(other)) return *this = Buffer(other);
    persistent_ = other.persistent_;
    return *this;
  }

  bool persistent() const noexcept { return persistent_; }

 private:
  bool persistent_ = true;
};

template <typename T>
std::ostream& operator<<(std::ostream& out, const Parameter<T>& parameter) {
  return out << "Parameter containing:\n" << to_string(parameter);
}

}  // namespace rowgrad::nn
